"""Writes docs/performance.md and the pages of the machines: `make bench-docs`.

    python -m benchmarks.page            the pages again, from what is kept of every machine (benchmarks/machines)
    python -m benchmarks.page --newest   first keep the newest complete measurement of this machine
    python -m benchmarks.page FILE       first keep that measurement

Nothing on the pages is written by hand, save what `benchmarks/notes.md` says, which follows the method.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.cells.speed import SPEED
from benchmarks.cells.speed_page import TITLE as CELLS
from benchmarks.cells.speed_page import section as of_cells
from benchmarks.comparisons import AMX, COMPARISONS, KEPT
from benchmarks.machine_files import store, stored, title
from benchmarks.machine_page import best_peer, details, goal_met, goals, section
from benchmarks.markdown import markdown, paragraph
from benchmarks.picture import draw
from benchmarks.run import RESULTS
from benchmarks.split_page import section as of_split_products
from benchmarks.table import goal_name

from elman.files import write_whole

DOCS = Path(__file__).parent.parent / "docs"
NOTES = Path(__file__).parent / "notes.md"
Machines = dict[str, dict[str, Any]]


def page(machines: Machines) -> str:
    """Of all machines, by their names, the newest first."""
    sections = [
        introduction(machines),
        across(machines),
        *(section(name, results) for name, results in machines.items()),
        of_cells(json.loads(SPEED.read_text())),
        of_split_products(machines),
        repeating(next(iter(machines.values()))),
        method(next(iter(machines.values()))),
        NOTES.read_text().rstrip(),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def introduction(machines: Machines) -> str:
    text = f"""
        Elman beside PyTorch, JAX, Keras on TensorFlow and ONNX Runtime: the same networks from the same weights on the
        same data, as many threads for each. Figures of {len(machines)} machines, each with the version of Elman and
        of the others that it had on its day; [how](#method) they were measured."""
    heading = (
        "machine",
        "instructions",
        "measured",
        "fastest float32 product",
        "faster than the best peer",
        "goals met",
    )
    return f"# Performance\n\n{paragraph(text)}\n\n{markdown(heading, (machine_row(r) for r in machines.values()))}"


def machine_row(results: dict[str, Any]) -> tuple[str, ...]:
    workloads, product = results["workloads"], results["products"][0]
    compared = [found for found in map(best_peer, workloads) if found]
    reached = [goal_met(goal) for workload in workloads for goal in goals(workload, results) if "ratio" in goal]
    return (
        f"[{title(results['machine'])}](#{anchor(title(results['machine']))})",
        results["machine"]["instructions"],
        results["time"][:10],
        f"{product['gflops']:.0f} GFLOP/s, {product['library']}",
        f"{sum(found['ratio'] > 1 for found in compared)} of {len(compared)}",
        f"{sum(reached)} of {len(reached)}",
    )


def anchor(heading: str) -> str:
    """That of a heading, as GitHub makes it.

    Examples
    --------
    >>> anchor("AMD EPYC, Zen 4, 2 cores")
    'amd-epyc-zen-4-2-cores'
    """
    return "".join(c for c in heading.lower() if c.isalnum() or c in " -_").replace(" ", "-")


def across(machines: Machines) -> str:
    """A row a workload, a column a machine."""
    text = f"""
        How many times Elman's time the best peer takes: the fastest of all, however it is run. Where "{KEPT}" is best,
        which tunes the allocator of the C library as few users do, the ratio to the best without stands in brackets.
        Bold: Elman is slower. In the workloads in bfloat16 the best peer may multiply in float32. A dash: not measured
        there."""
    names = [title(results["machine"]) for results in machines.values()]
    table = markdown(("", "work", "goal", *names), (row_across(each, machines) for each in COMPARISONS))
    of_cells = (
        f"W14, all cells beside built-in ones of equal arithmetic, has a [section](#{anchor(CELLS[3:])}) of its own."
    )
    newest = next(iter(machines))
    picture = f"![How many times Elman's time each peer takes](performance/{newest}.png)"
    return f"## Across machines\n\n{paragraph(text)}\n\n{table}\n\n{paragraph(of_cells)}\n\n{picture}"


def row_across(comparison: Any, machines: Machines) -> tuple[str, ...]:
    workload = comparison.workload
    wanted = [goal_name(goal.plain) + (" (AMX)" if goal.instructions == AMX else "") for goal in comparison.goals]
    measured = [
        next((each for each in results["workloads"] if each["name"] == workload.name), None)
        for results in machines.values()
    ]
    return workload.name, workload.about, "; ".join(wanted), *map(ratio_across, measured)


def ratio_across(workload: dict[str, Any] | None) -> str:
    best = best_peer(workload) if workload else {}
    if not best:
        return "–"
    shown = f"{best['ratio']:.2f}" if best["ratio"] > 1 else f"**{best['ratio']:.2f}**"
    without = best_peer(workload, kept=False) if workload else {}
    return shown + (f" ({without['ratio']:.2f})" if KEPT in best["best"] and without else "")


def repeating(results: dict[str, Any]) -> str:
    minutes = f"{results['seconds'] / 60:.0f} minutes"
    text = """
        The first two install the peers into `.venv-parity`. An idle machine is best; on a busy one, root may put
        `chrt -r 5` before `python -m benchmarks.run`. Workloads in bfloat16 are left out, and it is said so, where the
        processor has no instructions for such numbers. What is kept of a machine is in `benchmarks/machines`; a new
        measurement takes the place of the machine's old one."""
    return f"""## Repeating it

```sh
make bench          # everything, about {minutes}: a table, JSON and a picture in benchmarks/results
make bench-quick    # the small workloads, under two minutes
make bench-docs     # these pages, with the newest complete run as the figures of its machine
make bench-cells    # W14: all cells, their section here
elman bench         # Elman alone, with nothing else installed
```

{paragraph(text)}"""


def method(results: dict[str, Any]) -> str:
    text = f"""
        Every contender runs in a process of its own; they take turns of a fifth of a second or more, in
        {results["rounds"]} rounds, so that a change of the machine's speed meets all. A time is the median of the
        rounds, a ratio the median of the rounds' ratios; memory is the most that the process held in its turns. All
        begin with the same weights and see the same batches in the same order; a loss that is off by more than 1e-3
        (relative), in bfloat16 1e-2, after the same number of updates is marked. The share of the matrix product:
        only matrix products are counted as a workload's arithmetic, so gates, loss and optimiser lower it; the fastest
        product, of the kind of numbers that the workload multiplies, takes turns with the contenders."""
    return f"## Method\n\n{paragraph(text)}"


def newest_complete() -> Path:
    """The newest results that have every workload, and no quick ones."""
    for file in sorted(RESULTS.glob("*.json"), reverse=True):
        found = json.loads(file.read_text())
        if len(found.get("workloads", ())) == sum(c.numbers in found.get("numbers", ()) for c in COMPARISONS):
            return file
    sys.exit("benchmarks/results has no complete measurement: run `make bench` first")


def write() -> None:
    """All pages and their pictures, of what is kept."""
    machines, folder = stored(), DOCS / "performance"
    folder.mkdir(exist_ok=True)
    for name, results in machines.items():
        write_whole(folder / f"{name}.md", details(name, results).encode())
        draw(results, folder / f"{name}.png")
    write_whole(DOCS / "performance.md", page(machines).encode())


def main() -> None:
    for given in sys.argv[1:]:
        file = newest_complete() if given == "--newest" else Path(given)
        print(f"Kept as {store(json.loads(file.read_text()))}")
    write()
    print(f"Written to {DOCS / 'performance.md'} and {DOCS / 'performance'}")


if __name__ == "__main__":
    main()
