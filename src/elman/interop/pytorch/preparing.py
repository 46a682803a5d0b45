"""A module made ready to be watched: a copy, on the CPU, in eval mode."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from elman.errors import ConversionError
from elman.interop.pytorch.unwrapping import unwrapped


class Loop(nn.Module):
    """A cell as a layer over a sequence (B, T, F)."""

    def __init__(self, cell: Any):
        super().__init__()
        self.cell = cell

    def forward(self, x: Any) -> Any:
        h, found = None, []
        for t in range(x.shape[1]):
            h = self.cell(x[:, t], h)
            found.append(h[0] if isinstance(h, tuple) else h)
        return torch.stack(found, 1)


def prepared(given: Any) -> Any:
    """A copy on the CPU, in eval mode and at least in single precision."""
    given = unwrapped(given)
    if isinstance(given, torch.jit.ScriptModule):
        raise ConversionError("TorchScript cannot be watched: give the module that it was made of, or its state_dict()")
    try:
        module = _copied(given)
    except Exception as error:
        raise ConversionError(
            f"{type(given).__name__} cannot be copied ({error}): convert a fresh one with its state dict"
        ) from error
    module = module.cpu().eval()
    if any(p.dtype in (torch.float16, torch.bfloat16) for p in module.parameters()):
        module = module.float()
    return Loop(module).eval() if isinstance(module, torch.nn.RNNCellBase) else module


def _copied(module: Any) -> Any:
    """A copy, also of a module that holds what was computed of its parameters, as weight norm leaves it."""
    made = [
        (inner, name, value)
        for inner in module.modules()
        for name, value in vars(inner).items()
        if isinstance(value, torch.Tensor) and not value.is_leaf
    ]
    try:
        for inner, name, value in made:
            vars(inner)[name] = value.detach()
        return copy.deepcopy(module)
    finally:
        for inner, name, value in made:
            vars(inner)[name] = value


def dtype_of(module: Any) -> Any:
    """That of its parameters: double precision where any of them has it."""
    kinds = {p.dtype for p in module.parameters() if p.is_floating_point()}
    return torch.float64 if torch.float64 in kinds else torch.float32
