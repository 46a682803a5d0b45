"""Checks of the arrays that go into an engine, the same for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from elman.engine.indices import as_indices, whole_numbers
from elman.engine.interface import Batch, Batches, Updates
from elman.engine.plan import Plan, State
from elman.engine.slots import ONCE
from elman.errors import EngineError, ShapeError

MOST = 2**30  # rows and steps of a batch
A = TypeVar("A")


@dataclass(frozen=True)
class Place:
    """What is known of an input, an output or a target before any array comes.

    Attributes
    ----------
    name : str
        How messages call it.
    slot, axis, width : int
        Of the plan; see `elman.engine.plan.Slot`.
    dtype : dtype
        Of the engine; int64 of indices.
    below : int
        What indices are less than; 0 where there are none.
    ndim : int
        Of its arrays: 3, or 2 where there is no time.
    """

    name: str
    slot: int
    axis: int
    width: int
    dtype: np.dtype
    below: int
    ndim: int

    def shape(self, B: int, steps: Sequence[int]) -> tuple[int, ...]:
        return (B, self.width) if self.axis == ONCE else (B, steps[self.axis], self.width)


class Intake:
    """What an engine of a plan takes: everything in the form in which it computes, nothing copied that has it.

    Parameters
    ----------
    plan : Plan
        What the engine runs.
    dtype : dtype
        Of all numbers, but of indices, which are int64.
    looks : bool, default True
        Whether to look for wrong indices among those that are int64 already; the native engine does so itself.
    """

    def __init__(self, plan: Plan, dtype: np.dtype, looks: bool = True):
        self.plan, self.dtype, self._looks = plan, dtype, looks
        self.indices = whole_numbers(plan, dtype)
        self.state_widths = [state.width for state in plan.free_states]
        self._given = [not state.inner for state in plan.free_states]
        self._inputs = self._places("x", "inputs", [place.slot for place in plan.inputs])
        self._outputs = self._places("output", "outputs", [place.slot for place in plan.outputs])
        what = ("target", "targets") if plan.losses else ("the gradient of the output", "gradients of the outputs")
        self._goals = self._places(*what, [goal.slot for goal in plan.goals])
        self._timed = [self._input_of(axis) for axis in range(plan.axes)]

    def _input_of(self, axis: int) -> int:
        """The number of an input that has the steps of a time axis."""
        for number, place in enumerate(self._inputs):
            if place.axis == axis:
                return number
        raise EngineError(
            f"the plan has {self.plan.axes} time axes, and no input of axis {axis}, which would have no steps"
        )

    def _places(self, alone: str, several: str, slots: Sequence[int]) -> list[Place]:
        names = [alone] if len(slots) == 1 else [f"{several}[{k}]" for k in range(len(slots))]
        return [self._place(name, slot) for name, slot in zip(names, slots, strict=True)]

    def _place(self, name: str, number: int) -> Place:
        slot, below = self.plan.slots[number], self.indices.get(number, 0)
        dtype = np.dtype(np.int64) if below else self.dtype
        return Place(name, number, slot.axis, slot.width, dtype, below, 2 + (slot.axis != ONCE))

    def parameters(self, array: np.ndarray, *, changed: bool = False) -> np.ndarray:
        if changed and not array.flags.writeable:
            raise EngineError("parameters are read-only, and training changes them: give an array of one's own")
        return self.numbers(array, (self.plan.parameters,), "parameters")

    def check_indices(self, data: Batch) -> None:
        """`DataError` at the first index of a data set that is none."""
        if self.indices:
            Intake(self.plan, self.dtype).batch(data, goal=True)

    def batch(self, batch: Batch, *, goal: bool = False) -> Batch:
        """A batch, with its targets if it has a `goal`.

        Raises
        ------
        ShapeError
            Where an array has another shape or type than the plan's.
        DataError
            At an index in use that is none.
        """
        B, steps = self._sizes(batch.inputs)
        lengths = self._lengths(batch.lengths, B, steps)
        inputs = self._values(self._inputs, batch.inputs, lengths)
        states = self.states(batch.states, B, "states")
        if not goal:
            return replace(batch, inputs=inputs, lengths=lengths, states=states)
        if batch.totals and len(batch.totals) != len(self._goals):
            raise ShapeError(f"{len(batch.totals)} totals of weights came; the plan has {len(self._goals)} goals")
        return replace(
            batch,
            inputs=inputs,
            targets=self._targets(batch.targets, B, steps, lengths),
            lengths=lengths,
            weights=self._weights(batch.weights, B, steps),
            states=states,
            state_gradients=self.states(batch.state_gradients, B, "state_gradients"),
        )

    def steps(self, inputs: Sequence[np.ndarray]) -> list[int]:
        """How many steps each time axis has in such inputs."""
        return [inputs[k].shape[1] for k in self._timed]

    def in_place(self, given: Sequence[np.ndarray], name: str) -> None:
        """`ShapeError` unless the engine can use, and change, inputs as the very arrays that they are."""
        self._sizes(given)
        for x, taken in zip(given, self._values(self._inputs, given, (None,) * self.plan.axes), strict=True):
            if taken is not x or not x.flags.c_contiguous:
                raise ShapeError(f"{name} is {_describe(x)}: the engine expects it contiguous, and indices as int64")

    def outputs(self, arrays: Sequence[np.ndarray], inputs: Sequence[np.ndarray]) -> None:
        """`ShapeError` unless these are arrays for the outputs of such inputs."""
        for array, shape in zip(arrays, self.output_shapes(inputs), strict=True):
            self.numbers(array, shape, "output")

    def states(self, states: Sequence[np.ndarray] | None, B: int, name: str) -> list[np.ndarray] | None:
        """One array (B, width) for each state, or None; of those that are inner, zeros."""
        if states is None:
            return None
        widths = self.given(self.state_widths)
        if len(states) != len(widths):
            raise ShapeError(f"{name} has {len(states)} arrays, the network has {len(widths)} states")
        pairs = enumerate(zip(states, widths, strict=True))
        checked = iter([self.numbers(a, (B, w), f"{name}[{i}]") for i, (a, w) in pairs])
        all_of_them = zip(self._given, self.state_widths, strict=True)
        return [next(checked) if given else np.zeros((B, w), self.dtype) for given, w in all_of_them]

    def given(self, states: Sequence[A]) -> list[A]:
        """Of all states those that callers give and get."""
        return [state for state, given in zip(states, self._given, strict=True) if given]

    def numbers(self, array: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
        if array.dtype != self.dtype or not array.flags.c_contiguous:
            raise ShapeError(f"{name} is {_describe(array)}: the engine expects contiguous {self.dtype}")
        return shaped(array, shape, name)

    def output_shapes(self, inputs: Sequence[np.ndarray]) -> list[tuple[int, ...]]:
        B, steps = len(inputs[0]), self.steps(inputs)
        return [place.shape(B, steps) for place in self._outputs]

    def _sizes(self, given: Sequence[np.ndarray]) -> tuple[int, list[int]]:
        """The rows of inputs and the steps of each axis; `ShapeError` unless they have the plan's shapes."""
        if len(given) != len(self._inputs):
            raise ShapeError(f"{len(given)} inputs came; the network has {len(self._inputs)}")
        for place, x in zip(self._inputs, given, strict=True):
            _check_input(place, x)
        steps, rows = self.steps(given), len(given[0])
        for place, x in zip(self._inputs[1:], given[1:], strict=True):
            if len(x) != rows:
                raise ShapeError(f"{place.name} has {len(x)} rows, {self._inputs[0].name} {rows}")
            if place.axis != ONCE and x.shape[1] != steps[place.axis]:
                raise ShapeError(
                    f"{place.name} has {x.shape[1]} time steps, another input of the same axis {steps[place.axis]}"
                )
        return rows, steps

    def _lengths(
        self, given: Sequence[np.ndarray | None], B: int, steps: Sequence[int]
    ) -> tuple[np.ndarray | None, ...]:
        if not given:
            return (None,) * self.plan.axes
        pairs = zip(_as_many(given, self.plan.axes), steps, strict=True)
        return tuple([None if a is None else _checked_lengths(a, B, T) for a, T in pairs])

    def _weights(
        self, given: Sequence[np.ndarray | None], B: int, steps: Sequence[int]
    ) -> tuple[np.ndarray | None, ...]:
        """Of each row, or of each of its steps, for each output."""
        if not given:
            return (None,) * len(self._goals)
        pairs, found = zip(_as_many(given, len(self._goals)), self._goals, strict=True), []
        for weights, place in pairs:
            if weights is not None:
                each = place.axis != ONCE and weights.ndim == 2
                weights = self.numbers(weights, (B, steps[place.axis]) if each else (B,), "weights")
            found.append(weights)
        return tuple(found)

    def _targets(
        self, given: Sequence[np.ndarray], B: int, steps: Sequence[int], lengths: Sequence[np.ndarray | None]
    ) -> tuple[np.ndarray, ...]:
        if not self._goals:
            raise EngineError("this plan has no gradients: schedule it with a loss, or seeded")
        if len(given) != len(self._goals):
            names = ", ".join(place.name for place in self._goals)
            missing = f"{names} is missing" if len(self._goals) == 1 else f"{len(given)} arrays came of {names}"
            raise EngineError(f"{missing}: gradients begin with it")
        for place, target in zip(self._goals, given, strict=True):
            if target.shape != (expected := place.shape(B, steps)):
                raise ShapeError(
                    f"{place.name} has shape {target.shape}; expected {expected} to go with the network's output"
                )
        return self._values(self._goals, given, lengths)

    def _values(
        self, places: Sequence[Place], given: Sequence[np.ndarray], lengths: Sequence[np.ndarray | None]
    ) -> tuple[np.ndarray, ...]:
        """Numbers as they are; indices as int64."""
        found = []
        for place, array in zip(places, given, strict=True):
            if place.below and (self._looks or array.dtype != np.int64):
                used = None if place.axis == ONCE else lengths[place.axis]
                array = as_indices(array, place.below, used, place.name)
            if array.dtype != place.dtype or not array.flags.aligned:
                raise ShapeError(f"{place.name} is {_describe(array)}: the engine expects aligned {place.dtype}")
            found.append(array)
        return tuple(found)


