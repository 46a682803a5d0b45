"""Trace: from a cell's function to the graph of one time step."""

from __future__ import annotations

import difflib
import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any, overload

from elman.equations import symbols, widths
from elman.equations.graph import Graph
from elman.equations.render import latex, plain_text
from elman.equations.symbols import Parameters, Symbol
from elman.errors import EquationError, OptionError


class Cell:
    """A cell, layer or loss as its equations. Made by `cell`; call it on symbols or arrays for one step.

    Attributes
    ----------
    name : str
        The function's name.
    states : tuple of str
        The arguments after the inputs.
    options : dict
        The keyword-only arguments and their values.
    initial : dict
        Initial values of parameters that differ from the rule (see `elman.network.initialisers`).
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        inputs: int = 1,
        options: dict[str, Any] | None = None,
        initial: dict[str, Any] | None = None,
    ):
        self.function = function
        self.name = function.__name__
        self.__doc__ = function.__doc__
        self.__name__ = self.name
        self.__wrapped__ = function
        self.initial = dict(initial or {})
        positional, defaults = _arguments(function)
        if len(positional) < 1 + inputs:
            raise EquationError(f"{self.name} must take (p, x, *states); it takes ({', '.join(positional)})")
        self.inputs, self.states = tuple(positional[1 : 1 + inputs]), tuple(positional[1 + inputs :])
        wrong = sorted(set(options or {}) - set(defaults))
        if wrong:
            near = difflib.get_close_matches(wrong[0], defaults, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; its options are {sorted(defaults) or 'none'}"
            raise OptionError(f"{self.name} has no option {wrong[0]!r}{hint}")
        self.options = {**defaults, **(options or {})}

    def __call__(self, p: Any, *args: Any, **options: Any) -> Any:
        return self.function(p, *args, **{**self.options, **options})

    def __repr__(self) -> str:
        return f"<cell {self.name}({', '.join(('p', *self.inputs, *self.states))})>"

    def with_options(self, **options: Any) -> Cell:
        """The same cell with other options."""
        return Cell(self.function, inputs=len(self.inputs), options={**self.options, **options}, initial=self.initial)

    def trace(self) -> Graph:
        """Run the function once on symbols and return the graph of one step, its sizes still open."""
        p, inputs, states = Parameters(), [Symbol("input", name=n) for n in self.inputs], _state_symbols(self.states)
        with widths.recording() as recorder:
            result, local = _call_and_watch(self.function, (p, *inputs, *states), self.options)
            outputs = _outputs(self, result, states)
            for state, new in zip(states, outputs, strict=False):
                widths.must_equal(state.dim, new.dim, f"the new state {state.name} of {self.name}", new.line)
        parameters = {n: s for n, s in p._all.items() if s.role}
        return Graph(self.name, inputs, states, outputs, parameters, recorder.equal, _names(local, outputs, states))

    def equations(self) -> list[str]:
        """The equations as lines of plain text, made from the graph."""
        return plain_text(self.trace())

    def latex(self) -> str:
        """The equations as LaTeX (an ``aligned`` block), made from the graph."""
        return latex(self.trace())

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"


@overload
def cell(function: Callable[..., Any], *, inputs: int = 1, initial: dict[str, Any] | None = None) -> Cell: ...
@overload
def cell(
    function: None = None, *, inputs: int = 1, initial: dict[str, Any] | None = None
) -> Callable[[Callable[..., Any]], Cell]: ...
def cell(function: Callable[..., Any] | None = None, *, inputs: int = 1, initial: dict[str, Any] | None = None) -> Any:
    """Make a cell of a function that states its equations.

    Parameters
    ----------
    function : callable
        ``f(p, x, *states, *, options...)``; returns the new states in the order of the arguments (the value, for a
        cell without states). ``p.W @ x`` declares and uses a matrix, ``p.b`` a vector, ``p.E[x]`` a table.
    inputs : int, default 1
        How many arguments after ``p`` are inputs, not states.
    initial : dict, optional
        Initial values by parameter name where the usual rule does not serve: a number, or the name of an initialiser.

    Returns
    -------
    Cell

    Examples
    --------
    >>> from elman.equations import cell, tanh
    >>> @cell
    ... def leaky(p, x, h):
    ...     return 0.9 * h + 0.1 * tanh(p.W @ x + p.U @ h)
    >>> leaky.equations()
    ['h_t = 0.9 * h + 0.1 * tanh(W x + U h)']
    """
    if function is None:
        return lambda f: Cell(f, inputs=inputs, initial=initial)
    return Cell(function, inputs=inputs, initial=initial)


def _arguments(function: Callable[..., Any]) -> tuple[list[str], dict[str, Any]]:
    """Positional argument names, and keyword-only ones with their defaults."""
    parameters = inspect.signature(function).parameters.values()
    if any(q.kind in (q.VAR_POSITIONAL, q.VAR_KEYWORD) for q in parameters):
        raise EquationError(f"{function.__name__}: *args and **kwargs say nothing about states; name every argument")
    positional = [q.name for q in parameters if q.kind != q.KEYWORD_ONLY]
    options = {q.name: q.default for q in parameters if q.kind == q.KEYWORD_ONLY}
    missing = [n for n, default in options.items() if default is inspect.Parameter.empty]
    if missing:
        raise EquationError(f"{function.__name__}: option {missing[0]!r} needs a default value")
    return positional, options


def _state_symbols(names: Iterable[str]) -> list[Symbol]:
    return [Symbol("state", name=n) for n in names]


def _call_and_watch(
    function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Call the function and keep its local variables: they name the intermediate values."""
    local: dict[str, Any] = {}
    code = getattr(function, "__code__", None)
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


def _outputs(cell: Cell, result: Any, states: list[Symbol]) -> list[Symbol]:
    """The function's results as symbols, checked against its states."""
    results = list(result) if isinstance(result, tuple | list) else [result]
    where = f"{cell.name} ({cell.function.__code__.co_filename}:{cell.function.__code__.co_firstlineno})"
    if any(r is None for r in results):
        raise EquationError(f"{where} returned nothing for a value: is a `return` missing?")
    expected = cell.states or ("the value",)
    if len(results) != len(expected):
        raise EquationError(
            f"{where} returned {len(results)} value{'s' * (len(results) != 1)}, but its arguments name "
            f"{len(expected)} state{'s' * (len(expected) != 1)} ({', '.join(expected)}): "
            "return the new states in the order of the arguments"
        )
    return [symbols.as_symbol(r) for r in results]


def _names(local: dict[str, Any], outputs: list[Symbol], states: list[Symbol]) -> dict[Symbol, str]:
    """Which intermediate value has which name in the user's code; new states have their state's name."""
    names = {s.name: s for s in states}
    found = {v: k for k, v in local.items() if isinstance(v, Symbol) and v.inputs and k not in names}
    found.update({o: s.name for o, s in zip(outputs, states, strict=False) if o.inputs})
    return found
