"""Ops applied: of symbols comes a symbol, of arrays an array, of numbers a number."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np

from elman.checks import is_number
from elman.equations.ops import OPS
from elman.equations.symbols import Symbol, build
from elman.errors import EquationError, OptionError, ShapeError

Value = Symbol | np.ndarray | float
V = TypeVar("V", bound=Value)


def apply(op: str, *inputs: Any, numbers: tuple[float, ...] = ()) -> Any:
    """An op of the table, on symbols or on arrays."""
    first, second = (*numbers, 0.0, 0.0)[:2]
    if any(isinstance(i, Symbol) for i in inputs):
        return build(op, *inputs, first=first, second=second)
    row = OPS[op]
    plain = all(isinstance(i, int | float) for i in inputs)
    arrays = [i if isinstance(i, int | float) else _array(op, i) for i in inputs]
    counted = [a for k, a in enumerate(arrays) if k != row.index]  # an index is a number of another kind
    dtype = np.float64 if plain else np.result_type(*counted, np.float32)
    try:
        return row.of([np.asarray(a, None if k == row.index else dtype) for k, a in enumerate(arrays)], first, second)
    except (ValueError, IndexError) as e:
        shapes = ", ".join(str(np.shape(a)) for a in arrays)
        raise ShapeError(f"{op} cannot be computed of shapes {shapes}: {e}") from e


def _array(op: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, object)
    if array.dtype.kind not in "biuf":
        raise EquationError(f"{op} takes symbols, arrays of real numbers and numbers, got {value!r}")
    return array


def fixed_number(value: Any, what: str) -> float:
    """A number that is decided when the equation is written."""
    if isinstance(value, Symbol):
        raise EquationError(f"{what} must be a number, got {value!r}, which differs from row to row")
    if not is_number(value) or math.isnan(value):
        raise OptionError(f"{what} must be a number, got {value!r}")
    return float(value)
