"""Batch normalisation in training, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from elman.network import BatchNorm, Dense, Network, SimpleRNN

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


@pytest.mark.parametrize("engine", ["native", "numpy"])
def test_two_of_them_between_recurrent_layers_over_ragged_rows(engine):
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(1)
    lengths = [7, 2, 5, 1, 7, 4]
    x, target = random.normal(3.0, 2.0, (6, 7, 4)), random.normal(size=(6, 7, 2))
    layers = [BatchNorm(momentum=0.7), SimpleRNN(5), BatchNorm(momentum=0.9), Dense(2)]
    net = Network(4, layers, dtype=np.float64, engine=engine)
    net.params.write(random.normal(size=net.arena.size))
    for norm, width in (("0", 4), ("2", 5)):
        net.params[f"{norm}.mean"], net.params[f"{norm}.variance"] = np.zeros(width), np.ones(width)

    norms = [torch.nn.BatchNorm1d(4, momentum=0.3).double(), torch.nn.BatchNorm1d(5, momentum=0.1).double()]
    rnn, last = torch.nn.RNN(4, 5, batch_first=True).double(), torch.nn.Linear(5, 2).double()
    theirs = {"0.g": norms[0].weight, "0.b": norms[0].bias, "2.g": norms[1].weight, "2.b": norms[1].bias}
    theirs |= {"1.W": rnn.weight_ih_l0, "1.U": rnn.weight_hh_l0, "1.b": rnn.bias_ih_l0}
    theirs |= {"3.W": last.weight, "3.b": last.bias}
    rnn.bias_hh_l0.data.zero_()
    for name, parameter in theirs.items():
        parameter.data = torch.tensor(net.params[name])
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(x, requires_grad=True), lengths, batch_first=True, enforce_sorted=False
    )
    hidden, _ = rnn(packed._replace(data=norms[0](packed.data)))
    wanted = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(target), lengths, batch_first=True, enforce_sorted=False
    )
    loss = torch.nn.functional.mse_loss(last(norms[1](hidden.data)), wanted.data)
    loss.backward()

    ours, grads = net.loss_and_grads(x, target, lengths=lengths)
    assert ours == pytest.approx(loss.item(), rel=1e-12)
    for name, parameter in theirs.items():
        assert np.allclose(grads[name], parameter.grad.numpy(), rtol=1e-9, atol=1e-12), name
    net.fit(x, target, lengths=lengths, epochs=1, batch_size=6, verbose=0)
    for number, norm in zip((0, 2), norms, strict=True):
        assert np.allclose(net.params[f"{number}.mean"], norm.running_mean.numpy(), rtol=1e-9)
