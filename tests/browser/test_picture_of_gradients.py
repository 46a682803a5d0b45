"""The picture of docs/why that answers to the reader: it draws, says what it shows, and fits a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import SIZES

PICTURE = Path(__file__).parents[2] / "docs/why/horizon.html"


@pytest.fixture(params=SIZES)
def page(request, browser):
    width, height = SIZES[request.param]
    opened = browser.new_page(viewport={"width": width, "height": height})
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.goto(PICTURE.as_uri())
    yield opened
    assert errors == [] and opened.evaluate("document.documentElement.scrollWidth") <= width
    opened.close()


@pytest.mark.parametrize(
    ("example", "said"),
    [
        ("vanishes", "vanishes: less than a hundredth is left 11 steps back"),
        ("holds", "holds: more than a hundredth comes back"),
        ("explodes", "explodes. A step multiplies by 1.30 in the geometric mean"),
        ("saturates", "vanishes"),
        ("a gate holds", "holds"),
    ],
)
def test_each_example_shows_what_it_is_called_for(page, example, said):
    page.click(f"button:text-is('{example}')")
    assert said in page.inner_text("#verdict")
    assert page.locator("#factors rect").count() == 40 and page.locator("#products path").count() == 2


def test_the_recurrent_weight_is_changed_by_keys(page):
    page.focus("#u")
    page.keyboard.press("End")
    assert page.inner_text("#u-said") == "2.50" and "2.50" in page.inner_text("#equation")


def test_a_linear_unit_multiplies_by_its_weight(page):
    page.click("button:text-is('explodes')")
    assert f"40 steps by {1.3**40:.1e}".replace("e+0", "e+") in page.inner_text("#verdict")


def test_nothing_is_fetched():
    assert "http" not in PICTURE.read_text().replace("http://www.w3.org/2000/svg", "")
