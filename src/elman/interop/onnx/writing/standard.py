"""Standard nodes: which graph of a step is exactly ONNX's RNN, GRU or LSTM, whatever its cell is called.

Sums are taken apart into products with the input, products with the state, peepholes and biases; what is left over says
that the graph is another one. Gates are in ONNX's order, and biases that come twice there are the first of the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from elman.equations.graph import Graph
from elman.equations.symbols import Symbol, width
from elman.interop.onnx.writing.sums import Constants, Function, Reader

GATES = {"RNN": "h", "GRU": "z r h", "LSTM": "i o f c"}


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
        return _lstm(Reader(graph, constants))
    reader = Reader(graph, constants)
    return _rnn(reader) or _gru(reader)


def _rnn(r: Reader) -> Standard | None:
    """``h = f(W x + R h + b)``."""
    function, inner = r.function(r.new[0])
    found = r.matrices(r.sum(inner))
    if found is None or not found[1].any():
        return None
    W, R, b = found
    return Standard("RNN", W, R, np.concatenate([b, np.zeros_like(b)]), (function,))


# --- GRU ------------------------------------------------------------------------------------------------------


def _gru(r: Reader) -> Standard | None:
    """``h = z h + (1 - z) n``."""
    for gate, candidate, keeps in _blends(r):
        if (found := _gru_of(r, gate, candidate, keeps)) is not None:
            return found
    return None


def _blends(r: Reader) -> Iterator[tuple[Symbol, Symbol, bool]]:
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


def _gru_of(r: Reader, gate: Symbol, candidate: Symbol, keeps: bool) -> Standard | None:
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


def _reset_after(r: Reader, term: Symbol) -> Reset | None:
    """``reset * (U h + c)``."""
    for which, rest in r.factors(term):
        total = r.sum(rest)
        if not (total.W or total.rest) and len(total.R) == 1 and which not in r.constants:
            return which, total.R[0], r.added(total.b, (r.units,)), True
    return None


def _reset_before(r: Reader, term: Symbol) -> Reset | None:
    """``U (reset * h)``."""
    product = r.product(term)
    for which, state in r.factors(product[1]) if product else ():
        if state is r.h:
            assert product is not None
            return which, product[0], np.zeros(r.units, r.dtype), False
    return None


# --- LSTM -----------------------------------------------------------------------------------------------------


def _lstm(r: Reader) -> Standard | None:
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


def _lstm_of(r: Reader, gates: tuple[Symbol, ...], output: Function) -> Standard | None:
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
    r: Reader, gate: Symbol, peephole: Symbol
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
