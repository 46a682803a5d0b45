"""The benchmark compares what it says: arithmetic, losses, and the fastest of the peers that a goal is against."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from benchmarks.losses import mean_loss
from benchmarks.run import agrees, reached
from benchmarks.workloads import WORKLOADS, Goal

import elman as el


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
    first = SimpleNamespace(variant="fit", ready=SimpleNamespace(loss=0.5))
    assert agrees(SimpleNamespace(variant="eager", ready=SimpleNamespace(loss=loss)), first) is same


@pytest.mark.parametrize("name", ["mse", "softmax_cross_entropy"])
def test_losses_are_those_of_elman(name):
    random = np.random.default_rng(0)
    x, classes = random.normal(size=(12, 3, 2)), random.integers(0, 4, 12)
    net = el.Network(inputs=2, layers=[el.GRU(5, return_sequences=False), el.Dense(4)], dtype=np.float64)
    target = random.normal(size=(12, 4)) if name == "mse" else classes
    outputs = [net(x[:5]), net(x[5:])]
    assert mean_loss(name, outputs, target) == pytest.approx(net.evaluate(x, target, loss=name), rel=1e-12)


def test_arithmetic_of_an_update():
    """Of 28 steps of 4 gates of 128, each from 28 inputs and 128 states; backward once or twice as much again."""
    flops = {w.name: w.flops() for w in WORKLOADS}
    step, readout = 4 * 128 * (2 * 28 + 3 * 128), 3 * 128 * 10
    assert flops["W3 LSTM"] == 2 * 128 * (28 * step + readout)
    assert flops["W6 GRU"] == 2 * (3 * 64 * (1 + 64) + 64)


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_lengths_are_within_the_steps(workload):
    lengths = workload.lengths()
    assert lengths.min() >= 1 and lengths.max() <= workload.steps
    if workload.ragged:
        assert abs(lengths.mean() - 120) < 8
