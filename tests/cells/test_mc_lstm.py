"""MC-LSTM: no mass is made or lost."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import mc_lstm
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)


def trained_looking(masses: int, **options) -> el.Network:
    """Parameters far from where they start."""
    net = of(mc_lstm, (masses, 3), 5, **options)
    net.params.restore(RANDOM.normal(scale=1.5, size=net.arena.size))
    return net


@pytest.mark.parametrize("redistribution", ["gated", "fixed"])
@pytest.mark.parametrize("masses", [1, 2])
def test_mass_is_conserved_at_every_step(masses, redistribution):
    net = trained_looking(masses, redistribution=redistribution)
    x, a = RANDOM.exponential(size=(4, 20, masses)), RANDOM.normal(size=(4, 20, 3))
    start = RANDOM.exponential(size=(4, 5))
    stored = net.trace((x, a), state=[(start,)])["c"]
    out = net((x, a), state=[(start,)])
    assert (out >= 0).all() and (stored >= 0).all()
    came = start.sum(-1)[:, None] + np.cumsum(x.sum(-1), 1)
    left = np.cumsum(out.sum(-1), 1)
    np.testing.assert_allclose(stored.sum(-1), came - left, rtol=1e-12)
    assert np.ptp(left[:, -1] / came[:, -1]) > 0.01  # and something moves


def test_mass_starts_in_nothing_and_moves_between_units():
    net = trained_looking(1)
    x, a = np.zeros((1, 3, 1)), RANDOM.normal(size=(1, 3, 3))
    assert not net((x, a)).any()
    one = np.eye(5)[:1]
    assert (net.trace((x, a), state=[(one,)])["c"][0, 0] > 0).all()


def test_a_row_does_not_depend_on_the_others():
    net = trained_looking(1)
    x, a = RANDOM.exponential(size=(3, 6, 1)), RANDOM.normal(size=(3, 6, 3))
    np.testing.assert_allclose(net((x, a))[:1], net((x[:1], a[:1])), rtol=1e-12)


def test_how_it_starts_and_what_it_refuses():
    net = of(mc_lstm, (1, 3), 4)
    np.testing.assert_array_equal(net.params["mc_lstm.b_r"].reshape(4, 4), np.eye(4))
    assert (net.params["mc_lstm.b_o"] == -3).all()
    with pytest.raises(el.OptionError, match="redistribution is 'none'; expected 'gated' or 'fixed'"):
        of(mc_lstm, (1, 3), 4, redistribution="none")
