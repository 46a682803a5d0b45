"""Tasks of comparisons: what is learnt from and judged by, and what an answer without memory reaches."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.compare import TASKS, Budget, compare, task_of
from elman.data.reading import Reading

NAMES = (*TASKS, "sunspots")
LOSSES = {
    "mse": lambda y, t: np.mean((y - t) ** 2),
    "rmse": lambda y, t: np.sqrt(np.mean((y - t) ** 2)),
}


@pytest.mark.parametrize("name", NAMES)
def test_shapes_and_seeds(name):
    task = task_of(name)
    x, target = task.draw(6, 5)
    assert x.shape == (6, task.steps, task.features) and len(target) == 6
    assert target.shape[1 : 1 + task.every_step] == (task.steps,) * task.every_step
    again, other = task.draw(6, 5), task.draw(6, 6)
    assert np.array_equal(x, again[0]) and np.array_equal(target, again[1]) and not np.array_equal(x, other[0])
    assert len(task.held[0]) == len(task.held[1]) > 0


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("adding", lambda x: np.ones((len(x), 1))),
        ("flip_flop", lambda x: x),
        ("sunspots", lambda x: x[:, -1]),
    ],
)
def test_the_simple_answer_reaches_what_is_said(name, answer):
    task = task_of(name)
    x, target = task.held
    assert LOSSES[task.metric](answer(x), target) == pytest.approx(task.simple, rel=0.15)


def test_nothing_of_what_is_judged_by_is_learnt_from():
    task = task_of("sunspots", 20)
    series = el.data.load_series("sunspots").values.reshape(-1)
    cut = int(0.8 * len(series))
    scaled = (series - series[:cut].mean()) / series[:cut].std()
    x, target = task.draw(2000, 1)
    seen = {round(float(v), 4) for v in np.concatenate([x.ravel(), target.ravel()])}
    assert seen <= {round(float(np.float32(v)), 4) for v in scaled[:cut]}
    assert np.allclose(task.held[1][-1], scaled[-1]) and np.allclose(task.held[0][0, :, 0], scaled[cut : cut + 20])


def test_a_file(tmp_path):
    file = tmp_path / "waves.csv"
    rows = "\n".join(f"2020-01-{d + 1:02d},{np.sin(d):.4f},{d}" for d in range(31))
    file.write_text("day,wave,other\n" + rows + "\n")
    task = task_of(file, 4, Reading(target="wave"))
    assert (task.name, task.steps, task.features) == ("waves", 4, 1)
    assert compare(["gru"], task, Budget(updates=10, seeds=1), units=2).notes == list(task.notes) != []
    with pytest.raises(
        el.DataError, match="has 31 values, and its last fifth must hold 10 steps .* give steps=6 or fewer"
    ):
        task_of(file, 10, Reading(target="wave"))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"name": "ading"}, "there is no task 'ading' .did you mean 'adding'"),
        ({"name": "adding", "steps": 1}, "steps of the adding task"),
        ({"name": "copy", "steps": 10}, "steps of the copy task"),
        ({"name": "digits", "steps": 8}, "64 pixels"),
        ({"name": "copy", "reading": Reading(target="x")}, "reads no file"),
    ],
)
def test_what_cannot_be_is_refused(given, error):
    with pytest.raises(el.OptionError, match=error):
        task_of(**given)


def of_values(values, tmp_path, steps=5):
    file = tmp_path / "values.csv"
    file.write_text("x\n" + "\n".join(map(repr, map(float, values))) + "\n")
    return task_of(file, steps)


@pytest.mark.parametrize("value", [2.5, 0.1, 0.0, 1e300, 1 / 3])
def test_a_series_that_never_changes_is_refused(value, tmp_path):
    """0.1 a hundred times has a deviation of 1e-17."""
    with pytest.raises(el.DataError, match="the same value"):
        of_values([value] * 100, tmp_path)


@pytest.mark.parametrize("scale", [1e-300, 1e-20, 1e20, 1e300])
def test_the_unit_of_a_series_does_not_matter(scale, tmp_path):
    values = np.random.default_rng(0).normal(size=100)
    wanted, found = of_values(values, tmp_path), of_values(values * scale, tmp_path)
    np.testing.assert_allclose(found.held[0], wanted.held[0], rtol=1e-6)
    assert found.simple == pytest.approx(wanted.simple, rel=1e-6)


def test_a_value_that_nothing_can_be_learnt_beside_is_told(tmp_path):
    values = [*np.sin(np.arange(99.0)), 1e300]
    with pytest.raises(el.DataError, match="has a value that is 1.4e.300 deviations of its first 80 values"):
        of_values(values, tmp_path)
