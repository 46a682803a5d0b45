"""What a tensor of a watched module is: which of its axes are rows, steps and features, and the flows behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.errors import ElmanError

ROWS, STEPS, FEATURES, STACK, ONE = "B", "T", "F", "S", "1"
FLAT = ("BT", "TB")  # rows and steps as one axis


class Cannot(ElmanError):
    """Something that a network of Elman's cannot say; why, and what to do."""


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor that depends on the inputs.

    Attributes
    ----------
    dims : tuple of str
        What each axis is: rows ``B``, steps ``T``, features ``F``, a stack of several values ``S``, or ``1``. Without
        an ``F`` there is one feature.
    flows : tuple
        The values in a network's function; of stacks all of them, the last axis running fastest.
    stack : tuple of int
        The sizes of the axes that are stacks.
    step : int, optional
        Of a sequence's step: its number; `flows` are the whole sequence then.
    run : tuple of (object, int), optional
        Of a state that a cell returned: the run of that cell, and which of its states.
    is_final : bool
        Whether these are the final states of a recurrent layer, as it gives them.
    is_given : bool
        Whether these are states that the caller begins with.
    padding : (int, int)
        Zeros before and behind the steps.
    """

    dims: tuple[str, ...]
    flows: tuple[Any, ...]
    stack: tuple[int, ...] = ()
    step: int | None = None
    run: tuple[Any, int] | None = None
    is_final: bool = False
    is_given: bool = False
    padding: tuple[int, int] = (0, 0)

    def map(self, function: Callable[[Any], Any], dims: tuple[str, ...] | None = None) -> Value:
        """The same function of each flow."""
        if self.is_given:
            raise Cannot("states that forward is given are changed before a layer begins with them")
        made: dict[int, Any] = {}
        for flow in self.flows:
            if id(flow) not in made:
                made[id(flow)] = function(flow)
        flows = tuple(made[id(flow)] for flow in self.flows)
        return replace(self.plain(), dims=self.dims if dims is None else dims, flows=flows)

    def plain(self) -> Value:
        """The same values, whatever they came from."""
        if self.padding != (0, 0):
            raise Cannot("what is padded along the steps goes into a convolution only")
        return replace(self, run=None, is_final=False)

    def with_dims(self, dims: Sequence[str]) -> Value:
        return replace(self, dims=tuple(dims))

    def taken(self, order: np.ndarray, dims: Sequence[str]) -> Value:
        """Some flows, by their numbers, in the shape of the new stack."""
        flows = tuple(self.flows[k] for k in order.reshape(-1))
        return replace(self.plain(), dims=tuple(dims), flows=flows, stack=order.shape)

    @property
    def numbers(self) -> np.ndarray:
        """The places of the flows, in the shape of the stack."""
        return np.arange(len(self.flows)).reshape(self.stack)

    @property
    def flow(self) -> Any:
        """The only flow."""
        if len(self.flows) != 1:
            raise Cannot(f"{len(self.flows)} values that are stacked cannot be used as one here")
        return self.flows[0]

    def place(self, dim: int) -> int:
        """An axis, counted from the front."""
        return dim + len(self.dims) if dim < 0 else dim

    def is_stack(self, dim: int) -> int:
        """Which of the stack's axes an axis is."""
        return self.dims[:dim].count(STACK)


def merged(values: Sequence[Value]) -> tuple[tuple[str, ...], tuple[int, ...], list[list[Any]]]:
    """Values that are put together element by element: their axes, the stack, and the flows of each."""
    rank = max(len(v.dims) for v in values)
    aligned = [(ONE,) * (rank - len(v.dims)) + v.dims for v in values]
    dims = tuple(_one_axis([a[k] for a in aligned]) for k in range(rank))
    sizes = [_stack_sizes(v, a, dims) for v, a in zip(values, aligned, strict=True)]
    stack = np.broadcast_shapes(*sizes)
    flows = [
        [v.flows[k] for k in np.broadcast_to(v.numbers.reshape(size), stack).reshape(-1)]
        for v, size in zip(values, sizes, strict=True)
    ]
    return dims, tuple(stack), flows


def _one_axis(labels: list[str]) -> str:
    found = {label for label in labels if label != ONE}
    if len(found) > 1:
        names = {ROWS: "rows", STEPS: "steps", FEATURES: "features", STACK: "layers"}
        raise Cannot(f"{' meet '.join(names.get(f, f) for f in sorted(found))} in one axis")
    return found.pop() if found else ONE


def _stack_sizes(value: Value, aligned: tuple[str, ...], dims: tuple[str, ...]) -> tuple[int, ...]:
    """The stack of a value, with 1 where another one has an axis more."""
    mine = iter(value.stack)
    return tuple(next(mine) if a == STACK else 1 for a, d in zip(aligned, dims, strict=True) if d == STACK)


@dataclass(frozen=True)
class Beside:
    """How features are put together, taken apart and put in another order, and how many rows and steps there are."""

    concat: Callable[..., Any]
    split: Callable[[Any, int], Sequence[Any]]
    ordered: Callable[[Any, np.ndarray], Any]
    sizes: dict[str, int]


