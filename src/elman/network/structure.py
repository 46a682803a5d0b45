"""Structure: the layers of a network and what each of them reads, from a function, a list of layers or a model file."""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from elman.checks import shown, whole
from elman.engine.slots import ONCE
from elman.engine.stage import InputSpec, LayerSpec, Source
from elman.equations.endless import ending
from elman.equations.graph import Graph
from elman.equations.memory import split
from elman.equations.symbols import Symbol, width
from elman.equations.trace import Cell
from elman.equations.user_functions import call_and_watch
from elman.equations.widths import recording
from elman.errors import OptionError, ShapeError
from elman.network.flow import Part, Tracing, unused
from elman.network.flows import Axis, Flow
from elman.network.layers import Layer


@dataclass(frozen=True)
class Static:
    """The width of an input without time: (B, F), one vector for each row.

    Parameters
    ----------
    width : int
        How many values a row has.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> def shop(x, about):
    ...     return el.Dense(1)(el.GRU(8)(el.concat(x, el.repeat(about, x))))
    >>> net = el.Network(shop, inputs={"x": 2, "about": el.Static(3)})
    >>> net({"x": np.ones((4, 5, 2)), "about": np.ones((4, 3))}).shape
    (4, 5, 1)
    """

    width: int


@dataclass(frozen=True)
class Given:
    """An input of a network.

    Attributes
    ----------
    name : str
    width : int
        Features F.
    axis : int
        The number of its time axis; `ONCE` (-1) of a static one. Inputs that are put together step by step have one.
    """

    name: str
    width: int
    axis: int


@dataclass(frozen=True)
class Structure:
    """What a network computes.

    Attributes
    ----------
    inputs : tuple of Given
    parts : tuple of Part
        Each behind those that it reads.
    axes : tuple of int
        The time axis of what each part makes.
    outputs : tuple of Source
        What the network returns.
    names : tuple of str, or None
        Of the outputs, where the function returns several.
    by_name : bool
        Whether it returns a dict of them.
    """

    inputs: tuple[Given, ...]
    parts: tuple[Part, ...]
    axes: tuple[int, ...]
    outputs: tuple[Source, ...]
    names: tuple[str, ...] | None = None
    by_name: bool = False

    @functools.cached_property
    def is_chain(self) -> bool:
        """Whether it is a plain list of layers, of which each reads the one before it."""
        numbered = all(p.name == str(k) and p.sources == (Source(k - 1),) for k, p in enumerate(self.parts))
        plain = all(p.layer is not None and not (p.initial or p.memories or p.tied) for p in self.parts)
        return numbered and plain and self.outputs == (Source(len(self.parts) - 1),) and self.names is None

    def free_states(self) -> list[list[int]]:
        """The widths of the states of each layer that has any whose initial values are the caller's."""
        found = [_free(part) for part in self.parts if part.graph is not None]
        return [sizes for sizes in found if sizes]

    @functools.cached_property
    def time_axes(self) -> int:
        return 1 + max(given.axis for given in self.inputs)

    def axis(self, source: Source) -> int:
        if source.state >= 0:
            return ONCE
        return self.inputs[~source.number].axis if source.number < 0 else self.axes[source.number]

    def features(self, source: Source) -> int:
        if source.number < 0:
            return self.inputs[~source.number].width
        part = self.parts[source.number]
        if source.state >= 0:
            assert part.graph is not None
            return width(part.graph.states[source.state])
        return part.features

    def specs(
        self, offsets: Callable[[int, str], int], more: Sequence[Source] = ()
    ) -> tuple[list[LayerSpec], list[Source]]:
        """The layers for the scheduler, and the outputs and `more`; `offsets` says where a part's parameter lies."""
        specs: list[LayerSpec] = []
        numbers: list[int] = []  # of each part's own layer

        def moved(source: Source | None) -> Source | None:
            return source if source is None or source.number < 0 else replace(source, number=numbers[source.number])

        for number, part in enumerate(self.parts):
            specs += _specs_of(part, number, self.axes[number], len(specs), moved, offsets)
            numbers.append(len(specs) - 1)
        return specs, [moved(source) for source in (*self.outputs, *more)]  # type: ignore[misc]


def _free(part: Part) -> list[int]:
    assert part.graph is not None
    states = enumerate(part.graph.states)
    return [width(s) for k, s in states if not part.initial or part.initial[k] is None]


def _specs_of(
    part: Part,
    number: int,
    axis: int,
    first: int,
    moved: Callable[[Source | None], Source | None],
    offsets: Callable[[int, str], int],
) -> list[LayerSpec]:
    """The layers of a part: what it attends to, where equations make that, and itself."""
    sources: Any = tuple(map(moved, part.sources))
    if part.graph is None:
        assert part.move is not None
        nothing = Graph(part.name, [], [], [], {}, [])
        return [LayerSpec(part.name, nothing, {}, sources=sources, move=replace(part.move, axis=axis))]
    places = {name: offsets(number, name) for name in part.graph.parameters}
    memories: Any = tuple(map(moved, part.memories))
    made: list[LayerSpec] = []
    graph, attended = part.graph, memories
    if part.graph.memories:
        found = split(part.graph)
        graph, attended = found.rest, tuple(memories[~k] if k < 0 else Source(first + k) for k in found.sources)
        given = {memory: k for k, memory in enumerate(part.graph.memories)}
        for one in found.made:
            reads = tuple(memories[given[m]] for m in one.inputs)
            made.append(LayerSpec(f"{part.name}.memory", one, places, sources=reads))
    initial: Any = tuple(map(moved, part.initial))
    layer = part.layer
    mine = LayerSpec(part.name, graph, places, layer.last_only, layer.reverse, sources, initial, attended)
    return [*made, mine]


