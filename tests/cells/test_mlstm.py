"""mLSTM: recall of values by keys, and the parallel form that the paper gives for it."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import mlstm
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("heads", [1, 2])
def test_it_recalls_as_many_values_as_a_head_has_units(heads):
    H = 6
    d = H // heads
    net = of(
        mlstm, 3 * H, H, heads=heads, initial={"W": np.eye(3 * H), "b_f": 40.0, "b_i": 10.0, "b_o": 40.0, "W_o": 0.0}
    )
    keys = np.concatenate([np.linalg.qr(RANDOM.normal(size=(d, d)))[0] for _ in range(heads)], 1)
    values, nothing = RANDOM.normal(size=(d, H)), np.zeros((d, H))
    store, recall = np.concatenate([nothing, keys, values], 1), np.concatenate([keys, nothing, nothing], 1)
    found = net(np.concatenate([store, recall])[None])[0, d:]
    np.testing.assert_allclose(found, values, rtol=1e-10)


@pytest.mark.parametrize("heads", [1, 2])
def test_it_is_attention_with_decaying_weights(heads):
    """The paper's appendix: all steps at once, without a memory and without its stabiliser."""
    H, T = 4, 7
    net = of(mlstm, 3, H, heads=heads)
    net.params.restore(RANDOM.normal(size=net.arena.size))
    x = RANDOM.normal(size=(T, 3))
    p = {name.split(".")[1]: np.array(net.params[name]) for name in net.params}
    q, k, v = np.split(x @ p["W"].T, 3, -1)
    q, k, v = q + p["b_q"], k / np.sqrt(H / heads) + p["b_k"], v + p["b_v"]
    f = 1 / (1 + np.exp(-(x @ p["W_f"].T + p["b_f"])))
    i = np.exp(x @ p["W_i"].T + p["b_i"])
    read = np.empty((T, H))
    for j, part in enumerate(np.split(np.arange(H), heads)):
        for t in range(T):
            weights = [np.prod(f[s + 1 : t + 1, j]) * i[s, j] * (q[t, part] @ k[s, part]) for s in range(t + 1)]
            read[t, part] = weights @ v[: t + 1, part] / max(abs(np.sum(weights)), 1)
    o = 1 / (1 + np.exp(-(x @ p["W_o"].T + p["b_o"])))
    np.testing.assert_allclose(net(x[None])[0], o * read, rtol=1e-10)


def test_gates_of_any_size_do_not_overflow():
    net = of(mlstm, 3, 4, heads=2, dtype=np.float32, initial={"b_i": 500.0})
    x = RANDOM.normal(size=(2, 100, 3)).astype(np.float32)
    gradients, _, _ = net.backward(x, np.ones((2, 100, 4), np.float32))
    assert all(np.isfinite(gradients[name]).all() for name in net.params)


def test_how_it_starts():
    net = of(mlstm, 3, 8, heads=4)
    np.testing.assert_array_equal(net.params["0.b_f"], [3.0, 4.0, 5.0, 6.0])
    assert not net.params["0.W_i"].any() and not net.params["0.W_f"].any() and net.params["0.b_i"].any()
    assert np.abs(net.params["0.W"]).max() <= np.sqrt(6 / 11)
    with pytest.raises(el.OptionError, match="heads"):
        of(mlstm, 3, 8, heads=0)
