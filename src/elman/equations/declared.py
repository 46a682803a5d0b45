"""Declared: the `p` of a cell, whose parameters are what is asked of it."""

from __future__ import annotations

from typing import Any, NoReturn

from elman.equations.symbols import Parameter
from elman.equations.widths import users_line
from elman.errors import EquationError


class Parameters:
    """The `p` of a cell: every name asked for is a parameter."""

    def __init__(self) -> None:
        found: dict[str, Parameter] = {}
        self.__dict__["_all"] = found

    def __getattr__(self, name: str) -> Parameter:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        found: dict[str, Parameter] = self.__dict__["_all"]
        if name not in found:
            found[name] = Parameter(name)
        return found[name]

    def __getitem__(self, name: Any) -> NoReturn:
        raise EquationError(f"parameters are written as p.W, not as p[{name!r}].\n  {users_line()}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise EquationError(
            f"p.{name} = ... is not an equation; parameters are declared by using them.\n  {users_line()}"
        )
