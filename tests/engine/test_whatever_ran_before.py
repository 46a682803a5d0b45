"""A run depends on its arguments only: the bits are those of an engine that has run nothing before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.engine import ENGINES, make_engine, native_available
from tests.engine.calls import forward, gradients
from tests.engine.zoo import batch, make_plan

BUILT = [e for e in ENGINES if e != "native" or native_available()]
F, H, O, T = 2, 5, 2, 12
KINDS = st.fixed_dictionaries(
    {
        "call": st.sampled_from(["forward", "gradients"]),
        "B": st.integers(1, 9),
        "T": st.sampled_from([1, 5, T]),
        "ragged": st.booleans(),
        "states": st.booleans(),
        "memory": st.sampled_from(["normal", "low"]),
        "truncate": st.sampled_from([None, 1, 4]),
        "weights": st.booleans(),
        "seed": st.integers(0, 3),
    }
)


def results(engine, kind: dict, key: int = 3) -> list[np.ndarray]:
    """All that a run of this kind gives, without what it does not ask for."""
    data = batch(engine.plan, kind["B"], kind["T"], kind["seed"], np.float32)
    data["weights"] = data["weights"].astype(np.float32)
    given = {name: data[name] for name in ("states", "weights") if kind[name]}
    given |= {"lengths": data["lengths"]} if kind["ragged"] else {}
    if kind["call"] == "forward":
        given.pop("weights", None)
        y, states = forward(engine, data["parameters"], data["x"], memory=kind["memory"], key=key, **given)
        return [y, *states]
    how = {"truncate": kind["truncate"]} if kind["truncate"] else {"memory": kind["memory"]}
    found = gradients(engine, data["parameters"], data["x"], data["target"], key=key, **how, **given)
    return [found.output, found.parameters, np.asarray(found.loss), *found.states]


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("last", [False, True])
@settings(max_examples=25)
@given(name=st.sampled_from(["lstm", "gru", "odd"]), kinds=st.lists(KINDS, min_size=2, max_size=5))
def test_each_run_gives_the_bits_of_an_engine_of_its_own(engine, last, name, kinds):
    plan = make_plan(name, F, H, O, last=last)
    used = make_engine(plan, np.float32, engine)
    for kind in kinds:
        fresh = make_engine(plan, np.float32, engine)
        for a, b in zip(results(used, kind), results(fresh, kind), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("engine", BUILT)
@settings(max_examples=25)
@given(name=st.sampled_from(["lstm", "gru", "odd"]), kind=KINDS, other=KINDS)
def test_runs_of_one_kind_again_and_again(engine, name, kind, other):
    """With other masks of dropout each time, and another run in between."""
    plan = make_plan(name, F, H, O)
    used = make_engine(plan, np.float32, engine)
    for key, one in enumerate([kind, kind, kind, other, kind, kind]):
        fresh = make_engine(plan, np.float32, engine)
        for a, b in zip(results(used, one, key), results(fresh, one, key), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("engine", BUILT)
def test_a_truncated_ragged_run_leaves_nothing_behind(engine):
    plan = make_plan("lstm", F, H, O)
    ragged = {"call": "gradients", "B": 9, "T": T, "ragged": True, "states": False, "memory": "normal"}
    ragged |= {"truncate": 4, "weights": False, "seed": 1}
    even = ragged | {"ragged": False}
    used, fresh = (make_engine(plan, np.float32, engine) for _ in range(2))
    results(used, ragged)
    for a, b in zip(results(used, even), results(fresh, even), strict=True):
        np.testing.assert_array_equal(a, b)
