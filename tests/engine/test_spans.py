"""Updates of some parameters only, each group with scalars of its own."""

from __future__ import annotations

import numpy as np
import pytest

from elman.engine import ENGINES, make_engine, native_available
from elman.engine.interface import Span
from elman.errors import ShapeError
from elman.training import Adam
from tests.engine import hand_plans
from tests.engine.calls import gradients, train
from tests.engine.zoo import batch, make_plan

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
UPDATES, ROWS = 3, np.arange(4)


def problem(H: int = 5):
    plan = make_plan("gru", 3, H, 2)
    data = batch(plan, 4, 6, seed=2)
    return plan, {name: data[name] for name in ("parameters", "x", "target")}


def updated(engine: str, spans, scalars, dtype=np.float64, H: int = 5, **options):
    """The parameters and the two states of Adam after some updates, and the parameters before."""
    plan, data = problem(H)
    machine, arena = make_engine(plan, dtype, engine), data["parameters"].astype(dtype)
    state = [np.full_like(arena, 0.25), np.full_like(arena, 0.5)]
    x, target = data["x"].astype(dtype), data["target"].astype(dtype)
    options |= {} if spans is None else {"spans": spans}
    train(machine, arena, x, target, [ROWS] * UPDATES, Adam().program(), state, scalars, **options)
    return [arena, *state], data["parameters"].astype(dtype)


@engines
@pytest.mark.parametrize("clip_norm", [0.0, 1e-3])
def test_one_span_of_all_is_no_span(clip_norm, engine):
    size = problem(40)[0].parameters  # several chunks
    table = Adam(0.1).table(UPDATES)
    plain, _ = updated(engine, None, table, np.float32, 40, clip_norm=clip_norm)
    found, _ = updated(engine, [Span(0, size)], table[:, None], np.float32, 40, clip_norm=clip_norm)
    for a, b in zip(found, plain, strict=True):
        assert a.tobytes() == b.tobytes()


@engines
def test_cut_anywhere_the_same_scalars_give_the_same_bits(engine):
    size, table = problem(40)[0].parameters, Adam(0.1).table(UPDATES)
    cuts = [0, 1, 7, 2050, size]
    spans = [Span(a, b - a, k % 2) for k, (a, b) in enumerate(zip(cuts, cuts[1:], strict=False))]
    plain, _ = updated(engine, None, table, np.float32, 40)
    found, _ = updated(engine, spans, np.stack([table, table], axis=1), np.float32, 40)
    for a, b in zip(found, plain, strict=True):
        assert a.tobytes() == b.tobytes()


@engines
def test_what_lies_in_no_span_stays_and_groups_have_scalars_of_their_own(engine):
    spans = [Span(3, 10, 1), Span(20, 1, 0), Span(25, problem()[0].parameters - 30, 1)]
    slow, fast = Adam(0.01).table(UPDATES), Adam(0.1).table(UPDATES)
    found, before = updated(engine, spans, np.stack([slow, fast], axis=1))
    outside = np.ones(len(before), bool)
    for first, size, _ in spans:
        outside[first : first + size] = False
    for array, start in zip(found, [before, 0.25, 0.5], strict=True):
        assert (array == start)[outside].all() and (array != start)[~outside].all()
    one, _ = updated(engine, [Span(20, 1)], slow[:, None])
    assert one[0][20] != found[0][20]  # the others have moved too
    first_of_each = [updated(engine, [Span(3, 10), Span(20, 1)], t[:, None])[0] for t in (slow, fast)]
    assert abs(first_of_each[0][0][3] - before[3]) < abs(first_of_each[1][0][3] - before[3])


@engines
def test_both_engines_agree(engine):
    size = problem()[0].parameters
    spans, scalars = [Span(0, 9, 1), Span(9, size - 20, 0)], np.stack([Adam(0.01).table(3), Adam(0.1).table(3)], axis=1)
    found, _ = updated(engine, spans, scalars, clip_norm=0.1)
    wanted, _ = updated("numpy", spans, scalars, clip_norm=0.1)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


@engines
def test_the_norm_that_is_clipped_is_that_of_the_spans(engine):
    plan, data = problem()
    machine, spans = make_engine(plan, np.float64, engine), [Span(2, 5), Span(11, 4)]
    inside = np.r_[2:7, 11:15]
    norm = np.linalg.norm(gradients(machine, **data).parameters[inside])
    for bound, factor in ((2 * norm, 1), (0.5 * norm, 0.5)):
        arena = data["parameters"].copy()
        rates = np.ones((1, 1, 1))
        train(
            machine, arena, data["x"], data["target"], [ROWS], hand_plans.SGD, [], rates, spans=spans, clip_norm=bound
        )
        moved = data["parameters"] - arena
        assert np.linalg.norm(moved) == pytest.approx(factor * norm, rel=1e-12)


@engines
@pytest.mark.parametrize(
    "spans", [[(5, 2, 0), (0, 1, 0)], [(0, 5, 0), (4, 2, 0)], [(-1, 2, 0)], [(0, 10**6, 0)], [(0, 2, 1)]]
)
def test_spans_that_make_no_sense_are_refused(spans, engine):
    with pytest.raises(ShapeError, match="spans must follow one another"):
        updated(engine, [Span(*s) for s in spans], Adam().table(UPDATES)[:, None])


@engines
def test_scalars_of_another_shape_are_refused(engine):
    with pytest.raises(ShapeError, match="scalars"):
        updated(engine, [Span(0, 2)], Adam().table(UPDATES))
    with pytest.raises(ShapeError, match="scalars"):
        updated(engine, None, Adam().table(UPDATES)[:, None])
