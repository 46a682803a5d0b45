"""Plans with something wrong in them: the native engine refuses them, or runs them within its memory.

What lies outside of it the sanitizers see (`native/tests/sanitize.sh`).
"""

from __future__ import annotations

import contextlib
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.engine import arrays, make_engine, native, native_available
from elman.engine.indices import whole_numbers
from elman.engine.plain import plain_plan
from elman.engine.plan import Elementwise, Plan
from elman.errors import ElmanError, EngineError
from tests.draws import draws
from tests.engine.attention_plans import looked_up, recurrent, to_itself
from tests.engine.graph_problems import data, graphs
from tests.engine.hand_plans import tanh_rnn

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


@draws(150)
@given(problem=graphs(), seeded=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_broken_graphs_stay_within_memory(problem, seeded, seed):
    random = np.random.default_rng(seed)
    plan = problem.plan(seeded=seeded)
    for _ in range(random.integers(1, 3)):
        plan = broken(plan, random)
    run(plan, seed)


@draws(150)
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


# ---- what the native engine is handed, which need not be what Python's plan says


def changed(value: Any, random: np.random.Generator) -> Any:
    """The same nested tuples with one number another, or one part left out or twice there."""
    if isinstance(value, (tuple, list)) and len(value):
        place, kind = int(random.integers(len(value))), type(value)
        if isinstance(value, list) and random.random() < 0.1:
            return [*value[:place], *([value[place]] * int(random.integers(3))), *value[place + 1 :]]
        return kind([*value[:place], changed(value[place], random), *value[place + 1 :]])
    if isinstance(value, bool):
        return not value
    return broken(value, random) if isinstance(value, (int, float)) else value


def called(plain: tuple, plan: Plan, seed: int) -> None:
    """The native calls, with arrays that fit the plan as it was."""
    parameters, batch = data(plan, 5, (4, 3, 2), seed, True)
    engine = native._native.Engine64(plain, 1, False)
    intake = arrays.Intake(plan, np.dtype(np.float64), looks=False)
    outputs = [np.empty(shape) for shape in intake.output_shapes(batch.inputs)]
    states = [np.empty((len(batch), w)) for w in intake.state_widths]
    given = intake.batch(batch, goal=bool(plan.goals))
    engine.forward(parameters, 0, given.inputs, given.lengths, given.states or [], 1, outputs, states, False)
    pairs = zip(given.inputs, plan.input_grads, strict=False)
    of_inputs = [np.empty(x.shape) if slot >= 0 else None for x, slot in pairs]
    if plan.goals:
        engine.gradients(
            parameters, 0, given.inputs, given.targets, given.weights, given.lengths, given.states or [], [], 1,
            np.empty_like(parameters), outputs, states, of_inputs, [s.copy() for s in states], False, 0, 0, [],
        )  # fmt: skip


WRONG = (ElmanError, LookupError, TypeError, ValueError, OverflowError, RuntimeError, MemoryError)


@draws(150)
@given(problem=graphs(), seeded=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_numbers_that_are_not_those_of_the_plan_stay_within_memory(problem, seeded, seed):
    random, plan = np.random.default_rng(seed), problem.plan(seeded=seeded)
    plain = plain_plan(plan, native._native.ops(), whole_numbers(plan, np.dtype(np.float64)))
    for _ in range(random.integers(1, 4)):
        plain = changed(plain, random)
    if max((slot[0] for slot in plain[0]), default=0) > 10**5 or plain[5] > 10**6:
        return  # nothing wrong, but large
    with contextlib.suppress(*WRONG):
        called(plain, plan, seed)


def test_gradients_of_inputs_that_the_plan_does_not_have():
    """It wrote behind the end of the heap: the number of the slot was not looked at."""
    plan = tanh_rnn(3, 4, 2)
    plain = list(plain_plan(plan, native._native.ops(), {}))
    for wrong in ([len(plan.slots)], [-2], [2**31 - 1], [1], [], [0, 0]):
        with pytest.raises(EngineError):
            called((*plain[:9], wrong, *plain[10:]), plan, 0)


@pytest.mark.parametrize("field", [0, 1, 3, 4], ids=["width", "time", "limit", "axis"])
def test_a_field_of_a_slot(field):
    plan = tanh_rnn(3, 4, 2)
    plain = list(plain_plan(plan, native._native.ops(), {}))
    for number in range(len(plan.slots)):
        slots = [list(slot) for slot in plain[0]]
        slots[number][field] = -5
        with pytest.raises(EngineError):
            called(([tuple(slot) for slot in slots], *plain[1:]), plan, 0)


def test_arrays_of_another_size_than_the_plan_has():
    plan = tanh_rnn(3, 4, 2)
    engine = native._native.Engine64(plain_plan(plan, native._native.ops(), {}), 1, False)
    x, y, h = np.zeros((2, 5, 3)), np.zeros((2, 5, 2)), np.zeros((2, 4))
    p = np.zeros(plan.parameters)
    engine.forward(p, 0, [x], [None], [], 0, [y], [h], False)
    for wrong in (
        (p[1:], 0, [x], [None], [], 0, [y], [h]),
        (p, 0, [x[..., 1:]], [None], [], 0, [y], [h]),
        (p, 0, [x, x], [None], [], 0, [y], [h]),
        (p, 0, [x[:0]], [None], [], 0, [y[:0]], [h[:0]]),
        (p, 0, [x], [np.array([6, 1])], [], 0, [y], [h]),
        (p, 0, [x], [np.array([-1, 1])], [], 0, [y], [h]),
        (p, 0, [x], [np.array([1])], [], 0, [y], [h]),
        (p, 0, [x], [None], [h[:1]], 0, [y], [h]),
        (p, 0, [x], [None], [], 0, [y[:1]], [h]),
        (p, 0, [x], [None], [], 0, [], [h]),
        (p, 0, [x], [None], [], 0, [y], [h[:, :1].copy()]),
    ):
        with pytest.raises(EngineError):
            engine.forward(*wrong, False)
