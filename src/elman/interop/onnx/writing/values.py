"""What the equations of one step, or of all steps at once, become: one ONNX node or a few for each op."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from elman.equations.graph import Graph
from elman.equations.ops import OPS, row_of, span
from elman.equations.symbols import Parameter, Symbol, width
from elman.errors import ConversionError
from elman.interop.onnx.writing.writer import Writer


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
        self.writer, self.rank, self._lead = writer, rank, lead
        self.values, self.constants, self._memory = dict(values), constants, memory

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
        return self.writer.node("Cast", value.name, to=_code(self.writer.dtype))

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
        return self.writer.node("Cast", self.solid(symbol), to=_INT64)

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


# --- ops that are one node ------------------------------------------------------------------------------------

_INT64, _BOOL, _DOUBLE = 7, 9, 11  # how ONNX numbers its types
_CODES = {np.dtype(np.float32): 1, np.dtype(np.float64): _DOUBLE}


def _code(dtype: np.dtype) -> int:
    return _CODES[np.dtype(dtype)]


NODES = {
    "add": "Add",
    "sub": "Sub",
    "mul": "Mul",
    "div": "Div",
    "neg": "Neg",
    "pow": "Pow",
    "abs": "Abs",
    "sign": "Sign",
    "floor": "Floor",
    "sqrt": "Sqrt",
    "reciprocal": "Reciprocal",
    "exp": "Exp",
    "log": "Log",
    "sin": "Sin",
    "cos": "Cos",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "relu": "Relu",
    "maximum": "Max",
    "minimum": "Min",
}

# --- functions of each value ----------------------------------------------------------------------------------


def _truth(w: Writer, op: str, a: str, b: str) -> str:
    return w.node("Cast", w.node(op, a, b), to=_code(w.dtype))


def _where(w: Writer, condition: str, a: str, b: str) -> str:
    return w.node("Where", w.node("Cast", condition, to=_BOOL), a, b)


def _log1p(w: Writer, x: str) -> str:
    """``log(u) x / (u - 1)`` of ``u = 1 + x``, which is exact to a rounding where log(1 + x) is not."""
    u = w.node("Add", x, w.number(1))
    same = w.node("Equal", u, w.number(1))
    divisor = w.node("Where", same, w.number(1), w.node("Sub", u, w.number(1)))
    return w.node("Where", same, x, w.node("Div", w.node("Mul", w.node("Log", u), x), divisor))


def _elu(w: Writer, x: str, alpha: float) -> str:
    if w.dtype == np.float32:
        return w.node("Elu", x, alpha=float(alpha))
    below = w.node("Sub", w.node("Exp", w.node("Min", x, w.number(0))), w.number(1))
    return w.node("Where", w.node("Greater", x, w.number(0)), x, w.node("Mul", below, w.number(alpha)))


def _softplus(w: Writer, x: str) -> str:
    below = w.node("Exp", w.node("Neg", w.node("Abs", x)))
    return w.node("Add", w.node("Max", x, w.number(0)), _log1p(w, below))


def _erf(w: Writer, x: str) -> str:
    """In float64, for which runtimes have no Erf, ``2 x / sqrt(pi) * integral from 0 to 1 of exp(-(x s)^2) ds``."""
    if w.dtype == np.float32:
        return w.node("Erf", x)
    places, weights = np.polynomial.legendre.leggauss(48)  # exact to a rounding as far as erf is not 1
    places, weights = (places + 1) / 2, weights / math.sqrt(math.pi)
    near = w.node("Clip", x, w.number(-6), w.number(6))
    column = w.node("Unsqueeze", near, w.whole(-1))
    steps = w.node("Exp", w.node("Mul", w.node("Mul", column, column), w.constant(-np.square(places))))
    found = w.node("MatMul", steps, w.constant(weights[:, None]))
    return w.node("Mul", near, w.node("Squeeze", found, w.whole(-1)))


def _gelu(w: Writer, x: str) -> str:
    cdf = w.node("Add", _erf(w, w.node("Mul", x, w.number(math.sqrt(0.5)))), w.number(1))
    return w.node("Mul", w.node("Mul", x, w.number(0.5)), cdf)


def _spike(w: Writer, x: str, slope: float) -> str:
    return _truth(w, "Greater", x, w.number(0))


def _leaky_relu(w: Writer, x: str, slope: float) -> str:
    if w.dtype == np.float32:
        return w.node("LeakyRelu", x, alpha=float(slope))  # a number of an attribute is a float32
    return w.node("Where", w.node("Greater", x, w.number(0)), x, w.node("Mul", x, w.number(slope)))


def _in_double(function: Callable[[Writer, str], str]) -> Callable[[Writer, str], str]:
    """A function that sums a series, in float64 whatever the network's dtype."""

    def wide(w: Writer, x: str) -> str:
        before, w.dtype = w.dtype, np.dtype(np.float64)
        try:
            found = function(w, w.node("Cast", x, to=_DOUBLE))
        finally:
            w.dtype = before
        return w.node("Cast", found, to=_code(before))

    return wide


