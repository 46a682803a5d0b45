"""Attention over the steps of another axis, or of a row's own: outside of a recurrence and within."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.engine import ENGINES, make_engine, native_available
from elman.engine.interface import Batch, Gradients
from elman.engine.plan import Plan
from elman.engine.slots import ONCE
from tests.draws import draws
from tests.engine.attention_plans import looked_up, recurrent, to_itself
from tests.engine.graph_problems import data

BUILT = [e for e in ENGINES if e != "native" or native_available()]
native = pytest.mark.skipif(not native_available(), reason="the native engine is not built")
makers = st.sampled_from([looked_up, recurrent])


def plan_of(maker, axis: int, additive: bool) -> Plan:
    return maker(axis, additive, axes=2 if axis > 0 else 1)


def arrays_of(found: Gradients) -> list[np.ndarray]:
    return [found.parameters, *found.outputs, *found.states, *found.inputs, *(found.initial_states or [])]


def gradients(plan: Plan, engine: str, parameters: np.ndarray, batch: Batch, dtype=np.float64, threads=None):
    machine = make_engine(plan, dtype, engine, threads)
    return arrays_of(machine.gradients(parameters, batch, want_input=True, want_states=True))


@draws(40)
@given(
    maker=makers,
    axis=st.sampled_from([0, 1, ONCE]),
    additive=st.booleans(),
    ragged=st.booleans(),
    seed=st.integers(0, 99),
    engine=st.sampled_from(BUILT),
)
def test_gradients_are_those_of_central_differences(maker, axis, additive, ragged, seed, engine):
    plan = plan_of(maker, axis, additive)
    machine = make_engine(plan, np.float64, engine)
    parameters, batch = data(plan, 3, (4, 6), seed, ragged)
    batch = replace(batch, state_gradients=None)
    found = machine.gradients(parameters, batch, want_input=True, want_states=True)
    used = np.arange(4) < (np.full(3, 4) if batch.lengths[0] is None else batch.lengths[0])[:, None]

    def value() -> float:
        (y,), _ = machine.forward(parameters, batch)
        return float(np.sum((y * batch.targets[0])[used]))

    pairs = [(parameters, found.parameters), *zip(batch.inputs, found.inputs, strict=True)]
    pairs += zip(batch.states or [], found.initial_states or [], strict=True)
    random = np.random.default_rng(seed)
    for array, gradient in pairs:
        for i in random.choice(array.size, min(array.size, 6), replace=False):
            old, sides = array.flat[i], []
            for step in (1e-5, -1e-5):
                array.flat[i] = old + step
                sides.append(value())
            array.flat[i] = old
            assert gradient.flat[i] == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=2e-5, abs=2e-8)


@native
@draws(80)
@given(
    maker=makers,
    axis=st.sampled_from([0, 1, ONCE]),
    additive=st.booleans(),
    B=st.integers(1, 70),
    steps=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    ragged=st.booleans(),
    seed=st.integers(0, 99),
    threads=st.sampled_from([1, 2]),
)
def test_both_engines_find_the_same(maker, axis, additive, B, steps, ragged, seed, threads):
    plan = plan_of(maker, axis, additive)
    parameters, batch = data(plan, B, steps, seed, ragged)
    ours = gradients(plan, "native", parameters, batch, threads=threads)
    for a, b in zip(ours, gradients(plan, "numpy", parameters, batch), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9 * max(1, np.abs(b).max(initial=0)))


def in_float32(batch: Batch) -> Batch:
    def cast(arrays):
        return tuple(a.astype(np.float32) for a in arrays)

    states, gradients = (None if a is None else list(cast(a)) for a in (batch.states, batch.state_gradients))
    return replace(
        batch, inputs=cast(batch.inputs), targets=cast(batch.targets), states=states, state_gradients=gradients
    )


@native
@pytest.mark.parametrize("additive", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("maker", [looked_up, recurrent])
def test_bits_depend_on_neither_threads_nor_the_other_rows(maker, axis, additive):
    plan = plan_of(maker, axis, additive)
    parameters, batch = data(plan, 70, (37, 41), 3, True)
    parameters, batch = parameters.astype(np.float32), in_float32(batch)
    one, two = (gradients(plan, "native", parameters, batch, np.float32, threads) for threads in (1, 2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    for row in (0, 33):
        states, ends = ([a[row : row + 1] for a in arrays or []] for arrays in (batch.states, batch.state_gradients))
        alone = replace(batch.rows(slice(row, row + 1), states=states), state_gradients=ends)
        found = gradients(plan, "native", parameters, alone, np.float32)
        for whole, single in zip(one[1:], found[1:], strict=True):
            np.testing.assert_array_equal(single[0], whole[row])


@native
@pytest.mark.parametrize("ragged", [False, True])
def test_keys_may_be_made_where_they_are_attended_to(ragged):
    together, apart = to_itself(True), to_itself(False)
    parameters, batch = data(together, 40, (23,), 0, ragged)
    ours = gradients(together, "native", parameters, batch)
    for a, b in zip(ours, gradients(apart, "numpy", parameters, batch), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-11)


@pytest.mark.parametrize("engine", BUILT)
def test_large_scores_overflow_nowhere(engine):
    plan = looked_up(1, False)
    parameters, batch = data(plan, 2, (3, 4), 0, False)
    batch = replace(batch, inputs=(1e3 * batch.inputs[0], 1e3 * batch.inputs[1], batch.inputs[2]))
    for array in gradients(plan, engine, parameters, batch):
        assert np.isfinite(array).all()
