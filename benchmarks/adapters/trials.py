"""Settings that are best found by trial, as their user would find them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from elman.bench.turns import Run

EPOCHS = 3


def fastest(begin: Sequence[Callable[[], Run]]) -> Run:
    """A fresh run of the fastest of several; the others' weights and updates are gone."""
    return min(begin, key=_seconds)() if len(begin) > 1 else begin[0]()


def _seconds(begin: Callable[[], Run]) -> float:
    """Of the fastest of a few epochs, after one that compiles."""
    run = begin()
    run.epoch()
    return min(_timed(run) for _ in range(EPOCHS))


def _timed(run: Run) -> float:
    start = time.perf_counter()
    run.epoch()
    return time.perf_counter() - start
