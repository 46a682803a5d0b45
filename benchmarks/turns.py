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
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from benchmarks.workloads import Pair, Workload

TURN_S = 0.2
PAUSE_S = 0.05  # between turns, until no one's threads spin
TOLERATED = 0.05
WARM_UP_EPOCHS = 2
PROCESSES = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Options:
    """How to measure.

    `rounds` turns of every contender, `threads` for each, `patience_s` to spend on repeating the disturbed turns of a
    workload, and `limit_s` for a contender to get ready.
    """

    rounds: int
    threads: int
    patience_s: float
    limit_s: float


@dataclass(frozen=True)
class Turn:
    """What a turn gave: milliseconds a unit, and the share of the processors that others took."""

    ms: float
    disturbance: float


@dataclass(frozen=True)
class Ready:
    """What a contender says once it is ready, or why it is not."""

    missing: str = ""
    version: str = ""
    import_s: float = math.nan
    prepare_s: float = math.nan
    loss: float = math.nan  # mean of the last epoch of the warm-up, after as many updates for everyone


@dataclass
class Contender:
    """One library, in one of its ways, on one workload, in its own process."""

    library: str
    variant: str
    connection: Connection
    process: BaseProcess
    ready: Ready = field(default_factory=Ready)
    memory_mib: float = math.nan  # the process' peak
    turns: list[Turn] = field(default_factory=list)

    @property
    def present(self) -> bool:
        return not self.ready.missing

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

    def leave(self) -> None:
        if self.present:
            self.connection.send(False)
            self.memory_mib = self.connection.recv()
        self.process.join()


def measure(workload: Workload, pairs: tuple[Pair, ...], options: Options) -> list[Contender]:
    """All contenders of a workload, so many turns each."""
    contenders = [_enter(workload, library, variant, options) for library, variant in pairs]
    patience_s = options.patience_s
    for _ in range(options.rounds):
        for contender in filter(lambda each: each.present, contenders):
            turn = contender.take_turn()
            while turn.disturbance > TOLERATED and patience_s > 0:
                begin = time.perf_counter()
                turn = min(turn, contender.take_turn(), key=lambda each: each.disturbance)
                patience_s -= time.perf_counter() - begin
            contender.turns.append(turn)
    for contender in contenders:
        contender.leave()
    return contenders


def _enter(workload: Workload, library: str, variant: str, options: Options) -> Contender:
    contender = Contender(library, variant, *_start(_serve, library, workload, variant, options.threads))
    if contender.connection.poll(options.limit_s):
        try:
            contender.ready = contender.connection.recv()
        except EOFError:
            contender.ready = Ready(f"its process ended, {contender.process.exitcode}")
    else:
        contender.process.kill()
        contender.ready = Ready(f"did not finish its first {WARM_UP_EPOCHS} epochs in {options.limit_s:.0f} s")
    return contender


def _start(target: Callable[..., None], *arguments: Any) -> tuple[Connection, BaseProcess]:
    """Runs a function in a fresh process, with one end of a connection as its first argument."""
    here, there = PROCESSES.Pipe()
    process = PROCESSES.Process(target=target, args=(there, *arguments))
    process.start()
    there.close()
    return here, process


def _serve(connection: Connection, library: str, workload: Workload, variant: str, threads: int) -> None:
    """The contender's process: prepares, warms up, then takes a turn whenever it is told to."""
    _keep_to_cores(threads)
    begin = time.perf_counter()
    try:
        adapter = importlib.import_module(f"benchmarks.adapters.{library}_adapter")
        import_s = time.perf_counter() - begin
        epoch = adapter.prepare(workload, variant, threads)
        for _ in range(WARM_UP_EPOCHS):
            last = time.perf_counter()
            loss = epoch()
    except ModuleNotFoundError as error:
        connection.send(Ready(f"not installed ({error})"))
        return
    except Exception as error:  # a peer that cannot do the work is named in the results, with its reason
        connection.send(Ready(f"failed: {type(error).__name__}: {str(error)[:200]}"))
        return
    epochs = math.ceil(TURN_S / (time.perf_counter() - last))
    connection.send(Ready("", adapter.version(), import_s, time.perf_counter() - begin, loss))
    while connection.recv():
        connection.send(_turn(epoch, epochs, workload.units))
    connection.send(_peak_mib())


def _keep_to_cores(threads: int) -> None:
    """No more cores than threads, for libraries that take as many threads as there are cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def _turn(epoch: Callable[[], float], epochs: int, units: int) -> Turn:
    begin, own, busy = time.perf_counter(), time.process_time(), _busy_seconds()
    for _ in range(epochs):
        epoch()
    wall, own, busy = time.perf_counter() - begin, time.process_time() - own, _busy_seconds() - busy
    others = max(busy - own, 0.0) / (wall * (os.cpu_count() or 1))
    return Turn(wall * 1e3 / (epochs * units), others)


def _busy_seconds() -> float:
    """Processor time that the whole machine has spent, other guests of its host included; 0 where it is not told."""
    file = Path("/proc/stat")
    if not file.exists():
        return 0.0
    user, nice, system, _idle, _waiting, irq, softirq, stolen = map(int, file.read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + irq + softirq + stolen) / os.sysconf("SC_CLK_TCK")


def _peak_mib() -> float:
    """The most memory that this process has held (VmHWM: `getrusage` counts what it was forked from too)."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    kib = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return (kib[0] if kib else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024
