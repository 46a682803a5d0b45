"""Turns: contenders run one after the other, round by round, so that a change of the machine's speed meets all alike.

A turn is as many epochs as take a fifth of a second. Other work on the machine spoils a turn, and not alike: threads
that wait for one another suffer most. So each turn measures the share of the processors that others took, and one
with more than `TOLERATED` is repeated, while there is patience; what is left of such turns is counted and shown.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TURN_S = 0.2
PAUSE_S = 0.05  # between turns, until no one's threads spin
TOLERATED = 0.05
WARM_UP_EPOCHS = 2


@dataclass(frozen=True)
class Options:
    """How to measure.

    `threads` for each contender, `rounds` in which each has a turn, and `patience_s` to spend on repeating the
    disturbed turns of a workload.
    """

    threads: int
    rounds: int
    patience_s: float


@dataclass(frozen=True)
class Run:
    """What a contender does in an epoch, and the mean loss of what an epoch gave, which is not timed."""

    epoch: Callable[[], Any]
    loss: Callable[[Any], float] = float


@dataclass(frozen=True)
class Turn:
    """What a turn gave: milliseconds a unit, and the share of the processors that others took."""

    ms: float
    disturbance: float

    @property
    def disturbed(self) -> bool:
        return self.disturbance > TOLERATED


@dataclass(frozen=True)
class Player:
    """A contender that is ready: so many epochs a turn, so many units an epoch, and the loss of its warm-up."""

    run: Run
    epochs: int
    units: int
    loss: float

    def turn(self) -> Turn:
        begin, own, busy = time.perf_counter(), time.process_time(), _busy_seconds()
        for _ in range(self.epochs):
            self.run.epoch()
        wall, own, busy = time.perf_counter() - begin, time.process_time() - own, _busy_seconds() - busy
        others = max(busy - own, 0.0) / (wall * (os.cpu_count() or 1))
        return Turn(wall * 1e3 / (self.epochs * self.units), others)


def warmed_up(run: Run, units: int) -> Player:
    """Runs the first epochs, the same number for everyone, and finds how many make a turn."""
    for _ in range(WARM_UP_EPOCHS):
        begin = time.perf_counter()
        result = run.epoch()
        seconds = time.perf_counter() - begin
    return Player(run, math.ceil(TURN_S / seconds), units, run.loss(result))


def take_turns(players: Sequence[Callable[[], Turn]], options: Options) -> list[list[Turn]]:
    """Rounds in which everyone has a turn; the turns of each.

    Parameters
    ----------
    players : list of functions
        Each takes a turn.
    options : Options
    """
    found: list[list[Turn]] = [[] for _ in players]
    patience_s = options.patience_s
    for _ in range(options.rounds):
        for player, turns in zip(players, found, strict=True):
            time.sleep(PAUSE_S)
            turn = player()
            while turn.disturbed and patience_s > 0:
                begin = time.perf_counter()
                time.sleep(PAUSE_S)
                turn = min(turn, player(), key=lambda each: each.disturbance)
                patience_s -= time.perf_counter() - begin
            turns.append(turn)
    return found


def _busy_seconds() -> float:
    """Processor time that the whole machine has spent, other guests of its host included; 0 where it is not told."""
    file = Path("/proc/stat")
    if not file.exists():
        return 0.0
    user, nice, system, _idle, _waiting, irq, softirq, stolen = map(int, file.read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + irq + softirq + stolen) / os.sysconf("SC_CLK_TCK")
