"""Every operator of Python on a symbol: traced as NumPy computes it, or refused and told what to write."""

from __future__ import annotations

import math

import numpy as np
import pytest

import elman as el
from elman.equations.declared import Parameters
from elman.equations.symbols import Symbol

TRACED = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "number == ": lambda a, b: (a == 1.0) + 0 * b,
    "number <": lambda a, b: (a > 1) + 0 * b,
    "number **": lambda a, b: 2.0**a + 0 * b,
    "** number": lambda a, b: abs(a) ** 1.5 + (-b) ** 3,
    "+ -": lambda a, b: +a + -b,
    "np.equal": lambda a, b: np.equal(a, b),
    "np.not_equal": lambda a, b: np.not_equal(a, b),
    "np.greater": lambda a, b: np.greater(a, b),
    "np.greater_equal": lambda a, b: np.greater_equal(a, b),
    "np.power": lambda a, b: np.power(a, 2) + b,
    "np.float64 *": lambda a, b: np.float64(3) * a - np.int64(2) * b,
}
X = np.array([[[1.0, -2.0, 0.5]], [[3.0, 3.0, 0.0]]])
Y = np.array([[[1.0, 2.0, 8.0]], [[-1.0, 3.0, 4.0]]])


@pytest.mark.parametrize("engine", [e for e in ("numpy", "native") if e == "numpy" or el.engine.native_available()])
@pytest.mark.parametrize("name", TRACED)
def test_what_is_traced_is_what_numpy_computes(name, engine):
    def one(p, x, h):
        return TRACED[name](x, h) + 0 * x

    net = el.Network(3, [el.Recurrent(el.cell(one), 3)], dtype=np.float64, engine=engine)
    np.testing.assert_allclose(net(X, state=Y[:, 0])[:, 0], TRACED[name](X, Y)[:, 0] * 1.0, rtol=1e-12)


REFUSED = {
    "if": lambda x, p: 1 if x else 0,
    "if ==": lambda x, p: 1 if x == 0 else 0,
    "and": lambda x, p: x and 1,
    "not": lambda x, p: not x,
    "in tuple": lambda x, p: x in (1, 2),
    "in symbol": lambda x, p: 1 in x,
    "chained": lambda x, p: 0 < x < 1,
    "max": lambda x, p: max(x, 0),
    "sorted": lambda x, p: sorted([x, x * 2]),
    "sum": lambda x, p: sum(x),
    "for": lambda x, p: list(x),
    "unpack": lambda x, p: (lambda a, b: a)(*x),
    "reversed": lambda x, p: reversed(x),
    "len": lambda x, p: len(x),
    "index": lambda x, p: x[0],
    "slice": lambda x, p: x[:, 1:],
    "list index": lambda x, p: [1, 2][x],
    "range": lambda x, p: range(x),
    "float": lambda x, p: float(x),
    "int": lambda x, p: int(x),
    "complex": lambda x, p: complex(x),
    "round": lambda x, p: round(x),
    "floor": lambda x, p: math.floor(x),
    "ceil": lambda x, p: math.ceil(x),
    "trunc": lambda x, p: math.trunc(x),
    "math.exp": lambda x, p: math.exp(x),
    "format": lambda x, p: f"{x:.2f}",
    "call": lambda x, p: x(1),
    "//": lambda x, p: x // 2,
    "r//": lambda x, p: 2 // x,
    "%": lambda x, p: x % 2,
    "divmod": lambda x, p: divmod(x, 2),
    "&": lambda x, p: (x > 0) & (x < 1),
    "|": lambda x, p: (x > 0) | (x < 1),
    "^": lambda x, p: x ^ 1,
    "~": lambda x, p: ~(x > 0),
    "<<": lambda x, p: x << 1,
    "@": lambda x, p: x @ x,
    "array @": lambda x, p: np.ones((3, 3)) @ x,
    "@ array": lambda x, p: x @ np.ones((3, 3)),
    "+ array": lambda x, p: x + np.ones(3),
    "array +": lambda x, p: np.ones(3) + x,
    "+ list": lambda x, p: x + [1, 2],
    "== text": lambda x, p: x == "a",
    "== None": lambda x, p: x == None,  # noqa: E711
    "+ None": lambda x, p: x + None,
    "+ complex": lambda x, p: x + 1j,
    "NaN": lambda x, p: x + math.nan,
    "10 ** 400": lambda x, p: x * 10**400,
    "np.sum": lambda x, p: np.sum(x),
    "np.where": lambda x, p: np.where(x > 0, x, 0),
    "np.concatenate": lambda x, p: np.concatenate([x, x]),
    "np.stack": lambda x, p: np.stack([x, x]),
    "np.dot": lambda x, p: np.dot(p.W, x),
    "np.matmul": lambda x, p: np.matmul(p.W, x),
    "np.add.reduce": lambda x, p: np.add.reduce(x),
    "np out": lambda x, p: np.exp(x, out=np.zeros(3)),
    "np.logical_and": lambda x, p: np.logical_and(x, x),
    "np.array": lambda x, p: np.array([x, x]),
    "attribute": lambda x, p: x.shape,
    "x @ W": lambda x, p: x @ p.W,
    "W @ W": lambda x, p: p.W @ p.W,
    "W @ number": lambda x, p: p.W @ 2,
    "W @ array": lambda x, p: p.W @ np.ones(3),
    "W.T + x": lambda x, p: p.W.T + x,
    "2 * W.T": lambda x, p: 2 * p.W.T,
    "array * W.T": lambda x, p: np.ones(3) * p.W.T,
    "W.T == 1": lambda x, p: p.W.T == 1,
    "if W.T": lambda x, p: 1 if p.W.T else 0,
    "x @ W.T": lambda x, p: x @ p.W.T,
    "p.W = 1": lambda x, p: setattr(p, "W", 1),
    "p[...]": lambda x, p: p["W"] @ x,
    "table of a number": lambda x, p: p.E[0],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused(name):
    def one(p, x, h):
        return h + REFUSED[name](x, p)

    with pytest.raises(el.EquationError, match="\n  test_symbols.py:"):
        el.cell(one).trace()


def test_symbols_are_keys_by_identity():
    a, b = Symbol("input", name="a"), Symbol("input", name="a")
    assert {a: 1, b: 2}[a] == 1 and len({a, b, a}) == 2


def test_a_transposed_matrix_transposed_is_the_matrix():
    p = Parameters()
    assert p.W.T.T is p.W
