"""Plans with something wrong in them: the native engine refuses them, or runs them within its memory.

What lies outside of it the sanitizers see (`native/tests/sanitize.sh`).
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.engine import make_engine, native_available
from elman.engine.plan import Elementwise, Plan
from elman.errors import ElmanError, EngineError
from tests.engine.attention_plans import looked_up, recurrent, to_itself
from tests.engine.graph_problems import data, graphs

pytestmark = pytest.mark.skipif(not native_available(), reason="the native engine is not built")
WORDS = {
    "steps": ("steps", "states", "pair", "single"),
    "move": ("reverse", "shift", "take", "put", "repeat", "share", "sum", "mean", "max", "max_back"),
}


def broken(value: Any, random: np.random.Generator) -> Any:
    """The same with one number, word or place in it another."""
    if is_dataclass(value):
        names = [f.name for f in fields(value) if f.name not in ("name", "names")]
        name = names[random.integers(len(names))]
        return replace(value, **{name: broken(getattr(value, name), random)})
    if isinstance(value, tuple) and value:
        place = int(random.integers(len(value)))
        if random.random() < 0.1:
            return value[:place] + value[place + 1 :]
        return (*value[:place], broken(value[place], random), *value[place + 1 :])
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return int(random.choice([-2, -1, 0, 1, 2, 3, 7, value + 1, value - 1, 2 * value, 2**31 - 1]))
    if isinstance(value, float):
        return float(random.choice([0.0, -1.0, np.inf, np.nan, 1e300]))
    for words in WORDS.values():
        if value in words:
            return str(random.choice(words))
    return value


def run(plan: Plan, seed: int) -> None:
    try:
        with np.errstate(all="ignore"):
            machine = make_engine(plan, np.float64, "native", 1)
            if plan.parameters > 10**5 or max(slot.width for slot in plan.slots) > 1000:
                return  # nothing wrong, but large
            parameters, batch = data(plan, 5, (4, 3, 2), seed, True)
            machine.forward(parameters, batch)
            if plan.goals:
                machine.gradients(parameters, batch, want_input=bool(plan.input_grads))
    except (ElmanError, LookupError, TypeError, ValueError, AttributeError):
        pass  # of what is wrong with the plan, or of what Python makes of it on the way to the engine


@settings(max_examples=150, deadline=None)
@given(problem=graphs(), seeded=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_broken_graphs_stay_within_memory(problem, seeded, seed):
    random = np.random.default_rng(seed)
    plan = problem.plan(seeded=seeded)
    for _ in range(random.integers(1, 3)):
        plan = broken(plan, random)
    run(plan, seed)


@settings(max_examples=150, deadline=None)
@given(
    plan=st.sampled_from([looked_up(1, True), looked_up(0, False, axes=1), recurrent(1, True), to_itself(True)]),
    seed=st.integers(0, 2**32 - 1),
)
def test_broken_attention_stays_within_memory(plan, seed):
    run(broken(plan, np.random.default_rng(seed)), seed)


def test_a_number_that_is_too_large():
    plan = looked_up(1, False)
    slots = (replace(plan.slots[0], width=2**40), *plan.slots[1:])
    with pytest.raises(EngineError, match="1099511627776 is too large a number"):
        make_engine(replace(plan, slots=slots), np.float64, "native", 1)


def test_a_program_without_instructions():
    """It ended the process: the number of its instructions divided another."""
    plan = recurrent(1, True)
    stages = (replace(plan.stages[0], before=(Elementwise(()),)), *plan.stages[1:])
    with pytest.raises(EngineError, match="a program without instructions"):
        make_engine(replace(plan, stages=stages), np.float64, "native", 1)


@pytest.mark.parametrize("engine", ["native", "numpy"])
def test_an_axis_without_an_input_is_refused(engine):
    with pytest.raises(EngineError, match="no input of axis 1"):
        make_engine(looked_up(0, False), np.float64, engine, 1)
