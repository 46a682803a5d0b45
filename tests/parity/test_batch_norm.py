"""Batch normalisation in training, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from elman.network import BatchNorm, Dense, Network

pytestmark = pytest.mark.parity


def test_loss_and_gradients_equal_pytorchs():
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(0)
    x, target = random.normal(3.0, 2.0, (6, 7, 4)), random.normal(size=(6, 7, 2))
    net = Network(4, [Dense(5, activation="tanh"), BatchNorm(), Dense(2)], dtype=np.float64)
    net.params.write(random.normal(size=net.arena.size))

    first, norm, last = torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5, eps=1e-5), torch.nn.Linear(5, 2)
    theirs = {"0.W": first.weight, "0.b": first.bias, "1.g": norm.weight, "1.b": norm.bias}
    theirs |= {"2.W": last.weight, "2.b": last.bias}
    for name, parameter in theirs.items():
        parameter.data = torch.tensor(net.params[name])
    hidden = norm.double()(torch.tanh(first(torch.tensor(x))).reshape(-1, 5))
    loss = torch.nn.functional.mse_loss(last(hidden), torch.tensor(target.reshape(-1, 2)))
    loss.backward()

    ours, grads = net.loss_and_grads(x, target)
    assert ours == pytest.approx(loss.item(), rel=1e-12)
    for name, parameter in theirs.items():
        assert np.allclose(grads[name], parameter.grad.numpy(), rtol=1e-9, atol=1e-12), name
