"""The values of a step taken apart: activations, and sums of products, peepholes and biases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from elman.equations.graph import Graph
from elman.equations.symbols import Symbol, width

Constants = Mapping[Symbol, np.ndarray]
Function = tuple[str, float, float]  # what ONNX calls it, its alpha and beta

_NOTHING = ("copy", "stop_gradient", "dropout", "dropout_once")


@dataclass
class Sum:
    """Terms by what they multiply: the input, the state, a peephole, a bias; `rest` are terms of no such kind."""

    W: list[np.ndarray] = field(default_factory=list)
    R: list[np.ndarray] = field(default_factory=list)
    P: list[np.ndarray] = field(default_factory=list)
    b: list[np.ndarray] = field(default_factory=list)
    rest: list[tuple[float, Symbol]] = field(default_factory=list)


class Reader:
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
