"""A user's function: its name, its arguments, and the values that its local variables name."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

from elman.errors import EquationError


def name_of(function: Any) -> str:
    """Of a function, a method, a partial, or the class of an object that can be called."""
    inner = function.func if isinstance(function, functools.partial) else function
    return str(getattr(inner, "__name__", type(inner).__name__))


def arguments_of(function: Callable[..., Any]) -> tuple[list[str], dict[str, Any]]:
    """Positional argument names, and keyword-only ones with their defaults."""
    name = name_of(function)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as e:
        raise EquationError(f"the arguments of {name} are not known ({e}); write a function (p, x, *states)") from e
    if any(q.kind in (q.VAR_POSITIONAL, q.VAR_KEYWORD) for q in parameters):
        raise EquationError(f"{name}: *args and **kwargs say nothing about states; name every argument")
    positional = [q for q in parameters if q.kind != q.KEYWORD_ONLY]
    options = {q.name: q.default for q in parameters if q.kind == q.KEYWORD_ONLY}
    given = [q.name for q in positional if q.default is not q.empty]
    if given:
        raise EquationError(
            f"{name}: {given[0]!r} would be an input or a state, which has no default value; "
            f"write options after a star: (p, x, *states, *, {given[0]}=...)"
        )
    missing = [n for n, default in options.items() if default is inspect.Parameter.empty]
    if missing:
        raise EquationError(f"{name}: option {missing[0]!r} needs a default value")
    return [q.name for q in positional], options


def code_of(function: Any) -> CodeType | None:
    """The code whose local variables are the user's names."""
    inner = inspect.unwrap(function.func if isinstance(function, functools.partial) else function)
    return getattr(inner, "__code__", None) or getattr(type(inner).__call__, "__code__", None)


def call_and_watch(
    function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Call the function and keep its local variables: they name the intermediate values."""
    local: dict[str, Any] = {}
    code = code_of(function)
    before = sys.getprofile()

    def watch(frame: Any, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            local.update(frame.f_locals)

    sys.setprofile(watch)
    try:
        result = function(*args, **options)
    finally:
        _profile_again(before)
    return result, local


def _profile_again(before: Any) -> None:
    """Give the interpreter its profiler back; cProfile's is no function, it is switched on instead."""
    if before is None or callable(before):
        sys.setprofile(before)
    else:
        sys.setprofile(None)
        before.enable()
