"""Moves through time and attention, of one row: what `elman.engine.plan.Move` and `Attend` say, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def moved(kind: str, values: np.ndarray, steps: int, number: int = 0, of: np.ndarray | None = None) -> np.ndarray:
    """The values (steps, n) of a row that a move makes of those (L, n) at its source."""
    out = np.zeros((steps, values.shape[1]), values.dtype)
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


def attended(
    query: np.ndarray, keys: np.ndarray, values: np.ndarray, scale: float, vector: np.ndarray | None
) -> np.ndarray:
    """What a query (n,) finds in a memory of keys (S, n) and values (S, m)."""
    return (shares(query, keys, scale, vector) @ values).astype(values.dtype)


def shares(query: np.ndarray, keys: np.ndarray, scale: float, vector: np.ndarray | None) -> np.ndarray:
    """How much of a memory's steps a query takes (S,), together 1."""
    scores = scale * (keys @ query) if vector is None else np.tanh(query + keys) @ vector
    e = np.exp(scores - scores.max())
    return (e / e.sum()).astype(keys.dtype)


@dataclass
class Back:
    """Gradients of `attended`."""

    query: np.ndarray
    keys: np.ndarray
    values: np.ndarray
    vector: np.ndarray | None


def attended_back(
    gradient: np.ndarray,
    query: np.ndarray,
    keys: np.ndarray,
    values: np.ndarray,
    scale: float,
    vector: np.ndarray | None,
) -> Back:
    """The gradients that a gradient (m,) of `attended` gives its operands."""
    a = shares(query, keys, scale, vector)
    of_shares = values @ gradient
    scores = a * (of_shares - a @ of_shares)  # dL/d scores
    of_values = np.outer(a, gradient)
    if vector is None:
        return Back(scale * (scores @ keys), scale * np.outer(scores, query), of_values, None)
    inner = np.tanh(query + keys)
    of_keys = scores[:, None] * (1 - inner * inner) * vector
    return Back(of_keys.sum(0), of_keys, of_values, scores @ inner)
