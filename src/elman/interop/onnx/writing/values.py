"""What the equations of one step, or of all steps at once, become: one ONNX node or a few for each op."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from elman.equations.graph import Graph
from elman.equations.ops import OPS, row_of
from elman.equations.symbols import Parameter, Symbol, width
from elman.errors import ConversionError
from elman.interop.onnx.writing.functions import FUNCTIONS, NODES
from elman.interop.onnx.writing.widths import MATRICES, OF_WIDTHS
from elman.interop.onnx.writing.writer import INT64, Writer, code_of


@dataclass(frozen=True)
class Value:
    """A value of an ONNX graph, (T, B, n) or (B, n) of one step; `whole` says that it holds indices."""

    name: str
    whole: bool = False


@dataclass(frozen=True)
class Memory:
    """What is attended to: keys (B, n, S), values (B, S, m), and where steps are in use (B, 1, S), if rows differ."""

    turned: str
    values: str
    used: str | None = None


def folded(graph: Graph, parameters: Mapping[str, np.ndarray], dtype: np.dtype) -> dict[Symbol, np.ndarray]:
    """The values of all that is made of parameters and numbers alone, matrices too."""
    found: dict[Symbol, np.ndarray] = {}
    with np.errstate(all="ignore"):
        for node in graph.nodes():
            if isinstance(node, Parameter) and node.op == "parameter":
                found[node] = parameters[node.name]
            elif node.op == "const":
                found[node] = np.asarray(node.first, dtype)
            elif node.inputs and all(i in found for i in node.inputs):
                value = OPS[node.op].of([found[i] for i in node.inputs], node.first, node.second, width(node))
                found[node] = np.asarray(value, dtype)
    return found


class Equations:
    """Writes the values of a graph.

    Parameters
    ----------
    writer : Writer
    rank : int
        How many axes lie before the features: 2 of all steps at once, 1 of one.
    lead : function
        The name of their sizes.
    values : dict of Symbol to Value
        What is there: inputs, states.
    constants : dict of Symbol to ndarray
        What is made of parameters alone.
    memories : dict of Symbol to dict of str to str
        The keys and values that may be attended to.
    """

    def __init__(
        self,
        writer: Writer,
        rank: int,
        lead: Callable[[], str],
        values: Mapping[Symbol, Value],
        constants: Mapping[Symbol, np.ndarray],
        memory: Callable[[Symbol, Symbol], Memory] | None = None,
    ):
        self.writer: Writer = writer
        self.rank, self._lead = rank, lead
        self.constants: Mapping[Symbol, np.ndarray] = constants
        self.values, self._memory = dict(values), memory

    def write(self, nodes: Iterable[Symbol]) -> None:
        """Those that are not there yet, operands first."""
        for node in nodes:
            if node not in self.values and node not in self.constants and node.op not in ("memory", "state", "input"):
                self.values[node] = self._written(node)

    def name(self, symbol: Symbol) -> str:
        """A value as numbers of the network's dtype, which may have fewer axes or features than it is wide."""
        if symbol in self.constants:
            return self.writer.constant(self.constants[symbol])
        value = self.values[symbol]
        if not value.whole:
            return value.name
        return self.writer.node("Cast", value.name, to=code_of(self.writer.dtype))

    def solid(self, symbol: Symbol, wide: int = 0) -> str:
        """A value with all axes, and as many features as it is wide, or `wide` ones."""
        wanted = wide or width(symbol)
        if symbol not in self.constants and width(symbol) == wanted:
            return self.name(symbol)
        shape = self.writer.node("Concat", self._lead(), self.writer.whole(wanted), axis=0)
        return self.writer.node("Expand", self.name(symbol), shape)

    def _written(self, node: Symbol) -> Value:
        row, w = row_of(node), self.writer
        if node.op in ("copy", "stop_gradient", "dropout", "dropout_once"):
            return self.values[node.inputs[0]]
        if (logits := _softmax_of(node)) is not None:
            return Value(w.node("Softmax", self.solid(logits), axis=-1))
        if node.op in MATRICES:
            return Value(MATRICES[node.op](self, node))
        if row.shape == "attend":
            return Value(self._attended(node))
        if node.op in OF_WIDTHS:
            return Value(OF_WIDTHS[node.op](self, node))
        names = [self.name(i) for i in node.inputs]
        if node.op in NODES:
            return Value(w.node(NODES[node.op], *names))
        if node.op not in FUNCTIONS:
            raise ConversionError(f"ONNX has nothing for the op {node.op}: please report this cell")
        return Value(FUNCTIONS[node.op](w, *names, *(node.first, node.second)[: row.numbers]))

    def index(self, symbol: Symbol) -> str:
        """A value as whole numbers."""
        value = self.values.get(symbol)
        if value is not None and value.whole:
            return value.name
        return self.writer.node("Cast", self.solid(symbol), to=INT64)

    def reshaped(self, name: str, *sizes: int) -> str:
        """The features of a value on other axes."""
        return self.writer.node("Reshape", name, self.writer.whole(*[0] * self.rank, *sizes))

    def _attended(self, node: Symbol) -> str:
        """``softmax(scores) @ values``, for all steps at once as a product of (B, T, n) and (B, n, S)."""
        assert self._memory is not None
        w, query = self.writer, self.solid(node.inputs[0])
        memory = self._memory(node.inputs[1], node.inputs[2])
        turned = (
            w.node("Transpose", query, perm=[1, 0, 2]) if self.rank == 2 else w.node("Unsqueeze", query, w.whole(1))
        )
        if node.op == "attend":
            scale = node.first or width(node.inputs[1]) ** -0.5
            scores = w.node("Mul", w.node("MatMul", turned, memory.turned), w.number(scale))  # (B, T, S)
        else:
            scores = self._additive(turned, memory, self.constants[node.inputs[3]])
        if memory.used is None:
            found = w.node("MatMul", w.node("Softmax", scores, axis=-1), memory.values)
        else:
            low = w.number(float(np.finfo(w.dtype).min))
            shares = w.node("Softmax", w.node("Where", memory.used, scores, low), axis=-1)
            found = w.node("MatMul", w.node("Where", memory.used, shares, w.number(0)), memory.values)
        return w.node("Transpose", found, perm=[1, 0, 2]) if self.rank == 2 else w.node("Squeeze", found, w.whole(1))

    def _additive(self, query: str, memory: Memory, vector: np.ndarray) -> str:
        """Scores ``v . tanh(q + k)`` (B, T, S)."""
        w = self.writer
        keys = w.node("Unsqueeze", w.node("Transpose", memory.turned, perm=[0, 2, 1]), w.whole(1))  # (B, 1, S, n)
        inner = w.node("Tanh", w.node("Add", w.node("Unsqueeze", query, w.whole(2)), keys))  # (B, T, S, n)
        return w.node("Squeeze", w.node("MatMul", inner, w.constant(vector[:, None])), w.whole(3))


def _softmax_of(node: Symbol) -> Symbol | None:
    """x where a node is ``exp(x - max(x)) / sum(exp(x - max(x)))``."""
    if node.op != "div" or node.inputs[1].op != "sum" or node.inputs[1].inputs[0] is not node.inputs[0]:
        return None
    inner = node.inputs[0].inputs[0] if node.inputs[0].op == "exp" else node
    if inner.op != "sub" or inner.inputs[1].op not in ("max", "stop_gradient"):
        return None
    largest = inner.inputs[1] if inner.inputs[1].op == "max" else inner.inputs[1].inputs[0]
    return inner.inputs[0] if largest.op == "max" and largest.inputs[0] is inner.inputs[0] else None
