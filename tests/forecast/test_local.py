"""A forecaster of its own for each series: as if they were fitted in a loop."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest

import elman as el
from elman.errors import DataError, OptionError
from elman.forecast import Backtest, Forecast, Forecaster, LocalForecaster

T = np.arange(72)
RANDOM = np.random.default_rng(3)
SERIES = {
    "tea": 30 + T + 5 * np.sin(T * np.pi / 6) + RANDOM.normal(size=72),
    "ice": (90 - T + 8 * np.cos(T * np.pi / 6) + RANDOM.normal(size=72))[10:],
    "salt": 7 + RANDOM.normal(size=72),
}
SIMPLE = Forecaster(6, methods=("theta", "linear", "seasonal naive"))


@pytest.fixture(scope="module")
def local():
    return LocalForecaster(SIMPLE).fit(SERIES)


# --- what it is ---------------------------------------------------------------------------------------------


def test_each_is_what_a_forecaster_of_that_series_alone_says(local):
    found = local.predict(level=[80, 95], quantiles=[0.3], samples=4)
    assert isinstance(found, Forecast) and found.names == tuple(SERIES)
    for name, values in SERIES.items():
        alone = Forecaster(**SIMPLE.get_params()).fit(values).predict(level=[80, 95], quantiles=[0.3], samples=4)
        mine = found[name]
        np.testing.assert_array_equal(mine.values, alone.values)
        np.testing.assert_array_equal(mine.levels[95], alone.levels[95])
        np.testing.assert_array_equal(mine.quantiles[0.3], alone.quantiles[0.3])
        np.testing.assert_array_equal(mine.samples, alone.samples)
        np.testing.assert_array_equal(mine.errors[0][: alone.errors.shape[1]], alone.errors[0])


@pytest.mark.parametrize("refit", [False, True])
def test_its_backtest_is_that_of_each_series_at_the_same_origins(refit):
    test = LocalForecaster(SIMPLE).backtest(SERIES, origins=3, refit=refit)
    assert isinstance(test, Backtest) and test.refitted == refit
    assert list(test.forecasts) == ["elman", "naive", "seasonal naive", "drift", "theta", "ets"]
    for s, (name, values) in enumerate(SERIES.items()):
        for k, origin in enumerate(test.origins):
            before = values[: len(values) - (origin if refit else test.origins[0])]
            alone = Forecaster(**SIMPLE.get_params()).fit(before)
            if refit or k == 0:
                found = alone.predict(level=80)
                np.testing.assert_array_equal(test.forecasts["elman"][s, k], found.values[0], err_msg=name)
                np.testing.assert_array_equal(test.intervals[80][0][s, k], found.levels[80][0][0])
    newest = 0 if not refit else -1
    np.testing.assert_array_equal(test.forecaster.predict()["salt"].values[0], test.forecasts["elman"][2, newest])


def test_several_jobs_say_the_same_bit_for_bit():
    forecaster = Forecaster(6, methods=("network", "theta"), members=1)
    alone, beside = (LocalForecaster(forecaster, n_jobs=n) for n in (1, 2))
    one, two = (each.backtest(SERIES, origins=2) for each in (alone, beside))
    for method, made in one.forecasts.items():
        np.testing.assert_array_equal(two.forecasts[method], made)
    np.testing.assert_array_equal(one.intervals[80], two.intervals[80])
    one, two = (each.fit(SERIES).predict(level=80) for each in (alone, beside))
    np.testing.assert_array_equal(one.values, two.values)
    np.testing.assert_array_equal(one.levels[80], two.levels[80])


def test_the_context_of_joblib_counts():
    with joblib.parallel_config("threading", n_jobs=2):
        found = LocalForecaster(SIMPLE).fit(SERIES).predict()
    np.testing.assert_array_equal(found.values, LocalForecaster(SIMPLE).fit(SERIES).predict().values)


def test_a_forecast_goes_back_as_the_data_came():
    rows = [(name, day, v) for name, values in SERIES.items() for day, v in enumerate(values)]
    frame = pd.DataFrame(rows, columns=["shop", "day", "sold"])
    frame["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["day"], "D")
    found = LocalForecaster(SIMPLE).fit(frame, time="day", target="sold", group="shop").predict(2, level=80)
    table = found.to_pandas()
    assert list(table.columns) == ["shop", "day", "sold", "lo-80", "hi-80"] and len(table) == 6
    array = LocalForecaster(SIMPLE).fit(np.stack([SERIES["tea"], SERIES["salt"]])).predict(4)
    assert type(array) is np.ndarray and array.shape == (2, 4)


def test_covariates_are_those_of_each_series():
    promotion = RANDOM.integers(0, 2, (2, 60)).astype(float)
    rows = [(s, t, 5 + 3 * promotion[s, t] + 0.1 * RANDOM.normal(), promotion[s, t]) for s in (0, 1) for t in range(60)]
    frame = pd.DataFrame(rows, columns=["shop", "t", "sold", "promotion"])
    known = pd.DataFrame([(s, t, float(s)) for s in (0, 1) for t in (60, 61)], columns=["shop", "t", "promotion"])
    local = LocalForecaster(Forecaster(2, methods=("theta", "linear")))
    local.fit(frame, time="t", target="sold", group="shop", future="promotion")
    np.testing.assert_allclose(local.predict(future=known).values, [[5, 5], [8, 8]], atol=0.5)
    with pytest.raises(DataError, match="series '?1'?"):
        local.predict(future=known.iloc[:2])


# --- what it tells ------------------------------------------------------------------------------------------


def test_notes_are_told_once_with_the_series_they_are_of():
    data = {"a": SERIES["tea"][:40], "b": SERIES["salt"][:40], "c": np.full(40, 2.0)}
    local = LocalForecaster(Forecaster(6, methods=("several seasons", "theta"))).fit(data)
    (note,) = [note for note in local.notes_ if "several seasons" in note]
    assert note.startswith("a, b, c: several seasons is left out")


def test_widths_that_are_not_known_are_nan_and_a_note():
    data = {"a": SERIES["tea"], "flat": np.full(40, 2.0)}
    found = LocalForecaster(SIMPLE).fit(data).predict(level=80, samples=3)
    assert np.isfinite(found["a"].levels[80]).all() and np.isnan(found["flat"].levels[80]).all()
    assert np.isfinite(found.values).all() and np.isnan(found["flat"].samples).all()
    assert any("bounds are NaN" in note and "flat" in note for note in found.notes)
    test = LocalForecaster(SIMPLE).backtest(data, origins=2)
    assert not test.intervals and any("no intervals are judged" in note and "flat" in note for note in test.notes)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_names_the_series(n_jobs):
    data = {"good": SERIES["tea"], "bad": -SERIES["tea"]}
    counts = LocalForecaster(Forecaster(4, distribution="poisson", epochs=1, units=4), n_jobs=n_jobs)
    with pytest.raises(DataError, match="^series '(good|bad)': "):
        counts.fit(data)


def test_what_makes_no_sense_is_refused_before_anything_is_fitted():
    for wrong, message in [
        ({"forecaster": 3}, "forecaster is 3; expected a Forecaster"),
        ({"forecaster": Forecaster(horizon=0)}, "horizon is 0"),
        ({"n_jobs": 0}, "n_jobs is 0"),
    ]:
        with pytest.raises(OptionError, match=message):
            LocalForecaster().set_params(**wrong).fit(SERIES)
    with pytest.raises(OptionError, match="not fitted"):
        LocalForecaster().predict()
    with pytest.raises(OptionError, match="has no parameter 'jobs'"):
        LocalForecaster().set_params(jobs=2)


def test_one_fit_has_no_several_jobs():
    with pytest.raises(OptionError, match="n_jobs is 2, and there is one fit.*LocalForecaster"):
        SIMPLE.backtest(SERIES, n_jobs=2)


# --- as an estimator ----------------------------------------------------------------------------------------


def test_it_is_cloned_and_pickled(local):
    from sklearn.base import clone

    again = clone(local)
    assert not again.is_fitted and again.forecaster.get_params() == SIMPLE.get_params()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(local)).predict().values, local.predict().values)
    assert repr(LocalForecaster(n_jobs=2)) == "LocalForecaster(n_jobs=2)"
    assert el.LocalForecaster is LocalForecaster and not SIMPLE.is_fitted  # as it was given
