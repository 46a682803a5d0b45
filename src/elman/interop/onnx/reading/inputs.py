"""The inputs of a model: values, indices, states and lengths, by what reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.onnx.reading.axes import FEATURES, Atom, Dim, Given, Known, Lengths, Node, Tensor, Whole, tensor_of
from elman.interop.onnx.reading.file import dtype_of, values


@dataclass
class Input:
    """An input of a model: what it is here, and its axes there."""

    name: str
    kind: str  # "values", "indices", "state" or "lengths"
    dtype: np.dtype
    dims: tuple[Dim, ...]
    grid: tuple[int, ...] = ()
    features: int = 1
    node: Node | None = None


class Inputs:
    """What a graph is given.

    Attributes
    ----------
    constants : dict of str to ndarray
    by_name : dict of str to Input
        Those that its user gives; a state with zeros in the file may be left out there.
    """

    def __init__(self, graph: Any):
        self.graph = graph
        self.constants = {tensor.name: values(tensor) for tensor in graph.initializer}
        self.uses = Uses(graph)
        self.by_name = self._inputs()

    def _inputs(self) -> dict[str, Input]:
        found = {}
        for given in self.graph.input:
            state = given.name in self.uses.states and self._starts_at_zero(given.name)
            if given.name not in self.constants or state:
                found[given.name] = self._input(given)
                self.constants.pop(given.name, None)
        return found

    def _starts_at_zero(self, name: str) -> bool:
        return name not in self.constants or not self.constants[name].any()

    def _input(self, given: Any) -> Input:
        name, tensor = given.name, given.type.tensor_type
        what = f"the input {name}"
        dtype = dtype_of(tensor.elem_type, what)
        if not tensor.HasField("shape"):
            raise ConversionError(f"{what} has no shape: export the model with one")
        sizes = [d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None for d in tensor.shape.dim]
        if name in self.uses.states:
            return self._state(name, dtype, sizes)
        if dtype.kind in "iu" and len(sizes) == 1:
            return Input(name, "lengths", dtype, ())
        if name in self.uses.indices and len(sizes) in (1, 2):
            return self._values(name, dtype, sizes, 1, "indices")
        if dtype.kind != "f" or len(sizes) not in (2, 3):
            raise ConversionError(
                f"{what} is of {dtype} with {len(sizes)} axes; expected batch, time and features, or batch and features"
            )
        if len(sizes) == 2 and (sizes[-1] is None or name in self.uses.widened):
            return self._values(name, dtype, sizes, 1, "values", has_features=False)
        if sizes[-1] is None:
            raise ConversionError(f"{what} has no fixed number of features: export the model with one")
        return self._values(name, dtype, sizes[:-1], sizes[-1], "values")

    def _values(
        self,
        name: str,
        dtype: np.dtype,
        sizes: list[int | None],
        features: int,
        kind: str,
        *,
        has_features: bool = True,
    ) -> Input:
        atoms = tuple(Atom(f"{k} of the input {name}", size) for k, size in enumerate(sizes))
        node = Node("input", (), features, atoms, name, option=name)
        dims = [Dim((atom,)) for atom in atoms] + [Dim((FEATURES,))] * (kind == "values" and has_features)
        return Input(name, kind, dtype, tuple(dims), (), features, node)

    def _state(self, name: str, dtype: np.dtype, sizes: list[int | None]) -> Input:
        """Of a state the axes are those of layers and directions, batch and units."""
        if len(sizes) not in (2, 3) or sizes[-1] is None or dtype.kind != "f":
            raise ConversionError(
                f"the input {name} is a state of {len(sizes)} axes; expected directions, batch and units"
            )
        grid_axis = None if len(sizes) == 2 else 1 if self.uses.batch_first else 0
        batch = Atom(f"batch of {name}")
        batch.be("batch")
        dims = [Dim((batch,)), Dim((FEATURES,))]
        grid: tuple[int, ...] = ()
        if grid_axis is not None:
            size = sizes[grid_axis]
            if size is None:
                raise ConversionError(f"the input {name} has no fixed number of layers: export the model with one")
            dims.insert(grid_axis, Dim((0,)))
            grid = (size,)
        return Input(name, "state", dtype, tuple(dims), grid, sizes[-1])

    def known(self) -> dict[str, Known]:
        """What nodes may read."""
        known: dict[str, Known] = dict(self.constants)
        for name, given in self.by_name.items():
            known[name] = self._value(given)
        return known

    @staticmethod
    def _value(given: Input) -> Known:
        if given.kind == "lengths":
            return Lengths(given.name)
        if given.kind == "indices":
            assert given.node is not None
            return Whole(given.node, given.dims, lambda n: n)
        if given.kind == "values":
            assert given.node is not None
            return tensor_of(given.node, given.dims, given.features)
        grid = np.empty(given.grid, object)
        for place in np.ndindex(given.grid):
            grid[place] = Given(given.name, place, given.dims, given.features)
        return Tensor(given.dims, grid, given.features)


# --- what inputs are for ----------------------------------------------------------------------------------------

_MOVING = (
    "Slice",
    "Split",
    "Squeeze",
    "Unsqueeze",
    "Gather",
    "Transpose",
    "Identity",
    "Cast",
    "Reshape",
    "Expand",
    "Concat",
)
_OF_INDICES = (
    "Cast",
    "Identity",
    "Add",
    "Sub",
    "Mul",
    "Where",
    "Less",
    "Not",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Mod",
)
_RECURRENT = ("RNN", "GRU", "LSTM")


class Uses:
    """Which inputs states begin with, and which are indices: those that lead there by moves alone."""

    def __init__(self, graph: Any):
        self._makers = {name: node for node in graph.node for name in node.output}
        recurrent = [node for node in graph.node if node.op_type in _RECURRENT]
        self.batch_first = any(a.name == "layout" and a.i for node in recurrent for a in node.attribute)
        self.states = {n for node in recurrent for name in node.input[5:7] for n in self._leading(name, _MOVING, 1)}
        self.widened = {node.input[0] for node in graph.node if node.op_type == "Unsqueeze" and node.input}
        gathers = [node for node in graph.node if node.op_type == "Gather" and len(node.input) > 1]
        self.indices = {n for node in gathers for n in self._leading(node.input[1], _OF_INDICES, None)}

    def _leading(self, name: str, through: tuple[str, ...], first: int | None) -> set[str]:
        """What a value comes from; of a move only what is moved counts, unless it joins several."""
        found, stack, seen = set(), [name], set()
        while stack:
            here = stack.pop()
            if here in seen:
                continue
            seen.add(here)
            node = self._makers.get(here)
            if node is None:
                found.add(here)
            elif node.op_type in through:
                stack.extend(node.input if first is None or node.op_type == "Concat" else node.input[:first])
        return found
