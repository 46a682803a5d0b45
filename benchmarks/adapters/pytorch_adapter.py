"""PyTorch's training, eager: the loop of its tutorials."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from benchmarks.workloads import Workload
from torch import Tensor, nn


def version() -> str:
    return torch.__version__


class ResetBeforeGRU(nn.Module):
    """The GRU that resets the state before the product, which torch.nn lacks: a loop over torch operations."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.of_input = nn.Linear(features, 3 * hidden)
        self.of_state = nn.Linear(hidden, 2 * hidden, bias=False)
        self.of_reset_state = nn.Linear(hidden, hidden, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = x.new_zeros(x.shape[0], self.hidden)
        outputs = []
        inputs = self.of_input(x)
        for t in range(x.shape[1]):
            of_gates, of_candidate = inputs[:, t].split((2 * self.hidden, self.hidden), dim=1)
            z, r = torch.sigmoid(of_gates + self.of_state(h)).chunk(2, dim=1)
            n = torch.tanh(of_candidate + self.of_reset_state(r * h))
            h = z * h + (1 - z) * n
            outputs.append(h)
        return torch.stack(outputs, dim=1), h


LAYERS = {
    "relu": lambda features, hidden: nn.RNN(features, hidden, batch_first=True, nonlinearity="relu"),
    "tanh": lambda features, hidden: nn.RNN(features, hidden, batch_first=True),
    "gru": lambda features, hidden: nn.GRU(features, hidden, batch_first=True),
    "gru_reset_before": ResetBeforeGRU,
    "lstm": lambda features, hidden: nn.LSTM(features, hidden, batch_first=True),
}
LOSSES = {"mse": nn.MSELoss, "softmax_cross_entropy": nn.CrossEntropyLoss}
OPTIMIZERS = {
    "adam": torch.optim.Adam,
    "rmsprop": partial(torch.optim.RMSprop, alpha=0.9),
}  # alpha is rho of the others


class Model(nn.Module):
    """A recurrent layer and a dense readout at every step or at the last one."""

    def __init__(self, workload: Workload, cell: str) -> None:
        super().__init__()
        self.every_step = workload.every_step
        self.recurrent = LAYERS[cell](workload.features, workload.hidden)
        self.readout = nn.Linear(workload.hidden, workload.outputs)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = self.recurrent(x)
        return self.readout(output if self.every_step else output[:, -1])


def prepare(workload: Workload, cell: str, threads: int) -> Callable[[], float]:
    """A function that trains for one epoch and returns its mean loss."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x, target = (torch.from_numpy(array) for array in workload.data())
    model = Model(workload, cell)
    loss_of = LOSSES[workload.loss]()
    optimizer = OPTIMIZERS[workload.optimizer](model.parameters(), lr=workload.learning_rate)

    def epoch() -> float:
        losses = []
        for rows in torch.randperm(len(x)).split(workload.batch):
            optimizer.zero_grad()
            loss = loss_of(model(x[rows]), target[rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    return epoch
