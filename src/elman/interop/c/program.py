"""Program: the layers of a network in C, where their values lie, and what it takes of a machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from elman.engine.indices import whole_numbers
from elman.engine.slots import ONCE
from elman.engine.stage import LayerSpec, Source
from elman.equations.graph import Graph
from elman.equations.symbols import width
from elman.errors import ConversionError
from elman.interop.c.functions import RESERVED, Functions
from elman.interop.c.layer import Writer, Written
from elman.interop.c.names import PROGRAM, Names
from elman.interop.c.values import lowered
from elman.interop.c.weights import Weights
from elman.network import Network
from elman.network.layer_cells import scale_and_shift
from elman.network.layers import Layer
from elman.network.prefixes import delayed
from elman.network.structure import Structure


@dataclass(frozen=True)
class Choices:
    """What a user chose."""

    name: str
    weights: str
    own: bool
    max_steps: int  # 0 of a network that goes step by step
    constants: tuple[tuple[str, np.ndarray, str], ...] = ()  # by name, with what they are, for the caller's code

    @property
    def state(self) -> str:
        return f"{self.name}_state"

    @property
    def upper(self) -> str:
        return self.name.upper()


@dataclass(frozen=True)
class Port:
    """An input or output: its name, width and time axis, and of an input of indices what they are below."""

    name: str
    width: int
    axis: int
    below: int = 0

    @property
    def timed(self) -> bool:
        return self.axis != ONCE


@dataclass
class Layered:
    """A layer, or a move, of the program.

    Attributes
    ----------
    spec : LayerSpec
    name : str
        In C.
    wide : int
        Of what it makes.
    runs, axis : int
        The time axis along which it runs, and that of what it makes.
    fields : list of str
        Of its states.
    written : Written or None
        None of a move.
    fixed : ndarray or None
        What it makes, where that depends on nothing.
    delay : (Source, int) or None
        What it makes is that value so many steps before.
    same : Source or None
        What it makes is that value, as of dropout.
    """

    spec: LayerSpec
    name: str
    wide: int
    runs: int
    axis: int
    fields: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    written: Written | None = None
    fixed: np.ndarray | None = None
    delay: tuple[Source, int] | None = None
    same: Source | None = None

    @property
    def in_state(self) -> bool:
        """Whether what it returns is a state."""
        return bool(self.fields) and not self.spec.graph.has_output


class Program:
    """A network's layers as functions of C.

    Parameters
    ----------
    net : Network
        What is written: the network itself, or that of its prefixes.
    whole : Network
        The user's.
    """

    def __init__(self, net: Network, whole: Network, choices: Choices):
        self.net, self.whole, self.choices = net, whole, choices
        self.functions = Functions(net.dtype, choices.own)
        public = [
            f"{choices.name}_{word}" for word in ("state", "reset", "step", "run", *(c[0] for c in choices.constants))
        ]
        self.names = Names([*RESERVED, *PROGRAM, choices.name, *public])
        self.weights = Weights(self.functions, self.names, choices.weights)
        self.inputs = self._inputs()
        self.outputs = self._outputs()
        specs, self.results = net.specs()
        self.weights.shared = self._shared(specs)
        self.layers: list[Layered] = []
        for number, spec in enumerate(specs):
            self.layers.append(self._layer(number, spec))
        self.read = self._read()

    def _shared(self, specs: Sequence[LayerSpec]) -> set[bytes]:
        """The values of parameters that are a table here and a matrix there."""
        roles: dict[str, dict[int, bytes]] = {"table": {}, "matrix": {}}
        for spec in specs:
            for name, values in self._parameters(spec).items():
                roles.get(spec.graph.parameters[name].role, {})[spec.offsets[name]] = values.tobytes()
        return {values for offset, values in roles["table"].items() if offset in roles["matrix"]}

    @property
    def real(self) -> str:
        return self.functions.real

    @property
    def stepwise(self) -> bool:
        return not self.choices.max_steps

    # --- what goes in and comes out -------------------------------------------------------------------------------

    def _inputs(self) -> list[Port]:
        plan = self.net.engine().plan
        below = whole_numbers(plan, self.net.dtype)
        found = []
        for door, place in zip(self.net.doors, plan.inputs, strict=True):
            limit = below.get(place.slot, 0) if door.whole else 0
            if limit > 2 ** (np.finfo(self.net.dtype).nmant + 1):
                raise ConversionError(
                    f"the input {door.given.name} is an index below {limit:,}, and a {self.real} counts to "
                    f"{2 ** (np.finfo(self.net.dtype).nmant + 1):,} only: take a smaller table"
                )
            found.append(Port(self.names.take(door.given.name, "x"), door.given.width, door.given.axis, limit))
        return found

    def _outputs(self) -> list[Port]:
        structure = self.whole.structure
        names = structure.names or ("y",)
        pairs = zip(names, structure.outputs, strict=True)
        return [Port(self.names.take(n, "y"), structure.features(s), structure.axis(s)) for n, s in pairs]

    # --- layers ---------------------------------------------------------------------------------------------------

    def _layer(self, number: int, spec: LayerSpec) -> Layered:
        sources = spec.reads(number)
        axes = {self.axis(s) for s in sources} - {ONCE}
        runs = axes.pop() if axes else ONCE
        name = self.names.take(f"{spec.graph.name}_{spec.name}" if spec.name[0].isdigit() else spec.name, "layer")
        if spec.move is not None:
            axis = {"reverse": runs, "shift": runs, "repeat": spec.move.axis}.get(spec.move.kind, ONCE)
            return Layered(spec, name, self.wide(sources[0]), runs, axis)
        graph = spec.graph
        made = Layered(spec, name, width(graph.outputs[0]), runs, ONCE if spec.last else runs)
        if self._is_delay(number, spec):
            made.delay = self._delay(sources[0])
            return made
        parameters = self._parameters(spec)
        graph, parameters = _folded(graph, parameters, self.net.dtype)
        step = lowered(graph, parameters, self.net.dtype, f"layer {spec.name} ({graph.name})")
        if not graph.states and step.outputs[0] in step.inputs:
            made.same = sources[step.inputs.index(step.outputs[0])]
            return made
        made.fields = [self.names.take(f"{name}_{s.name}") for s in graph.states]
        made.sizes = [width(s) for s in graph.states]
        error = f"{self.choices.upper}_BAD_INDEX"
        if not sources and not spec.memories and not graph.states:
            made.fixed = step.outputs[0].array
        writer = Writer(name, step, made.fields, self.choices.state, error, self.functions, self.weights)
        made.written = writer.written()
        return made

    def _parameters(self, spec: LayerSpec) -> dict[str, np.ndarray]:
        found = {}
        for name in spec.graph.parameters:
            shape, at = spec.graph.shape(name), spec.offsets[name]
            found[name] = self.net.arena[at : at + int(np.prod(shape))].reshape(shape)
        return found

    def _is_delay(self, number: int, spec: LayerSpec) -> bool:
        if self.net is self.whole:
            return False
        layer = self.net.structure.parts[number].layer  # of prefixes a layer is a part
        return layer is not None and layer.cell is delayed

    def _delay(self, source: Source) -> tuple[Source, int]:
        before = self.layers[source.number] if source.number >= 0 else None
        if before is None or before.delay is None:
            return source, 1
        return before.delay[0], before.delay[1] + 1

    def axis(self, source: Source) -> int:
        if source.state >= 0:
            return ONCE
        return self.inputs[~source.number].axis if source.number < 0 else self.layers[source.number].axis

    def wide(self, source: Source) -> int:
        if source.number < 0:
            return self.inputs[~source.number].width
        layer = self.layers[source.number]
        return layer.sizes[source.state] if source.state >= 0 else layer.wide

    def _read(self) -> set[int]:
        """The layers of which what they return is read."""
        sources = [*self.results]
        for number, layer in enumerate(self.layers):
            spec = layer.spec
            mine = [*spec.reads(number), *spec.initial, *spec.memories] if layer.delay is None else [layer.delay[0]]
            sources += [s if isinstance(s, Source) else Source(s) for s in mine if s is not None]
        return {s.number for s in sources if s.number >= 0 and s.state < 0}

    def free_fields(self) -> list[tuple[str, int, int]]:
        """Of the user's network, the field, width and layer of each state that a caller begins, in their order."""
        mine = {layer.spec.name: layer for layer in self.layers if layer.fields}
        found = []
        for part in self.whole.structure.parts:
            if part.graph is None or part.name not in mine:
                continue
            layer = mine[part.name]
            own = zip(layer.fields[: len(part.graph.states)], layer.sizes, strict=False)  # a running sum has others
            for k, (name, size) in enumerate(own):
                if not part.initial or part.initial[k] is None:
                    found.append((name, size, self.layers.index(layer)))
        return found


def _folded(graph: Graph, parameters: dict[str, np.ndarray], dtype: np.dtype) -> tuple[Graph, dict[str, np.ndarray]]:
    """Batch normalisation as one factor and one term; any other graph as it is."""
    if graph.name != "batch_norm" or set(parameters) != {"g", "b", "mean", "variance"}:
        return graph, parameters
    epsilon = next(n.inputs[1].first for n in graph.nodes() if n.op == "add" and n.inputs[1].op == "const")
    values = {name: value.astype(np.float64) for name, value in parameters.items()}
    factor = values["g"] / np.sqrt(values["variance"] + epsilon)
    simple = Layer(scale_and_shift).graph(len(factor))
    found = {"g": factor, "b": values["b"] - values["mean"] * factor}
    return simple, {name: value.astype(dtype) for name, value in found.items()}


def stripped(structure: Structure, fixed: Sequence[int]) -> Structure:
    """A structure whose states begin with zeros where they begin with what is known."""
    parts = [
        replace(p, initial=tuple(None if s is None or s.number in fixed else s for s in p.initial))
        for p in structure.parts
    ]
    return replace(structure, parts=tuple(parts))
