"""The one door to JSON: what NumPy and Python hold as numbers, texts, lists, objects; or a refusal of what has none."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from elman.errors import OptionError


def to_json(value: Any, what: str, *, indent: int | None = None, undefined_as_null: bool = False) -> str:
    """A value as JSON that every reader takes: NaN and infinity, which JSON has not, never come out of it.

    Parameters
    ----------
    value : object
        Numbers, texts, booleans and None, of Python or NumPy; arrays, lists, tuples and mappings of them.
    what : str
        Its name, for messages.
    indent : int, optional
        As for `json.dumps`.
    undefined_as_null : bool, default False
        Whether a number that is not finite is written as null; otherwise it is refused.

    Raises
    ------
    OptionError
        Naming the part that cannot be saved.

    Examples
    --------
    >>> to_json({"best": np.float32(0.5), "flat": np.True_, "by_step": np.arange(3)}, "scores")
    '{"best": 0.5, "flat": true, "by_step": [0, 1, 2]}'
    """
    return json.dumps(plain(value, what, undefined_as_null=undefined_as_null), indent=indent, allow_nan=False)


def plain(value: Any, what: str, *, undefined_as_null: bool = False) -> Any:
    """A value in terms of JSON; see `to_json`."""
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufU":
        value = value.tolist()
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _finite(float(value), what, undefined_as_null)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {
            _key(key, what): plain(item, f"{what}.{key}", undefined_as_null=undefined_as_null)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(item, f"{what}[{i}]", undefined_as_null=undefined_as_null) for i, item in enumerate(value)]
    raise OptionError(
        f"{what} is {value!r} (a {type(value).__name__}), which cannot be saved; "
        "expected numbers, texts, booleans, or lists and dicts of them"
    )


def _finite(value: float, what: str, undefined_as_null: bool) -> float | None:
    if math.isfinite(value):
        return value
    if undefined_as_null:
        return None
    raise OptionError(f"{what} is {value}, which cannot be saved; expected a finite number")


def _key(key: Any, what: str) -> str:
    if isinstance(key, str):
        return key
    raise OptionError(f"{what} has the name {key!r}, which cannot be saved; expected a text")
