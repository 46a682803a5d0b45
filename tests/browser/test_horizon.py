"""What depends on what: the gradient horizon triangle of units and inputs."""

from __future__ import annotations

import re

import pytest

from tests.browser.doing import pick_task, shot, stop, tab, train


def about(page):
    return page.locator("figcaption", has=page.get_by_role("heading", name="Gradient horizon")).locator("p.note")


@pytest.mark.parametrize("size", [pytest.param("wide", marks=pytest.mark.quick), "phone"])
def test_it_is_asked_of_units_and_of_the_input(opened, size):
    page = opened(size=size)
    pick_task(page, "flip_flop", steps=20, sequences=128)
    train(page, 5)
    page.get_by_label("depends on, at step s").select_option("input")
    page.get_by_text("Size of ∂ loss at t / ∂ input at s").wait_for()
    page.get_by_label("At step t", exact=True).select_option("unit h")
    page.get_by_label("Unit at step t").fill("3")
    page.get_by_label("Unit at step t").press("Enter")
    page.get_by_text("Size of ∂ h of unit 3 at t / ∂ input at s").wait_for()
    page.wait_for_timeout(1200)
    assert about(page).inner_text() == "Size of ∂ h of unit 3 at t / ∂ input at s"
    shot(page, f"horizon-{size}")
    stop(page)
    page.get_by_label("depends on, at step s").select_option("unit h")
    page.get_by_text(re.compile("∂ h of unit 1 after s")).wait_for()
    tab(page, "Scrub")
    tab(page, "Train")
    page.wait_for_timeout(400)
    assert about(page).inner_text() == "Size of ∂ h of unit 3 at t / ∂ h of unit 1 after s"
    page.get_by_label("depends on, at step s").select_option("")
    page.get_by_label("At step t", exact=True).select_option("")
    page.get_by_text("Size of ∂ loss at t / ∂ state after s").wait_for()
