import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from elman.data.series import Series
from elman.data.times import Step
from elman.equations import cell, tanh
from elman.errors import DataError, OptionError, TrainingError
from elman.forecast import Forecaster
from elman.training import LambdaCallback

WAVE = np.sin(2 * np.pi * np.arange(160) / 10)


def small(**params):
    return Forecaster(**{"hidden": 8, "horizon": 5, "epochs": 4, "members": 2, "patience": 4} | params)


@pytest.fixture(scope="module")
def fitted():
    return small().fit(WAVE)


# --- in scikit-learn's manner -------------------------------------------------------------------------------


def test_init_only_assigns():
    marks = {name: object() for name in inspect.signature(Forecaster).parameters}
    assert all(vars(Forecaster(**marks))[name] is mark for name, mark in marks.items())


def test_clone_copies_parameters_and_nothing_learnt(fitted):
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params() and not hasattr(copy, "networks_")


def test_set_params_sets_and_refuses_what_is_unknown():
    assert small().set_params(hidden=3, seed=7).get_params()["hidden"] == 3
    with pytest.raises(OptionError, match=r"no parameter 'lokback' \(did you mean 'lookback'\?\)"):
        small().set_params(lokback=3)


def test_repr_shows_what_differs_from_the_defaults():
    assert repr(Forecaster(hidden=9)) == "Forecaster(hidden=9)"


def test_fit_leaves_parameters_alone(fitted):
    assert fitted.get_params() == small().get_params()


# --- learning -----------------------------------------------------------------------------------------------


def test_it_learns_a_wave_and_continues_it_past_the_horizon_it_was_trained_for():
    forecaster = Forecaster(hidden=24, horizon=10, epochs=80, members=1, learning_rate=5e-3).fit(WAVE)
    expected = np.sin(2 * np.pi * np.arange(160, 200) / 10)
    assert forecaster.season_ == 10
    assert np.sqrt(np.mean((forecaster.predict(40) - expected) ** 2)) < 0.15


def test_it_learns_to_go_on_rising():
    t = np.arange(200.0)
    series = 3 * t + 5 * np.sin(2 * np.pi * t / 8)
    forecaster = Forecaster(hidden=16, horizon=16, epochs=60, members=1, learning_rate=5e-3).fit(series[:184])
    assert forecaster.view_.differences
    assert np.abs(forecaster.predict(16) - series[184:]).max() < 6  # the last value again would err by 53


def test_the_same_seed_gives_the_same_forecast_and_another_seed_another(fitted):
    np.testing.assert_array_equal(small().fit(WAVE).predict(30), fitted.predict(30))
    assert not np.array_equal(small(seed=1).fit(WAVE).predict(30), fitted.predict(30))


def test_members_of_one_seed_are_not_members_of_the_next():
    seeds = [{net.seed for net in small(seed=s, epochs=1).fit(WAVE).networks_} for s in (0, 1)]
    assert len(seeds[0]) == 2 and not seeds[0] & seeds[1]


def test_the_forecast_is_the_mean_of_the_members(fitted):
    both = fitted.predict(7)
    alone = []
    for network in fitted.networks_:
        one = small().fit(WAVE)
        one.networks_ = [network]
        alone.append(one.predict(7))
    np.testing.assert_allclose(both, np.mean(alone, axis=0), atol=1e-12)


def test_units_do_not_matter(fitted):
    np.testing.assert_array_equal(small().fit(4 * WAVE).predict(9), 4 * fitted.predict(9))  # 4: exact in binary


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_huge_and_tiny_units_work(unit):
    forecast = small().fit(unit * WAVE).predict(9) / unit
    assert np.isfinite(forecast).all() and np.abs(forecast).max() < 10


def test_the_held_back_end_is_not_trained_on():
    """Another end, with the same scaling and choices, may choose another epoch but not other weights of an epoch."""
    settings = {"season": 10, "differences": False, "nonnegative": False, "members": 1, "epochs": 1}
    first, other = small(**settings), small(**settings)
    ended = WAVE.copy()
    ended[-10:] = WAVE[-10:][::-1]  # the same values, so the same mean and deviation up to the order of sums
    first.fit(WAVE), other.fit(ended)
    assert first.validation_ == 16
    np.testing.assert_allclose(first.networks_[0].arena, other.networks_[0].arena, atol=1e-6)


