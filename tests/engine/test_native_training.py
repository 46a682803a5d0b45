"""Training in one native call is its updates one by one."""

from __future__ import annotations

import numpy as np
import pytest

from elman.engine import native
from elman.engine.native import NativeEngine
from elman.engine.reference import NumpyEngine
from elman.errors import EngineError
from tests.engine import hand_plans
from tests.engine.calls import gradients, train
from tests.engine.rnn_problem import Problem

pytestmark = pytest.mark.skipif(not native.available(), reason="no native build")


def by_hand(p: Problem, batches, rates, momentum: float, clip: float = 0.0) -> tuple[np.ndarray, list[float]]:
    arena, velocity, losses = p.parameters.copy(), np.zeros_like(p.parameters), []
    for rows, rate in zip(batches, rates, strict=True):
        lengths = None if p.lengths is None else p.lengths[rows]
        found = gradients(p.engine(), arena, p.x[rows], p.target[rows], weights=p.weights[rows], lengths=lengths)
        norm = np.linalg.norm(found.parameters)
        scale = clip / norm if 0 < clip < norm else 1.0
        velocity = momentum * velocity + found.parameters * scale
        arena -= rate * velocity
        losses.append(found.loss)
    return arena, losses


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("clip", [0.0, 0.05])
def test_training_is_its_updates_one_by_one(ragged, clip):
    p = Problem(50, 6, 2, 30, 2, ragged=ragged)
    batches = [np.arange(0, 20), np.array([49, 3, 3, 17]), np.arange(30, 50)]
    rates = np.array([0.1, 0.2, 0.05])
    arena, state = p.parameters.copy(), [np.zeros_like(p.parameters)]
    done = train(
        p.engine(),
        arena,
        p.x,
        p.target,
        batches,
        hand_plans.MOMENTUM,
        state,
        rates[:, None],
        weights=p.weights,
        lengths=p.lengths,
        clip_norm=clip,
    )
    expected, losses = by_hand(p, batches, rates, 0.9, clip)
    assert done.finite and done.done == 3
    np.testing.assert_allclose(done.losses, losses, rtol=1e-12)
    np.testing.assert_allclose(arena, expected, rtol=1e-10, atol=1e-12)


def test_training_on_windows_of_a_series_needs_no_copy():
    series = np.sin(np.arange(60.0))
    windows = np.lib.stride_tricks.sliding_window_view(series, 6)
    x, target = windows[:, :-1, None], windows[:, 1:, None]
    p = Problem(len(x), 5, 1, 4, 1)
    rates, batches = np.full((2, 1), 0.1), (np.arange(50), np.array([0, 20, 50]))
    arenas = [p.parameters.copy(), p.parameters.copy()]
    for arena, data in zip(arenas, [(x, target), (x.copy(), target.copy())], strict=True):
        train(p.engine(), arena, *data, batches, hand_plans.SGD, [], rates)
    np.testing.assert_array_equal(*arenas)
    assert (arenas[0] != p.parameters).any()


def test_training_threads_do_not_change_a_bit():
    p = Problem(200, 12, 3, 100, 2, dropout=0.2)
    arenas = []
    for threads in (1, 2):
        arenas.append(p.parameters.astype(np.float32))
        x, target = p.x.astype(np.float32), p.target.astype(np.float32)
        batches = np.split(np.arange(200), 4) * 5
        keys = np.arange(20, dtype=np.uint64)
        engine = p.engine(threads, np.float32)
        train(engine, arenas[-1], x, target, batches, hand_plans.SGD, [], np.full((20, 1), 0.1), keys=keys)
    np.testing.assert_array_equal(*arenas)


def test_training_carries_states():
    p = Problem(8, 5, 2, 4, 1)
    batches, rates = [np.arange(0, 4), np.arange(4, 8)], np.full((2, 1), 0.0)
    start = [np.zeros((4, 4))]
    found = train(
        p.engine(),
        p.parameters.copy(),
        p.x,
        p.target,
        batches,
        hand_plans.SGD,
        [],
        rates,
        carried=start,
    )
    engine, states = p.engine(), None
    for rows, loss in zip(batches, found.losses, strict=True):
        one = gradients(engine, p.parameters, p.x[rows], p.target[rows], states=states)
        assert one.loss == loss
        states = one.states
    np.testing.assert_array_equal(start[0], states[0])


@pytest.mark.parametrize("where", ["x", "target"])
def test_training_stops_before_an_update_that_is_not_finite(where):
    p = Problem(30, 5, 2, 4, 1)
    getattr(p, where)[12, 3] = np.nan
    arena, batches, rates = p.parameters.copy(), np.split(np.arange(30), 3), np.full((3, 1), 0.1)
    found = train(p.engine(), arena, p.x, p.target, batches, hand_plans.SGD, [], rates, weights=p.weights)
    assert not found.finite and found.done == 1 and np.isnan(found.losses[-1])
    np.testing.assert_array_equal(arena, by_hand(p, batches[:1], rates[:1, 0], 0.0)[0])


@pytest.mark.parametrize("seconds, updates", [(0.0, 1), (np.inf, 4)])
def test_training_stops_when_its_time_is_up(seconds, updates):
    p = Problem(20, 5, 2, 4, 1)
    arenas, rates = [p.parameters.copy(), p.parameters.copy()], np.full((4, 1), 0.1)
    for engine, arena in zip([p.engine(), NumpyEngine(p.plan, np.float64)], arenas, strict=True):
        flat = np.arange(20), np.arange(0, 21, 5)
        found = train(engine, arena, p.x, p.target, flat, hand_plans.SGD, [], rates, weights=p.weights, seconds=seconds)
        assert found.finite and found.done == len(found.losses) == updates
    np.testing.assert_allclose(*arenas, rtol=1e-10)
    assert found.losses == pytest.approx(by_hand(p, np.split(np.arange(20), 4), rates[:, 0], 0.0)[1][:updates])


@pytest.mark.parametrize("kind", [NativeEngine, NumpyEngine])
def test_parameters_that_cannot_be_written_are_refused(kind):
    p = Problem(4, 3, 2, 4, 1)
    p.parameters.flags.writeable = False
    with pytest.raises(EngineError, match="read-only, and training changes them"):
        train(
            kind(p.plan, np.float64), p.parameters, p.x, p.target, [np.arange(4)], hand_plans.SGD, [], np.zeros((1, 1))
        )
