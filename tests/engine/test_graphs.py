"""Layers that read several others, and are read by several: any graph without a circle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from elman.engine import ENGINES, make_engine, native_available
from elman.engine.interface import How
from elman.engine.plan import Plan
from elman.engine.stage import MoveSpec, Source
from elman.errors import EngineError
from tests.draws import draws
from tests.engine.graph_problems import Drawn, Problem, data, graphs, with_state_gradients

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)


def chain(*layers: Drawn, seeded: bool = False) -> Plan:
    return Problem((0,), layers, (len(layers) - 1,)).plan(seeded=seeded)


def slopes(value, array: np.ndarray, chosen: np.ndarray) -> list[float]:
    found = []
    for i in chosen:
        old, sides = array.flat[i], []
        for step in (1e-5, -1e-5):
            array.flat[i] = old + step
            sides.append(value())
        array.flat[i] = old
        found.append((sides[0] - sides[1]) / 2e-5)
    return found


@draws(100)
@given(problem=graphs(), ragged=st.booleans(), seed=st.integers(0, 99), engine=st.sampled_from(BUILT))
def test_gradients_are_those_of_central_differences(problem, ragged, seed, engine):
    plan = problem.plan()
    machine = make_engine(plan, np.float64, engine)
    parameters, batch = data(plan, 3, (4, 3), seed, ragged)
    found = machine.gradients(parameters, batch, want_input=True, want_states=True)

    def value() -> float:
        here = machine.gradients(parameters, batch)
        return with_state_gradients(here.loss, here.states, batch)

    random = np.random.default_rng(seed)
    pairs = [(parameters, found.parameters), *zip(batch.inputs, found.inputs, strict=True)]
    pairs += list(zip(batch.states or [], found.initial_states or [], strict=True))
    for array, gradient in pairs:
        chosen = random.choice(array.size, min(array.size, 8), replace=False)
        np.testing.assert_allclose(gradient.flat[chosen], slopes(value, array, chosen), rtol=2e-5, atol=2e-8)


@pytest.mark.skipif(not native_available(), reason="the native engine is not built")
@draws(100)
@given(
    problem=graphs(),
    B=st.integers(1, 70),
    steps=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    ragged=st.booleans(),
    seed=st.integers(0, 99),
    memory=st.sampled_from(["normal", "low"]),
    seeded=st.booleans(),
)
def test_both_engines_find_the_same(problem, B, steps, ragged, seed, memory, seeded):
    plan = problem.plan(seeded=seeded)
    memory = memory if problem.goes_in_segments else "normal"
    parameters, batch = data(plan, B, steps, seed, ragged)
    ours, oracle = (
        make_engine(plan, np.float64, engine).gradients(parameters, batch, How(how), want_input=True, want_states=True)
        for engine, how in (("native", memory), ("numpy", "normal"))
    )
    assert ours.loss == pytest.approx(oracle.loss, rel=1e-10)
    pairs = [(ours.parameters, oracle.parameters)]
    pairs += [*zip(ours.inputs, oracle.inputs, strict=True), *zip(ours.outputs, oracle.outputs, strict=True)]
    pairs += zip(ours.states + ours.initial_states, oracle.states + oracle.initial_states, strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9 * max(1, np.abs(b).max(initial=0)))


@draws(40)
@given(
    problem=graphs(axes=1, simple=True), ragged=st.booleans(), seed=st.integers(0, 99), engine=st.sampled_from(BUILT)
)
def test_low_memory_is_the_same(problem, ragged, seed, engine):
    plan = problem.plan()
    machine = make_engine(plan, np.float64, engine)
    parameters, batch = data(plan, 5, (7,), seed, ragged)
    whole, low = (machine.gradients(parameters, batch, How(memory), want_input=True) for memory in ("normal", "low"))
    np.testing.assert_allclose(low.parameters, whole.parameters, rtol=1e-10, atol=1e-12)
    for a, b in zip(low.outputs + low.inputs, whole.outputs + whole.inputs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@draws(60)
@given(problem=graphs(), seed=st.integers(0, 99), engine=st.sampled_from(BUILT))
def test_a_row_alone_is_the_row_in_its_batch(problem, seed, engine):
    plan = problem.plan()
    assume(not plan.meetings)
    machine = make_engine(plan, np.float64, engine)
    parameters, batch = data(plan, 6, (5, 4), seed, True)
    together, finals = machine.forward(parameters, batch)
    for row in (0, 4):
        alone = batch.rows(slice(row, row + 1), states=[s[row : row + 1] for s in batch.states or []])
        outputs, states = machine.forward(parameters, alone)
        for whole, one in zip((*together, *finals), (*outputs, *states), strict=True):
            np.testing.assert_allclose(one[0], whole[row], rtol=1e-14, atol=1e-14)


@engines
def test_a_residual_adds_what_it_skips(engine):
    gru = Drawn("gru", (Source(-1),))
    plain, residual = chain(gru), chain(gru, Drawn("added", (Source(0), Source(-1))))
    parameters, batch = data(plain, 4, (6,), 0, True)
    (y,), _ = make_engine(plain, np.float64, engine).forward(parameters, batch)
    (both,), _ = make_engine(residual, np.float64, engine).forward(parameters, batch)
    used = np.arange(6) < batch.lengths[0][:, None]
    np.testing.assert_array_equal(both, np.where(used[..., None], y + batch.inputs[0], 0))


@engines
def test_both_directions_are_two_networks(engine):
    """A bidirectional layer is a sum here; each direction is that of a network of its own."""
    directions = [Drawn("gru", (Source(-1),), reverse=reverse) for reverse in (False, True)]
    both = chain(*directions, Drawn("added", (Source(0), Source(1))), seeded=True)
    parameters, batch = data(both, 4, (6,), 0, True)
    found = make_engine(both, np.float64, engine).gradients(parameters, batch, want_input=True, want_states=True)
    alone = []
    for k, (half, direction) in enumerate(zip(np.split(parameters, 2), directions, strict=True)):
        one = replace(batch, states=[batch.states[k]], state_gradients=[batch.state_gradients[k]])
        machine = make_engine(chain(direction, seeded=True), np.float64, engine)
        alone.append(machine.gradients(half, one, want_input=True, want_states=True))
    np.testing.assert_allclose(found.output, alone[0].output + alone[1].output, rtol=1e-14)
    np.testing.assert_allclose(found.input, alone[0].input + alone[1].input, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found.parameters, np.concatenate([a.parameters for a in alone]), rtol=1e-12, atol=1e-13)


@engines
def test_a_decoder_begins_where_the_encoder_ended(engine):
    """The same as two networks, the second of which is given the first one's final states."""
    lstm = Drawn("lstm", (Source(-1),))
    both = Problem((0, 1), (lstm, Drawn("lstm", (Source(-2),), (Source(0, 0), Source(0, 1)))), (1,)).plan(seeded=True)
    assert len(both.free_states) == 2
    parameters, batch = data(both, 5, (6, 4), 0, True)
    batch = replace(batch, state_gradients=None)
    whole = make_engine(both, np.float64, engine).gradients(parameters, batch, want_input=True, want_states=True)
    alone = make_engine(chain(lstm, seeded=True), np.float64, engine)
    first, second = np.split(parameters, 2)
    source = replace(batch, inputs=batch.inputs[:1], targets=(), lengths=batch.lengths[:1])
    _, ends = alone.forward(first, source)
    target = replace(batch, inputs=batch.inputs[1:], lengths=batch.lengths[1:], states=ends)
    decoded = alone.gradients(second, target, want_input=True, want_states=True)
    np.testing.assert_array_equal(whole.output, decoded.output)
    nothing = np.zeros((5, 6, 3))
    encoded = alone.gradients(
        first, replace(source, targets=(nothing,), state_gradients=decoded.initial_states), want_states=True
    )
    np.testing.assert_allclose(whole.parameters, np.concatenate([encoded.parameters, decoded.parameters]), atol=1e-12)


def test_a_layer_that_nobody_reads_is_refused():
    gru = Drawn("gru", (Source(-1),))
    with pytest.raises(EngineError, match=r"layer 0 \(0\) is read by no other"):
        chain(gru, gru)


def test_steps_of_two_axes_are_not_mixed():
    with pytest.raises(EngineError, match="one time axis beside those of another"):
        Problem((0, 1), (Drawn("added", (Source(-1), Source(-2))),), (0,)).plan()
    with pytest.raises(EngineError, match="take of what has one step"):
        once = Drawn(MoveSpec("sum"), (Source(-1),))
        chain(once, Drawn(MoveSpec("take"), (Source(0),)))
