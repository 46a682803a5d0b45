"""GRU-D: what is missing fades to the mean, and what stands in its place does not matter."""

from __future__ import annotations

import numpy as np

from elman.cells import gru, gru_d
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)


def some(rows: int = 2, steps: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    observed = (RANDOM.random((rows, steps, 3)) < 0.6).astype(float)
    return RANDOM.normal(size=(rows, steps, 3)), observed, RANDOM.exponential(size=(rows, steps, 3))


def decaying():
    net = of(gru_d, (3, 3, 3), 4)
    for name in ("w_x", "W_h"):
        net.params[f"gru_d.{name}"] = RANDOM.random(net.params[f"gru_d.{name}"].shape)
    net.params["gru_d.mean"] = RANDOM.normal(size=3)
    return net


def test_what_stands_where_nothing_was_observed_does_not_matter():
    net, (x, observed, gap) = decaying(), some()
    other = np.where(observed, x, RANDOM.normal(scale=100, size=x.shape))
    np.testing.assert_allclose(net((other, observed, gap)), net((x, observed, gap)), rtol=1e-12)
    seen = np.where(observed, RANDOM.normal(size=x.shape), x)
    assert np.abs(net((seen, observed, gap)) - net((x, observed, gap))).max() > 0.01


def test_a_missing_value_fades_from_the_last_one_to_the_mean():
    net, steps = decaying(), 6
    x, observed = np.full((1, steps, 3), 7.0), np.zeros((1, steps, 3))
    observed[:, 0], gap = 1, np.arange(steps)[None, :, None] * np.ones(3)
    found, mean = net.trace((x, observed, gap))["x_hat"][0], net.params["gru_d.mean"]
    expected = mean + (7 - mean) * np.exp(-net.params["gru_d.w_x"] * gap[0])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_state_fades_with_the_gap():
    net, (x, observed, gap) = decaying(), some(1, 1)
    start = RANDOM.normal(size=(1, 4))
    kept = [net.trace((x, observed, t * gap), state=[(start, np.zeros((1, 3)))])["h_hat"][0, 0] for t in (0, 1, 2)]
    np.testing.assert_allclose(kept[0], start[0])
    np.testing.assert_allclose(kept[2] / kept[1], kept[1] / kept[0])
    assert (np.abs(kept[1]) < np.abs(kept[0])).all()


def test_of_complete_records_without_decay_it_is_a_gru():
    net, plain = of(gru_d, (3, 3, 3), 4), of(gru, 3, 4, reset_after=False)
    assert not any(net.params[f"gru_d.{name}"].any() for name in ("w_x", "b_x", "b_h", "mean"))
    net.params["gru_d.W_h"] = 0.0
    for k, sign in (("r", 1), ("z", -1), ("n", 1)):  # z lets the candidate in, there it keeps the state
        for name in "WU":
            plain.params[f"0.{name}_{k}"] = sign * net.params[f"gru_d.{name}_{k}"]
        plain.params[f"0.b_{k}"] = sign * net.params[f"gru_d.V_{k}"].sum(1)
    x, _, gap = some()
    np.testing.assert_allclose(net((x, np.ones_like(x), gap)), plain(x), rtol=1e-10)
