"""Layers that read several others, and are read by several: any graph without a circle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import elman.equations as eq
from elman.cells import catalogue
from elman.engine import ENGINES, make_engine, native_available
from elman.engine.interface import Batch, How
from elman.engine.plan import Plan
from elman.engine.schedule import LayerSpec, LossSpec, schedule
from elman.errors import EngineError
from tests.engine.zoo import squared_error

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
N = 3  # the width of everything, so that anything may read anything


@eq.cell
def dense(p, x):
    return eq.tanh(p.W @ x + p.b)


@eq.cell(inputs=2)
def added(p, a, b):
    return a + b


@eq.cell(inputs=2)
def gated(p, a, b):
    return eq.sigmoid(p.W @ a) * b + a


@eq.cell(inputs=2)
def recurrent(p, a, b, h):
    return eq.tanh(p.W @ a + p.V @ b + p.U @ h) + a * b


@eq.cell
def passing(p, x):
    return x


CELLS = {
    "dense": dense,
    "passing": passing,
    "simple": catalogue()["simple"],
    "gru": catalogue()["gru"],
    "lstm": catalogue()["lstm"],
    "added": added,
    "gated": gated,
    "recurrent": recurrent,
}


def planned(layers: list[tuple], *, seeded: bool = False, last: bool = False, **more) -> Plan:
    """The plan of layers (cell, sources, reverse), the last one of which may return its last step only."""
    specs, offset = [], 0
    for number, (name, sources, reverse) in enumerate(layers):
        cell = CELLS[name].trace()
        graph = cell.bind([N] * len(sources), N if name != "passing" and name != "added" else None)
        offsets = {}
        for parameter in graph.parameters:
            offsets[parameter] = offset
            offset += int(np.prod(graph.shape(parameter)))
        ends = last and number == len(layers) - 1
        specs.append(LayerSpec(f"{number}", graph, offsets, ends, reverse, tuple(sources)))
    loss = None if seeded else LossSpec(squared_error.trace().bind([N, N], None))
    return schedule(specs, N, offset, loss, seeded=seeded, input_gradient=True, **more)


@st.composite
def graphs(draw) -> list[tuple]:
    """Layers that read any before them; those that nobody reads are added up at the end."""
    layers: list[tuple] = []
    for number in range(draw(st.integers(1, 5))):
        name = draw(st.sampled_from(sorted(CELLS)))
        count = 2 if name in ("added", "gated", "recurrent") else 1
        sources = [draw(st.integers(-1, number - 1)) for _ in range(count)]
        layers.append((name, sources, draw(st.booleans())))
    read = {s for _, sources, _ in layers for s in sources}
    loose = [n for n in range(len(layers)) if n not in read]
    while len(loose) > 1:
        layers.append(("added", [loose.pop(), loose.pop()], False))
        loose.append(len(layers) - 1)
    return layers


def data(plan: Plan, B: int, T: int, seed: int, ragged: bool) -> tuple[np.ndarray, Batch]:
    random = np.random.default_rng(seed)
    widths = [s.width for stage in plan.stages for s in stage.states]
    shape = (B, T, N) if plan.axis(plan.outputs[0]) >= 0 else (B, N)
    return random.normal(0, 0.7, plan.parameters), Batch.of(
        random.normal(size=(B, T, N)),
        random.normal(size=shape),
        random.integers(1, T + 1, B) if ragged else None,
        random.uniform(0.5, 1.5, B),
        states=[random.normal(size=(B, w)) for w in widths],
    )


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


@settings(max_examples=60, deadline=None)
@given(
    layers=graphs(), ragged=st.booleans(), last=st.booleans(), seed=st.integers(0, 99), engine=st.sampled_from(BUILT)
)
def test_gradients_are_those_of_central_differences(layers, ragged, last, seed, engine):
    plan = planned(layers, last=last and bool(CELLS[layers[-1][0]].states))
    machine = make_engine(plan, np.float64, engine)
    parameters, batch = data(plan, 3, 4, seed, ragged)
    found = machine.gradients(parameters, batch, want_input=True, want_states=True)
    random = np.random.default_rng(seed)
    pairs = [(parameters, found.parameters), (batch.inputs[0], found.input)]
    pairs += list(zip(batch.states or [], found.initial_states or [], strict=True))
    for array, gradient in pairs:
        chosen = random.choice(array.size, min(array.size, 12), replace=False)
        numerical = slopes(lambda: machine.gradients(parameters, batch).loss, array, chosen)
        np.testing.assert_allclose(gradient.flat[chosen], numerical, rtol=1e-5, atol=1e-8)


@pytest.mark.skipif(not native_available(), reason="the native engine is not built")
@settings(max_examples=80, deadline=None)
@given(
    layers=graphs(),
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 30)),
    ragged=st.booleans(),
    seed=st.integers(0, 99),
    memory=st.sampled_from(["normal", "low"]),
    seeded=st.booleans(),
)
def test_both_engines_find_the_same(layers, sizes, ragged, seed, memory, seeded):
    plan = planned(layers, seeded=seeded)
    if any(reverse for _, _, reverse in layers):
        memory = "normal"
    parameters, batch = data(plan, *sizes, seed, ragged)
    ours, oracle = (
        make_engine(plan, np.float64, engine).gradients(parameters, batch, How(how), want_input=True, want_states=True)
        for engine, how in (("native", memory), ("numpy", "normal"))
    )
    assert ours.loss == pytest.approx(oracle.loss, rel=1e-10)
    pairs = [(ours.parameters, oracle.parameters), (ours.input, oracle.input), (ours.output, oracle.output)]
    for a, b in [*pairs, *zip(ours.states + ours.initial_states, oracle.states + oracle.initial_states, strict=True)]:
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9 * max(1, np.abs(b).max(initial=0)))


@engines
def test_a_residual_adds_what_it_skips(engine):
    plain, residual = planned([("gru", [-1], False)]), planned([("gru", [-1], False), ("added", [0, -1], False)])
    parameters, batch = data(plain, 4, 6, 0, True)
    (y,), _ = make_engine(plain, np.float64, engine).forward(parameters, batch)
    (both,), _ = make_engine(residual, np.float64, engine).forward(parameters, batch)
    used = np.arange(6) < batch.lengths[0][:, None]
    np.testing.assert_array_equal(both, np.where(used[..., None], y + batch.inputs[0], 0))


@engines
def test_both_directions_are_two_networks(engine):
    """A bidirectional layer is a sum here; each direction is that of a network of its own."""
    both = planned([("gru", [-1], False), ("gru", [-1], True), ("added", [0, 1], False)], seeded=True)
    parameters, batch = data(both, 4, 6, 0, True)
    found = make_engine(both, np.float64, engine).gradients(parameters, batch, want_input=True, want_states=True)
    halves = np.split(parameters, 2)
    alone = []
    for half, states, reverse in zip(halves, batch.states, (False, True), strict=True):
        one = replace(batch, states=[states], weights=())
        plan = planned([("gru", [-1], reverse)], seeded=True)
        alone.append(make_engine(plan, np.float64, engine).gradients(half, one, want_input=True, want_states=True))
    np.testing.assert_allclose(found.output, alone[0].output + alone[1].output, rtol=1e-14)
    np.testing.assert_allclose(found.input, alone[0].input + alone[1].input, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found.parameters, np.concatenate([a.parameters for a in alone]), rtol=1e-12, atol=1e-13)


def test_a_layer_that_nobody_reads_is_refused():
    with pytest.raises(EngineError, match=r"layer 0 \(0\) is read by no other"):
        planned([("gru", [-1], False), ("gru", [-1], False)])
