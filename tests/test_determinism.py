"""The same numbers: for any number of threads, in any batch, every time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.engine import native_available
from tests.draws import draws

pytestmark = pytest.mark.skipif(not native_available(), reason="the native engine is not built")
LAYERS = {
    "gru": lambda H: [el.GRU(H), el.Dropout(0.3), el.Dense(2)],
    "lstm": lambda H: [el.LSTM(H), el.LayerNorm(), el.Dense(2)],
    "layer norm": lambda H: [el.Recurrent(el.cells.layer_norm_lstm, H), el.Dense(2)],
    "reverse": lambda H: [el.SimpleRNN(H, reverse=True), el.GRU(H), el.Dense(2)],
}


def data(n, T, F, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, T, F)), random.normal(size=(n, T, 2)), random.integers(1, T + 1, n)


def trained(name, threads, H=37, products=None, **options):
    x, target, lengths = data(200, 23, 5)
    net = el.Network(5, LAYERS[name](H), seed=4, threads=threads, products=products)
    history = net.fit(
        x,
        target,
        lengths=lengths,
        batch_size=64,
        epochs=3,
        verbose=0,
        optimizer=el.Adam(0.01, clip_norm=1.0),
        **options,
    )
    return net, history


@pytest.mark.parametrize(
    ("name", "options"),
    [(name, {}) for name in LAYERS]
    + [(name, option) for name in ("gru", "lstm") for option in ({"memory": "low"}, {"products": "bfloat16"})],
)
def test_threads_change_no_bit(name, options):
    (one, first), (two, second), (four, _), (nine, _) = (trained(name, n, **options) for n in (1, 2, 4, 9))
    assert np.array_equal(one.arena, two.arena)
    assert np.array_equal(one.arena, four.arena) and np.array_equal(one.arena, nine.arena)
    assert first.history["loss"] == second.history["loss"]


@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("products", [None, "bfloat16"])
def test_threads_that_share_the_columns_of_a_step_change_no_bit(products, B):
    outcomes = []
    x, target, _ = data(6, 9, 5)
    for threads in (1, 2, 5):
        layers = [el.LSTM(170), el.GRU(70), el.Dense(2)]  # 4 x 170 x 170: shared
        net = el.Network(5, layers, seed=4, threads=threads, products=products)
        net.fit(x, target, batch_size=B, epochs=2, verbose=0, optimizer=el.Adam(0.01))
        stream = net.stream(B)
        steps = np.stack([stream(x[:B, t % 9]) for t in range(300)])  # closely enough for threads to stay awake
        outcomes.append((net.arena, net(x[:B]), steps))
    for others in outcomes[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(outcomes[0], others, strict=True))


@pytest.mark.parametrize(("dtype", "products"), [(np.float32, None), (np.float64, None), (np.float32, "bfloat16")])
@draws(25)
@given(
    B=st.integers(1, 70),
    T=st.integers(1, 9),
    H=st.integers(1, 40),
    row=st.integers(0, 69),
    name=st.sampled_from(sorted(LAYERS)),
)
def test_a_row_alone_is_the_row_in_its_batch(B, T, H, row, name, dtype, products):
    row %= B
    x, _, lengths = data(B, T, 5)
    net = el.Network(5, LAYERS[name](H), seed=0, dtype=dtype, products=products)
    whole, end = net(x, lengths=lengths, return_state=True)
    alone, last = net(x[row : row + 1], lengths=lengths[row : row + 1], return_state=True)
    assert np.array_equal(whole[row], alone[0])
    for group, other in zip(end, last, strict=True):
        for a, b in zip(group, other, strict=True):
            assert np.array_equal(a[row], b[0])


def test_an_interrupted_training_goes_on_as_if_it_had_not_been():
    x, target, _ = data(100, 11, 5)
    whole, parts = (el.Network(5, LAYERS["gru"](16), seed=1) for _ in range(2))
    whole.fit(x, target, optimizer=el.Adam(0.01), epochs=4, verbose=0)
    optimizer = el.Adam(0.01)
    for epochs in (1, 3):
        parts.fit(x, target, optimizer=optimizer, epochs=epochs, verbose=0)
    assert np.array_equal(whole.arena, parts.arena)


def test_full_lengths_are_no_lengths():
    x, target, _ = data(8, 6, 5)
    net = el.Network(5, [el.GRU(7), el.Dropout(0.5), el.Dense(2)], seed=0, dtype=np.float64)
    given, none = net.loss_and_grads(x, target, lengths=np.full(8, 6)), net.loss_and_grads(x, target)
    assert given[0] == none[0] and all(np.array_equal(given[1][k], none[1][k]) for k in none[1])


def test_sums_over_many_steps_lose_little_by_rounding():
    x, target, _ = data(9, 3000, 3)
    single, double = (el.Network(3, [el.LSTM(8), el.Dense(2)], seed=0, dtype=t) for t in (np.float32, np.float64))
    double.params.write(single.arena)
    ours, exact = (net.loss_and_grads(x, target, loss="mse")[1] for net in (single, double))
    for name, gradient in exact.items():
        np.testing.assert_allclose(ours[name], gradient, atol=1e-6 * np.abs(gradient).max(), err_msg=name)
