"""What a typed text is: its equations as LaTeX, its drawing, its parameters, or what is wrong with it and where."""

from __future__ import annotations

import math
from typing import Any

from elman.cells import as_cell, catalogue, cell_from_text, cell_text
from elman.cells.entry import entry, paragraphs, year_of
from elman.equations import Cell, Graph
from elman.equations.graph import depending, ordered
from elman.equations.ops import row_of
from elman.equations.parse_cell import WrittenCell
from elman.equations.render import latex, plain_text
from elman.equations.symbols import width
from elman.errors import ElmanError, EquationError, OptionError, TextError
from elman.lab.limits import MOST_PARAMETERS, MOST_UNITS, MOST_WIDTH
from elman.plots.step import Step, step_of


def collection() -> list[dict[str, Any]]:
    """The cells that can be picked: those whose equations a text can say; of several inputs to be read only."""
    found = []
    for name, cell in catalogue().items():
        if not cell.memories and cell.states:
            reference = paragraphs(cell)[-1].partition(": ")[2]
            found.append({"name": name, "year": year_of(reference, name), "inputs": len(cell.inputs)})
    return sorted(found, key=lambda one: (one["year"], one["name"]))


def of_collection(name: str) -> dict[str, Any]:
    """The text of a cell, and what the collection says of it."""
    about = entry(name, as_cell(name))
    words = {"about": about.about, "reference": about.reference, "when": about.when, "year": about.year}
    return {"name": name, "text": cell_text(name), **words}


def read(text: str, features: int, units: int) -> dict[str, Any]:
    """All that the page shows of a text; with ``error`` where it makes no sense."""
    try:
        cell = cell_from_text(text)
        if len(cell.inputs) > 1 and cell.states and not cell.memories:
            return {**described(cell, _of_several(cell, features, units)), "untrained": _untrained(cell)}
        graph = _sized(cell, features, units)
    except TextError as error:
        place = {"line": error.line, "column": error.column, "length": error.length}
        return {"error": {"message": error.reason, **place}}
    except ElmanError as error:
        return {"error": {"message": str(error), "line": 0, "column": 0, "length": 0}}
    return described(cell, graph)


def _sized(cell: WrittenCell, features: int | list[int], units: int) -> Graph:
    """Its graph with its sizes; those that do not fit are told with their place in the text."""
    try:
        return bounded(cell, features, units) if isinstance(features, list) else checked(cell, features, units)
    except EquationError as error:
        if "\n  line " in str(error):
            raise cell.placed(error) from error
        raise


def _of_several(cell: WrittenCell, features: int, units: int) -> Graph:
    """The graph of a cell of several inputs: all of them as wide as the first, or single numbers behind it."""
    alike = [features] * len(cell.inputs)
    try:
        return _sized(cell, alike, units)
    except ElmanError:
        try:
            return _sized(cell, [features, *[1] * (len(alike) - 1)], units)
        except ElmanError:
            return _sized(cell, alike, units)


def _untrained(cell: Cell) -> str:
    names = ", ".join(cell.inputs)
    return (
        f"{cell.name} takes {len(cell.inputs)} inputs ({names}), and each task here has one: it can be read and drawn "
        "here, and trained in a program, by a network of as many inputs."
    )


def described(cell: Cell, graph: Graph) -> dict[str, Any]:
    """A cell with its sizes."""
    shapes = {name: graph.shape(name) for name in graph.parameters}
    recurrent = _recurrent(graph)
    parameters = [
        {
            "name": name,
            "shape": list(shape),
            "recurrent": name in recurrent,
            "fixed": bool(graph.parameters[name].fixed) or name in cell.frozen,
        }
        for name, shape in shapes.items()
    ]
    return {
        "name": cell.name,
        "latex": latex(graph),
        "plain": plain_text(graph),
        "parameters": parameters,
        "count": sum(math.prod(shape) for shape in shapes.values()),
        "states": [{"name": s.name, "width": width(s)} for s in graph.states],
        "drawing": drawing(step_of(graph)),
    }


def _recurrent(graph: Graph) -> set[str]:
    """The matrices that multiply what depends on a state."""
    after = depending(graph.nodes(), graph.states)
    products = [n for n in graph.nodes() if row_of(n).role == "matrix" and n.inputs[1] in after]
    return {p.name for p in ordered([n.inputs[0] for n in products]) if p.op == "parameter"}


def checked(cell: Cell, features: int, units: int) -> Graph:
    """The graph of a cell with its sizes.

    Raises
    ------
    ElmanError
        If it is no cell for this page, its sizes do not fit, or it is too large.
    """
    if len(cell.inputs) != 1 or cell.memories:
        raise EquationError(
            f"{cell.name} takes {len(cell.inputs)} inputs and {len(cell.memories)} memories: expected 1 and 0"
        )
    if not cell.states:
        raise EquationError(
            f"{cell.name} has no state, so that it remembers nothing: name one behind the input, (p, x, h)"
        )
    return bounded(cell, [features], units)


def bounded(cell: Cell, features: list[int], units: int) -> Graph:
    """The graph of a cell with the widths of its inputs.

    Raises
    ------
    ElmanError
        If its sizes do not fit, or it is too large.
    """
    if units > MOST_UNITS:
        raise OptionError(f"there are {units} units; expected at most {MOST_UNITS}")
    graph = cell.trace().bind(features, units)
    widest = max(width(node) for node in graph.nodes())
    count = sum(math.prod(graph.shape(name)) for name in graph.parameters)
    if widest > MOST_WIDTH or count > MOST_PARAMETERS:
        raise OptionError(
            f"{cell.name} has vectors of up to {widest:,} values and {count:,} parameters; here are at most "
            f"{MOST_WIDTH:,} and {MOST_PARAMETERS:,}"
        )
    return graph


def drawing(step: Step) -> dict[str, Any]:
    """Blocks and wires with their places, which the page draws."""
    return {
        "width": step.width,
        "height": step.height,
        "inputs": step.inputs,
        "states": step.states,
        "outputs": step.outputs,
        "output": step.name if step.has_output else None,
        "blocks": [
            {"name": b.name, "op": b.op, "glyph": b.glyph, "sources": list(b.sources), "weights": dict(b.weights)}
            for b in step.blocks.values()
        ],
        "wires": [{"source": w.source, "user": w.user, "points": list(w.points)} for w in step.wires],
        "places": {name: list(place) for name, place in step.places.items()},
    }
