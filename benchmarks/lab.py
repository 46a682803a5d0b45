"""The lab's speed: how soon its page is there, how smooth it is while a GRU 64 trains, what that costs training.

python -m benchmarks.lab [--rounds 3]

Needs Playwright and Chromium (tests/browser/chromium.sh says where). The training of the lab and `fit` alone, with the
same data, take turns, so that what slows this computer slows both.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parent.parent / "tests" / "browser" / "chromium.sh"
SERVE = [sys.executable, "-c", "from elman.cli import main; main()", "lab", "--no-browser", "--port", "0"]
SECONDS = 5.0
PLAIN = """
import time, elman as el
x, y = el.data.tasks.adding(1024, 40, seed=0)
net = el.Network(2, [el.Recurrent(el.cells.gru, 64, return_sequences=False), el.Dense(1)], seed=0)
optimizer = el.Adam(0.005, clip_norm=1.0)
net.fit(x, y, optimizer=optimizer, epochs=4, verbose=0)
begun, epochs = time.perf_counter(), 0
while time.perf_counter() - begun < {seconds}:
    net.fit(x, y, optimizer=optimizer, epochs=32, verbose=0)
    epochs += 32
print(epochs / (time.perf_counter() - begun))
"""
FRAMES = """seconds => new Promise(done => {
  const times = [];
  const next = now => { times.push(now); now - times[0] < 1000 * seconds ? requestAnimationFrame(next) : done(times); };
  requestAnimationFrame(next);
})"""
READY = "performance.timeOrigin + performance.getEntriesByName('ready')[0].startTime"
EPOCHS = (
    "() => Number(document.getElementById('standing').textContent.match(/epoch ([\\d\\s]+)/)[1].replace(/\\s/g, ''))"
)


def processor(pid: int) -> float:
    """Seconds that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def first_byte() -> dict[str, float]:
    """Seconds until the page answers, on the clock and of the processor."""
    begun = time.perf_counter()
    with subprocess.Popen(SERVE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        printed = time.perf_counter() - begun
        urllib.request.urlopen(found.group()).read(1)
        result = {"address": printed, "first byte": time.perf_counter() - begun, "processor": processor(process.pid)}
        process.terminate()
    return result


def usable(browser: Any) -> dict[str, float]:
    """Seconds until equations can be typed, in a browser that runs already, and what the server has used by then."""
    page = browser.new_page()
    begun = time.time()
    with subprocess.Popen(SERVE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        page.goto(found.group(), wait_until="commit")
        page.wait_for_selector("html[data-ready]")
        result = {"usable": page.evaluate(READY) / 1000 - begun, "processor": processor(process.pid)}
        page.close()
        process.terminate()
    return result


def epochs(page: Any, during: Any) -> float:
    """Epochs a second while something else is done."""
    before, begun = page.evaluate(EPOCHS), time.perf_counter()
    during()
    return float((page.evaluate(EPOCHS) - before) / (time.perf_counter() - begun))


def training(page: Any) -> dict[str, float]:
    """Frames a second and how long the longest one took; epochs a second, then and while nobody counts frames."""
    plain = epochs(page, lambda: page.wait_for_timeout(1000 * SECONDS))
    times: list[float] = []
    counted = epochs(page, lambda: times.extend(page.evaluate(FRAMES, SECONDS)))
    gaps = [b - a for a, b in zip(times, times[1:], strict=False)]
    frames = 1000 * len(gaps) / (times[-1] - times[0])
    return {"frames": frames, "longest": max(gaps), "epochs": plain, "counted": counted}


def alone() -> float:
    """Epochs a second of `fit` by itself."""
    code = PLAIN.format(seconds=SECONDS)
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def watched(browser: Any, rounds: int) -> None:
    """Trainings in the lab and `fit` alone, in turns."""
    with subprocess.Popen(SERVE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(found.group())
        page.wait_for_selector("html[data-ready]")
        page.get_by_label("Units").fill("64")
        page.get_by_label("Units").press("Tab")
        ratios = []
        for _ in range(rounds):
            plain = alone()
            page.get_by_role("button", name="Train", exact=True).click()
            page.get_by_role("button", name="Stop").wait_for()
            page.wait_for_timeout(1500)
            result = training(page)
            page.get_by_role("button", name="Stop").click()
            page.get_by_role("button", name="Train", exact=True).wait_for()
            ratios.append(result["epochs"] / plain)
            print(
                f"{result['frames']:.1f} frames/s, longest {result['longest']:.0f} ms; epochs/s {result['epochs']:.1f},"
                f" while frames are counted {result['counted']:.1f}, fit alone {plain:.1f}: {ratios[-1]:.2f}"
            )
        print(f"training beside fit alone, median of {rounds}: {statistics.median(ratios):.2f}")
        process.terminate()


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    found = subprocess.run([str(SCRIPT)], capture_output=True, text=True, check=True).stdout.strip()
    for _ in range(rounds):
        print({name: round(value, 2) for name, value in first_byte().items()})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for _ in range(rounds):
            print({name: round(value, 2) for name, value in usable(browser).items()})
        watched(browser, rounds)
        browser.close()


if __name__ == "__main__":
    main()
