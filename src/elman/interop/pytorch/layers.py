"""Layers in PyTorch that are written from their graphs, and those of its own that need a word more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from elman.interop.pytorch.functions import ATTEND, FUNCTIONS, constant
from elman.interop.pytorch.programs import Instruction, Program
from elman.interop.pytorch.spans import Span


def free(module: Any, wanted: str) -> str:
    """A name that a module has not yet, and that it allows."""
    name = wanted.replace(".", "_")
    while hasattr(module, name):
        name += "_"
    return name


class GraphLayer(nn.Module):
    """A layer that runs the equations of its cell.

    Parameters
    ----------
    program : Program
    parameters : mapping of str to Tensor
        Those that train, by their names in the equations; shared where another layer has them too.
    fixed : mapping of str to Tensor
        Constants.
    reverse, last : bool
        Whether it runs from the last step to the first, and returns its last step only.
    """

    def __init__(
        self,
        program: Program,
        parameters: Mapping[str, Any],
        fixed: Mapping[str, Any],
        *,
        reverse: bool = False,
        last: bool = False,
        dtype: Any = None,
    ):
        super().__init__()
        self.program, self.backwards, self.last = program, reverse, last
        self.attributes: dict[str, str] = {}
        self.register_buffer("_like", torch.empty(0, dtype=dtype), persistent=False)
        for name, value in parameters.items():
            self.attributes[name] = free(self, name)
            self.register_parameter(self.attributes[name], value)
        for name, value in fixed.items():
            self.attributes[name] = free(self, name)
            self.register_buffer(self.attributes[name], value)

    def extra_repr(self) -> str:
        shapes = {name: tuple(getattr(self, name).shape) for name in self.attributes.values()}
        return ", ".join(f"{name} {shape}" for name, shape in shapes.items())

    def forward(
        self, inputs: list[Any], memories: list[tuple[Any, Any]], states: list[Any], span: Span | None, rows: int
    ) -> tuple[Any, list[Any]]:
        """The layer's values, and its final states.

        Parameters
        ----------
        inputs : list of Tensor, (B, T, F), or (B, F) without time
        memories : list of (Tensor, Tensor)
            Sequences (B, S, M), and which of their steps are in use (B, S), None for all.
        states : list of Tensor, (B, H)
            What they begin with.
        span : Span, or None
            The time axis.
        rows : int
            B.
        """
        program = self.program
        values: list[Any] = [None] * program.size
        for name, k in program.parameters:
            values[k] = getattr(self, self.attributes[name])
        for number, k in program.constants:
            values[k] = constant(number, self._like)
        for k, x in zip((*program.inputs, *program.memories), (*inputs, *(m for m, _ in memories)), strict=True):
            values[k] = x
        inside = memories[0][1] if memories else None
        masks: dict[int, Any] = {}
        shape = (rows,) if span is None else (rows, span.steps)
        for one in (*program.once, *program.memory):
            values[one.slot] = self._value(one, values, inside, (), masks)
        for one in program.steps:
            found = self._value(one, values, inside, shape, masks)
            is_alone = one.op in ATTEND and span is not None and found.ndim == 2
            values[one.slot] = found.unsqueeze(1).expand(*shape, -1) if is_alone else found
        if program.states:
            assert span is not None
            return self._loop(values, inside, states, span, masks)
        return values[program.outputs[0]].expand(*shape, program.width), []

    def _loop(
        self, values: list[Any], inside: Any, states: list[Any], span: Span, masks: dict[int, Any]
    ) -> tuple[Any, list[Any]]:
        program, active, rows = self.program, span.inside(), span.rows
        count = len(program.states)
        outputs: list[Any] = [None] * span.steps
        last = torch.zeros(rows, program.width, dtype=self._like.dtype, device=self._like.device)
        if len(program.outputs) == count:
            last = states[0]
        for t in reversed(range(span.steps)) if self.backwards else range(span.steps):
            now = list(values)
            for k in program.seen:
                now[k] = values[k][:, t] if values[k].ndim == 3 else values[k]
            for k, state in zip(program.states, states, strict=True):
                now[k] = state
            for one in program.loop:
                now[one.slot] = self._value(one, now, inside, (rows,), masks)
            found = [now[k].expand(rows, -1) for k in program.outputs]
            new = [s.expand(rows, w) for s, w in zip(found[len(found) - count :], program.widths, strict=True)]
            outputs[t] = found[0].expand(rows, program.width)
            if active is not None:
                here = active[:, t : t + 1]
                new = [torch.where(here, a, b) for a, b in zip(new, states, strict=True)]
                last = torch.where(here, outputs[t], last) if self.last else last
            else:
                last = outputs[t]
            states = new
        return last if self.last else torch.stack(outputs, 1), states

    def _value(self, one: Instruction, values: list[Any], inside: Any, shape: tuple[int, ...], masks: Any) -> Any:
        operands = [values[k] for k in one.operands]
        if one.op in ATTEND:
            return ATTEND[one.op](one, inside, *operands)
        if one.op in ("dropout", "dropout_once"):
            return self._dropped(one, operands[0], shape, masks)
        return FUNCTIONS[one.op](one, *operands)

    def _dropped(self, one: Instruction, x: Any, shape: tuple[int, ...], masks: dict[int, Any]) -> Any:
        """In training a value with some of it zero: of a matrix once a run, else of each row, and step or sequence."""
        if not self.training or one.first == 0:
            return x
        whole = x.expand(*shape, one.width) if one.width else x
        if one.op == "dropout" or not one.width:
            return nn.functional.dropout(whole, one.first)
        if one.slot not in masks:
            like = whole[:, :1] if whole.ndim == 3 else whole
            masks[one.slot] = nn.functional.dropout(torch.ones_like(like), one.first)
        return whole * masks[one.slot]


class Dense(nn.Linear):
    """A linear layer and what its cell makes of that, such as an activation."""

    def __init__(self, features: int, units: int, *, bias: bool, after: GraphLayer, dtype: Any):
        super().__init__(features, units, bias=bias, dtype=dtype)
        self.after = after

    def forward(self, x: Any) -> Any:
        span = None if x.ndim == 2 else Span(x.shape[0], x.shape[1])
        return self.after([super().forward(x)], [], [], span, x.shape[0])[0]


class BatchNorm(nn.Module):
    """Batch normalisation over the rows and steps in use; the running variance is that of the batch, as Elman's.

    With ``moving=False`` the running moments are used in training, too, and stay as they are.
    """

    def __init__(self, g: Any, b: Any, mean: Any, variance: Any, momentum: float, epsilon: float, moving: bool):
        super().__init__()
        self.weight, self.bias = g, b
        self.momentum, self.epsilon, self.moving = momentum, epsilon, moving
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", variance)

    def forward(self, x: Any, span: Span | None) -> Any:
        mean, variance = self.running_mean, self.running_var
        if self.training and self.moving:
            mean, variance = self._moments(x, span)
            with torch.no_grad():
                self.running_mean.lerp_(mean.to(self.running_mean.dtype), 1 - self.momentum)
                self.running_var.lerp_(variance.to(self.running_var.dtype), 1 - self.momentum)
        return self.weight * ((x - mean) / torch.sqrt(variance + self.epsilon)) + self.bias

    @staticmethod
    def _moments(x: Any, span: Span | None) -> tuple[Any, Any]:
        inside = None if span is None else span.inside()
        if inside is not None:
            x = x[inside]
        x = x.flatten(0, -2)
        return x.mean(0), x.var(0, correction=0)
