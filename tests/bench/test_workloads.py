"""The workloads are what they say, and Elman's way of running them is the equations'."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import elman as el
from elman.bench import adapter
from elman.bench.mean_losses import mean_loss
from elman.bench.turns import warmed_up
from elman.bench.weights import weights
from elman.bench.workloads import WORKLOADS, choose
from elman.errors import OptionError


def small(workload):
    """The same work, in a few milliseconds."""
    vocabulary = min(workload.vocabulary, 7)
    sizes = {"features": min(workload.features, 5), "hidden": 6, "batch": min(workload.batch, 3), "steps": 12}
    sizes |= {"vocabulary": vocabulary, "outputs": vocabulary or min(workload.outputs, 4)}
    return replace(workload, **sizes, updates=min(workload.updates, 4))


RUNS = [(small(workload), way) for workload in WORKLOADS for way in workload.ways]


@pytest.mark.parametrize("workload, way", RUNS, ids=lambda value: getattr(value, "name", value))
def test_both_engines_give_the_same_loss(workload, way):
    losses = [warmed_up(adapter.prepare(workload, way, 1, engine), 1).loss for engine in ("native", "numpy")]
    assert losses[0] == pytest.approx(losses[1], rel=2e-5)


@pytest.mark.parametrize("name", ["W6 GRU", "W6 LSTM"])
def test_a_stream_gives_what_steps_and_a_whole_sequence_give(name):
    workload = small(choose([name])[0])
    x, target = workload.data()
    whole = adapter.network(workload, "call", 1)(x)
    for way in workload.ways:
        run = adapter.prepare(workload, way, 1)
        outputs = run.epoch()
        np.testing.assert_allclose(np.concatenate(outputs), whole[0], rtol=1e-5, atol=1e-6)
        assert run.loss(outputs) == pytest.approx(np.mean((whole - target) ** 2), rel=1e-5)


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_every_weight_is_the_one_that_everyone_begins_with(workload):
    workload, given = small(workload), weights(small(workload))
    net = adapter.network(workload, workload.ways[0], 1)
    layer = 1 if workload.vocabulary else 0
    names = {name.split(".")[1] for name in net.params if name.startswith(f"{layer}.")}
    assert set(given.named(workload)) <= names
    for name, value in given.named(workload).items():
        np.testing.assert_array_equal(net.params[f"{layer}.{name}"], value)
    for name in names - set(given.named(workload)):  # gains and biases of layer normalisation, the GRU's second bias
        assert set(np.unique(net.params[f"{layer}.{name}"])) <= {0.0, 1.0}
    np.testing.assert_array_equal(net.params[f"{layer + 1}.W"], given.readout)


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


def test_workloads_are_chosen_by_words_of_their_names():
    assert choose() == WORKLOADS
    assert [w.name for w in choose(["w3 gru", "W6 lstm"])] == ["W3 GRU", "W3 GRU inference", "W6 LSTM"]
    assert [w.name for w in choose(["bfloat16"])] == ["W5 GRU bfloat16", "W5 LSTM bfloat16", "W8 bfloat16"]
    assert {w.name for w in WORKLOADS} - {w.name for w in choose(quick=True)} >= {"W7", "W8", "W9"}


@pytest.mark.parametrize("only, quick, message", [(["W3", "W33"], False, "'w33'"), (["W8"], True, "leaves out W8")])
def test_a_choice_of_nothing_is_refused(only, quick, message):
    with pytest.raises(OptionError, match=message):
        choose(only, quick)
