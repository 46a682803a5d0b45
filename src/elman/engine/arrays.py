"""Checks of the arrays that go into an engine, the same for every engine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from elman.engine.indices import as_indices, whole_numbers
from elman.engine.interface import Batch, Batches, Updates
from elman.engine.plan import ONCE, Goal, Plan, Ref
from elman.errors import EngineError, ShapeError

MOST = 2**30  # rows and steps of a batch


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

    def parameters(self, array: np.ndarray, *, changed: bool = False) -> np.ndarray:
        if changed and not array.flags.writeable:
            raise EngineError("parameters are read-only, and training changes them: give an array of one's own")
        return self.numbers(array, (self.plan.parameters,), "parameters")

    def batch(self, batch: Batch, *, goal: bool = False) -> Batch:
        """A batch, with its targets if it has a `goal`.

        Raises
        ------
        ShapeError
            Where an array has another shape or type than the plan's.
        DataError
            At an index in use that is none.
        """
        inputs, B = self.inputs(batch.inputs, batch.lengths), len(batch)
        lengths = tuple(
            None if a is None else np.ascontiguousarray(a, np.int64) for a in _padded(batch.lengths, self.plan.axes)
        )
        states = self.states(batch.states, B, "states")
        if not goal:
            return replace(batch, inputs=inputs, lengths=lengths, states=states)
        weights = _padded(batch.weights, len(self.plan.goals))
        return Batch(
            inputs,
            self._targets(batch.targets, inputs, lengths),
            lengths,
            tuple(self._weights(w, goal, inputs) for w, goal in zip(weights, self.plan.goals, strict=True)),
            states,
            self.states(batch.state_gradients, B, "state_gradients"),
            batch.key,
        )

    def inputs(self, given: Sequence[np.ndarray], lengths: Sequence[np.ndarray | None]) -> tuple[np.ndarray, ...]:
        check_inputs(self.plan, given, lengths)
        places = enumerate(zip(self.plan.inputs, given, strict=True))
        return tuple(self._values(a, ref, lengths, self._name(k)) for k, (ref, a) in places)

    def _name(self, number: int) -> str:
        return input_name(self.plan, number)

    def in_place(self, given: Sequence[np.ndarray], name: str) -> None:
        """`ShapeError` unless the engine can use, and change, inputs as the very arrays that they are."""
        for x, taken in zip(given, self.inputs(given, ()), strict=True):
            if taken is not x or not x.flags.c_contiguous:
                raise ShapeError(f"{name} is {_describe(x)}: the engine expects it contiguous, and indices as int64")

    def outputs(self, arrays: Sequence[np.ndarray], inputs: Sequence[np.ndarray]) -> None:
        """`ShapeError` unless these are arrays for the outputs of such inputs."""
        for array, shape in zip(arrays, self.output_shapes(inputs), strict=True):
            self.numbers(array, shape, "output")

    def states(self, states: Sequence[np.ndarray] | None, B: int, name: str) -> list[np.ndarray] | None:
        """One array (B, width) for each state, or None."""
        if states is None:
            return None
        if len(states) != len(self.state_widths):
            raise ShapeError(f"{name} has {len(states)} arrays, the network has {len(self.state_widths)} states")
        pairs = enumerate(zip(states, self.state_widths, strict=True))
        return [self.numbers(a, (B, w), f"{name}[{i}]") for i, (a, w) in pairs]

    def numbers(self, array: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
        if array.dtype != self.dtype or not array.flags.c_contiguous:
            raise ShapeError(f"{name} is {_describe(array)}: the engine expects contiguous {self.dtype}")
        return shaped(array, shape, name)

    def output_shapes(self, inputs: Sequence[np.ndarray]) -> list[tuple[int, ...]]:
        steps = axis_steps(self.plan, inputs)
        return [self._shape(place, len(inputs[0]), steps) for place in self.plan.outputs]

    def _shape(self, place: Ref, B: int, steps: Sequence[int]) -> tuple[int, ...]:
        slot = self.plan.slots[place.slot]
        return (B, slot.width) if slot.axis == ONCE else (B, steps[slot.axis], slot.width)

    def _weights(self, given: np.ndarray | None, goal: Goal, inputs: Sequence[np.ndarray]) -> np.ndarray | None:
        """Of each row, or of each of its steps."""
        if given is None:
            return None
        axis, B = self.plan.slots[goal.slot].axis, len(inputs[0])
        each = axis != ONCE and given.ndim == 2
        return self.numbers(given, (B, axis_steps(self.plan, inputs)[axis]) if each else (B,), "weights")

    def _targets(
        self, targets: Sequence[np.ndarray], inputs: Sequence[np.ndarray], lengths: Sequence[np.ndarray | None]
    ) -> tuple[np.ndarray, ...]:
        goals = self.plan.goals
        if not goals:
            raise EngineError("this plan has no gradients: schedule it with a loss, or seeded")
        name = "target" if self.plan.losses else "the gradient of the output"
        if len(targets) != len(goals):
            missing = f"{name} is missing" if len(goals) == 1 else f"{len(targets)} came of {len(goals)} targets"
            raise EngineError(f"{missing}: gradients begin with it")
        steps, found = axis_steps(self.plan, inputs), []
        for goal, target in zip(goals, targets, strict=True):
            place = Ref(goal.slot)
            expected = self._shape(place, len(inputs[0]), steps)
            if target.shape != expected:
                raise ShapeError(
                    f"{name} has shape {target.shape}; expected {expected} to go with the network's output"
                )
            found.append(self._values(target, place, lengths, name))
        return tuple(found)

    def _values(self, array: np.ndarray, place: Ref, lengths: Sequence[np.ndarray | None], name: str) -> np.ndarray:
        """Numbers as they are; indices as int64."""
        slot, axis = place.slot, self.plan.axis(place)
        if slot in self.indices and (self._looks or array.dtype != np.int64):
            used = None if axis == ONCE else _padded(lengths, self.plan.axes)[axis]
            array = as_indices(array, self.indices[slot], used, name)
        expected = np.dtype(np.int64) if slot in self.indices else self.dtype
        if array.dtype != expected or not array.flags.aligned:
            raise ShapeError(f"{name} is {_describe(array)}: the engine expects aligned {expected}")
        return array


def check_indices(plan: Plan, dtype: np.dtype, data: Batch) -> None:
    """`DataError` at the first index of a data set that is none, before anything is learnt from the others."""
    if whole_numbers(plan, dtype):
        Intake(plan, dtype).batch(data, goal=True)


def input_name(plan: Plan, number: int) -> str:
    """How messages call an input."""
    return "x" if len(plan.inputs) == 1 else f"inputs[{number}]"


def axis_steps(plan: Plan, inputs: Sequence[np.ndarray]) -> list[int]:
    """How many steps each time axis has in such inputs."""
    steps = [0] * plan.axes
    for place, x in zip(plan.inputs, inputs, strict=True):
        if plan.axis(place) != ONCE:
            steps[plan.axis(place)] = x.shape[1]
    return steps


def _padded(given: Sequence[np.ndarray | None], count: int) -> Sequence[np.ndarray | None]:
    """One for each; None for all where nothing came."""
    if given and len(given) != count:
        raise ShapeError(f"{len(given)} arrays came where {count} are expected, one for each")
    return given or (None,) * count


def check_inputs(plan: Plan, given: Sequence[np.ndarray], lengths: Sequence[np.ndarray | None]) -> None:
    """Raise `ShapeError` unless inputs have the plan's shapes, and the lengths fit."""
    if len(given) != len(plan.inputs):
        raise ShapeError(f"{len(given)} inputs came; the network has {len(plan.inputs)}")
    for number, (place, x) in enumerate(zip(plan.inputs, given, strict=True)):
        _check_input(plan, place, x, input_name(plan, number))
        if len(x) != len(given[0]):
            raise ShapeError(f"{input_name(plan, number)} has {len(x)} rows, {input_name(plan, 0)} {len(given[0])}")
    steps = axis_steps(plan, given)
    for number, (place, x) in enumerate(zip(plan.inputs, given, strict=True)):
        axis = plan.axis(place)
        if axis != ONCE and x.shape[1] != steps[axis]:
            raise ShapeError(
                f"{input_name(plan, number)} has {x.shape[1]} time steps, another input of the same axis {steps[axis]}"
            )
    for T, used in zip(steps, _padded(lengths, plan.axes), strict=True):
        _check_lengths(used, len(given[0]), T)


