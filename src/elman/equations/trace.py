"""Trace: from a cell's function to the graph of one time step."""

from __future__ import annotations

import difflib
import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from elman.equations import symbols, widths
from elman.equations.symbols import Parameter, Parameters, Symbol
from elman.equations.widths import Dim, Equal
from elman.errors import EquationError, OptionError


@dataclass
class Graph:
    """One step of a cell, layer or loss: inputs and states in, new states (or values) out.

    `inputs` are the arguments that are not states (``x``; for a loss ``y`` and ``target``), `outputs` the new
    states in the order of `states`, or the one value of a stateless cell.
    """

    name: str
    inputs: list[Symbol]
    states: list[Symbol]
    outputs: list[Symbol]
    parameters: dict[str, Parameter]
    equal: list[Equal]
    names: dict[Symbol, str] = field(default_factory=dict)

    def nodes(self) -> list[Symbol]:
        """Every node that the outputs need, operands first."""
        return ordered(self.outputs)

    def bind(self, inputs: Sequence[int], units: int | None, sizes: dict[str, int] | None = None) -> Graph:
        """Give every width its number: the inputs', the hidden size, other states' and parameters' rows by name."""
        sizes = dict(sizes or {})
        known = [(s.dim, n, f"the features of {s.name}") for s, n in zip(self.inputs, inputs, strict=True) if n > 0]
        named: dict[str, Symbol] = {**self.parameters, **{s.name: s for s in self.states}}
        if set(sizes) - set(named):
            wrong = sorted(set(sizes) - set(named))[0]
            raise OptionError(f"{self.name} has no state or parameter {wrong!r}; it has {', '.join(named) or 'none'}")
        known += [(named[name].dim, n, f"the size of {name}") for name, n in sizes.items()]
        if self.states and self.states[0].name not in sizes and units is not None:
            known.append((self.states[0].dim, units, f"the size of {self.states[0].name}, the layer's output"))
        widths.solve(self.equal, known)
        self._fill_unknown(units)
        return self

    def _fill_unknown(self, units: int | None) -> None:
        """Widths that no equation ties to anything are the layer's units (the rows of a dense layer's W)."""
        leaves: list[Symbol] = [*self.inputs, *self.states, *self.parameters.values()]
        dims = [s.dim for s in [*leaves, *self.nodes()]] + [
            p.columns for p in self.parameters.values() if p.role != "vector"
        ]
        for dim in dims:
            if dim.value is None:
                if units is None:
                    raise EquationError(
                        f"{self.name}: {dim.name or 'a size'} follows from no equation; give the layer's units"
                    )
                widths.solve(self.equal, self._known() + [(dim, units, "the layer's units")])
        for dim in dims:
            dim.value = units if dim.value is None else dim.value

    def _known(self) -> list[tuple[Dim, int, str]]:
        everything = [*self.inputs, *self.states, *self.parameters.values(), *self.nodes()]
        dims = {s.dim for s in everything} | {p.columns for p in self.parameters.values()}
        return [(d, d.value, d.name) for d in dims if d.value is not None]

    def shape(self, parameter: str) -> tuple[int, ...]:
        """The shape of a parameter of a bound graph."""
        p = self.parameters[parameter]
        if p.role == "vector":
            return (symbols.width(p),)
        assert p.dim.value is not None and p.columns.value is not None
        return (p.dim.value, p.columns.value)

    @property
    def takes_index(self) -> bool:
        """Whether the input is an index into a table, which has no gradient."""
        return any(n.op == "lookup" and n.inputs[1] in self.inputs for n in self.nodes())

    def recurrent(self, parameter: str) -> bool:
        """Whether a matrix multiplies something that depends on a state."""
        after = depending(self.nodes(), self.states)
        return any(
            n.op in ("matmul", "matmul_t") and n.inputs[0].name == parameter and n.inputs[1] in after
            for n in self.nodes()
        )


class Operation(Protocol):
    """Anything with operands: symbols, and the nodes that they are lowered to."""

    @property
    def inputs(self) -> tuple[Any, ...]: ...


N = TypeVar("N", bound=Operation)


def ordered(outputs: Iterable[N]) -> list[N]:
    """The nodes that `outputs` need, each after its operands."""
    order: dict[N, None] = {}
    stack = [(o, False) for o in reversed(list(outputs))]
    while stack:
        node, done = stack.pop()
        if node in order:
            continue
        if done:
            order[node] = None
        else:
            stack.append((node, True))
            stack.extend((i, False) for i in reversed(node.inputs) if i not in order)
    return list(order)


def depending(nodes: Iterable[N], on: Iterable[N]) -> set[N]:
    """Those of `nodes` (operands first) that depend on any of `on`."""
    found = set(on)
    for node in nodes:
        if any(i in found for i in node.inputs):
            found.add(node)
    return found


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
        from elman.equations.render import plain_text

        return plain_text(self.trace())

    def latex(self) -> str:
        """The equations as LaTeX (an ``aligned`` block), made from the graph."""
        from elman.equations.render import latex

        return latex(self.trace())

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"


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
        sys.setprofile(before)
    return result, local


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
