"""Functions of parameters: matrices that are made of them before a run, and whose gradient goes back after it.

Each has a plan of its own, whose batch is the rows of the matrix. Its inputs are views of parameters, or of what was
made before; dL/d inputs are added where these came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from elman.engine.interface import Batch, Engine
from elman.engine.plan import Function, Plan, View
from elman.engine.stage import InputSpec, LayerSpec
from elman.equations.matrices import Made

_GOLDEN = 0x9E3779B97F4A7C15


def scheduled(
    made: Made, offsets: Mapping[str, int], place: int, schedule: Callable[..., Plan], *, training: bool, drops: bool
) -> Function:
    """The function of a made matrix whose values begin at a place of the arena."""
    inputs = [InputSpec(leaf.columns.value or 1) for leaf in made.leaves]
    layer = LayerSpec(made.name, made.graph, {}, sources=tuple(~k for k in range(len(inputs))))
    plan = schedule([layer], inputs, 0, seeded=training, input_gradient=training, dropout=drops)
    views = tuple(View(offsets[leaf.parameter.name], *leaf.strides()) for leaf in made.leaves)
    return Function(made.name, plan, made.rows, made.columns, views, place)


def key_of(key: int, number: int) -> int:
    """The key of the masks of a function, which are none of those of a run."""
    return (key ^ (_GOLDEN * (number + 1))) % 2**64


class Functions:
    """Runs the functions of a plan, each on an engine of its own."""

    def __init__(self, plan: Plan, engine: Callable[[Plan], Engine]):
        self._plan = plan
        self._engines = [engine(function.plan) for function in plan.functions]

    def made(self, parameters: np.ndarray, key: int) -> np.ndarray:
        """The arena: parameters, and behind them what is made of them."""
        if not self._engines:
            return parameters
        arena = np.empty(self._plan.arena, parameters.dtype)
        arena[: len(parameters)] = parameters
        for number, (function, engine) in enumerate(zip(self._plan.functions, self._engines, strict=True)):
            (value,), _ = engine.forward(parameters[:0], self._batch(function, number, arena, key))
            _made_values(function, arena)[...] = value
        return arena

    def back(self, arena: np.ndarray, gradients: np.ndarray, key: int) -> np.ndarray:
        """dL/d parameters, of dL/d arena."""
        for number, function in reversed(list(enumerate(self._plan.functions))):
            engine = self._engines[number]
            target = _made_values(function, gradients)
            batch = self._batch(function, number, arena, key, (np.ascontiguousarray(target),))
            found = engine.gradients(arena[:0], batch, want_input=True)
            for view, gradient in zip(function.reads, found.inputs, strict=True):
                _add(view, gradient, gradients)
        return gradients[: self._plan.parameters]

    @staticmethod
    def _batch(function: Function, number: int, arena: np.ndarray, key: int, targets: Any = ()) -> Batch:
        widths: Sequence[int] = [function.plan.slots[place.slot].width for place in function.plan.inputs]
        views = zip(function.reads, widths, strict=True)
        inputs = tuple(_view(view, arena, function.rows, width) for view, width in views)
        return Batch(inputs, targets, key=key_of(key, number))


def _made_values(function: Function, arena: np.ndarray) -> np.ndarray:
    size = function.rows * function.columns
    return arena[function.place : function.place + size].reshape(function.rows, 1, function.columns)


def _view(view: View, arena: np.ndarray, rows: int, width: int) -> np.ndarray:
    strides = tuple(arena.itemsize * n for n in (view.along_rows, 0, view.along_columns))
    return np.lib.stride_tricks.as_strided(arena[view.offset :], (rows, 1, width), strides, writeable=False)


def _add(view: View, gradient: np.ndarray, gradients: np.ndarray) -> None:
    """Add dL/d an input to dL/d the parameter that it is a view of; one that all rows share gets the sum of theirs."""
    rows, width = gradient.shape[0], gradient.shape[2]
    value = gradient[:, 0]
    if view.along_rows == 0:
        gradients[view.offset : view.offset + width] += value.sum(0)
    elif view.along_rows == 1:  # a column, or a transpose
        gradients[view.offset : view.offset + rows * width] += value.T.ravel()
    else:
        gradients[view.offset : view.offset + rows * width] += value.ravel()
