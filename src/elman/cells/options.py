"""Checks of the cells' options that several share; plain ones are those of `elman.checks`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from elman.checks import nearest, real, shown, whole
from elman.equations.symbols import Symbol
from elman.equations.widths import Dim, must_add_up
from elman.errors import OptionError

MOST_SOLVED = 100  # steps of a solver at a step of the sequence: each has its own place in the graph
MOST_HEADS = 1024


def one_of(given: Any, what: str, choices: Iterable[str]) -> str:
    """One of some names."""
    names = list(choices)
    if not isinstance(given, str) or given not in names:
        raise OptionError(f"{what} is {shown(given)}{nearest(given, names)}; expected {_either(names)}")
    return given


def _either(names: list[str]) -> str:
    *first, last = map(repr, names)
    return f"{', '.join(first)} or {last}"


def solver_steps(unfolds: Any) -> int:
    """How many steps a solver takes."""
    return whole(unfolds, "unfolds", most=MOST_SOLVED)


def epsilon_of(epsilon: Any) -> float:
    """What is added to a sum or a variance lest it be 0."""
    return real(epsilon, "epsilon", 0)


def euler_share(dt: Any, tau: Any) -> float:
    """``dt / tau``: how far a step of Euler's method goes; beyond 1 it would go past where it is headed."""
    dt, tau = real(dt, "dt", 0), real(tau, "tau", 0)
    if dt > tau:
        raise OptionError(f"dt is {dt:g} and tau {tau:g}; expected a step dt of at most the time constant tau")
    return dt / tau


def heads_of(h: Any, heads: Any) -> int:
    """How many heads there are, each with as many units as the others."""
    heads = whole(heads, "heads", most=MOST_HEADS)
    if isinstance(h, Symbol):
        must_add_up(h.dim, (Dim("units of a head"),) * heads, 0, f"heads={heads}, which must divide the units")
    return heads


# --- values of parameters -----------------------------------------------------------------------------------------


def signs(values: np.ndarray, name: str) -> None:
    """Refuse what is neither 1 nor -1."""
    _all(np.abs(values) == 1, values, name, "1 of units that excite and -1 of those that inhibit")


def whole_from_one(values: np.ndarray, name: str) -> None:
    """Refuse what is no whole number from 1 on."""
    _all((values >= 1) & (values == np.floor(values)), values, name, "whole numbers from 1 on")


def _all(right: np.ndarray, values: np.ndarray, name: str, expected: str) -> None:
    if not right.all():
        place = tuple(int(i) for i in np.argwhere(~right)[0])
        raise OptionError(f"{name} is {values[place]:g} at {list(place)}; expected {expected}")
