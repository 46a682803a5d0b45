"""The collection as texts: each is read back as the cell it was."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import catalogue
from elman.equations import Graph
from elman.equations.symbols import Parameter

TIMED = {
    f"{name}, timed": catalogue()[name].with_options(step="input")
    for name in ("ltc", "cfc", "ode_lstm", "time_aware_lstm")
}
CELLS = {**catalogue(), **TIMED}


def form(graph: Graph) -> tuple:
    """What a graph computes: its outputs as operations of equal values, which are one."""
    number: dict = {}
    found: dict[tuple, int] = {}
    for node in graph.nodes():
        leaf: tuple = ()
        if not node.inputs:
            fixed = node.value.tolist() if isinstance(node, Parameter) and node.value is not None else None
            leaf = (node.name, str(fixed)) if node.op != "const" else ()
        second = 0 if node.op.startswith("dropout") else node.second
        key = (node.op, node.first, second, *leaf, *(number[i] for i in node.inputs))
        number[node] = found.setdefault(key, len(found))
    return tuple(found), tuple(number[o] for o in graph.outputs)


def values(graph: Graph) -> list:
    return [(s.name, s.op) for s in (*graph.inputs, *graph.states)]


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_is_read_back_as_it_was(name):
    cell = CELLS[name]
    again = el.cell_from_text(el.cell_text(CELLS[name]))
    one, other = cell.trace(), again.trace()
    assert form(one) == form(other)
    assert values(one) == values(other) and again.name == cell.name
    assert (again.initial, again.valid) == (cell.initial, cell.valid)
    assert again.frozen == tuple(p for p in cell.frozen if p in one.parameters)
    assert set(one.parameters) == set(other.parameters)


@pytest.mark.parametrize("name", [n for n, c in CELLS.items() if len(c.inputs) == 1 and not c.memories])
def test_a_network_of_the_text_has_the_bits_of_the_cells(name):
    x = np.random.default_rng(0).normal(size=(2, 6, 4))
    x = 1 + np.abs(x) if name in TIMED else x
    made = [el.Recurrent(cell, 8) for cell in (CELLS[name], el.cell_from_text(el.cell_text(CELLS[name])))]
    one, other = (el.Network(4, [layer], seed=3, engine="numpy", dtype=np.float64) for layer in made)
    for parameter in one.params:
        other.params[parameter] = one.params[parameter]
    np.testing.assert_allclose(one(x), other(x), rtol=1e-12, atol=1e-12)


def test_what_a_text_cannot_say_is_refused():
    drawn = el.cell(lambda p, x, h: p.W @ x + h, initial={"W": lambda random, shape: np.ones(shape)})
    with pytest.raises(el.EquationError, match="begins W with values that a text cannot say"):
        el.cell_text(drawn)


@pytest.mark.parametrize("name", [name for name, cell in CELLS.items() if cell.trace().ranges])
def test_what_values_inputs_have_is_said_in_the_text(name):
    def said(cell):
        return [(s.op, s.first, s.second, s.name, [i.name for i in s.inputs], each) for s, each in cell.trace().ranges]

    assert said(el.cell_from_text(el.cell_text(CELLS[name]))) == said(CELLS[name]) != []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('x = within(h, "mass")', "the range of an input, x, or of a part of one"),
        ('x = within(x + 1, "mass")', "the range of an input, x, or of a part of one"),
        ("x = within(x, 1)", "says in words what an input is"),
        ("x = within(x)", "takes 2 to 4 arguments"),
        ('x = within(x, "a", h, 1)', "are numbers"),
        ('x = within(x, "a", 2, 1)', "nothing from 2 to 1"),
        ('x = within("x", "a")', "there are no texts in equations"),
        ('x = tanh("a")', "there are no texts in equations"),
        ('x = concat(x, "a")', "there are no texts in equations"),
        ('x = x + "a"', "there are no texts in equations"),
        (f'x = within(x, "{"a" * 200}")', "on one line of at most 120 characters"),
        ('x = within(x, """a""")', "on one line of at most 120 characters"),
    ],
)
def test_ranges_that_make_no_sense_are_told(line, reason):
    with pytest.raises(el.TextError, match=reason):
        el.cell_from_text(f"def f(p, x, h):\n    {line}\n    return tanh(x + h)")


def test_a_text_is_its_own_text():
    text = "def f(p, x, h):\n    return tanh(p.W @ x)   # as it was written\n"
    assert el.cell_text(el.cell_from_text(text)) == text
