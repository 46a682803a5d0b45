"""The cells' gallery: a page for each, of its graph, its docstring and what was measured; and a page of all."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

from benchmarks.cells import page as known
from benchmarks.cells.run import RESULTS, one_input
from benchmarks.markdown import markdown, paragraph
from docs.builder.stage import Stage

from elman.cells import Entry, catalogue, table
from elman.plots import unrolled
from elman.plots.saved import DOTS

KEPT = "drawings"  # beside the stage, by what they show: drawing all of them takes half of the build


def write_gallery(stage: Stage) -> None:
    entries, results = table(), json.loads(RESULTS.read_text())
    names = sorted(entry.name for entry in entries)
    stage.write("cells/index.md", index(entries, results, names))
    for entry in entries:
        stage.write(f"cells/{entry.name}.md", cell_page(entry, results))
        stage.write(f"cells/drawings/{entry.name}.svg", drawing(entry, stage.folder.parent / KEPT))


def index(entries: list[Entry], results: dict[str, Any], names: list[str]) -> str:
    """The page of docs/cells.md without its sections, whose places are pages here."""
    _, about, *use, _ = known.introduction(entries).split("\n\n")
    tree = "\n".join(["```{toctree}", ":hidden:", "", *names, "```"])
    parts = ["# Cells", about, "\n\n".join(use), pictures(names), known.collection(entries), known.comparison(results)]
    text = "\n\n".join(parts)
    for name in names:
        text = text.replace(f"(#{name})", f"({name}.md)")
    return f"{text}\n\n{tree}\n"


def pictures(names: list[str]) -> str:
    """All of them small, each a link to its page."""
    cards = [
        f'<a class="cell-card" href="{n}.html"><img src="../_images/{n}.svg" alt="" loading="lazy">{n}</a>'
        for n in names
    ]
    return "\n".join(["## All of them", "", '<div class="cell-cards">', *cards, "</div>"])


def cell_page(e: Entry, results: dict[str, Any]) -> str:
    """What docs/cells.md says of a cell, with its picture, its figures and its place in the comparison."""
    head, about, equations, *rest = known.section(e).split("\n\n")
    parts = [head.replace("###", "#"), about, figures(e), picture(e.name), "## Equations", equations]
    parts += ["## What it is for", *rest, "## How it scored", scores(e.name, results)]
    return "\n\n".join([*parts, *use(e)]) + "\n"


def picture(name: str) -> str:
    options = (f":alt: One step of {name}, as blocks and wires", ":class: cell-drawing")
    return "\n".join([f"```{{image}} drawings/{name}.svg", *options, "```"])


def use(e: Entry) -> list[str]:
    """Its line in a network; of several inputs a network is a function, which docs/cells.md does not show."""
    if len(e.inputs) > 1:
        return []
    line = f"net = el.Network(3, [el.Recurrent(el.cells.{e.name}, 32), el.Dense(2)])"
    return ["## Use", f"```python\nimport elman as el\n\n{line}\n```"]


def figures(e: Entry) -> str:
    trained = "" if e.trained == e.parameters else f", {e.trained:,} of them trained"
    states = ", ".join(f"`{name}` ({size:,})" for name, size in e.states.items())
    rows = [("Published", str(e.year)), ("States", states), ("Inputs", ", ".join(f"`{name}`" for name in e.inputs))]
    rows += [("Parameters", f"{e.parameters:,}{trained}"), ("Multiply-adds a step", f"{e.multiply_adds:,}")]
    return markdown(("with 64 features and 64 units", ""), rows)


def scores(name: str, results: dict[str, Any]) -> str:
    """Its rows of the comparison, or why it has none."""
    tasks = results["tasks"]
    if name not in one_input() or not all(name in task["cells"] for task in tasks.values()):
        why = known.LEFT_OUT.get(name, "it was not measured yet")
        return f"Not compared: {why}."
    rows = [(task, *scored(name, found)) for task, found in tasks.items()]
    heading = ("task", "units", "score", "rank", "without memory")
    text = f"""
        By `elman compare`, {next(iter(tasks.values()))["budget"]}; lower is better. Of {results["machine"]},
        {results["date"]}. [All cells on four tasks](index.md#all-cells-on-four-tasks) says more."""
    return f"{paragraph(text)}\n\n{markdown(heading, rows)}"


def scored(name: str, task: dict[str, Any]) -> tuple[str, ...]:
    cells = {cell: found for cell, found in task["cells"].items() if cell in one_input()}
    rank = known.ranks(cells)[name]
    units = str(cells[name]["units"])
    return units, f"{task['metric']} {known.score(name, cells)}", f"{rank} of {len(cells)}", f"{task['simple']:.3g}"


def drawing(e: Entry, kept: Path) -> bytes:
    """One step of the cell; of the same equations and the same way of drawing the one that was drawn before."""
    import elman.plots.pen
    import elman.plots.step
    import elman.plots.style

    drawn_by = [Path(str(m.__file__)).read_text() for m in (elman.plots.pen, elman.plots.step, elman.plots.style)]
    told = "\n".join([*e.equations, str(e.inputs), *drawn_by])
    file = kept / f"{e.name}-{hashlib.sha256(told.encode()).hexdigest()[:16]}.svg"
    if not file.is_file():
        kept.mkdir(parents=True, exist_ok=True)
        file.write_bytes(drawn(e.name))
    return file.read_bytes()


def drawn(name: str) -> bytes:
    import matplotlib
    from matplotlib import pyplot

    out = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure: Any = unrolled(catalogue()[name], 1).figure
        figure.savefig(out, format="svg", dpi=DOTS, bbox_inches="tight", metadata={"Date": None})
        pyplot.close(figure)
    return out.getvalue()
