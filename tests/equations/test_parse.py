"""Texts of equations: read as Python reads them, and never run as Python."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import elman as el
from elman.equations.parse_functions import FUNCTIONS
from elman.equations.store import to_data
from tests.draws import draws

NAMES = {name: function.call for name, function in FUNCTIONS.items()}


def of_python(text: str) -> el.Cell:
    """The cell that Python makes of the same text."""
    found: dict = {"el": el, "cell": el.cell, "cells": el.cells, **NAMES}
    exec(text, found)
    name = text.partition("def ")[2].partition("(")[0]
    made = found[name]
    return made if isinstance(made, el.Cell) else el.cell(made)


def same(text: str) -> None:
    assert to_data(el.cell_from_text(text)) == to_data(of_python(text))


# --- random expressions -------------------------------------------------------------------------------------

UNARY = [n for n in FUNCTIONS if FUNCTIONS[n].needed == 1 and FUNCTIONS[n].names and n not in ("constant", "scalar")]
NUMBERS = st.sampled_from(["0.5", "2", "1e-3", "3.", ".25", "1", "0"])
VALUES = st.one_of(NUMBERS, st.sampled_from(["x", "h", "c", "z", "p.b", "(p.W @ x)", "p.U @ h", "x", "h"]))


def extended(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(["+", "-", "*", "/", "+", "*"])
    return st.one_of(
        st.tuples(inner, signs, inner).map(" ".join),
        st.tuples(inner, signs, inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda a: f"-{a}"),
        st.tuples(inner, st.sampled_from(["2", "0.5", "3", "-1"])).map(lambda p: f"({p[0]})**{p[1]}"),
        st.tuples(st.sampled_from(UNARY), inner).map(lambda p: f"{p[0]}(h + {p[1]})"),
        st.tuples(inner, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner).map(
            lambda p: f"((h + {p[0]}) {p[1]} {p[2]})"
        ),
        st.tuples(inner, inner, inner).map(lambda p: f"where(h < {p[0]}, {p[1]}, {p[2]})"),
        st.tuples(st.sampled_from(["maximum", "minimum"]), inner, inner).map(lambda p: f"{p[0]}(h, {p[1]} + {p[2]})"),
        inner.map(lambda a: f"clip(h * {a}, -1, 0.5)"),
        inner.map(lambda a: f"concat(h, {a} + c)[:-1]"),
    )


EXPRESSIONS = st.recursive(VALUES, extended, max_leaves=8)


@draws(150)
@given(EXPRESSIONS, EXPRESSIONS)
def test_random_equations_are_what_python_makes_of_them(first, second):
    text = f"def f(p, x, h, c):\n    z = tanh(p.V @ x)\n    h = h + {first}\n    return h, {second} + c\n"
    try:
        expected = to_data(of_python(text))
    except (el.ElmanError, ArithmeticError, TypeError, ValueError):
        with pytest.raises(el.ElmanError):
            el.cell_from_text(text)
    else:
        assert to_data(el.cell_from_text(text)) == expected


@draws(300)
@given(st.text(alphabet="xhcpW@+-*/()[]{}.,:=<>!\"'# \n1e2defrtunsigmoaT_é∂\t\\;%", max_size=120))
def test_any_text_is_read_or_refused_at_a_place_in_it(text):
    try:
        el.cell_from_text(text)
    except el.TextError as error:
        lines = text.split("\n")
        assert 1 <= error.line <= len(lines) + 1 and error.column >= 1 and error.reason


TEXTS = [
    "def f(p, x, h):\n    return tanh(p.W @ x + p.U @ h + p.b)",
    "@el.cell\ndef f(p, x, h):\n    'What it is.'\n    return el.tanh(p.W @ x)\n",
    "# a comment\n\n@cell(initial={'b': 1.5, \"U\": 'identity'}, frozen=['U'])\ndef f(p, x, h):\n    a = (p.W @ x\n"
    "         + p.U @ h)  # over two lines\n    return tanh(a + p.b)",
    "def f(p, x, h, c):\n    a, b = split(p.W @ x + p.U @ h, 2)\n    return a * b, c + a",
    "def f(p, x, h):\n    return split(p.W @ x + p.U @ h, 2)[1] * h",
    "def f(p, x, h):\n    W = p.g[:, None] * p.V / sqrt(sum(square(p.V)))\n    return tanh(W @ x + (p.M - p.M.T) @ h)",
    "def f(p, x, h):\n    return tanh(p.E[x] + p.U.T @ h)",
    "def f(p, x, h):\n    return tanh(p.W @ x[1:] + p.U @ h - x[..., :1] * h[-2:1:1]".replace("[-2:1:1]", "") + ")",
    "def f(p, x, h):\n    mask = constant([[1, 0], [0.5, -1]])\n    return tanh(p.W @ x + (mask * p.U) @ h)",
    "def f(p, x, h):\n    return tanh(blocks(p.W, 2) @ concat(x, x) + dropout(h, 0.1) + dropout(h, 0.2, once=True))",
    "@cell(memory=1)\ndef f(p, x, m, h):\n    return tanh(p.W @ x + p.V @ attend(p.U @ h, p.K @ m, m, vector=p.v))",
    "@cell(memory=1)\ndef f(p, x, m, h):\n    return tanh(p.W @ x + p.V @ attend(p.U @ h, p.K @ m, m, scale=0.5))",
    "@cell(initial=cells.lru.initial)\ndef f(p, x, h):\n    return tanh(p.W @ x) * exp(-exp(p.nu_log))",
    "def f(p, x):\n    return p.W @ x",
    "def f(p, x, h):\n    return -2**2 * h + 2**-1 * x + 2**h + (1 - 3) / 4 * h",
    "def f(p, x, h):\n    a = scalar(p.a)\n    return (a * h + (1 - a) * x,)",
    "def f(p, x, h):\n    y = p.V @ h\n    return y, tanh(h + p.W @ x)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_what_python_makes_of_it(text):
    same(text)


def test_a_text_trains_and_is_saved_like_any_cell(tmp_path):
    cell = el.cell_from_text(
        "def f(p, x, h):\n    z = sigmoid(p.W_z @ x)\n    return z * h + (1 - z) * tanh(p.W @ x)\n"
    )
    x = np.random.default_rng(0).normal(size=(16, 5, 2))
    net = el.Network(2, [el.Recurrent(cell, 4), el.Dense(1)], seed=1)
    net.fit(x, x.sum(axis=2, keepdims=True), epochs=2, verbose=0)
    net.save(tmp_path / "net.safetensors")
    again = el.load(tmp_path / "net.safetensors")
    assert (again(x) == net(x)).all() and "z" in net.trace(x)


def test_a_text_can_be_tried_on_arrays():
    cell = el.cell_from_text("def f(p, x, h):\n    return tanh(p * x) + h[:1] * 2\n".replace("p * x", "p.a * x"))
    from types import SimpleNamespace

    assert cell(SimpleNamespace(a=0.0), np.ones((2, 3)), np.ones((2, 3))).tolist() == [[2.0] * 3] * 2


def test_a_text_passes_to_other_processes():
    import pickle

    cell = el.cell_from_text("@cell(initial={'b': 2})\ndef f(p, x, h):\n    return tanh(p.W @ x + p.b + h)")
    again = pickle.loads(pickle.dumps(cell))
    assert to_data(again) == to_data(cell) and again.initial == {"b": 2}


def test_a_text_error_passes_to_other_processes():
    import pickle

    with pytest.raises(el.TextError) as found:
        el.cell_from_text("def f(p, x, h):\n    return tanh(q)")
    again = pickle.loads(pickle.dumps(found.value))
    assert str(again) == str(found.value) and again.column == 17


def test_sizes_that_cannot_match_are_told_with_the_line_of_the_text():
    cell = el.cell_from_text("def f(p, x, h):\n    a = p.W @ x\n    return tanh(a + x)\n")
    with pytest.raises(el.ShapeError, match=r"line 3: return tanh\(a \+ x\)"):
        el.Network(3, [el.Recurrent(cell, 5)])


def test_what_is_no_text_is_refused():
    with pytest.raises(el.OptionError, match="takes a text"):
        el.cell_from_text(b"def f(p, x, h):\n    return x")
