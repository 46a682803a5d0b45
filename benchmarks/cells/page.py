"""Writes docs/cells.md from the cells and from results.json: `make cells-docs`.

Nothing on the page is written by hand: figures and equations are those of the graphs, texts those of the docstrings.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from benchmarks.cells.run import LEFT_OUT, RESULTS, one_input
from benchmarks.markdown import markdown, paragraph

from elman.cells import Entry, table
from elman.compare.results import score_text
from elman.files import write_whole

BOLD = 5  # of each task
PAGE = Path(__file__).parents[2] / "docs" / "cells.md"


def page(results: dict[str, Any]) -> str:
    entries = table()
    sections = [
        introduction(entries),
        collection(entries),
        comparison(results),
        *map(section, sorted(entries, key=_name)),
    ]
    return "\n\n".join(sections) + "\n"


def _name(e: Entry) -> str:
    return e.name


def introduction(entries: list[Entry]) -> str:
    text = f"""
        {len(entries)} recurrent cells, each a file of equations in `src/elman/cells`, with values and gradients proved
        against an independent implementation of its paper. This page is made of those files by `make cells-docs`: the
        equations are printed from the graph that runs. `elman cells` shows the table, `elman cells gru` one of them,
        `elman cells gru --picture gru.png` draws its step, and `elman compare --cells gru,lstm --task adding` trains
        some on one task."""
    use = "```python\nimport elman as el\n\nnet = el.Network(3, [el.Recurrent(el.cells.lem, 32), el.Dense(2)])\n```"
    links = "[The collection](#the-collection) · [All cells on four tasks](#all-cells-on-four-tasks)"
    return f"# Cells\n\n{paragraph(text)}\n\n{use}\n\n{links}"


def collection(entries: list[Entry]) -> str:
    text = """
        By year. Parameters and multiply-adds are those of 64 units and 64 features at each input; multiply-adds are
        those of the products with matrices at one step of one sequence, as in Elman's benchmark. A state has 64 values
        unless another number stands beside it."""
    heading = ("cell", "year", "states", "parameters", "multiply-adds", "when")
    return f"## The collection\n\n{paragraph(text)}\n\n{markdown(heading, map(row, entries))}"


def row(e: Entry) -> tuple[str, ...]:
    trained = "" if e.trained == e.parameters else f", {e.trained:,} trained"
    states = ", ".join(f"`{name}`" if size == 64 else f"`{name}` {size:,}" for name, size in e.states.items())
    return (
        f"[{e.name}](#{e.name})",
        str(e.year),
        states,
        f"{e.parameters:,}{trained}",
        f"{e.multiply_adds:,}",
        prose(e.when),
    )


def prose(text: str) -> str:
    """Of a docstring, as Markdown: code between single marks, and no formula or emphasis by accident."""
    parts = re.split(r"(``.+?``|`[^`]+`)", text)
    codes = [
        "`" + part.strip("`") + "`" if k % 2 else re.sub(r"([*_<$])", r"\\\1", part) for k, part in enumerate(parts)
    ]
    return "".join(codes)


def section(e: Entry) -> str:
    """A cell: what it is, its equations, what its docstring says, its options and its reference."""
    parts = [f"### {e.name}", paragraph(prose(e.about)), f"```math\n{e.latex}\n```"]
    parts += [paragraph(prose(text)) for text in e.text]
    said = [f"`{key}={value!r}`" for key, value in e.options.items()]
    if said:
        parts.append(paragraph(f"Options: {', '.join(said)}."))
    parts.append(paragraph(f"Reference: {prose(e.reference)}"))
    return "\n\n".join(parts)


# --- what was measured ----------------------------------------------------------------------------------------


def comparison(results: dict[str, Any]) -> str:
    tasks, there = results["tasks"], one_input()
    for task in tasks.values():
        task["cells"] = {cell: found for cell, found in task["cells"].items() if cell in there}
    first, longest = next(iter(tasks.values())), farthest(tasks)
    notes = {
        note: [n for n, task in tasks.items() if note in task["notes"]] for t in tasks.values() for note in t["notes"]
    }
    text = f"""
        `elman compare` of every cell with one input, in a network with a dense layer behind it. Each run:
        {first["budget"]}. That is little, and one learning rate for all: the table says how fast a cell begins to
        learn, and not what it reaches when it is trained for long, with settings of its own. Of `echo_state` only the
        dense layer is trained here, by Adam as the others'. Figures are means and standard deviations over the seeds,
        of sequences that were never learnt from; lower is better, and the {BOLD} best means of a task are
        **bold**. Sorted by the mean rank. Units are those of each task in turn; milliseconds are the
        processor's time for an update of the adding task. The gradient horizon is how many steps back the gradient of
        the loss at the last step reaches in the trained network before it has fallen to a hundredth, on `{longest}`, of
        {tasks[longest]["steps"] - 1} steps, the median of the seeds; none where the states hold too many numbers. All
        of it took {sum(results["seconds"].values()) / 60:.0f} minutes of one core ({results["machine"]},
        {results["date"]}); `make compare-cells` repeats it."""
    left_out = "; ".join(f"[{name}](#{name}) {why}" for name, why in LEFT_OUT.items())
    others = f"Not compared are cells of several inputs, for which the tasks have but one. {left_out}."
    lines = [f"- {name}: {task['about']} {easy(task)}" for name, task in tasks.items()]
    heading = ("cell", "units", *(f"{name}" for name in tasks), "ms", "horizon")
    missing = [cell for cell in there if not all(cell in task["cells"] for task in tasks.values())]
    notes |= {f"{', '.join(missing)}: not measured yet": list(tasks)} if missing else {}
    noted = "\n".join(f"- {note} ({', '.join(where)})." for note, where in notes.items())
    table_ = markdown(heading, rows(tasks, results["ms"]))
    return (
        f"## All cells on four tasks\n\n{paragraph(text)}\n\n{paragraph(others)}\n\n"
        + "\n".join(lines)
        + f"\n{noted}\n\n{table_}"
    )


def farthest(tasks: dict[str, Any]) -> str:
    """The task with the longest sequences."""
    return max(tasks, key=lambda name: tasks[name]["steps"])


def easy(task: dict[str, Any]) -> str:
    """The metric, and what an answer without memory reaches."""
    return f"{task['metric'].capitalize()}; {task['simple_about']}: {task['simple']:.3g}."


def rows(tasks: dict[str, Any], ms: dict[str, float]) -> list[tuple[str, ...]]:
    longest = tasks[farthest(tasks)]
    ranked = {name: ranks(task["cells"]) for name, task in tasks.items()}
    everywhere = set.intersection(*map(set, ranked.values()))
    cells = sorted(everywhere, key=lambda c: (mean(r[c] for r in ranked.values()), c))
    return [(*line(cell, tasks), f"{ms[cell]:.2g}", horizon(longest["cells"][cell])) for cell in cells]


def ranks(cells: dict[str, Any]) -> dict[str, int]:
    """From 1 on, by the mean; those that diverged share the last."""
    means = {cell: of_runs(found)[0] for cell, found in cells.items()}
    return {cell: 1 + sum(other < value for other in means.values()) for cell, value in means.items()}


def of_runs(found: dict[str, Any]) -> tuple[float, float, int]:
    """Mean, which is infinite where a run diverged, deviation, and how many runs diverged."""
    ends = [value for value in found["finals"] if value is not None]
    gone = len(found["finals"]) - len(ends)
    return (mean(ends) if not gone else float("inf")), (stdev(ends) if len(ends) > 1 else 0.0), gone


def line(cell: str, tasks: dict[str, Any]) -> tuple[str, ...]:
    units = " / ".join(str(task["cells"][cell]["units"]) for task in tasks.values())
    return f"[{cell}](#{cell})", units, *(score(cell, task["cells"]) for task in tasks.values())


def horizon(found: dict[str, Any]) -> str:
    known = [h for h in found["horizons"] if h is not None]
    return f"{median(known):g}" if known else ""


def score(cell: str, cells: dict[str, Any]) -> str:
    value, deviation, gone = of_runs(cells[cell])
    runs = len(cells[cell]["finals"])
    if gone:
        return f"diverged ({gone} of {runs})"
    text = score_text(value, deviation, 0, runs)
    return f"**{text}**" if ranks(cells)[cell] <= BOLD else text


def main() -> None:
    write_whole(PAGE, page(json.loads(RESULTS.read_text())).encode())
    print(f"Written to {PAGE}")


if __name__ == "__main__":
    main()
