"""The width of an op's result, and what an op says of its operands' widths: a rule for each shape of the table."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from elman.equations.ops import Op, row_of
from elman.equations.order import ordered
from elman.equations.widths import ONE, Dim, must_add_up, must_be_at_least, must_equal, must_multiply_to, users_line
from elman.errors import EquationError

WRITTEN = {
    "matmul": "{0} @ {1!r}",
    "matmul_t": "{0}.T @ {1!r}",
    "lookup": "{0}[{1!r}]",
    "block_matmul": "el.blocks({0}, ...) @ {1!r}",
}
Inputs = tuple[Any, ...]  # symbols


def written(op: str, matrix: Any, other: Any) -> str:
    """A product, or a look into a table, as the user wrote it."""
    return WRITTEN[op].format(f"p.{matrix.name}" if matrix.name else repr(matrix), other)


def result_width(row: Op, inputs: Inputs, first: float, second: float) -> Dim:
    """The width of a row of the table applied to symbols, with its numbers."""
    if row.shape in _OF_NUMBERS:
        return _OF_NUMBERS[row.shape](inputs[0], int(first), int(second))
    if row.shape == "blocks":
        return _block_product(inputs, int(first))
    return _OF_OPERANDS.get(row.shape, _alike)(row, inputs)


def _alike(row: Op, inputs: Inputs) -> Dim:
    wide = [i for i in inputs if i.dim is not ONE]
    for other in wide[1:]:
        must_equal(wide[0].dim, other.dim, lambda: row.text.format(*inputs))
    return wide[0].dim if wide else ONE


def _one(row: Op, inputs: Inputs) -> Dim:
    return ONE


def _picked(row: Op, inputs: Inputs) -> Dim:
    must_equal(inputs[1].dim, ONE, lambda: f"pick({inputs[0]!r}, {inputs[1]!r}): an index is one number a row")
    return ONE


def _looked_up(row: Op, inputs: Inputs) -> Dim:
    table, index = inputs
    must_equal(
        index.dim,
        ONE,
        lambda: f"{written(row.name, table, index)}: an index is one number a row, of an input with 1 feature",
    )
    return table.columns


def _multiplied(row: Op, inputs: Inputs) -> Dim:
    matrix, vector = inputs
    rows, columns = matrix.dim, matrix.columns
    out, summed = (rows, columns) if row.name == "matmul" else (columns, rows)
    must_equal(summed, vector.dim, lambda: written(row.name, matrix, vector))
    return out


def _turned(row: Op, inputs: Inputs) -> Dim:
    """How many rows a vector is a part of, where it is a column, and as a row."""
    return inputs[0].dim if row.name == "column" else ONE


def _concatenated(row: Op, inputs: Inputs) -> Dim:
    def what() -> str:
        return f"concat({inputs[0]!r}, {inputs[1]!r})"

    out = Dim("the width of a concat")
    must_add_up(out, tuple(i.dim for i in inputs), 0, what)
    return out


def _outer(row: Op, inputs: Inputs) -> Dim:
    out = Dim("the width of an outer product")
    must_multiply_to(out, (inputs[0].dim, inputs[1].dim), lambda: row.text.format(*inputs))
    return out


def _of_matrix(row: Op, inputs: Inputs) -> Dim:
    matrix, vector = inputs if row.name == "matvec" else inputs[::-1]
    out = Dim(f"the width of a {row.name}")
    parts = (out, vector.dim) if row.name == "matvec" else (vector.dim, out)
    must_multiply_to(matrix.dim, parts, lambda: f"{row.name}({inputs[0]!r}, {inputs[1]!r})")
    return out


def _attended(row: Op, inputs: Inputs) -> Dim:
    query, keys, values, *vector = inputs

    def what() -> str:
        return f"attend({', '.join(map(repr, inputs[:3]))})"

    for other in (query, keys, values):
        if (other is not query) != is_memory(other):
            raise EquationError(
                f"{what()}: {other!r} must {'' if other is not query else 'not '}be a memory, which "
                f"a cell declares by @elman.cell(memory=1).\n  {users_line()}"
            )
    for symbol in (keys, *vector):
        must_equal(query.dim, symbol.dim, what)
    return values.dim


def is_memory(symbol: Any) -> bool:
    """Whether a symbol is a memory; see `memories_of`."""
    return symbol in memories_of(ordered([symbol]))


def memories_of(nodes: Iterable[Any]) -> set[Any]:
    """Which of some nodes, operands first, are memories, or made of memories, parameters and numbers.

    What is found in a memory is none: it is one vector, whatever was looked for.
    """
    fixed: set[Any] = set()  # made of parameters and numbers alone
    found: set[Any] = set()
    for node in nodes:
        if node.op == "memory":
            found.add(node)
        elif node.op in ("parameter", "const"):
            fixed.add(node)
        elif node.inputs and row_of(node).shape != "attend" and all(i in fixed or i in found for i in node.inputs):
            (found if any(i in found for i in node.inputs) else fixed).add(node)
    return found


# --- slices: from `first` to `second`, each counted from the end where it is negative; `second` 0 is the end ---


def _sliced(x: Any, first: int, second: int) -> Dim:
    def what() -> str:
        return f"{x!r}[{written_ends(first, second)}]"

    if first >= 0 >= second:
        out = Dim("the width of a slice")
        must_add_up(x.dim, (out,), first - second, what)
        return out
    must_be_at_least(x.dim, second if second > 0 else -first, what)
    out = ONE if second - first == 1 else Dim("the width of a slice")
    must_add_up(out, (), second - first, what)
    return out


def _block_product(inputs: Inputs, count: int) -> Dim:
    matrix, vector = inputs

    def what() -> str:
        return written("block_matmul", matrix, vector).replace("...", str(count), 1)

    must_add_up(vector.dim, (matrix.columns,) * count, 0, what)
    must_add_up(matrix.dim, (Dim("the rows of a block"),) * count, 0, what)
    return matrix.dim


def _part(x: Any, first: int, second: int) -> Dim:
    out = Dim("the width of a part")
    must_add_up(x.dim, (out,) * second, 0, lambda: f"split({x!r}, {second})")
    return out


def written_ends(first: float, second: float) -> str:
    """``2:5``, ``:3`` or ``-2:``."""
    return f"{int(first) or ''}:{int(second) or ''}"


def ends_of(key: Any, x: Any) -> tuple[int, int]:
    """The numbers of a slice that was written as ``x[key]``."""
    if isinstance(key, tuple) and len(key) == 2 and key[0] is ...:
        key = key[1]
    if not isinstance(key, slice):
        raise EquationError(
            f"of a symbol a range can be taken, as in x[2:5], x[:3] or x[-2:], got {x!r}[{key!r}]. One value is "
            f"x[3:4]; one that differs from row to row is el.pick(x, index).\n  {users_line()}"
        )
    if key.step not in (None, 1):
        raise EquationError(
            f"a slice of a symbol takes every value: its step is 1, not {key.step!r}.\n  {users_line()}"
        )
    first, stop = _end(key.start, 0), _end(key.stop, None)
    if stop == 0 or (stop is not None and first >= stop and (first < 0) == (stop < 0)):
        raise EquationError(f"{x!r}[{first}:{stop}] has no values.\n  {users_line()}")
    if first < 0 and stop is not None and stop > 0:
        raise EquationError(
            f"{x!r}[{first}:{stop}] begins at a place counted from the end and ends at one counted from the front; "
            f"count both from the same side.\n  {users_line()}"
        )
    return first, stop or 0


def turned(key: Any) -> str | None:
    """The op that makes a vector the column or the row of a matrix, as ``v[:, None]`` and ``v[None, :]`` say."""
    parts = key if isinstance(key, tuple) and len(key) == 2 else (0, 0)
    every = [part is ... or (isinstance(part, slice) and part == slice(None)) for part in parts]
    return "column" if every[0] and parts[1] is None else "row" if every[1] and parts[0] is None else None


def _end(value: Any, default: Any) -> Any:
    try:
        return default if value is None else operator.index(value)
    except TypeError:
        raise EquationError(f"the ends of a slice are whole numbers, got {value!r}.\n  {users_line()}") from None


_OF_OPERANDS: dict[str, Callable[[Op, Inputs], Dim]] = {
    "reduce": _one,
    "expand": _one,
    "place": _one,
    "pick": _picked,
    "lookup": _looked_up,
    "product": _multiplied,
    "turn": _turned,
    "concat": _concatenated,
    "outer": _outer,
    "matvec": _of_matrix,
    "attend": _attended,
}
_OF_NUMBERS: dict[str, Callable[[Any, int, int], Dim]] = {"slice": _sliced, "part": _part}
