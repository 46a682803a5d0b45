"""Learning rates at points that are known."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.errors import OptionError
from elman.training.schedules import as_schedule
from tests.training.problems import linear

SCHEDULES = {
    "constant": el.ConstantRate(0.3),
    "cosine": el.CosineDecay(0.2, steps=10, final=0.02),
    "exponential": el.ExponentialDecay(0.2, steps=10, factor=0.5),
    "step": el.StepDecay(0.2, steps=10, factor=0.5),
    "warm-up": el.WarmUp(5, el.CosineDecay(0.2, steps=10)),
    "function": as_schedule(lambda step: 0.1 if step < 3 else 0.01),
}


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("constant", {0: 0.3, 99: 0.3}),
        ("cosine", {0: 0.2, 5: 0.11, 10: 0.02, 99: 0.02}),
        ("exponential", {0: 0.2, 5: 0.2 * 0.5**0.5, 10: 0.1, 20: 0.05}),
        ("step", {0: 0.2, 9: 0.2, 10: 0.1, 19: 0.1, 20: 0.05}),
        ("warm-up", {0: 0.04, 3: 0.16, 4: 0.2, 5: 0.2, 10: 0.1, 15: 0.0}),
        ("function", {2: 0.1, 3: 0.01}),
    ],
)
def test_points(name, points):
    assert {step: SCHEDULES[name](step) for step in points} == pytest.approx(points, abs=1e-15)


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
@given(steps=st.lists(st.integers(0, 1000), min_size=1))
def test_an_array_of_steps_gives_the_rates_of_each(schedule, steps):
    np.testing.assert_array_equal(schedule(np.array(steps)), [schedule(s) for s in steps])


@pytest.mark.parametrize(
    "schedule", [el.ConstantRate(0.01), el.CosineDecay(0.1, 10), el.ExponentialDecay(0.1, 10), el.StepDecay(0.1, 10)]
)
def test_whole_numbers_of_updates_have_the_rates_of_floats(schedule):
    np.testing.assert_array_equal(schedule.rate(np.arange(25)), schedule.rate(np.arange(25.0)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: el.CosineDecay(-0.1, steps=10),
        lambda: el.StepDecay(0.1, steps=0),
        lambda: el.ExponentialDecay(0.1, steps=10, factor=-1),
        lambda: el.WarmUp(0, 0.1),
        lambda: el.WarmUp(5, "fast"),
        lambda: el.ConstantRate(np.inf),
    ],
)
def test_values_that_make_no_sense(make):
    with pytest.raises(OptionError):
        make()


def test_numpy_numbers_become_pythons():
    schedule = el.CosineDecay(np.float32(0.5), steps=np.int64(10), final=np.float64(0.25))
    adam = el.AdamW(np.float32(0.5), weight_decay=np.float64(0.5), clip_norm=np.int32(2))
    json.dumps([dataclasses.asdict(schedule), adam.learning_rate, adam.weight_decay, adam.clip_norm])


@pytest.mark.parametrize("wrong", ["a", None, True, [1], np.nan, np.inf, -1, 3j])
def test_numbers_of_schedules_of_the_wrong_kind(wrong):
    for make in (
        lambda: el.ConstantRate(wrong),
        lambda: el.CosineDecay(wrong, steps=3),
        lambda: el.CosineDecay(0.1, steps=wrong),
        lambda: el.StepDecay(0.1, steps=wrong),
        lambda: el.ExponentialDecay(0.1, steps=3, factor=wrong),
        lambda: el.WarmUp(wrong, 0.1),
        lambda: el.WarmUp(3, wrong),
    ):
        with pytest.raises(OptionError):
            make()


@pytest.mark.parametrize("wrong", ["a", None, True, np.nan, np.inf, -1])
def test_a_function_that_gives_no_learning_rate_is_named(wrong):
    net = linear()
    with pytest.raises(OptionError, match="learning"):
        net.fit(np.zeros((2, 3, 2)), np.zeros((2, 3, 2)), optimizer=el.SGD(lambda step: wrong), verbose=0)


@pytest.mark.parametrize("step", [-1, np.nan, None, "a", [3, -1], [[1], [1, 2]]])
def test_a_step_that_is_no_number_of_an_update_is_refused(step):
    with pytest.raises(el.ElmanError, match="step"):
        el.CosineDecay(0.1, steps=10)(step)
