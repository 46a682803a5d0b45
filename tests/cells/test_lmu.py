"""LMU: a memory from which the input of any time up to theta ago can be read."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import lmu
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)
PARTS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])


def delay_line(order: int, theta: float) -> el.Network:
    """A network that reads its memory at some parts of the window, by the paper's eq. 3; nothing is learnt."""
    legendre = np.polynomial.legendre.legvander(2 * PARTS - 1, order - 1)
    start = {"e_x": 1.0, "e_h": 0.0, "W": 0.0, "U": 0.0, "V": legendre}
    return of(lmu, 1, len(PARTS), order=order, theta=theta, activation="linear", initial=start)


def error(order: int, theta: float = 60.0, period: float = 40.0) -> float:
    """How far what is read is from the signal of that time, relative to its size, after a while.

    A signal that is held for steps of 1 is late by half a step, and the memory is that of a step's end: t + 1 / 2.
    """
    net, t = delay_line(order, theta), np.arange(600)
    found = net(np.sin(2 * np.pi * t / period)[None, :, None])[0, 300:]
    expected = np.sin(2 * np.pi * (t[300:, None] + 0.5 - theta * PARTS) / period)
    return float(np.abs(found - expected).max())


def test_it_delays_a_signal_the_better_the_larger_the_order():
    errors = [error(order) for order in (4, 6, 8, 10)]
    assert (np.diff(errors) < 0).all() and errors[0] > 0.5 and errors[-1] < 0.02
    assert error(12, period=2000.0) < 1e-3


def test_the_system_is_the_papers_for_order_2():
    """A = [[-1, -1], [3, -3]] / theta and B = [1, -3] / theta; for large theta the steps are Euler's."""
    net = of(lmu, 1, 3, order=2, theta=1e5)
    np.testing.assert_allclose((net.params["0.A"] - np.eye(2)) * 1e5, [[-1, -1], [3, -3]], atol=1e-3)
    np.testing.assert_allclose(net.params["0.B"] * 1e5, [1, -3], atol=1e-3)


@pytest.mark.parametrize(("order", "theta"), [(4, 4.0), (6, 20.0), (64, 200.0)])
def test_the_discrete_system_is_that_of_a_solution_with_held_input(order, theta):
    """Two steps of 1 are one of 2; what a step adds is the integral of the system over it."""
    net, half = of(lmu, 1, 3, order=order, theta=theta), of(lmu, 1, 3, order=order, theta=2 * theta)
    A, B, A_half, B_half = net.params["0.A"], net.params["0.B"], half.params["0.A"], half.params["0.B"]
    np.testing.assert_allclose(A, A_half @ A_half, atol=1e-9)
    np.testing.assert_allclose(B, A_half @ B_half + B_half, atol=1e-9)
    assert np.abs(np.linalg.eigvals(A)).max() < 1


def test_how_it_starts():
    net = of(lmu, 12, 27, order=6)
    assert np.abs(net.params["0.e_x"]).max() <= 0.5 and np.abs(net.params["0.e_h"]).max() <= 1 / 3
    assert net.params["0.e_x"].std() > 0.1 and not net.params["0.e_m"].any()
    assert "0.A" not in net.trainable and "0.B" not in net.trainable
    for wrong in ({"order": 0}, {"theta": 0.0}):
        with pytest.raises(el.OptionError, match=next(iter(wrong))):
            of(lmu, 1, 3, **wrong)
