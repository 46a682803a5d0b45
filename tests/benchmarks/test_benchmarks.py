"""The benchmark compares what it says: arithmetic, losses, and the fastest of the peers that a goal is against."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from benchmarks.comparisons import COMPARISONS, Goal
from benchmarks.memory import memory
from benchmarks.products import Shape, contenders
from benchmarks.run import agrees, reached

from elman.bench.turns import Options
from elman.bench.workloads import WORKLOADS
from elman.engine import native_available


def entry(library: str, variant: str, ms: float, ours: float = 1.0) -> dict:
    return {"library": library, "variant": variant, "ms": ms, "ratios": [ms / ours]}


ENTRIES = [
    entry("elman", "fit", 1.0),
    entry("pytorch", "loop", 9.0),
    {"library": "pytorch", "variant": "compiled", "missing": "did not finish"},
    entry("jax", "jit", 4.0),
    entry("jax", "scanned", 3.0),
    entry("elman", "built-in GRU", 0.9),
]


@pytest.mark.parametrize(
    "goal, best",
    [(Goal(1), "jax scanned"), (Goal(1, ("loop",)), "pytorch loop"), (Goal(1, ("built-in",)), "elman built-in GRU")],
)
def test_a_goal_is_against_the_fastest_of_those_it_means(goal, best):
    assert reached(goal, ENTRIES)["best"] == best


def test_a_goal_without_anyone_to_compare_with_tells_why():
    assert reached(Goal(1, ("compiled",)), ENTRIES)["missing"] == "did not finish"


@pytest.mark.parametrize("loss, same", [(0.5, True), (0.5004, True), (0.51, False), (float("nan"), False)])
def test_losses_agree_to_a_thousandth(loss, same):
    first = SimpleNamespace(variant="fit", present=True, ready=SimpleNamespace(loss=0.5))
    assert agrees(SimpleNamespace(variant="eager", ready=SimpleNamespace(loss=loss)), first) is same


def test_every_workload_is_compared_and_every_goal_means_someone():
    assert [comparison.workload for comparison in COMPARISONS] == list(WORKLOADS)
    for comparison in COMPARISONS:
        names = [f"{library} {variant}" for library, variant in comparison.contenders[1:]]
        assert comparison.contenders[0] == ("elman", comparison.workload.ways[0])
        for goal in comparison.goals:
            assert not goal.against or any(all(word in name for word in goal.against) for name in names)


@pytest.mark.skipif(not sys.platform.startswith("linux") or not native_available(), reason="asks Linux's native engine")
def test_the_memory_of_a_training_is_that_of_its_arrays():
    (found,) = memory([5000], Options(threads=1, rounds=1, patience_s=0.0))
    normal, low = found["normal"], found["low"]
    assert low["engine_mib"] < 0.1 * normal["engine_mib"]
    assert 0.5 < normal["peak_mib"] / normal["engine_mib"] < 1.5
    assert low["peak_mib"] < 0.2 * normal["peak_mib"]


@pytest.mark.skipif(not native_available(), reason="products of the native engine")
@pytest.mark.parametrize("kind", [{}, {"gradient": True}, {"square": True}])
def test_everyone_multiplies_the_same(kind):
    shape = Shape("odd", m=7, n=33, k=50, **kind)
    first, *others = (np.asarray(run()) for run in contenders(shape, threads=1).values())
    assert others and all(np.allclose(first, other, rtol=1e-4, atol=1e-4) for other in others)
