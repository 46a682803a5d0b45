"""The lab's speed: how soon its page is there, how smooth it is while a GRU 64 trains, what that costs training.

python -m benchmarks.lab [--rounds 3]

Needs Playwright and Chromium (tests/browser/chromium.sh says where). The training of the lab and `fit` alone, with the
same data, take turns of a few seconds, each in a process that goes on where it was, `fit` before and behind the lab: so
what slows this computer slows both, and what drifts is gone from their ratio, of which the median is told.
"""

from __future__ import annotations

import argparse
import contextlib
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
SECONDS = 3.0  # of a turn
TURNS = 3  # of the lab in a round, between turns of `fit`
PLAIN = """
import sys, time, elman as el
x, y = el.data.tasks.adding(1024, 40, seed=0)
net = el.Network(2, [el.Recurrent(el.cells.gru, 64, return_sequences=False), el.Dense(1)], seed=0)
optimizer = el.Adam(0.005, clip_norm=1.0)
net.fit(x, y, optimizer=optimizer, epochs=4, verbose=0)
print("ready", flush=True)
for line in sys.stdin:
    begun, epochs = time.perf_counter(), 0
    while time.perf_counter() - begun < float(line):
        net.fit(x, y, optimizer=optimizer, epochs=16, verbose=0)
        epochs += 16
    print(epochs / (time.perf_counter() - begun), flush=True)
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


class Alone:
    """`fit` by itself, in a process that waits for its turns."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", PLAIN]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def turn(self) -> float:
        """Epochs a second."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{SECONDS}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def turn_of_the_lab(page: Any) -> tuple[float, float, list[float]]:
    """Epochs a second while the page is shown, and while its frames are counted; how long each frame took."""
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Pause").wait_for()
    page.wait_for_timeout(400)
    shown = epochs(page, lambda: page.wait_for_timeout(1000 * SECONDS))
    times: list[float] = []
    counted = epochs(page, lambda: times.extend(page.evaluate(FRAMES, SECONDS)))
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    return shown, counted, [b - a for a, b in zip(times, times[1:], strict=False)]


def begun(page: Any, address: str) -> None:
    """A GRU 64 that learns, and rests."""
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    page.get_by_label("Units").fill("64")
    page.get_by_label("Units").press("Tab")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("button", name="Pause").wait_for()
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()


def watched(browser: Any, turns: int) -> None:
    """Trainings in the lab and `fit` alone, in turns."""
    shown, counted, frames = [], [], []
    with subprocess.Popen(SERVE, stdout=subprocess.PIPE, text=True) as process, contextlib.closing(Alone()) as alone:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        begun(page, found.group())
        before = alone.turn()
        for _ in range(turns):
            one, other, gaps = turn_of_the_lab(page)
            behind = alone.turn()
            plain = (before + behind) / 2
            before = behind
            shown.append(one / plain)
            counted.append(other / plain)
            frames += gaps
            print(
                f"{1000 * len(gaps) / sum(gaps):.1f} frames/s, longest {max(gaps):.0f} ms; epochs/s {one:.1f}, while "
                f"frames are counted {other:.1f}, fit alone {plain:.1f}: {shown[-1]:.2f}, {counted[-1]:.2f}",
                flush=True,
            )
        page.close()
        process.terminate()
    print(f"{1000 * len(frames) / sum(frames):.1f} frames/s, longest {max(frames):.0f} ms")
    print(f"training beside fit alone, median of {turns} turns: {statistics.median(shown):.3f}", end="")
    print(f"; while frames are counted {statistics.median(counted):.3f}")


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
        watched(browser, TURNS * rounds)
        browser.close()


if __name__ == "__main__":
    main()
