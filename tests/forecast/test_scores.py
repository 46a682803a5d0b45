import numpy as np
import pytest

from elman.errors import DataError, ShapeError
from elman.forecast import judge, mase, naive_scales, owa, rmse, score, smape


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    histories = rng.normal(size=(4, 30)).cumsum(1)
    actual, forecast = rng.normal(size=(2, 4, 3, 5))
    return histories, actual, forecast


def test_one_series_and_origin_are_as_the_plain_metrics_say(problem):
    histories, actual, forecast = problem
    scores = judge(actual[:, :1], forecast[:, :1], naive_scales(histories, 4))
    for s in range(4):
        a, f = actual[s, 0], forecast[s, 0]
        assert scores["MASE"].by_series[s] == pytest.approx(mase(a, f, histories[s], 4))
        assert scores["sMAPE"].by_series[s] == pytest.approx(smape(a, f))
        assert scores["RMSE"].by_series[s] == pytest.approx(rmse(a, f))
    assert scores["MASE"].overall == pytest.approx(scores["MASE"].by_series.mean()) == float(scores["MASE"])


def test_missing_truths_count_nowhere(problem):
    histories, actual, forecast = problem
    scale = naive_scales(histories)
    actual[0, 1], actual[2, :, 4], actual[3] = np.nan, np.nan, np.nan
    found = judge(actual, forecast, scale)["MASE"]
    missed = np.abs(actual - forecast) / scale[:, None, None]
    assert found.by_series[0] == pytest.approx(missed[0, [0, 2]].mean())
    assert found.by_horizon[4] == pytest.approx(np.mean([missed[0, [0, 2], 4].mean(), missed[1, :, 4].mean()]))
    assert np.isnan(found.by_series[3]) and found.judged == 3
    assert found.overall == pytest.approx(np.nanmean(found.by_series))
    assert found.note == "MASE leaves out 1 of 4 series without truth or scale: 3"


def test_constant_histories_are_left_out_and_named(problem):
    histories, actual, forecast = problem
    histories[1] = 7
    scores = judge(actual, forecast, naive_scales(histories))
    assert scores["MASE"].judged == 3 and "of 4 series without truth or scale: 1" in scores["MASE"].note
    assert scores["sMAPE"].judged == 4 and scores["sMAPE"].note == ""
    nothing = score("MASE", np.abs(actual - forecast), np.full(4, np.nan))
    assert np.isnan(nothing.overall) and nothing.judged == 0 and "4 of 4" in nothing.note


def test_rmsse_is_the_root_of_a_ratio_of_squares(problem):
    histories, actual, forecast = problem
    found = judge(actual, forecast, naive_scales(histories), scale_of_squares=naive_scales(histories, squared=True))
    for s in range(4):
        ratio = np.mean((actual[s] - forecast[s]) ** 2) / np.mean(np.diff(histories[s]) ** 2)
        assert found["RMSSE"].by_series[s] == pytest.approx(np.sqrt(ratio))


def test_owa_of_the_reference_is_one_and_of_half_its_errors_a_half(problem):
    histories, actual, forecast = problem
    actual, scale = np.abs(actual) + 100, naive_scales(histories)
    itself = judge(actual, forecast + 100, scale, reference=forecast + 100)["OWA"]
    assert itself.overall == pytest.approx(1)
    np.testing.assert_allclose(itself.by_horizon, 1)
    halved = judge(actual, actual + 0.001 * forecast, scale, reference=actual + 0.002 * forecast)["OWA"]
    np.testing.assert_allclose(halved.by_series, 0.5, rtol=1e-4)


def test_owa_without_errors_of_the_reference_is_undefined_there_only():
    perfect, other = score("MASE", np.array([[[0.0]], [[1.0]]])), score("MASE", np.ones((2, 1, 1)))
    found = owa(other, other, perfect, perfect)
    assert np.isnan(found.by_series[0]) and found.by_series[1] == 1 and found.overall == 2 and found.judged == 1


def test_intervals_quantiles_and_samples(problem):
    histories, actual, forecast = problem
    actual[0, 0, 0] = np.nan
    scale, rng = naive_scales(histories), np.random.default_rng(1)
    samples = forecast[..., None] + rng.normal(size=(4, 3, 5, 200))
    levels = np.array([0.05, 0.5, 0.95])
    quantiles = np.quantile(samples, levels, axis=-1).transpose(1, 2, 3, 0)
    band = {90: (quantiles[..., 0], quantiles[..., 2])}
    found = judge(actual, forecast, scale, intervals=band, quantiles=quantiles, probabilities=levels)
    inside = (band[90][0][1] <= actual[1]) & (actual[1] <= band[90][1][1])
    assert found["coverage 90"].by_series[1] == pytest.approx(inside.mean())
    assert found["width 90"].by_series[1] == pytest.approx((band[90][1][1] - band[90][0][1]).mean() / scale[1])
    assert found["interval score 90"].overall > found["width 90"].overall
    sampled = judge(actual, forecast, scale, quantiles=quantiles, probabilities=levels, samples=samples)
    assert sampled["CRPS"].overall == pytest.approx(found["CRPS"].overall, rel=0.3)
    assert sampled["CRPS"].overall != found["CRPS"].overall and sampled["pinball"].overall == found["pinball"].overall
    assert all(np.isfinite(one.overall) for one in {**found, **sampled}.values())


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_squares_stay_in_range(unit):
    assert score("RMSE", unit * np.array([[[3.0, -4.0]]]), root=True).overall == pytest.approx(unit * np.sqrt(12.5))


def test_odd_input_is_refused(problem):
    _, actual, forecast = problem
    with pytest.raises(ShapeError, match=r"expected \(S, K, H\)"):
        judge(actual[0], forecast[0], np.ones(4))
    with pytest.raises(ShapeError, match=r"scale has shape \(3,\); expected \(4,\)"):
        judge(actual, forecast, np.ones(3))
    with pytest.raises(DataError, match=r"scale\[2\] is 0.0; expected a number above 0, or NaN"):
        judge(actual, forecast, [1.0, 1.0, 0.0, 1.0])
