"""The peers of the benchmark do the work that Elman does: their losses are its own after as many updates."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import replace

import pytest
from benchmarks.comparisons import COMPARISONS, KEPT, Comparison, Pair
from benchmarks.run import AGREE, AGREE_IN_BFLOAT16

from elman.bench.turns import Run
from elman.bench.workload import Workload

pytestmark = pytest.mark.parity

NEW = ("W10", "W10 inference", "W11", "W12", "W13", "W5 GRU bfloat16", "W5 LSTM bfloat16", "W8 bfloat16")


def small(workload: Workload) -> Workload:
    vocabulary = min(workload.vocabulary, 7)
    sizes = {"features": min(workload.features, 6), "hidden": 8, "batch": 4, "steps": 9, "vocabulary": vocabulary}
    return replace(workload, **sizes, outputs=vocabulary or min(workload.outputs, 4), updates=2)


def loss(library: str, variant: str, workload: Workload) -> float:
    """Of the second epoch."""
    pytest.importorskip({"pytorch": "torch"}.get(library, library))
    run: Run = importlib.import_module(f"benchmarks.adapters.{library}_adapter").prepare(workload, variant, 1)
    run.epoch()
    return run.loss(run.epoch())


def pairs() -> list[tuple[Comparison, Pair]]:
    """One of several that differ in their allocators only, and none that is compiled for a minute."""
    found: dict[tuple[str, str, str], tuple[Comparison, Pair]] = {}
    for comparison in COMPARISONS:
        for library, variant in comparison.peers:
            if comparison.workload.name in NEW and "compiled" not in variant:
                short = variant.removesuffix(f", {KEPT}")
                found[comparison.workload.name, library, short] = comparison, (library, short)
    return list(found.values())


NAMES = [f"{comparison.workload.name}: {' '.join(pair)}" for comparison, pair in pairs()]


@pytest.fixture(autouse=True)
def any_threads(monkeypatch):
    """Another test may have begun TensorFlow already, which keeps its threads from then on; no loss depends on them."""
    if importlib.util.find_spec("tensorflow"):
        monkeypatch.setattr("benchmarks.adapters.keras_adapter.use_threads", lambda threads: None)


@pytest.mark.parametrize("comparison, pair", pairs(), ids=NAMES)
def test_a_peer_reaches_the_same_loss(comparison, pair):
    workload = small(comparison.workload)
    ours = loss("elman", workload.ways[0], workload)
    close = AGREE_IN_BFLOAT16 if comparison.numbers == "bfloat16" else AGREE
    assert loss(*pair, workload) == pytest.approx(ours, rel=close)