def _as_many(given: Sequence[np.ndarray | None], count: int) -> Sequence[np.ndarray | None]:
    """As many as there should be."""
    if len(given) != count:
        raise ShapeError(f"{len(given)} arrays came where {count} are expected, one for each")
    return given


def _check_input(place: Place, x: np.ndarray) -> None:
    """Raise `ShapeError` unless x is (B, T, F), or (B, F) of an input without time, with the plan's F."""
    name, shape = place.name, x.shape
    if len(shape) != place.ndim:
        letters, said = ("(B, F)", "batch") if place.axis == ONCE else ("(B, T, F)", "batch, time steps")
        raise ShapeError(f"{name} has shape {shape}; expected {letters} = ({said}, {place.width} features)")
    if shape[-1] != place.width:
        letters = "(B, F)" if place.axis == ONCE else "(B, T, F)"
        raise ShapeError(
            f"{name} has {shape[-1]} features, the network expects {place.width}; its shape is {shape}, {letters}"
        )
    if 0 in shape:
        raise ShapeError(f"{name} has shape {shape}; it needs at least one row and one time step")
    if max(shape) > MOST:
        size, what = (shape[0], "rows") if shape[0] > MOST else (shape[1], "time steps")
        raise ShapeError(f"{name} has {size} {what}; an engine takes at most {MOST} at once")


