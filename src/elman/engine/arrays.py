"""Checks of the arrays that go into an engine, the same for every engine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np

from elman.engine.plan import Plan
from elman.errors import EngineError, ShapeError

MOST = 2**30  # rows and steps of a batch

# Row numbers of each batch; or all of them in one array, and the (batches + 1,) borders of the batches in it.
Batches = Sequence[np.ndarray] | tuple[np.ndarray, np.ndarray]


def split(batches: Batches) -> Sequence[np.ndarray]:
    """Row numbers of each batch."""
    return np.split(batches[0], batches[1][1:-1]) if isinstance(batches, tuple) else batches


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


def check_target(plan: Plan, target: np.ndarray, rows: int, steps: int) -> None:
    """Raise unless the plan has gradients, and the target (or dL/d output) fits the network's output."""
    if plan.goal < 0:
        raise EngineError("this plan has no gradients: schedule it with a loss, or seeded")
    width = plan.slots[plan.goal].width
    expected = (rows, steps, width) if plan.sequence else (rows, width)
    if target.shape != expected:
        name = "target" if plan.target >= 0 else "the gradient of the output"
        raise ShapeError(f"{name} has shape {target.shape}; expected {expected} to go with the network's output")


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
