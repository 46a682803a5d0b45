import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from elman.errors import DataError, OptionError
from elman.forecast import mae, mase, rmse, smape

pairs = st.integers(1, 20).flatmap(
    lambda n: st.tuples(*[arrays(np.float64, n, elements=st.floats(-1e6, 1e6).map(lambda v: round(v, 3)))] * 2)
)


def test_known_values():
    actual, forecast = np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 0.0])
    assert mae(actual, forecast) == pytest.approx(5 / 3)
    assert rmse(actual, forecast) == pytest.approx(np.sqrt(13 / 3))
    assert smape(actual, forecast) == pytest.approx((0 + 200 * 2 / 6 + 200) / 3)


def test_mase_of_seasonal_naive_on_its_own_history_is_one():
    history = np.random.default_rng(0).normal(size=60)
    assert mase(history[7:], history[:-7], history, season=7) == pytest.approx(1)


def test_mase_by_hand():
    history = np.array([0.0, 1.0, 3.0, 6.0])  # one step errs by 1, 2, 3; two steps by 3, 5
    assert mase(np.array([8.0]), np.array([4.0]), history) == pytest.approx(4 / 2)
    assert mase(np.array([8.0]), np.array([4.0]), history, season=2) == pytest.approx(4 / 4)


@pytest.mark.parametrize("history, season", [(np.full(9, 5.0), 1), (np.tile([0.1, 0.7, 0.3], 9), 3), (np.ones(3), 4)])
def test_mase_is_undefined_where_there_is_nothing_to_compare_with(history, season):
    assert np.isnan(mase(np.ones(2), np.zeros(2), history, season))


@given(pairs, st.floats(0.1, 100))
def test_units_change_mae_and_rmse_but_not_smape(pair, unit):
    actual, forecast = pair
    assert mae(unit * actual, unit * forecast) == pytest.approx(unit * mae(actual, forecast), rel=1e-9, abs=1e-9)
    assert rmse(unit * actual, unit * forecast) == pytest.approx(unit * rmse(actual, forecast), rel=1e-9, abs=1e-9)
    assert smape(unit * actual, unit * forecast) == pytest.approx(smape(actual, forecast), rel=1e-9, abs=1e-9)


@given(pairs)
def test_bounds(pair):
    assert 0 <= smape(*pair) <= 200 + 1e-9
    assert mae(*pair) <= rmse(*pair) * (1 + 1e-12)


def test_smape_of_zero_and_zero_is_zero():
    assert smape(np.zeros(3), np.zeros(3)) == 0


@pytest.mark.parametrize("metric", [mae, rmse, smape, lambda a, f: mase(a, f, [1.0, 2.0, 4.0])])
@pytest.mark.parametrize(
    "actual, forecast, message",
    [
        ([1.0, np.nan], [1.0, 2.0], r"actual\[1\] is nan; expected finite numbers"),
        ([1.0, 2.0], [1.0, np.inf], r"forecast\[1\] is inf"),
        (np.ma.masked_equal([1.0, 9.0], 9.0), [1.0, 2.0], r"actual\[1\] is nan"),
        ([1.0, 2.0], [1.0], r"actual has shape \(2,\) and forecast \(1,\); expected the same"),
        ([], [], "actual is empty"),
    ],
)
def test_odd_input_is_refused_by_name(metric, actual, forecast, message):
    with pytest.raises(DataError, match=message):
        metric(actual, forecast)


@pytest.mark.parametrize("unit", [1e-300, 1e-160, 1e160, 1e300])
def test_huge_and_tiny_errors_stay_in_range(unit):
    actual, forecast = unit * np.array([1.0, -1.0, 1.0]), np.zeros(3)
    assert rmse(actual, forecast) == pytest.approx(unit) == mae(actual, forecast)
    assert smape(actual, forecast) == pytest.approx(200)
    assert mase(actual, forecast, unit * np.array([0.0, 0.5, 0.0])) == pytest.approx(2)


def test_nothing_to_compare_with():
    assert rmse([0.0], [0.0]) == 0 == smape([0.0], [0.0])
    assert np.isnan(mase([1.0], [2.0], [3.0, 3.0, 3.0])) and np.isnan(mase([1.0], [2.0], [3.0]))
    assert mase([1.0], [1.0], [0.0, 1.0]) == 0
    with pytest.raises(OptionError, match="season is 0; expected a whole number of at least 1"):
        mase([1.0], [2.0], [3.0, 4.0], season=0)