# --- from a function ------------------------------------------------------------------------------------------


def of_function(function: Callable[..., Any], inputs: Any) -> Structure:
    """Run a network's function once on flows."""
    names, given = _arguments(function), _widths(function, inputs)
    tracing = Tracing(Layer)
    axes = {name: None if isinstance(size, Static) else Axis(name) for name, size in given.items()}
    flows = {
        name: Flow(tracing, Source(~k), _width(given[name], name), axes[name], name) for k, name in enumerate(names)
    }
    with ending("the function of a network"), recording(), tracing.active():
        result, local = call_and_watch(function, tuple(flows.values()), {})
        outputs, keys, by_name = _outputs(tracing, result)
    _rename(tracing, {**dict(zip(keys or (), outputs, strict=False)), **local})
    return _finished(tracing, list(flows.values()), outputs, keys, by_name)


def _arguments(function: Callable[..., Any]) -> list[str]:
    _check_function(function)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise OptionError(
            f"the arguments of {function!r} are not known ({error}); write a function of sequences, as in "
            "def forecast(x): ..."
        ) from error
    wrong = [q.name for q in parameters if q.kind in (q.VAR_POSITIONAL, q.VAR_KEYWORD)]
    wrong += [q.name for q in parameters if q.kind == q.KEYWORD_ONLY and q.default is q.empty]
    if wrong:
        raise OptionError(
            f"the function of a network names each of its inputs, as in def forecast(past, future): ...; {wrong[0]!r} "
            "is none. What has a default value keeps it"
        )
    names = [q.name for q in parameters if q.default is q.empty]
    if not names:
        raise OptionError("the function of a network takes its inputs, as in def forecast(x): ...; it takes none")
    return names


def _check_function(function: Any) -> None:
    if isinstance(function, type):
        raise OptionError(
            f"the function of a network is one of sequences, as in def forecast(x): ...; got {function!r}"
        )
    if isinstance(function, Cell):
        raise OptionError(
            f"{function.name} is a cell, equations of one step: as a network it is Network(features, "
            "[Recurrent(cell, units)])"
        )
    made = inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function)
    if made:
        raise OptionError("the function of a network returns its outputs: it is no function with `async` or `yield`")


def _widths(function: Callable[..., Any], inputs: Any) -> dict[str, Any]:
    names = _arguments(function)
    if isinstance(inputs, Mapping):
        if set(inputs) != set(names):
            raise OptionError(f"inputs are {', '.join(map(str, inputs))}; the function takes {', '.join(names)}")
        return {name: inputs[name] for name in names}
    if len(names) == 1 and inputs is not None:
        return {names[0]: inputs}
    example = ", ".join(f"{name!r}: 1" for name in names)
    raise OptionError(f"inputs is {inputs!r}; expected the features of each argument, inputs={{{example}}}")


def _width(size: Any, name: str) -> int:
    return whole(size.width if isinstance(size, Static) else size, f"inputs[{name!r}]")


def _outputs(tracing: Tracing, result: Any) -> tuple[list[Flow], list[str] | None, bool]:
    """What the function returned, each from a part of its own."""
    if isinstance(result, Mapping):
        values: list[Any] = list(result.values())
        keys: list[str] | None = list(result)
        wrong = [key for key in result if not isinstance(key, str) or not key]
        if wrong:
            raise OptionError(f"the function of a network returned a dict with the name {wrong[0]!r}; expected texts")
    else:
        values, keys = (list(result), None) if isinstance(result, tuple | list) else ([result], None)
    if any(value is None for value in values) or not values:
        raise OptionError("the function of a network returned nothing for an output: is a `return` missing?")
    found: list[Flow] = []
    for value in values:
        if not isinstance(value, Symbol):
            raise OptionError(
                f"the function of a network returned {shown(value)}, a {type(value).__name__}; expected what a layer "
                "or equations made, or a tuple or dict of such values"
            )
        flow = tracing.flow(value)
        # A final state may be what the layer returns too.
        alone = flow.where.number >= 0 and flow.where.state < 0 and flow.where not in [f.where for f in found]
        found.append(flow if alone else tracing.copied(flow))
    several = isinstance(result, Mapping | tuple | list)
    names = keys if keys is not None else [f"output_{k}" for k in range(len(found))]
    return found, names if several else None, isinstance(result, Mapping)


