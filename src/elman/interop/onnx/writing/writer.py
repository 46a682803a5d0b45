"""The nodes and constants of an ONNX graph in the making."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman.interop.peers import peer

OPSET = 17
"""The version of the operators, which every runtime since the middle of 2022 knows."""

IR_VERSION = 8

INT32, INT64, BOOL, DOUBLE = 6, 7, 9, 11  # how ONNX numbers its types
_CODES = {np.dtype(np.float32): 1, np.dtype(np.float64): DOUBLE}


def code_of(dtype: np.dtype) -> int:
    """How ONNX numbers a dtype."""
    return _CODES[np.dtype(dtype)]


@dataclass
class Made:
    """A node: its operator, what it reads and makes, and its attributes; of a Scan the nodes of its body."""

    op: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any]
    body: Body | None = None

    @property
    def reads(self) -> set[str]:
        """All names that it needs, those that its body takes from outside included."""
        return set(self.inputs) | (self.body.reads if self.body else set())


@dataclass
class Body:
    """The graph of one step of a Scan."""

    nodes: list[Made]
    inputs: list[Any]
    outputs: list[Any]

    @property
    def reads(self) -> set[str]:
        return {name for node in self.nodes for name in node.reads}


@dataclass
class Shared:
    """What the graph and the bodies in it have in common: constants, and the names that are taken."""

    constants: dict[str, np.ndarray] = field(default_factory=dict)
    equal: dict[Any, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def unused(self, wanted: str) -> str:
        """A name that nothing else has."""
        name, number = wanted, 1
        while name in self.taken:
            number += 1
            name = f"{wanted}_{number}"
        self.taken.add(name)
        return name


class Writer:
    """Writes nodes in order; equal ones are written once.

    Parameters
    ----------
    dtype : dtype
        Of numbers.
    outer : Writer, optional
        That of the graph around a body.
    """

    def __init__(self, dtype: np.dtype, outer: Writer | None = None):
        self.dtype = dtype
        self.shared: Shared = outer.shared if outer else Shared()
        self.scope: str = outer.scope if outer else ""
        self.nodes: list[Made] = []
        self._known: dict[Any, tuple[str, ...]] = dict(outer._known) if outer else {}

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """The output of a node that has one."""
        return self.nodes_outputs(op, inputs, 1, **attributes)[0]

    def nodes_outputs(self, op: str, inputs: Sequence[str], count: int, **attributes: Any) -> tuple[str, ...]:
        """All outputs of a node."""
        key = (op, *inputs, *((name, str(value)) for name, value in sorted(attributes.items())))
        if key not in self._known:
            outputs = tuple(self.shared.unused(f"{self.scope}/{op}") for _ in range(count))
            self.nodes.append(Made(op, list(inputs), list(outputs), attributes))
            self._known[key] = outputs
        return self._known[key]

    def scan(self, inputs: Sequence[str], body: Body, states: int) -> tuple[str, ...]:
        """The outputs of a Scan: final states, then what its steps make."""
        outputs = [self.shared.unused(f"{self.scope}/Scan") for _ in body.outputs]
        attributes = {"num_scan_inputs": len(inputs) - states}
        self.nodes.append(Made("Scan", list(inputs), outputs, attributes, body))
        return tuple(outputs)

    def called(self, name: str, value: str) -> None:
        """Give a value a name that it has for users."""
        self.nodes.append(Made("Identity", [value], [name], {}))

    def constant(self, array: Any, name: str = "") -> str:
        """An array as it is."""
        array = np.asarray(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.shared.equal:
            self.shared.equal[key] = name = self.shared.unused(name or f"{self.scope}/constant")
            self.shared.constants[name] = array
        return self.shared.equal[key]

    def number(self, value: float) -> str:
        """A scalar of the network's dtype."""
        return self.constant(np.asarray(value, self.dtype))

    def whole(self, *values: int) -> str:
        """Whole numbers, as shapes, axes and places are written."""
        return self.constant(np.asarray(values, np.int64))


def live(nodes: Iterable[Made], wanted: Iterable[str]) -> list[Made]:
    """The nodes that `wanted` values need; outputs that nobody reads lose their names, where they may be left out."""
    needed, kept = set(wanted), []
    for node in reversed(list(nodes)):
        if not needed.intersection(node.outputs):
            continue
        if node.op in ("RNN", "GRU", "LSTM"):
            node.outputs = [name if name in needed else "" for name in node.outputs]
            while not node.outputs[-1]:
                node.outputs.pop()
        needed |= node.reads
        kept.append(node)
    return kept[::-1]


# --- to protobuf ----------------------------------------------------------------------------------------------


def typed(name: str, dtype: np.dtype, shape: Sequence[int | str | None]) -> Any:
    """What ONNX says of a graph's input or output."""
    helper = peer("onnx").helper
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)


def protobuf(node: Made) -> Any:
    """A node as ONNX stores it."""
    helper = peer("onnx").helper
    attributes = dict(node.attributes)
    if node.body is not None:
        wanted = [value.name for value in node.body.outputs]
        nodes = [protobuf(each) for each in live(node.body.nodes, wanted)]
        attributes["body"] = helper.make_graph(nodes, "step", node.body.inputs, node.body.outputs)
    return helper.make_node(node.op, node.inputs, node.outputs, name=node.outputs[0] or node.outputs[-1], **attributes)
