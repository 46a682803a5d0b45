"""A `Problem` run by PyTorch.

PyTorch stacks the gates' matrices and gives every gate two biases, of which Elman keeps the sum; only the
candidate of the GRU needs both (`b_n` and `c_n`). Here each sum is split unevenly over the two.
"""

from __future__ import annotations

import numpy as np
import torch
from problem import Outcome, Problem, Stack

# The gates in the order in which PyTorch stacks them, by the suffix of their parameters.
GATES = {
    "simple_tanh": ("",),
    "simple_relu": ("",),
    "gru_reset_after": ("_r", "_z", "_n"),
    "lstm": ("_i", "_f", "_g", "_o"),
}


def make_layer(cell: str, features: int, hidden: int) -> torch.nn.RNNBase:
    if cell == "lstm":
        return torch.nn.LSTM(features, hidden, batch_first=True)
    if cell == "gru_reset_after":
        return torch.nn.GRU(features, hidden, batch_first=True)
    return torch.nn.RNN(features, hidden, batch_first=True, nonlinearity=cell.removeprefix("simple_"))


def set_parameters(layer: torch.nn.RNNBase, cell: str, parameters: dict[str, np.ndarray]) -> None:
    def stacked(letter: str) -> np.ndarray:
        return np.concatenate([parameters[letter + gate] for gate in GATES[cell]])

    total = [parameters["b" + gate] for gate in GATES[cell]]
    recurrent = [parameters.get("c" + gate, bias / 4) for gate, bias in zip(GATES[cell], total, strict=True)]
    of_input = [
        bias if "c" + gate in parameters else bias - bias / 4 for gate, bias in zip(GATES[cell], total, strict=True)
    ]
    values = (stacked("W"), stacked("U"), np.concatenate(of_input), np.concatenate(recurrent))
    with torch.no_grad():
        for parameter, value in zip(layer.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(value))


def parameter_gradients(layer: torch.nn.RNNBase, cell: str) -> dict[str, np.ndarray]:
    stacked = dict(zip("WUbc", (parameter.grad.double().numpy() for parameter in layer.parameters()), strict=True))
    gradients = {}
    for letter, whole in stacked.items():
        blocks = np.split(whole, len(GATES[cell]))
        gradients |= {letter + gate: block for gate, block in zip(GATES[cell], blocks, strict=True)}
    return gradients


def run(problem: Problem, dtype: torch.dtype = torch.float64) -> Outcome:
    """Outputs and gradients of the problem from `torch.nn`."""
    layer = make_layer(problem.cell, problem.x.shape[-1], problem.hidden).to(dtype)
    set_parameters(layer, problem.cell, problem.parameters)
    x = torch.tensor(problem.x, dtype=dtype, requires_grad=True)
    initial = [torch.tensor(state, dtype=dtype).unsqueeze(0).requires_grad_() for state in problem.states]
    output, final = layer(x, tuple(initial) if len(initial) > 1 else initial[0])
    final = final if isinstance(final, tuple) else (final,)
    loss = (output * torch.from_numpy(problem.output_weight)).sum()
    for state, weight in zip(final, problem.state_weights, strict=True):
        loss = loss + (state[0] * torch.from_numpy(weight)).sum()
    loss.backward()
    gradients = parameter_gradients(layer, problem.cell)
    return Outcome(
        output.detach().double().numpy(),
        tuple(state[0].detach().double().numpy() for state in final),
        {name: gradients[name] for name in problem.parameters},
        x.grad.double().numpy(),
        tuple(state.grad[0].double().numpy() for state in initial),
    )


def run_stack(stack: Stack) -> dict[str, np.ndarray]:
    """Loss and gradients of the stack from `torch.nn`, in float64."""
    layers, width = [], stack.x.shape[-1]
    for prefix, hidden in (("0.", stack.hidden), ("1.", stack.upper)):
        layers.append(make_layer(stack.cell, width, hidden).double())
        set_parameters(layers[-1], stack.cell, under(prefix, stack.parameters))
        width = hidden
    W, b = (torch.tensor(stack.parameters[name], requires_grad=True) for name in ("2.W", "2.b"))
    sequence, _ = layers[0](torch.from_numpy(stack.x))
    sequence, _ = layers[1](sequence)
    loss = torch.nn.functional.mse_loss(sequence[:, -1] @ W.T + b, torch.from_numpy(stack.target))
    loss.backward()
    results = {"loss": np.array(loss.item()), "2.W": W.grad.numpy(), "2.b": b.grad.numpy()}
    for prefix, layer in zip(("0.", "1."), layers, strict=True):
        gradients = parameter_gradients(layer, stack.cell)
        results |= {prefix + name: gradients[name] for name in under(prefix, stack.parameters)}
    return results


def under(prefix: str, parameters: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The parameters of one layer, by their names within it."""
    return {name.removeprefix(prefix): value for name, value in parameters.items() if name.startswith(prefix)}
