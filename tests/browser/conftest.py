"""The lab in a real browser: `make test-browser`, which says where Chromium is; the suite by itself skips it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHROMIUM = os.environ.get("CHROMIUM")
AXE = Path(os.environ.get("AXE", "build/axe/package/axe.min.js"))
SIZES = {"wide": (1280, 900), "phone": (390, 844)}


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    if CHROMIUM is None:
        pytest.skip("`make test-browser` runs it; CHROMIUM=PATH says where the browser is")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


class Served:
    """`elman lab` as a process of its own."""

    def __init__(self, *arguments: str):
        command = [sys.executable, "-c", "from elman.cli import main; main()", "lab", "--no-browser", "--port", "0"]
        self.process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        found = re.search(r"http://\S+", said)
        assert found is not None, said
        self.address = found.group()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="session")
def lab():
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    served = Served()
    yield served.address
    served.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Of each command one, by its name."""
    from tests.browser.pages import write_pages

    return write_pages(tmp_path_factory.mktemp("pages"))


@pytest.fixture
def opened(browser, lab):
    """Opens pages, in which nothing may go wrong: no exception, no error on the console, no request that fails.

    Addresses may be of labs that end with the test: pages are closed before them, and what is served last.
    """
    contexts, wrong, served = [], [], []

    def open_page(address=lab, size="wide", scheme="light", allowed=()):
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            accept_downloads=True,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
        page.on(
            "response",
            lambda r: wrong.append(f"{r.status} {r.url}") if r.status >= 400 and r.status not in allowed else None,
        )
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        return page

    def serve(*arguments):
        served.append(Served(*arguments))
        return served[-1].address

    open_page.serve = serve
    yield open_page
    for one in (*contexts, *served):
        one.close()
    refused = re.compile(r"Failed to load resource: the server responded with a status of 400")
    assert not [each for each in wrong if not refused.search(each)]
