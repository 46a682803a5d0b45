"""The workloads are what they say, and Elman's way of running them is the equations'."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import elman as el
from elman.bench import adapter
from elman.bench.data import before
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


def layers_of(workload):
    """Where the recurrent layers of a network are, and that of the readout."""
    if workload.attends:
        return ("memory.", "states."), "dense_3."
    layer = 1 if workload.vocabulary else 0
    directions = (f"{layer}.forward.", f"{layer}.backward.") if workload.bidirectional else (f"{layer}.",)
    return directions, f"{layer + 1}."


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_every_weight_is_the_one_that_everyone_begins_with(workload):
    workload = small(workload)
    net = adapter.network(workload, workload.ways[0], 1)
    layers, readout = layers_of(workload)
    for part, layer in enumerate(layers):
        given = weights(workload, part).named(workload)
        own = {name.removeprefix(layer): value for name, value in net.params.items() if name.startswith(layer)}
        assert set(given) <= set(own)
        for name, value in given.items():
            np.testing.assert_array_equal(own[name], value)
        for name in set(own) - set(given):  # gains and biases of layer normalisation, the GRU's second bias
            assert set(np.unique(own[name])) <= {0.0, 1.0}
    np.testing.assert_array_equal(net.params[f"{readout}W"], weights(workload).readout)


def test_members_and_directions_begin_differently():
    workload = small(choose(["W13"])[0])
    nets = [adapter.network(workload, "fit in turn", 1, member=k) for k in range(workload.members)]
    assert len({net.params["0.U_z"].tobytes() for net in nets}) == workload.members == 8
    (both,) = (w for w in WORKLOADS if w.name == "W10")
    net = adapter.network(small(both), "fit", 1)
    assert (np.asarray(net.params["0.forward.U_i"]) != net.params["0.backward.U_i"]).any()


def test_a_decoder_is_given_what_stands_before_each_step():
    np.testing.assert_array_equal(before(np.array([[5, 6, 7]])), [[0, 5, 6]])
    source, target = small(choose(["W11"])[0]).data()
    np.testing.assert_array_equal(source[:, ::-1], target)


def test_members_in_turn_give_the_mean_of_their_losses():
    workload = small(choose(["W13"])[0])
    alone = [
        adapter.training(workload, adapter.network(workload, "fit in turn", 1, member=k)).epoch()
        for k in range(workload.members)
    ]
    assert adapter.prepare(workload, "fit in turn", 1).epoch() == pytest.approx(np.mean(alone), rel=1e-12)


def test_gradients_of_w12_vanish_by_way_of_denormal_numbers():
    """What the last step says of the first is nothing in float32; on the way it is below float32's normal numbers."""
    (workload,) = choose(["W12"])
    x = workload.data()[0][0].astype(np.float64)  # (T, F)
    given = weights(workload)
    sizes = sizes_of_gradients(
        x, *(a.astype(np.float64) for a in (given.input, given.state, given.bias, given.readout))
    )
    assert sizes[0] < 1e-46 and ((sizes > 1e-45) & (sizes < 1e-38)).sum() >= 10


def sizes_of_gradients(x, W, U, b, readout):
    """Of an LSTM's gradients of a sum of outputs of its last step, for the states of each step, by hand."""
    h = c = np.zeros(U.shape[1])
    tape = []
    for now in x:
        i, f, o = (1 / (1 + np.exp(-(W[k] @ now + U[k] @ h + b[k]))) for k in (0, 1, 3))
        g, before = np.tanh(W[2] @ now + U[2] @ h + b[2]), c
        c = f * before + i * g
        h = o * np.tanh(c)
        tape.append((i, f, g, o, before, np.tanh(c)))
    dh, dc, sizes = readout.sum(axis=0), 0.0, []
    for i, f, g, o, before, tanh_c in reversed(tape):
        sizes.append(np.abs(dh).max())
        dc = dc + dh * o * (1 - tanh_c**2)
        deltas = dc * g * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)
        dh, dc = sum(U[k].T @ delta for k, delta in enumerate(deltas)), dc * f
    return np.array(sizes[::-1])


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
    assert flops["W10 inference"] == 2 * 64 * (2 * 120 * 4 * 128 * (16 + 128) + 256 * 10)
    layers, attention = 2 * 3 * 256 * (64 + 256), 256 * 256 + 2 * 50 * 256 + 512 * 256
    assert flops["W11"] == 3 * 2 * 64 * 50 * (layers + attention + 256 * 65)
    assert flops["W13"] == 8 * 2 * 32 * 50 * (3 * 16 * (2 * 4 + 3 * 16) + 3 * 16)


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