def test_the_best_epoch_is_the_one_whose_forecasts_erred_least():
    seen = []
    watch = LambdaCallback(on_epoch_end=lambda t: seen.append((t.logs["forecast_error"], t.net.arena.copy())))
    forecaster = small(epochs=12, members=1, learning_rate=0.05).fit(WAVE, callbacks=[watch])
    best = int(np.argmin([error for error, _ in seen]))
    assert forecaster.best_epochs_ == [best + 1]
    np.testing.assert_array_equal(forecaster.networks_[0].arena, seen[best][1])


def test_a_constant_series_is_forecast_exactly():
    forecaster = small().fit(np.full(80, 0.1))
    assert forecaster.constant_
    np.testing.assert_array_equal(forecaster.predict(20), np.full(20, 0.1))


def test_a_series_that_is_never_negative_has_no_negative_forecast():
    spikes = np.where(np.arange(120) % 9 == 0, 10.0, 0.0)
    assert small().fit(spikes).predict(50).min() >= 0
    assert small().fit(WAVE).lowest_ is None
    assert small(nonnegative=False).fit(spikes).lowest_ is None


@pytest.mark.parametrize("n", range(8, 40))  # one more for the differences
def test_short_series_work_down_to_lookback_and_horizon(n):
    forecaster = small(lookback=2, horizon=5, epochs=2).fit(WAVE[:n] + np.arange(n))
    assert np.isfinite(forecaster.predict()).all()


def test_a_long_season_is_an_input():
    forecaster = small(season=40, epochs=1).fit(np.sin(2 * np.pi * np.arange(300) / 40))
    assert forecaster.view_.lag == 40 and forecaster.networks_[0].inputs == 2


def test_any_cell_by_name_or_by_its_equations():
    @cell
    def plain(p, x, h):
        return tanh(p.W @ x + p.U @ h)

    assert small(cell="min_gru", epochs=1).fit(WAVE).predict(3).shape == (3,)
    assert small(cell=plain, epochs=1).fit(WAVE).method == "plain"


# --- what it takes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        list(WAVE),
        WAVE[:, None],
        pd.Series(WAVE, index=pd.date_range("2001-01-01", periods=160)),
        pd.DataFrame({"v": WAVE}),
        Series("wave", WAVE, np.arange(160), Step("number", 1), "v", "t"),
    ],
    ids=["list", "column", "pandas Series", "pandas DataFrame", "Series"],
)
def test_what_a_series_may_be(given, fitted):
    np.testing.assert_array_equal(small().fit(given).predict(), fitted.predict())


def test_it_forecasts_from_another_history(fitted):
    shifted = WAVE[: 160 - 37]
    assert not np.array_equal(fitted.predict(5, shifted), fitted.predict(5))
    np.testing.assert_array_equal(fitted.predict(5, WAVE), fitted.predict(5))


def test_what_lies_before_the_window_does_not_matter(fitted):
    np.testing.assert_array_equal(fitted.predict(5, WAVE[-fitted.lookback_ :]), fitted.predict(5))


# --- what it refuses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "series, message",
    [
        (np.append(WAVE, np.nan), r"nan at index 160 \(1 such values in all\); fill gaps first"),
        (np.append(WAVE, np.inf), "inf at index 160"),
        (["a", "b"], "the series holds texts, such as a, instead of numbers; convert them first"),
        (np.zeros((50, 2)), r"got shape \(50, 2\); forecast one column at a time"),
        ([], "the series is empty"),
        (WAVE[:6], "the series has 6 values; a lookback of 2 and a horizon of 5 need at least 7"),
    ],
)
def test_series_that_cannot_be_learnt(series, message):
    with pytest.raises(DataError, match=message):
        small().fit(series)


def test_fewer_values_than_lookback_and_horizon():
    with pytest.raises(DataError, match="has 64 values; a lookback of 60 and a horizon of 5 need at least 65"):
        small(lookback=60).fit(WAVE[:64])


