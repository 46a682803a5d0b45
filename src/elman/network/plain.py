"""A network's layers, and what each reads, as plain data for model files; opening it never runs code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from elman.checks import shown, whole
from elman.engine.slots import ONCE
from elman.engine.stage import MoveSpec, Source
from elman.equations.store import from_data, to_data
from elman.equations.symbols import width
from elman.errors import ModelFileError
from elman.network.finished_structure import check_read
from elman.network.flow import Part
from elman.network.layers import Layer
from elman.network.moves import FARTHEST
from elman.network.structure import Given, Structure
from elman.untrusted import called, held, list_of

MOVES = ("reverse", "shift", "take", "repeat", "sum", "mean", "max")
_BY_STEPS = ("shift", "take")  # the moves that have a number

NoneType = type(None)
_LAYER: dict[str, Any] = {
    "cell": dict,
    "units": (int, NoneType),
    "return_sequences": bool,
    "reverse": bool,
    "sizes": dict,
}
_OPTIONS: dict[str, Any] = {"batch": (dict, NoneType), "penalty": (dict, NoneType)}
_GRAPH: dict[str, Any] = {
    "inputs": list_of(list),
    "parts": list_of(dict),
    "outputs": list_of(list),
    "names": (list, NoneType),
    "by_name": bool,
}
_PART: dict[str, Any] = {
    "name": called,
    "layer": (dict, NoneType),
    "move": (list, NoneType),
    "sources": list_of(list),
    "initial": list_of((list, NoneType)),
    "memories": list_of(list),
    "tied": dict,
    "axis": int,
}


def layer_to_plain(layer: Layer) -> dict[str, Any]:
    """A layer by itself."""
    return {
        "cell": to_data(layer.cell),
        "units": layer.units,
        "return_sequences": layer.return_sequences,
        "reverse": layer.reverse,
        "sizes": layer.sizes,
        "batch": layer.batch,
        **({"penalty": layer.penalty} if layer.penalty else {}),
    }


def layer_from_plain(d: Any) -> Layer:
    """A layer again; what it reads says whether its sizes can be.

    Raises
    ------
    ModelFileError, OptionError
    """
    held(d, "a layer", _LAYER, _OPTIONS)
    more: dict[str, Any] = {"batch": d.get("batch"), "penalty": d.get("penalty")}
    return Layer(from_data(d["cell"]), d["units"], d["return_sequences"], d["reverse"], d["sizes"], **more)


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
    held(data, "the graph", _GRAPH)
    most = len(data["inputs"]) - 1
    inputs = tuple(_given(one, most) for one in data["inputs"])
    _check_inputs(inputs)
    parts: list[Part] = []
    axes: list[int] = []
    for one in data["parts"]:
        structure = Structure(inputs, tuple(parts), tuple(axes), ())
        parts.append(_restored(one, structure))
        axes.append(whole(one["axis"], "axis", ONCE, structure.time_axes - 1))
        _check_axis(parts[-1], axes[-1], structure)
    names = None if data["names"] is None else tuple(map(_name, data["names"]))
    whole_graph = Structure(inputs, tuple(parts), tuple(axes), (), names, data["by_name"])
    outputs = tuple(_read(s, whole_graph) for s in data["outputs"])
    found = replace(whole_graph, outputs=outputs)
    list_of(called, unique=True)([part.name for part in parts], "the layers")
    list_of(called, unique=True)(list(names or ()), "the outputs")
    if len(outputs) != len(("",) if names is None else names) or not outputs or (found.by_name and names is None):
        raise ModelFileError(f"has {len(outputs)} outputs and the names {names} of them")
    check_read(found)
    return found


def _name(given: Any) -> str:
    called(given, "a name")
    return str(given)


def _given(one: Any, most: int) -> Given:
    name, features, axis = _several(one, 3, "an input")
    return Given(_name(name), whole(features, "width"), whole(axis, "axis", ONCE, most))


def _several(values: Any, count: int, what: str) -> list[Any]:
    """A list of so many values."""
    if not isinstance(values, list) or len(values) != count:
        raise ModelFileError(f"has {shown(values)} as {what}; expected {count} values")
    return values


def _check_inputs(inputs: tuple[Given, ...]) -> None:
    """Raise `ModelFileError` unless the names differ and time axes are numbered one after the other."""
    names, axes = [given.name for given in inputs], {given.axis for given in inputs} - {ONCE}
    if len(set(names)) < len(names) or not axes or axes != set(range(len(axes))):
        raise ModelFileError(f"has the inputs {names} on time axes {[given.axis for given in inputs]}")


def _check_axis(part: Part, axis: int, structure: Structure) -> None:
    """Raise `ModelFileError` unless a part is on the time axis that what it reads is on."""
    read = {structure.axis(s) for s in part.sources}
    fits = len(read) <= 1
    if part.move is None:
        alone = axis == ONCE and (not part.sources or part.layer.last_only)
        fits = fits and (alone or read == {axis}) and not (part.layer.cell.states and read <= {ONCE})
        fits = fits and (axis == ONCE or not part.layer.last_only)
    elif part.move.kind == "repeat":
        fits = read == {ONCE} and axis != ONCE
    else:
        fits = read != {ONCE} and (axis == ONCE if part.move.kind not in ("reverse", "shift") else read == {axis})
    fits = fits and all(structure.axis(m) != ONCE for m in part.memories)
    if not fits or any(structure.axis(s) != ONCE for s in part.initial if s is not None):
        raise ModelFileError(f"has {part.name} on time axis {axis}, and what it reads on others")


def _read(given: Any, structure: Structure) -> Source:
    """A source that is there already."""
    place, state = _several(given, 2, "a source")
    number, state = whole(place, "source", least=-len(structure.inputs)), whole(state, "state", least=-1)
    graph = structure.parts[number].graph if 0 <= number < len(structure.parts) else None
    if number >= len(structure.parts) or state >= (0 if graph is None else len(graph.states)):
        raise ModelFileError(f"reads layer {number}, state {state}, which is not there")
    return Source(number, state)


def _restored(d: dict[str, Any], structure: Structure) -> Part:
    held(d, "a part", _PART)
    sources = tuple(_read(s, structure) for s in d["sources"])
    if d["layer"] is None:
        return _moved(d, sources, structure)
    if d["move"] is not None:
        raise ModelFileError(f"has {d['name']} as a layer and as a move")
    layer = layer_from_plain(d["layer"])
    initial = tuple(None if s is None else _read(s, structure) for s in d["initial"])
    memories = tuple(_read(s, structure) for s in d["memories"])
    graph = layer.graph([structure.features(s) for s in sources], [structure.features(m) for m in memories])
    _check_initial(initial, graph, structure)
    tied = {name: _owner(name, whose, graph, structure) for name, whose in d["tied"].items()}
    return Part(d["name"], layer, graph, None, sources, initial, memories, tied, features=width(graph.outputs[0]))


def _moved(d: dict[str, Any], sources: tuple[Source, ...], structure: Structure) -> Part:
    """A part that is a move and no layer."""
    kind, number = _several(d["move"], 2, "a move")
    steps = whole(number, "number", -FARTHEST, FARTHEST)
    more = d["initial"] or d["memories"] or d["tied"] or (steps and kind not in _BY_STEPS)
    if kind not in MOVES or len(sources) != 1 or more:
        raise ModelFileError(f"has a move {shown(kind)} of {len(sources)} values, which is none")
    return Part(d["name"], None, None, MoveSpec(kind, steps), sources, features=structure.features(sources[0]))


def _check_initial(initial: tuple[Source | None, ...], graph: Any, structure: Structure) -> None:
    if initial and len(initial) != len(graph.states):
        raise ModelFileError(f"begins {len(initial)} states of {len(graph.states)}")
    for source, state in zip(initial, graph.states, strict=False):
        if source is not None and structure.features(source) != width(state):
            raise ModelFileError(f"begins {state.name} of {width(state)} values with {structure.features(source)}")


def _owner(name: str, whose: Any, graph: Any, structure: Structure) -> tuple[int, str]:
    place, theirs = _several(whose, 2, "the owner of a parameter")
    number = whole(place, "tied", least=0)
    owner = structure.parts[number].graph if number < len(structure.parts) else None
    if owner is None or not isinstance(theirs, str) or theirs not in owner.parameters or name not in graph.parameters:
        raise ModelFileError(f"ties {name} to {theirs} of layer {number}, which is not there")
    if owner.shape(theirs) != graph.shape(name) or theirs in structure.parts[number].tied:
        raise ModelFileError(f"ties {name} of shape {graph.shape(name)} to {theirs} of {owner.shape(theirs)}")
    return number, theirs