_FAR = 10  # from here on Stirling's series are exact
_LGAMMA = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760)


def _shifted(w: Writer, x: str) -> tuple[str, str]:
    """Whether x lies below where the series hold, and x as it is, or so many steps above."""
    near = w.node("Less", x, w.number(_FAR))
    return near, w.node("Where", near, w.node("Add", x, w.number(_FAR)), x)


def _polynomial(w: Writer, x: str, coefficients: Iterable[float]) -> str:
    *first, last = coefficients
    found = w.number(last)
    for coefficient in reversed(first):
        found = w.node("Add", w.node("Mul", found, x), w.number(coefficient))
    return found


def _above(w: Writer, x: str, k: int) -> str:
    return w.node("Add", x, w.number(k))


def _of_positive(w: Writer, x: str, found: str, at_zero: float) -> str:
    rest = w.node("Where", w.node("Equal", x, w.number(0)), w.number(at_zero), w.number(math.nan))
    return w.node("Where", w.node("Greater", x, w.number(0)), found, rest)


def _lgamma(w: Writer, x: str) -> str:
    near, far = _shifted(w, x)
    logs = [w.node("Log", _above(w, x, k)) for k in range(_FAR)]
    low = w.node("Where", near, w.node("Sum", *logs), w.number(0))
    inverse = w.node("Reciprocal", far)
    series = w.node("Mul", inverse, _polynomial(w, w.node("Mul", inverse, inverse), _LGAMMA))
    main = w.node("Mul", w.node("Sub", far, w.number(0.5)), w.node("Log", far))
    total = w.node("Sum", main, w.node("Neg", far), w.number(0.5 * math.log(2 * math.pi)), series)
    return _of_positive(w, x, w.node("Sub", total, low), math.inf)


def _digamma(w: Writer, x: str) -> str:
    near, far = _shifted(w, x)
    steps = [w.node("Reciprocal", _above(w, x, k)) for k in range(_FAR)]
    low = w.node("Where", near, w.node("Sum", *steps), w.number(0))
    inverse = w.node("Reciprocal", far)
    square = w.node("Mul", inverse, inverse)
    series = w.node("Mul", square, _polynomial(w, square, _DIGAMMA))
    main = w.node("Sub", w.node("Log", far), w.node("Mul", inverse, w.number(0.5)))
    return _of_positive(w, x, w.node("Sub", w.node("Sub", main, series), low), -math.inf)


def _inverse_deviation(w: Writer, x: str, epsilon: float) -> str:
    variance = _mean(w, _squared(w, w.node("Sub", x, _mean(w, x))))
    return w.node("Reciprocal", w.node("Sqrt", w.node("Add", variance, w.number(epsilon))))


def _squared(w: Writer, x: str) -> str:
    return w.node("Mul", x, x)


def _mean(w: Writer, x: str) -> str:
    return w.node("ReduceMean", x, axes=[-1], keepdims=1)


FUNCTIONS: dict[str, Callable[..., str]] = {
    "square": _squared,
    "log1p": _log1p,
    "erf": _erf,
    "lgamma": _in_double(_lgamma),
    "digamma": _in_double(_digamma),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "softplus": _softplus,
    "silu": lambda w, x: w.node("Mul", x, w.node("Sigmoid", x)),
    "gelu": _gelu,
    "clip": lambda w, x, low, high: w.node("Clip", x, w.number(low), w.number(high)),
    "lt": lambda w, a, b: _truth(w, "Less", a, b),
    "le": lambda w, a, b: _truth(w, "LessOrEqual", a, b),
    "eq": lambda w, a, b: _truth(w, "Equal", a, b),
    "where": _where,
    "spike": _spike,
    "sum": lambda w, x: w.node("ReduceSum", x, w.whole(-1), keepdims=1),
    "mean": _mean,
    "max": lambda w, x: w.node("ReduceMax", x, axes=[-1], keepdims=1),
    "inverse_deviation": _inverse_deviation,
    "normalise": lambda w, x, r: w.node("Mul", w.node("Sub", x, _mean(w, x)), r),
}

# --- what knows widths ----------------------------------------------------------------------------------------


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
