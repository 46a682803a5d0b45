"""Penalties on activities against Keras' ``activity_regularizer`` and ``ActivityRegularization``: `make parity`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import elman as el

pytestmark = pytest.mark.parity
pytest.importorskip("keras", reason="Keras is not installed: `make parity` installs it")
pytest.importorskip("tensorflow", reason="TensorFlow, which runs Keras, is not installed: `make parity` installs it")

sys.path.insert(0, str(Path(__file__).parent))

from keras_run import keras, tf  # noqa: E402

B, T, F, H, L1, L2 = 5, 6, 3, 4, 0.03125, 0.25  # Keras keeps them in float32


@pytest.mark.parametrize("engine", ("numpy", "native"))
@pytest.mark.parametrize("last", [False, True])
def test_the_loss_and_its_gradients_are_kerass(last, engine):
    K, random, steps = keras.layers, np.random.default_rng(0), 1 if last else T
    rnn = K.SimpleRNN(H, return_sequences=not last, dtype="float64")  # a regularizer of its own does nothing (3.15)
    penalty = K.ActivityRegularization(l1=L1, l2=L2, dtype="float64")
    dense = K.Dense(2, dtype="float64", activity_regularizer=keras.regularizers.L2(L1))
    given = keras.Input((T, F), dtype="float64")
    model = keras.Model(given, dense(penalty(rnn(given))))
    x, target = random.normal(size=(B, T, F)), random.normal(size=(B, 2) if last else (B, T, 2))
    with tf.GradientTape() as tape:
        y = model(x)
        wanted = tf.reduce_mean(tf.square(y - target)) + tf.add_n(model.losses)
    grads = [g.numpy() for g in tape.gradient(wanted, model.trainable_weights)]
    penalty, end = el.ActivityPenalty(L1 * steps, L2 * steps), el.ActivityPenalty(l2=L1 * steps)
    layers = [el.SimpleRNN(H, return_sequences=not last), penalty, el.Dense(2), end]
    net = el.Network(F, layers, dtype="float64", engine=engine)
    names = ("0.W", "0.U", "0.b", "2.W", "2.b")
    for name, weight in zip(names, model.get_weights(), strict=True):
        net.params[name] = weight.T
    loss, found = net.loss_and_grads(x, target)
    assert loss == pytest.approx(float(wanted), rel=1e-12)
    for name, grad in zip(names, grads, strict=True):
        np.testing.assert_allclose(found[name], grad.T, rtol=0, atol=1e-9, err_msg=name)
