"""What equations make of parameters alone, as in ``el.abs(p.W) @ h``: computed once a run, and not at each step.

A matrix is a batch of its rows. So the expression is traced as an equation of one row, whose inputs are the rows of
parameters: a matrix's own, or those of its transpose, a value for each row (``v[:, None]``), or the same for all rows
(``v[None, :]``, scalars). What a row is made of is a view of a parameter, and so is where its gradient goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from elman.equations.graph import Graph, depending, ordered
from elman.equations.memory import replaced
from elman.equations.ops import row_of
from elman.equations.symbols import MatrixOf, Parameter, Symbol, build, width
from elman.equations.widths import ONE, Dim, must_equal
from elman.errors import EquationError

OF_ROWS = ("map", "reduce", "dropout")  # the shapes of ops that a row has to itself
LEAST_COST = 6  # of a vector that is made once a run, in additions a value: what is cheaper is made at each step


@dataclass(frozen=True, eq=False)
class Leaf:
    """What one row of a matrix is made of: of a parameter its own row, that of its transpose, a value, or all of it."""

    parameter: Parameter
    kind: str  # "matrix", "transpose", "column", "row"

    def __eq__(self, other: object) -> bool:
        """Not the dataclass's own, which compares parameters by ==: an equation."""
        return isinstance(other, Leaf) and self.parameter is other.parameter and self.kind == other.kind

    def __hash__(self) -> int:
        return hash((self.parameter, self.kind))

    @property
    def rows(self) -> Dim:
        """How many rows it says that there are; `ONE` where it is the same for all."""
        p = self.parameter
        return {"matrix": p.dim, "transpose": p.columns, "column": p.dim, "row": ONE}[self.kind]

    @property
    def columns(self) -> Dim:
        p = self.parameter
        return {"matrix": p.columns, "transpose": p.dim, "column": ONE, "row": p.dim}[self.kind]

    def strides(self) -> tuple[int, int]:
        """How far one row, and one column, is from the next in the parameter's values."""
        along = self.parameter.columns.value or 1
        return {"matrix": (along, 1), "transpose": (1, along), "column": (1, 1), "row": (0, 1)}[self.kind]


@dataclass(frozen=True, eq=False)
class Row:
    """The equations of one row of a matrix."""

    value: Symbol
    leaves: dict[Leaf, Symbol]


def declare(name: str, outputs: Iterable[Symbol]) -> None:
    """Say, at the end of a trace, what sizes made matrices have, and refuse matrices that are used as vectors.

    Raises
    ------
    EquationError
    """
    nodes = ordered(outputs)
    inside: set[Symbol] = set()
    for node in nodes:
        if isinstance(node, MatrixOf):
            writer = _Rows(name, node)
            node.row = Row(writer.of(node.inputs[0]), writer.leaves)
            inside |= writer.seen
            _say_sizes(node, writer)
    _check_used(name, nodes, inside, list(outputs))


def _say_sizes(node: MatrixOf, writer: _Rows) -> None:
    what = f"the matrix {node.inputs[0]!r}"
    rows = [leaf.rows for leaf in writer.leaves if leaf.rows is not ONE]
    if not rows:
        writer.refuse(node, "it has no rows; a vector becomes a row by v[None, :], which a matrix then multiplies")
    for dim in rows:
        must_equal(node.dim, dim, f"the rows of {what}", node.line)
    must_equal(node.columns, node.row.value.dim, f"the columns of {what}", node.line)


