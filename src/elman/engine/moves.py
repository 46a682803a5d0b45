"""Moves through time, of one row: what `elman.engine.plan.Move` says, in NumPy."""

from __future__ import annotations

import numpy as np


def moved(kind: str, values: np.ndarray, steps: int, number: int = 0, of: np.ndarray | None = None) -> np.ndarray:
    """The values (steps, n) of a row that a move makes of those (L, n) at its source: zeros of none."""
    out = np.zeros((steps, values.shape[1]), values.dtype)
    if not len(values) or not steps:
        return out
    if kind == "reverse":
        out[:] = values[::-1]
    elif kind == "shift":
        _shift(values, number, out)
    elif kind in ("take", "put"):
        length = steps if kind == "put" else len(values)
        place = number if number >= 0 else length + number
        if 0 <= place < length and kind == "take":
            out[0] = values[place]
        elif 0 <= place < length:
            out[place] = values[0]
    elif kind in ("repeat", "share"):
        out[:] = values[0] / (steps if kind == "share" else 1)
    elif kind == "max_back":
        assert of is not None
        out[of.argmax(0), np.arange(out.shape[1])] = values[0]
    else:
        out[0] = values.max(0) if kind == "max" else values.sum(0) if kind == "sum" else values.mean(0)
    return out


def _shift(values: np.ndarray, number: int, out: np.ndarray) -> None:
    length = len(values)
    if abs(number) < length:
        out[max(number, 0) : length + min(number, 0)] = values[max(-number, 0) : length - max(number, 0)]
