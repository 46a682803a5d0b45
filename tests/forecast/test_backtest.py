import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from elman.data import load_series
from elman.engine import default_engine
from elman.errors import DataError, OptionError
from elman.forecast import Forecaster, backtest, judge, naive_scales
from elman.forecast.choices import choose_origins
from elman.training import LambdaCallback

T = np.arange(100)
WAVE = 3 + np.sin(2 * np.pi * T / 10) + 0.1 * np.random.default_rng(0).normal(size=100)
SEVERAL = [WAVE, WAVE[30:] * 4, WAVE[::-1] - 9]

# the native engine computes a row alone and in a batch bit for bit alike; NumPy's matrix products do not
ROUNDING = 0 if default_engine() == "native" else 1e-6


def small(**params):
    return Forecaster(**{"horizon": 6, "members": 1, "methods": ("network", "theta", "linear")} | params)


@pytest.fixture(scope="module")
def test():
    return small().backtest(WAVE)


# --- what it is ---------------------------------------------------------------------------------------------


def test_origins_are_half_a_horizon_apart_and_end_with_the_series(test):
    assert test.origins[-1] == 6 and (np.diff(test.origins) == -3).all()
    np.testing.assert_array_equal(len(WAVE) - test.origins, choose_origins(100, 6, 50))
    for k, origin in enumerate(100 - test.origins):
        np.testing.assert_array_equal(test.actual[0, k], WAVE[origin : origin + 6])


def test_it_is_what_a_forecaster_fitted_on_the_values_before_says(test):
    alone = small().fit(WAVE[: 100 - test.origins[0]])
    found = alone.predict(level=[80, 95])
    np.testing.assert_array_equal(found.values[0], test.forecasts["elman"][0, 0])
    for level in (80, 95):
        np.testing.assert_array_equal(found.levels[level], [bound[:, 0] for bound in test.intervals[level]])


def test_refitted_it_is_what_one_fitted_before_each_origin_says():
    test = small().backtest(WAVE, origins=3, refit=True)
    assert test.refitted and test.forecasts["elman"].shape == (1, 3, 6)
    for k, origin in enumerate(100 - test.origins):
        found = small().fit(WAVE[:origin]).predict(level=80)
        np.testing.assert_array_equal(found.values[0], test.forecasts["elman"][0, k])
        np.testing.assert_array_equal(found.levels[80][1][0], test.intervals[80][1][0, k])


@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("which", [0, 2])
@pytest.mark.parametrize(
    "change", [lambda v: v + 50, lambda v: -v * 9, lambda v: np.nan * v], ids=["up", "down", "gone"]
)
def test_no_forecast_sees_what_it_forecasts(refit, which, change):
    """Change everything from one origin on: what is said up to that origin stays as it is, bit for bit."""
    forecaster = small(methods=("theta", "network") if refit else None)
    first = forecaster.backtest(SEVERAL, origins=4, refit=refit)
    changed = []
    for values in SEVERAL:
        other, place = values.copy(), len(values) - first.origins[which]
        other[place:-1] = change(other[place:-1])
        other[-1] = np.abs(other[-1])
        changed.append(other)
    other = forecaster.backtest(changed, origins=4, refit=refit)
    for method in first.forecasts:
        np.testing.assert_array_equal(
            other.forecasts[method][:, : which + 1], first.forecasts[method][:, : which + 1], err_msg=method
        )
    later = [test.forecasts["elman"][:, which + 1 :] for test in (first, other)]
    assert not np.array_equal(*later)
    for level, (low, high) in first.intervals.items():
        np.testing.assert_array_equal(other.intervals[level][0][:, : which + 1], low[:, : which + 1])
        np.testing.assert_array_equal(other.intervals[level][1][:, : which + 1], high[:, : which + 1])


def test_other_processes_say_the_same_bit_for_bit():
    alone, beside = (small(methods="network").backtest(SEVERAL, origins=2, refit=True, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(alone.forecasts["elman"], beside.forecasts["elman"])
    for level in alone.intervals:
        np.testing.assert_array_equal(alone.intervals[level], beside.intervals[level])
    np.testing.assert_array_equal(alone.forecaster.predict(9), beside.forecaster.predict(9))


def test_series_that_stay_short_are_left_out_with_a_note():
    test = small().backtest({"long": WAVE, "short": WAVE[:9], "other": WAVE[10:], "tiny": WAVE[:1]})
    assert test.collection.names == ("long", "other")
    assert "2 series too short for the backtest are left out: short, tiny" in test.notes
    assert (
        "1 series too short for the backtest is left out: short"
        in small().backtest({"a": WAVE, "short": WAVE[:9]}).notes
    )
    assert all(np.isfinite(made).all() for made in test.forecasts.values())


def test_values_that_are_missing_are_not_judged():
    gaps = WAVE.copy()
    gaps[[97, 98]] = np.nan
    test = small().backtest(gaps)
    assert np.isnan(test.actual[0, -1, 3:5]).all()
    assert np.isfinite([float(score) for score in test.scores["elman"].values()]).all()


def test_the_forecaster_is_not_changed():
    forecaster = small()
    forecaster.backtest(WAVE)
    assert not hasattr(forecaster, "networks_") and forecaster.get_params() == small().get_params()


def test_horizon_and_number_of_origins_can_be_chosen():
    test = backtest(small(), WAVE, horizon=4, origins=3)
    assert test.actual.shape == (1, 3, 4) and test.horizon == 4
    assert not test.notes
    assert "the series hold" in small().backtest(WAVE, origins=90).notes[0]


def test_frames_are_tested_as_forecasters_take_them():
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=100), "shop": "a", "sold": WAVE})
    test = small().backtest(frame, time="day", target="sold", group="shop", origins=2)
    assert test.collection.names == ("a",)
    np.testing.assert_array_equal(test.actual[0, -1], WAVE[-6:])


