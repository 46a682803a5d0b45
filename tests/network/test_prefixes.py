"""The network of prefixes says at each step what the network says of the sequence up to there."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import elman as el
from elman.network.prefixes import hindrance_of_prefixes, prefix_network


def random_parameters(net, seed=1):
    rng = np.random.default_rng(seed)
    for name in net.params:
        net.params[name] = np.abs(net.params[name] + 0.7 * rng.normal(size=net.params[name].shape) + 0.1)
    return net


def of_pools(x):
    h = el.LSTM(3)(el.shift(x, 2))
    pools = [el.pool(h, how) for how in ("mean", "max", "sum", "last", "attention")]
    return el.Dense(2)(el.tanh(el.concat(*pools)))


def of_convolutions(x):
    x = el.relu(el.BatchNorm()(el.Conv1D(3, 4)(x)))
    x = el.Conv1D(2, 3, dilation=2)(x)
    return el.pool(x, "max") * el.pool(x, "attention")


def of_one_layer_twice(x):
    layer = el.GRU(3, return_sequences=False)
    dense = el.Dense(3)
    return layer(dense(x)) + el.pool(dense(x), "mean")


@pytest.mark.parametrize("function", [of_pools, of_convolutions, of_one_layer_twice])
@pytest.mark.parametrize("dtype, near", [(np.float32, 2e-6), (np.float64, 1e-13)])
def test_every_step_is_the_answer_to_what_was_seen_by_then(function, dtype, near):
    net = random_parameters(el.Network(function, inputs=3, dtype=dtype))
    twin = prefix_network(net)
    x = 3 * np.random.default_rng(0).normal(size=(4, 11, 3))
    expected = np.stack([net(x[:, : t + 1]) for t in range(11)], axis=1)
    np.testing.assert_allclose(twin(x), expected, rtol=near, atol=near)
    stream = twin.stream(4)
    np.testing.assert_allclose(np.stack([stream(x[:, t]) for t in range(11)], 1), expected, rtol=near, atol=near)
    assert set(twin.params) == set(net.params)


def test_attention_that_leaves_the_first_steps_behind_stays_finite():
    net = el.Network(lambda x: el.pool(x, "attention"), inputs=1, dtype=np.float64)
    net.params["attention_pool.q"] = [1.0]
    x = np.array([-800.0, 900.0, -900.0, 899.0, 901.0])[None, :, None]
    expected = np.stack([net(x[:, : t + 1]) for t in range(5)], axis=1)
    np.testing.assert_allclose(prefix_network(net)(x), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "function, why",
    [
        (lambda x: el.pool(el.Bidirectional(el.GRU(2))(x)), "runs in reverse"),
        (lambda x: el.pool(el.reverse(x)), "runs a sequence in reverse"),
        (lambda x: el.pool(el.Conv1D(2, 3, causal=False)(x)), "shifts a sequence by -1 step"),
        (lambda x: el.pool(x, "first"), "takes step 0"),
        (lambda x: el.pool(el.attend(x, x)), "attends to all steps"),
        (lambda x: el.pool(x + el.repeat(el.pool(x), x)), "repeats at each step"),
        (lambda x: el.GRU(2)(x).final + 0, "reads the states at the end"),
        (lambda x: el.pool(el.GRU(2)(x, state=el.learnt(2))), "begins with states"),
        (lambda x: el.Dense(2)(el.concat(el.pool(x), el.learnt(2))), "beside what does not"),
    ],
)
def test_what_needs_the_whole_sequence_is_named(function, why):
    net = el.Network(function, inputs=2)
    assert why in hindrance_of_prefixes(net.structure)
    with pytest.raises(el.OptionError, match=f"{why}.*not known from one pass"):
        prefix_network(net)


def test_shifts_of_one_value_share_their_line():
    net = el.Network(lambda x: el.pool(el.Conv1D(2, 8)(x)), inputs=1)
    delays = [part for part in prefix_network(net).structure.parts if part.layer.cell.name == "delayed"]
    assert len(delays) == 7 and len({part.name for part in delays}) == 7
    assert all(a.name != b.name for a, b in itertools.pairwise(delays))
