"""PyTorch: eager, the loop of its tutorials; for custom cells a loop over torch operations, also compiled."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from elman.bench import sgemm
from elman.bench.losses import outputs_loss
from elman.bench.turns import Run
from elman.bench.weights import weights
from elman.bench.workloads import Workload


def version() -> str:
    return torch.__version__


def prepare(workload: Workload, variant: str, threads: int) -> Run:
    """What PyTorch does in an epoch."""
    torch.set_num_threads(threads)
    if variant == "sgemm":
        return product()
    model = Model(workload, variant)
    if variant == "compiled":
        model.compile()
    return {"training": training, "inference": inference, "streaming": streaming}[workload.task](workload, model)


class CustomCell(nn.Module):
    """A loop over time in Python; the products of all inputs are done beforehand, in one."""

    def __init__(self, workload: Workload, weights) -> None:
        super().__init__()
        self.hidden, self.gates = workload.hidden, len(weights.bias)
        self.of_input = nn.Parameter(torch.from_numpy(weights.input).flatten(0, 1))  # (G H, F)
        self.of_state = nn.Parameter(torch.from_numpy(weights.state).flatten(0, 1))  # (G H, H)
        self.bias = nn.Parameter(torch.from_numpy(weights.bias).flatten())

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        h = v = x.new_zeros(x.shape[0], self.hidden)
        inputs, outputs = self.inputs(x), []
        for t in range(x.shape[1]):
            h, v = self.step(inputs[:, t], h, v)
            outputs.append(h)
        return torch.stack(outputs, dim=1), None


class Oscillator(CustomCell):
    def inputs(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.of_input, self.bias)

    def step(self, x: Tensor, h: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        k, d, f = (x + h @ self.of_state.T).chunk(3, dim=1)
        v = torch.sigmoid(d) * v + torch.sigmoid(k) * (torch.tanh(f) - h)
        return h + 0.5 * v, v


class LayerNormLSTM(CustomCell):
    def __init__(self, workload: Workload, weights) -> None:
        super().__init__(workload, weights)
        self.gain_input = nn.Parameter(torch.ones(self.gates, self.hidden))
        self.gain_state = nn.Parameter(torch.ones(self.gates, self.hidden))
        self.memory = nn.LayerNorm(self.hidden)
        self.normalise = partial(nn.functional.layer_norm, normalized_shape=(self.hidden,))

    def inputs(self, x: Tensor) -> Tensor:
        products = (x @ self.of_input.T).unflatten(2, (self.gates, self.hidden))
        return self.gain_input * self.normalise(products) + self.bias.unflatten(0, (self.gates, self.hidden))

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        products = (h @ self.of_state.T).unflatten(1, (self.gates, self.hidden))
        i, f, g, o = (x + self.gain_state * self.normalise(products)).unbind(1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(self.memory(c)), c


BUILT_IN = {
    "relu": partial(nn.RNN, nonlinearity="relu", batch_first=True),
    "tanh": partial(nn.RNN, batch_first=True),
    "gru": partial(nn.GRU, batch_first=True),
    "lstm": partial(nn.LSTM, batch_first=True),
}
CUSTOM = {"oscillator": Oscillator, "layer_norm_lstm": LayerNormLSTM}
ORDER = {"gru": [1, 0, 2]}  # PyTorch's order of the gates: r, z, n
LOSSES = {"mse": nn.MSELoss(), "softmax_cross_entropy": nn.CrossEntropyLoss()}
OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "adam": partial(torch.optim.Adam, eps=1e-7),
    "rmsprop": partial(torch.optim.RMSprop, alpha=0.9, eps=1e-7),  # alpha is rho; others have epsilon under the root
}


class Model(nn.Module):
    """An embedding where there are indices, a recurrent layer, a dense readout at every step or at the last one."""

    def __init__(self, workload: Workload, variant: str) -> None:
        super().__init__()
        self.every_step, self.packed, given = workload.every_step, variant == "packed", weights(workload)
        self.embedding = None
        if workload.vocabulary:
            self.embedding = nn.Embedding.from_pretrained(torch.from_numpy(given.embedding), freeze=False)
        self.recurrent = (
            CUSTOM[workload.cell](workload, given) if workload.cell in CUSTOM else built_in(workload, given)
        )
        self.readout = nn.Linear(workload.hidden, workload.outputs)
        with torch.no_grad():
            self.readout.weight[:], self.readout.bias[:] = map(torch.from_numpy, (given.readout, given.readout_bias))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        x = x if self.embedding is None else self.embedding(x)
        if self.packed:
            _, (h, _) = self.recurrent(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
            return self.readout(h[0])
        output, _ = self.recurrent(x)
        if lengths is not None:
            return self.readout(output[torch.arange(len(x)), lengths - 1])
        return self.readout(output if self.every_step else output[:, -1])


def built_in(workload: Workload, given) -> nn.Module:
    """The layer of torch.nn. It has each bias twice: only the one that the equations have is trained."""
    layer = BUILT_IN[workload.cell](workload.features, workload.hidden)
    order = ORDER.get(workload.cell, list(range(len(given.bias))))
    with torch.no_grad():
        layer.weight_ih_l0[:] = torch.from_numpy(given.input[order]).flatten(0, 1)
        layer.weight_hh_l0[:] = torch.from_numpy(given.state[order]).flatten(0, 1)
        layer.bias_ih_l0[:] = torch.from_numpy(given.bias[order]).flatten()
        layer.bias_hh_l0.zero_()
    trained = torch.zeros_like(layer.bias_hh_l0)
    if workload.cell == "gru":
        trained[2 * workload.hidden :] = 1
    layer.bias_hh_l0.register_hook(lambda gradient: gradient * trained)
    return layer


def batches(workload: Workload) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
    """Ragged batches end where their longest row does."""
    x, target = map(torch.from_numpy, workload.data())
    lengths = torch.from_numpy(workload.lengths())
    for rows in torch.arange(len(x)).split(workload.batch):
        longest = int(lengths[rows].max())
        yield x[rows, :longest], target[rows], lengths[rows] if workload.ragged else None


def training(workload: Workload, model: nn.Module) -> Run:
    loss_of, data = LOSSES[workload.loss], list(batches(workload))
    optimizer = OPTIMIZERS[workload.optimizer](model.parameters(), lr=workload.learning_rate)

    def epoch() -> float:
        losses = []
        for x, target, lengths in data:
            optimizer.zero_grad()
            y = model(x, lengths)
            loss = loss_of(y.flatten(0, -2), target.flatten()) if target.dtype == torch.int64 else loss_of(y, target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    return Run(epoch)


def inference(workload: Workload, model: nn.Module) -> Run:
    data = list(batches(workload))

    @torch.inference_mode()
    def epoch() -> list[Tensor]:
        return [model(x) for x, _, _ in data]

    return Run(epoch, outputs_loss(workload.loss, torch.cat([target for _, target, _ in data]).numpy()))


def streaming(workload: Workload, model: nn.Module) -> Run:
    x, target = workload.data()

    @torch.inference_mode()
    def epoch() -> list[Tensor]:
        state, outputs, steps = None, [], torch.from_numpy(x)
        for t in range(workload.steps):
            h, state = model.recurrent(steps[:, t : t + 1], state)
            outputs.append(model.readout(h)[:, 0])
        return outputs

    return Run(epoch, outputs_loss(workload.loss, target[0]))


def product() -> Run:
    a, b = map(torch.from_numpy, sgemm.operands())
    out = torch.empty_like(a)
    return sgemm.run(lambda: torch.mm(a, b, out=out))
