"""Cells and plans that the engine tests share: built-in cells of each kind and some odd ones."""

from __future__ import annotations

import numpy as np

import elman.equations as eq
from elman.cells import catalogue
from elman.engine.plan import Plan
from elman.engine.schedule import LayerSpec, LossSpec, schedule


@eq.cell
def dense(p, x):
    return p.W @ x + p.b


@eq.cell(inputs=2)
def squared_error(p, y, target):
    return eq.mean(eq.square(y - target))


@eq.cell
def linear(p, x, h):
    return p.W @ x + p.U @ h


@eq.cell
def projected(p, x, h, c):
    c = eq.tanh(p.W @ x + p.U @ h + p.v * c)
    return p.P @ c, c


@eq.cell
def odd(p, x, h, k):
    """Softmax, a transposed matrix, a value used twice, dropout of both kinds, a row maximum."""
    u = p.W @ x
    return eq.softmax(u * h + p.U.T @ k) + eq.dropout(h, 0.3), eq.dropout(k, 0.2, once=True) * 0.5 + eq.max(u)


@eq.cell
def forgetful(p, x, h):
    """Returns its input's product only: the state is never read."""
    return eq.tanh(p.W @ x)


@eq.cell
def swapping(p, x, h, k):
    """Each state becomes the other."""
    return k, h + eq.sin(p.W @ x)


@eq.cell
def fast_weights(p, x, h, m):
    """A matrix as a state, parts of a product, vectors beside one another."""
    a, b = eq.split(p.W @ eq.concat(x, h), 2)
    m = 0.9 * m + eq.outer(0.5 * eq.tanh(a), eq.sigmoid(b))
    return eq.tanh(eq.vecmat(eq.matvec(m, b), m)), m


BUILT_IN = ("gru", "ind_rnn", "layer_norm_lstm", "li_gru", "lstm", "min_gru", "peephole_lstm", "simple")
CELLS = {
    **{name: catalogue()[name] for name in BUILT_IN},  # all others: tests/cells/test_catalogue.py
    "gru_before": catalogue()["gru"].with_options(reset_after=False),
    "relu": catalogue()["simple"].with_options(activation="relu"),
    "linear": linear,
    "projected": projected,
    "odd": odd,
    "forgetful": forgetful,
    "swapping": swapping,
    "fast_weights": fast_weights,
}
SIZES = {"projected": {"c": 4}}


def make_plan(
    name: str,
    F: int,
    H: int,
    O: int,
    *,
    last: bool = False,
    reverse: bool = False,
    root: bool = False,
    loss: bool = True,
) -> Plan:
    """A dense layer, the cell, a dense layer, and the mean squared error."""
    graphs = [
        dense.trace().bind([F], F),
        CELLS[name].trace().bind([F], H, SIZES.get(name)),
        dense.trace().bind([H], O),
    ]
    specs, offset = [], 0
    for number, graph in enumerate(graphs):
        offsets = {}
        for parameter in graph.parameters:
            offsets[parameter] = offset
            offset += int(np.prod(graph.shape(parameter)))
        middle = number == 1
        specs.append(LayerSpec(str(number), graph, offsets, last=middle and last, reverse=middle and reverse))
    spec = LossSpec(squared_error.trace().bind([O, O], None), root)
    return schedule(specs, F, offset, spec if loss else None, input_gradient=loss)


def batch(plan: Plan, B: int, T: int, seed: int, dtype=np.float64) -> dict:
    """Random parameters, input, target, states, weights for a plan.

    Weights shrink with the hidden size: states that explode (a relu's do) would magnify rounding without bound.
    """
    random = np.random.default_rng(seed)
    widths = [s.width for s in plan.given_states]
    deviation = 0.7 * min(1.0, (5 / max(widths)) ** 0.5)
    O = plan.slots[plan.goals[0].target].width
    shape = (B, T, O) if plan.stages[-1].sequence else (B, O)
    return {
        "parameters": random.normal(0, deviation, plan.parameters).astype(dtype),
        "x": random.normal(size=(B, T, plan.slots[plan.inputs[0].slot].width)).astype(dtype),
        "target": random.normal(size=shape).astype(dtype),
        "states": [random.normal(size=(B, w)).astype(dtype) for w in widths],
        "weights": random.uniform(0.5, 1.5, B),
        "lengths": random.integers(1, T + 1, B),
    }
