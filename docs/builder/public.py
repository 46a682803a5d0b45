"""What is public: the names of `elman`, and those of its packages that `__all__` says."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import elman
from elman.equations import Cell

PACKAGES = (*elman._MODULES, "jobs")
SINGLE = "commands errors models".split()  # modules that have no `__all__`: what they define


@dataclass(frozen=True)
class Name:
    """A public name, where it is told of: in the root, or in the package that has it alone."""

    package: str
    name: str
    value: Any

    @property
    def path(self) -> str:
        return f"{self.package}.{self.name}"


def names() -> list[Name]:
    """Every public name once, those of the root first; cells are the gallery's."""
    found: dict[int, Name] = {}
    for name in everything():
        if not inspect.ismodule(name.value) and not isinstance(name.value, Cell):
            found.setdefault(id(name.value), name)
    return list(found.values())


def everything() -> Iterator[Name]:
    """All of them, as often as they are there."""
    for name in sorted(elman._HOME):
        yield Name("elman", name, getattr(elman, name))
    for package in (*PACKAGES, "network.initialisers", "data.tasks"):
        module = importlib.import_module(f"elman.{package}")
        for name in public_names(module):
            yield Name(module.__name__, name, getattr(module, name))


def public_names(module: Any) -> list[str]:
    """Of a module, what `__all__` says, or what it defines."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    own = (name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__)
    return sorted(name for name in own if not name.startswith("_"))


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties of a class, those of Elman's own bases too."""
    if issubclass(kind, BaseException):
        return
    own = [base for base in kind.__mro__ if base.__module__.startswith("elman")]
    for name in sorted({name for base in own for name in vars(base) if not name.startswith("_")}):
        value = inspect.getattr_static(kind, name)
        value = value.__func__ if isinstance(value, staticmethod | classmethod) else value
        if inspect.isfunction(value) or isinstance(value, property) or type(value).__name__ == "cached_property":
            yield name, value
