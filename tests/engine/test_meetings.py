"""Where the rows of a batch meet: all of them and all of their steps, however a batch goes through time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.engine import ENGINES, make_engine, native_available
from elman.engine.describe import describe
from elman.engine.interface import Batch, How, Updates
from elman.engine.schedule import schedule
from elman.engine.slots import Ref
from elman.engine.stage import LayerSpec, LossSpec, NormSpec, Source
from tests.draws import draws
from tests.engine.graph_problems import Drawn, Problem, data, normalising
from tests.engine.test_truncated import pieces
from tests.engine.zoo import squared_error

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
NORM = "normalising"


def chain(*what: str, last: bool = False, **options):
    """Layers one on the other; with `last` the last recurrent one returns its last step."""
    ends = max((n for n, name in enumerate(what) if name in ("gru", "lstm")), default=-1) if last else -1
    layers = tuple(Drawn(name, (Source(n - 1),), last=n == ends) for n, name in enumerate(what))
    return Problem((0,), layers, (len(layers) - 1,)).plan(**options)


@engines
def test_the_moments_are_those_of_all_rows_and_steps_in_use(engine):
    plan = chain(NORM)
    parameters, batch = data(plan, 9, (6,), 0, True)
    batch = replace(batch, inputs=(1e4 + batch.inputs[0],))  # far from zero, where squares would lose it
    parameters[:3], parameters[3:] = 1, 0
    (y,), _ = make_engine(plan, np.float64, engine).forward(parameters, batch)
    used = np.arange(6) < batch.lengths[0][:, None]
    x = batch.inputs[0][used]
    np.testing.assert_allclose(y[used], (x - x.mean(0)) / np.sqrt(x.var(0) + 0.1), rtol=1e-10, atol=1e-11)
    assert not y[~used].any()


@draws(60)
@given(
    engine=st.sampled_from(BUILT),
    what=st.lists(st.sampled_from([NORM, "gru", "dense", "lstm"]), min_size=1, max_size=5),
    B=st.integers(1, 9),
    T=st.integers(1, 17),
    last=st.booleans(),
    ragged=st.booleans(),
    seeded=st.booleans(),
    seed=st.integers(0, 99),
)
def test_little_memory_finds_the_same(engine, what, B, T, last, ragged, seeded, seed):
    plan = chain(*what, last=last, seeded=seeded)
    machine = make_engine(plan, np.float64, engine)
    parameters, batch = data(plan, B, (T,), seed, ragged)
    whole, low = (
        machine.gradients(parameters, batch, How(memory), want_input=True, want_states=True)
        for memory in ("normal", "low")
    )
    assert low.loss == pytest.approx(whole.loss, rel=1e-10)
    pairs = [(low.parameters, whole.parameters), (low.output, whole.output), (low.input, whole.input)]
    for a, b in [*pairs, *zip(low.states + low.initial_states, whole.states + whole.initial_states, strict=True)]:
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-10 * max(1, np.abs(b).max(initial=0)))
    for (a,), _ in (machine.forward(parameters, batch, How(memory)) for memory in ("normal", "low")):
        np.testing.assert_allclose(a, whole.output, rtol=0, atol=1e-10 * max(1, np.abs(a).max()))


def in_pieces(machine, parameters: np.ndarray, batch: Batch, k: int) -> Batch:
    """The pieces of all rows as rows of their own, each with the states that it begins with."""
    machine.forward(parameters, batch)
    values = [machine.read(Ref(state.values)) for state in machine.plan.free_states]
    rows = [(b, piece, piece.stop == n) for b, n in enumerate(batch.lengths[0]) for piece in pieces(n, k)]

    def cut(array: np.ndarray) -> np.ndarray:
        out = np.zeros((len(rows), k, array.shape[2]))
        for row, (b, piece, _) in zip(out, rows, strict=True):
            row[: piece.stop - piece.start] = array[b, piece]
        return out

    numbers = np.array([b for b, _, _ in rows])
    (x,), (target,), (weights,) = batch.inputs, batch.targets, batch.weights
    single = target.ndim == 2
    return Batch(
        (cut(x),),
        (target[numbers] if single else cut(target),),
        (np.array([piece.stop - piece.start for _, piece, _ in rows]),),
        (weights[numbers] * np.array([ends or not single for _, _, ends in rows]),),
        [np.stack([v[piece.start, b] for b, piece, _ in rows]) for v in values],
    )


@draws(60)
@given(
    engine=st.sampled_from(BUILT),
    what=st.sampled_from([(NORM, "gru"), ("gru", NORM, "lstm"), ("lstm", NORM, "dense", NORM, "gru"), ("gru", NORM)]),
    B=st.integers(1, 7),
    T=st.integers(1, 17),
    k=st.integers(1, 9),
    last=st.booleans(),
    seed=st.integers(0, 99),
)
def test_truncated_it_is_a_batch_of_pieces(engine, what, B, T, k, last, seed):
    plan = chain(*what, last=last and what[-1] != NORM)
    machine = make_engine(plan, np.float64, engine)
    parameters, batch = data(plan, B, (T,), seed, True)
    lengths = tuple(None if a is None else np.maximum(a, 1) for a in batch.lengths)  # an empty row has no piece
    batch = replace(batch, state_gradients=None, lengths=lengths)
    truth = machine.gradients(parameters, in_pieces(machine, parameters, batch, k))
    found = machine.gradients(parameters, batch, How(truncate=k))
    assert found.loss == pytest.approx(truth.loss, rel=1e-9)
    scale = max(1, np.abs(truth.parameters).max())
    np.testing.assert_allclose(found.parameters, truth.parameters, rtol=0, atol=1e-9 * scale)
    whole = machine.gradients(parameters, batch)
    np.testing.assert_allclose(found.output, whole.output, atol=1e-10 * max(1, np.abs(whole.output).max()))


@engines
@pytest.mark.parametrize("how", [{}, {"memory": "low"}, {"truncate": 3}])
def test_running_moments_follow_the_batch_however_it_goes_through_time(engine, how):
    random = np.random.default_rng(0)
    x, target = random.normal(2, 3, (6, 8, 2)), random.normal(size=(6, 8, 2))
    net = el.Network(2, [el.BatchNorm(momentum=0.5)], dtype=np.float64, engine=engine)
    net.fit(x, target, lengths=[8, 1, 5, 8, 2, 3], epochs=1, batch_size=6, shuffle=False, verbose=0, **how)
    seen = np.concatenate([row[:n] for row, n in zip(x, [8, 1, 5, 8, 2, 3], strict=True)])
    np.testing.assert_allclose(net.params["0.mean"], 0.5 * seen.mean(0), rtol=1e-12)
    np.testing.assert_allclose(net.params["0.variance"], 0.5 + 0.5 * seen.var(0), rtol=1e-12)


def twice(engine: str):
    """One layer that is used twice: both keep the same running moments, the first four vectors of three."""
    graph = normalising.trace().bind([3], None)
    offsets = {"g": 0, "b": 3, "mean": 6, "variance": 9}
    norm = NormSpec(0.1, 0.75, "mean", "variance")
    layers = [LayerSpec(name, graph, offsets, norm=norm) for name in "ab"]
    loss = LossSpec(squared_error.trace().bind([3, 3], None))
    return make_engine(schedule(layers, 3, 12, loss), np.float64, engine)


def descend(machine, parameters: np.ndarray, target: np.ndarray, updates: int):
    """Whole updates of all there is, with decay."""
    x = np.random.default_rng(0).normal(2, 3, (5, 4, 3))
    program = el.training.AdamW(0.1, weight_decay=0.5).program()
    state = [np.zeros(12) for _ in range(program.states)]
    scalars = np.full((updates, program.scalars), 0.1)
    rows = [np.arange(5)] * updates
    return x, machine.train(parameters, Batch.of(x, target), Updates(rows, program, state, scalars))


@engines
def test_nothing_but_the_batches_moves_the_running_moments(engine):
    parameters = np.repeat([1.0, 0.0, 0.0, 1.0], 3)
    x, _ = descend(twice(engine), parameters, np.zeros((5, 4, 3)), 1)
    rows = x.reshape(-1, 3)
    variances = rows.var(0), rows.var(0) / (rows.var(0) + 0.1)
    np.testing.assert_allclose(parameters[6:9], 0.75 * 0.25 * rows.mean(0), rtol=1e-10)
    np.testing.assert_allclose(parameters[9:], 0.75 * (0.75 + 0.25 * variances[0]) + 0.25 * variances[1], rtol=1e-10)
    assert not np.isclose(parameters[:3], 1).any()


def test_both_engines_make_the_same_updates():
    found = [np.repeat([1.0, 0.2, 0.0, 1.0], 3) for _ in BUILT]
    for engine, parameters in zip(BUILT, found, strict=True):
        descend(twice(engine), parameters, np.ones((5, 4, 3)), 5)
    np.testing.assert_allclose(found[0], found[-1], rtol=1e-9)


@engines
def test_an_update_that_is_not_made_leaves_the_running_moments(engine):
    parameters = np.repeat([1.0, 0.0, 0.0, 1.0], 3)
    before = parameters.copy()
    _, trained = descend(twice(engine), parameters, np.full((5, 4, 3), np.inf), 1)
    assert not trained.finite
    np.testing.assert_array_equal(parameters, before)


@pytest.mark.skipif(not native_available(), reason="the native engine is not built")
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("how", [{}, {"memory": "low"}, {"truncate": 9}])
def test_the_same_bits_for_any_number_of_threads(ragged, how):
    random = np.random.default_rng(0)
    x, target = random.normal(size=(70, 20, 3)), random.normal(size=(70, 20, 1))
    lengths = random.integers(1, 21, 70) if ragged else None

    def found(threads: int) -> list[np.ndarray]:
        layers = [el.GRU(32), el.BatchNorm(), el.LSTM(16), el.BatchNorm(), el.Dense(1)]
        net = el.Network(3, layers, threads=threads, engine="native")
        net.fit(x, target, lengths=lengths, epochs=2, batch_size=70, verbose=0, **how)
        loss, grads = net.loss_and_grads(x, target, lengths=lengths, **how)
        return [np.asarray(loss), net.arena.copy(), *grads.values()]

    alone = found(1)
    for threads in (2, 3, 8):
        for a, b in zip(found(threads), alone, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_plan_says_where_rows_meet():
    text = describe(chain("gru", NORM))
    assert "meeting  moments of h[t+1] over t, b" in text
    assert "m0" in text
