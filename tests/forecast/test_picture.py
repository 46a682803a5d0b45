import subprocess
import sys

import numpy as np
import pytest

from elman.data import Series
from elman.data.times import Step, infer_step
from elman.forecast import Backtest, Forecaster
from elman.forecast.picture import _shown, draw, render

WAVE = np.sin(2 * np.pi * np.arange(160) / 10)
TIMES = {
    "numbers": np.arange(1850, 2010),
    "dates": np.datetime64("2001-01-01", "us") + np.arange(160) * np.timedelta64(7, "D"),
    "the first days": np.datetime64("0001-01-01", "us") + np.arange(160) * np.timedelta64(1, "D"),
    "the first months": np.arange(160).astype("timedelta64[M]") + np.datetime64("0001-01"),
    "the last days": np.datetime64("9999-12-31", "us") - np.arange(169, 9, -1) * np.timedelta64(1, "D"),
}
TIMES["the first months"] = TIMES["the first months"].astype("datetime64[us]")


def series_at(times):
    return Series("wave", WAVE, times, infer_step(times), "height", "when")


@pytest.fixture(scope="module")
def backtest():
    return Forecaster(hidden=4, horizon=10, epochs=1, members=1).backtest(WAVE)


def drawn(axes):
    return {line.get_label(): line for line in axes.get_lines() if not line.get_label().startswith("_")}


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_the_forecast_follows_the_record_at_its_own_times(times, backtest):
    series, forecast = series_at(times), np.linspace(0, 1, 10)
    lines = drawn(draw(series, forecast, "gru", backtest).axes[0])
    np.testing.assert_array_equal(lines["recorded"].get_ydata(), WAVE)
    ahead = lines["forecast (gru)"]
    np.testing.assert_array_equal(ahead.get_ydata(), [WAVE[-1], *forecast])
    np.testing.assert_array_equal(ahead.get_xdata(orig=True)[1:], series.future(10))


def test_the_backtest_shows_forecasts_at_their_origins(backtest):
    axes = draw(series_at(TIMES["numbers"]), np.zeros(10), "gru", backtest).axes[1]
    line = drawn(axes)["gru"]
    np.testing.assert_array_equal(line.get_ydata(), backtest.forecasts["gru"][-1])
    np.testing.assert_array_equal(line.get_xdata(), TIMES["numbers"][-10:])
    assert set(drawn(axes)) == {"recorded", "gru", "seasonal naive"}
    assert "3 of 5 forecasts drawn" in axes.get_title(loc="left")


def test_without_a_backtest_there_is_one_panel():
    assert len(draw(series_at(TIMES["numbers"]), np.zeros(1), "gru", None).axes) == 1


def test_axes_are_named_after_the_columns(backtest):
    for axes in draw(series_at(TIMES["dates"]), np.zeros(3), "gru", backtest).axes:
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("when", "height")


def test_a_long_history_does_not_hide_the_forecast():
    n = 5000
    series = Series("long", np.zeros(n), np.arange(n), Step("number", 1), "v", "t")
    axes = draw(series, np.ones(12), "gru", None).axes[0]
    assert len(drawn(axes)["recorded"].get_ydata()) < 500


def test_it_is_saved_as_png(tmp_path):
    (tmp_path / "x.png").write_bytes(render(draw(series_at(TIMES["numbers"]), np.zeros(3), "gru", None)))
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_drawing_keeps_no_state_of_pyplot():
    code = (
        "import sys, numpy as np; from elman.data import load_series; from elman.forecast.picture import draw, render; "
        "open(sys.argv[1], 'wb').write(render(draw(load_series('sunspots'), np.zeros(3), 'gru', None))); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, "/dev/null"], check=True)


def test_forecasts_that_are_drawn_do_not_overlap_and_lie_near_the_end():
    origins = np.arange(4000, 4991, 5)
    test = Backtest(None, origins, np.zeros((len(origins), 10)), {"gru": None}, {})
    rows = _shown(test, 5000)
    assert rows[0] == len(origins) - 1
    assert (-np.diff(origins[rows]) >= 10).all() and 4500 < origins[rows[-1]] < 4700
