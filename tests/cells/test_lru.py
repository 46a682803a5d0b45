"""LRU: eigenvalues on a ring inside the unit circle, and the convolution that they make."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import lru, lru_ring
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)


def complex_parameters(net: el.Network) -> tuple[np.ndarray, ...]:
    p = {name.split(".")[1]: np.array(net.params[name]) for name in net.params}
    eigenvalues = np.exp(-np.exp(p["nu_log"]) + 1j * np.exp(p["theta_log"]))
    B = np.exp(p["gamma_log"])[:, None] * (p["B_re"] + 1j * p["B_im"])
    return eigenvalues, B, p["C_re"] + 1j * p["C_im"], p["D"]


def test_an_impulse_is_answered_by_powers_of_the_eigenvalues():
    net = of(lru, 2, 3, sizes={"re": 6})
    eigenvalues, B, C, D = complex_parameters(net)
    x = np.zeros((1, 15, 2))
    x[0, 0] = u = RANDOM.normal(size=2)
    expected = np.array([(C @ (eigenvalues**t * (B @ u))).real for t in range(15)])
    expected[0] += D @ u
    np.testing.assert_allclose(net(x)[0], expected, rtol=1e-9, atol=1e-12)


def test_eigenvalues_lie_on_the_ring_evenly_by_area():
    net = of(lru, 2, 400, initial=lru_ring(0.5, 0.9, np.pi / 2))
    eigenvalues, *_ = complex_parameters(net)
    sizes, angles = np.abs(eigenvalues), np.angle(eigenvalues)
    assert sizes.min() > 0.5 and sizes.max() < 0.9 and angles.min() > 0 and angles.max() < np.pi / 2
    share = np.mean(sizes < 0.7)
    assert abs(share - (0.7**2 - 0.5**2) / (0.9**2 - 0.5**2)) < 0.01
    assert abs(np.corrcoef(sizes, angles)[0, 1]) < 0.15


def test_white_noise_makes_states_of_variance_1_whatever_the_eigenvalue():
    """What gamma is for: sum over t of |gamma lambda^t|^2 is 1."""
    net = of(lru, 2, 50, initial=lru_ring(0.3, 0.99))
    eigenvalues, *_ = complex_parameters(net)
    gamma = np.exp(net.params["0.gamma_log"])
    energy = (np.abs(gamma * eigenvalues ** np.arange(3000)[:, None]) ** 2).sum(0)
    np.testing.assert_allclose(energy, 1, rtol=1e-9)


def test_eigenvalues_stay_inside_the_unit_circle_whatever_is_learnt():
    net = of(lru, 2, 5)
    for size in (-8.0, 0.0, 3.0):
        net.params["0.nu_log"] = size
        J = el.insight.jacobians(net, np.ones((1, 1, 2)))
        whole = np.block([[J[f"{a}/{b}"][0, 0] for b in ("re", "im")] for a in ("re", "im")])
        assert (np.abs(np.linalg.eigvals(whole)) < 1).all()


@pytest.mark.parametrize("wrong", [(-0.1, 0.5), (0.5, 0.5), (0.5, 1.1), (0.0, 1.0, 0.0)])
def test_rings_that_are_none(wrong):
    with pytest.raises(el.OptionError):
        lru_ring(*wrong)
