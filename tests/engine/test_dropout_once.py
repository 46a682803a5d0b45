"""Dropout with one mask for a whole sequence: the same in every engine, however a sequence goes through time."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]
B, T, H = 7, 9, 60


def training(layers, engine, **how):
    """Gradients with the masks of training, of a loss whose gradient of each output is 1 / (B T H)."""
    net = el.Network(H, layers, engine=engine, dtype=np.float64, seed=1)
    x = np.random.default_rng(0).uniform(1, 2, size=(B, T, H))
    return x, net.loss_and_grads(x, np.zeros((B, T, H)), lambda y, target: el.sum(y) / H, **how)


@el.cell
def dropped(p, x, *, once=True):
    return p.W @ el.dropout(x, 0.4, once=once)


def masks(engine, once):
    """The mask of each row and step: an output is that of one unit of one row and step if the rest has weight 0."""
    found = np.empty((B, T, H))
    net = el.Network(H, [el.Stateless(dropped, H, once=once)], engine=engine, dtype=np.float64)
    x = np.ones((B, T, H))
    for b in range(B):
        for t in range(T):
            target = np.zeros((B, T, H))
            target[b, t] = 1
            grads = net.loss_and_grads(x, target, lambda y, target: el.sum(y * target) * (B * T))[1]
            found[b, t] = grads["0.W"][0]
    return found


@pytest.mark.parametrize("engine", BUILT)
def test_a_unit_is_dropped_at_all_steps_or_at_none(engine):
    once, each = masks(engine, True), masks(engine, False)
    assert {*np.unique(once.round(12))} == {0.0, round(1 / 0.6, 12)}
    np.testing.assert_array_equal(once, np.broadcast_to(once[:, :1], once.shape))
    assert len(np.unique(once[:, 0], axis=0)) == B and abs((once[:, 0] > 0).mean() - 0.6) < 0.08
    assert len(np.unique(each.reshape(-1, H), axis=0)) == B * T


@pytest.mark.skipif(not native_available(), reason="the native engine is not built")
def test_both_engines_drop_the_same():
    np.testing.assert_array_equal(masks("numpy", True), masks("native", True))


@el.cell
def gal(p, x, h, c):
    """The LSTM of Gal and Ghahramani: input and state each with one mask a sequence."""
    x, h = el.dropout(x, 0.3, once=True), el.dropout(h, 0.4, once=True)
    i, f, g, o = el.split(p.W @ x + p.U @ h + p.b, 4)
    c = el.sigmoid(f) * c + el.sigmoid(i) * el.tanh(g)
    return el.sigmoid(o) * el.tanh(c), c


@pytest.mark.parametrize("engine", BUILT)
def test_segments_of_a_sequence_have_the_mask_of_the_whole(engine):
    lengths = np.array([9, 3, 9, 5, 1, 8, 9])
    layers = [el.Dropout(0.2, once=True), el.Recurrent(gal, H)]
    _, (loss, grads) = training(layers, engine, lengths=lengths)
    _, (low_loss, low) = training(layers, engine, lengths=lengths, memory="low")
    _, (cut_loss, cut) = training(layers, engine, lengths=lengths, truncate=T)
    np.testing.assert_allclose([low_loss, cut_loss], loss, rtol=1e-12)
    for name, gradient in grads.items():
        np.testing.assert_allclose(low[name], gradient, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(cut[name], gradient, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("k", [2, 4])
def test_truncation_changes_gradients_and_not_the_loss(k):
    found = [training([el.Recurrent(gal, H)], engine, truncate=k)[1] for engine in BUILT]
    whole = training([el.Recurrent(gal, H)], BUILT[0])[1]
    for loss, grads in found:
        np.testing.assert_allclose(loss, whole[0], rtol=1e-12)
        for name, gradient in grads.items():
            np.testing.assert_allclose(gradient, found[0][1][name], rtol=1e-9, atol=1e-14)


def test_outside_of_training_nothing_is_dropped():
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    net = el.Network(4, [el.Dropout(0.5, once=True)], dtype=np.float64)
    np.testing.assert_array_equal(net(x), x)
    assert net.layers[0].cell.equations() == ["y = dropout(x, 0.5, once)"]


@pytest.mark.parametrize("once", ["yes", 1, None])
def test_once_is_true_or_false(once):
    with pytest.raises(el.OptionError, match="once"):
        el.Dropout(0.5, once=once)
    with pytest.raises(el.OptionError, match="once"):
        el.dropout(np.zeros(3), 0.5, once=once)


def test_it_is_stored(tmp_path):
    net = el.Network(H, [el.Recurrent(gal, H)], dtype=np.float64)
    net.save(tmp_path / "m.elman")
    again = el.load(tmp_path / "m.elman")
    x = np.random.default_rng(0).normal(size=(2, 3, H))
    one, other = net.loss_and_grads(x, x), again.loss_and_grads(x, x)
    assert one[0] == other[0]
    for name, gradient in one[1].items():
        np.testing.assert_array_equal(gradient, other[1][name])
