import subprocess
import sys

import numpy as np
import pytest

from elman.data import Series, collect
from elman.data.times import infer_step
from elman.forecast import Forecaster
from elman.forecast.backtest_picture import draw_backtest, shown_origins
from elman.forecast.picture import MOST_SERIES, chosen, draw, render
from elman.plots.style import new_figure

WAVE = np.sin(2 * np.pi * np.arange(160) / 10)
TIMES = {
    "numbers": np.arange(1850, 2010),
    "dates": np.datetime64("2001-01-01", "us") + np.arange(160) * np.timedelta64(7, "D"),
    "the first days": np.datetime64("0001-01-01", "us") + np.arange(160) * np.timedelta64(1, "D"),
    "the first months": np.arange(160).astype("timedelta64[M]") + np.datetime64("0001-01"),
    "the last days": np.datetime64("9999-12-31", "us") - np.arange(169, 9, -1) * np.timedelta64(1, "D"),
}
TIMES["the first months"] = TIMES["the first months"].astype("datetime64[us]")
NAMES = ["$\\frac{a$", "$x$ and $y$", "price in $", "a\\$b", "_hidden", "{}", "%d", "long " * 20]


def series_at(times, name="height"):
    return Series("wave", WAVE, times, infer_step(times), name, "when")


def forecaster(horizon=10, **options):
    return Forecaster(horizon=horizon, methods=["theta", "seasonal naive"], **options)


def forecast_of(series, **options):
    return forecaster(**options).fit(series).predict(level=[80, 95])


@pytest.fixture(scope="module")
def backtest():
    return forecaster().backtest(series_at(TIMES["numbers"]))


def drawn(axes):
    return {line.get_label(): line for line in axes.get_lines() if not line.get_label().startswith("_")}


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_the_forecast_follows_the_record_at_its_own_times(times, backtest):
    found = forecast_of(series_at(times))
    lines = drawn(draw("wave", found, backtest).axes[0])
    shown = lines["recorded"].get_ydata()
    np.testing.assert_array_equal(shown, WAVE[-len(shown) :])
    np.testing.assert_array_equal(lines["forecast"].get_ydata(), [WAVE[-1], *found.values[0]])
    np.testing.assert_array_equal(lines["forecast"].get_xdata(orig=True)[1:], found.times[0])


def test_the_bands_are_those_of_the_forecast():
    found = forecast_of(series_at(TIMES["numbers"]))
    axes = draw("wave", found, None).axes[0]
    bands = sorted(found.levels.items(), reverse=True)
    assert [patch.get_label() for patch in axes.patches] == [f"{level:g} %" for level, _ in bands]
    for collection, (_, (low, high)) in zip(axes.collections, bands, strict=True):
        edges = collection.get_paths()[0].vertices[:, 1]
        assert (edges.min(), edges.max()) == (low.min(), high.max())


def test_the_backtest_shows_forecasts_at_their_origins(backtest):
    axes = draw("wave", forecast_of(series_at(TIMES["numbers"])), backtest).axes[1]
    line = drawn(axes)["elman"]
    np.testing.assert_array_equal(line.get_ydata(), backtest.forecasts["elman"][0, -1])
    np.testing.assert_array_equal(line.get_xdata(), TIMES["numbers"][-10:])
    assert set(drawn(axes)) == {"recorded", "elman", backtest.best_rival}
    count = len(shown_origins(backtest))
    assert f"{count} of {len(backtest.origins)} forecasts drawn" in axes.get_title(loc="left")


def test_without_a_backtest_there_is_one_panel():
    assert len(draw("wave", forecast_of(WAVE, horizon=1), None).axes) == 1


def test_axes_are_named_after_the_columns(backtest):
    for axes in draw("wave", forecast_of(series_at(TIMES["numbers"])), backtest).axes:
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("when", "height")


@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_drawn(name):
    found = forecast_of(series_at(TIMES["numbers"], name))
    assert render(draw(name, found, None)).startswith(b"\x89PNG")


def test_a_long_history_does_not_hide_the_forecast():
    axes = draw("long", forecast_of(np.random.default_rng(0).normal(size=2000), horizon=12), None).axes[0]
    assert len(drawn(axes)["recorded"].get_ydata()) < 500


def test_a_value_between_gaps_is_a_dot():
    gaps = WAVE.copy()
    gaps[[-3, -1]] = np.nan
    gaps = np.append(gaps, 5.0)
    axes = draw("gaps", forecast_of(gaps), None).axes[0]
    dots = next(line for line in axes.get_lines() if line.get_marker() == "o")
    assert dots.get_ydata().tolist() == [WAVE[-2], 5.0]


def test_of_many_series_a_few_are_drawn_from_the_best_to_the_worst():
    rng = np.random.default_rng(0)
    panel = [np.tile(WAVE[:10], 8) + rng.normal(0, 0.05 * (s + 1), 80) for s in range(7)]
    model = forecaster(season=10).fit(panel)
    test = model.backtest(panel)
    found = model.predict(level=80)
    numbers = chosen(found, test)
    scores = test.scores["elman"]["MASE"].by_series
    assert len(numbers) == MOST_SERIES and (np.diff(scores[numbers]) >= 0).all()
    assert scores[numbers[0]] == scores.min() and scores[numbers[-1]] == scores.max()
    figure = draw("panel", found, test)
    assert len(figure.axes) == 2 * MOST_SERIES
    assert chosen(found, None) == [0, 2, 4, 6] and chosen(found.take([0, 1]), None) == [0, 1]


def test_a_series_that_the_backtest_left_out_says_so():
    panel = [WAVE, WAVE + 1, WAVE[:12]]
    model = forecaster().fit(panel)
    figure = draw("panel", model.predict(level=80), model.backtest(panel))
    assert "too short for the backtest" in [text.get_text() for text in figure.axes[-1].texts]


def test_it_is_saved_as_png():
    assert render(draw("x", forecast_of(WAVE), None)).startswith(b"\x89PNG")


def test_drawing_keeps_no_state_of_pyplot():
    code = (
        "import sys; from elman.forecast import Forecaster; from elman.forecast.picture import draw, render; "
        "f = Forecaster(horizon=3, methods='theta').fit('sunspots'); "
        "open(sys.argv[1], 'wb').write(render(draw('sunspots', f.predict(level=80), None))); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, "/dev/null"], check=True)


def test_forecasts_that_are_drawn_do_not_overlap_and_lie_near_the_end():
    test = forecaster(horizon=10).backtest(np.random.default_rng(0).normal(size=1500), origins=200)
    rows = shown_origins(test)
    assert rows[0] == len(test.origins) - 1
    origins = test.origins[rows]
    assert (np.diff(origins) >= 10).all() and 300 < origins[-1] <= 420


def test_a_backtest_without_intervals_can_be_drawn():
    collection = collect([3.0, 1.0, 4.0, 1.0, 5.0, 9.0])
    test = forecaster(horizon=1).backtest(collection, refit=True, origins=2)
    ax = new_figure().add_subplot()
    assert {"recorded", "elman"} <= set(drawn(draw_backtest(test, 0, ax)))
