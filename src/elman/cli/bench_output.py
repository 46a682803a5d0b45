"""What `elman bench` shows: a row for each workload as soon as it is measured, and what the rows mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from rich.console import Console

from elman.bench.figures import spread_text, time_text
from elman.bench.measure import Measurement, Product, Timing, Watcher
from elman.bench.workload import Workload
from elman.machine import machine

LAYOUT = "{:<20} {:<13} {:>15} {:>10} {:>8} {:>9}"


class Lines(Watcher):
    """Prints each figure when it comes; on a terminal, also what is being measured."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._status = Console(stderr=True).status("the matrix product")

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def products(self, products: Sequence[Product]) -> None:
        here, found = machine(), ", ".join(f"{each.library} {each.gflops:.0f}" for each in products)
        self._print(f"{here['processor']}, {here['cores']} cores, {here['instructions'] or here['architecture']}")
        self._print(f"float32 matrix product of 1024 x 1024, GFLOP/s: {found}\n")
        self._print(LAYOUT.format("workload", "", "time", "spread", "GFLOP/s", "of sgemm"), style="bold")

    def begins(self, workload: Workload) -> None:
        self._status.update(f"{workload.name}: {workload.about}")

    def measured(self, timing: Timing) -> None:
        found, name = timing.figures, timing.workload.name
        first = timing.way == timing.workload.ways[0]
        time = f"{time_text(found.ms)}/{timing.workload.unit}"
        spread, gflops = spread_text(found.rounds_ms), f"{found.gflops:.3g}"
        row = (name if first else "", timing.way, time, spread, gflops, f"{found.fraction_of_sgemm:.0%}")
        self._print(
            LAYOUT.format(*row)
            + (f"  disturbed {found.disturbed_rounds} of {len(found.rounds_ms)}" if found.disturbed_rounds else "")
        )

    def end(self, measurement: Measurement) -> None:
        """What the rows are."""
        found = measurement
        self._print(
            f"\nElman {found.version}, {found.engine} engine, float32, {found.threads} threads, {found.rounds} rounds. "
            "Time: the median round; spread: the fastest\nand the slowest. Of sgemm: as a share of the fastest matrix "
            "product above, timed in turns."
        )
        if any(timing.figures.disturbed_rounds for timing in found.timings):
            self._print("Disturbed: other programs took more than 5 % of the processors in some of the rounds.")
        width = max(len(timing.workload.name) for timing in found.timings)
        about = {timing.workload.name: timing.workload.about for timing in found.timings}
        self._print("\n" + "\n".join(f"{name:<{width}}  {text}" for name, text in about.items()))

    def _print(self, text: str, style: str | None = None) -> None:
        self._console.print(text, markup=False, style=style)
