"""CfC: where the state is after a time, in its three modes."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import cfc
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)


def after(net: el.Network, times, start) -> np.ndarray:
    """The state after each time, of the same input and first state: (times, H)."""
    rows = np.concatenate([np.ones((len(times), 2)), np.reshape(times, (-1, 1))], 1)
    return net(rows[:, None], state=[(np.repeat(start, len(times), 0),)])[:, 0]


@pytest.mark.parametrize("backbone", [True, False])
def test_the_gate_moves_from_one_head_to_the_other_with_time(backbone):
    net, start = of(cfc, 3, 5, step="input", backbone=backbone), RANDOM.normal(size=(1, 5))
    found = after(net, [0.0, 1.0, 1e4], start)
    seen = net.trace(np.ones((1, 1, 3)), state=[(start,)])
    f, g, k = (seen[name][0, 0] for name in "fgk")
    np.testing.assert_allclose(found[0], (g + k) / 2)
    np.testing.assert_allclose(found[2], np.where(f > 0, k, g), atol=1e-12)
    assert (np.abs(found) < 1).all()


def test_the_pure_mode_decays_to_a_at_a_rate_of_its_own():
    net, start = of(cfc, 3, 5, step="input", mode="pure"), RANDOM.normal(size=(1, 5))
    assert (net.params["0.A"] == 1).all() and (net.params["0.B"] == -1).all()
    net.params["0.w_tau"] = rate = RANDOM.random(5)
    away = after(net, [0.5, 1.0, 1.5], start) - net.params["0.A"]
    seen = net.trace(np.ones((1, 1, 3)), state=[(start,)])
    f = 1 / (1 + np.exp(-seen["f"][0, 0]))
    np.testing.assert_allclose(away[1] / away[0], np.exp(-0.5 * (rate + f)), rtol=1e-10)
    np.testing.assert_allclose(away[2] / away[1], away[1] / away[0], rtol=1e-10)


def test_without_a_gate_one_head_counts_in_full():
    net, start = of(cfc, 3, 5, step="input", mode="no_gate"), RANDOM.normal(size=(1, 5))
    seen = net.trace(np.ones((1, 1, 3)), state=[(start,)])
    f, g, k = (seen[name][0, 0] for name in "fgk")
    np.testing.assert_allclose(after(net, [1e4], start)[0], k + np.where(f > 0, 0, g), atol=1e-12)


def test_a_number_is_the_time_of_all_steps():
    timed, plain = of(cfc, 3, 5, step="input"), of(cfc, 2, 5, step=0.7)
    for name in plain.params:
        plain.params[name] = timed.params[name]
    x = RANDOM.normal(size=(2, 6, 2))
    np.testing.assert_allclose(timed(np.concatenate([x, np.full((2, 6, 1), 0.7)], -1)), plain(x), rtol=1e-12)


def test_what_it_refuses():
    for wrong in ({"mode": "gate"}, {"step": 0}, {"step": "last"}, {"backbone": 2}):
        with pytest.raises(el.OptionError, match=next(iter(wrong))):
            of(cfc, 3, 4, **wrong)
