"""Weights of single steps: what each step counts in the loss, however a batch goes through time."""

from __future__ import annotations

import numpy as np
import pytest

from elman.engine import ENGINES, make_engine, native_available
from elman.errors import ShapeError
from tests.engine import hand_plans
from tests.engine.calls import forward, gradients, train
from tests.engine.zoo import batch, make_plan

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
B, T = 5, 13


def problem(name: str = "gru", ragged: bool = True, root: bool = False, **options) -> tuple:
    plan = make_plan(name, 3, 4, 2, root=root, **options)
    data = batch(plan, B, T, seed=3)
    if not ragged:
        del data["lengths"]
    weights = np.random.default_rng(1).uniform(0, 2, (B, T))
    weights[:, ::3] = 0
    weights[2] = 0  # a whole row
    return plan, data | {"weights": weights}


def weighted_error(engine, data, root: bool) -> float:
    """The loss, from outputs alone."""
    given = {k: data[k] for k in ("parameters", "x", "states", "lengths") if k in data}
    y, _ = forward(engine, **given)
    used = np.arange(T) < data.get("lengths", np.full(B, T))[:, None]
    share = np.where(used, data["weights"], 0)
    loss = np.sum(share * np.mean((y - data["target"]) ** 2, axis=2)) / share.sum()
    return float(np.sqrt(loss) if root else loss)


@engines
@pytest.mark.parametrize(("ragged", "root"), [(False, False), (True, False), (True, True)])
def test_loss_and_gradients_are_those_of_the_weighted_mean(ragged, root, engine):
    plan, data = problem(ragged=ragged, root=root)
    machine = make_engine(plan, np.float64, engine)
    found = gradients(machine, **data)
    assert found.loss == pytest.approx(weighted_error(machine, data, root), rel=1e-12)
    direction = np.random.default_rng(2).normal(size=plan.parameters)
    ends = [data | {"parameters": data["parameters"] + step * direction} for step in (1e-6, -1e-6)]
    slope = (weighted_error(machine, ends[0], root) - weighted_error(machine, ends[1], root)) / 2e-6
    assert found.parameters @ direction == pytest.approx(slope, rel=1e-7)


@engines
@pytest.mark.parametrize("how", [{"memory": "low"}, {"truncate": T}, {}])
@pytest.mark.parametrize("ragged", [False, True])
def test_segments_find_what_the_whole_does(ragged, how, engine):
    plan, data = problem("lstm", ragged)
    found = gradients(make_engine(plan, np.float64, engine), **data, **how)
    whole = gradients(make_engine(plan, np.float64, "numpy"), **data)
    assert found.loss == pytest.approx(whole.loss, rel=1e-12)
    np.testing.assert_allclose(found.parameters, whole.parameters, rtol=0, atol=1e-12)


@engines
@pytest.mark.parametrize("k", [1, 4, 5])
def test_truncated_pieces_take_the_weights_of_their_own_steps(k, engine):
    plan, data = problem("lstm")
    machine, total = make_engine(plan, np.float64, engine), data["weights"].copy()
    found = gradients(machine, **data, truncate=k)
    assert found.loss == pytest.approx(gradients(machine, **data).loss, rel=1e-12)
    sum_of_steps = np.zeros(plan.parameters)
    used = np.arange(T) < data["lengths"][:, None]
    for t in range(T):
        alone = np.where(np.arange(T) == t, total, 0)
        if np.any(alone[used]):
            share = alone[used].sum() / total[used].sum()
            sum_of_steps += share * gradients(machine, **data | {"weights": alone}, truncate=k).parameters
    np.testing.assert_allclose(found.parameters, sum_of_steps, rtol=0, atol=1e-12)


@engines
def test_weights_alike_over_a_row_are_those_of_the_row(engine):
    plan, data = problem()
    machine, rows = make_engine(plan, np.float64, engine), np.random.default_rng(4).uniform(0.5, 2, B)
    found = gradients(machine, **data | {"weights": np.repeat(rows[:, None], T, axis=1)})
    wanted = gradients(machine, **data | {"weights": rows})
    assert found.loss == pytest.approx(wanted.loss, rel=1e-14)
    np.testing.assert_allclose(found.parameters, wanted.parameters, rtol=1e-12, atol=1e-15)


@engines
def test_a_batch_without_any_weight_has_no_gradient(engine):
    plan, data = problem()
    found = gradients(make_engine(plan, np.float64, engine), **data | {"weights": np.zeros((B, T))})
    assert found.loss == 0 and not found.parameters.any()


@engines
def test_a_step_of_weight_0_may_have_any_loss(engine):
    plan, data = problem()
    data["target"][data["weights"] == 0] = np.inf
    assert np.isfinite(gradients(make_engine(plan, np.float64, engine), **data).loss)


@engines
def test_training_takes_the_weights_of_the_rows_of_each_batch(engine):
    plan, data = problem()
    machine, arena = make_engine(plan, np.float64, engine), data["parameters"].copy()
    batches, rates = [np.array([3, 0]), np.array([1, 4, 2])], np.array([[0.1], [0.2]])
    given = {k: data[k] for k in ("weights", "lengths")}
    train(machine, arena, data["x"], data["target"], batches, hand_plans.SGD, [], rates, **given)
    wanted = data["parameters"].copy()
    for rows, (rate,) in zip(batches, rates, strict=True):
        mine = {k: v[rows] for k, v in given.items()}
        wanted -= rate * gradients(machine, wanted, data["x"][rows], data["target"][rows], **mine).parameters
    np.testing.assert_allclose(arena, wanted, rtol=0, atol=1e-13)


@engines
@pytest.mark.parametrize(("last", "shape"), [(False, (B, T + 1)), (False, (T,)), (True, (B, T))])
def test_weights_of_another_shape_are_refused(last, shape, engine):
    plan, data = problem(last=last)
    with pytest.raises(ShapeError, match="weights"):
        gradients(make_engine(plan, np.float64, engine), **data | {"weights": np.ones(shape)})
