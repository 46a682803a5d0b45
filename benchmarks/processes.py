"""Contenders in processes of their own, one running at a time."""

from __future__ import annotations

import contextlib
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

from benchmarks.comparisons import Pair

from elman.bench import sgemm
from elman.bench.turns import WARM_UP_EPOCHS, Options, Turn, take_turns, warmed_up
from elman.bench.workload import Workload

PROCESSES = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Ready:
    """What a contender says once it is ready, or why it is not."""

    missing: str = ""
    version: str = ""
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
    memory_mib: float = math.nan  # the most that the process held in its turns
    turns: list[Turn] = field(default_factory=list)

    @property
    def present(self) -> bool:
        return not self.ready.missing

    def take_turn(self) -> Turn:
        self.connection.send(True)
        return self.connection.recv()

    def leave(self) -> None:
        if self.present:
            self.connection.send(False)
            self.memory_mib = self.connection.recv()
        self.process.join()


def measure(workload: Workload, pairs: tuple[Pair, ...], options: Options, limit_s: float) -> list[Contender]:
    """All contenders of a workload, so many turns each; none has more than `limit_s` seconds to get ready."""
    contenders = [_enter(workload, library, variant, options.threads, limit_s) for library, variant in pairs]
    present = [each for each in contenders if each.present]
    for contender, turns in zip(present, take_turns([each.take_turn for each in present], options), strict=True):
        contender.turns = turns
    for contender in contenders:
        contender.leave()
    return contenders


def _enter(workload: Workload, library: str, variant: str, threads: int, limit_s: float) -> Contender:
    contender = Contender(library, variant, *_start(_serve, library, workload, variant, threads))
    if contender.connection.poll(limit_s):
        try:
            contender.ready = contender.connection.recv()
        except EOFError:
            contender.ready = Ready(f"its process ended, {contender.process.exitcode}")
    else:
        contender.process.kill()
        contender.ready = Ready(f"did not finish its first {WARM_UP_EPOCHS} epochs in {limit_s:.0f} s")
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
    keep_to_cores(threads)
    begin = time.perf_counter()
    try:
        adapter = importlib.import_module(f"benchmarks.adapters.{library}_adapter")
        units = sgemm.PRODUCTS if variant in sgemm.WAYS else workload.units
        player = warmed_up(adapter.prepare(workload, variant, threads), units)
    except ModuleNotFoundError as error:
        connection.send(Ready(f"not installed ({error})"))
        return
    except Exception as error:  # a peer that cannot do the work is named in the results, with its reason
        connection.send(Ready(f"failed: {type(error).__name__}: {str(error)[:200]}"))
        return
    connection.send(Ready("", adapter.version(), time.perf_counter() - begin, player.loss))
    _begin_peak()
    while connection.recv():
        connection.send(player.turn())
    connection.send(_peak_mib())


def keep_to_cores(threads: int) -> None:
    """No more cores than threads, for libraries that take as many threads as there are cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def _begin_peak() -> None:
    """Forget what compiling and trials needed."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_mib() -> float:
    """The most memory held since (VmHWM: `getrusage` counts what the process was forked from too)."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    kib = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return (kib[0] if kib else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024
