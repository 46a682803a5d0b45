"""What a trace may be: checks of what a function returned, and of what it made of its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from elman.equations import symbols
from elman.equations.graph import ordered
from elman.equations.memory import check_memories
from elman.equations.symbols import Parameter, Symbol
from elman.errors import EquationError


def outputs_of(where: str, result: Any, states: tuple[str, ...]) -> list[Symbol]:
    """The function's results as symbols, checked against its states."""
    results = list(result) if isinstance(result, tuple | list) else [result]
    if any(r is None for r in results):
        raise EquationError(f"{where} returned nothing for a value: is a `return` missing?")
    expected = states or ("the value",)
    if len(results) - len(expected) not in (0, bool(states)):
        beside = ", before them an output that is none of them, if there is one" * bool(states)
        raise EquationError(
            f"{where} returned {len(results)} value{'s' * (len(results) != 1)}, but its arguments name "
            f"{len(expected)} state{'s' * (len(expected) != 1)} ({', '.join(expected)}): "
            f"return the new states in the order of the arguments{beside}"
        )
    for r in results:
        matrix = isinstance(r, Parameter) and r.role not in ("", "vector")
        if matrix or not isinstance(r, Symbol | int | float | np.number):
            what = f"the {r.role} p.{r.name}" if matrix else f"a {type(r).__name__}"
            raise EquationError(
                f"{where} returned {what}: a value is a symbol, what the equations make of x and states"
            )
    return [symbols.as_symbol(r) for r in results]


def check_names(cell: str, taken: Mapping[str, tuple[str, ...]], parameters: Iterable[str]) -> None:
    """Raise if a parameter is called like an argument: neither equations nor sizes could tell them apart."""
    for kind, names in taken.items():
        both = sorted(set(parameters) & set(names))
        if both:
            raise EquationError(
                f"{cell}: {both[0]} is {kind} and p.{both[0]} a parameter of the same name; give the parameter another"
            )


def check_frozen(cell: str, frozen: Iterable[Any], parameters: Mapping[str, Parameter], optional: bool) -> None:
    """Raise if a name that is to be frozen is no parameter; an `optional` one may be left out by some options."""
    for name in frozen:
        if not isinstance(name, str) or (name not in parameters and not optional):
            raise EquationError(f"{cell} has no parameter {name!r} to freeze; it has {', '.join(parameters) or 'none'}")


def check_traced(name: str, outputs: list[Symbol], declared: Mapping[str, Parameter], leaves: set[Symbol]) -> None:
    """Raise where equations, of a function or of a file, use what is not theirs, or have parameters in vain."""
    _check_needed(name, outputs, declared)
    _check_leaves(name, outputs, leaves)
    check_memories(name, outputs)


def _check_needed(cell: str, outputs: list[Symbol], parameters: Mapping[str, Parameter]) -> None:
    """Raise where nothing that is returned depends on a parameter: training would not change it."""
    needed = set(ordered(outputs))
    in_vain = ", ".join(f"p.{name}" for name, symbol in parameters.items() if symbol not in needed)
    if in_vain:
        raise EquationError(
            f"{cell} uses {in_vain} for nothing that it returns: leave that out of its equations, or return what "
            "it makes"
        )


def _check_leaves(cell: str, outputs: list[Symbol], own: set[Symbol]) -> None:
    """Raise if the equations use what another trace left behind."""
    for node in ordered(outputs):
        if not node.inputs and node.op != "const" and node not in own:
            raise EquationError(
                f"{cell} uses {node!r} of another cell or an earlier trace: "
                "equations may use their own arguments, parameters and numbers only"
            )
