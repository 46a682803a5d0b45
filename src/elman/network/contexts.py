"""Contexts: what a network is given to generate from, and the form of what it returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elman.checks import numbers
from elman.engine.indices import as_indices
from elman.errors import OptionError, ShapeError
from elman.network.choices import Choices
from elman.network.decoding import Classes
from elman.network.doors import Door, taken
from elman.network.face import Net


def others_of(
    net: Net, context: Mapping[str, Any], lengths: Any, fed: int
) -> tuple[dict[int, np.ndarray], Sequence[np.ndarray | None]]:
    """The inputs that are given, by number, and the lengths of all time axes."""
    along = net.doors[fed].given.axis
    doors = {k: door for k, door in enumerate(net.doors) if k != fed}
    axes = {door.given.axis: door.given.name for door in doors.values() if door.steps and door.given.axis != along}
    if not isinstance(lengths, Mapping):
        if lengths is not None and len(axes) != 1:
            raise OptionError(
                f"lengths: {len(axes) or 'none'} of the inputs that are given have time steps of their own; "
                f"{'give a dict of lengths by input' if axes else 'leave lengths out'}"
            )
        lengths = {} if lengths is None else dict.fromkeys(axes.values(), lengths)
    arrays, found = taken(tuple(doors.values()), net.structure.time_axes, dict(context), lengths)
    if found[along] is not None:
        raise OptionError(
            f"lengths of inputs with the steps of {net.doors[fed].given.name} are those that are made: leave them out"
        )
    return dict(zip(doors, arrays, strict=True)), found


def check_along(net: Net, fed: int, others: Mapping[int, np.ndarray], needed: int) -> None:
    """Raise `ShapeError` unless inputs that go along have the steps that are made."""
    for number, array in others.items():
        given = net.doors[number].given
        if given.axis == net.doors[fed].given.axis and array.shape[1] != needed:
            raise ShapeError(
                f"{given.name} has {array.shape[1]} steps, and goes along with {net.doors[fed].given.name}; expected "
                f"{needed}: those of start, and those that are made but the last"
            )


def start_of(door: Door, start: Any, rows: int, classes: Classes | None) -> np.ndarray:
    """What an input that is left out begins with, as (B, T, F)."""
    if start is None:
        raise OptionError(f"start is missing: what {door.given.name} begins with, such as the index of a first symbol")
    door, array = replace(door, name="start"), numbers(start, "start")
    if classes is None:
        return _checked(door, _values(array, rows, door.given.width))
    found = _indices(array, rows)
    return _one_hot(found, classes) if classes.one_hot else _checked(door, found)


def _checked(door: Door, array: np.ndarray) -> np.ndarray:
    return door.checked(door.shaped(array), None)


def _indices(array: np.ndarray, rows: int) -> np.ndarray:
    if array.ndim == 0 or array.shape == (rows,):
        return np.broadcast_to(array[..., None, None], (rows, 1, 1))
    if array.ndim in (2, 3) and len(array) == rows:
        return array[..., None] if array.ndim == 2 else array
    raise ShapeError(
        f"start has shape {array.shape}; expected an index, or one for each row ({rows},), or several ({rows}, T)"
    )


def _one_hot(indices: np.ndarray, classes: Classes) -> np.ndarray:
    found = as_indices(indices, classes.count, None, "start")
    return np.eye(classes.count, dtype=classes.dtype)[found[..., 0]]


def _values(array: np.ndarray, rows: int, features: int) -> np.ndarray:
    if array.shape == (features,) or (array.ndim == 0 and features == 1):
        return np.broadcast_to(array.reshape(1, 1, features), (rows, 1, features))
    if array.shape == (rows, features) or (array.shape == (rows,) and features == 1):
        return array.reshape(rows, 1, features)
    if array.ndim == 3 and len(array) == rows and array.shape[2] == features:
        return array
    raise ShapeError(
        f"start has shape {array.shape}; expected values ({features},), or for each row ({rows}, {features}), or "
        f"several ({rows}, T, {features})"
    )


def going_on(net: Net, given: np.ndarray, how: Choices, classes: Classes | None) -> np.ndarray:
    """What the only input begins with, as (B, T, F)."""
    for name in ("start", "lengths"):
        if getattr(how, name) is not None:
            raise OptionError(f"{name} is for networks with other inputs: this one goes on with its context")
    indices = classes is not None and not classes.one_hot
    return net.check_input(batched(given, net.inputs, indices))


def returned(made: np.ndarray, context: np.ndarray, classes: Classes | None) -> np.ndarray:
    """What was made, (B, steps) of indices or (B, steps, F), in the manner of the context."""
    if classes is None:
        return unbatched(made, context, indices=False)
    if classes.one_hot:
        return made if context.ndim == 3 else made[0]
    return unbatched(made[..., None], context, indices=True)


def batched(context: np.ndarray, features: int, indices: bool) -> np.ndarray:
    """The context as (B, T, F)."""
    if context.ndim == 3:
        return context
    if context.ndim == 1 and (indices or features == 1):
        return context[None, :, None]
    if context.ndim == 2 and not indices and context.shape[1] == features:  # one sequence
        return context[None]
    if context.ndim == 2 and (indices or features == 1):
        return context[:, :, None]
    one = "(T,) or (B, T)" if indices else "(T,), (B, T) or (B, T, 1)" if features == 1 else f"(T, {features})"
    raise ShapeError(
        f"context has shape {context.shape}; expected {one}{'' if features == 1 else f' or (B, T, {features})'}"
    )


def unbatched(made: np.ndarray, context: np.ndarray, indices: bool) -> np.ndarray:
    """What was made (B, steps, F), in the manner of the context."""
    if context.ndim == 3:
        return made
    if context.ndim == 1:
        return made[0, :, 0]
    one_sequence = not indices and context.shape[1] == made.shape[2]
    return made[0] if one_sequence else made[:, :, 0]
