"""What a person does on the lab's page."""

from __future__ import annotations

import os
import re

SHOTS = os.environ.get("LAB_SHOTS")  # a folder for pictures, to look at


def shot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def pick_task(page, name, **fields):
    page.get_by_label("Task").select_option(name)
    for label, value in fields.items():
        page.get_by_label(label.capitalize(), exact=True).fill(str(value))


def train(page, epochs=3):
    page.get_by_role("button", name=re.compile("^Train( both)?$")).click()
    page.wait_for_function(
        "least => { const m = document.getElementById('standing').textContent.match(/epoch ([\\d\\s]+)/);"
        " return m && Number(m[1].replace(/\\s/g, '')) >= least }",
        arg=epochs,
    )


def tab(page, name):
    page.get_by_role("tab", name=name).click()


def stop(page):
    tab(page, "Train")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name=re.compile("^Train( both)?$")).wait_for()


def editor(page, which="first"):
    return page.get_by_label(f"Equations of the {which} cell")
