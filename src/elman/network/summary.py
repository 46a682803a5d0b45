"""Summary: a network as a table, a line a layer."""

from __future__ import annotations

from typing import Any

from elman.checks import whole
from elman.engine.describe import describe
from elman.engine.stage import Source
from elman.hints import SUMMARY, hinted
from elman.network import freezing
from elman.network.face import Net
from elman.network.flow import Part
from elman.training.losses import resolve_loss
from elman.training.protocol import Aim


@hinted(SUMMARY)
def summary(net: Net) -> str:
    """A line a layer: what it is, what it returns, how many parameters, and which of them are frozen.

    Returns
    -------
    str
    """
    parts, numbers = net.structure.parts, iter(range(len(net.layers)))
    rows = [
        (part.name, _kind(net, part), _shape(net, number), *_counts(net, part, numbers))
        for number, part in enumerate(parts)
    ]
    frozen = sum(net.params.places[name].size for name in net.frozen)
    wide = [max(len(row[k]) for row in rows) for k in range(3)]
    wide[1], wide[2] = max(wide[1], 18), max(wide[2], 14)
    lines = [f"{a:<{wide[0]}}  {b:<{wide[1]}} {c:<{wide[2]}} {count:>10}{note}" for a, b, c, count, note in rows]
    last = f"{'':<{wide[0]}}  {'total':<{wide[1] + wide[2] + 1}} {net.arena.size:>10,}"
    return "\n".join([*lines, last + (f"  {frozen:,} frozen" if frozen else "")])


def _kind(net: Net, part: Part) -> str:
    what = part.layer.cell.name if part.layer is not None else part.move.kind if part.move is not None else ""
    if net.structure.is_chain:
        return what
    reads = [_called(net, source) for source in (*part.sources, *part.memories)]
    begins = ["None" if source is None else _called(net, source) for source in part.initial]
    if begins:
        reads.append(f"state={begins[0] if len(begins) == 1 else '(' + ', '.join(begins) + ')'}")
    return f"{what}({', '.join(reads)})"


def _called(net: Net, source: Source) -> str:
    """What a layer reads: an input, a layer's values, or one of its final states."""
    if source.number < 0:
        return net.structure.inputs[~source.number].name
    part = net.structure.parts[source.number]
    if source.state < 0:
        return part.name
    several = part.graph is not None and len(part.graph.states) > 1
    return f"{part.name}.final" + (f"[{source.state}]" if several else "")


def _shape(net: Net, number: int) -> str:
    structure = net.structure
    axis, features = structure.axes[number], structure.parts[number].features
    steps = "" if axis < 0 else "T, " if structure.time_axes == 1 else f"T{axis}, "
    return f"(B, {steps}{features})"


def _counts(net: Net, part: Part, numbers: object) -> tuple[str, str]:
    if part.layer is None:
        return "0", ""
    number = next(numbers)  # type: ignore[call-overload]
    count = sum(place.size for place in net.params.places.values() if place.layer == number)
    return f"{count:,}", freezing.note(net, number)


def short(net: Net) -> str:
    """A network in one line."""
    cells = ", ".join(f"{layer.cell.name}({layer.units or ''})" for layer in net.layers)
    numbers = f"dtype={net.dtype}" + (f", products={net.products!r}" if net.products else "")
    given = [f"{one.name!r}: {one.width if one.axis >= 0 else f'Static({one.width})'}" for one in net.structure.inputs]
    inputs = net.inputs if net.structure.is_chain else f"{{{', '.join(given)}}}"
    return f"Network(inputs={inputs}, layers=[{cells}], parameters={net.arena.size}, {numbers})"


def explain(net: Net, loss: Any = None, target_width: int = 0) -> str:
    """What the engine does for this network, instruction by instruction; with a loss, the backward pass too.

    Parameters
    ----------
    loss : str, Loss or callable, optional
        As for `fit`; without one only the forward run is told.
    target_width : int, default 0
        Features of the target; those of the output by default.

    Returns
    -------
    str
    """
    target_width = whole(target_width, "target_width", 0)
    found = None if loss is None else resolve_loss(loss)
    names = {place.offset: name for name, place in net.params.places.items()}
    aims = [] if found is None else [Aim(found, target_width or end.outputs) for end in net.ends]
    for aim, end in zip(aims, net.ends, strict=False):
        aim.loss.graph(end.outputs, aim.width)  # which says what no loss is
    engine = net.trainer([*aims, *(Aim(p.loss, 1) for p in net.penalties)]) if aims else net.engine()
    return describe(engine.plan, names)
