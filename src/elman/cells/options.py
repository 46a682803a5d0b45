"""Checks of the cells' options that several share; plain ones are those of `elman.checks`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from elman.checks import nearest, real, shown, whole
from elman.errors import OptionError

MOST_SOLVED = 100  # steps of a solver at a step of the sequence: each has its own place in the graph


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
