"""What knows how wide values are, and products with a matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from elman.equations.op_values import span
from elman.equations.symbols import Symbol, width
from elman.interop.onnx.writing.writer import Writer


class Equations(Protocol):
    """What is written; see `elman.interop.onnx.writing.values.Equations`."""

    writer: Writer
    constants: Mapping[Symbol, np.ndarray]

    def solid(self, symbol: Symbol, wide: int = 0) -> str: ...

    def index(self, symbol: Symbol) -> str: ...

    def reshaped(self, name: str, *sizes: int) -> str: ...


def _slice(e: Equations, node: Symbol) -> str:
    w, x = e.writer, node.inputs[0]
    begin, end = span(node.op, node.first, node.second, width(x))
    return w.node("Slice", e.solid(x), w.whole(begin), w.whole(end), w.whole(-1))


def _outer(e: Equations, node: Symbol) -> str:
    w, (a, b) = e.writer, node.inputs
    column, row = w.node("Unsqueeze", e.solid(a), w.whole(-1)), w.node("Unsqueeze", e.solid(b), w.whole(-2))
    return e.reshaped(w.node("Mul", column, row), width(node))


def _matvec(e: Equations, node: Symbol) -> str:
    w, (m, b) = e.writer, node.inputs
    matrix = e.reshaped(e.solid(m), width(m) // width(b), width(b))
    return w.node("Squeeze", w.node("MatMul", matrix, w.node("Unsqueeze", e.solid(b), w.whole(-1))), w.whole(-1))


def _vecmat(e: Equations, node: Symbol) -> str:
    w, (a, m) = e.writer, node.inputs
    matrix = e.reshaped(e.solid(m), width(a), width(m) // width(a))
    return w.node("Squeeze", w.node("MatMul", w.node("Unsqueeze", e.solid(a), w.whole(-2)), matrix), w.whole(-2))


OF_WIDTHS: dict[str, Callable[[Equations, Symbol], str]] = {
    "concat": lambda e, n: e.writer.node("Concat", *map(e.solid, n.inputs), axis=-1),
    "slice": _slice,
    "part": _slice,
    "outer": _outer,
    "matvec": _matvec,
    "vecmat": _vecmat,
    "expand": lambda e, n: e.solid(n.inputs[0], width(n)),
    "pick": lambda e, n: e.writer.node("GatherElements", e.solid(n.inputs[0]), e.index(n.inputs[1]), axis=-1),
}

# --- products with a matrix -----------------------------------------------------------------------------------


def _product(e: Equations, node: Symbol) -> str:
    matrix, x = e.constants[node.inputs[0]], node.inputs[1]
    turned = np.ascontiguousarray(matrix.T) if node.op == "matmul" else matrix
    return e.writer.node("MatMul", e.solid(x), e.writer.constant(turned, f"{e.writer.scope}.{node.inputs[0].name}"))


def _blocks(e: Equations, node: Symbol) -> str:
    w, matrix, count = e.writer, e.constants[node.inputs[0]], int(node.first)
    rows, columns = len(matrix) // count, matrix.shape[1]
    blocks = np.ascontiguousarray(matrix.reshape(count, rows, columns).transpose(0, 2, 1))
    parts = e.reshaped(e.solid(node.inputs[1]), count, 1, columns)
    return e.reshaped(w.node("MatMul", parts, w.constant(blocks)), count * rows)


def _looked_up(e: Equations, node: Symbol) -> str:
    w, table = e.writer, e.constants[node.inputs[0]]
    index = w.node("Squeeze", e.index(node.inputs[1]), w.whole(-1))
    return w.node("Gather", w.constant(table, f"{w.scope}.{node.inputs[0].name}"), index, axis=0)


MATRICES: dict[str, Callable[[Equations, Symbol], str]] = {
    "matmul": _product,
    "matmul_t": _product,
    "block_matmul": _blocks,
    "lookup": _looked_up,
}
