"""Contenders that take turns: each in a process of its own, one running at a time.

A turn is as many epochs as take a fifth of a second. Other work on the machine spoils a turn, and not alike: threads
that wait for one another suffer most. So each turn measures the share of the processors that others took, and one
with more than `TOLERATED` is repeated, while there is patience; what is left of such turns is counted and shown.
"""

from __future__ import annotations

import importlib
import math
import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from benchmarks.workloads import Workload

TURN_S = 0.2
PAUSE_S = 0.05  # between turns, until no one's threads spin
TOLERATED = 0.05
WARM_UP_EPOCHS = 2
SGEMM = ("numpy", "sgemm")
PROCESSES = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Turn:
    """What a turn gave: milliseconds an update, and the share of the processors that others took."""

    ms: float
    disturbance: float


@dataclass
class Contender:
    """One library with one cell on one workload, in its own process."""

    adapter: str
    cell: str
    connection: Connection
    process: BaseProcess
    version: str = ""
    missing: str = ""
    loss: float = math.nan  # mean loss of the last epoch of the warm-up, after as many updates for everyone
    turns: list[Turn] = field(default_factory=list)

    @property
    def ms(self) -> list[float]:
        return [turn.ms for turn in self.turns]

    @property
    def disturbed(self) -> int:
        return sum(turn.disturbance > TOLERATED for turn in self.turns)

    def take_turn(self) -> Turn:
        time.sleep(PAUSE_S)
        self.connection.send(True)
        return self.connection.recv()


def measure(workload: Workload, rounds: int, threads: int, patience_s: float) -> list[Contender]:
    """All contenders of a workload and, last, NumPy's matrix product, so many turns each."""
    contenders = [_enter(workload, adapter, cell, threads) for adapter, cell in (*workload.cells, SGEMM)]
    present = [contender for contender in contenders if not contender.missing]
    for _ in range(rounds):
        for contender in present:
            turn = contender.take_turn()
            while turn.disturbance > TOLERATED and patience_s > 0:
                begin = time.perf_counter()
                turn = min(turn, contender.take_turn(), key=lambda each: each.disturbance)
                patience_s -= time.perf_counter() - begin
            contender.turns.append(turn)
    for contender in present:
        contender.connection.send(False)
    for contender in contenders:
        contender.process.join()
    return contenders


def _enter(workload: Workload, adapter: str, cell: str, threads: int) -> Contender:
    contender = Contender(adapter, cell, *_start(_serve, adapter, workload, cell, threads))
    contender.missing, contender.version, contender.loss = contender.connection.recv()
    return contender


def _start(target: Callable[..., None], *arguments: Any) -> tuple[Connection, BaseProcess]:
    """Runs a function in a fresh process, with one end of a connection as its first argument."""
    here, there = PROCESSES.Pipe()
    process = PROCESSES.Process(target=target, args=(there, *arguments), daemon=True)
    process.start()
    there.close()
    return here, process


def _serve(connection: Connection, adapter: str, workload: Workload, cell: str, threads: int) -> None:
    """The contender's process: prepares, warms up, then takes a turn whenever it is told to."""
    try:
        library = importlib.import_module(f"benchmarks.adapters.{adapter}_adapter")
    except ImportError as error:
        connection.send((str(error), "", math.nan))
        return
    epoch = library.prepare(workload, cell, threads)
    for _ in range(WARM_UP_EPOCHS):
        begin = time.perf_counter()
        loss = epoch()
        epoch_s = time.perf_counter() - begin
    epochs = math.ceil(TURN_S / epoch_s)
    connection.send(("", library.version(), loss))
    while connection.recv():
        connection.send(_turn(epoch, epochs, workload.updates))


def _turn(epoch: Callable[[], float], epochs: int, updates: int) -> Turn:
    begin, own, busy = time.perf_counter(), time.process_time(), _busy_seconds()
    for _ in range(epochs):
        epoch()
    wall, own, busy = time.perf_counter() - begin, time.process_time() - own, _busy_seconds() - busy
    others = max(busy - own, 0.0) / (wall * (os.cpu_count() or 1))
    return Turn(wall * 1e3 / (epochs * updates), others)


def _busy_seconds() -> float:
    """Processor time that the whole machine has spent, other guests of its host included; 0 where it is not told."""
    file = Path("/proc/stat")
    if not file.exists():
        return 0.0
    user, nice, system, _idle, _waiting, irq, softirq, stolen = map(int, file.read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + irq + softirq + stolen) / os.sysconf("SC_CLK_TCK")
