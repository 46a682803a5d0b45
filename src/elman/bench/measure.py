"""Measures Elman alone, in this process: its workloads take turns with the fastest matrix product there is here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from statistics import median
from typing import Any

from elman.bench import adapter, blas, sgemm
from elman.bench.figures import Figures, figures
from elman.bench.turns import Options, Player, take_turns, warmed_up
from elman.bench.workload import Workload
from elman.engine import default_engine
from elman.machine import machine


@dataclass(frozen=True)
class Product:
    """A library's float32 matrix product, of 1024 x 1024."""

    library: str
    gflops: float


@dataclass(frozen=True)
class Timing:
    """A workload in one of Elman's ways.

    Attributes
    ----------
    workload : Workload
    way : str
        As ``"fit"``.
    figures : Figures
    loss : float
        The mean loss of the last epoch of the warm-up.
    """

    workload: Workload
    way: str
    figures: Figures
    loss: float


@dataclass(frozen=True)
class Measurement:
    """All that was measured, and where.

    Attributes
    ----------
    time : str
        When it began, ISO 8601.
    seconds : float
        How long it took.
    machine : dict
        Of `elman.machine`.
    version, engine : str
        Elman's, and the engine's name.
    threads, rounds : int
    products : list of Product
        The fastest first; it took turns with everything.
    timings : list of Timing
    """

    time: str
    seconds: float
    machine: dict[str, Any]
    version: str
    engine: str
    threads: int
    rounds: int
    products: list[Product]
    timings: list[Timing]

    def plain(self) -> dict[str, Any]:
        """As data for JSON."""
        found = asdict(self)
        found["timings"] = [
            {
                "workload": timing.workload.name,
                "about": timing.workload.about,
                "way": timing.way,
                "unit": timing.workload.unit,
                "flops": timing.workload.flops(),
                "loss": timing.loss,
                **asdict(timing.figures),
            }
            for timing in self.timings
        ]
        return found


class Watcher:
    """Is told how a measurement goes; this one keeps silent."""

    def products(self, products: Sequence[Product]) -> None:
        """The matrix products are measured, the fastest first."""

    def begins(self, workload: Workload) -> None:
        """A workload is next."""

    def measured(self, timing: Timing) -> None:
        """A workload is done in one of its ways."""


def measure(workloads: Sequence[Workload], options: Options, watcher: Watcher | None = None) -> Measurement:
    """Time Elman on workloads.

    Parameters
    ----------
    workloads : list of Workload
    options : Options
        NumPy's matrix product takes part if its BLAS has as many threads.
    watcher : Watcher, optional
    """
    watcher, begun, begin = watcher or Watcher(), datetime.now(), time.perf_counter()
    product, products = fastest_product(options)
    watcher.products(products)
    timings = []
    for workload in workloads:
        watcher.begins(workload)
        for timing in times(workload, product, options):
            watcher.measured(timing)
            timings.append(timing)
    return Measurement(
        begun.isoformat(timespec="seconds"),
        time.perf_counter() - begin,
        machine(),
        version("elman"),
        default_engine(),
        options.threads,
        options.rounds,
        products,
        timings,
    )


def fastest_product(options: Options) -> tuple[Player, list[Product]]:
    """The fastest matrix product, ready for more turns; and the speed of each."""
    runs = {"elman": adapter.product(options.threads)}
    if blas.threads() == options.threads:
        runs["numpy"] = sgemm.with_numpy()
    players = {library: warmed_up(run, sgemm.PRODUCTS) for library, run in runs.items()}
    turns = take_turns([player.turn for player in players.values()], options)
    ms = [median(turn.ms for turn in each) for each in turns]
    found = sorted(map(Product, players, map(sgemm.gflops, ms)), key=lambda each: -each.gflops)
    return players[found[0].library], found


def times(workload: Workload, product: Player, options: Options) -> list[Timing]:
    """A workload in each of its ways, in turns with the matrix product."""
    players = [warmed_up(adapter.prepare(workload, way, options.threads), workload.units) for way in workload.ways]
    *turns, of_product = take_turns([each.turn for each in (*players, product)], options)
    found = [figures(each, of_product, workload.flops()) for each in turns]
    return [
        Timing(workload, way, each, player.loss)
        for way, each, player in zip(workload.ways, found, players, strict=True)
    ]