class _Rows:
    """Writes an expression of matrices as one of their rows."""

    def __init__(self, name: str, matrix: Symbol):
        self.name: str = name
        self.matrix: Symbol = matrix
        self.leaves: dict[Leaf, Symbol] = {}
        self.seen: set[Symbol] = set()  # what is a matrix in it
        self._known: dict[Symbol, Symbol] = {}
        self._vectors: dict[str, dict[Symbol, Symbol]] = {"column": {}, "row": {}}

    def of(self, node: Symbol) -> Symbol:
        """A node's row."""
        for one in ordered([node], self._known, _parts):
            if one not in self._known:
                self._known[one] = self._made(one)
        return self._known[node]

    def _made(self, node: Symbol) -> Symbol:
        if node.op == "const" or _is_scalar(node):
            return node if node.op == "const" else self._leaf(node, "row")
        self.seen.add(node)
        if isinstance(node, Parameter) and node.op == "parameter":
            return self._leaf(node, "matrix")
        if node.op == "matrix":
            return self._known[node.inputs[0]]
        if node.op == "transpose":  # of a parameter, or of a matrix that is made before
            return self._leaf(node.inputs[0], "transpose")
        if row_of(node).shape == "turn":
            return self.vector(node.inputs[0], node.op)
        if row_of(node).role == "matrix":
            self.refuse(node, "it is a vector already; of two matrices write p.A @ (p.B @ x)")
        if row_of(node).shape not in OF_ROWS:
            self.refuse(
                node,
                f"there is no {node.op} of a matrix; there are functions of each value, and sum, mean and max of rows",
            )
        return build(node.op, *(self._known[i] for i in node.inputs), first=node.first, second=node.second)

    def vector(self, node: Symbol, kind: str) -> Symbol:
        """An expression of vectors, as a value for each row, or the same for all of them."""
        known = self._vectors[kind]
        for one in ordered([node], known):
            if one not in known:
                known[one] = self._vector(one, kind)
        return known[node]

    def _vector(self, node: Symbol, kind: str) -> Symbol:
        if node.op == "const":
            return node
        if isinstance(node, Parameter) and node.op == "parameter":
            return self._leaf(node, "row" if node.dim is ONE else kind)
        if row_of(node).shape != "map" and (kind == "column" or row_of(node).shape not in OF_ROWS):
            self.refuse(node, f"there is no {node.op} of a vector that is a {kind} of a matrix")
        operands = (self._vectors[kind][i] for i in node.inputs)
        return build(node.op, *operands, first=node.first, second=node.second)

    def _leaf(self, parameter: Symbol, kind: str) -> Symbol:
        assert isinstance(parameter, Parameter)
        leaf = Leaf(parameter, kind)
        if leaf not in self.leaves:
            name = parameter.name + {"transpose": "ᵀ", "column": "[:, None]"}.get(kind, "")
            self.leaves[leaf] = Symbol("input", dim=leaf.columns, name=name)
        return self.leaves[leaf]

    def refuse(self, node: Symbol, why: str) -> NoReturn:
        raise EquationError(f"{self.name} makes a matrix of {node!r}: {why}.\n  {node.line}")


def _parts(node: Symbol) -> Sequence[Symbol]:
    """What a matrix is made of, as far as that are matrices."""
    return () if node.op == "transpose" or row_of(node).shape == "turn" else node.inputs


def _is_scalar(node: Symbol) -> bool:
    return isinstance(node, Parameter) and node.op == "parameter" and node.dim is ONE


def _is_matrix(node: Symbol) -> bool:
    return isinstance(node, Parameter) and node.op == "parameter" and node.role == "matrix"


def _check_used(name: str, nodes: list[Symbol], inside: set[Symbol], outputs: list[Symbol]) -> None:
    """What is a matrix, or a part of one, is used as such only."""
    of_matrices = inside | {node for node in nodes if node.op == "matrix"}
    for node in nodes:
        if (row_of(node).shape == "turn" or node.op == "transpose") and node not in inside:
            raise EquationError(
                f"{name}: {node!r} is a matrix; it can only multiply, as in p.W.T @ x, or be a part of a matrix that "
                f"does, as in (p.W * p.g[:, None]) @ x.\n  {node.line}"
            )
    for node in nodes:
        for place, operand in enumerate(node.inputs):
            product = row_of(node).role == "matrix" and place == 0
            if (operand in inside or _is_matrix(operand)) and node not in of_matrices and not product:
                _refuse_vector(name, operand, node)
    for output in outputs:
        if output in of_matrices:
            raise EquationError(f"{name} returned {output!r}, which is a matrix: a value is a vector")


def _refuse_vector(name: str, operand: Symbol, node: Symbol) -> NoReturn:
    if isinstance(operand, Parameter) and operand.name:
        said = f"p.{operand.name} is used both as a matrix and as a vector; give them two names"
    else:
        said = f"{name}: {operand!r} is a matrix, and {node!r} takes it for a vector"
    turned = ". A vector becomes a column of a matrix by v[:, None], a row by v[None, :]"
    raise EquationError(f"{said}{turned if row_of(node).shape == 'map' else ''}.\n  {node.line}")


def parts_of_matrices(graph: Graph) -> set[Symbol]:
    """What is a matrix and not a vector, among the values of a traced graph."""
    found: set[Symbol] = set()
    stack: list[Symbol] = [node for node in graph.nodes() if node.op == "matrix"]
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(() if row_of(node).shape == "turn" else node.inputs)
    return found


