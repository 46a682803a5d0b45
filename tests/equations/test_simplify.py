"""What a graph becomes before it is differentiated: nothing is computed twice, numbers meet vectors before matrices."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]
H, F = 5, 3


def network(cell, engine=None, units=H):
    net = el.Network(F, [el.Recurrent(cell, units), el.Dense(2)], dtype=np.float64, engine=engine)
    net.params.write(np.random.default_rng(1).normal(size=net.arena.size) * 0.5)
    return net


def hidden(p, x, h):
    return el.tanh(p.W @ x + p.U @ h + p.b)


@el.cell
def twice(p, x, h):
    """The hidden layer is written where it is read, as a function of two heads would."""
    return el.sigmoid(p.A @ hidden(p, x, h)) * (p.B @ hidden(p, x, h))


@el.cell
def once(p, x, h):
    s = hidden(p, x, h)
    return el.sigmoid(p.A @ s) * (p.B @ s)


@el.cell
def decayed(p, x, h):
    """A vector of parameters alone, which is used twice, and what is made of it cheaply."""
    a = el.exp(-el.exp(p.nu)) * el.sigmoid(el.scalar(p.s))
    return a * h + (1 - a) * el.tanh(p.W @ x) + el.exp(-el.exp(p.nu))


@el.cell
def associative(p, x, n, C):
    """A matrix that is a state: a number times an outer product, a number times the matrix, a sum of products."""
    k, i, f = p.W_k @ x, el.sigmoid(el.sum(p.w_i * x)), el.sigmoid(el.sum(p.w_f * x))
    C = f * C + i * el.outer(p.W_v @ x, k) - el.outer(n, k) * 0.1
    return el.tanh(el.matvec(C, p.W_q @ x) + el.sum(C * C) * 0.01), C


def explained(cell, **more):
    return network(cell, **more).explain("mse").splitlines()


def test_equal_products_are_computed_once_forward_and_back():
    assert explained(twice) == explained(once)


def test_vectors_of_parameters_are_made_once_a_run():
    lines = explained(decayed)
    made = [line for line in lines if line.startswith("once ")]
    assert len(made) == 2 and "exp" in made[0] + made[1]
    steps = lines[lines.index("stage 0") :]
    assert not any(line.rpartition(" = ")[2].startswith("exp(") for line in steps)
    assert any("sub(1, " in line for line in steps), "what is cheap is made at each step"


def test_long_rows_are_not_spread_over():
    lines = explained(associative, units=20)
    assert any("outer_add(" in line for line in lines) and any("scale(" in line for line in lines)
    assert any("dot(" in line for line in lines)
    assert not any("expand" in line for line in lines if "loop" in line and "C" in line)


@pytest.mark.parametrize("cell", [twice, decayed, associative], ids=lambda c: c.name)
def test_gradients_are_central_differences(cell):
    for units in (H, 17):
        assert el.check_gradients(network(cell, units=units), samples=40).worst < 1e-6


@pytest.mark.parametrize("cell", [twice, decayed, associative], ids=lambda c: c.name)
def test_engines_agree(cell):
    x = np.random.default_rng(0).normal(size=(4, 6, F))
    found = []
    for engine in BUILT:
        net = network(cell, engine, units=17)
        loss, gradients = net.loss_and_grads(x, np.ones((4, 6, 2)), lengths=np.array([6, 2, 4, 1]))
        found.append([net(x), loss, *gradients.values()])
    for values in found[1:]:
        for mine, theirs in zip(values, found[0], strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)
