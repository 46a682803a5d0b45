"""Tracing, differentiating and scheduling in several threads at once: what one thread would have got."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import elman as el
from elman.cells import catalogue
from elman.engine.schedule import schedule
from elman.network.engines import layer_spec
from tests.of_catalogue import ONE_INPUT


@pytest.fixture
def switching_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def at_once(work, items):
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(work, items))


def traced(name):
    graph = catalogue()[name].trace().bind([3], 5)
    return {p: graph.shape(p) for p in graph.parameters}, sorted(graph.names.values()), len(graph.relations)


def test_every_thread_traces_its_own_cell(switching_often):
    names = sorted(ONE_INPUT) * 12
    alone = {name: traced(name) for name in set(names)}
    assert at_once(traced, names) == [alone[name] for name in names]


def test_dropouts_are_numbered_by_trace(switching_often):
    @el.cell
    def dropping(p, x, h):
        return el.dropout(p.W @ x, 0.2) + el.dropout(h, 0.3) + el.dropout(x, 0.4)

    def numbers(_):
        return sorted(n.second for n in dropping.trace().nodes() if n.op == "dropout")

    assert at_once(numbers, range(80)) == [[0, 1, 2]] * 80


def test_one_network_is_scheduled_in_several_threads(switching_often):
    net = el.Network(3, [el.GRU(4), el.Recurrent(el.cells.layer_norm_lstm, 4), el.Dense(2)])

    def plan(_):
        specs = [layer_spec(net, number) for number in range(3)]
        return schedule(specs, 3, net.arena.size, seeded=True, input_gradient=True)

    assert len(set(map(repr, [plan(0), *at_once(plan, range(12))]))) == 1


def test_a_trace_shows_the_same_whatever_ran_before():
    @el.cell
    def one(p, x, h):
        z = el.sigmoid(p.W @ x + p.U @ h)
        unused = p.W @ x * 2  # noqa: F841
        keep = 1 - z
        new = el.normalise(p.V @ x, 0.1)
        return z * h + keep * new

    net, x = el.Network(2, [el.Recurrent(one, 3)]), np.random.default_rng(0).normal(size=(2, 4, 2))
    before = net.trace(x)
    net(x)
    net.loss_and_grads(x, np.zeros((2, 4, 3)))
    after = net.trace(x)
    assert set(before) == set(after) == {*"h z keep new".split(), *(f"0.{n}" for n in "h z keep new".split())}
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert one.equations() == [
        "z = σ(W x + U h)",
        "keep = 1 - z",
        "new = normalise(V x, 0.1)",
        "h_t = z * h + keep * new",
    ]
