"""Functions that call themselves without end are refused with the user's line."""

from __future__ import annotations

import sys

import pytest

import elman as el


@pytest.fixture(autouse=True)
def few_calls():
    """What is deeper takes longer, and is refused alike."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(400)
    yield
    sys.setrecursionlimit(before)


def endless(x):
    h = el.GRU(3)(x)
    return endless(h)  # again and again


def endless_cell(p, x, h):
    return endless_cell(p, x, p.U @ h)  # of a cell


def endless_activation(x):
    return endless_activation(el.tanh(x))  # of an activation


def endless_loss(y, target):
    return endless_loss(y, target)  # of a loss


NETWORKS = {
    "a function": (lambda: el.Network(endless, inputs=2), r"\n.*return endless\(h\)"),
    "a cell": (lambda: el.Network(2, [el.Recurrent(el.cell(endless_cell), 3)]), r"\n.*return endless_cell\(p"),
    "a cell alone": (lambda: el.cell(endless_cell).trace(), r"\n.*return endless_cell\(p"),
    "an activation": (lambda: el.Network(2, [el.Dense(3, activation=endless_activation)]), r"\n.*endless_activation\("),
    "a loss": (lambda: el.Network(2, [el.Dense(1)]).explain(endless_loss), r"\n.*return endless_loss\("),
}


@pytest.mark.parametrize("what", NETWORKS)
def test_it_is_an_error_of_the_equations(what):
    make, said = NETWORKS[what]
    with pytest.raises(el.EquationError, match=f"deeper than the {sys.getrecursionlimit()} calls.*{said}") as caught:
        make()
    assert "test_endless.py" in str(caught.value)


def test_networks_can_be_made_afterwards():
    with pytest.raises(el.EquationError):
        el.Network(endless, inputs=2)
    assert el.Network(lambda x: el.GRU(3)(x), inputs=2).outputs == 3
    with pytest.raises(el.EquationError, match="without end"):
        el.Network(endless, inputs=2)