def test_callbacks_are_told_how_networks_learn():
    heard = []
    forecaster = small(units=4, epochs=1, methods="network")
    forecaster.backtest(WAVE, origins=2, callbacks=[LambdaCallback(on_train_begin=heard.append)])
    assert heard


# --- how it judges ------------------------------------------------------------------------------------------


def test_scores_are_those_of_judge(test):
    before = [WAVE[: 100 - test.origins[0]]]
    scales, squares = (naive_scales(before, test.season, squared=squared) for squared in (False, True))
    for name, made in test.forecasts.items():
        bands = test.intervals if name == "elman" else None
        expected = judge(test.actual, made, scales, scale_of_squares=squares, intervals=bands)
        told = {m: float(s) for m, s in test.scores[name].items() if m not in ("pinball", "CRPS")}  # below
        assert told == {m: float(s) for m, s in expected.items()}


def test_simple_methods_stand_beside_it(test):
    assert list(test.forecasts) == ["elman", "naive", "seasonal naive", "drift", "theta", "ets"]
    for k, origin in enumerate(100 - test.origins):
        np.testing.assert_array_equal(test.forecasts["naive"][0, k], np.full(6, WAVE[origin - 1]))
        np.testing.assert_array_equal(test.forecasts["seasonal naive"][0, k], WAVE[origin - 10 : origin - 4])


def test_without_a_season_there_is_no_seasonal_naive():
    assert "seasonal naive" not in small(season=1, methods="theta").backtest(WAVE).forecasts


def test_the_verdict_is_on_the_best_simple_method_or_one_that_is_named(test):
    best = min(list(test.forecasts)[1:], key=lambda name: float(test.scores[name]["MASE"]))
    assert test.best_rival == best and best in str(test.verdict())
    assert "drift" in str(test.verdict("drift"))
    with pytest.raises(OptionError, match=r"there is no method 'thta' \(did you mean 'theta'\?\); there are naive"):
        test.verdict("thta")


def test_what_repeats_itself_exactly_is_judged_without_a_scale():
    test = small(methods="seasonal naive").backtest(np.full(60, 5.0))
    assert float(test.scores["elman"]["MAE"]) == 0 and "elman" in repr(test)


def test_its_text_is_short(test):
    text = repr(test)
    assert text.startswith("<Backtest: 1 series, ") and "MASE" in text and len(text.splitlines()) < 12
    assert all(name in text for name in test.forecasts)


def test_as_a_table(test):
    table = test.to_pandas()
    assert list(table.index) == list(test.forecasts) and table.loc["theta", "MASE"] == float(
        test.scores["theta"]["MASE"]
    )


def test_without_pandas_it_says_what_to_install():
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "import numpy as np, elman as el\n"
        "test = el.Forecaster(horizon=3, methods='theta').backtest(np.arange(40.0))\n"
        "print(repr(test)[:9])\n"
        "try: test.to_pandas()\n"
        "except el.OptionError as error: print(error)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.startswith("<Backtest\npandas is not installed") and "pip install pandas" in told


# --- what it refuses ----------------------------------------------------------------------------------------


def test_a_series_too_short_to_hold_back_a_horizon():
    with pytest.raises(DataError, match="the series has 9 values; a backtest of 6 steps needs 10"):
        small().backtest(WAVE[:9])


@pytest.mark.parametrize(
    "options, message",
    [
        ({"origins": 0}, "origins is 0"),
        ({"horizon": 0}, "horizon is 0"),
        ({"refit": "yes"}, "refit is 'yes'"),
        ({"level": 120}, "level is 120"),
        ({"level": "80"}, "level is '80'"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"n_jobs": 2.0}, "n_jobs is 2.0"),
        ({"n_jobs": 2, "callbacks": [LambdaCallback()]}, "n_jobs is 2, and other processes cannot tell callbacks"),
        ({"callbacks": 3}, "callbacks is 3"),
        ({"group": "shop"}, "group names columns"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises(OptionError, match=message):
        small().backtest(WAVE, **options)


# --- how good it is -----------------------------------------------------------------------------------------


def test_sunspots_are_forecast_better_than_by_simple_methods():
    scores = Forecaster(horizon=22, season=11).backtest(load_series("sunspots")).scores
    for metric in ("MASE", "sMAPE", "RMSE", "MAE"):
        assert all(float(scores["elman"][metric]) < float(scores[name][metric]) for name in scores if name != "elman")


def test_quantiles_are_judged_by_what_they_say():
    series = 20 + np.sin(np.arange(80) * 2 * np.pi / 8) + RNG_OF_QUANTILES.normal(0, 0.3, 80)
    test = Forecaster(6, methods=["theta", "seasonal naive"]).backtest(series, origins=3)
    shares = [0.025, 0.1, 0.5, 0.9, 0.975]
    low95, high95 = test.intervals[95.0]
    low80, high80 = test.intervals[80.0]
    quantiles = np.stack([low95, low80, test.forecasts["elman"], high80, high95], -1)
    error = test.actual[..., None] - quantiles
    expected = np.maximum(np.array(shares) * error, (np.array(shares) - 1) * error).mean() / test.scales[0]
    assert float(test.scores["elman"]["pinball"]) == pytest.approx(expected)
    assert "CRPS" in test.scores["elman"] and "CRPS" not in test.scores["naive"]


RNG_OF_QUANTILES = np.random.default_rng(5)