def reshaped(value: Value, old: Sequence[int], new: Sequence[int], beside: Beside) -> Value:
    """A value as a tensor of another shape.

    Axes keep what they are; rows and steps may become one axis and two again; what is stacked may be put beside the
    features and taken apart from them.
    """
    dims: list[str] = []
    for there, here in _groups(list(old), list(new)):
        labels = [(value.dims[k], old[k]) for k in there if value.dims[k] != ONE or old[k] > 1]
        sizes = [new[k] for k in here]
        value, made = _regrouped(value, dims, labels, sizes, beside)
        dims += made
    return replace(value.plain(), dims=tuple(dims))


def _groups(old: list[int], new: list[int]) -> list[tuple[list[int], list[int]]]:
    """Axes of two shapes that hold the same numbers, in runs as short as can be."""
    found: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        there, here = ([i] if i < len(old) else []), ([j] if j < len(new) else [])
        if not there or old[i] == 1 and here and new[j] != 1:  # an axis of one that comes or goes
            found.append((there, []) if there else ([], here))
            i, j = (i + 1, j) if there else (i, j + 1)
            continue
        if not here or new[j] == 1 and old[i] != 1:
            found.append(([], here) if here else (there, []))
            i, j = (i, j + 1) if here else (i + 1, j)
            continue
        a, b, i, j = old[i], new[j], i + 1, j + 1
        while a != b:
            if a < b:
                there.append(i)
                a, i = a * old[i], i + 1
            else:
                here.append(j)
                b, j = b * new[j], j + 1
        found.append((there, here))
    return found


def _regrouped(
    value: Value, before: list[str], labels: list[tuple[str, int]], sizes: list[int], beside: Beside
) -> tuple[Value, list[str]]:
    """One run of axes in its new shape: the value, and what the new axes are."""
    names, wide = [name for name, _ in labels], [k for k, size in enumerate(sizes) if size > 1]
    at = before.count(STACK)  # where its stacks begin
    if len(names) <= 1 and len(wide) <= 1 and len(sizes) >= len(names):
        where = wide[0] if wide else (len(sizes) - 1 if names == [FEATURES] else 0)
        return value, [names[0] if names and k == where else ONE for k in range(len(sizes))]
    if names == [FEATURES] and labels[0][1] == 1:
        return value, [ONE] * (len(sizes) - 1) + [FEATURES] * bool(sizes)
    if names and set(names) == {STACK} and not sizes:
        return replace(value.plain(), stack=(*value.stack[:at], *value.stack[at + len(names) :])), []
    if names in ([ROWS, STEPS], [STEPS, ROWS]) and len(sizes) == 1:
        return value, ["".join(names)]
    if len(names) == 1 and names[0] in FLAT and sizes == [beside.sizes[name] for name in names[0]]:
        return value, list(names[0])
    if names and set(names) == {STACK} and sizes:
        stack = (*value.stack[:at], *sizes, *value.stack[at + len(names) :])
        return replace(value.plain(), stack=stack), [STACK] * len(sizes)
    if names[-1:] == [FEATURES] and set(names[:-1]) <= {STACK} and sizes:
        return _features(value, at, len(names) - 1, sizes, beside)
    if (
        names[:1] == [FEATURES]
        and set(names[1:]) == {STACK}
        and len(sizes) == 1
        and at + len(names) - 1 == len(value.stack)
    ):
        return _interleaved(value, at, labels[0][1], beside), [FEATURES]
    raise Cannot(
        f"an axis of {' and '.join(_called(n) for n in names)} becomes one of {', '.join(map(str, sizes))}: the number "
        "of steps, or of rows, would be fixed. Take the last step, a mean over steps, or all steps as they are"
    )


def _called(name: str) -> str:
    return {ROWS: "rows", STEPS: "steps", FEATURES: "features", STACK: "stacked values"}.get(name, "rows and steps")


def _interleaved(value: Value, at: int, features: int, beside: Beside) -> Value:
    """The first feature of all stacked values, then the second one of all."""
    numbers = value.numbers.reshape(*value.stack[:at], -1)
    count = numbers.shape[-1]
    order = np.arange(count * features).reshape(count, features).T.reshape(-1)
    flows = tuple(
        beside.ordered(beside.concat(*(value.flows[k] for k in row)), order) for row in numbers.reshape(-1, count)
    )
    return replace(value.plain(), flows=flows, stack=value.stack[:at])


def _features(value: Value, at: int, stacks: int, sizes: list[int], beside: Beside) -> tuple[Value, list[str]]:
    """Stacked values put beside one another, or features taken apart."""
    if stacks:
        if at + stacks != len(value.stack):
            raise Cannot("stacked values that are not next to the features cannot be put beside them")
        numbers = value.numbers.reshape(*value.stack[:at], -1)
        flows = tuple(beside.concat(*(value.flows[k] for k in row)) for row in numbers.reshape(-1, numbers.shape[-1]))
        value = replace(value.plain(), flows=flows, stack=value.stack[:at])
    parts = sizes[:-1]
    if not [size for size in parts if size > 1]:
        return value, [ONE] * len(parts) + [FEATURES]
    if at != len(value.stack):
        raise Cannot("features cannot be taken apart behind other stacked values")
    count = int(np.prod(parts))
    flows = tuple(part for flow in value.flows for part in beside.split(flow, count))
    return replace(value.plain(), flows=flows, stack=(*value.stack, *parts)), [STACK] * len(parts) + [FEATURES]
