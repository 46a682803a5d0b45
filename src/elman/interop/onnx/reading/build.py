"""The network that the nodes of a model make: a chain of layers where it is one, else a function of sequences."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elman.equations import cell
from elman.equations.graph import ordered
from elman.equations.vectors import concat
from elman.errors import ConversionError
from elman.interop.onnx.reading.axes import Node
from elman.network import Activation, Bidirectional, Dense, Layer, Network, Static
from elman.network.moves import pool, reverse


class Plan:
    """The nodes that outputs need, with those that make one layer put together.

    Attributes
    ----------
    nodes : list of Node
        Each behind those that it reads; inputs are among them.
    outputs : list of Node
    """

    def __init__(self, outputs: Sequence[Node]):
        self.outputs = list(outputs)
        for rewrite in (_returning_last, _both_directions, _with_activation):
            self._rewrite(rewrite)
        self.nodes = ordered(self.outputs, operands=_reads)

    def _rewrite(self, rule: Callable[[Node, dict[Node, int]], Node | None]) -> None:
        nodes = ordered(self.outputs, operands=_reads)
        uses: dict[Node, int] = {}
        for node in nodes:
            for read in _reads(node):
                uses[read] = uses.get(read, 0) + 1
        for node in self.outputs:
            uses[node] = uses.get(node, 0) + 1
        new: dict[Node, Node] = {}
        for node in nodes:
            changed = _of_new(node, new)
            uses[changed] = uses.get(node, 0)
            new[node] = rule(changed, uses) or changed
            uses[new[node]] = uses.get(node, 0)
        self.outputs = [new[node] for node in self.outputs]

    @property
    def inputs(self) -> list[Node]:
        return [node for node in self.nodes if node.kind == "input"]

    @property
    def chain(self) -> list[Node] | None:
        """The layers, if each reads the one before it and nothing else."""
        before = self.inputs[0] if self.inputs else None
        layers = [node for node in self.nodes if node.kind != "input"]
        for node in layers:
            free = all(b is None or not isinstance(b, Node | np.ndarray) for b in node.begins)
            if node.kind != "layer" or node.inputs != (before,) or not free:
                return None
            before = node
        return layers if len(self.inputs) == 1 and self.outputs == [before] and layers else None


def _reads(node: Node) -> list[Node]:
    return [*node.inputs, *(b for b in node.begins if isinstance(b, Node))]


def _of_new(node: Node, new: dict[Node, Node]) -> Node:
    inputs = tuple(new[read] for read in node.inputs)
    begins = tuple(new[b] if isinstance(b, Node) else b for b in node.begins)
    same = all(a is b for a, b in zip(node.inputs + node.begins, inputs + begins, strict=True))
    return node if same else replace(node, inputs=inputs, begins=begins)


def _recurs(node: Node) -> bool:
    return node.kind == "layer" and node.time is not None and isinstance(node.layer, Layer)


def _returning_last(node: Node, uses: dict[Node, int]) -> Node | None:
    """A recurrent layer of which only the end of its direction is read returns that."""
    if not node.inputs or not _recurs(node.inputs[0]) or uses.get(node.inputs[0], 0) != 1:
        return None
    layer = node.inputs[0].layer
    ends = node.kind == "pool" and node.option == ("first" if layer.reverse else "last")
    if not ends and not (node.kind == "final" and node.option == 0):
        return None
    made = replace(layer, return_sequences=False)
    return replace(node.inputs[0], layer=made, timed=node.timed, features=node.features)


def _both_directions(node: Node, uses: dict[Node, int]) -> Node | None:
    """Two layers over one sequence, beside one another."""
    if node.kind != "concat" or len(node.inputs) != 2 or not all(map(_recurs, node.inputs)):
        return None
    there, back = node.inputs
    alike = _alike(there.layer, back.layer) and there.inputs == back.inputs
    if not alike or any(
        uses.get(n, 0) != 1 or any(isinstance(b, Node | np.ndarray) for b in n.begins) for n in node.inputs
    ):
        return None
    arrays = {f"forward.{n}": a for n, a in there.arrays.items()} | {f"backward.{n}": a for n, a in back.arrays.items()}
    both = Bidirectional(there.layer)
    return replace(
        node,
        kind="layer",
        layer=both,
        arrays=arrays,
        inputs=there.inputs,
        begins=there.begins + back.begins,
        directions=there.directions + back.directions,
        time=there.time,
    )


def _alike(there: Layer, back: Layer) -> bool:
    same = (there.cell.name, there.units, there.return_sequences) == (back.cell.name, back.units, back.return_sequences)
    return same and not there.reverse and back.reverse and there.cell.options == back.cell.options


def _with_activation(node: Node, uses: dict[Node, int]) -> Node | None:
    """A dense layer and the function of its values."""
    if (
        node.kind != "layer"
        or not isinstance(node.layer, Layer)
        or node.layer.cell.name != _ACTIVATION
        or not node.inputs
    ):
        return None
    before, function = node.inputs[0], node.layer.cell.options.get("activation")
    dense = before.kind == "layer" and isinstance(before.layer, Layer) and before.layer.cell.name == _DENSE
    if not dense or uses.get(before, 0) != 1 or not isinstance(function, str):
        return None
    if before.layer.cell.options.get("activation", "linear") != "linear":
        return None
    layer = Dense(before.features, activation=function, bias="b" in before.arrays)
    return replace(before, layer=layer)


_ACTIVATION, _DENSE = Activation("relu").cell.name, Dense(1).cell.name

# --- the network ------------------------------------------------------------------------------------------------


@cell(inputs=0)
def beginning(p):
    """What a state begins with, the same for every row."""
    return 1 * p.b


class Built:
    """A network, and what of it belongs to which node.

    Attributes
    ----------
    net : Network
    inputs : list of Node
        In the order of its inputs.
    states : list of (Node, int)
        The recurrent node, and which of its `begins`, of each state that the caller gives.
    """

    def __init__(self, plan: Plan, dtype: Any, *, names: Sequence[str] | None):
        self.plan, self.inputs = plan, plan.inputs
        if not plan.inputs:
            raise ConversionError("no output depends on an input")
        self._layers: list[tuple[Any, dict[str, np.ndarray], Node, int]] = []
        chain = plan.chain
        self.net = self._chain(chain, dtype) if chain and names is None else self._graph(dtype, names)
        self._assign()
        self.states = self._states()

    def _chain(self, chain: list[Node], dtype: Any) -> Network:
        for node in chain:
            self._note(node, node.layer)
        features = self.inputs[0].features
        return Network(features, [node.layer for node in chain], dtype=dtype)

    def _note(self, node: Node, layer: Any) -> None:
        """Whose parameters a layer's are."""
        if isinstance(layer, Bidirectional):
            for place, (name, one) in enumerate((("forward.", layer.layer), ("backward.", layer.backward))):  # type: ignore[attr-defined]
                arrays = {n.removeprefix(name): a for n, a in node.arrays.items() if n.startswith(name)}
                self._layers.append((one, arrays, node, place * len(node.begins) // 2))
        else:
            self._layers.append((layer, node.arrays, node, 0))

    def _graph(self, dtype: Any, names: Sequence[str] | None) -> Network:
        called = _identifiers([str(node.option) for node in self.inputs])

        def network(*flows: Any) -> Any:
            made = dict(zip(self.inputs, flows, strict=True))
            for node in self.plan.nodes:
                if node not in made:
                    made[node] = self._made(node, made)
            found = [made[node] for node in self.plan.outputs]
            return dict(zip(names, found, strict=True)) if names else found[0]

        parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in called]
        network.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        sizes = [n.features if len(n.timed) > 1 else Static(n.features) for n in self.inputs]
        return Network(network, inputs=dict(zip(called, sizes, strict=True)), dtype=dtype)

    def _made(self, node: Node, made: dict[Node, Any]) -> Any:
        given = [made[read] for read in node.inputs]
        if node.kind == "layer":
            return self._called(node, given, made)
        if node.kind == "final":
            ends = given[0].final
            return ends[node.option] if isinstance(ends, tuple) else ends
        if node.kind == "slice":
            return given[0][node.option[0] : node.option[1]]
        simple: dict[str, Callable[..., Any]] = {
            "concat": concat,
            "pool": lambda x: pool(x, node.option),
            "reverse": reverse,
            "equation": node.option,
        }
        return simple[node.kind](*given)

    def _called(self, node: Node, given: list[Any], made: dict[Node, Any]) -> Any:
        layer = replace(node.layer)  # a layer that is called twice would be one
        self._note(node, layer)
        if isinstance(layer, Bidirectional) or not any(isinstance(b, Node | np.ndarray) for b in node.begins):
            return layer(*given)
        state = [self._begun(b, node, made) for b in node.begins]
        return layer(*given, state=tuple(state))

    def _begun(self, begin: Any, node: Node, made: dict[Node, Any]) -> Any:
        """What a state begins with: another value, numbers of the file, or what the caller gives."""
        if isinstance(begin, Node):
            return made[begin]
        if not isinstance(begin, np.ndarray):
            return None
        layer = Layer(beginning, len(begin))
        self._layers.append((layer, {"b": begin}, node, 0))
        return layer()

    def _assign(self) -> None:
        """Give parameters their values."""
        for part in self.net.structure.parts:
            arrays = next((arrays for layer, arrays, _, _ in self._layers if layer is part.layer), {})
            for name, array in arrays.items():
                self.net.params[f"{part.name}.{name}"] = array

    def _states(self) -> list[tuple[Node, int]]:
        found = []
        for part in self.net.structure.parts:
            for layer, _, node, first in self._layers:
                if part.layer is layer and part.graph is not None:
                    free = [k for k in range(len(part.graph.states)) if not part.initial or part.initial[k] is None]
                    found += [(node, first + k) for k in free]
        return found


def _identifiers(names: Sequence[str]) -> list[str]:
    """Names that may be those of arguments, each another one."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"\W", "_", name.split(":")[0]).lstrip("_0123456789") or "x"
        plain += "_" * keyword.iskeyword(plain)
        wanted, number = plain, 1
        while wanted in found:
            number += 1
            wanted = f"{plain}_{number}"
        found.append(wanted)
    return found