def _checked_lengths(given: np.ndarray, rows: int, steps: int) -> np.ndarray:
    lengths = np.ascontiguousarray(given, np.int64)
    if lengths.shape != (rows,):
        raise ShapeError(f"lengths has shape {lengths.shape}; expected ({rows},), one for each row of x")
    if lengths.min() < 0 or lengths.max() > steps:
        raise ShapeError(f"lengths lie in {lengths.min()}..{lengths.max()}; expected 0..{steps}, the steps of x")
    return lengths


def flat_batches(batches: Batches, N: int) -> tuple[np.ndarray, np.ndarray]:
    """The row numbers of all batches, and the borders of batches in them; `ShapeError` at a row that x lacks."""
    if isinstance(batches, tuple):
        rows, borders = (np.ascontiguousarray(a, np.int64) for a in batches)
    else:
        rows = np.concatenate([np.asarray(b, np.int64) for b in batches]) if len(batches) else np.empty(0, np.int64)
        borders = np.cumsum([0, *map(len, batches)], dtype=np.int64)
    if borders[0] != 0 or borders[-1] != len(rows) or (np.diff(borders) < 1).any():
        raise ShapeError("batches: every batch needs a row, and the borders go from 0 to the number of rows")
    if len(rows) and (rows.min() < 0 or rows.max() >= N):
        raise ShapeError(f"batches name rows {rows.min()} to {rows.max()}: x has rows 0 to {N - 1}")
    return rows, borders


