"""The page of a forecast says what was found, holds its pictures, and asks for nothing from elsewhere."""

from __future__ import annotations

import re

import numpy as np
import pytest

import elman as el
from elman.forecast import Forecaster
from elman.forecast.page import page
from elman.forecast.seen import network_inputs, network_view, reading_layer

WAVE = 10 + 3 * np.sin(np.arange(96) * np.pi / 6) + np.random.default_rng(0).normal(0, 0.3, 96)
SECTIONS = ["Forecast", "Forecast in numbers", "Notes", "Data", "Fit", "Backtest"]
TESTED = ["Intervals", "Residuals"]
NETWORK = ["What the network saw", "How far its gradient reached"]


def made(data, *, test=True, horizon=6, **options):
    forecaster = Forecaster(horizon=horizon, **{"methods": ["theta", "network"], **options}).fit(data)
    found = forecaster.predict(level=[80, 95])
    return page("wave", forecaster, found, forecaster.backtest(data) if test else None, ("<a note>",))


def test_of_one_series_there_is_everything_with_pictures():
    report = made(WAVE)
    assert [section.title for section in report.sections] == [*SECTIONS, *TESTED, *NETWORK]
    html = report.html()
    assert html.count('<figure class="chart') == 7 and "&lt;a note&gt;" in html and "<a note>" not in html
    assert not re.findall(r'(?:src|href)="(?!data:|#)', html) and len(html) < 150_000
    assert report.sections[0].text.startswith("6 steps ahead. In the backtest: ")
    assert "about as good as" in html or "beat" in html


def test_of_many_series_each_is_beside_the_best_simple_method():
    report = made([WAVE + k for k in range(7)])
    titles = [section.title for section in report.sections]
    assert titles == [*SECTIONS, "Backtest by series", *TESTED, *NETWORK]
    forecast, by_series = report.sections[0], report.sections[6]
    assert forecast.text.startswith("6 steps of 7 series.") and len(forecast.charts[0].sets) == 7
    scores = [float(row[1]) for row in by_series.table[1:]]
    assert len(scores) == 7 and scores == sorted(scores, reverse=True)


def test_without_a_backtest_or_a_network_the_rest_is_there():
    report = made(WAVE, test=False, methods=["theta"])
    assert [section.title for section in report.sections] == SECTIONS
    assert report.sections[-1].text.startswith("There is none")


@pytest.mark.parametrize(
    "data", [[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0], np.full(40, 7.0), np.tile([1e200, 3e200, 2e200], 20)]
)
def test_odd_series_have_a_page(data):
    forecaster = Forecaster(horizon=2, methods=["theta", "network"]).fit(data)
    test = forecaster.backtest(data)
    assert page("odd", forecaster, forecaster.predict(level=()), test, ()).html()


def test_a_network_of_many_units_is_not_followed_back():
    report = made(WAVE, test=False, units=300, epochs=1, members=1)
    assert report.sections[-1].text.startswith("Not computed: 300 units")


def test_the_network_reads_the_ends_of_the_longest_series():
    forecaster = Forecaster(horizon=6, methods="network").fit([WAVE, WAVE[-50:], WAVE[-8:]])
    x = network_inputs(forecaster, 4, 40)
    assert x["series"].shape == (2, 40, 2) and x["about"].shape[0] == 2
    z, words = network_view(forecaster, 0)
    np.testing.assert_allclose(x["series"][0, :, 0], z[-40:] - z[-40], rtol=1e-4, atol=1e-4)
    assert words.startswith("the logarithm of the series without its season of 12 steps")
    assert reading_layer(forecaster.networks_[0]) == "gru"


def test_a_network_with_constants_is_looked_at_when_it_comes_from_a_file(tmp_path):
    @el.cell
    def masked(p, x, h):
        mask = el.constant(np.eye(3))
        return el.tanh(p.W @ x + (mask * p.U) @ h)

    net = el.Network(1, [el.Recurrent(masked, 3), el.Dense(1)])
    loaded = el.load(net.save(tmp_path / "net.safetensors"))
    x = np.random.default_rng(0).normal(size=(2, 9, 1))
    flows = [el.insight.gradient_flow(one, x, np.zeros((2, 9, 1))).norms for one in (net, loaded)]
    np.testing.assert_array_equal(*flows)
