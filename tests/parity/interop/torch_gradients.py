"""The loss and gradients of a module that `to_torch` made, under Elman's names."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import elman as el
from elman.interop.pytorch.gates import Row


def of_module(net: el.Network, module: Any) -> dict[str, np.ndarray]:
    """The gradients that the tensors of a module hold; zeros where one has none."""
    found: dict[str, np.ndarray] = {}
    for name, (key, row) in module.rows.items():
        held = dict(module.layers[key].state_dict(keep_vars=True))[row.theirs]
        grad = torch.zeros_like(held) if held.grad is None else held.grad
        found[name] = Row(name, row.theirs, row.block, row.blocks).read({row.theirs: grad.detach().numpy()})
    return found


def of_loss(module: Any, x: Any, targets: list[np.ndarray], lengths: Any = None, state: Any = None) -> float:
    """The mean squared error of all outputs over the steps in use, whose gradients are left in the module."""
    module.zero_grad()
    given = tuple(map(torch.tensor, x)) if isinstance(x, tuple) else torch.tensor(x)
    y = module(given, lengths, state)
    outputs = list(y.values()) if isinstance(y, dict) else list(y) if isinstance(y, tuple) else [y]
    spans = dict(zip(range(len(outputs)), module.plan.output_axes, strict=True))
    first = {g.axis: g.name for g in reversed(module.plan.inputs) if g.axis >= 0}
    total = torch.zeros(())
    for k, (y, target) in enumerate(zip(outputs, targets, strict=True)):
        wrong = ((y - torch.tensor(target)) ** 2).mean(-1)
        used = lengths.get(first[spans[k]]) if isinstance(lengths, dict) and y.ndim > 2 else lengths
        if y.ndim > 2 and used is not None:
            inside = torch.arange(y.shape[1]) < torch.as_tensor(used).unsqueeze(1)
            wrong = wrong[inside]
        total = total + wrong.mean()
    if total.requires_grad:  # of some networks nothing trains
        total.backward()
    return float(total.detach())
