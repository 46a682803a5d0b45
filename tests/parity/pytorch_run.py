"""A `Problem` run by PyTorch.

PyTorch stacks the gates' matrices and gives every gate two biases, of which Elman keeps the sum; only the
candidate of the GRU needs both (`b_n` and `c_n`). Here each sum is split unevenly over the two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from problem import Outcome, Problem, Stack
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

# The gates in the order in which PyTorch stacks them, by the suffix of their parameters.
GATES = {
    "simple_tanh": ("",),
    "simple_relu": ("",),
    "gru_reset_after": ("_r", "_z", "_n"),
    "lstm": ("_i", "_f", "_g", "_o"),
}


def make_layer(cell: str, features: int, hidden: int, **options: Any) -> torch.nn.RNNBase:
    options |= {"batch_first": True, "dtype": torch.float64}
    if cell == "lstm":
        return torch.nn.LSTM(features, hidden, **options)
    if cell == "gru_reset_after":
        return torch.nn.GRU(features, hidden, **options)
    return torch.nn.RNN(features, hidden, nonlinearity=cell.removeprefix("simple_"), **options)


def set_parameters(layer: torch.nn.RNNBase, cell: str, parameters: dict[str, np.ndarray]) -> None:
    """Fill the layer, or the backward half of a bidirectional one."""

    def stacked(letter: str) -> np.ndarray:
        return np.concatenate([parameters[letter + gate] for gate in GATES[cell]])

    total = [parameters["b" + gate] for gate in GATES[cell]]
    recurrent = [parameters.get("c" + gate, bias / 4) for gate, bias in zip(GATES[cell], total, strict=True)]
    of_input = [
        bias if "c" + gate in parameters else bias - bias / 4 for gate, bias in zip(GATES[cell], total, strict=True)
    ]
    values = (stacked("W"), stacked("U"), np.concatenate(of_input), np.concatenate(recurrent))
    with torch.no_grad():
        for parameter, value in zip(list(layer.parameters())[-4:], values, strict=True):
            parameter.copy_(torch.from_numpy(value))


def parameter_gradients(layer: torch.nn.RNNBase, cell: str) -> dict[str, np.ndarray]:
    """By Elman's names: the layer's, or those of the backward half of a bidirectional one."""
    last = list(layer.parameters())[-4:]
    stacked = dict(zip("WUbc", (parameter.grad.numpy() for parameter in last), strict=True))
    gradients = {}
    for letter, whole in stacked.items():
        blocks = np.split(whole, len(GATES[cell]))
        gradients |= {letter + gate: block for gate, block in zip(GATES[cell], blocks, strict=True)}
    return gradients


def run(problem: Problem) -> Outcome:
    """Outputs and gradients of the problem from `torch.nn`, in float64."""
    layer = make_layer(problem.cell, problem.x.shape[-1], problem.hidden)
    set_parameters(layer, problem.cell, problem.parameters)
    x = torch.tensor(problem.x, requires_grad=True)
    initial = [torch.tensor(state).unsqueeze(0).requires_grad_() for state in problem.states]
    output, final = layer(x, tuple(initial) if len(initial) > 1 else initial[0])
    final = final if isinstance(final, tuple) else (final,)
    loss = (output * torch.from_numpy(problem.output_weight)).sum()
    for state, weight in zip(final, problem.state_weights, strict=True):
        loss = loss + (state[0] * torch.from_numpy(weight)).sum()
    loss.backward()
    gradients = parameter_gradients(layer, problem.cell)
    return Outcome(
        output.detach().numpy(),
        tuple(state[0].detach().numpy() for state in final),
        {name: gradients[name] for name in problem.parameters},
        x.grad.numpy(),
        tuple(state.grad[0].numpy() for state in initial),
    )


def run_ragged(problem: Problem, lengths: np.ndarray, reverse: bool) -> dict[str, np.ndarray]:
    """Rows of different lengths as a packed sequence, from zero states.

    The loss is the mean squared distance to `output_weight`. The reversed direction is the backward half of a
    bidirectional layer.
    """
    layer = make_layer(problem.cell, problem.x.shape[-1], problem.hidden, bidirectional=reverse)
    set_parameters(layer, problem.cell, problem.parameters)
    packed = pack_padded_sequence(torch.from_numpy(problem.x), torch.from_numpy(lengths), True, enforce_sorted=False)
    output, final = layer(packed)
    output, _ = pad_packed_sequence(output, batch_first=True, total_length=problem.x.shape[1])
    output = output[..., -problem.hidden :]
    used = torch.arange(problem.x.shape[1]) < torch.from_numpy(lengths)[:, None]
    loss = torch.nn.functional.mse_loss(output[used], torch.from_numpy(problem.output_weight)[used])
    loss.backward()
    final = final if isinstance(final, tuple) else (final,)
    gradients = parameter_gradients(layer, problem.cell)
    return (
        {"output": output.detach().numpy(), "loss": np.array(loss.item())}
        | {f"final.{i}": state[-1].detach().numpy() for i, state in enumerate(final)}
        | {f"gradient.{name}": gradients[name] for name in problem.parameters}
    )


class StackModule(torch.nn.Module):
    """The stack as a PyTorch user would write it, in float64, with the stack's parameters."""

    def __init__(self, stack: Stack):
        super().__init__()
        widths = (stack.x.shape[-1], stack.hidden, stack.upper)
        self.lower, self.upper = (make_layer(stack.cell, *widths[i : i + 2]) for i in (0, 1))
        self.readout = torch.nn.Linear(stack.upper, stack.target.shape[1]).double()
        set_parameters(self.lower, stack.cell, under("0.", stack.parameters))
        set_parameters(self.upper, stack.cell, under("1.", stack.parameters))
        with torch.no_grad():
            self.readout.weight.copy_(torch.from_numpy(stack.parameters["2.W"]))
            self.readout.bias.copy_(torch.from_numpy(stack.parameters["2.b"]))

    def loss(self, stack: Stack) -> torch.Tensor:
        sequence, _ = self.lower(torch.from_numpy(stack.x))
        sequence, _ = self.upper(sequence)
        return torch.nn.functional.mse_loss(self.readout(sequence[:, -1]), torch.from_numpy(stack.target))


