"""Checks of what layers are told, by users and by model files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from elman.checks import real
from elman.equations import Graph
from elman.equations.symbols import width
from elman.errors import OptionError

Function = str | Callable[[Any], Any]
"""An activation by its name, or as a function of equations."""


def check_batch(batch: Any) -> None:
    """Raise `OptionError` unless these are the numbers of batch normalisation."""
    found = by_name(batch, "batch")
    if set(found) != {"momentum", "epsilon"}:
        raise OptionError(f"batch has {sorted(map(str, found))}; expected momentum and epsilon")
    real(found["momentum"], "batch normalisation's momentum", 0, 1, from_low=True)
    epsilon_of(found["epsilon"], "batch normalisation")


def check_moments(graph: Graph) -> None:
    """Raise `OptionError` unless these equations are those of batch normalisation, which training replaces."""
    one = len(graph.inputs) == len(graph.outputs) == 1 and not graph.states
    shapes = {name: graph.shape(name) for name in graph.parameters}
    if not one or shapes != dict.fromkeys(("g", "b", "mean", "variance"), (width(graph.inputs[0]),)):
        raise OptionError(
            f"{graph.name} is no batch normalisation: expected one input and, for each of its features, the parameters "
            f"g, b, mean and variance, got {shapes}"
        )


def checked_penalty(penalty: Any) -> dict[str, float]:
    given = by_name(penalty, "penalty")
    if set(given) != {"l1", "l2"}:
        raise OptionError(f"penalty has {sorted(map(str, given))}; expected l1 and l2")
    found = {name: real(given[name], f"the penalty's {name}", 0, from_low=True) for name in ("l1", "l2")}
    if not any(found.values()):
        raise OptionError("a penalty of l1=0 and l2=0 is none: give one of them a number above 0")
    return found


def epsilon_of(number: Any, whose: str) -> float:
    return real(number, f"{whose}'s epsilon", 0)


def function_of(activation: Any) -> Function:
    if not callable(activation) and not isinstance(activation, str):
        raise OptionError(f"activation is {activation!r}; expected a name, such as 'tanh', or a function of equations")
    return activation


def by_name(given: Any, name: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise OptionError(f"{name} is {given!r}; expected a dict by name")
    return dict(given)
