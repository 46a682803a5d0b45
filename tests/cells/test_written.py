"""The collection as texts: each is read back as the cell it was."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import catalogue
from elman.equations import Graph
from elman.equations.symbols import Parameter

RANGED = [name for name, cell in catalogue().items() if cell.trace().ranges]
CELLS = {name: cell for name, cell in catalogue().items() if name not in RANGED}


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
    again = el.cell_from_text(el.cell_text(name))
    one, other = cell.trace(), again.trace()
    assert form(one) == form(other)
    assert values(one) == values(other) and again.name == cell.name
    assert (again.initial, again.valid) == (cell.initial, cell.valid)
    assert again.frozen == tuple(p for p in cell.frozen if p in one.parameters)
    assert set(one.parameters) == set(other.parameters)


@pytest.mark.parametrize("name", [n for n, c in CELLS.items() if len(c.inputs) == 1 and not c.memories])
def test_a_network_of_the_text_has_the_bits_of_the_cells(name):
    x = np.random.default_rng(0).normal(size=(2, 6, 4))
    made = [el.Recurrent(cell, 8) for cell in (CELLS[name], el.cell_from_text(el.cell_text(name)))]
    one, other = (el.Network(4, [layer], seed=3, engine="numpy", dtype=np.float64) for layer in made)
    for parameter in one.params:
        other.params[parameter] = one.params[parameter]
    np.testing.assert_allclose(one(x), other(x), rtol=1e-12, atol=1e-12)


def test_what_a_text_cannot_say_is_refused():
    drawn = el.cell(lambda p, x, h: p.W @ x + h, initial={"W": lambda random, shape: np.ones(shape)})
    with pytest.raises(el.EquationError, match="begins W with values that a text cannot say"):
        el.cell_text(drawn)


@pytest.mark.parametrize("name", RANGED)
def test_cells_that_say_what_values_their_inputs_have_are_refused(name):
    with pytest.raises(el.EquationError, match="says what values its inputs may have, which a text cannot say"):
        el.cell_text(name)


def test_a_text_is_its_own_text():
    text = "def f(p, x, h):\n    return tanh(p.W @ x)   # as it was written\n"
    assert el.cell_text(el.cell_from_text(text)) == text
