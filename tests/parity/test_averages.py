"""Averaged weights against torch.optim.swa_utils and Keras, live: the same initial weights, rows and rates."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el

pytestmark = pytest.mark.parity

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(24, 3)).astype(np.float64)
TARGET = X @ RANDOM.normal(size=(3, 2))
ROWS, RATE, EPOCHS = 6, 0.1, 3


def ours(average, layers=(), **options):
    net = el.Network(3, [*layers, el.Dense(2)], dtype=np.float64)
    before = {name: value.copy() for name, value in net.params.items()}
    optimizer = el.SGD(RATE, average=average)
    net.fit(X[:, None], TARGET[:, None], optimizer=optimizer, batch_size=ROWS, epochs=EPOCHS, shuffle=False, verbose=0)
    return net, before


def torch_average(make, before, every=1, start=1):
    """What `AveragedModel` has behind the same updates, of a linear layer."""
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(3, 2, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(before["0.W"]))
        layer.bias.copy_(torch.from_numpy(before["0.b"]))
    averaged, sgd, number = make(torch.optim.swa_utils, layer), torch.optim.SGD(layer.parameters(), RATE), 0
    for _ in range(EPOCHS):
        for first in range(0, len(X), ROWS):
            x, y = (torch.from_numpy(a[first : first + ROWS]) for a in (X, TARGET))
            sgd.zero_grad()
            torch.nn.functional.mse_loss(layer(x), y).backward()
            sgd.step()
            number += 1
            if number >= start and (number - start) % every == 0:
                averaged.update_parameters(layer)
    return averaged.module.weight.detach().numpy(), averaged.module.bias.detach().numpy()


@pytest.mark.parametrize("start", [1, 4])
def test_ema_as_in_torch(start):
    net, before = ours(el.EMA(0.9, start=start, corrected=False))
    weight, bias = torch_average(
        lambda utils, layer: utils.AveragedModel(layer, multi_avg_fn=utils.get_ema_multi_avg_fn(0.9)), before, 1, start
    )
    np.testing.assert_allclose(net.params["0.W"], weight, rtol=1e-10)
    np.testing.assert_allclose(net.params["0.b"], bias, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("start", "every"), [(1, 1), (4, 4), (5, 3)])
def test_swa_as_in_torch(start, every):
    net, before = ours(el.SWA(start, every))
    weight, bias = torch_average(lambda utils, layer: utils.AveragedModel(layer), before, every, start)
    np.testing.assert_allclose(net.params["0.W"], weight, rtol=1e-10)
    np.testing.assert_allclose(net.params["0.b"], bias, rtol=1e-10, atol=1e-14)


def test_moments_as_update_bn_of_torch_has_them():
    torch = pytest.importorskip("torch")
    net, _ = ours(el.EMA(0.9), layers=(el.Dense(4), el.BatchNorm()))
    hidden = torch.nn.Linear(3, 4, dtype=torch.float64)
    norm = torch.nn.BatchNorm1d(4, dtype=torch.float64)
    with torch.no_grad():
        hidden.weight.copy_(torch.from_numpy(np.array(net.params["0.W"])))
        hidden.bias.copy_(torch.from_numpy(np.array(net.params["0.b"])))
    batches = [torch.from_numpy(X[first : first + ROWS]) for first in range(0, len(X), ROWS)]
    torch.optim.swa_utils.update_bn(batches, torch.nn.Sequential(hidden, norm))
    moments = [np.array(v) for n, v in net.params.items() if n.startswith("1.") and n not in net.trainable]
    mean, variance = norm.running_mean.numpy(), norm.running_var.numpy()
    unbiased = [(mean, 1.0), (variance, (ROWS - 1) / ROWS)]  # torch keeps the unbiased variance of a batch
    for value in moments:
        assert any(np.allclose(value, there * share, rtol=1e-9) for there, share in unbiased)
    assert len(moments) == 2


def test_ema_as_in_keras():
    keras = pytest.importorskip("keras")
    net, before = ours(el.EMA(0.9, corrected=False))
    model = keras.Sequential([keras.Input((3,), dtype="float64"), keras.layers.Dense(2, dtype="float64")])
    model.layers[0].set_weights([before["0.W"].T, before["0.b"]])
    model.compile(keras.optimizers.SGD(RATE, use_ema=True, ema_momentum=0.9), loss="mse")
    model.fit(X, TARGET, batch_size=ROWS, epochs=EPOCHS, shuffle=False, verbose=0)
    kernel, bias = model.layers[0].get_weights()  # fit ends with its average
    np.testing.assert_allclose(net.params["0.W"], kernel.T, rtol=1e-6)
    np.testing.assert_allclose(net.params["0.b"], bias, rtol=1e-6, atol=1e-9)
