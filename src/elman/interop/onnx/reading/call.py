"""A node of a model with what it reads, and what is asked of that."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from elman.errors import ConversionError
from elman.interop.onnx.reading.axes import Atom, Filled, Given, Node, Size, Sizes, Tensor, Whole
from elman.interop.onnx.reading.file import values
from elman.interop.report import Mapped

Operators = dict[str, Callable[[Any, Any], Any]]  # by name what a node makes, of the interpreter and a `Call`
BROKEN = (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError)
"""What reading a file that holds anything may raise."""

LARGEST = 2**27  # values of a constant that is computed while a model is read


@dataclass
class Reading:
    """What nodes find out while a model is read.

    Attributes
    ----------
    opset : int
    uses : dict of str to int
        How often each value is read.
    mapped : list of Mapped
    lengths : dict of str to list of Atom
        Of each input of lengths the time axes that it is for.
    """

    opset: int
    uses: dict[str, int]
    mapped: list[Mapped] = field(default_factory=list)
    lengths: dict[str, list[Atom]] = field(default_factory=dict)


class Call:
    """A node with what it reads; an input that was left out is None."""

    def __init__(self, node: Any, where: str, inputs: list[Any], attributes: dict[str, Any]):
        self.node, self.where, self.inputs, self.attributes = node, where, inputs, attributes

    def __getitem__(self, k: int) -> Any:
        return self.inputs[k] if k < len(self.inputs) else None

    def get(self, name: str, default: Any = None) -> Any:
        return self.attributes.get(name, default)

    def wholes(self, k: int, name: str) -> list[int] | None:
        """Whole numbers that are an input, or in older operators an attribute."""
        value = self[k]
        if value is None:
            found = self.get(name)
            return None if found is None else [int(n) for n in found]
        if isinstance(value, Sizes) and all(not s.atoms for s in value.items):
            return [s.number for s in value.items]
        if not isinstance(value, np.ndarray):
            raise ConversionError(f"its {name} are computed from data: export with fixed ones")
        return [int(n) for n in value.ravel()]


def called(node: Any) -> str:
    """A node in a message."""
    name = node.name or next((o for o in node.output if o), "")
    return f"node {name!r} ({node.op_type})"


def attributes(node: Any) -> dict[str, Any]:
    """By name; tensors as arrays."""
    kinds = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints", 8: "strings"}
    found: dict[str, Any] = {}
    for a in node.attribute:
        if a.ref_attr_name or a.type not in kinds:
            raise ConversionError(f"its attribute {a.name!r} is none that is read here")
        value = getattr(a, kinds[a.type])
        found[a.name] = values(value) if a.type == 4 else list(value) if a.type > 4 else value
    return found


def refuse(what: str) -> NoReturn:
    raise ConversionError(what)


def tensor_in(value: Any, what: str = "its input") -> Tensor:
    if not isinstance(value, Tensor):
        kind = {Whole: "whole numbers", Sizes: "a shape", np.ndarray: "a constant", Filled: "a constant"}.get(
            type(value), "no data"
        )
        raise ConversionError(f"{what} is {kind}, where values of the network are expected")
    return value


def array_in(value: Any, what: str) -> np.ndarray:
    if not isinstance(value, np.ndarray):
        raise ConversionError(f"{what} is computed from data, and only a constant is read")
    return value


def bounded(array: Any) -> np.ndarray:
    """A constant that was computed."""
    found = np.asarray(array)
    if found.size > LARGEST:
        raise ConversionError(f"it makes a constant of {found.size:,} values")
    return found


def check_shape(sizes: Sizes) -> None:
    """Refuse a shape that nobody means, before memory is taken for it."""
    if math.prod(max(size.number, 1) for size in sizes.items) > LARGEST:
        raise ConversionError(f"it makes values of the shape {[size.number for size in sizes.items]}")


def node_of(node: Any) -> Node:
    """A step of the network; of a state that the caller gives nothing is computed."""
    if isinstance(node, Given):
        raise ConversionError("it computes something of a state that the caller gives: only layers may begin with it")
    assert isinstance(node, Node)
    return node


def as_sizes(value: Any) -> Sizes:
    """Whole numbers as sizes."""
    if isinstance(value, Sizes):
        return value
    array = array_in(value, "a size")
    if array.dtype.kind not in "iu" or array.ndim > 1:
        raise ConversionError("it puts a shape together with what is none")
    return Sizes(tuple(Size(int(n)) for n in array.ravel()), array.ndim == 0)
