"""A recurrent network unrolled over time, drawn from the graphs of its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elman import checks
from elman.equations import Cell, Graph
from elman.errors import OptionError
from elman.plots import style
from elman.plots.pen import GAP, RISE, Pen, Row, single
from elman.plots.step import Block, Step, placed, step_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def unrolled(what: Any, steps: int = 3, *, names: bool | None = None, ax: Any = None) -> Axes:
    """Draw a recurrent network, or one cell, unrolled over time.

    Each step is a box with a block for every value that the equations name, and wires for what it is made of: the input
    comes from below, states pass from step to step, the output leaves at the top. All of it is read from the
    traced graph, so that any cell can be drawn.

    Parameters
    ----------
    what : Network, Layer, Cell or Graph
        A network is drawn with all its layers, each above the one that it takes its input from.
    steps : int, default 3
        How many copies of the step.
    names : bool, optional
        Whether the matrices' names stand at the wires; by default where a step is a single block.
    ax : matplotlib axes, optional
        Where to; new axes of a fitting size by default.

    Returns
    -------
    matplotlib axes

    Raises
    ------
    OptionError
        `what` is no network, layer, cell or graph, or `steps` is less than 1.

    Examples
    --------
    >>> from elman.cells import gru
    >>> ax = unrolled(gru, steps=2)
    >>> [text.get_text() for text in ax.texts if text.get_gid() == "input"]
    ['$x_{1}$', '$x_{2}$']
    """
    steps = checks.whole(steps, "steps", most=200)
    names = None if names is None else checks.flag(names, "names")
    rows = _rows(what, steps)
    width = max(row.step.width for row in rows)
    bottom = 0.0
    for number, row in enumerate(rows):
        row.bottom, bottom = bottom, bottom + row.step.height + RISE
        if number:
            row.input_color, row.free_side = rows[number - 1].color, _free_side(rows[number - 1])
    right = steps * (width + GAP) - GAP
    margin = 0.9 + (0.75 if len(rows) > 1 else 0.0)
    pen = Pen(_canvas(ax, (-margin, right + 0.9), (-0.85, bottom - RISE + 0.85)), width, names)
    for number, row in enumerate(rows):
        for t in row.active:
            pen.step(row, t)
        pen.between(row)
        if len(rows) > 1 and row.recurrent:
            pen.label(row)
        above = rows[number + 1] if number + 1 < len(rows) else None
        pen.rise(row, above)
    pen.enter(rows[0])
    return pen.ax


def _rows(what: Any, steps: int) -> list[Row]:
    every = range(1, steps + 1)
    if isinstance(what, Graph | Cell):
        graph = what if isinstance(what, Graph) else what.trace()
        return [Row(graph.name, step_of(graph), every, every)]
    layers: Any = [what] if isinstance(what, type) else getattr(what, "layers", [what])
    if not all(isinstance(getattr(layer, "cell", None), Cell) for layer in layers):
        raise OptionError(f"unrolled draws a Network, a Layer, a Cell or a Graph; got {checks.shown(what)}")
    rows, active = [], every
    for layer in layers:
        used = (active[:1] if layer.reverse else active[-1:]) if layer.last_only else active
        rows.append(Row(_units(layer), _step(layer.cell), active, used, layer.reverse))
        active = used
    return rows


def _units(layer: Any) -> str:
    return f"{layer.cell.name}\n{layer.units} unit{'s' * (layer.units > 1)}" if layer.units else layer.cell.name


def _step(cell: Cell) -> Step:
    """The step of a layer; one without states is a single block with the cell's name."""
    step = step_of(cell.trace())
    if step.states:
        return step
    weights = {step.inputs[0]: tuple(m for b in step.blocks.values() for by in b.weights.values() for m in by)}
    return placed(Step(step.inputs, [], {"y": Block(cell.name, "", tuple(step.inputs), weights)}, ["y"], name="y"))


def _canvas(ax: Any, across: tuple[float, float], up: tuple[float, float]) -> Axes:
    """Axes without frame, on which a unit is as long in both directions."""
    span = across[1] - across[0], up[1] - up[0]
    inch = min(0.72, 11 / span[0])
    ax = style.axes(ax, max(inch * span[0], 3.0), max(inch * span[1], 1.6))
    ax.set(xlim=across, ylim=up, aspect="equal")
    ax.axis("off")
    return ax


def _free_side(below: Row) -> int:
    """On which side of a layer's entrance there is room: the wire from below comes from where its steps end."""
    ends_right = below.recurrent and not single(below.step) and not below.reverse
    return -1 if ends_right else 1
