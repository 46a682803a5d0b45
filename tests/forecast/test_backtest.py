import numpy as np
import pytest

from elman.data import load_series
from elman.engine import default_engine
from elman.errors import DataError, OptionError
from elman.forecast import Forecaster, backtest, mae, mase, rmse, seasonal_naive, smape

WAVE = np.sin(2 * np.pi * np.arange(160) / 10) + 0.1 * np.random.default_rng(0).normal(size=160)

# the native engine computes a row alone and in a batch bit for bit alike; NumPy's matrix products do not
ROUNDING = 0 if default_engine() == "native" else 1e-6


def small(**params):
    return Forecaster(**{"hidden": 8, "horizon": 10, "epochs": 3, "members": 1, "nonnegative": False} | params)


@pytest.fixture(scope="module")
def test():
    return small().backtest(WAVE)


def test_origins_are_half_a_horizon_apart_and_end_with_the_series(test):
    np.testing.assert_array_equal(np.diff(test.origins), 5)
    np.testing.assert_array_equal(test.actual[-1], WAVE[-10:])
    assert all((actual == WAVE[o : o + 10]).all() for o, actual in zip(test.origins, test.actual, strict=True))


def test_it_is_what_a_forecaster_trained_by_hand_says(test):
    alone = small().fit(WAVE[: test.origins[0]])
    for origin, forecast in zip(test.origins, test.forecasts["gru"], strict=True):
        np.testing.assert_allclose(alone.predict(10, WAVE[:origin]), forecast, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("which", [0, 2])
def test_no_forecast_sees_what_it_forecasts(test, which):
    """Change everything from one origin on: forecasts up to that origin stay as they are, bit for bit."""
    changed = WAVE.copy()
    changed[test.origins[which] :] += 50
    other = small().backtest(changed)
    for method in ("gru", "naive", "seasonal naive"):
        np.testing.assert_array_equal(other.forecasts[method][: which + 1], test.forecasts[method][: which + 1])
        assert not np.array_equal(other.forecasts[method][which + 1 :], test.forecasts[method][which + 1 :])


def test_scores_are_the_metrics_of_the_forecasts(test):
    forecasts = test.forecasts["gru"]
    triples = [(a, f, WAVE[:o]) for a, f, o in zip(test.actual, forecasts, test.origins, strict=True)]
    assert test.scores["gru"] == {
        "MASE": pytest.approx(np.mean([mase(a, f, h, 10) for a, f, h in triples])),
        "sMAPE": pytest.approx(np.mean([smape(a, f) for a, f, _ in triples])),
        "RMSE": pytest.approx(rmse(test.actual, forecasts)),
        "MAE": pytest.approx(np.mean([mae(a, f) for a, f, _ in triples])),
    }


def test_baselines_use_the_season_of_the_training_values(test):
    assert test.season == 10
    expected = [seasonal_naive(WAVE[:o], 10, 10) for o in test.origins]
    np.testing.assert_array_equal(test.forecasts["seasonal naive"], expected)
    np.testing.assert_array_equal(test.forecasts["naive"][:, 0], WAVE[test.origins - 1])


def test_without_a_season_there_is_no_seasonal_naive():
    assert set(small(season=1).backtest(WAVE).scores) == {"gru", "naive"}


def test_horizon_and_number_of_origins_can_be_chosen():
    test = backtest(small(), WAVE, horizon=4, origins=3)
    assert test.actual.shape == (3, 4) and test.horizon == 4


def test_the_forecaster_is_not_changed():
    forecaster = small()
    forecaster.backtest(WAVE)
    assert not hasattr(forecaster, "networks_") and forecaster.get_params() == small().get_params()


def test_a_series_too_short_to_hold_back_a_horizon():
    with pytest.raises(DataError, match="the series has 37 values; a backtest of 10 steps needs 38"):
        small().backtest(WAVE[:37])


def test_no_origins_is_refused():
    with pytest.raises(OptionError, match="origins is 0"):
        small().backtest(WAVE, origins=0)


def test_sunspots_are_forecast_better_than_by_seasonal_naive():
    """The defaults, as `elman forecast sunspots --horizon 22` uses them."""
    scores = Forecaster(horizon=22).backtest(load_series("sunspots")).scores
    for metric in ("MASE", "sMAPE", "RMSE", "MAE"):
        assert scores["gru"][metric] < scores["seasonal naive"][metric] < scores["naive"][metric]