@pytest.mark.parametrize(
    "params, message",
    [
        ({"horizon": 0}, "horizon is 0; expected a whole number of at least 1"),
        ({"horizon": 2.5}, "horizon is 2.5; expected a whole number"),
        ({"hidden": -1}, "hidden is -1"),
        ({"lookback": 0}, "lookback is 0"),
        ({"season": 0}, "season is 0"),
        ({"epochs": True}, "epochs is True"),
        ({"members": 0}, "members is 0"),
        ({"patience": 0}, "patience is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"seed": -1}, "seed"),
        ({"cell": "gru2"}, r"there is no cell 'gru2' \(did you mean 'gru'\?\); there are gru, "),
    ],
)
def test_parameters_that_make_no_sense(params, message):
    with pytest.raises(OptionError, match=message):
        small(**params).fit(WAVE)


def test_predicting_needs_fitting_a_horizon_and_a_history(fitted):
    with pytest.raises(OptionError, match="not fitted yet"):
        small().predict(3)
    with pytest.raises(OptionError, match="horizon is 0"):
        fitted.predict(0)
    with pytest.raises(DataError, match="the history has 3 values; this forecaster reads the last 40"):
        fitted.predict(5, WAVE[:3])


# --- Ctrl-C -------------------------------------------------------------------------------------------------


def interrupt_at(network, epoch):
    seen = []

    def stop(training):
        if training.epoch == 1:
            seen.append(training)
        if len(seen) == network and training.epoch == epoch:
            raise KeyboardInterrupt

    return LambdaCallback(on_epoch_end=stop)


@pytest.mark.parametrize("network, kept", [(1, 1), (2, 2)])
def test_ctrl_c_leaves_the_best_so_far(network, kept):
    forecaster = small(epochs=6)
    with pytest.raises(KeyboardInterrupt):
        forecaster.fit(WAVE, callbacks=[interrupt_at(network, 3)])
    assert len(forecaster.networks_) == len(forecaster.best_epochs_) == kept
    assert np.isfinite(forecaster.predict(20)).all()


def test_ctrl_c_before_the_first_epoch_leaves_it_unfitted():
    forecaster = small()

    def stop(training):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forecaster.fit(WAVE, callbacks=[LambdaCallback(on_epoch_begin=stop)])
    with pytest.raises(OptionError, match="not fitted"):
        forecaster.predict(3)


@pytest.mark.parametrize(
    "series, message",
    [
        ([True, False] * 50, "the series holds booleans, such as True, instead of numbers"),
        (WAVE.astype(complex), "holds complex numbers"),
        (np.arange("2001-01", "2010-01", dtype="M8[M]"), "holds dates, such as 2001-01,"),
        ([1.0, [2.0, 3.0]], "the series is no array of numbers"),
        ([*WAVE, "x"], "the series holds texts"),
        (np.array([*WAVE, "x"], object), "the series is 'x' at index 160; expected numbers"),
        (np.array([*WAVE, True], object), "the series is True at index 160"),
        (np.array([*WAVE, None], object), r"nan at index 160 \(1 such values in all\); fill gaps first"),
        (pd.Series([1, None, 3], dtype="Int64"), "nan at index 1"),
        (np.ma.masked_equal([*WAVE, 99.0], 99.0), "nan at index 160"),
        (np.ma.masked_equal(["a", "b"], "a"), "holds texts"),
        ([*WAVE, 1e301], r"1e\+301 at index 160, beyond 1e\+300, where sums overflow; give it in a larger unit"),
    ],
)
def test_what_is_no_series_of_numbers_is_refused(series, message):
    with pytest.raises(DataError, match=message):
        small().fit(series)


@pytest.mark.parametrize("dtype", [object, np.float32, ">f8", "i8"])
def test_numbers_of_any_type_are_numbers(dtype):
    whole = np.round(100 * WAVE)
    np.testing.assert_array_equal(small().fit(whole.astype(dtype)).predict(), small().fit(whole).predict())


DAYS = pd.date_range("2024-01-01", periods=160)


@pytest.mark.parametrize(
    "index, message",
    [
        (DAYS[::-1], "the times in column 'index' are not in order"),
        (DAYS[:-1].append(DAYS[-2:-1]).rename("day"), "column 'day' has the time 2024-06-07 more than once"),
        (
            DAYS[:100].append(DAYS[101:]).append(DAYS[-1:] + pd.Timedelta(days=1)),
            "lacks 1 of the 161 times of its index",
        ),
        (DAYS[:-1].append(pd.DatetimeIndex([None])), "row 160 has no time"),
        (pd.period_range("2010-01", periods=160, freq="M")[::-1], "not in order"),
        (pd.period_range("2010Q1", periods=161, freq="Q").delete(100), "the first after 2034Q4"),
        (pd.date_range("2024-01-01", periods=161, tz="Europe/Berlin").delete(100), r"after 2024-04-09T00:00:00\+02:00"),
    ],
)
def test_dates_in_an_index_are_checked(index, message):
    with pytest.raises(DataError, match=message):
        small().fit(pd.Series(WAVE, index))


@pytest.mark.parametrize(
    "index",
    [
        DAYS,
        pd.date_range("2024-01-01", periods=160, tz="Europe/Berlin"),  # days of 23 and of 25 hours
        pd.date_range("2024-03-28", periods=160, freq="h", tz="Europe/Berlin"),  # an hour that the clock leaves out
        pd.date_range("2024-10-24", periods=160, freq="h", tz="Europe/Berlin"),  # an hour that comes twice
        pd.bdate_range("2024-01-01", periods=160),
        pd.period_range("2010-01", periods=160, freq="Q"),
        range(500, 340, -1),
        [f"row {i}" for i in range(160)],
    ],
)
def test_any_other_index_is_no_matter(fitted, index):
    np.testing.assert_array_equal(small().fit(pd.Series(WAVE, index)).predict(), fitted.predict())


@pytest.mark.parametrize("seed", [None, -1, 1.5, "7", True])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(OptionError, match=r"seed is .*; expected a whole number of at least 0"):
        small(seed=seed).fit(WAVE)


@pytest.mark.parametrize(
    "params", [{"learning_rate": "fast"}, {"differences": 2}, {"nonnegative": "yes"}, {"cell": [1]}]
)
def test_parameters_that_make_no_sense_are_refused_by_name(params):
    with pytest.raises(OptionError, match=next(iter(params))):
        small(**params).fit(WAVE)


def test_numbers_of_numpy_are_as_good_as_those_of_python(fitted):
    numbers = {"hidden": 8, "horizon": 5, "epochs": 4, "members": 2, "patience": 4, "batch_size": 32, "seed": 0}
    other = small(**{name: np.int64(value) for name, value in numbers.items()}, learning_rate=np.float64(1e-3))
    np.testing.assert_array_equal(other.fit(WAVE).predict(), fitted.predict())


def test_a_target_is_refused():
    with pytest.raises(OptionError, match="fit got y=ndarray, which it would ignore"):
        small().fit(np.arange(160.0), WAVE)


def test_callbacks_of_a_generator_hear_of_every_network():
    heard = []
    small().fit(WAVE, callbacks=(LambdaCallback(on_train_begin=heard.append) for _ in range(1)))
    assert len(heard) == 2


def test_choices_are_taken_over_from_another_forecaster():
    """The series alone would be seen differently."""
    rising = WAVE + 3 * np.arange(160)
    tested, other = small().fit(WAVE), small().fit(rising)
    like = small().fit(rising, like=tested)
    chosen = lambda f: (f.season_, f.lookback_, f.view_.differences, f.view_.lag)  # noqa: E731
    assert chosen(like) == chosen(tested) != chosen(other)
    assert like.get_params() == small().get_params()


def test_the_score_is_minus_the_mean_error(fitted):
    actual = WAVE[:5]
    assert fitted.score(actual) == -np.mean(np.abs(actual - fitted.predict(5)))
    with pytest.raises(OptionError, match="score got y=ndarray"):
        fitted.score(actual, actual)


@pytest.mark.parametrize("history", [[*WAVE, np.nan], np.full(160, 1e305)])
def test_a_history_that_is_not_finite_is_refused_with_the_place(fitted, history):
    with pytest.raises(DataError, match=r"at index (160|0)"):
        fitted.predict(5, history)
    with pytest.raises(DataError, match=r"history 1 is .* at index (159|0)"):
        fitted.predict_many(np.stack([WAVE, history[-160:]]), 5)


def test_a_forecast_that_overflows_is_refused(fitted, monkeypatch):
    monkeypatch.setattr("elman.forecast.forecaster.rollout", lambda *a: np.array([[1.0, np.inf]]))
    with pytest.raises(DataError, match="the forecast is .* at step 2: it leaves what numbers can hold"):
        fitted.predict(2)


def test_a_training_without_a_finite_error_says_so(monkeypatch):
    monkeypatch.setattr("elman.forecast.validation.rollout", lambda *a: np.full((1, 5), np.inf))
    with pytest.raises(TrainingError, match="no epoch had a finite error"):
        small().fit(WAVE)


def test_a_season_that_the_series_does_not_hold_is_refused():
    with pytest.raises(DataError, match="the season is 161 steps, but the series has 160 values"):
        small(season=161).fit(WAVE)
    assert np.isfinite(small(season=160).fit(WAVE).predict()).all()


@pytest.mark.parametrize("wrong", [{"a": 1}, {1.0, 2.0}, object()])
def test_a_series_that_is_no_array_is_shown_without_a_place(wrong):
    with pytest.raises(DataError, match="^the series is .*; expected numbers") as refusal:
        Forecaster().fit(wrong)
    assert "index" not in str(refusal.value)
