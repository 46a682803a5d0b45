"""What is saved for the backward step and where values lie: the cut is the cheapest, the slots are as few as can be."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.engine.backward import BackwardStage
from elman.engine.cut import sink_side
from elman.engine.needs import to_save
from elman.engine.places import Places
from elman.equations import cell, exp, log, normalise, sigmoid, tanh
from elman.equations.differentiate import differentiate
from elman.equations.simplify import simplify
from elman.errors import EngineError
from elman.network import Network, Recurrent, SimpleRNN
from tests.engine.zoo import make_plan


@given(st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, 5)), st.integers(0, 9), max_size=14))
def test_the_cut_is_the_cheapest(capacity):
    def cost(beyond):
        return sum(c for (a, b), c in capacity.items() if a not in beyond and b in beyond)

    others = [{5, *some} for k in range(5) for some in itertools.combinations(range(1, 5), k)]
    assert cost(sink_side(capacity, 0, 5)) == min(map(cost, others))


@cell
def long_way(p, x, h):
    """The slope of the last exp needs its value, which is a long way from the sum."""
    return exp(log(exp(log(exp(p.W @ x + h)))))


@cell
def short_way(p, x, h):
    a = p.W @ x + h
    return tanh(a) * sigmoid(a) * (a - 1)


def saved_ops(one):
    graph = simplify(one.trace().bind([3], 4))
    return sorted(s.op for s in to_save(graph, differentiate(graph)))


@cell
def normed(p, x, h):
    return tanh(p.s * normalise(p.W @ x + p.U @ h, 0.1))


def test_of_a_normalised_sum_the_value_and_one_number_a_row_are_saved():
    assert saved_ops(normed) == ["inverse_deviation", "normalise", "tanh"]


def test_what_costs_little_is_computed_again_from_what_is_saved():
    assert saved_ops(short_way) == ["add"]
    assert "exp" in saved_ops(long_way)  # and not all of it from the first sum


@pytest.mark.parametrize(("name", "gates"), [("lstm", 4), ("gru", 4), ("gru_before", 4), ("simple", 1)])
def test_gates_take_the_place_of_their_sums_and_deltas_that_of_the_gates(name, gates):
    """All that is kept of a step beside states: a slot for each sum, and the product or the operand within a GRU's."""
    plan = make_plan(name, F=3, H=7, O=2)
    kept = [s for s in plan.slots if s.stage == 1 and s.width == 7 and s.time == "steps"]
    assert len(kept) == gates + 1  # the last one is dL/d output


@cell
def residual(p, x, h):
    return x + tanh(p.W @ x + p.U @ h)


def test_a_sum_that_loses_its_place_is_refused(monkeypatch):
    """With heirs looked for in one section only, dL/dx would go on from a place that holds something else."""
    right = Places._heirs

    def in_this_section_only(self, nodes, lives):
        return {n: heir for n, heir in right(self, nodes, lives).items() if heir in nodes}

    layers = [SimpleRNN(4), Recurrent(residual, 4)]
    assert "add" in Network(4, layers).explain("mse")
    monkeypatch.setattr(Places, "_heirs", in_this_section_only)
    with pytest.raises(EngineError, match="a sum begins at"):
        Network(4, layers).explain("mse")


def test_a_gradient_summed_from_what_forgets_is_refused(monkeypatch):
    """A delta that is dL/d old state too, were it left in that state's place of two rows."""

    @cell
    def shared(p, x, h, k):
        z = sigmoid(p.W @ x)
        return tanh(h), z * k + z * (p.U @ h)

    layers = [SimpleRNN(4), Recurrent(shared, 4)]
    assert "d 1.U" in Network(3, layers).explain("mse")
    monkeypatch.setattr(BackwardStage, "_results", _without_copies(BackwardStage._results))
    with pytest.raises(EngineError, match="which forgets"):
        Network(3, layers).explain("mse")


def _without_copies(right):
    def results(self, others):
        fixed, nodes = right(self, others)
        plain = [n.inputs[0] if n.op == "copy" and n.inputs[0].inputs else n for n in nodes]
        return {p: fixed[n] for p, n in zip(plain, nodes, strict=True)}, plain

    return results
