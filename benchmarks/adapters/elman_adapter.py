"""Elman: its own way of running the workloads, as in `elman bench`, but never without the native engine."""

from __future__ import annotations

from importlib.metadata import version as version_of

from elman.bench import adapter
from elman.bench.turns import Run
from elman.bench.workload import Workload


def version() -> str:
    return version_of("elman")


def prepare(workload: Workload, variant: str, threads: int) -> Run:
    """What Elman does in an epoch."""
    return adapter.prepare(workload, variant, threads, engine="native")
