"""`Forecaster(distribution=...)`: its forecast, intervals, samples, files, backtests and covariates."""

import numpy as np
import pandas as pd
import pytest

from elman.errors import DataError, OptionError
from elman.forecast import Forecaster
from elman.forecast.families import FAMILIES

RNG = np.random.default_rng(0)
COUNTS = np.where(RNG.random((6, 60)) < 0.5, 0, RNG.poisson(4.0, (6, 60))).astype(float)
SMALL = {"units": 6, "members": 1, "epochs": 2}


def fitted(name, data=COUNTS, horizon=4, **more):
    return Forecaster(horizon, distribution=name, **SMALL, **more).fit(data)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("data", [COUNTS[0], COUNTS])
def test_one_and_many_series_there_and_back_through_a_file(name, data, tmp_path):
    forecaster = fitted(name, data)
    made = forecaster.predict(level=[80, 95], quantiles=[0.2, 0.5, 0.9], samples=7)
    (low80, high80), (low95, high95) = made.levels[80.0], made.levels[95.0]
    assert (low95 <= low80).all() and (low80 <= high80).all() and (high80 <= high95).all() and (low95 >= 0).all()
    assert (made.quantiles[0.2] <= made.quantiles[0.5]).all() and (made.quantiles[0.5] <= made.quantiles[0.9]).all()
    assert made.samples.shape == (len(made), 7, 4) and (made.samples >= 0).all()
    if FAMILIES[name].counts:
        assert (made.samples % 1 == 0).all() and (high95 % 1 == 0).all()
    again = Forecaster.load(forecaster.save(tmp_path / "model.safetensors"))
    assert again.distribution == name and again.methods_ == ("network",)
    np.testing.assert_array_equal(again.predict(level=95).levels[95.0], made.levels[95.0])


def test_the_forecast_is_the_mean_of_its_samples_and_intervals_hold_their_share():
    made = fitted("negative_binomial").predict(level=80, samples=4000)
    assert np.abs(made.samples.mean(1) / made.values - 1).max() < 0.15
    low, high = made.levels[80.0]
    inside = ((made.samples >= low[:, None]) & (made.samples <= high[:, None])).mean(1)
    assert (inside > 0.79).all()


def test_real_paths_walk():
    """Errors of neighbouring steps go together, those of one step are as wide as its interval."""
    walk = np.cumsum(RNG.normal(size=80)) + 100
    made = fitted("normal", walk, horizon=6).predict(level=80, samples=3000)
    errors = made.samples[0] - made.values[0]
    assert abs(np.corrcoef(errors[:, 2], errors[:, 3])[0, 1] - np.sqrt(3 / 4)) < 0.05
    low, high = made.levels[80.0]
    inside = ((made.samples >= low[:, None]) & (made.samples <= high[:, None])).mean(1)
    assert np.abs(inside - 0.8).max() < 0.03


def test_missing_values_are_gone_over():
    holes = COUNTS.copy()
    holes[RNG.random(holes.shape) < 0.2] = np.nan
    holes[:, [0, -1]] = 1.0
    for name in ("poisson", "tweedie", "student_t"):
        assert np.isfinite(fitted(name, holes).predict()).all()


def promotions(last, each):
    """What is known ahead of all shops."""
    days = pd.date_range(last, periods=len(each) + 1)[1:]
    shops = [f"s{k}" for k in range(30)]
    return pd.DataFrame({"shop": np.repeat(shops, len(each)), "day": np.tile(days, 30), "promo": np.tile(each, 30)})


def test_a_known_promotion_raises_the_mean():
    promo = (RNG.random((30, 70)) < 0.3).astype(int)
    sales = RNG.poisson(3.0 * 4.0**promo)
    day = pd.date_range("2024-01-01", periods=70)
    frame = pd.DataFrame(
        {
            "shop": np.repeat([f"s{k}" for k in range(30)], 70),
            "day": np.tile(day, 30),
            "sales": sales.ravel(),
            "promo": promo.ravel(),
            "city": np.repeat(["a", "b"] * 15, 70),
        }
    )
    columns = {"group": "shop", "time": "day", "target": "sales", "future": "promo", "static": "city"}
    forecaster = Forecaster(2, distribution="poisson", units=8, members=1, epochs=40, learning_rate=0.02, season=1)
    forecaster.fit(frame, **columns)
    made = forecaster.predict(future=promotions(day[-1], [0, 1])).values
    assert abs(made[:, 0].mean() - 3) < 1.2 and abs(made[:, 1].mean() - 12) < 3
    made = forecaster.predict(5, future=promotions(day[-1], [0, 1, 0, 1, 0])).values.mean(0)
    assert made[3] > 2 * made[2] and made[3] > 2 * made[4]  # behind what the network forecasts at once


def test_a_backtest_shows_crps_of_the_median_and_coverage():
    test = Forecaster(4, distribution="negative_binomial", **SMALL).backtest(COUNTS, origins=3)
    assert {"CRPS", "pinball", "coverage 80", "coverage 95"} <= set(test.scores["elman"])
    assert (test.medians % 1 == 0).all() and not np.array_equal(test.medians, test.forecasts["elman"])
    again = Forecaster(4, distribution="negative_binomial", **SMALL).backtest(COUNTS, origins=1, refit=True)
    np.testing.assert_array_equal(again.medians % 1, 0)
    assert again.forecasts["elman"].shape == again.medians.shape == (6, 1, 4)


def test_update_goes_on_from_new_values():
    forecaster = fitted("poisson", COUNTS[0])
    higher = forecaster.update(np.concatenate([COUNTS[0], np.full(30, 40.0)])).predict()
    assert (higher > 3 * fitted("poisson", COUNTS[0]).predict()).all()
    with pytest.raises(DataError, match="whole numbers"):
        forecaster.update([1.0, 2.5, 3.0])


def test_notes_say_what_the_forecast_is():
    assert "negative binomial distributions by the networks alone" in fitted("negative binomial").notes_[-1]


@pytest.mark.parametrize(
    "params, told",
    [
        ({"distribution": "gamma"}, "no distribution 'gamma'"),
        ({"distribution": "poisson", "methods": ["theta"]}, "networks alone"),
        ({"distribution": "poisson", "auto": True}, "leave it out"),
    ],
)
def test_what_makes_no_sense_is_refused(params, told):
    with pytest.raises(OptionError, match=told):
        Forecaster(3, **params).fit(COUNTS)


def test_explaining_a_distribution_is_refused():
    with pytest.raises(OptionError, match="without distribution"):
        fitted("poisson").explain()
