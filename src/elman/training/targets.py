"""Targets made ready for a loss."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from elman.checks import numbers
from elman.errors import DataError, OptionError, ShapeError
from elman.training.ends import End
from elman.training.finite import check_finite, first_place
from elman.training.loss import Loss
from elman.training.losses import resolve_loss


def prepare_target(
    end: End, loss: Any, target: np.typing.ArrayLike, lengths: np.ndarray | None = None
) -> tuple[Loss, np.ndarray, int]:
    """The loss in the form that this target asks for, the target as the engine takes it, and its width.

    Parameters
    ----------
    end : End
        The output that the target is for.
    loss : str, Loss, Cell or function
        See `resolve_loss`.
    target : array (N, T, O) or (N, O)
        As the network's output; its last axis may be left out where it is 1. For softmax cross entropy either a
        distribution for each row or class indices, (N, T) or (N,).
    lengths : array (N,), optional
        Steps in use of each row; what lies behind is not looked at.

    Returns
    -------
    loss : Loss
    target : array (N, T, O') or (N, O')
        Of the network's dtype; class indices are int64.
    width : int
        O', the number of features of the target; 1 for class indices.

    Raises
    ------
    ShapeError
        If the target does not go with the network's output.
    DataError
        If a value is no class of the network, or outside what the loss makes sense for.
    """
    loss, array = resolve_loss(loss), as_numbers(target)
    check_logits(end, loss)
    shape, axes, dtype = array.shape, 2 if end.sequence_output else 1, end.dtype  # axes before the features
    if array.ndim == axes:
        array = array[..., None]
    if array.ndim != axes + 1:
        raise ShapeError(_mismatch(end, loss, shape))
    if loss.index_target is not None and array.shape[-1] == 1:
        loss = loss.for_classes()
        _check_classes(array, end.outputs, lengths, loss.name)
        dtype = np.dtype(np.int64)
    try:
        _check_graph(loss, end.outputs, array.shape[-1])
    except ShapeError as error:
        raise ShapeError(_mismatch(end, loss, shape) + _of_classes(array, end.outputs)) from error
    if loss.bounds is not None:
        _check_bounds(array, loss, lengths)
    with np.errstate(over="ignore", invalid="ignore"):  # too large is infinite then; past a row's end may be anything
        made = np.asarray(array, dtype)
    check_finite(made, "target", lengths, ", or leave such steps out with missing='skip'")
    return loss, made, array.shape[-1]


def as_numbers(target: Any) -> np.ndarray:
    """A target as an array of numbers."""
    return numbers(target, "target", "; give classes as 0, 1, 2, ...")


def check_logits(end: End, loss: Loss) -> None:
    """Refuse a loss of logits for a network that squashes them first: it would be squashed twice, and learn little."""
    if end.last_op in loss.not_after:
        why = "can never say no" if end.last_op == "relu" else "makes probabilities of them before the loss does"
        raise OptionError(
            f"{loss.name} takes logits, and the network ends with {end.last_op}, which {why}: leave its last "
            "activation out (linear); where you need probabilities, apply it to the network's output"
        )


@functools.lru_cache(maxsize=64)  # tracing takes longer than a small update
def _check_graph(loss: Loss, outputs: int, target_width: int) -> None:
    loss.graph(outputs, target_width)


def _mismatch(end: End, loss: Loss, shape: tuple[int, ...]) -> str:
    wanted = f"(N, T, {end.outputs})" if end.sequence_output else f"(N, {end.outputs})"
    if loss.index_target is not None:
        wanted += f" or class indices {'(N, T)' if end.sequence_output else '(N,)'}"
    if end.sequence_output and len(shape) == 2 or not end.sequence_output and len(shape) == 3:
        returns = "every time step" if end.sequence_output else "the last time step only"
        hint = f"; the network returns {returns}: see return_sequences of its last recurrent layer"
    else:
        hint = ""
    features = shape[-1] if len(shape) == 2 + end.sequence_output else 1
    return (
        f"target has {features} feature{'s' * (features != 1)}, the network outputs {end.outputs}: "
        f"its shape is {shape}, {loss.name} expected {wanted}{hint}"
    )


def _of_classes(target: np.ndarray, outputs: int) -> str:
    """What to say where targets look like classes, and the loss knows none."""
    if target.dtype.kind not in "iu" or target.shape[-1] > 1 or not ((target >= 0) & (target < outputs)).all():
        return ""
    return "; if the targets are classes, give loss='softmax_cross_entropy'"


def _check_classes(target: np.ndarray, classes: int, lengths: np.ndarray | None, name: str) -> None:
    if classes == 1:
        raise OptionError(
            "softmax_cross_entropy needs an output for each class and the network has 1; "
            "for two classes use binary_cross_entropy, or two outputs"
        )
    place = first_place(~((target >= 0) & (target < classes) & (target == np.floor(target))), lengths)
    if place is not None:
        raise DataError.at(
            "target",
            place[:-1],
            f"is {target[place]}: {name} expects class indices 0..{classes - 1}, as the network has {classes} outputs",
        )


def _check_bounds(target: np.ndarray, loss: Loss, lengths: np.ndarray | None) -> None:
    assert loss.bounds is not None
    low, high = loss.bounds
    place = first_place((target < low) | (target > high), lengths)
    if place is not None:
        raise DataError.at("target", place, f"is {target[place]}: {loss.name} expects values in {low}..{high}")
