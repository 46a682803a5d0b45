"""LIF: spikes of 0 and 1, a leak, a threshold, and a gradient in place of none."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import lif
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)
CHAIN = {"W": 1.0, "V": 0.0}


def test_it_sends_spikes_and_nothing_else():
    net = of(lif, 3, 20, initial={"W": lambda random, shape: random.normal(size=shape)})
    s = net(RANDOM.normal(size=(4, 100, 3)))
    assert set(np.unique(s)) == {0.0, 1.0} and 0.01 < s.mean() < 0.5


def test_below_the_threshold_it_leaks_and_is_silent():
    """One current of 1: the potential is the difference of two decays, and goes back to 0."""
    net, x = of(lif, 1, 1, threshold=10.0, initial=CHAIN), np.zeros((1, 40, 1))
    x[0, 0] = 1.0
    seen, n = net.trace(x), np.arange(40)
    alpha, beta = np.exp(-1 / 5), np.exp(-1 / 10)
    np.testing.assert_allclose(seen["u"][0, :, 0], (beta**n - alpha**n) / (beta - alpha), atol=1e-12)
    assert not seen["s"].any()


def test_a_spike_takes_the_threshold_from_the_potential():
    net = of(lif, 1, 1, recurrent=False, initial={"W": 1.0})
    seen = {name: value[0, :, 0] for name, value in net.trace(np.full((1, 60, 1), 0.1)).items()}
    assert 1 < seen["s"].sum() < 30
    after = np.flatnonzero(seen["s"][:-1]) + 1
    expected = np.exp(-0.1) * seen["u"][after - 1] + seen["i"][after - 1] - 1
    np.testing.assert_allclose(seen["u"][after], expected, rtol=1e-10)


def test_more_current_makes_more_spikes():
    net = of(lif, 1, 1, initial=CHAIN)
    counts = [net(np.full((1, 200, 1), current)).sum() for current in (0.01, 0.05, 0.1, 0.2)]
    assert counts[0] == 0 and (np.diff(counts) > 0).all()


def test_gradients_come_through_spikes_and_through_time():
    net, along = of(lif, 2, 3), np.zeros((1, 10, 3))
    along[:, -1] = 1.0
    gradients, dx, _ = net.backward(RANDOM.normal(size=(1, 10, 2)), along)
    assert dx[0, 0].any() and not dx[0, -1].any()  # a current counts from the next step on
    assert all(np.abs(gradients[name]).max() > 0 for name in net.params)


def test_what_it_refuses():
    for wrong in ({"membrane": 0.0}, {"synapse": -1.0}, {"threshold": 0.0}, {"slope": 0.0}, {"recurrent": 1}):
        with pytest.raises(el.OptionError, match=next(iter(wrong))):
            of(lif, 3, 4, **wrong)
