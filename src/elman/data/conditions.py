"""Rows of a table that meet conditions: how one of several series in a file is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from elman.checks import nearest
from elman.data.names import listed
from elman.data.tables import Table
from elman.errors import DataError, OptionError

Where = Mapping[str, Any] | str | Sequence[str]


def meeting(table: Table, where: Where | None) -> Table:
    """The rows of a table that meet every condition.

    Parameters
    ----------
    table : Table
    where : dict, str or list of str, optional
        ``{"store": "a"}``, ``"store=a"`` or several of them; a value is compared as text, or as a number.

    Raises
    ------
    OptionError
        If a condition has another form.
    DataError
        If there is no such column, or no row meets the conditions.
    """
    for name, value in _conditions(table, where):
        met = _met(table, name, value)
        if not met.any():
            there = list(dict.fromkeys(text for text in table.texts(name) if text)) or ["nothing in these rows"]
            raise DataError(
                f"column {name!r} of {table.path} has no {value!r}{nearest(value, there)}; it has {listed(there)}"
            )
        note = (
            f"{met.sum()} of {len(table)} rows {'was' if met.sum() == 1 else 'were'} taken: those with {name}={value}"
        )
        table = table.take(np.flatnonzero(met), note)
    return table


def _conditions(table: Table, where: Where | None) -> list[tuple[str, str]]:
    if where is None:
        return []
    if isinstance(where, Mapping):
        return [(table.check(str(name)), str(value).strip()) for name, value in where.items()]
    return [_condition(table, one) for one in ([where] if isinstance(where, str) else where)]


def _condition(table: Table, text: Any) -> tuple[str, str]:
    if not isinstance(text, str) or "=" not in text:
        raise OptionError(f"where is {text!r}; expected a column and a value, as in store=a")
    signs = [i for i, c in enumerate(text) if c == "="]
    cut = next((i for i in signs if text[:i].strip() in table.names), signs[0])
    return table.check(text[:cut].strip()), text[cut + 1 :].strip()


def _met(table: Table, name: str, value: str) -> np.ndarray:
    texts = table.texts(name)
    met = np.array([text == value for text in texts], bool)
    number = _number(value)
    if not met.any() and number is not None:
        return np.array([_number(text) == number for text in texts], bool)
    return met


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
