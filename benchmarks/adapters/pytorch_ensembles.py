"""Ensembles in PyTorch: members in turn, or side by side by `torch.func.vmap`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from benchmarks.adapters.pytorch_models import Model
from torch import Tensor, nn
from torch.func import vmap

from elman.bench.turns import Run
from elman.bench.weights import Weights, weights
from elman.bench.workload import Workload

COMPILED_STEPS = 5  # of the loop over time; all 50 compile for minutes
Batch = tuple[Tensor, Tensor, Tensor | None]


def ensemble(workload: Workload, variant: str, data: Sequence[Batch], optimizer_of: Callable) -> Run:
    """An epoch of all members, whose loss is their mean: squared errors of outputs (T, B, O)."""
    if "vmap" in variant:
        members = [weights(workload, k) for k in range(workload.members)]
        losses, parameters = side_by_side(members, "compiled" in variant)
    else:
        models = [Model(workload, member=k) for k in range(workload.members)]
        losses, parameters = in_turn(models), [p for model in models for p in model.parameters()]
    optimizer = optimizer_of(parameters, lr=workload.learning_rate)

    def epoch() -> float:
        found = []
        for x, target, _ in data:
            optimizer.zero_grad()
            found.append(losses(x, target))
            optimizer.step()
        return float(torch.stack(found).mean())

    return Run(epoch)


def in_turn(models: Sequence[nn.Module]) -> Callable[[Tensor, Tensor], Tensor]:
    """Forward and backward of each member, then one step of an optimiser for all of them."""

    def losses(x: Tensor, target: Tensor) -> Tensor:
        found = [nn.functional.mse_loss(model(x), target) for model in models]
        for loss in found:
            loss.backward()
        return torch.stack(found).detach()

    return losses


def side_by_side(members: Sequence[Weights], compiled: bool):
    """Parameters of all members stacked, a loop over time for all of them at once, some steps of it compiled or none.

    The equations are those of `torch.nn.GRU`, which `vmap` cannot take.
    """
    of_members = [parameters_of(given) for given in members]
    stacked = {name: nn.Parameter(torch.stack([own[name] for own in of_members])) for name in of_members[0]}
    inputs_of, some_steps, readout = vmap(inputs, in_dims=(0, None)), vmap(steps), vmap(read_out)
    some_steps = torch.compile(some_steps, dynamic=False) if compiled else some_steps

    def losses(x: Tensor, target: Tensor) -> Tensor:
        before = inputs_of(stacked, x)  # (M, T, B, 3 H)
        h, states = before.new_zeros(len(members), x.shape[1], before.shape[3] // 3), []
        for piece in before.split(COMPILED_STEPS if compiled else len(x), dim=1):
            of_piece, h = some_steps(stacked, piece, h)
            states.append(of_piece)
        found = (readout(stacked, torch.cat(states, dim=1)) - target).square().flatten(1).mean(dim=1)
        found.sum().backward()
        return found.detach()

    return losses, list(stacked.values())


def parameters_of(given: Weights) -> dict[str, Tensor]:
    """Of one member, gates in the order z, r, n."""
    W, U, b = (torch.from_numpy(array).flatten(0, 1) for array in (given.input, given.state, given.bias))
    V, d = torch.from_numpy(given.readout), torch.from_numpy(given.readout_bias)
    return {"W": W, "U": U, "b": b, "c_n": torch.zeros(U.shape[1]), "V": V, "d": d}


def inputs(own: dict[str, Tensor], x: Tensor) -> Tensor:
    """The products of all inputs (T, B, 3 H)."""
    return nn.functional.linear(x, own["W"], own["b"])


def steps(own: dict[str, Tensor], x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    """States (steps, B, H), and the last one."""
    states, gates = [], 2 * h.shape[1]
    for now in x.unbind():
        products = h @ own["U"].T
        z, r = torch.sigmoid(now[:, :gates] + products[:, :gates]).chunk(2, dim=1)
        n = torch.tanh(now[:, gates:] + r * (products[:, gates:] + own["c_n"]))
        h = n + z * (h - n)
        states.append(h)
    return torch.stack(states), h


def read_out(own: dict[str, Tensor], states: Tensor) -> Tensor:
    return nn.functional.linear(states, own["V"], own["d"])