# --- once the sizes are known ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Made:
    """What is made of parameters: the graph of one row, the leaf that each input is, its sizes, what it then is."""

    name: str
    graph: Graph
    leaves: list[Leaf]
    rows: int
    columns: int
    role: str = "matrix"


def split(graph: Graph) -> tuple[Graph, list[Made]]:
    """A bound graph in which what is made of parameters is a parameter, named by the second value, which says how."""
    found: dict[Symbol, Parameter] = {}
    new: dict[Symbol, Symbol] = {}
    made: list[Made] = []
    vectors = _vectors(graph)
    for node in graph.nodes():
        value = node.inputs[0] if isinstance(node, MatrixOf) else vectors.get(node)
        if value is None:
            continue
        if value not in found:
            number = len(made)
            if isinstance(node, MatrixOf):
                made.append(_made(graph, node, number, new))
            else:
                made.append(_made_vector(graph, node, number))
            found[value] = _stand_in(made[-1])
        new[node] = found[value]
    if not made:
        return graph, made
    outputs, changed = replaced(graph.outputs, new)
    names = {changed.get(node, node): name for node, name in graph.names.items()}
    left = set(ordered(outputs))
    parameters = {name: p for name, p in graph.parameters.items() if p in left}
    parameters |= {p.name: p for p in found.values() if p in left}
    return replace(graph, outputs=outputs, names=names, parameters=parameters), made


def _vectors(graph: Graph) -> dict[Symbol, Symbol]:
    """Vectors made of parameters alone, at some cost, that the step needs as a whole; of equal ones the first."""
    nodes = graph.nodes()
    changing = depending(nodes, [*graph.inputs, *graph.states, *graph.memories])
    read = {i for node in nodes if node in changing for i in node.inputs}
    same: dict[Symbol, Symbol] = {}  # what is made of parameters, and the first that is equal
    equal: dict[tuple[object, ...], Symbol] = {}
    cost: dict[Symbol, float] = {}  # with that of all it is made of, but of what is made once a run
    for node in nodes:
        if _is_leaf(node) or (row_of(node).shape in ("map", "reduce") and all(i in same for i in node.inputs)):
            key = (node.op, node.first, node.second, node.name, *(id(same[i]) for i in node.inputs))
            same[node] = equal.setdefault(key, node)
            own = row_of(node).cost if node.inputs else 0
            cost[node] = own + sum(cost[i] for i in node.inputs if i not in read or cost[i] < LEAST_COST)
    return {node: same[node] for node in read if cost.get(node, 0) >= LEAST_COST}


def _is_leaf(node: Symbol) -> bool:
    """A vector of parameters, or a number."""
    return node.op == "const" or (isinstance(node, Parameter) and node.op == "parameter" and node.role == "vector")


def _bracketed(node: Symbol) -> str:
    return node.name or f"({node!r})"


def _made_vector(graph: Graph, node: Symbol, number: int) -> Made:
    writer = _Rows(graph.name, node)
    value = writer.vector(node, "row")
    named = graph.names.get(node, _bracketed(node))
    one = Graph(graph.name, list(writer.leaves.values()), [], [value], {}, graph.relations)
    return Made(f"{named} ({number})" if number else named, one, list(writer.leaves), 1, width(node), "vector")


def _made(graph: Graph, node: MatrixOf, number: int, before: dict[Symbol, Any]) -> Made:
    """One made matrix; those made before it have the parameters that stand for them."""
    row: Row = node.row
    value = node.inputs[0]
    named = graph.names.get(value, _bracketed(value))
    inputs = list(row.leaves.values())
    output = row.value if row.value not in set(inputs) else build("copy", row.value)
    one = Graph(graph.name, inputs, [], [output], {}, graph.relations)
    assert node.columns.value is not None
    leaves = [replace(leaf, parameter=before.get(leaf.parameter, leaf.parameter)) for leaf in row.leaves]
    return Made(f"{named} ({number})" if number else named, one, leaves, width(node), node.columns.value)


def _stand_in(made: Made) -> Parameter:
    parameter = Parameter(made.name)
    size = made.rows if made.role == "matrix" else made.columns
    parameter.dim, parameter.columns, parameter.role = Dim(value=size), Dim(value=made.columns), made.role
    return parameter
