"""Standard nodes: which graph of a step is exactly ONNX's RNN, GRU or LSTM, whatever its cell is called.

Sums are taken apart into products with the input, products with the state, peepholes and biases; what is left over says
that the graph is another one. Gates are in ONNX's order, and biases that come twice there are the first of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from elman.equations.graph import Graph
from elman.equations.symbols import Symbol, width

Constants = Mapping[Symbol, np.ndarray]
Function = tuple[str, float, float]  # what ONNX calls it, its alpha and beta

GATES = {"RNN": "h", "GRU": "z r h", "LSTM": "i o f c"}
_NOTHING = ("copy", "stop_gradient", "dropout", "dropout_once")


@dataclass(frozen=True)
class Standard:
    """One direction of a node.

    Attributes
    ----------
    op : {"RNN", "GRU", "LSTM"}
    W, R : ndarray (gates * H, F), (gates * H, H)
    B : ndarray (2 * gates * H,)
        Those of the input, then those of the state.
    P : ndarray (3 * H,), optional
        Peepholes of the gates i, o and f.
    functions : tuple of Function
        Of gates, candidates, and the LSTM's output.
    before_reset : bool
        Of a GRU: whether the state is multiplied before it is reset.
    """

    op: str
    W: np.ndarray
    R: np.ndarray
    B: np.ndarray
    functions: tuple[Function, ...]
    P: np.ndarray | None = None
    before_reset: bool = False

    @property
    def units(self) -> int:
        return self.R.shape[1]


def standard(graph: Graph, constants: Constants) -> Standard | None:
    """The node that a graph is; None where it is none."""
    if len(graph.inputs) != 1 or graph.memories or graph.has_output or len(graph.states) not in (1, 2):
        return None
    if len(graph.states) == 2:
        return _lstm(_Reader(graph, constants))
    reader = _Reader(graph, constants)
    return _rnn(reader) or _gru(reader)


@dataclass
class Sum:
    """Terms by what they multiply: the input, the state, a peephole, a bias; `rest` are terms of no such kind."""

    W: list[np.ndarray] = field(default_factory=list)
    R: list[np.ndarray] = field(default_factory=list)
    P: list[np.ndarray] = field(default_factory=list)
    b: list[np.ndarray] = field(default_factory=list)
    rest: list[tuple[float, Symbol]] = field(default_factory=list)


class _Reader:
    """Reads the values of one graph."""

    def __init__(self, graph: Graph, constants: Constants):
        self.graph, self.constants = graph, constants
        self.x, self.h = graph.inputs[0], graph.states[0]
        self.new = [self.bare(n) for n in graph.new_states]
        self.features, self.units, self.dtype = width(self.x), width(self.h), np.float32

    def bare(self, node: Symbol) -> Symbol:
        """What a value is outside of training."""
        while node.op in _NOTHING:
            node = node.inputs[0]
        return node

    def factors(self, node: Symbol) -> Iterator[tuple[Symbol, Symbol]]:
        """Both factors of a product, in both orders."""
        if node.op == "mul":
            a, b = map(self.bare, node.inputs)
            yield from ((a, b), (b, a))

    def one_minus(self, node: Symbol) -> Symbol | None:
        """x of ``1 - x``."""
        if node.op != "sub" or not self._is_number(node.inputs[0], 1):
            return None
        return self.bare(node.inputs[1])

    def _is_number(self, node: Symbol, number: float) -> bool:
        value = self.constants.get(node)
        return value is not None and value.size == 1 and float(value.reshape(())) == number

    def function(self, node: Symbol) -> tuple[Function, Symbol]:
        """An activation and what it is of; Affine, which changes nothing, of what is none."""
        if node.op in _PLAIN:
            return (_PLAIN[node.op], 0.0, 0.0), node.inputs[0]
        if node.op in _WITH_ALPHA:
            return (_WITH_ALPHA[node.op], node.first, 0.0), node.inputs[0]
        if node.op == "clip" and (node.first, node.second) == (0, 1):
            return ("HardSigmoid", 1.0, 0.0), node.inputs[0]
        return ("Affine", 1.0, 0.0), node

    def sum(self, node: Symbol, peephole: Symbol | None = None) -> Sum:
        """The terms of a value."""
        found = Sum()
        for sign, term in self._terms(node, 1.0):
            self._sort(found, sign, term, peephole)
        return found

    def _terms(self, node: Symbol, sign: float) -> Iterator[tuple[float, Symbol]]:
        node = self.bare(node)
        if node in self.constants:
            yield sign, node
        elif node.op in ("add", "sub"):
            yield from self._terms(node.inputs[0], sign)
            yield from self._terms(node.inputs[1], sign if node.op == "add" else -sign)
        elif node.op == "neg":
            yield from self._terms(node.inputs[0], -sign)
        else:
            number, rest = self._scaled(node)
            yield from [(sign, node)] if rest is None else self._terms(rest, sign * number)

    def _scaled(self, node: Symbol) -> tuple[float, Symbol | None]:
        for a, b in self.factors(node):
            value = self.constants.get(a)
            if value is not None and value.size == 1 and value.ndim == 0:
                return float(value), b
        return 1.0, None

    def _sort(self, found: Sum, sign: float, term: Symbol, peephole: Symbol | None) -> None:
        if term in self.constants:
            found.b.append(sign * self.constants[term])
        elif (product := self.product(term)) is not None and product[1] in {self.x, self.h}:
            (found.W if product[1] is self.x else found.R).append(sign * product[0])
        elif peephole is not None and (weights := self._weighed(term, peephole)) is not None:
            found.P.append(sign * weights)
        else:
            found.rest.append((sign, term))

    def product(self, node: Symbol) -> tuple[np.ndarray, Symbol] | None:
        """The matrix and the vector of a product."""
        if node.op not in ("matmul", "matmul_t"):
            return None
        matrix, vector = self.constants[node.inputs[0]], self.bare(node.inputs[1])
        return (matrix if node.op == "matmul" else matrix.T), vector

    def _weighed(self, node: Symbol, peephole: Symbol) -> np.ndarray | None:
        for a, b in self.factors(node):
            if a in self.constants and b is peephole:
                return self.constants[a]
        return None

    # --- sums as rows of a gate

    def matrices(self, found: Sum) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """W, R and b of a sum of nothing else; None where something does not fit."""
        shapes = (self.units, self.features), (self.units, self.units)
        if (
            found.rest
            or not all(m.shape == shapes[0] for m in found.W)
            or not all(m.shape == shapes[1] for m in found.R)
        ):
            return None
        return self.added(found.W, shapes[0]), self.added(found.R, shapes[1]), self.added(found.b, (self.units,))

    def added(self, arrays: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
        total = np.zeros(shape, self.dtype)
        for array in arrays:
            total = total + array
        return np.broadcast_to(total, shape).astype(self.dtype)


_PLAIN = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu", "softplus": "Softplus"}
_WITH_ALPHA = {"leaky_relu": "LeakyRelu", "elu": "Elu"}


def _rnn(r: _Reader) -> Standard | None:
    """``h = f(W x + R h + b)``."""
    function, inner = r.function(r.new[0])
    found = r.matrices(r.sum(inner))
    if found is None or not found[1].any():
        return None
    W, R, b = found
    return Standard("RNN", W, R, np.concatenate([b, np.zeros_like(b)]), (function,))


# --- GRU ------------------------------------------------------------------------------------------------------


def _gru(r: _Reader) -> Standard | None:
    """``h = z h + (1 - z) n``."""
    for gate, candidate, keeps in _blends(r):
        if (found := _gru_of(r, gate, candidate, keeps)) is not None:
            return found
    return None


def _blends(r: _Reader) -> Iterator[tuple[Symbol, Symbol, bool]]:
    """A gate, the candidate, and whether the gate keeps the state, or lets the candidate in."""
    new, h = r.new[0], r.h
    if new.op != "add":
        return
    for a, b in (new.inputs, new.inputs[::-1]):
        a, b = r.bare(a), r.bare(b)
        for keep, state in r.factors(a):  # keep * h + let * n
            for let, candidate in r.factors(b) if state is h else ():
                if r.one_minus(let) is keep:
                    yield keep, candidate, True
                if r.one_minus(keep) is let:
                    yield let, candidate, False
        for gate, difference in r.factors(b):  # a + gate * (other - a)
            if difference.op == "sub" and r.bare(difference.inputs[1]) is a:
                other = r.bare(difference.inputs[0])
                if other is h:
                    yield gate, a, True
                elif a is h:
                    yield gate, other, False


def _gru_of(r: _Reader, gate: Symbol, candidate: Symbol, keeps: bool) -> Standard | None:
    gates, z_inner = r.function(gate)
    z = r.matrices(r.sum(z_inner))
    if z is None or gates[0] == "Affine" or (not keeps and gates[0] != "Sigmoid"):
        return None
    if not keeps:  # 1 - sigmoid(a) = sigmoid(-a)
        z = (-z[0], -z[1], -z[2])
    function, inner = r.function(candidate)
    total = r.sum(inner)
    if len(total.rest) != 1 or total.R:
        return None
    (sign, reset), total.rest = total.rest[0], []
    for read in (_reset_after, _reset_before):
        found = read(r, reset)
        if found is None:
            continue
        which, U, c, after = found
        reset_function, r_inner = r.function(which)
        n, rows = r.matrices(total), r.matrices(r.sum(r_inner))
        if n is None or rows is None or reset_function != gates or U.shape != (r.units, r.units):
            return None
        W = np.concatenate([z[0], rows[0], n[0]])
        R = np.concatenate([z[1], rows[1], (sign * U).astype(r.dtype)])
        b = np.concatenate([z[2], rows[2], n[2], np.zeros(2 * r.units, r.dtype), (sign * c).astype(r.dtype)])
        return Standard("GRU", W, R, b, (gates, function), before_reset=after)
    return None


Reset = tuple[Symbol, np.ndarray, np.ndarray, bool]


def _reset_after(r: _Reader, term: Symbol) -> Reset | None:
    """``reset * (U h + c)``."""
    for which, rest in r.factors(term):
        total = r.sum(rest)
        if not (total.W or total.rest) and len(total.R) == 1 and which not in r.constants:
            return which, total.R[0], r.added(total.b, (r.units,)), True
    return None


def _reset_before(r: _Reader, term: Symbol) -> Reset | None:
    """``U (reset * h)``."""
    product = r.product(term)
    for which, state in r.factors(product[1]) if product else ():
        if state is r.h:
            assert product is not None
            return which, product[0], np.zeros(r.units, r.dtype), False
    return None


# --- LSTM -----------------------------------------------------------------------------------------------------


def _lstm(r: _Reader) -> Standard | None:
    """``c = f c + i g``, ``h = o k(c)``."""
    new, c_new = r.new
    c = r.graph.states[1]
    if width(c) != r.units or c_new.op != "add":
        return None
    for o, made in r.factors(new):
        output, inner = r.function(made)
        if r.bare(inner) is not c_new:
            continue
        for kept, added in (c_new.inputs, c_new.inputs[::-1]):
            for f, state in r.factors(r.bare(kept)):
                for i, g in r.factors(r.bare(added)) if state is c else ():
                    if (found := _lstm_of(r, (i, o, f, g), output)) is not None:
                        return found
    return None


def _lstm_of(r: _Reader, gates: tuple[Symbol, ...], output: Function) -> Standard | None:
    i, o, f, g = gates
    c, c_new = r.graph.states[1], r.new[1]
    rows = [_gate(r, i, c), _gate(r, o, c_new), _gate(r, f, c)]
    function, inner = r.function(g)
    candidate = r.matrices(r.sum(inner))
    if candidate is None or any(row is None for row in rows):
        return None
    known = [row for row in rows if row is not None]
    if len({row[0] for row in known}) != 1 or known[0][0][0] == "Affine":
        return None
    W, R, b = (np.concatenate([*(row[1][k] for row in known), candidate[k]]) for k in range(3))
    P = np.concatenate([row[2] for row in known])
    functions = (known[0][0], function, output)
    return Standard("LSTM", W, R, np.concatenate([b, np.zeros_like(b)]), functions, P if P.any() else None)


def _gate(
    r: _Reader, gate: Symbol, peephole: Symbol
) -> tuple[Function, tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray] | None:
    """A gate's function, its rows of W, R and b, and its peephole; of ``1 - sigmoid(a)`` those of ``sigmoid(-a)``."""
    inside = r.one_minus(gate)
    function, inner = r.function(gate if inside is None else inside)
    if inside is not None and function[0] != "Sigmoid":
        return None
    total = r.sum(inner, peephole)
    found = r.matrices(total)
    if found is None:
        return None
    sign = 1 if inside is None else -1
    W, R, b = (sign * part for part in found)
    return function, (W, R, b), sign * r.added(total.P, (r.units,))
