"""Pages that commands write, by mouse, fingers and keys."""

from __future__ import annotations

import json
import os
import re

import numpy as np
import pytest

from elman.plots.page import Axis, Band, Bars, Cells, Chart, Dots, Line, Report, Rule, Section, Spans
from tests.browser.conftest import AXE, Served
from tests.browser.pages import HOSTILE, NAMES

SHOTS = os.environ.get("LAB_SHOTS")  # a folder for pictures, to look at
MARKS = "figure => [...figure.querySelectorAll('.drawn text')].map(text => text.textContent).join(' ')"


@pytest.fixture
def opened(browser):
    """Opens pages without a network; nothing may go wrong, and nothing may be asked for."""
    contexts, wrong = [], []

    def open_page(file, width=1280, scheme="light", **how):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, reduced_motion="reduce", **how
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
        page.on("request", lambda r: wrong.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
        page.goto(file.as_uri())
        if how.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def first_chart(page):
    figure = page.locator("figure.chart:visible").first
    figure.scroll_into_view_if_needed()
    return figure, figure.locator("svg.drawn").bounding_box()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_a_page_is_whole_and_leaves_nobody_out(opened, pages, name, width, scheme):
    page = opened(pages[name], width, scheme)
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
    assert page.locator("figure.chart:visible svg.drawn").count() >= 1
    assert not re.search(r"\b(NaN|undefined|null|\[object)\b", page.locator("main").inner_text())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert pages[name].stat().st_size < 500_000
    if AXE.exists():
        page.evaluate(AXE.read_text() + "\nnull")
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})")["violations"]
        said = [(v["id"], v["nodes"][0]["html"][:160], v["nodes"][0]["failureSummary"][:200]) for v in found]
        assert not said, json.dumps(said, indent=1)


@pytest.mark.parametrize("name", NAMES)
def test_the_pointer_reads_values_and_dragging_zooms(opened, pages, name):
    page = opened(pages[name])
    figure, box = first_chart(page)
    read = set()
    for share in (0.3, 0.5, 0.7):
        for height in (0.3, 0.5, 0.7):
            page.mouse.move(box["x"] + share * box["width"], box["y"] + height * box["height"])
            if figure.locator(".tip").is_visible():
                read.add(figure.locator(".tip").inner_text())
    assert read and all(re.search(r"\d", text) for text in read)
    whole = figure.get_by_role("button", name=re.compile("^Show all"))
    if whole.is_enabled():
        whole.click()
    before = figure.evaluate(MARKS)
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.75 * box["height"], steps=4)
    page.mouse.up()
    assert figure.evaluate(MARKS) != before and whole.is_enabled()
    figure.locator("svg.drawn").dblclick()
    assert figure.evaluate(MARKS) == before and whole.is_disabled()


def test_keys_read_zoom_and_show_all_again(opened, pages):
    page = opened(pages["forecast"])
    figure, _ = first_chart(page)
    figure.locator("svg.drawn").focus()
    page.keyboard.press("End")
    last = figure.get_by_role("status").inner_text()
    assert re.match(r"year 2030: 95 %: .* to .*; 80 %: .* to .*; forecast: [\d.]+$", last)
    page.keyboard.press("ArrowLeft")
    assert figure.get_by_role("status").inner_text().startswith("year 2029: ")
    before = figure.evaluate(MARKS)
    page.keyboard.press("0")
    page.keyboard.press("+")
    page.keyboard.press("+")
    near = figure.evaluate(MARKS)
    assert near != before
    page.keyboard.press("Shift+ArrowLeft")
    assert figure.evaluate(MARKS) != near
    page.keyboard.press("Escape")
    assert "1700" in figure.evaluate(MARKS)


def test_names_in_the_legend_take_lines_away(opened, pages):
    page = opened(pages["forecast"])
    figure, _ = first_chart(page)
    button = figure.get_by_role("button", name="recorded")
    count = figure.locator("path.line").count()
    button.click()
    assert button.get_attribute("aria-pressed") == "false" and figure.locator("path.line").count() == count - 1
    button.click()
    assert figure.locator("path.line").count() == count


def test_a_series_is_chosen_and_names_are_shown_as_they_are(opened, pages):
    page = opened(pages["many"], 390)
    select = page.get_by_label("Series", exact=True)
    assert select.locator("option").count() == 7
    for name in HOSTILE:
        select.select_option(label=name)
        assert page.locator("#section-1 figure.chart:visible").count() == 1
        page.locator("#section-1 figure.chart:visible path.line").nth(1).wait_for(state="attached")
    assert not page.locator("img").count() and page.evaluate("document.scripts.length") == 2


def test_fingers_read_and_pinch(opened, pages):
    page = opened(pages["forecast"], 390, has_touch=True, is_mobile=True)
    figure, box = first_chart(page)
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert figure.locator(".tip").is_visible()
    figure.get_by_role("button", name=re.compile("^Show all")).click()
    before = figure.evaluate(MARKS)
    figure.get_by_role("button", name=re.compile("^Zoom in")).click()
    assert figure.evaluate(MARKS) != before


def test_light_turns_to_dark(opened, pages):
    page = opened(pages["classify"])
    image = page.locator("image").first
    light = image.get_attribute("href")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("light => document.querySelector('image').getAttribute('href') !== light", arg=light)


@pytest.mark.parametrize("name", NAMES)
def test_without_scripts_there_are_still_pictures_and_the_command(opened, pages, name):
    page = opened(pages[name], java_script_enabled=False)
    assert page.locator("svg.sketch path, svg.sketch rect").count() > 1
    assert page.locator("#repeat").inner_text().startswith("To repeat it")


def test_a_page_in_the_lab_answers_to_the_mouse(opened, browser, pages):
    served = Served(str(pages["forecast"].parent))
    try:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(served.address)
        frame = page.frame_locator("iframe")
        frame.locator("svg.drawn").first.wait_for()
        frame.locator("svg.drawn").first.hover()
        assert frame.locator(".tip:visible").first.inner_text()
        context.close()
    finally:
        served.close()


def test_numbers_at_the_ends_of_what_there_is_stop_no_chart(opened, tmp_path):
    """Ranges that are larger than any number, logarithms of almost nothing, heat maps without cells."""
    most = float(np.finfo(float).max)
    x, ends = np.arange(4), np.array([most, -most, 5e-324, 1e300])
    layers = [Line("l", x, ends, dots=True, tint=np.ones(4)), Band("b", x, -np.abs(ends), ends), Dots("d", ends, x)]
    layers += [Line("l", ends, x), Bars("r", np.arange(5), ends), Spans("s", x, ends, -ends), Rule("r", most, -most)]
    layers += [Cells(ends.reshape(2, 2)), Cells(np.zeros((0, 3))), Line("l", x, [5e-324] * 4), Line("l", x, [most] * 4)]
    charts = [Chart(f"{log} {k}", [one], y=Axis(log=log)) for log in (False, True) for k, one in enumerate(layers)]
    (tmp_path / "odd.html").write_text(Report("odd", [Section("odd", "", charts=charts)]).html())
    page = opened(tmp_path / "odd.html")
    assert page.locator("svg.drawn").count() == len(charts)
    assert {box["height"] > 10 for box in (image.bounding_box() for image in page.locator("image").all())} == {True}
    for svg in page.locator("svg.drawn").all():
        svg.focus()
        for key in ("ArrowRight", "+", "-", "0"):
            page.keyboard.press(key)
