"""Checks of the arrays that go into an engine, the same for every engine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from elman.engine.indices import as_indices, whole_numbers
from elman.engine.interface import Batch, Batches, Updates
from elman.engine.plan import Plan
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
        self.state_widths = [state.width for stage in plan.stages for state in stage.states]
        self._output_width = plan.slots[plan.output.slot].width

    def parameters(self, array: np.ndarray, *, changed: bool = False) -> np.ndarray:
        if changed and not array.flags.writeable:
            raise EngineError("parameters are read-only, and training changes them: give an array of one's own")
        return self.numbers(array, (self.plan.parameters,), "parameters")

    def batch(self, batch: Batch, *, goal: bool = False) -> Batch:
        """A batch, with its target if it has a `goal`.

        Raises
        ------
        ShapeError
            Where an array has another shape or type than the plan's.
        DataError
            At an index in use that is none.
        """
        x, B = self.input(batch.x, batch.lengths), len(batch.x)
        lengths = None if batch.lengths is None else np.ascontiguousarray(batch.lengths, np.int64)
        states = self.states(batch.states, B, "states")
        if not goal:
            return replace(batch, x=x, lengths=lengths, states=states)
        return Batch(
            x,
            self._target(batch.target, x, lengths),
            lengths,
            None if batch.weights is None else self._weights(batch.weights, x),
            states,
            self.states(batch.state_gradients, B, "state_gradients"),
            batch.key,
        )

    def input(self, x: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
        check_input(self.plan, x, lengths)
        return self._values(x, self.plan.input.slot, lengths, "x")

    def in_place(self, x: np.ndarray, name: str) -> np.ndarray:
        """An input (B, T, F) that the engine can use, and change, as the very array that it is."""
        if self.input(x, None) is not x or not x.flags.c_contiguous:
            raise ShapeError(f"{name} is {_describe(x)}: the engine expects it contiguous, and indices as int64")
        return x

    def output(self, array: np.ndarray, x: np.ndarray) -> np.ndarray:
        return self.numbers(array, self.output_shape(x), "output")

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

    def output_shape(self, x: np.ndarray) -> tuple[int, ...]:
        return (*x.shape[: 1 + self.plan.sequence], self._output_width)

    def _weights(self, weights: np.ndarray, x: np.ndarray) -> np.ndarray:
        steps = self.plan.sequence and weights.ndim == 2
        return self.numbers(weights, x.shape[:2] if steps else x.shape[:1], "weights")

    def _target(self, target: np.ndarray | None, x: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
        if self.plan.goal < 0:
            raise EngineError("this plan has no gradients: schedule it with a loss, or seeded")
        name = "target" if self.plan.target >= 0 else "the gradient of the output"
        if target is None:
            raise EngineError(f"{name} is missing: gradients begin with it")
        expected = (*x.shape[: 1 + self.plan.sequence], self.plan.slots[self.plan.goal].width)
        if target.shape != expected:
            raise ShapeError(f"{name} has shape {target.shape}; expected {expected} to go with the network's output")
        return self._values(target, self.plan.goal, lengths, name)

    def _values(self, array: np.ndarray, slot: int, lengths: np.ndarray | None, name: str) -> np.ndarray:
        """Numbers as they are; indices as int64."""
        if slot in self.indices and (self._looks or array.dtype != np.int64):
            array = as_indices(array, self.indices[slot], lengths, name)
        expected = np.dtype(np.int64) if slot in self.indices else self.dtype
        if array.dtype != expected or not array.flags.aligned:
            raise ShapeError(f"{name} is {_describe(array)}: the engine expects aligned {expected}")
        return array


def check_input(plan: Plan, x: np.ndarray, lengths: np.ndarray | None) -> None:
    """Raise `ShapeError` unless x is (B, T, F) with the plan's F and the lengths fit."""
    features = plan.slots[plan.input.slot].width
    if x.ndim != 3:
        raise ShapeError(f"x has shape {x.shape}; expected (B, T, F) = (batch, time steps, {features} features)")
    if x.shape[2] != features:
        raise ShapeError(
            f"x has {x.shape[2]} features, the network expects {features}; its shape is {x.shape}, (B, T, F)"
        )
    if x.shape[0] == 0 or x.shape[1] == 0:
        raise ShapeError(f"x has shape {x.shape}; it needs at least one row and one time step")
    for size, axis in zip(x.shape, ("rows", "time steps"), strict=False):
        if size > MOST:
            raise ShapeError(f"x has {size} {axis}; an engine takes at most {MOST} at once")
    if lengths is None:
        return
    lengths = np.asarray(lengths)
    if lengths.shape != (x.shape[0],):
        raise ShapeError(f"lengths has shape {lengths.shape}; expected ({x.shape[0]},), one for each row of x")
    if lengths.min() < 1 or lengths.max() > x.shape[1]:
        raise ShapeError(f"lengths lie in {lengths.min()}..{lengths.max()}; expected 1..{x.shape[1]}, the steps of x")


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


@contextlib.contextmanager
def room(x: np.ndarray) -> Iterator[None]:
    """Say what was asked for, where NumPy finds no memory for it."""
    try:
        yield
    except MemoryError as error:
        raise EngineError(
            f"no memory for {x.shape[0]} rows of {x.shape[1]} time steps: {str(error).rstrip('.')}; "
            "take fewer rows or steps at a time"
        ) from None


def zeros(plan: Plan, rows: int, dtype: np.dtype) -> list[np.ndarray]:
    """Initial states of zeros, in plan order."""
    return [np.zeros((rows, s.width), dtype) for stage in plan.stages for s in stage.states]
