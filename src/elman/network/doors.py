"""Doors: the inputs of a network, and what users give for them, in the form that an engine takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from elman.checks import numbers
from elman.engine.indices import whole_numbers
from elman.engine.interface import Engine
from elman.engine.slots import ONCE
from elman.engine.stage import Source
from elman.equations.graph import Graph
from elman.equations.ops import row_of
from elman.equations.ranges import Range, features_of
from elman.equations.symbols import width
from elman.errors import OptionError, ShapeError
from elman.network.structure import Given, Structure
from elman.training.finite import as_lengths, check_finite, check_indices, check_range


@dataclass(frozen=True)
class Door:
    """An input of a network as users give it.

    Attributes
    ----------
    given : Given
        Its width and time axis.
    name : str
        What messages call it: ``x`` where it is the only one.
    dtype : dtype
        Of its numbers.
    indices : int
        How many rows the table has that it is an index of; 0 where it is none, or other limits are the engine's.
    whole : bool
        Whether it is read as an index and nothing else, so that it becomes int64.
    ranges : tuple of (Range, slice)
        What a layer that reads it says of the values of some features.
    """

    given: Given
    name: str
    dtype: np.dtype
    indices: int
    whole: bool
    ranges: tuple[tuple[Range, slice], ...] = ()

    @property
    def steps(self) -> bool:
        return self.given.axis != ONCE

    def shaped(self, x: Any) -> np.ndarray:
        """x as (B, T, F), or (B, F) without time; one axis less is one feature. Indices become int64 or float64."""
        features, array = self.given.width, numbers(x, self.name)
        if array.ndim == 1 + self.steps and features == 1:
            array = array[..., None]
        if array.ndim != 2 + self.steps:
            letters = "(B, T, F) = (batch, time steps, " if self.steps else "(B, F) = (batch, "
            raise ShapeError(
                f"{self.name} has shape {array.shape}; expected {letters}{features} features)"
                f"{self._lifted(array.shape)}"
            )
        if array.shape[-1] != features:
            raise ShapeError(
                f"{self.name} has {array.shape[-1]} features, the network expects {features}; {self.name} has shape "
                f"{array.shape}, read as ({'batch, time steps' if self.steps else 'batch'}, features)"
            )
        if 0 in array.shape:
            raise ShapeError(f"{self.name} has shape {array.shape}; it needs at least one row and one time step")
        dtype = self.dtype
        if self.whole:  # of those that are none is said later what is wrong, where they are in use
            dtype = np.dtype(np.int64 if array.dtype.kind in "iub" else np.float64)
        if array.dtype == dtype:
            return array
        with np.errstate(over="ignore"):  # what is too large for the dtype is infinite then, and found as such
            return array.astype(dtype)

    def _lifted(self, shape: tuple[int, ...]) -> str:
        """How an array of one row, or of one feature, becomes one of all axes."""
        if not self.steps or len(shape) != 2 - (self.given.width == 1):
            return ""
        if self.given.width == 1:
            return f"; one sequence is {self.name}[None]"
        return f"; one sequence of {shape[0]} steps is {self.name}[None]" if shape[-1] == self.given.width else ""

    def checked(self, array: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
        """The array, finite and an index where it is in use."""
        check_finite(array, self.name, lengths)
        self.check_ranges(array, lengths)
        if self.indices:
            check_indices(array, self.indices, self.name, lengths)
        if not self.whole:
            return array
        with np.errstate(invalid="ignore"):  # past a row's end may be anything
            found = array.astype(np.int64, copy=False)
        return found if self.indices or (found == array).all() else array  # an engine says which is none

    def begin(self, zeros: np.ndarray) -> None:
        """Have an array of zeros hold values that can be used."""
        for said, features in self.ranges:
            zeros[..., features] = said.low

    def check_ranges(self, array: np.ndarray, lengths: np.ndarray | None = None) -> None:
        """Raise `DataError` at a value that is of no use to a layer that reads it."""
        for said, features in self.ranges:
            check_range(array, said, features, self.name, lengths)


class Doored(Protocol):
    """A network, before its inputs are known."""

    @property
    def structure(self) -> Structure: ...

    @property
    def dtype(self) -> np.dtype: ...

    def engine(self) -> Engine: ...


def doors_of(net: Doored) -> tuple[Door, ...]:
    """The inputs of a network."""
    structure = net.structure
    if not structure.is_chain:
        return _planned(net)
    first = structure.parts[0].graph
    assert first is not None
    ranges = _ranges(structure, 0)
    return (Door(structure.inputs[0], "x", net.dtype, _indices(first), _holds_indices(first), ranges),)


def _planned(net: Doored) -> tuple[Door, ...]:
    """Of a graph: which inputs are indices its plan knows."""
    structure, plan = net.structure, net.engine().plan
    given = structure.inputs
    below = whole_numbers(plan, net.dtype)
    limits = [below.get(place.slot, 0) for place in plan.inputs]
    names = ["x" if len(given) == 1 else one.name for one in given]
    return tuple(
        Door(one, name, net.dtype, limit, limit > 0, _ranges(structure, k))
        for k, (one, name, limit) in enumerate(zip(given, names, limits, strict=True))
    )


def _ranges(structure: Structure, number: int) -> tuple[tuple[Range, slice], ...]:
    """What the layers that read an input as it is, or at other steps, say of its values."""
    found = []
    for part in structure.parts:
        inputs = part.graph.inputs if part.graph else []
        read = {x for x, source in zip(inputs, part.sources, strict=False) if _origin(structure, source) == ~number}
        said = [(each, *features_of(x)) for x, each in (part.graph.ranges if part.graph else ())]
        found += [(each, features) for each, x, features in said if x in read]
    return tuple(found)


def _origin(structure: Structure, source: Source) -> int:
    """The number of what a layer reads, before it was moved to other steps."""
    while source.number >= 0 and (move := structure.parts[source.number].move) and move.kind in ("reverse", "repeat"):
        source = structure.parts[source.number].sources[0]
    return source.number


def _indices(graph: Graph) -> int:
    """How many rows a table has that the input is an index of; 0 without one."""
    tables = [n.inputs[0] for n in graph.nodes() if row_of(n).role == "table" and n.inputs[1] in set(graph.inputs)]
    return width(tables[0]) if tables else 0


def _holds_indices(graph: Graph) -> bool:
    """Whether a layer reads its input as an index, and as nothing else."""
    x = graph.inputs[0]
    uses = [k == row_of(n).index for n in graph.nodes() for k, i in enumerate(n.inputs) if i is x]
    return bool(uses) and x not in set(graph.outputs) and all(uses)


def taken(
    doors: tuple[Door, ...], axes: int, x: Any, lengths: Any
) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray | None, ...]]:
    """Inputs and the lengths of each time axis, checked."""
    arrays = [door.shaped(one) for door, one in zip(doors, by_input(doors, x), strict=True)]
    if len(doors) > 1:
        _check_alike(doors, arrays)
    steps = (None,) * axes if lengths is None else _lengths(doors, axes, arrays, lengths)
    used = [steps[door.given.axis] if door.steps else None for door in doors]
    return tuple(d.checked(a, u) for d, a, u in zip(doors, arrays, used, strict=True)), steps


def by_input(doors: tuple[Door, ...], x: Any) -> list[Any]:
    """What was given for each input: by name, or in their order."""
    names = [door.given.name for door in doors]
    if isinstance(x, Mapping):
        if set(x) != set(names):
            raise OptionError(f"the inputs are {', '.join(names)}; got {', '.join(map(str, x)) or 'none'}")
        return [x[name] for name in names]
    if len(doors) == 1:
        return [x]
    if not isinstance(x, tuple | list) or len(x) != len(doors):
        what = f"{len(x)} values" if isinstance(x, tuple | list) else type(x).__name__
        raise ShapeError(
            f"the network has {len(doors)} inputs ({', '.join(names)}), got {what}: give a tuple of them, or a dict"
        )
    return list(x)


def _check_alike(doors: tuple[Door, ...], arrays: list[np.ndarray]) -> None:
    first: dict[int, int] = {}
    for k, (door, array) in enumerate(zip(doors, arrays, strict=True)):
        if len(array) != len(arrays[0]):
            raise ShapeError(f"{door.name} has {len(array)} rows, {doors[0].name} has {len(arrays[0])}")
        same = first.setdefault(door.given.axis, k)
        if door.steps and array.shape[1] != arrays[same].shape[1]:
            raise ShapeError(
                f"{door.name} has {array.shape[1]} time steps and {doors[same].name} {arrays[same].shape[1]}, which "
                "the network puts together step by step"
            )


def _lengths(
    doors: tuple[Door, ...], axes: int, arrays: list[np.ndarray], lengths: Any
) -> tuple[np.ndarray | None, ...]:
    """Of each time axis; by the name of an input, where there are several."""
    shapes = {d.given.axis: a.shape[:2] for d, a in zip(doors, arrays, strict=True) if d.steps}
    if not isinstance(lengths, Mapping):
        if axes > 1:
            raise OptionError(
                "lengths: the network has several time axes; give a dict of them by input, such as "
                f"{{{doors[0].given.name!r}: lengths}}"
            )
        return tuple(as_lengths(lengths, *shapes[k]) for k in range(axes))
    found: list[np.ndarray | None] = [None] * axes
    known = {door.given.name: door.given.axis for door in doors if door.steps}
    for name, given in lengths.items():
        if name not in known:
            raise OptionError(f"lengths of {name!r}, which is no input with time steps; there are {', '.join(known)}")
        if found[known[name]] is not None:
            raise OptionError(f"lengths came twice for inputs that share their steps: leave out those of {name}")
        found[known[name]] = as_lengths(given, *shapes[known[name]])
    return tuple(found)
