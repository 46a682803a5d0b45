"""What an estimator thought after each step is what it says of the sequence cut there."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

import elman as el
from elman.data.cases import Cases
from elman.errors import OptionError
from tests.classify.samples import classifier, regressor, sequences, with_gaps

X, Y = sequences(12)
CAUSAL = {"bidirectional": False}


def cut(model, X, every):
    """The answers to the beginnings, one by one."""
    say = model.predict_proba if hasattr(model, "classes_") else model.predict
    longest = max(map(len, X))
    found = []
    for x in X:
        ends = [min(end, len(x)) for end in range(every, len(x) + every, every)]
        answers = [say([x[:end]])[0] for end in ends]
        nothing = np.full_like(answers[0], np.nan)
        found.append(answers + [nothing] * (-(-longest // every) - len(answers)))
    return np.array(found)


def over_time(model, X, every=1):
    return model.predict_proba_over_time(X, every) if hasattr(model, "classes_") else model.predict_over_time(X, every)


@pytest.mark.parametrize(
    "options, every",
    [
        (CAUSAL, 1),
        (CAUSAL | {"pooling": ["attention", "max", "last"], "convolution": None, "layers": 2}, 4),
        (CAUSAL | {"convolution": "beside", "members": 2, "cell": "lstm"}, 1),
        ({"convolution": None}, 1),
        ({"members": 2, "validation": 0.3, "convolution": None}, 3),
    ],
    ids=str,
)
def test_answers_over_time_are_those_to_the_sequences_cut_there(options, every):
    model = classifier(**options).fit(with_gaps(X), Y)
    seen = with_gaps(X, seed=3)
    found, expected = over_time(model, seen, every), cut(model, seen, every)
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert np.isnan(found).any() and found.shape[2] == 2
    last = [answers[~np.isnan(answers[:, 0])][-1] for answers in found]
    np.testing.assert_allclose(last, model.predict_proba(seen), atol=2e-6)


@pytest.mark.parametrize("options", [CAUSAL, {"convolution": None}], ids=str)
def test_a_regressor_says_numbers_over_time(options):
    model = regressor(**options).fit(X, np.linspace(100, 900, len(X)))
    np.testing.assert_allclose(over_time(model, X, 2), cut(model, X, 2), rtol=1e-5)


def test_more_cases_than_are_run_at_once():
    model = classifier(convolution=None, units=2, **CAUSAL).fit(X, Y)
    both = classifier(convolution=None, units=2).fit(X, Y)
    many = list(np.random.default_rng(0).normal(size=(300, 3, 2)))
    np.testing.assert_allclose(over_time(model, many)[290], cut(model, many[290:291], 1)[0], atol=2e-6)
    np.testing.assert_allclose(over_time(both, many)[290], cut(both, many[290:291], 1)[0], atol=2e-6)


def test_every_is_a_number_of_steps():
    model = classifier(epochs=1, convolution=None).fit(X, Y)
    for wrong in (0, -1, 1.5, None):
        with pytest.raises(OptionError, match="every is"):
            model.predict_proba_over_time(X, wrong)
    assert over_time(model, X, 1000).shape == (len(X), 1, 2)


# --- streams ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [CAUSAL, CAUSAL | {"members": 2, "pooling": "attention"}, {"convolution": None}], ids=str
)
def test_a_stream_says_what_was_thought_over_time(options):
    model = classifier(**options).fit(with_gaps(X), Y)
    seen = np.stack([x[:6] for x in with_gaps(X, seed=3)[:3]])
    expected, stream = model.predict_proba_over_time(seen), model.stream(3)
    assert stream.constant == (not options.get("bidirectional", True))
    for _ in range(2):
        found = np.stack([stream.push(seen[:, t]) for t in range(6)], axis=1)
        np.testing.assert_allclose(found, expected, atol=2e-6)
        assert stream.steps == 6
        stream.reset()
    alone = model.stream()
    np.testing.assert_allclose([alone.push(step) for step in seen[1]], expected[1], atol=2e-6)
    assert alone.push(seen[1, :1]).shape == (1, 2) and "7 steps so far" in repr(alone)


def test_a_stream_that_reads_again_grows_beyond_its_first_memory():
    model = regressor(convolution=None).fit(X, np.linspace(0, 1, len(X)))
    long, stream = np.random.default_rng(0).normal(size=(40, 2)), model.stream()
    found = [stream.push(step) for step in long]
    assert np.ndim(found[0]) == 0
    np.testing.assert_allclose(found, model.predict_over_time([long])[0], atol=2e-6)


def timed(seed):
    """Cases at uneven times."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(size=(8, 5)) + 0.1, axis=1)
    times -= times[:, :1]
    return Cases(rng.normal(size=(8, 5, 1)), np.full(8, 5), ("x",), times, names=tuple(range(8)))


@pytest.mark.parametrize("options", [CAUSAL, {"convolution": None}], ids=str)
def test_uneven_times_are_told_to_a_stream(options):
    model = classifier(**options).fit(timed(0), ["a", "b"] * 4)
    assert model.scaling_.gap > 0
    seen, stream = timed(1), model.stream(8)
    found = [stream.push(seen.values[:, t], time=seen.times[:, t] + 70) for t in range(5)]
    np.testing.assert_allclose(np.stack(found, 1), model.predict_proba_over_time(seen), atol=2e-6)
    with pytest.raises(OptionError, match="give push\\(step, time=...\\)"):
        stream.push(seen.values[:, 0])
    with pytest.raises(el.DataError, match="expected later times at each step"):
        stream.push(seen.values[:, 0], time=3)
    with pytest.raises(el.ShapeError, match="time has shape"):
        stream.push(seen.values[:, 0], time=[3, 4])


