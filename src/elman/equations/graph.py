"""The graph of one step: its nodes in order, what depends on what, and its sizes once they are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from elman.equations import symbols
from elman.equations.ops import row_of
from elman.equations.order import depending, ordered
from elman.equations.ranges import Range
from elman.equations.solving import Solution, solve
from elman.equations.symbols import Parameter, Symbol
from elman.equations.widths import ONE, Dim, Relation
from elman.errors import EquationError, OptionError, ShapeError


@dataclass(eq=False)
class Graph:
    """One step of a cell, layer or loss: inputs and states in, new states (or values) out.

    `inputs` are the arguments that are not states (``x``; for a loss ``y`` and ``target``), `outputs` the new
    states in the order of `states`, before them the output where that is no state, or the one value of a stateless
    cell: the first of them is what a layer returns. `memories` are sequences that every step reads as a whole. `ranges`
    say what values inputs, or slices of them, may have.

    Attributes
    ----------
    name : str
        The cell's.
    inputs, states : list of symbols
        What a step takes.
    outputs : list of symbols
        What it makes.
    parameters : dict of str to Parameter
        By name.
    relations : list of Relation
        What the equations say of sizes.
    names : dict of symbols to str
        The values that the equations name.
    memories : list of symbols
        Sequences that are read as a whole.
    ranges : list of (symbol, Range)
        What values inputs may have.

    Examples
    --------
    >>> import elman as el
    >>> graph = el.cells.gru.trace()
    >>> graph.name, [state.name for state in graph.states], sorted(graph.parameters)[:3]
    ('gru', ['h'], ['U_n', 'U_r', 'U_z'])
    >>> graph.bind([3], 4).shape("W_z")
    (4, 3)
    """

    name: str
    inputs: list[Symbol]
    states: list[Symbol]
    outputs: list[Symbol]
    parameters: dict[str, Parameter]
    relations: list[Relation]
    names: dict[Symbol, str] = field(default_factory=dict)
    memories: list[Symbol] = field(default_factory=list)
    ranges: list[tuple[Symbol, Range]] = field(default_factory=list)

    def nodes(self) -> list[Symbol]:
        """Every node that the outputs need, operands first.

        Returns
        -------
        list of symbols
        """
        return ordered(self.outputs)

    @property
    def new_states(self) -> list[Symbol]:
        """In the order of `states`."""
        return self.outputs[len(self.outputs) - len(self.states) :]

    @property
    def has_output(self) -> bool:
        """Whether it has states, and an output beside them."""
        return 0 < len(self.states) < len(self.outputs)

    @property
    def ends(self) -> list[str]:
        """What each of `outputs` is called: new states as their states, a value that is none ``y``."""
        states = [s.name for s in self.states]
        return states if len(states) == len(self.outputs) else [self._value_name(), *states]

    def with_output_as_state(self) -> Graph:
        """Of a graph with an output beside its states the same, whose first state is what the output was.

        Returns
        -------
        Graph
        """
        before = Symbol("state", dim=self.outputs[0].dim, name=self.ends[0])
        return replace(self, states=[before, *self.states])

    def _value_name(self) -> str:
        """y, unless another value of a cell with states is called so."""
        leaves = [*self.inputs, *self.memories, *self.states, *self.parameters.values()]
        others = {s.name for s in leaves} | {name for s, name in self.names.items() if s is not self.outputs[0]}
        names = ("y", "output", *(f"output_{k}" for k in range(2, len(others) + 3)))
        return next(name for name in names if not (self.states and name in others))

    def bind(
        self,
        inputs: Sequence[int],
        units: int | None,
        sizes: dict[str, int] | None = None,
        memories: Sequence[int] = (),
    ) -> Graph:
        """Give every width its number: the inputs', the hidden size, other states' and parameters' rows by name.

        Parameters
        ----------
        inputs : sequence of int
            Widths of the inputs.
        units : int or None
            Of the first state, or of the value without states.
        sizes : dict of str to int, optional
            Of other states and of parameters' rows.
        memories : sequence of int
            Widths of the memories.

        Returns
        -------
        Graph

        Raises
        ------
        ShapeError
            If they cannot all hold.
        """
        sizes = dict(sizes or {})
        if len(inputs) != len(self.inputs):
            names = ", ".join(s.name for s in self.inputs)
            raise EquationError(
                f"{self.name} takes {len(self.inputs)} inputs ({names}), not {len(inputs)}: a layer's cell takes one, "
                "a loss two. Put vectors that a cell needs side by side into one input"
            )
        if len(memories) != len(self.memories):
            raise EquationError(f"{self.name} reads {len(self.memories)} memories, not {len(memories)}")
        given = zip([*self.inputs, *self.memories], [*inputs, *memories], strict=True)
        known = [(s.dim, n, f"the features of {s.name}") for s, n in given if n > 0]
        named: dict[str, Symbol] = {**self.parameters, **{s.name: s for s in self.states}}
        if self.has_output:
            named = {"output": self.outputs[0], **named}
        if set(sizes) - set(named):
            wrong = sorted(set(sizes) - set(named))[0]
            raise OptionError(f"{self.name} has no state or parameter {wrong!r}; it has {', '.join(named) or 'none'}")
        for name, size in sizes.items():
            if named[name].dim is ONE and size != 1:
                what = f"p.{name} is a scalar, which" if name in self.parameters else f"its {name}"
                raise ShapeError(f"{self.name}: {what} has one value, and sizes says {size}")
        known += [(named[name].dim, n, f"the size of {name}") for name, n in sizes.items()]
        units_used = self._use_units(units, sizes, known)
        units_used = self._fill_unknown(units, solve(self.relations, known)) or units_used
        if units is not None and not units_used and symbols.width(self.outputs[0]) != units:
            raise ShapeError(
                f"{self.name} got units={units}, which nothing in it follows: its output has "
                f"{symbols.width(self.outputs[0])} values, as its equations and the other sizes say; leave units out, "
                "or give that number"
            )
        return self

    def _use_units(self, units: int | None, sizes: dict[str, int], known: list[tuple[Dim, int, str]]) -> bool:
        """Add to the `known` widths what the layer's units are: the first state, an output beside it; whether any is.

        Beside an output a first state may be a matrix, which is wider: its width follows from those of its factors.
        """
        if not self.states or units is None:
            return False
        first, before = self.states[0], len(known)
        is_matrix = self.has_output and solve(self.relations, known).is_product(first.dim)
        if first.name not in sizes and not is_matrix:
            which = "" if self.has_output else ", the layer's output"
            known.append((first.dim, units, f"the size of {first.name}{which}"))
        if self.has_output and not solve(self.relations, known).is_known(self.outputs[0].dim):
            known.append((self.outputs[0].dim, units, "the size of the output"))
        return len(known) > before

    def _fill_unknown(self, units: int | None, solution: Solution) -> bool:
        """Widths that no equation ties to anything are the layer's units (the rows of a dense W): whether any is."""
        leaves: list[Symbol] = [*self.inputs, *self.memories, *self.states, *self.parameters.values()]
        dims = [s.dim for s in [*leaves, *self.nodes()]] + [
            p.columns for p in self.parameters.values() if p.role != "vector"
        ]
        used = False
        while unknown := [dim for dim in dims if dim.value is None]:
            dim = min(unknown, key=solution.is_composed)  # a sum or a product of others last
            if units is None:
                raise EquationError(
                    f"{self.name}: {dim.name or 'a size'} follows from no equation; give the layer's units"
                )
            solution = solve(self.relations, self._known() + [(dim, units, "the layer's units")])
            used = True
        return used

    def _known(self) -> list[tuple[Dim, int, str]]:
        everything = [*self.inputs, *self.memories, *self.states, *self.parameters.values(), *self.nodes()]
        dims = {s.dim for s in everything} | {p.columns for p in self.parameters.values()}
        return [(d, d.value, d.name) for d in dims if d.value is not None]

    def shape(self, parameter: str) -> tuple[int, ...]:
        """The shape of a parameter of a bound graph.

        Parameters
        ----------
        parameter : str
            Its name.

        Returns
        -------
        tuple of int
        """
        p = self.parameters[parameter]
        if p.role == "vector":
            return (symbols.width(p),)
        assert p.dim.value is not None and p.columns.value is not None
        return (p.dim.value, p.columns.value)

    @property
    def takes_index(self) -> bool:
        """Whether the input is an index into a table, which has no gradient."""
        inputs = set(self.inputs)
        return any(row_of(n).role == "table" and n.inputs[1] in inputs for n in self.nodes())

    def recurrent(self, parameter: str) -> bool:
        """Whether a matrix multiplies something that depends on a state.

        Parameters
        ----------
        parameter : str
            Its name.

        Returns
        -------
        bool
        """
        after = depending(self.nodes(), self.states)
        return any(product.inputs[1] in after for product in self._products(parameter))

    def blocks(self, parameter: str) -> int:
        """How many blocks a matrix consists of.

        Parameters
        ----------
        parameter : str
            Its name.

        Returns
        -------
        int
        """
        products = [n for n in self._products(parameter) if n.op == "block_matmul"]
        return int(products[0].first) if products else 1

    def _products(self, parameter: str) -> list[Symbol]:
        """With a matrix, or with one that is made of it."""
        products = [n for n in self.nodes() if row_of(n).role == "matrix"]
        return [n for n in products if self.parameters[parameter] in set(ordered(n.inputs[:1]))]
