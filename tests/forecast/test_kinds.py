"""Whatever kind of series comes: the command ends well and leaves all its files, or says why not and leaves nothing."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from elman import commands
from elman.errors import ElmanError
from elman.forecast import Forecaster
from tests.forecast.kinds import KINDS, series

FILES = {"forecast.csv", "forecast.png", "metrics.json", "model.safetensors"}
TINY = {"hidden": 4, "epochs": 2, "members": 1}


def refuse(constant):
    raise AssertionError(f"{constant} in JSON")


def forecast(folder: Path, values: np.ndarray, horizon: int, **params):
    days = np.datetime64("2019-12-30") + np.arange(len(values))
    rows = "".join(f"{day},{float(value)!r}\n" for day, value in zip(days, values, strict=True))
    (folder / "series.csv").write_text("day,value\n" + rows)
    return commands.forecast(folder / "series.csv", horizon=horizon, out=folder / "out", **TINY | params)


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.integers(1, 150), st.integers(1, 30), st.integers(0, 99))
@example("noise", 200, 10, 0)  # NumPy's booleans have no JSON
@example("1e300", 60, 5, 0)
@example("1e-320", 60, 5, 0)
@example("both ends of float64", 60, 5, 0)
@example("level shift", 130, 30, 0)
@example("season of 52", 190, 10, 0)
def test_every_kind_of_series_is_forecast_or_refused(kind, n, horizon, seed):
    values = series(kind, n, seed)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        try:
            report = forecast(Path(folder), values, horizon)
        except ElmanError as error:
            assert not out.exists() and n < 2 + 1 + horizon, error
            return
        assert {p.name for p in out.iterdir()} == FILES == set(report.files)
        assert report.values.shape == (horizon,) and np.isfinite(report.values).all()
        metrics = json.loads((out / "metrics.json").read_text(), parse_constant=refuse)
        assert metrics["notes"] == list(report.notes)
        again = Forecaster.load(out / "model.safetensors").predict(horizon, report.series)
        np.testing.assert_array_equal(again, report.values)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_forecast_stays_near_what_was_seen(kind):
    values = series(kind, 120)
    forecast = Forecaster(horizon=12, **TINY).fit(values).predict(12)
    low, high = values.min(), values.max()
    assert (forecast >= low - (high - low)).all() and (forecast <= high + (high - low)).all()


LEARNING = {"hidden": 16, "members": 2, "epochs": 40}


@pytest.mark.parametrize("noise", [0, 0.2])
def test_a_series_that_stands_at_a_new_level_is_forecast_to_stay_there(noise):
    values = np.repeat([0.0, 5.0], 150) + noise * np.random.default_rng(0).normal(size=300)
    forecast = Forecaster(horizon=120, **LEARNING).fit(values).predict()
    assert np.abs(forecast - 5).max() <= 2 * noise


def test_a_saturated_series_stays():
    values = 10 / (1 + np.exp(-(np.arange(300) - 80) / 15))
    assert np.abs(Forecaster(horizon=120, **LEARNING).fit(values).predict() - 10).max() < 0.01


def test_a_trend_goes_on():
    values = 3.0 * np.arange(200) + np.random.default_rng(0).normal(size=200)
    forecast = Forecaster(horizon=20, **LEARNING).fit(values).predict()
    assert np.abs(forecast - 3.0 * np.arange(200, 220)).max() < 15  # the last value would err by 60
