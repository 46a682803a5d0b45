"""Checks of what a call is given: each gives back the value as it is used, or says what came and what was expected."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from elman.errors import DataError, OptionError, ShapeError


def shown(value: Any) -> str:
    """A value in a message: as it is if it is short, else its type, and the shape of an array."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} ({value.dtype})"
    text = repr(value)
    return text if len(text) <= 60 else f"{type(value).__name__} {text[:50]}..."


def instance(value: Any, kind: type | tuple[type, ...], what: str, expected: str) -> Any:
    """An object of a class."""
    if not isinstance(value, kind):
        raise OptionError(f"{what} must be {expected}, got {shown(value)}")
    return value


def whole(value: Any, what: str, least: int = 1, most: int = 2**31 - 1) -> int:
    """A whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
        below = f", and at most {most}" if isinstance(value, int) and value > most else ""
        raise OptionError(f"{what} must be a whole number of at least {least}{below}, got {shown(value)}")
    return int(value)


def real(value: Any, what: str, low: float, high: float = np.inf, expected: str = "") -> float:
    """A number above `low` and below `high`; both are excluded."""
    plain = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not plain or not low < value < high:
        bounds = expected or (f"above {low:g}" if high == np.inf else f"in ({low:g}, {high:g})")
        raise OptionError(f"{what} must be a number {bounds}, got {shown(value)}")
    return float(value)


def several(values: Any, what: str) -> list[Any]:
    """The members of a list, or of anything else that can be gone through."""
    scalar = isinstance(values, np.ndarray) and not values.ndim
    if scalar or isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise OptionError(f"{what} must be a list, got {shown(values)}")
    return list(values)


def flag(value: Any, what: str) -> bool:
    """True or False."""
    return bool(instance(value, bool | np.bool_, what, "True or False"))  # type: ignore[arg-type]


def text(value: Any, what: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise DataError(f"{what} must be a text (str), got {shown(value)}")
    return value


def path(value: Any, what: str = "path") -> Path:
    """The place of a file."""
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        raise OptionError(f"{what} must be a file's name, got {shown(value)}")
    return Path(value)


def numbers(values: Any, what: str, *, finite: bool = False) -> np.ndarray:
    """An array of numbers, in float64."""
    try:
        found = np.asarray(values)
    except (ValueError, TypeError) as error:
        raise ShapeError(f"{what} is no array: its rows differ in length or kind ({error})") from error
    if found.dtype.kind not in "fiub":
        raise ShapeError(f"{what} must hold numbers, got {shown(values)}")
    found = found.astype(np.float64)
    if finite and not np.isfinite(found).all():
        raise DataError(f"{what} must be finite; {int(np.sum(~np.isfinite(found)))} of its numbers are not")
    return found
