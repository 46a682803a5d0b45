"""A network's layers, and what each reads, as plain data for model files; opening it never runs code."""

from __future__ import annotations

from typing import Any

from elman.checks import whole
from elman.engine.plan import ONCE
from elman.engine.stage import MoveSpec, Source
from elman.equations.store import from_data, to_data
from elman.equations.symbols import width
from elman.errors import ModelFileError
from elman.network.flow import Part
from elman.network.layers import Layer
from elman.network.structure import Given, Structure, check_read

MOVES = ("reverse", "shift", "take", "repeat", "sum", "mean", "max")


def layer_to_plain(layer: Layer) -> dict[str, Any]:
    """A layer by itself."""
    return {
        "cell": to_data(layer.cell),
        "units": layer.units,
        "return_sequences": layer.return_sequences,
        "reverse": layer.reverse,
        "sizes": layer.sizes,
        "batch": layer.batch,
    }


def layer_from_plain(d: dict[str, Any]) -> Layer:
    return Layer(
        from_data(d["cell"]), d["units"], d["return_sequences"], d["reverse"], d["sizes"], batch=d.get("batch")
    )


def to_plain(structure: Structure) -> dict[str, Any]:
    """A whole graph of layers."""
    return {
        "inputs": [[given.name, given.width, given.axis] for given in structure.inputs],
        "parts": [_part(p, axis) for p, axis in zip(structure.parts, structure.axes, strict=True)],
        "outputs": [_source(s) for s in structure.outputs],
        "names": None if structure.names is None else list(structure.names),
        "by_name": structure.by_name,
    }


def _source(source: Source | None) -> list[int] | None:
    return None if source is None else [source.number, source.state]


def _part(part: Part, axis: int) -> dict[str, Any]:
    return {
        "name": part.name,
        "layer": None if part.layer is None else layer_to_plain(part.layer),
        "move": None if part.move is None else [part.move.kind, part.move.number],
        "sources": [_source(s) for s in part.sources],
        "initial": [_source(s) for s in part.initial],
        "memories": [_source(s) for s in part.memories],
        "tied": {name: list(whose) for name, whose in part.tied.items()},
        "axis": axis,
    }


def from_plain(data: dict[str, Any]) -> Structure:
    """The graph that `to_plain` described; every layer gets its sizes again.

    Raises
    ------
    ModelFileError
        If it is no graph of layers.
    """
    inputs = tuple(Given(str(n), whole(w, "width"), whole(a, "axis", least=ONCE)) for n, w, a in data["inputs"])
    parts: list[Part] = []
    axes: list[int] = []
    for one in data["parts"]:
        structure = Structure(inputs, tuple(parts), tuple(axes), ())
        parts.append(_restored(one, structure))
        axes.append(whole(one["axis"], "axis", least=ONCE, most=max(given.axis for given in inputs)))
    names = None if data["names"] is None else tuple(map(str, data["names"]))
    whole_graph = Structure(inputs, tuple(parts), tuple(axes), (), names, bool(data["by_name"]))
    outputs = tuple(_read(s, whole_graph) for s in data["outputs"])
    found = Structure(inputs, tuple(parts), tuple(axes), outputs, names, bool(data["by_name"]))
    if len(outputs) != len(names or ("",)):
        raise ModelFileError(f"has {len(outputs)} outputs and {len(names or ('',))} names of them")
    check_read(found)
    return found


def _read(given: Any, structure: Structure) -> Source:
    """A source that is there already."""
    number, state = whole(given[0], "source", least=-len(structure.inputs)), whole(given[1], "state", least=-1)
    graph = structure.parts[number].graph if 0 <= number < len(structure.parts) else None
    if number >= len(structure.parts) or state >= (0 if graph is None else len(graph.states)):
        raise ModelFileError(f"reads layer {number}, state {state}, which is not there")
    return Source(number, state)


def _restored(d: dict[str, Any], structure: Structure) -> Part:
    sources = tuple(_read(s, structure) for s in d["sources"])
    if d["layer"] is None:
        kind, number = d["move"]
        if kind not in MOVES or len(sources) != 1:
            raise ModelFileError(f"has a move {kind!r} of {len(sources)} values, which is none")
        move = MoveSpec(kind, whole(abs(number), "number", least=0) * (1 if number >= 0 else -1))
        return Part(str(d["name"]), None, None, move, sources, features=structure.features(sources[0]))
    layer = layer_from_plain(d["layer"])
    initial = tuple(None if s is None else _read(s, structure) for s in d["initial"])
    memories = tuple(_read(s, structure) for s in d["memories"])
    graph = layer.graph([structure.features(s) for s in sources], [structure.features(m) for m in memories])
    _check_initial(initial, graph, structure)
    tied = {str(name): _owner(name, whose, graph, structure) for name, whose in d["tied"].items()}
    return Part(str(d["name"]), layer, graph, None, sources, initial, memories, tied, features=width(graph.outputs[0]))


def _check_initial(initial: tuple[Source | None, ...], graph: Any, structure: Structure) -> None:
    if initial and len(initial) != len(graph.states):
        raise ModelFileError(f"begins {len(initial)} states of {len(graph.states)}")
    for source, state in zip(initial, graph.states, strict=False):
        if source is not None and structure.features(source) != width(state):
            raise ModelFileError(f"begins {state.name} of {width(state)} values with {structure.features(source)}")


def _owner(name: str, whose: Any, graph: Any, structure: Structure) -> tuple[int, str]:
    number, theirs = whole(whose[0], "tied", least=0), str(whose[1])
    owner = structure.parts[number].graph if number < len(structure.parts) else None
    if owner is None or theirs not in owner.parameters or name not in graph.parameters:
        raise ModelFileError(f"ties {name} to {theirs} of layer {number}, which is not there")
    if owner.shape(theirs) != graph.shape(name) or theirs in structure.parts[number].tied:
        raise ModelFileError(f"ties {name} of shape {graph.shape(name)} to {theirs} of {owner.shape(theirs)}")
    return number, theirs
