"""Values of parameters as texts and back: read by the types that constructors declare, shown, and compared as data."""

from __future__ import annotations

import datetime
import math
import re
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from elman.cells import catalogue
from elman.checks import shown
from elman.equations import Cell
from elman.errors import OptionError
from elman.estimator import Estimator
from elman.training.rates import rate_to_data
from elman.training.schedules import Schedule

_WHOLE = re.compile(r"[-+]?\d+")
_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a name", list: "names as a+b"}


def kinds_of(estimator: Estimator) -> dict[str, tuple[type, ...]]:
    """What may be written for each parameter, as its constructor declares it: of bool, int, float, str, list, None.

    Examples
    --------
    >>> from elman.forecast import Forecaster
    >>> kinds_of(Forecaster())["epochs"]
    (<class 'int'>, <class 'NoneType'>)
    """
    hints = typing.get_type_hints(type(estimator).__init__)
    return {name: tuple(dict.fromkeys(_flat(hints[name]))) for name in estimator.get_params()}


def _flat(hint: Any) -> Iterable[type]:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        for part in typing.get_args(hint):
            yield from _flat(part)
    elif hint in (bool, int, float, str, types.NoneType):
        yield hint
    elif origin is not None and issubclass(origin, Iterable) and not issubclass(origin, Mapping):
        yield list


def read_value(text: str, name: str, kinds: tuple[type, ...]) -> Any:
    """What a text says of a parameter; lists of names are written with plus signs.

    Examples
    --------
    >>> read_value("32", "units", (int,)), read_value("mean+max", "pooling", (str, list))
    (32, ['mean', 'max'])

    Raises
    ------
    OptionError
        If the parameter takes no such value.
    """
    written = text.strip()
    if types.NoneType in kinds and written.lower() == "none":
        return None
    if bool in kinds and written.lower() in _TRUTHS:
        return _TRUTHS[written.lower()]
    if int in kinds and _WHOLE.fullmatch(written):
        return int(written)
    if float in kinds and (number := _number(written)) is not None:
        return number
    if list in kinds and "+" in written:
        return [part.strip() for part in written.split("+")]
    if str in kinds and written:
        return written
    raise OptionError(f"{name} is {written!r}; expected {_expected(kinds)}")


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _expected(kinds: tuple[type, ...]) -> str:
    words = [_WORDS[kind] for kind in _WORDS if kind in kinds]
    return " or ".join([*words, *(["none"] if types.NoneType in kinds else [])])


def as_data(value: Any, name: str) -> Any:
    """A value in terms of JSON, by which the sweep of a later call is known to be the same.

    Raises
    ------
    OptionError
        If it is a function, or anything else that two calls cannot be compared by.
    """
    if isinstance(value, Cell):
        if catalogue().get(value.name) is value:
            return value.name
        return {"cell": value.name, "equations": value.equations(), "options": as_data(value.options, name)}
    if isinstance(value, Schedule):
        return rate_to_data(value, name)
    if isinstance(value, np.ndarray | np.generic):
        return as_data(value.tolist(), name)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, type):
        return value.__qualname__
    if isinstance(value, Mapping):
        return [[as_data(key, name), as_data(each, name)] for key, each in value.items()]
    if isinstance(value, list | tuple):
        return [as_data(each, name) for each in value]
    if isinstance(value, set | frozenset):
        return sorted((as_data(each, name) for each in value), key=str)
    raise OptionError(
        f"{name} is {shown(value)}, and whether a later call means the same cannot be told, so that no sweep could "
        "go on; expected numbers, texts, cells, schedules, or lists of them"
    )


def as_label(data: Any) -> str:
    """A value of `as_data` in a few letters, as the command line takes it.

    Examples
    --------
    >>> as_label(["mean", "max"]), as_label(0.0003), as_label(None), as_label(True)
    ('mean+max', '0.0003', 'none', 'true')
    """
    if data is None or isinstance(data, bool):
        return str(data).lower()
    if isinstance(data, float):
        return f"{data:.4g}"
    if isinstance(data, list):
        return "+".join(map(as_label, data))
    if isinstance(data, dict):
        return str(data.get("cell", data.get("schedule")))
    return str(data)