def run_stack(stack: Stack) -> dict[str, np.ndarray]:
    """Loss and gradients of the stack from `torch.nn`."""
    model = StackModule(stack)
    loss = model.loss(stack)
    loss.backward()
    readout = {"2.W": model.readout.weight.grad.numpy(), "2.b": model.readout.bias.grad.numpy()}
    results = {"loss": np.array(loss.item())} | readout
    for prefix, layer in (("0.", model.lower), ("1.", model.upper)):
        gradients = parameter_gradients(layer, stack.cell)
        results |= {prefix + name: gradients[name] for name in under(prefix, stack.parameters)}
    return results


def train_stack(stack: Stack, updates: int, learning_rate: float) -> np.ndarray:
    """The loss before each of some Adam updates.

    Of PyTorch's two biases only one learns here (both do for the candidate of the GRU, where they differ): with both,
    Adam moves their sum twice as far as a single bias.
    """
    model = StackModule(stack)
    for layer in (model.lower, model.upper):
        learns = torch.zeros_like(layer.bias_hh_l0)
        if stack.cell == "gru_reset_after":
            learns[2 * layer.hidden_size :] = 1
        layer.bias_hh_l0.register_hook(learns.mul)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    losses = []
    for _ in range(updates):
        optimizer.zero_grad()
        loss = model.loss(stack)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def under(prefix: str, parameters: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The parameters of one layer, by their names within it."""
    return {name.removeprefix(prefix): value for name, value in parameters.items() if name.startswith(prefix)}
