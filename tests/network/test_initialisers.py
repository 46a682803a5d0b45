"""Initialisers do what their references say of them."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError, ShapeError

init = el.initialisers


def drawn(initialiser, *shape, seed=0):
    return initialiser(np.random.default_rng(seed), shape)


def test_chrono_biases_keep_between_2_and_the_longest_number_of_steps():
    b = drawn(init.chrono(50), 10_000)
    times = 1 / (1 - 1 / (1 + np.exp(-b)))  # of a gate sigmoid(b), in steps
    assert times.min() >= 2 and times.max() <= 50
    np.testing.assert_allclose(np.histogram(times, 4, (2, 50))[0], 2500, rtol=0.1)  # uniform


def test_chrono_biases_of_an_lstm_are_opposite():
    found = init.chrono_biases(9, 100, seed=3)
    np.testing.assert_array_equal(found["b_i"], -found["b_f"])
    net = el.Network(2, [el.LSTM(9, initial=found)], dtype=np.float64)
    np.testing.assert_array_equal(net.params["0.b_f"], found["b_f"])


def test_scaled_identity_and_chrono_are_initial_values_of_a_layer():
    cell = el.Recurrent(el.cells.simple, 4, initial={"U": init.scaled_identity(-0.5), "b": init.chrono(9)})
    net = el.Network(2, [cell])
    np.testing.assert_array_equal(net.params["0.U"], -0.5 * np.eye(4))
    assert (net.params["0.b"] >= 0).all()


def test_hippo_keeps_the_whole_past_as_legendre_coefficients():
    """Of u(t) = t on [0, 1] the coefficients are those of the straight line, the first two."""
    A, B = init.hippo_legs(6)
    steps = 4000
    m = np.zeros(6)
    for k in range(steps):  # backward Euler of dm/dt = (A m + B u) / t
        t = (k + 1) / steps
        m = np.linalg.solve(np.eye(6) - A / (k + 1), m + B * t / (k + 1))
    nodes = np.linspace(-1, 1, 5)
    read = np.polynomial.legendre.legval(nodes, m * np.sqrt(2 * np.arange(6) + 1))
    np.testing.assert_allclose(read, (nodes + 1) / 2, atol=2e-3)


def test_hippo_has_the_eigenvalues_of_its_diagonal():
    A, _ = init.hippo_legs(5)
    np.testing.assert_allclose(np.sort(np.linalg.eigvals(A).real), [-5, -4, -3, -2, -1], atol=1e-9)


def test_the_legendre_delay_gives_back_what_came_before():
    order, window, T = 12, 40, 200
    A, B = init.zero_order_hold(*init.legendre_delay(order, window))
    u = np.sin(2 * np.pi * np.arange(T) / 50)
    m, found = np.zeros(order), []
    for value in u:
        m = A @ m + B * value
        found.append(np.polynomial.legendre.legval([-1.0, 0.0, 1.0], m))
    late = np.array(found)[window + 40 :]
    for column, delay in enumerate([0, window // 2, window]):
        # the input is constant within a step, so that its middle was half a step ago
        wanted = np.sin(2 * np.pi * (np.arange(window + 40, T) - delay + 0.5) / 50)
        assert np.abs(late[:, column] - wanted).max() < 0.08


@pytest.mark.parametrize("seed", range(3))
def test_zero_order_hold_is_the_exponential(seed):
    random = np.random.default_rng(seed)
    A, B = random.normal(size=(4, 4)), random.normal(size=4)
    found, input_ = init.zero_order_hold(A, B, 0.7)
    values, vectors = np.linalg.eig(A)
    wanted = (vectors @ np.diag(np.exp(0.7 * values)) @ np.linalg.inv(vectors)).real
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(input_, np.linalg.solve(A, (wanted - np.eye(4)) @ B), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("units", "density"), [(1, 0.1), (2, 0.01), (60, 0.1), (40, 1.0)])
def test_a_reservoir_has_its_spectral_radius_and_few_weights(units, density):
    U = drawn(init.reservoir(0.7, density), units, units)
    assert np.isclose(np.abs(np.linalg.eigvals(U)).max(), 0.7)
    assert (U != 0).sum() <= units + 1.5 * density * units**2


def test_a_ring_lies_between_its_radii_and_is_uniform_in_area():
    found = init.ring(20_000, low=0.6, high=0.9, most_phase=np.pi / 2, seed=1)
    modulus, phase = np.exp(-np.exp(found["nu_log"])), np.exp(found["theta_log"])
    assert modulus.min() >= 0.6 and modulus.max() <= 0.9 and phase.min() > 0 and phase.max() <= np.pi / 2
    np.testing.assert_allclose(np.histogram(modulus**2, 3, (0.36, 0.81))[0], 20_000 / 3, rtol=0.05)
    np.testing.assert_allclose(np.exp(2 * found["gamma_log"]) + modulus**2, 1)


def test_a_ring_is_what_an_lru_starts_with():
    found = init.ring(5, low=0.9, high=0.999)
    net = el.Network(2, [el.Recurrent("lru", 5, initial=found)], dtype=np.float64)
    assert len(found) == 3
    for name, value in found.items():
        np.testing.assert_array_equal(net.params[f"0.{name}"], value)


@pytest.mark.parametrize(("low", "high"), [(0, 1e-200), (0, 1), (1 - 1e-16, 1), (0.5, 0.5 + 1e-15)])
def test_a_ring_at_the_ends_of_what_it_may_be_is_finite(low, high):
    random = np.random.default_rng(0)
    drawn_ones = init.ring(1000, low=low, high=high)
    even = {name: how(random, (1000,)) for name, how in el.cells.lru_ring(low, high).items()}
    assert all(np.isfinite(value).all() for found in (drawn_ones, even) for value in found.values())


@pytest.mark.parametrize("how", [init.chrono, "chrono", init.reservoir, init.normal, init.scaled_identity])
def test_what_makes_an_initialiser_is_to_be_called(how):
    name = how if isinstance(how, str) else how.__name__
    with pytest.raises(OptionError, match=rf"{name} makes an initialiser; for 0.U call it: el.initialisers.{name}\("):
        el.Network(2, [el.SimpleRNN(3, initial={"U": how})])


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: init.zero_order_hold(np.eye(3), np.ones(2)), ShapeError),
        (lambda: init.zero_order_hold(np.ones((3, 2)), np.ones(3)), ShapeError),
        (lambda: init.zero_order_hold(np.eye(3), np.ones((3, 1))), ShapeError),
        (lambda: init.zero_order_hold(1e5 * np.eye(2), np.ones(2)), el.DataError),
        (lambda: drawn(init.identity, 3), ShapeError),
        (lambda: drawn(init.scaled_identity(0.5), 3), ShapeError),
        (lambda: init.chrono(2), OptionError),
        (lambda: init.reservoir(0.9, 0), OptionError),
        (lambda: init.reservoir(0.9, 1.1), OptionError),
        (lambda: init.reservoir(0), OptionError),
        (lambda: init.ring(4, low=0.9, high=0.9), OptionError),
        (lambda: init.ring(4, high=1.01), OptionError),
        (lambda: init.legendre_delay(4, 0), OptionError),
        (lambda: init.hippo_legs(0), OptionError),
        (lambda: drawn(init.reservoir(), 3, 4), ShapeError),
    ],
)
def test_what_cannot_be_is_refused(make, error):
    with pytest.raises(error):
        make()


@pytest.mark.parametrize("shape", [(400, 25), (400,)])
def test_what_pytorch_starts_with(shape):
    wide, tall = drawn(init.fan_in_uniform, *shape), drawn(init.hidden_uniform, *shape)
    assert 0.99 < np.abs(wide).max() * np.sqrt(shape[-1]) <= 1
    assert 0.99 < np.abs(tall).max() * np.sqrt(400) <= 1


def test_lecun_normal_keeps_the_variance_of_inputs():
    W = drawn(init.lecun_normal, 300, 200)
    assert np.isclose(W.var(), 1 / 200, rtol=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: init.uniform(3), "high is 0.05; expected a number of at least low, which is 3"),
        (lambda: init.uniform(float("nan")), "low is nan"),
        (lambda: init.normal(-1), "scale is -1"),
        (
            lambda: el.Network(2, [el.GRU(3, initial={"W_z": "glorot"})]),
            r"did you mean 'glorot_uniform'.*give a function",
        ),
    ],
)
def test_initialisers_that_make_no_sense(call, message):
    with pytest.raises(el.OptionError, match=message):
        call()
