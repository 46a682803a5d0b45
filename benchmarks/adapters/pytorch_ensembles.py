"""Ensembles in PyTorch: members in turn, or side by side by `torch.func.vmap`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from benchmarks.adapters.pytorch_cells import GRU
from benchmarks.adapters.pytorch_models import Model
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from elman.bench.turns import Run
from elman.bench.weights import weights
from elman.bench.workload import Workload

Batch = tuple[Tensor, Tensor, Tensor | None]


def ensemble(workload: Workload, variant: str, data: Sequence[Batch], optimizer_of: Callable) -> Run:
    """An epoch of all members, whose loss is their mean: squared errors of outputs (T, B, O)."""
    models = [Model(workload, member=k) for k in range(workload.members)]
    if "vmap" in variant:
        losses, parameters = side_by_side(workload, models, "compiled" in variant)
    else:
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


def side_by_side(workload: Workload, models: Sequence[Model], compiled: bool):
    """Parameters of all members stacked, a loop over time for all of them at once."""
    for number, model in enumerate(models):
        model.recurrent = GRU(workload, weights(workload, number))
    parameters, _ = stack_module_state(models)
    of_member = vmap(lambda own, x: functional_call(models[0], own, (x,)), in_dims=(0, None))
    run = torch.compile(of_member, dynamic=False) if compiled else of_member

    def losses(x: Tensor, target: Tensor) -> Tensor:
        found = (run(parameters, x) - target).square().flatten(1).mean(dim=1)
        found.sum().backward()
        return found.detach()

    return losses, list(parameters.values())
