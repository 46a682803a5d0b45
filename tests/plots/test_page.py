"""Pages: whole in themselves, closed to all else, true to their arrays, and small."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import warnings
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.plots.page import Axis, Band, Bars, Cells, Chart, Choice, Dots, Line, Report, Rule, Section, Spans, heat
from elman.plots.page.thinning import thinned
from elman.typed import typing
from tests.draws import draws

STEPS = np.arange(4)


def data_of(html: str) -> list[dict]:
    """The charts of a page, as its script reads them."""
    found = re.search(r'<script type="application/json" id="charts">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found.group(1))


def drawn(*layers, **options) -> dict:
    return Chart("chart", layers, **options).plain()


class Elements(HTMLParser):
    """Scripts and styles of a page, and what its elements point to."""

    def __init__(self, html: str):
        super().__init__()
        self.inside, self.texts, self.links, self.handlers = "", {"script": [], "style": []}, [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.inside = tag if tag in self.texts and dict(attrs).get("type") != "application/json" else ""
        self.links += [value for name, value in attrs if name in ("src", "href", "action", "data", "poster")]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data):
        if self.inside:
            self.texts[self.inside].append(data)
            self.inside = ""


def test_a_page_asks_for_nothing_and_lets_nothing_else_run():
    html = Report("a", [Section("b", "c", charts=[Chart("d", [Line("e", STEPS, STEPS)])])]).html()
    found = Elements(html)
    assert all(link.startswith(("#", "data:")) for link in found.links) and not found.handlers
    (script,), (style,) = found.texts["script"], found.texts["style"]
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html).group(1).replace("&#x27;", "'")
    for name, text in (("script-src", script), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "http" not in policy
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", html)


@pytest.mark.parametrize(
    "name", ["</script><script>alert(1)</script>", "<!--<script>", "a\u2028b\u202ec", "\ud800", "😀" * 300]
)
def test_names_in_data_end_no_element(name):
    chart = Chart(
        name, [Line(name, STEPS, STEPS), Dots(name, [0], [0], names=[name])], Axis(name), Axis(names=[name]), name
    )
    html = Report(name, [Section(name, name, [[name]], [Choice(name, [(name, [chart])])], points=[name])]).html()
    assert html.count("<script") == 2 and html.count("</script>") == 2 and "alert(1)</script><" not in html
    assert data_of(html)[0]["layers"][0]["label"].count("😀") in (0, 300)
    assert not re.search("[\u2028\u202e]", html) and html.encode()


def test_numbers_are_set_right_and_words_left():
    rows = [["method", "MASE", "share", "what"], ["ets", "0.97", "12 %", "3 values"], ["naive", "-", "-1.2e-05", "4"]]
    html = Report("page", [Section("Scores", "", table=rows)]).html()
    words = ' class="brief" dir="auto"'
    assert (
        f'<tr><th{words}>method</th><th class="number">MASE</th><th class="number">share</th><th{words}>what</th></tr>'
        in html
    )
    assert f'<td{words}>naive</td><td class="number">-</td><td class="number">-1.2e-05</td><td{words}>4</td>' in html


def test_what_layers_hold_is_what_they_were_given():
    found = drawn(
        Line("l", STEPS, [1, np.nan, 3.14159265, np.inf], 2, dash=True, hidden=True),
        Band("b", STEPS, [0, 1, 2, 3], [1, 2, 3, np.nan]),
        Dots("d", STEPS, [1e-9, 2, 3, 4], names="abcd"),
        Bars("", [0, 1, 2], [3, 4]),
        Spans("s", STEPS, STEPS, STEPS + 1, level=True),
        Rule("r", y=0.5),
    )
    line, band, dots, bars, spans, rule = found["layers"]
    assert line["y"] == [1, None, 3.1416, None] and line["dash"] and line["hidden"] and line["colour"] == 2
    assert band["high"] == [1, 2, 3, None] and dots["names"] == list("abcd") and dots["y"][0] == 1e-9
    assert bars["y"] == [3, 4] and spans["level"] and rule["y"] == 0.5 and "at" not in rule
    assert found["places"] == [[0, 1, 2, 3], [0, 1, 2]]  # what layers share is written once
    assert line["x"] == band["x"] == dots["x"] == spans["x"] == 0 and bars["x"] == 1
    assert found["plane"] and "plane" not in drawn(Line("l", STEPS, STEPS))


@pytest.mark.parametrize(
    ("times", "apart"),
    [
        (["1700", "1701"], 366), (["2020-02", "2020-03"], 28), (["2020-02-02", "2020-03-01"], 1),
        (["2020-02-02T12", "2020-02-03T12"], 0),
    ],
)  # fmt: skip
def test_dates_are_places_that_say_how_they_are_written(times, apart):
    x = np.array(times, "datetime64[s]")
    found = drawn(Line("l", np.append(x, np.datetime64("NaT")), [1, 2, np.nan]), x=Axis("t", start=x[1]))
    assert found["places"][0] == [*x.astype("datetime64[ms]").astype(int).tolist(), None]
    assert found["x"]["time"] == apart * 86_400_000 and found["x"]["start"] == found["places"][0][1]


def test_a_band_is_as_strong_as_it_is_said_to_be():
    """An attribute counts less than a rule of the style, so that none may say it."""
    x = np.arange(5)
    chart = Chart("c", [Band("faint", x, x, x + 1, strength=0.07), Band("strong", x, x, x + 2, strength=0.41)])
    html = Report("R", [Section("S", "", charts=[chart])]).html()
    assert re.findall(r'class="band [^"]*" opacity="([^"]+)"', html) == ["0.07", "0.41"]
    rules = re.findall(r"\.band\b[^{]*{[^}]*}", html)
    assert rules and not any("opacity" in rule for rule in rules)


def test_a_long_line_keeps_its_peaks_gaps_and_ends():
    values = np.random.default_rng(0).normal(size=100_000)
    values[[777, 50_000]] = 40, -40
    values[60_000:60_010] = np.nan
    kept = thinned(values)
    assert {0, 777, 50_000, 99_999} <= set(kept.tolist()) and len(kept) < 2500 and (np.diff(kept) > 0).all()
    assert np.isnan(values[kept]).any()
    found = drawn(Line("l", np.arange(100_000), values))
    assert found["left"] == 100_000 - len(kept) and len(found["layers"][0]["y"]) == len(kept)
    assert thinned(np.full(5000, np.nan)).tolist()[-1] == 4999


def test_a_heat_map_has_its_counts_and_its_colours():
    shares = np.array([[100.0, 0], [50, 50]])
    found = heat("c", shares, Axis(names="ab"), Axis(names="ab"), counts=np.array([[3, 0], [1, 1]]), most=100).plain()
    (cells,) = found["layers"]
    assert cells["counts"] == [3, 0, 1, 1] and cells["values"] == [100, 0, 50, 50] and not cells["signed"]
    assert found["down"] and drawn(Cells([[-1.0, np.nan]]))["layers"][0] | {
        "most": 1.0,
        "signed": True,
        "values": [-1, None],
    }


@pytest.mark.parametrize(
    "layers",
    [
        [], [Line("l", [], [])], [Line("l", STEPS, [np.nan] * 4)], [Line("l", [5], [7])], [Line("l", STEPS, [3] * 4)],
        [Line("l", STEPS, [1e200, -1e200, 0, 1])], [Rule("", y=1.0)], [Cells(np.zeros((2, 3)))],
        [Cells(np.ones((50, 50)))],
        [Line("l", np.array(["0001-01-01", "9999-12-31"], "datetime64[D]"), [1, 2])], [Bars("", [0, 1], [np.nan])],
        [Band("b", STEPS, [np.nan] * 4, STEPS)], [Dots("d", STEPS, [np.nan, 1, 2, 3])], [Spans("", [1], [0], [np.nan])],
    ],
)  # fmt: skip
@pytest.mark.parametrize("log", [False, True])
def test_odd_charts_are_drawn_without_scripts_too(layers, log):
    html = Report("odd", [Section("odd", "", charts=[Chart("odd", layers, y=Axis(log=log))])]).html()
    assert_sound(html)
    assert "There is nothing to draw" in html or "<svg" in html


def assert_sound(html):
    """Its JSON is strict, and all places of its still pictures are numbers."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    json.loads(re.search(r'id="charts">(.*?)</script>', html, re.DOTALL).group(1), parse_constant=refuse)
    places = re.findall(r' (?:d|x|y|width|height)="([^"]*)"', html.split("<script>")[0])
    assert not [place for place in places if "nan" in place or "inf" in place]