def _check_input(plan: Plan, place: Ref, x: np.ndarray, name: str) -> None:
    """Raise `ShapeError` unless x is (B, T, F), or (B, F) of an input without time, with the plan's F."""
    slot = plan.slots[place.slot]
    features = slot.width
    letters, said = ("(B, F)", "batch") if slot.axis == ONCE else ("(B, T, F)", "batch, time steps")
    if x.ndim != 2 + (slot.axis != ONCE):
        raise ShapeError(f"{name} has shape {x.shape}; expected {letters} = ({said}, {features} features)")
    if x.shape[-1] != features:
        raise ShapeError(
            f"{name} has {x.shape[-1]} features, the network expects {features}; its shape is {x.shape}, {letters}"
        )
    if 0 in x.shape[:-1]:
        raise ShapeError(f"{name} has shape {x.shape}; it needs at least one row and one time step")
    for size, axis in zip(x.shape[:-1], ("rows", "time steps"), strict=False):
        if size > MOST:
            raise ShapeError(f"{name} has {size} {axis}; an engine takes at most {MOST} at once")


def _check_lengths(given: np.ndarray | None, rows: int, steps: int) -> None:
    if given is None:
        return
    lengths = np.asarray(given)
    if lengths.shape != (rows,):
        raise ShapeError(f"lengths has shape {lengths.shape}; expected ({rows},), one for each row of x")
    if lengths.min() < 1 or lengths.max() > steps:
        raise ShapeError(f"lengths lie in {lengths.min()}..{lengths.max()}; expected 1..{steps}, the steps of x")


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


@contextlib.contextmanager
def room(inputs: Sequence[np.ndarray]) -> Iterator[None]:
    """Say what was asked for, where NumPy finds no memory for it."""
    try:
        yield
    except MemoryError as error:
        raise EngineError(
            f"no memory for {len(inputs[0])} rows of {_steps_of(inputs)} time steps: {str(error).rstrip('.')}; "
            "take fewer rows or steps at a time"
        ) from None


def zeros(plan: Plan, rows: int, dtype: np.dtype) -> list[np.ndarray]:
    """Initial states of zeros, of those that a caller may give."""
    return [np.zeros((rows, s.width), dtype) for s in plan.free_states]
