"""GRUs with chosen parameters: one that is a simple cell, one that holds its state."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.cells import gru_from_simple, gru_holding
from elman.engine import ENGINES, native_available
from tests.draws import draws

BUILT = [e for e in ENGINES if e != "native" or native_available()]


def simple(W, U, b, x, h) -> np.ndarray:
    """All states of the simple cell, by its formula."""
    states = []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W.T + h @ U.T + b)
        states.append(h)
    return np.stack(states, axis=1)


def numbers(B: int, T: int, F: int, H: int, seed: int = 0):
    random = np.random.default_rng(seed)
    shapes = (H, F), (H, H), (H,), (B, T, F), (B, H)
    return [random.normal(size=shape) for shape in shapes]


@draws(30)
@given(
    sizes=st.tuples(*[st.integers(1, n) for n in (9, 12, 5, 20)]),
    reset_after=st.booleans(),
    engine=st.sampled_from(BUILT),
    precision=st.sampled_from([(np.float32, 1e-6), (np.float64, 1e-14)]),
)
def test_a_gru_is_the_simple_cell(sizes, reset_after, engine, precision):
    dtype, tolerance = precision
    W, U, b, x, h = numbers(*sizes)
    U /= 2 * len(U)  # two orders of sums differ by rounding, which a chaotic cell would magnify
    made = el.GRU(len(b), reset_after=reset_after, initial=gru_from_simple(W, U, b, reset_after=reset_after))
    net = el.Network(x.shape[2], [made], dtype=dtype, engine=engine)
    np.testing.assert_allclose(net(x, state=h), simple(W, U, b, x, h), rtol=0, atol=tolerance)


@pytest.mark.parametrize("reset_after", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_its_gradients_are_those_of_the_simple_cell_too(activation, reset_after):
    W, U, b, x, h = numbers(4, 6, 3, 5)
    options = {"activation": activation, "reset_after": reset_after}
    initial = gru_from_simple(W, U / 4, b, reset_after=reset_after)
    gru = el.Network(3, [el.Recurrent(el.cells.gru, 5, initial=initial, **options)], dtype=np.float64)
    initial = {"W": W, "U": U / 4, "b": b}
    rnn = el.Network(3, [el.SimpleRNN(5, activation=activation, initial=initial)], dtype=np.float64)
    np.testing.assert_allclose(gru(x), rnn(x), atol=1e-12)
    given_ = np.random.default_rng(1).normal(size=(4, 6, 5))
    found, wanted = gru.backward(x, given_, state=h), rnn.backward(x, given_, state=h)
    for name in "WUb":
        np.testing.assert_allclose(found[0][f"0.{name}_n"], wanted[0][f"0.{name}"], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found[1], wanted[1], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found[2][0][0], wanted[2][0][0], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reset_after", [False, True])
def test_a_gru_holds_its_state_to_the_bit_and_its_gradient(reset_after, dtype, engine):
    _, _, _, x, h = numbers(4, 50, 3, 5)
    h = (100 * h).astype(dtype)
    net = el.Network(3, [el.GRU(5, reset_after=reset_after, initial=gru_holding(5, 3))], dtype=dtype, engine=engine)
    assert np.abs(net.params["0.U_n"]).max() > 0.1
    states = net(100 * x, state=h)
    np.testing.assert_array_equal(states, np.broadcast_to(h[:, None], states.shape))
    last = np.zeros(states.shape)
    last[:, -1] = 1
    _, _, gradients = net.backward(100 * x, last, state=h)
    np.testing.assert_allclose(gradients[0][0], 1, rtol=1e-6)


def test_a_smaller_saturation_forgets_its_share():
    net = el.Network(1, [el.GRU(1, initial={**gru_holding(1, 1, saturation=4.0), "W_n": 0.0, "U_n": 0.0})])
    kept = net(np.zeros((1, 10, 1)), state=np.ones((1, 1)))[0, :, 0]
    np.testing.assert_allclose(kept, (1 / (1 + np.exp(-4.0))) ** np.arange(1, 11), rtol=1e-5)


def test_mistakes_are_explained():
    W, U, b, _, _ = numbers(1, 1, 3, 5)
    with pytest.raises(el.ShapeError, match=r"\(5, 3\), \(3, 5\), \(5,\); expected \(H, F\), \(H, H\), \(H,\)"):
        gru_from_simple(W, W.T, b)
    with pytest.raises(el.OptionError, match="saturation is -1; expected a number above 0"):
        gru_from_simple(W, U, b, saturation=-1)
    with pytest.raises(el.OptionError, match="units is .*; expected"):
        gru_holding(0, 3)
