"""Trace: from a cell's function to the graph of one time step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, overload

import numpy as np

from elman.checks import listed, nearest, whole
from elman.equations import widths
from elman.equations.declared import Parameters, name_constants
from elman.equations.endless import ending
from elman.equations.graph import Graph, ordered
from elman.equations.matrices import declare
from elman.equations.render import latex, plain_text
from elman.equations.symbols import Parameter, Symbol
from elman.equations.trace_checks import check_frozen, check_names, check_traced, outputs_of
from elman.equations.user_functions import arguments_of, call_and_watch, code_of, name_of
from elman.errors import EquationError, OptionError
from elman.hints import LAYERS

Option = bool | float | str | tuple[Any, ...] | Callable[..., Any] | None
"""A value of an option of a cell's equations."""


class Cell:
    """A cell, layer or loss as its equations. Made by `cell`; call it on symbols or arrays for one step.

    Parameters
    ----------
    function : callable
        Of ``p``, inputs, states and keyword-only options, which returns the new states, before them an output where
        that is no state.
    inputs : int, default 1
        How many of its arguments are inputs.
    memory : int, default 0
        How many of its inputs are sequences that each step reads as a whole.

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
    frozen : tuple of str
        Parameters that training leaves as they are, until `Network.unfreeze`.
    valid : dict
        By parameter what refuses values that make no sense: functions of an array and of its name that raise.

    Examples
    --------
    >>> import elman as el
    >>> @el.cell
    ... def leaky(p, x, h, *, keep=0.9):
    ...     return keep * h + (1 - keep) * el.tanh(p.W @ x + p.U @ h)
    >>> leaky.states, leaky.options, leaky.with_options(keep=0.5).options
    (('h',), {'keep': 0.9}, {'keep': 0.5})
    >>> leaky.equations()
    ['h_t = 0.9 * h + 0.09999999999999998 * tanh(W x + U h)']
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        inputs: int = 1,
        memory: int = 0,
        options: dict[str, Any] | None = None,
        initial: dict[str, Any] | None = None,
        frozen: Iterable[str] = (),
        valid: Mapping[str, Callable[[np.ndarray, str], None]] | None = None,
    ):
        name = _checked(function)
        inputs, memory = whole(inputs, "inputs", least=0), whole(memory, "memory", least=0)
        if not isinstance(initial, Mapping | None):
            raise OptionError(f"initial must be a dict of values by parameter name, got {initial!r}")
        self.function: Callable[..., Any] = function
        self.name: str = name
        self.__doc__ = function.__doc__
        self.__name__: str = self.name
        self.__wrapped__: Callable[..., Any] = function
        self.initial: dict[str, Any] = dict(initial or {})
        self.valid: dict[str, Callable[[np.ndarray, str], None]] = dict(valid or {})
        self.frozen: tuple[str, ...] = tuple(listed(frozen, "frozen", "names of parameters"))
        positional, defaults = arguments_of(function)
        if len(positional) < 1 + inputs + memory:
            said = "(p, x, *states)" if not memory else "(p, x, memory, *states)"
            raise EquationError(f"{self.name} must take {said}; it takes ({', '.join(positional)})")
        self.inputs: tuple[str, ...] = tuple(positional[1 : 1 + inputs])
        self.memories: tuple[str, ...] = tuple(positional[1 + inputs : 1 + inputs + memory])
        self.states: tuple[str, ...] = tuple(positional[1 + inputs + memory :])
        self.options: dict[str, Any] = _options(self.name, defaults, options or {})
        self.__signature__: inspect.Signature = self._sign()

    def __call__(self, *args: Any, **options: Option) -> Any:
        named = [*self.inputs, *self.memories, *self.states]
        if len(args) + sum(name not in self.options for name in options) <= len(named):
            raise OptionError(
                f"the cell {self.name} is called inside the equations of another, {self.name}(p, {', '.join(named)}); "
                f"a layer of it is el.Recurrent({self.name}, units), of a built-in one "
                f"el.Recurrent({self.name!r}, units)"
            )
        return self.function(*args, **{**self.options, **options})

    def __repr__(self) -> str:
        return f"<cell {self.name}{self.__signature__}>"

    def _sign(self) -> inspect.Signature:
        """Its arguments, and its options with their values: what `help` and `inspect.signature` show of it."""
        kinds = inspect.Parameter
        arguments = [kinds(n, kinds.POSITIONAL_OR_KEYWORD) for n in ("p", *self.inputs, *self.memories, *self.states)]
        options = [kinds(n, kinds.KEYWORD_ONLY, default=value) for n, value in self.options.items()]
        return inspect.Signature([*arguments, *options])

    def __copy__(self) -> Cell:
        return self

    def __deepcopy__(self, _: Any) -> Cell:
        return self  # nothing of a cell changes

    def with_options(self, **options: Option) -> Cell:
        """The same cell with other options.

        Parameters
        ----------
        **options
            By name, of those that the cell has.

        Returns
        -------
        Cell

        Raises
        ------
        OptionError
            If it has no such option.
        """
        return Cell(
            self.function,
            inputs=len(self.inputs),
            memory=len(self.memories),
            options={**self.options, **options},
            initial=self.initial,
            frozen=self.frozen,
            valid=self.valid,
        )

    def trace(self) -> Graph:
        """Run the function once on symbols and return the graph of one step, its sizes still open.

        Returns
        -------
        Graph
        """
        p, inputs, states = Parameters(), [Symbol("input", name=n) for n in self.inputs], _state_symbols(self.states)
        memories = [Symbol("memory", name=n) for n in self.memories]
        with ending(self.name), widths.recording() as recorder:
            result, local = self._run((p, *inputs, *memories, *states))
            outputs = outputs_of(self._where(), result, self.states)
            new_states = outputs[len(outputs) - len(states) :]
            for state, new in zip(states, new_states, strict=True):
                widths.must_equal(state.dim, new.dim, f"the new state {state.name} of {self.name}", new.line)
            declare(self.name, outputs)
        parameters: dict[str, Parameter] = {n: s for n, s in p._all.items() if s.role}
        taken = {*parameters, *self.inputs, *self.memories, *self.states}
        parameters |= name_constants(recorder.constants, local, taken, outputs)
        kinds = {"an input": self.inputs, "a memory": self.memories, "a state": self.states}
        check_names(self.name, kinds, parameters)
        check_frozen(self.name, self.frozen, parameters, optional=bool(self.options))
        check_traced(self.name, outputs, p.__dict__["_all"], {*inputs, *memories, *states, *parameters.values()})
        names = _names(local, outputs, list(zip(new_states, states, strict=True)), parameters)
        used = set(ordered(outputs))
        said = [(symbol, each) for symbol, each in recorder.ranges if symbol in used]
        return Graph(self.name, inputs, states, outputs, parameters, recorder.relations, names, memories, said)

    def _run(self, args: tuple[Any, ...]) -> tuple[Any, dict[str, Any]]:
        """What the equations return, and the values that they have names for."""
        return call_and_watch(self.function, args, self.options)

    def _where(self) -> str:
        """Its name and where its function is written."""
        code = code_of(self.function)
        return f"{self.name} ({code.co_filename}:{code.co_firstlineno})" if code else self.name

    def equations(self) -> list[str]:
        """The equations as lines of plain text, made from the graph.

        Returns
        -------
        list of str
            One an equation.
        """
        return plain_text(self.trace())

    def latex(self) -> str:
        """The equations as LaTeX (an ``aligned`` block), made from the graph.

        Returns
        -------
        str
        """
        return latex(self.trace())

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"


@overload
def cell(
    function: Callable[..., Any],
    *,
    inputs: int = 1,
    memory: int = 0,
    initial: dict[str, Any] | None = None,
    frozen: Iterable[str] = (),
    valid: Mapping[str, Callable[[np.ndarray, str], None]] | None = None,
) -> Cell: ...


@overload
def cell(
    function: None = None,
    *,
    inputs: int = 1,
    memory: int = 0,
    initial: dict[str, Any] | None = None,
    frozen: Iterable[str] = (),
    valid: Mapping[str, Callable[[np.ndarray, str], None]] | None = None,
) -> Callable[[Callable[..., Any]], Cell]: ...


def cell(
    function: Callable[..., Any] | None = None,
    *,
    inputs: int = 1,
    memory: int = 0,
    initial: dict[str, Any] | None = None,
    frozen: Iterable[str] = (),
    valid: Mapping[str, Callable[[np.ndarray, str], None]] | None = None,
) -> Any:
    """Make a cell of a function that states its equations.

    Parameters
    ----------
    function : callable
        ``f(p, x, *states, *, options...)``; returns the new states in the order of the arguments (the value, for a
        cell without states). The first state is the output; where the output is none of the states it is returned
        before all of them. ``p.W @ x`` declares and uses a matrix, ``p.b`` a vector, ``p.E[x]`` a table.
    inputs : int, default 1
        How many arguments after ``p`` are inputs, not states.
    memory : int, default 0
        How many arguments after those are memories: sequences that every step may attend to, see `elman.attend`.
    initial : dict, optional
        Initial values by parameter name where the usual rule does not serve: a number, or the name of an initialiser.
    frozen : list of str, optional
        Parameters that training leaves as they begin, see `elman.Network.freeze`: a reservoir, signs, periods. An array
        whose sizes are known when the equations are written is rather an `elman.constant`.
    valid : dict, optional
        By parameter a function ``(values, name)`` that raises `OptionError` for values that make no sense, such as a
        period of 0: it sees what a user sets it to, at first and later.

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

    An output beside the states; its width is the layer's units, or ``sizes={"output": 3}``:

    >>> @cell
    ... def read_out(p, x, h):
    ...     h = tanh(p.W @ x + p.U @ h)
    ...     return p.V @ h, h
    >>> read_out.equations()
    ['h_t = tanh(W x + U h)', 'y_t = V h_t']

    Matrices may be made of parameters; a run makes them once, and not at each step. A vector becomes a column of a
    matrix by ``v[:, None]`` and a row by ``v[None, :]``.

    >>> from elman.equations import square, sqrt, sum
    >>> @cell
    ... def antisymmetric(p, x, h):
    ...     W = p.g[:, None] * p.V / sqrt(sum(square(p.V)))
    ...     return tanh(W @ x + (p.M - p.M.T) @ h)
    >>> antisymmetric.equations()
    ['W = g[:, None] * V / √(sum(V²))', 'h_t = tanh(W x + (M - Mᵀ) h)']

    References
    ----------
    B. Chang, M. Chen, E. Haber and E. H. Chi, AntisymmetricRNN, ICLR 2019; T. Salimans and D. P. Kingma, Weight
    normalization, NeurIPS 2016.
    """
    if function is None:
        return lambda f: Cell(f, inputs=inputs, memory=memory, initial=initial, frozen=frozen, valid=valid)
    return Cell(function, inputs=inputs, memory=memory, initial=initial, frozen=frozen, valid=valid)


def _checked(function: Any) -> str:
    """The name of a function that can be a cell."""
    if isinstance(function, Cell):
        raise EquationError(f"{function.name} is a cell already")
    if not callable(function) or isinstance(function, type):
        raise EquationError(f"a cell is made of a function (p, x, *states), got {function!r}")
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise EquationError(
            f"{name_of(function)} must return its new states: it is no function with `async` or `yield`"
        )
    return name_of(function)


def _options(cell: str, defaults: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a cell, those that are given in the place of their defaults."""
    wrong = sorted(set(given) - set(defaults))
    if wrong:
        hint = f" ({LAYERS[wrong[0]]})" if wrong[0] in LAYERS else nearest(wrong[0], defaults)
        raise OptionError(f"{cell} has no option {wrong[0]!r}{hint}; its options are {sorted(defaults) or 'none'}")
    return {**defaults, **given}


def _state_symbols(names: Iterable[str]) -> list[Symbol]:
    return [Symbol("state", name=n) for n in names]


def _names(
    local: dict[str, Any], outputs: list[Symbol], states: list[tuple[Symbol, Symbol]], parameters: Iterable[str]
) -> dict[Symbol, str]:
    """Which value that the outputs need has which name in the user's code; new states have their state's name.

    A value that is called like a parameter has none: an equation could not tell them apart.
    """
    names, needed = {s.name for _, s in states} | set(parameters), set(ordered(outputs))
    found = {v: k for k, v in local.items() if isinstance(v, Symbol) and v in needed and v.inputs and k not in names}
    found.update({new: s.name for new, s in states if new.inputs})
    return found
