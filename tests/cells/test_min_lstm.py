"""minLSTM: states that are weighted means of candidates, linear in the first state."""

from __future__ import annotations

import numpy as np

from elman.cells import min_lstm
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)


def test_a_state_is_a_mean_of_the_candidates_so_far():
    net, x = of(min_lstm, 3, 5, positive=False), RANDOM.normal(size=(4, 30, 3))
    seen = net.trace(x)
    zero = np.zeros((4, 1, 5))
    candidates = np.concatenate([zero, seen["n"]], 1)
    low, high = np.minimum.accumulate(candidates, 1)[:, 1:], np.maximum.accumulate(candidates, 1)[:, 1:]
    assert (seen["h"] >= low).all() and (seen["h"] <= high).all()


def test_all_steps_are_one_scan():
    """Nothing but products and sums of what the input says: h_t = sum of the later gates' products times candidates."""
    net, x = of(min_lstm, 3, 5), RANDOM.normal(size=(1, 12, 3))
    seen, start = net.trace(x), RANDOM.normal(size=(1, 5))
    keep = seen["f"][0]
    scan = np.cumprod(keep, 0) * (start + np.cumsum((1 - keep) * seen["n"][0] / np.cumprod(keep, 0), 0))
    np.testing.assert_allclose(net(x, state=[(start,)])[0], scan, rtol=1e-10)


def test_positive_candidates_keep_states_positive():
    x = RANDOM.normal(size=(2, 20, 3))
    assert (of(min_lstm, 3, 5)(x) > 0).all() and (of(min_lstm, 3, 5, positive=False)(x) < 0).any()


def test_the_share_is_known_where_both_gates_are_0_to_the_rounding():
    net = of(min_lstm.with_options(positive=False), 1, 1)
    for name, value in {"W_f": -1.0, "W_i": -2.0, "W_n": 1.0}.items():
        net.params[f"0.{name}"] = [[value]]
    x = np.full((1, 3, 1), 1e6)
    np.testing.assert_array_equal(net(x, state=[(np.ones((1, 1)),)]), np.ones((1, 3, 1)))  # f outweighs i by far
    gradients, *_ = net.backward(x, np.ones((1, 3, 1)))
    assert all(np.isfinite(g).all() for g in gradients.values())