def flat_spans(updates: Updates, count: int, P: int) -> tuple[np.ndarray, np.ndarray]:
    """The spans (S, 3) of P parameters that so many updates change, and the scalars (updates, groups, n)."""
    scalars = np.ascontiguousarray(updates.scalars, np.float64)
    if updates.spans is None:
        shaped(scalars, (count, updates.optimizer.scalars), "scalars")
        return np.array([[0, P, 0]]), scalars[:, None]
    groups = scalars.shape[1] if scalars.ndim == 3 else 1
    shaped(scalars, (count, groups, updates.optimizer.scalars), "scalars")
    spans = np.array(updates.spans, np.int64).reshape(-1, 3)
    first, end, group = spans[:, 0], spans[:, 0] + spans[:, 1], spans[:, 2]
    if (np.diff(np.r_[0, np.c_[first, end].ravel(), P]) < 0).any() or ((group < 0) | (group >= groups)).any():
        raise ShapeError(f"spans must follow one another within {P} parameters, their groups lie in 0..{groups - 1}")
    return spans, scalars


def one_size(borders: np.ndarray) -> int:
    """The rows of each batch, all alike: what states that are carried from one to the next need."""
    sizes = np.diff(borders)
    if len(sizes) and (sizes != sizes[0]).any():
        raise ShapeError(
            f"states are carried from batch to batch, of {sizes.min()} to {sizes.max()} rows: make them equal"
        )
    return int(sizes[0]) if len(sizes) else 0


def shaped(array: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    if array.shape != shape:
        raise ShapeError(f"{name} has shape {array.shape}, expected {shape}")
    return array


def _describe(array: np.ndarray) -> str:
    return f"{array.dtype} of shape {array.shape} and strides {array.strides}"


def _steps_of(inputs: Sequence[np.ndarray]) -> int:
    return max(x.shape[1] for x in inputs if x.ndim == 3)


class room:
    """Says what was asked for, where NumPy finds no memory for it: a context, of inputs."""

    def __init__(self, inputs: Sequence[np.ndarray]):
        self._inputs = inputs

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, MemoryError):
            raise EngineError(
                f"no memory for {len(self._inputs[0])} rows of {_steps_of(self._inputs)} time steps: "
                f"{str(error).rstrip('.')}; take fewer rows or steps at a time"
            ) from None


def zeros(states: Sequence[State], rows: int, dtype: np.dtype) -> list[np.ndarray]:
    """Initial states of zeros."""
    return [np.zeros((rows, s.width), dtype) for s in states]
