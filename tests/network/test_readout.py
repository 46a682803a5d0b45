"""The readout in closed form."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, OptionError, ShapeError


def made(*layers, dtype=np.float64, features=2, **more):
    return el.Network(features, list(layers) or [el.GRU(6), el.Dense(3)], dtype=dtype, **more)


def data(B=4, T=9, O=3):
    random = np.random.default_rng(0)
    return random.normal(size=(B, T, 2)), random.normal(size=(B, T, O))


@pytest.mark.parametrize("ridge", [0.0, 0.1, 10.0])
def test_it_is_the_minimum_of_the_penalised_error(ridge):
    net, (x, y) = made(), data()
    error = el.fit_readout(net, x, y, ridge=ridge)
    assert np.isclose(error, np.square(net(x) - y).mean())
    _, gradients = net.loss_and_grads(x, y, loss="mse")
    slope = gradients["1.W"] * y.size + 2 * ridge * net.params["1.W"]
    np.testing.assert_allclose(slope, 0, atol=1e-8)
    np.testing.assert_allclose(gradients["1.b"], 0, atol=1e-10)


def test_other_layers_stay_as_they_are():
    net, (x, y) = made(), data()
    before = {name: net.params[name].copy() for name in net.params}
    el.fit_readout(net, x, y)
    changed = [name for name in net.params if not np.array_equal(before[name], net.params[name])]
    assert changed == ["1.W", "1.b"]


def test_steps_behind_a_rows_end_and_in_the_warm_up_do_not_count():
    net, other, (x, y) = made(), made(), data()
    lengths = np.array([9, 3, 5, 2])
    el.fit_readout(net, x, y, lengths=lengths, warm_up=2)
    y[0, :2] = y[1, :2] = y[1, 3:] = y[2, 5:] = y[3] = 99
    el.fit_readout(other, x, y, lengths=lengths, warm_up=2)
    np.testing.assert_array_equal(net.params["1.W"], other.params["1.W"])


def test_the_last_step_only_no_bias_and_an_initial_state():
    net = made(el.GRU(6, return_sequences=False), el.Dense(3, bias=False))
    x, y = data(B=20)
    state = [(np.random.default_rng(2).normal(size=(20, 6)),)]
    error = el.fit_readout(net, x, y[:, -1], ridge=0, state=state)
    assert np.isclose(error, np.square(net(x, state=state) - y[:, -1]).mean())
    h = el.fit_readout(made(el.GRU(6, return_sequences=False), el.Dense(3)), x, y[:, -1], ridge=0, state=state)
    assert h < error  # a bias more


def test_a_network_of_a_function_and_one_layer_in_float32():
    def write(x):
        h = el.GRU(4)(el.Dense(5, activation="tanh")(x))
        return el.Dense(3)(h)

    net, (x, y) = el.Network(write, inputs={"x": 2}), data()
    error = el.fit_readout(net, x, y)
    assert np.isclose(error, np.square(net(x) - y).mean(), rtol=1e-4)


def test_constants_are_known():
    mask = np.random.default_rng(0).random((6, 6)) < 0.5

    @el.cell
    def sparse(p, x, h):
        there = el.constant(mask)
        return el.tanh(p.W @ x + (there * p.U) @ h)

    net, (x, y) = made(el.Recurrent(sparse, 6), el.Dense(3)), data()
    assert np.isclose(el.fit_readout(net, x, y), np.square(net(x) - y).mean())


@pytest.mark.parametrize(
    ("layers", "how", "error"),
    [
        ((el.GRU(3),), {}, OptionError),
        ((el.GRU(3), el.Dense(3, activation="tanh")), {}, OptionError),
        ((el.Dense(3),), {}, OptionError),
        ((), {"ridge": -1}, OptionError),
        ((), {"warm_up": 9}, OptionError),
        ((el.GRU(3, return_sequences=False), el.Dense(3)), {}, ShapeError),
        ((el.GRU(3), el.Dense(2)), {}, ShapeError),
    ],
)
def test_what_cannot_be_fitted_is_refused(layers, how, error):
    with pytest.raises(error):
        el.fit_readout(made(*layers), *data(), **how)


def test_a_target_that_is_not_finite_is_refused():
    x, y = data()
    y[1, 2] = np.nan
    with pytest.raises(DataError):
        el.fit_readout(made(), x, y)


def by_svd(h, y, ridge):
    """W and b of the ridge regression, by the singular values of the centred rows."""
    U, s, V = np.linalg.svd(h - h.mean(0), full_matrices=False)
    kept = s > 1e-10 * max(s[0], 1)
    shrunk = np.where(kept, s, 0) / np.where(kept, s**2 + ridge, 1)
    W = (V.T * shrunk @ U.T @ (y - y.mean(0))).T
    return W, y.mean(0) - W @ h.mean(0)


@pytest.mark.parametrize("seed", range(20))
def test_random_problems_are_those_of_the_singular_values(seed):
    """Rows of unequal lengths, fewer rows than units, reservoirs that see one value only, penalties of any size."""
    random = np.random.default_rng(seed)
    B, T, H, O = (int(random.integers(low, high)) for low, high in ((1, 5), (6, 30), (1, 12), (1, 4)))
    net = made(el.Recurrent("echo_state", H), el.Dense(O), seed=seed)
    x, y = random.normal(size=(B, T, 2)), random.normal(5, 1, (B, T, O)) * 10.0 ** random.integers(-6, 7)
    x = np.repeat(x[:, :1], T, axis=1) if seed % 4 == 0 else x
    ridge = float(random.choice([0, 1e-300, 1e-6, 1, 1e6, 1e300]))
    lengths, warm_up = random.integers(4, T + 1, B), int(random.integers(0, 4))
    error = el.fit_readout(net, x, y, ridge=ridge, lengths=lengths, warm_up=warm_up)
    steps = np.arange(T)
    used = (steps >= warm_up) & (steps < lengths[:, None])
    before = made(el.Recurrent("echo_state", H), seed=seed)
    W, b = by_svd(before(x)[used], y[used], ridge)
    wanted, found = before(x)[used] @ W.T + b, net(x)[used]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-7 * np.abs(y).max())
    assert np.isclose(error, np.square(wanted - y[used]).mean(), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_reservoir_at_rest_has_no_direction_to_fit(dtype):
    """What its values differ by is rounding, which would be weighed by 1e14."""
    net = made(el.Recurrent("echo_state", 8), el.Dense(3), dtype=dtype)
    x, y = data(B=1, T=400)
    el.fit_readout(net, np.ones_like(x), y, ridge=0, warm_up=350)
    assert np.abs(net.params["1.W"]).max() < 1e-3
    np.testing.assert_allclose(net.params["1.b"], y[0, 350:].mean(0), atol=1e-3)


def test_what_does_not_count_may_be_anything():
    net, (x, y) = made(), data()
    lengths = np.array([9, 3, 5, 9])
    wanted = el.fit_readout(net, x, y, lengths=lengths, warm_up=2)
    y[:, :2] = np.nan
    y[1, 3:] = np.inf
    given = y.copy()
    assert el.fit_readout(net, x, y, lengths={"x": lengths}, warm_up=2) == wanted
    np.testing.assert_array_equal(y, given)


def test_one_output_needs_no_axis_of_its_own():
    x, y = data(O=1)
    assert el.fit_readout(made(el.GRU(3), el.Dense(1)), x, y[..., 0]) == el.fit_readout(
        made(el.GRU(3), el.Dense(1)), x, y
    )


def test_the_network_runs_as_it_does_elsewhere():
    """On its engine, with its products."""
    layers, (x, y) = (el.GRU(6), el.Dense(3)), data(B=30)
    rounded = made(*layers, dtype=np.float32, products="bfloat16", engine="numpy")
    error = el.fit_readout(rounded, x, y, ridge=0)
    plain = el.fit_readout(made(*layers, dtype=np.float32), x, y, ridge=0)
    again = el.fit_readout(made(*layers, dtype=np.float32, products="bfloat16"), x, y, ridge=0)
    assert abs(error - again) < 0.1 * abs(error - plain)


def test_a_fit_of_numbers_that_are_too_large_changes_nothing():
    for dtype, scale in ((np.float32, 1e300), (np.float64, 1e200), (np.float64, 1e307)):
        net, (x, y) = made(dtype=dtype), data()
        before = net.arena.copy()
        with pytest.raises(DataError):
            el.fit_readout(net, x, y * scale)
        np.testing.assert_array_equal(net.arena, before)


def test_what_is_no_network_is_refused():
    with pytest.raises(OptionError, match=r"net is 'model'; expected an elman\.Network"):
        el.fit_readout("model", *data())
