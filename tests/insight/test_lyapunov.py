"""Lyapunov exponents of maps whose exponents are known."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.insight import lyapunov_spectrum
from elman.insight.lyapunov import Spectrum


@el.cell
def logistic(p, x, h):
    """h' = 4 h (1 - h): the exponent is log 2."""
    return 4 * h * (1 - h) + 0 * el.sum(x)


@el.cell
def henon(p, x, h, v):
    """The Henon map: the exponents add up to log 0.3, the largest is 0.4192."""
    return 1 - 1.4 * h * h + v + 0 * el.sum(x), 0.3 * h


def random_rnn(gain: float, units: int, seed: int = 0) -> el.Network:
    net = el.Network(1, [el.SimpleRNN(units)], seed=seed)
    net.params["0.U"] = np.random.default_rng(seed).normal(0, gain / np.sqrt(units), (units, units))
    return net


def test_a_linear_cell_has_the_logarithms_of_its_eigenvalues():
    random = np.random.default_rng(0)
    basis, values = random.normal(size=(5, 5)), np.array([0.99, -0.8, 0.5, 0.2, 0.05])
    net = el.Network(1, [el.SimpleRNN(5, activation="linear")], dtype=np.float64)
    net.params["0.U"] = basis @ np.diag(values) @ np.linalg.inv(basis)
    found = lyapunov_spectrum(net, steps=400, burn_in=600)
    assert np.allclose(found.exponents, np.log(np.abs(values)), atol=1e-6)
    assert "contracting" in found.verdict


def test_the_logistic_map():
    net = el.Network(1, [el.Recurrent(logistic, 1)])
    found = lyapunov_spectrum(net, steps=20_000, state=np.array([0.3]))
    assert found.exponents[0] == pytest.approx(np.log(2), rel=0.01)
    assert "chaotic" in found.verdict
    assert found.dimension == 1


def test_the_henon_map():
    net = el.Network(1, [el.Recurrent(henon, 1)])
    found = lyapunov_spectrum(net, steps=30_000, state=np.array([0.1, 0.1]))
    assert found.exponents[0] == pytest.approx(0.4192, rel=0.01)
    assert found.exponents.sum() == pytest.approx(np.log(0.3), abs=1e-9)
    assert found.dimension == pytest.approx(1.258, abs=0.01)
    assert abs(found.exponents[0] - 0.4192) < 4 * found.error[0]


def test_random_networks_contract_below_a_gain_of_one_and_are_chaotic_far_above():
    weak, strong = (lyapunov_spectrum(random_rnn(gain, 200), steps=150, burn_in=100) for gain in (0.7, 3.0))
    assert weak.exponents[0] < -0.2
    assert strong.exponents[0] > 3 * strong.error[0] > 0


def test_a_drive_takes_the_place_of_steps():
    net = random_rnn(1.5, 20)
    driven, free = lyapunov_spectrum(net, np.zeros((150, 1)), burn_in=50), lyapunov_spectrum(net, steps=100, burn_in=50)
    assert driven.steps[-1] >= 100
    assert np.array_equal(driven.exponents, free.exponents)
    strong = 5 * np.random.default_rng(0).normal(size=(1500, 1))
    assert lyapunov_spectrum(net, strong, burn_in=50).exponents[0] < free.exponents[0]  # a strong drive quenches chaos


@pytest.mark.parametrize(
    ("exponents", "dimension"),
    [([-0.1, -0.2], 0), ([0.5, -1.0], 1.5), ([0.5, 0.1, -0.2, -4.0], 3.1), ([0.2, 0.1], 2), ([0.0, -1.0], 1)],
)
def test_the_kaplan_yorke_dimension(exponents, dimension):
    zeros = np.zeros(len(exponents))
    assert Spectrum(np.array(exponents), zeros, zeros[None], zeros[:1]).dimension == pytest.approx(dimension)


def test_what_cannot_be():
    net = el.Network(1, [el.SimpleRNN(2, activation="linear", initial={"U": 3.0, "b": 1.0})])
    with pytest.raises(el.DataError, match="not finite after step"):
        lyapunov_spectrum(net, steps=1000)
    with pytest.raises(el.OptionError, match="burn_in takes"):
        lyapunov_spectrum(net, np.zeros((10, 1)))
    with pytest.raises(el.ShapeError, match="one sequence"):
        lyapunov_spectrum(net, np.zeros((10, 3)))
