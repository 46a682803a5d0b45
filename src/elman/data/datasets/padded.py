"""Sequences of many lengths, padded to the longest of those that come together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.checks import numbers, shown
from elman.errors import DataError, ShapeError


def sequences(given: Sequence[Any], name: str) -> list[np.ndarray]:
    """Each as an array of numbers (T, F), one of (T,) with one feature; all with the same features.

    Raises
    ------
    ShapeError, DataError
        At the first that is something else: which.
    """
    found = [numbers(one, f"{name}[{k}]") for k, one in enumerate(given)]
    for k, one in enumerate(found):
        if one.ndim not in (1, 2) or one.shape[1:] != found[0].shape[1:]:
            raise ShapeError(
                f"{name}[{k}] has shape {one.shape}, and {name}[0] {found[0].shape}; expected sequences of shape (T, "
                f"F), "
                "each of its own length, all of the same features"
            )
    if not found:
        raise DataError(f"{name} has no sequences; expected at least one")
    return [one[:, None] if one.ndim == 1 else one for one in found]


def padded(given: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sequences (T_n, F) as one array (N, T, F), zeros behind the ends, and their lengths (N,).

    T is that of the longest, and 1 at least.

    Examples
    --------
    >>> import numpy as np
    >>> values, lengths = padded([np.ones((2, 1)), np.ones((1, 1))])
    >>> values[..., 0].tolist(), lengths.tolist()
    ([[1.0, 1.0], [1.0, 0.0]], [2, 1])
    """
    lengths = np.array([len(one) for one in given])
    steps = max(int(lengths.max()), 1)
    values = np.zeros((len(given), steps, given[0].shape[1]), np.result_type(*{one.dtype for one in given}))
    for row, one in zip(values, given, strict=True):
        row[: len(one)] = one
    return values, lengths


def is_ragged(given: Any) -> bool:
    """Whether it is a list of sequences of unequal lengths."""
    if not isinstance(given, list) or len(given) < 2:
        return False
    shapes = [_shape(one) for one in given]
    return all(len(shape) in (1, 2) for shape in shapes) and len({shape[0] for shape in shapes}) > 1


def check_sequences(given: list[Any]) -> None:
    """Refuse a list in which something is no sequence."""
    wrong = next((row for row, one in enumerate(given) if len(_shape(one)) not in (1, 2)), None)
    if wrong is not None:
        raise DataError(f"x[{wrong}] is {shown(given[wrong])}; expected a sequence of numbers, of shape (T, F)")


def _shape(given: Any) -> tuple[int, ...]:
    if isinstance(given, list | tuple):
        inner = {_shape(one) for one in given[:1]}
        return (len(given), *next(iter(inner), ()))
    try:
        return tuple(given.shape)
    except (AttributeError, TypeError):
        return ()
