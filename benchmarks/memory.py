"""What `fit(memory="low")` saves and what it costs: `python -m benchmarks.memory`.

The network of workload W7 (GRU F8 H64, B8) trains on sequences of 1,000 to 100,000 steps, in a process for each kind of
memory. The two take turns; a ratio of times is the median of the rounds' ratios. Memory is what the process held at
most during its training beyond what it held before, data and network included. Linux only: it asks /proc.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.processes import PROCESSES, keep_to_cores

from elman.bench import adapter
from elman.bench.figures import time_text
from elman.bench.turns import Options, Run, take_turns, warmed_up
from elman.bench.workloads import choose
from elman.training.losses import resolve_loss
from elman.training.protocol import Aim

STEPS = (1_000, 10_000, 100_000)
KINDS = ("normal", "low")
OPTIONS = Options(threads=2, rounds=5, patience_s=10.0)
MIB = 2**20


@dataclass(frozen=True)
class Held:
    """Memory of a training: its process' peak beyond the start, and the engine's arrays for steps and states."""

    peak_mib: float
    engine_mib: float


def memory(steps: Iterable[int] = STEPS, options: Options = OPTIONS) -> list[dict[str, Any]]:
    """Time and memory of an update, of either kind, for sequences of so many steps; as plain data.

    Parameters
    ----------
    steps : list of int
        T of each measurement.
    options : Options
        Threads, rounds, patience.

    Returns
    -------
    list of dict
        For each T its ``steps``, ``time_ratio`` (low to normal, the median of the rounds) and, under ``normal`` and
        ``low``, ``ms`` (the median), ``rounds_ms``, ``peak_mib`` and ``engine_mib``.
    """
    return [_measured(T, options) for T in steps]


def _measured(steps: int, options: Options) -> dict[str, Any]:
    trainings = [_Training(steps, kind, options.threads) for kind in KINDS]
    turns = take_turns([training.turn for training in trainings], options)
    held = [training.end() for training in trainings]
    rounds = [[turn.ms for turn in each] for each in turns]
    ratios = [low / normal for normal, low in zip(*rounds, strict=True)]
    entries = {
        kind: {"ms": median(ms), "rounds_ms": ms, **asdict(h)} for kind, ms, h in zip(KINDS, rounds, held, strict=True)
    }
    return {"steps": steps, "time_ratio": median(ratios), **entries}


class _Training:
    """A process that trains when it is told to."""

    def __init__(self, steps: int, kind: str, threads: int):
        self.connection, there = PROCESSES.Pipe()
        self.process = PROCESSES.Process(target=_serve, args=(there, steps, kind, threads))
        self.process.start()
        there.close()
        self.connection.recv()  # it is ready

    def turn(self) -> Any:
        self.connection.send(True)
        return self.connection.recv()

    def end(self) -> Held:
        self.connection.send(False)
        held = self.connection.recv()
        self.process.join()
        return held


def _serve(connection: Connection, steps: int, kind: str, threads: int) -> None:
    keep_to_cores(threads)
    workload = replace(choose(["W7"])[0], steps=steps, updates=1)
    net = adapter.network(workload, "fit", threads)
    x, target = workload.data()
    options: dict[str, Any] = {"loss": workload.loss, "batch_size": workload.batch, "epochs": 1, "verbose": 0}
    net.fit(x[:, :2], target[:, :2], **options)  # what a training loads and traces is not its memory
    before = _start_of_peak_mib()
    player = warmed_up(Run(lambda: net.fit(x, target, memory=kind, **options)["loss"][-1]), workload.units)
    connection.send(True)
    while connection.recv():
        connection.send(player.turn())
    engine = net.trainer([Aim(resolve_loss(workload.loss), workload.outputs)])
    connection.send(Held(_status_mib("VmHWM") - before, engine.bytes() / MIB))


def _start_of_peak_mib() -> float:
    """What the process holds now, which is made the beginning of its peak."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status_mib("VmRSS")


def _status_mib(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def main() -> None:
    print(f"{'steps':>8} {'memory':>7} {'update':>9} {'to normal':>9} {'peak':>12} {'engine':>12}")
    for found in memory():
        for kind in KINDS:
            entry, ratio = found[kind], f"{found['time_ratio']:.2f}" if kind == "low" else ""
            peaks = f"{entry['peak_mib']:8.1f} MiB {entry['engine_mib']:8.1f} MiB"
            print(f"{found['steps']:>8,} {kind:>7} {time_text(entry['ms']):>9} {ratio:>9} {peaks}")


if __name__ == "__main__":
    main()
