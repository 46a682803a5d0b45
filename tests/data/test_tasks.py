"""The targets of the toy tasks, found again by another route."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data import tasks
from elman.errors import OptionError

ALL = [tasks.sine, tasks.swelling_waves, tasks.adding, tasks.copy, tasks.parity, tasks.flip_flop, tasks.delayed_match]
seeds = st.integers(0, 10_000)


@pytest.mark.parametrize("task", ALL, ids=lambda t: t.__name__)
def test_a_seed_fixes_a_task_and_types_suit_a_network(task):
    x, target = task(rows=7, seed=3)
    again, other = task(rows=7, seed=3), task(rows=7, seed=4)
    np.testing.assert_array_equal(x, again[0])
    np.testing.assert_array_equal(target, again[1])
    assert not np.array_equal(x, other[0])
    assert x.dtype == np.float32 and x.ndim == 3 and len(x) == len(target) == 7
    assert target.dtype in (np.float32, np.int64)
    assert "References" in inspect.getdoc(task)


@given(seeds, st.integers(5, 40), st.floats(3, 80), st.integers(0, 5))
def test_a_sine_obeys_its_recurrence(seed, steps, period, horizon):
    x, target = tasks.sine(4, steps, period=period, horizon=horizon, seed=seed)
    wave = np.concatenate([x, target[:, -horizon:]], axis=1) if horizon else x
    np.testing.assert_array_equal(wave[:, horizon:], target)
    np.testing.assert_allclose(wave[:, 2:], 2 * np.cos(2 * np.pi / period) * wave[:, 1:-1] - wave[:, :-2], atol=2e-6)


def test_the_swelling_wave_at_times_where_it_is_known():
    k = np.arange(1, 9)
    np.testing.assert_allclose(tasks.swelling_wave(k * np.pi), 0, atol=1e-12)
    np.testing.assert_allclose(tasks.swelling_wave(np.pi * (2 * k + 0.5)), np.pi * (2 * k + 0.5) / 3 + 2)


def test_windows_of_the_swelling_wave_lie_on_it():
    x, target = tasks.swelling_waves(5, 20, horizon=3)
    np.testing.assert_array_equal(x[:, 3:], target[:, :-3])
    t = np.linspace(0, 30, 60_001)
    for row in x[..., 0]:  # the beginning that fits best explains all values
        error = [np.abs(tasks.swelling_wave(t + 0.1 * k) - row[k]) for k in range(20)]
        assert np.max(error, axis=0).min() < 0.01


@given(seeds, st.integers(2, 40))
def test_the_marked_numbers_add_up(seed, steps):
    x, target = tasks.adding(6, steps, seed=seed)
    for row, answer in zip(x, target, strict=True):
        (first, second) = np.flatnonzero(row[:, 1])
        assert first < steps // 2 <= second
        assert answer[0] == row[first, 0] + row[second, 0]


def test_who_always_answers_one_has_the_error_that_the_adding_problem_names():
    x, target = tasks.adding(200_000, 4)
    assert abs(np.mean((target - 1) ** 2) - 1 / 6) < 1e-3
    assert x.min() >= 0 and x.max() <= 1


@given(seeds, st.integers(1, 8), st.integers(1, 12), st.integers(1, 9))
def test_the_copy_is_what_was_shown(seed, length, delay, symbols):
    x, target = tasks.copy(5, length, delay, symbols=symbols, seed=seed)
    np.testing.assert_array_equal(x.sum(axis=-1), 1)
    for row, answer in zip(x.argmax(axis=-1).tolist(), target.tolist(), strict=True):
        sign = row.index(symbols + 1)
        assert answer[sign + 1 :] == row[:length] and set(row[:length]) <= set(range(1, symbols + 1))
        assert not any(answer[: sign + 1]) and not any(row[length:sign] + row[sign + 1 :])
        assert sign + 1 - length == delay and len(row) == 2 * length + delay


@given(seeds, st.integers(1, 40))
def test_parity_is_the_sum_modulo_two(seed, steps):
    x, target = tasks.parity(5, steps, seed=seed)
    np.testing.assert_array_equal(target, np.cumsum(x, axis=1) % 2)
    assert set(np.unique(x)) <= {0, 1}


@given(seeds, st.integers(1, 30), st.integers(1, 4), st.floats(0.05, 1))
def test_a_flip_flop_holds_its_last_pulse(seed, steps, bits, pulses):
    x, target = tasks.flip_flop(3, steps, bits=bits, pulses=pulses, seed=seed)
    held = np.zeros((3, bits))
    for t in range(steps):
        held = np.where(x[:, t] != 0, x[:, t], held)
        np.testing.assert_array_equal(target[:, t], held)
    assert set(np.unique(target)) <= {-1, 1}


def test_pulses_are_as_many_as_asked_for():
    x, _ = tasks.flip_flop(400, 101, pulses=0.3)
    assert abs(np.mean(x[:, 1:] != 0) - 0.3) < 0.01 and abs(x[:, 1:].mean()) < 0.01


@given(seeds, st.integers(0, 9), st.integers(2, 6))
def test_stimuli_match_where_both_are_one(seed, delay, stimuli):
    x, target = tasks.delayed_match(20, delay, stimuli=stimuli, seed=seed)
    np.testing.assert_array_equal(target, np.sum(x[:, 0] * x[:, -1], axis=-1))
    np.testing.assert_array_equal(x.sum(axis=-1), [[1] + [0] * delay + [1]] * 20)


def test_half_of_the_stimuli_match():
    assert abs(tasks.delayed_match(20_000)[1].mean() - 0.5) < 0.02


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: tasks.adding(5, 1), "steps is 1; expected a whole number of at least 2"),
        (lambda: tasks.flip_flop(pulses=0), "pulses is .*; expected a probability"),
        (lambda: tasks.delayed_match(stimuli=1), "stimuli is 1; expected a whole number of at least 2"),
        (lambda: tasks.parity(rows=0), "rows is 0; expected"),
        (lambda: tasks.parity(seed=-1), "seed is -1; expected"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(OptionError, match=message):
        make()
