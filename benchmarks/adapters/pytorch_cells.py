"""Custom cells in PyTorch: a loop over time in Python."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from elman.bench.workload import Workload


class CustomCell(nn.Module):
    """A loop over time in Python; the products of all inputs are done beforehand, in one."""

    def __init__(self, workload: Workload, weights) -> None:
        super().__init__()
        self.hidden, self.gates, self.steps = workload.hidden, len(weights.bias), workload.steps
        self.of_input = nn.Parameter(torch.from_numpy(weights.input).flatten(0, 1))  # (G H, F)
        self.of_state = nn.Parameter(torch.from_numpy(weights.state).flatten(0, 1))  # (G H, H)
        self.bias = nn.Parameter(torch.from_numpy(weights.bias).flatten())

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        h = v = x.new_zeros(x.shape[1], self.hidden)
        outputs = []
        for inputs in self.inputs(x).split(self.steps):
            of_piece, h, v = self.piece(inputs, h, v)
            outputs.append(of_piece)
        return torch.cat(outputs), None

    def piece(self, inputs: Tensor, h: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Some steps: their outputs (steps, B, H), and the next states."""
        outputs = []
        for of_step in inputs.unbind():
            h, v = self.step(of_step, h, v)
            outputs.append(h)
        return torch.stack(outputs), h, v

    def compile_pieces(self, steps: int) -> None:
        """Compile the loop over so many steps."""
        self.steps, self.piece = steps, torch.compile(self.piece, dynamic=False)


class Oscillator(CustomCell):
    def inputs(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.of_input, self.bias)

    def step(self, x: Tensor, h: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        products = torch.addmm(x, h, self.of_state.T)
        k, d = torch.sigmoid(products[:, : 2 * self.hidden]).chunk(2, dim=1)
        v = d * v + k * (torch.tanh(products[:, 2 * self.hidden :]) - h)
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


CUSTOM = {"oscillator": Oscillator, "layer_norm_lstm": LayerNormLSTM}