def _rename(tracing: Tracing, local: Mapping[str, Any]) -> None:
    """Call parts by the variables that hold what they make, as the values of a cell."""
    variables = {flow.where.number: name for name, flow in _named(tracing, local) if flow.where.state < 0}
    taken = {name for number, name in variables.items() if number >= 0}
    for number, part in enumerate(tracing.parts):
        before = part.name
        if "." in before:
            continue
        part.name = variables.get(number) or unused(tracing.stems[number], taken)
        taken.add(part.name)
        for inner in tracing.parts:
            if inner.name.startswith(f"{before}."):
                inner.name = part.name + inner.name[len(before) :]


def _named(tracing: Tracing, local: Mapping[str, Any]) -> list[tuple[str, Flow]]:
    """Variables and the flows that they hold, equations between layers included."""
    found = {name: tracing.known(value) for name, value in local.items()}
    return [(name, flow) for name, flow in found.items() if flow is not None]


# --- from a list of layers ------------------------------------------------------------------------------------


def _states(layer: Any) -> bool:
    return isinstance(layer, Layer) and bool(layer.cell.states)


def of_layers(inputs: int, layers: Sequence[Any]) -> Structure:
    """A chain: each layer reads the one before it, and is called by its number; each place of the list is a layer."""
    tracing = Tracing(Layer)
    flow = given = Flow(tracing, Source(-1), inputs, Axis("x"), "x")
    with ending("a layer of a network"), tracing.active():
        for number, layer in enumerate(layers):
            if flow.axis is None and _states(layer):
                raise OptionError(
                    f"layers[{number}] ({layer.cell.name}) has states, but a layer before it returns its last step "
                    "only, so that it would run over a single step: give that one return_sequences=True"
                )
            tracing.in_its_own_place()
            with tracing.named(str(number)):
                flow = layer(flow)
    return _finished(tracing, [given], [flow], None, False)


def _finished(
    tracing: Tracing, inputs: list[Flow], outputs: list[Flow], names: list[str] | None, by_name: bool
) -> Structure:
    parts, where = _without_spare(tracing.parts, [flow.where for flow in outputs])
    numbers: dict[Axis, int] = {}
    for flow in inputs:
        if flow.axis is not None:
            numbers.setdefault(flow.axis.root(), len(numbers))
    if not numbers:
        raise ShapeError("a network needs an input with time steps; all of its inputs are static")

    def number(axis: Axis | None) -> int:
        return ONCE if axis is None else numbers[axis.root()]

    structure = Structure(
        tuple(Given(flow.name, flow.features, number(flow.axis)) for flow in inputs),
        tuple(parts),
        tuple(number(part.axis) for part in parts),
        tuple(where),
        None if names is None else tuple(names),
        by_name,
    )
    check_read(structure)
    return structure


def _without_spare(parts: list[Part], outputs: list[Source]) -> tuple[list[Part], list[Source]]:
    """The parts, numbered anew, without those that are made only to be read and are not; and the outputs."""
    kept = sorted(_wanted(parts, outputs))
    new = {old: number for number, old in enumerate(kept)}

    def moved(source: Any) -> Any:
        return source if source is None or source.number < 0 else replace(source, number=new[source.number])

    def renumbered(part: Part) -> Part:
        names = ("sources", "initial", "memories")
        found: dict[str, Any] = {name: tuple(map(moved, getattr(part, name))) for name in names}
        return replace(part, tied={name: (new[k], theirs) for name, (k, theirs) in part.tied.items()}, **found)

    return [renumbered(parts[k]) for k in kept], [moved(source) for source in outputs]


def _wanted(parts: list[Part], outputs: list[Source]) -> set[int]:
    """The numbers of the parts that are not spare, and of all that these and the outputs need."""
    found: set[int] = set()
    stack = [k for k, part in enumerate(parts) if not part.spare] + [source.number for source in outputs]
    while stack:
        number = stack.pop()
        if number >= 0 and number not in found:
            found.add(number)
            stack += _read_by(parts[number : number + 1], ())
            stack += [owner for owner, _ in parts[number].tied.values()]
    return found


def _read_by(parts: Sequence[Part], outputs: Sequence[Source]) -> set[int]:
    """The numbers of what is read by a part, or returned."""
    read = {s.number for part in parts for s in (*part.sources, *part.initial, *part.memories) if s is not None}
    return read | {source.number for source in outputs}


def check_read(structure: Structure) -> None:
    """Raise `OptionError` at what nobody reads: it would be computed for nothing.

    Of an input only the steps may be used, as by `repeat`: its time axis is that of a part, or of another input.
    """
    read = _read_by(structure.parts, structure.outputs)
    for number, part in enumerate(structure.parts):
        if number not in read:
            raise OptionError(
                f"{part.name} is used by no other layer and is no output: leave it out, or return it too.\n"
                f"  {part.line}"
            )
    axes = Counter([*structure.axes, *(given.axis for given in structure.inputs)])
    for number, given in enumerate(structure.inputs):
        paces = given.axis != ONCE and axes[given.axis] > 1
        if ~number not in read and not paces:
            raise OptionError(f"the input {given.name} is used by no layer: leave it out, or use it")


def input_specs(structure: Structure) -> list[InputSpec]:
    """The inputs for the scheduler."""
    return [InputSpec(given.width, given.axis) for given in structure.inputs]
