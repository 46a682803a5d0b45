"""What a forecast says of itself, and what it can do without."""

from __future__ import annotations

import numpy as np
import pytest

from elman.data import collect
from elman.forecast import Forecaster, attempts

WAVE = 10 + 3 * np.sin(np.arange(96) * np.pi / 6)


def fitted(series, **options):
    return Forecaster(**{"horizon": 6, "methods": ["theta", "seasonal naive"], **options}).fit(series)


def test_values_that_are_raised_to_zero_are_said():
    falling = np.maximum(60.0 - np.arange(70), 0)
    forecaster = fitted(falling, horizon=12, methods=["theta", "ets"])
    found = forecaster.predict(level=80)
    raised = int(np.sum(found.values == 0))
    forecaster.nonnegative = False
    assert raised == np.sum(forecaster.predict(level=80).values < 0) > 0
    assert found.notes == (f"{raised} of the 12 values would be below 0, as no value of their series is: they are 0",)
    assert not fitted(WAVE).predict(level=80).notes
    assert not fitted(falling, nonnegative=False).predict(level=80).notes


def test_a_series_that_is_too_short_has_a_note_instead_of_a_backtest():
    test, notes = attempts.backtested(fitted(WAVE[:9]), collect(WAVE[:9]))
    assert test is None and notes == [
        "no backtest: the series has 9 values; a backtest of 6 steps needs 10. Give a shorter horizon, or longer series"
    ]


def test_another_season_than_the_backtest_saw_is_said():
    late = np.concatenate([np.random.default_rng(0).normal(10, 0.1, 36), np.tile(WAVE[:12], 5)])
    forecaster = fitted(late, season=None)
    test, notes = attempts.backtested(forecaster, collect(late))
    if test.season[0] == forecaster.season_[0]:
        pytest.skip("the same season was found")
    assert notes[-1].startswith("the backtest saw")


def test_intervals_are_left_out_with_a_note_where_nothing_says_how_wide_they_are():
    found, notes = attempts.forecast_with_intervals(fitted([1.0, 2.0, 4.0], horizon=2), 2, None)
    assert not found.levels and notes[0].startswith("no intervals: ")
    found, notes = attempts.forecast_with_intervals(fitted(WAVE), 2, None)
    assert list(found.levels) == [80, 95] and not notes


def test_missing_values_and_constant_series_are_counted():
    assert attempts.notes_of(collect(WAVE)) == []
    gaps = WAVE.copy()
    gaps[[3, 4]] = np.nan
    (said,) = attempts.notes_of(collect([WAVE, gaps]))
    assert said.startswith("2 of 192 values are missing, in 1 of 2 series: ")
    assert attempts.notes_of(collect(np.full(9, 4.0)))[0].startswith("the series is constant")
    assert attempts.notes_of(collect([WAVE, np.ones(5)])) == [
        "1 of 2 series is constant: their forecasts repeat a value"
    ]
