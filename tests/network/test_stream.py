"""Streams: each step is done whole or not at all, in both engines, and says what was not finite."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@el.cell
def hidden_growth(p, x, h, c):
    """The second state grows where nobody sees it."""
    c = 1e30 * c + x
    return el.tanh(p.U @ h + c), c


def growing(engine: str, dtype: type, layers: int = 1) -> el.Network:
    return el.Network(1, [el.Recurrent(hidden_growth, 1) for _ in range(layers)], seed=0, engine=engine, dtype=dtype)


def steps_until_refused(stream: el.network.Stream, x: np.ndarray) -> int:
    for t in range(40):
        before = stream.state
        try:
            stream(x)
        except el.DataError:
            for mine, old in zip(stream.state, before, strict=True):
                np.testing.assert_array_equal(mine, old)
            return t
    raise AssertionError("nothing was refused")


@engines
@dtypes
def test_a_state_that_grows_unseen_is_named_and_all_states_stay(engine, dtype):
    net = growing(engine, dtype, layers=2)
    stream, x = net.stream(2), np.array([[0.0], [1.0]])
    t = steps_until_refused(stream, x)
    assert t == (2 if dtype is np.float32 else 11)
    with pytest.raises(
        el.DataError, match=r"^state\[0\]\[1\]\[1, 0\] has become inf, though inputs and parameters are"
    ):
        stream(x)
    stream.reset()
    assert steps_until_refused(stream, x) == t


@engines
@dtypes
@pytest.mark.parametrize("rows", [1, 3, 40])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_bad_value_is_found_wherever_it_lies(engine, dtype, rows, value):
    net = el.Network(7, [el.Dense(5, activation="relu"), el.GRU(3)], seed=0, engine=engine, dtype=dtype)
    good = np.random.default_rng(0).normal(size=(rows, 7))
    stream, twin = net.stream(rows), net.stream(rows)
    for row, feature in [(0, 0), (rows - 1, 6), (rows // 2, 3)]:
        bad = good.copy()
        bad[row, feature] = value
        with pytest.raises(el.DataError, match=rf"^x\[{row}, {feature}\] is {value}: expected finite numbers"):
            stream(bad)
        np.testing.assert_array_equal(stream(good), twin(good))


@engines
@dtypes
def test_the_largest_numbers_are_finite(engine, dtype):
    most = np.finfo(dtype).max
    net = el.Network(3, [el.Dense(3, activation="linear")], engine=engine, dtype=dtype)
    net.params["0.W"] = np.eye(3)
    x = np.array([[most, -most, most]] * 9, dtype)
    np.testing.assert_array_equal(net.stream(9)(x), x)


@engines
def test_an_output_that_is_not_finite_is_named_and_keeps_the_states(engine):
    net = el.Network(1, [el.SimpleRNN(2), el.Dense(3, activation="linear")], seed=0, engine=engine)
    net.params["0.W"] = 1
    net.params["1.W"] = [net.params["1.W"][0], [3e38] * 2, net.params["1.W"][2]]
    stream = net.stream()
    stream([[-0.1]])
    before = stream.state
    with pytest.raises(el.DataError, match=r"^output\[0, 1\] has become inf, though inputs and parameters are finite"):
        stream([[9.0]])
    np.testing.assert_array_equal(stream.state, before)


@engines
def test_a_step_that_fails_half_way_keeps_the_states(engine):
    """An index that the network makes itself is found out of range behind a layer with a state."""
    net = el.Network(1, [el.SimpleRNN(1), el.Dense(1, activation="linear"), el.Embedding(2, 1)], engine=engine)
    net.params["1.W"], net.params["1.b"] = 0, 7
    start = np.full((1, 1), 0.25, np.float32)
    stream = net.stream(state=[(start,)])
    with pytest.raises(el.DataError, match="expected a whole number from 0 to 1"):
        stream([[0.5]])
    np.testing.assert_array_equal(stream.state[0][0], start)