MOST = np.finfo(float).max
ODD = [MOST, -MOST, 1e300, 5e-324, 0.0, -0.0, 1.0, np.nan, np.inf, -np.inf]


@st.composite
def odd_layers(draw):
    """Layers of each kind with the numbers that drawings go wrong at."""
    n = draw(st.integers(0, 4))
    x, low, high = (np.array(draw(st.lists(st.sampled_from(ODD), min_size=n, max_size=n)), float) for _ in range(3))
    edges = np.array(draw(st.lists(st.sampled_from(ODD), min_size=n + 1, max_size=n + 1)))
    one, other = (draw(st.sampled_from([None, *ODD])) for _ in range(2))
    made = [Line("l", x, low), Band("b", x, low, high), Dots("d", x, low), Bars("r", edges, low), Rule("r", one, other)]
    made += [Spans("s", x, low, high, level=draw(st.booleans())), Cells(low.reshape(1, -1), most=one)]
    return draw(st.lists(st.sampled_from(made), min_size=1, max_size=3))


@draws(150)
@given(odd_layers(), st.booleans(), st.booleans(), *[st.sampled_from([None, *ODD])] * 3)
def test_numbers_at_the_ends_of_what_there_is_are_drawn_or_left_out(layers, log, up, low, high, start):
    chart = Chart("odd", layers, Axis(log=up, start=start), Axis(log=log, low=low, high=high))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_sound(Report("odd", [Section("odd", "", charts=[chart])]).html())


def test_an_axis_of_logarithms_begins_above_nothing():
    axis = Axis(log=True, low=0.0, high=10.0).plain()
    assert "low" not in axis and axis["high"] == 10


def test_a_page_says_how_to_repeat_it_and_what_it_was_made_with():
    report = Report("a", [], "forecast", seed=3)
    with typing(["forecast", "my data.csv", "--where", "a<b", "--resume"]):
        html = report.html()
    assert "<code>elman forecast &#x27;my data.csv&#x27; --where &#x27;a&lt;b&#x27;</code>" in html
    assert re.search(
        r"Elman [\d.]+, NumPy [\d.]+, Python [\d.]+; seed 3; written at \d{4}-\d\d-\d\d \d\d:\d\d UTC", html
    )
    assert "by a program in Python" in report.html() and "--resume" not in html


def test_pages_are_small():
    assert len(Report("a", []).html()) < 60_000
