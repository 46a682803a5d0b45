"""A page that is loaded again, opened twice, or whose lab is stopped."""

from __future__ import annotations

import re
import signal

import pytest

from tests.browser.conftest import Served
from tests.browser.doing import editor, pick_task, stop, tab, train


@pytest.mark.quick
def test_a_page_that_is_loaded_again_has_its_training(opened):
    page = opened()
    editor(page).fill("def mine(p, x, h):\n    return tanh(p.W @ x + p.U @ h)")
    page.get_by_role("heading", name="mine").wait_for()
    page.get_by_label("Units").fill("7")
    page.get_by_label("Units").press("Tab")
    pick_task(page, "flip_flop", steps=12, sequences=64)
    page.get_by_label("Seed").fill("5")
    train(page, 4)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.get_by_role("heading", name="mine").wait_for()
    page.wait_for_function("() => document.getElementById('standing').textContent.startsWith('Learning')")
    assert page.get_by_label("Units").input_value() == "7" and page.get_by_label("Seed").input_value() == "5"
    assert page.get_by_label("Task").input_value() == "flip_flop" and page.get_by_label("Steps").input_value() == "12"
    stop(page)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.wait_for_function("() => document.getElementById('standing').textContent.startsWith('Stopped')")
    tab(page, "Scrub")
    page.get_by_role("heading", name="h (state)").wait_for()


def test_two_pages_learn_side_by_side(opened):
    pages = [opened(), opened()]
    for page in pages:
        pick_task(page, "sine", steps=12, sequences=64)
        train(page, 2)
    for page in pages:
        stop(page)


def test_a_lab_that_is_stopped_is_told(browser):
    served = Served()
    page = browser.new_page()
    page.goto(served.address)
    page.wait_for_selector("html[data-ready]")
    pick_task(page, "sine", steps=12, sequences=64)
    train(page, 2)
    served.process.send_signal(signal.SIGINT)
    served.process.wait(10)
    page.get_by_role("alert").filter(has_text=re.compile("lab")).wait_for(timeout=20_000)
    editor(page).fill("def mine(p, x, h):\n    return tanh(p.W @ x)")
    page.locator(".said .problem").filter(has_text="is `elman lab` still running?").wait_for()
    page.close()


def test_news_that_are_cut_off_come_again(opened):
    page = opened()
    pick_task(page, "sine", steps=12, sequences=64)
    train(page, 2)
    page.context.set_offline(True)
    page.wait_for_timeout(1500)
    page.context.set_offline(False)
    before = page.locator("#standing").inner_text()
    page.wait_for_function("before => document.getElementById('standing').textContent !== before", arg=before)
    stop(page)