def test_what_is_no_step_leaves_the_stream_as_it_was():
    model = classifier(**CAUSAL).fit(X, Y)
    stream, other = model.stream(), model.stream()
    stream.push(X[0][0]), other.push(X[0][0])
    wrong = [(X[0], el.ShapeError), (3.0, el.ShapeError), ([1, np.inf], el.DataError), ("ab", el.DataError)]
    for step, error in [*wrong, ([1e300, 0], el.DataError)]:
        with pytest.raises(error):
            stream.push(step)
    with pytest.raises(OptionError, match="leave it out"):
        stream.push(X[0][1], time=3.0)
    np.testing.assert_array_equal(stream.push(X[0][1]), other.push(X[0][1]))
    with pytest.raises(OptionError, match="rows is"):
        model.stream(0)
    with pytest.raises(OptionError, match="learnt nothing"):
        classifier().stream()


def test_a_stream_of_one_channel_takes_bare_numbers():
    model = classifier(**CAUSAL).fit([x[:, 0] for x in X], Y)
    stream = model.stream()
    found = [stream.push(value) for value in X[0][:, 0]]
    np.testing.assert_allclose(found[-1], model.predict_proba([X[0][:, 0]])[0], atol=2e-6)


def dated(step, count=8, seed=0):
    """A table of cases with uneven times of a usual step, in minutes."""
    rng = np.random.default_rng(seed)
    minutes = np.cumsum(rng.integers(1, 9, (count, 6)), axis=1) * step
    times = (np.datetime64("2024-03-01T00:00") + minutes.ravel().astype("m8[m]")).astype("M8[s]").astype(str)
    return {"id": np.repeat(np.arange(count), 6), "when": times, "x": rng.normal(size=6 * count)}


def test_times_are_told_in_the_unit_that_was_learnt():
    model = classifier(convolution=None, learning_rate=0.1, **CAUSAL)
    model.fit(dated(60), ["a", "b"] * 4, group="id", time="when")
    assert model.scaling_.unit == "h" and model.scaling_.gap > 1
    quick = dated(1, seed=1)
    cases = model._read(quick)
    assert cases.unit == "min"
    inputs = model.scaling_.inputs(cases)[:, 1, -1]
    expected = np.diff(cases.times, axis=1)[:, 0] / 60 / model.scaling_.gap
    np.testing.assert_allclose(inputs, np.log(expected), rtol=1e-5)
    answers, stream = model.predict_proba(quick), model.stream()
    for kind in ("M8[s]", "O", "M8[ns]"):
        stream.reset()
        times = quick["when"][:6].astype("M8[s]").astype(kind)
        found = [stream.push(x, time=t) for x, t in zip(quick["x"][:6], times, strict=True)]
        np.testing.assert_allclose(found[-1], answers[0], atol=2e-6)
    stream.reset()
    for x, t in zip(quick["x"][:6], quick["when"][:6], strict=True):
        aware = datetime.fromisoformat(str(t)).replace(tzinfo=timezone(timedelta(hours=3)))
        found = stream.push(x, time=aware)
    np.testing.assert_allclose(found, answers[0], atol=2e-6)
    with pytest.raises(el.DataError, match="time is .*expected known times"):
        stream.push(0.0, time=np.datetime64("NaT"))
    bare = classifier(convolution=None, **CAUSAL).fit(timed(0), ["a", "b"] * 4).stream(8)
    with pytest.raises(el.DataError, match="expected a number, as learnt"):
        bare.push(np.zeros((8, 1)), time=np.datetime64("2024-01-01"))


def table_of_two():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    rows = [(k, t * t, *rng.normal(size=2) + k % 2) for k in range(8) for t in range(6)]
    return pandas.DataFrame(rows, columns=["id", "t", "a", "b"])


def test_the_values_of_a_step_are_found_by_their_names():
    table = table_of_two()
    model = classifier(**CAUSAL).fit(table[["id", "a", "b"]], [0, 1] * 4)
    expected = model.stream().push([1.0, 2.0])
    turned = table[["b", "a"]].iloc[0]
    turned[:] = [2.0, 1.0]
    assert np.array_equal(model.stream().push({"b": 2.0, "a": 1.0}), expected)
    assert np.array_equal(model.stream().push(turned), expected)
    assert np.array_equal(model.stream().push(turned.iloc[::-1].reset_index(drop=True)), expected)
    with pytest.raises(el.DataError, match="step has the channels 'a', 'c'; expected 'a', 'b'"):
        model.stream().push({"a": 1.0, "c": 2.0})


def test_times_of_a_stream_stay_of_one_kind():
    table, start = table_of_two(), np.datetime64("2024-01-01", "s")
    table["t"] = start + table["t"].to_numpy().astype("timedelta64[s]")
    model = classifier(**CAUSAL).fit(table, [0, 1] * 4, group="id", time="t")
    stream = model.stream()
    stream.push([0, 0], time=3.0)
    with pytest.raises(el.DataError, match="a date, and was a number at the step before"):
        stream.push([0, 0], time=start)
    assert stream.steps == 1 and np.isfinite(stream.push([0, 0], time=4.0)).all()
    stream.reset()
    stream.push([0, 0], time=start)
    with pytest.raises(el.DataError, match="a number, and was a date"):
        stream.push([0, 0], time=1e12)
