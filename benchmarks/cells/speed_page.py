"""The section of docs/performance.md on the speed of cells, from speed.json: `make bench-cells`."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.cells.arithmetic import WIDE
from benchmarks.cells.speed import BUILT_IN
from benchmarks.markdown import markdown, paragraph

WHY = """
    Why, where it is known. mlstm of 16 units: some eighty instructions on numbers and short rows beside a few on a
    matrix, in tiles of few rows, as a matrix is long. lmu of 16 units: products with four columns in vectors of
    sixteen. min_lstm: the plain cells' prices take an elementwise value for half of what it costs alone; at the costs
    alone (two softplus, two sigmoid) its run of 64 units has a ratio of 1.02."""
TITLE = "## W14: cells beside built-in ones of equal arithmetic"
BOUND = 1.15
WHAT = ("run", "update")


def section(results: dict[str, Any]) -> str:
    """Of results of all sizes."""
    sizes = results["sizes"]
    text = f"""
        All cells of one input, float32, one thread of one {results["machine"]}, {results["date"]}: processor time of a
        run and of a training update (forward, backward, Adam) of a batch of 32, 100 steps (25 of 256 units), as many
        features as units. A cell's ratio is its time over what its arithmetic costs at the prices of built-in cells:
        multiply-adds of products, values of elementwise operations (each as many additions as it takes when it is
        measured alone), values kept for the way back, parameters and steps are counted in the equations, whatever plan
        is made of them, and priced by least squares over simple, gru, lstm and {_plain(sizes)} plain cells of the same
        form. The cells by which prices are found have ratios of {_spread(sizes, "")} themselves, those whose state is
        as wide as a matrix {_spread(sizes, "wide")}: so far the prices tell. Of rows from {WIDE:,} values on (mlstm and
        delta_net of 64 units) they tell little."""
    heading = ("units", "cells", "run: median", f"above {BOUND}", "update: median", f"above {BOUND} ")
    rows = [(units, str(len(_cells(size))), *_summary(size)) for units, size in sizes.items()]
    costs = ", ".join(f"{name} {ns:.2f}" for name, ns in sorted(results["operations"].items(), key=lambda o: o[1]))
    alone = f"Elementwise operations alone, all of them vectorised, ns for a value of 64 units: {costs}."
    return "\n\n".join(
        (TITLE, paragraph(text), markdown(heading, rows), paragraph(alone), _above(sizes), paragraph(WHY))
    )


def _cells(size: dict[str, Any]) -> dict[str, Any]:
    return {name: found for name, found in size.items() if not name.startswith("plain")}


def _plain(sizes: dict[str, Any]) -> int:
    return max(sum(name.startswith("plain") for name in size) for size in sizes.values())


def _spread(sizes: dict[str, Any], kind: str) -> str:
    known = [
        found[f"{what} ratio"]
        for size in sizes.values()
        for name, found in size.items()
        if (name in BUILT_IN or name.startswith("plain")) and ("wide" in name) == bool(kind)
        for what in WHAT
    ]
    return f"{min(known):.2f} to {max(known):.2f}"


def _summary(size: dict[str, Any]) -> list[str]:
    parts = []
    for what in WHAT:
        ratios = [found[f"{what} ratio"] for found in _cells(size).values()]
        parts += [f"{median(ratios):.2f}", str(sum(ratio > BOUND for ratio in ratios))]
    return parts


def _above(sizes: dict[str, Any]) -> str:
    """A table of the cells that are slower anywhere than the bound says."""
    slow = {
        name
        for size in sizes.values()
        for name, found in _cells(size).items()
        if any(found[f"{what} ratio"] > BOUND for what in WHAT)
    }
    heading = ("cell", *(f"{what}, {units} units" for units in sizes for what in WHAT))
    rows = [
        (name, *(_ratio(size.get(name, {}).get(f"{what} ratio")) for size in sizes.values() for what in WHAT))
        for name in sorted(slow)
    ]
    return markdown(heading, rows)


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f"**{ratio:.2f}**" if ratio > BOUND else f"{ratio:.2f}"
