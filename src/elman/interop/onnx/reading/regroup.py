"""Reshape: axes put together and taken apart, in the same order."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.onnx.reading.axes import FEATURES, Atom, Dim, Filled, Size, Sizes, Tensor
from elman.interop.onnx.reading.call import Call, Operators, Reading, as_sizes, refuse, tensor_in
from elman.interop.onnx.reading.moves import joined, without
from elman.interop.onnx.reading.slices import sliced

_APART = "it regroups axes in a way that is not read: batch, time and features do not stay apart"


def _reshape(i: Reading, call: Call) -> Any:
    value, sizes = call[0], as_sizes(call[1]) if not isinstance(call[1], Filled) else refuse("its shape is unknown")
    if isinstance(value, Filled):
        return value
    if isinstance(value, Sizes):
        return replace(value, scalar=not sizes.items)
    if isinstance(value, np.ndarray):
        return value.reshape(
            [s.number if not s.atoms else refuse("it gives a constant a shape of data") for s in sizes.items]
        )
    tensor = tensor_in(value)
    wanted = list(sizes.items)
    if not call.get("allowzero", 0):
        kept = [k for k, s in enumerate(wanted) if not s.atoms and s.number == 0]
        for k in kept:
            wanted[k] = tensor.shape[k]
    return Regroup(tensor, call.where).to(wanted)


class Regroup:
    """The axes of a tensor in other groups, in the same order."""

    def __init__(self, tensor: Tensor, where: str):
        self.where, self.features = where, tensor.features
        self.grid = tensor.grid
        self.parts = [p for d in tensor.dims for p in d.parts]
        self.tensor = tensor

    def to(self, wanted: list[Size]) -> Tensor:
        """A tensor of the wanted shape; one of its sizes may be -1."""
        open_axis = next((k for k, s in enumerate(wanted) if not s.atoms and s.number == -1), None)
        if open_axis is None:
            groups = self._groups(self.parts, wanted)[0]
        else:
            before, rest = self._groups(self.parts, wanted[:open_axis])
            after, middle = self._groups(rest[::-1], wanted[:open_axis:-1], backwards=True)
            groups = [*before, middle[::-1], *(g[::-1] for g in after[::-1])]
            rest = []
        used = [p for g in groups for p in g]
        if len(used) != len(self.parts):
            left = [p for p in self.parts if p not in used and self._size(p).number != 1]
            if left:
                refuse(_APART)
        return self._made(groups)

    def _size(self, part: Any) -> Size:
        return Tensor((), self.grid, self.features).size_of(part)

    def _groups(
        self, parts: list[Any], wanted: list[Size], backwards: bool = False
    ) -> tuple[list[list[Any]], list[Any]]:
        """The leading parts of each wanted size, and the rest."""
        left = list(parts)
        return [self._group(left, size, backwards) for size in wanted], left

    def _group(self, left: list[Any], size: Size, backwards: bool) -> list[Any]:
        """Take the leading parts that are together of a size; one that is too large is split."""
        if size.alike(Size()) and left and isinstance(left[0], Atom) and self._size(left[0]).alike(size):
            return [left.pop(0)]
        group: list[Any] = []
        have = Size()
        while not have.alike(size):
            part = left.pop(0) if left else refuse(_APART)
            if isinstance(part, Atom) and not group and not size.atoms and part.root().size is None:
                part.root().size = size.number  # exporters fix sizes that they call dynamic
            here = self._size(part)
            if not (here.atoms or size.atoms) and (have * here).number > size.number:
                part, rest = self._split(part, size.number // max(have.number, 1), backwards)
                left.insert(0, rest)
                here = self._size(part)
            group.append(part)
            have = have * here
            if have.number > max(size.number, 1) or len(have.atoms) > len(size.atoms):
                refuse(_APART)
        return group

    def _split(self, part: Any, number: int, backwards: bool) -> tuple[Any, Any]:
        """An axis of the grid as two: the outer one, then the inner; in the order in which parts are taken."""
        if not isinstance(part, int) or number < 1 or self.grid.shape[part] % number:
            if part == FEATURES and number >= 1 and self.features % number == 0:
                return self._split_features(number, backwards)
            refuse(_APART)
        other = self.grid.shape[part] // number
        sizes = (other, number) if backwards else (number, other)
        shape = list(self.grid.shape)
        shape[part : part + 1] = sizes
        self.grid = np.moveaxis(self.grid.reshape(shape), part + 1, -1)
        inner = self.grid.ndim - 1
        return (inner, part) if backwards else (part, inner)

    def _split_features(self, number: int, backwards: bool) -> tuple[Any, Any]:
        """Features as several axes: an outer one of the grid, and fewer features."""
        outer, inner = (self.features // number, number) if backwards else (number, self.features // number)
        grid = np.empty((*self.grid.shape, outer), object)
        for place in np.ndindex(self.grid.shape):
            for k in range(outer):
                grid[(*place, k)] = sliced(self.grid[place], k * inner, (k + 1) * inner, self.where)
        self.grid, self.features = grid, inner
        axis = grid.ndim - 1
        return (FEATURES, axis) if backwards else (axis, FEATURES)

    def _made(self, groups: list[list[Any]]) -> Tensor:
        tensor = Tensor((), self.grid, self.features)
        dims: list[Dim] = []
        for group in groups:
            group = [p for p in group if not (isinstance(p, int) and tensor.grid.shape[p] == 1)] or group[:1]
            if not group:
                tensor = Tensor((), tensor.grid[..., None], tensor.features)
                group = [tensor.grid.ndim - 1]
            if FEATURES in group and len(group) > 1:
                tensor, group = self._merged(tensor, group)
            dims.append(Dim(tuple(group)))
        return _dropped(Tensor(tuple(dims), tensor.grid, tensor.features))

    def _merged(self, tensor: Tensor, group: list[Any]) -> tuple[Tensor, list[Any]]:
        """Axes of the grid and the features as features."""
        outer = [p for p in group if isinstance(p, int)]
        real = [p for p in group if isinstance(p, int) and tensor.grid.shape[p] > 1]
        if any(isinstance(p, Atom) for p in group):
            return self._flattened(tensor, group)
        if real and group.index(FEATURES) < group.index(real[-1]):
            refuse(_APART)
        rest = [k for k in range(tensor.grid.ndim) if k not in outer]
        turned = tensor.grid.transpose(rest + outer)
        grid = np.empty(turned.shape[: len(rest)] + (1,) * len(outer), object)
        for place in np.ndindex(turned.shape[: len(rest)]):
            nodes = tuple(turned[place].ravel())
            grid[place + (0,) * len(outer)] = joined(nodes, self.where) if len(nodes) > 1 else nodes[0]
        back = np.argsort(rest + outer)
        count = math.prod(tensor.grid.shape[k] for k in outer)
        return Tensor((), grid.transpose(back), tensor.features * count), [FEATURES]

    def _flattened(self, tensor: Tensor, group: list[Any]) -> tuple[Tensor, list[Any]]:
        """Of one feature beside batch and time nothing is lost."""
        if tensor.features != 1 and not all(not isinstance(p, Atom) or p.root().size == 1 for p in group):
            raise ConversionError(
                "it makes features of batch or time: pool the sequence instead, or take its last step"
            )
        return tensor, group


def _dropped(tensor: Tensor) -> Tensor:
    """Without axes of the grid of one that no axis has any more."""
    return without(tensor, set(), tensor.dims)


def _flatten(i: Reading, call: Call) -> Any:
    tensor = tensor_in(call[0])
    axis = tensor.place(int(call.get("axis", 1)))
    before, after = Size(), Size()
    for k, size in enumerate(tensor.shape):
        before, after = (before * size, after) if k < axis else (before, after * size)
    return Regroup(tensor, call.where).to([before, after])


OPERATORS: Operators = {
    "Reshape": _reshape,
    "Flatten": _flatten,
}
