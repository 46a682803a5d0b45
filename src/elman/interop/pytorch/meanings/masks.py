"""Masks that are made of the rows' lengths: a network looks at the steps in use anyway."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from elman.interop.pytorch.values import FEATURES, ROWS, STEPS, Cannot, Value
from elman.interop.pytorch.watching import Watch
from elman.network.moves import pool


def of_lengths(
    w: Watch, value: Value, labels: tuple[str, ...], given: Any, function: Callable[[Any, Any], Any]
) -> Value | None:
    """A value times the steps that are in use, or with the number of them; None of other tensors."""
    if is_inside(w, labels, given) and function(2.0, 3.0) == 6.0:
        return value.plain()  # a network looks at the steps in use only
    if w.lengths is None or not _varies(given, labels, {ROWS}, torch.tensor(w.lengths)):
        return None
    w.packs = True
    known = [v for v in w.values.values() if STEPS in v.dims and len(v.flows) == 1]
    like = next((v for v in known if FEATURES in v.dims), known[0]).flow  # an input without features may be an index
    count = pool(1 + 0 * like[:1], "sum")
    return value.map(lambda flow: function(flow, count))


def is_inside(w: Watch, labels: tuple[str, ...], mask: Any) -> bool:
    """Whether a mask (B, T) is 1 at the steps in use and 0 behind them."""
    if w.lengths is None:
        return False
    inside = torch.arange(w.sizes[STEPS]) < torch.tensor(w.lengths).unsqueeze(1)
    found = _varies(mask, labels, {ROWS, STEPS}, inside if _first(labels) == ROWS else inside.t())
    w.packs |= found
    return found


def _first(labels: tuple[str, ...]) -> str:
    return next((label for label in labels if label in (ROWS, STEPS)), "")


def _varies(given: Any, labels: tuple[str, ...], along: set[str], wanted: Any) -> bool:
    """Whether a tensor is another one along some axes, and has one value along the others."""
    shape = [size for label, size in zip(labels, given.shape, strict=True) if label in along]
    if math.prod(shape) != given.numel() or tuple(shape) != tuple(wanted.shape):
        return False
    return bool(torch.equal(given.detach().reshape(shape).double(), wanted.double()))


def _masked_fill(w: Watch, out: Any, x: Any, mask: Any, number: Any) -> Value:
    """Zeros, or what softmax takes for nothing, behind each row's end."""
    value = w.value(x)
    if not isinstance(mask, torch.Tensor) or w.knows(mask):
        raise Cannot("a mask that is made of the input chooses values: give lengths instead")
    labels = value.dims[len(value.dims) - mask.ndim :]
    if not is_inside(w, labels, ~mask.bool()) or not (float(number) == 0 or float(number) <= -1e4):
        raise Cannot("a mask that is not that of the rows' lengths, with 0 or a very negative number behind their ends")
    return value.plain()


def _where(w: Watch, out: Any, condition: Any, a: Any, b: Any) -> Value:
    raise Cannot("where chooses by a mask: take lengths as an argument, and masked_fill what is behind them")


def _compared(w: Watch, out: Any, *_: Any, **__: Any) -> Value:
    raise Cannot("values of the input are compared, as where lengths are counted from it: take lengths as an argument")


COMPARISONS = [f"{around}{name}{around}" for name in ("eq", "ne", "lt", "le", "gt", "ge") for around in ("", "__")]
MEANINGS: dict[str, Callable[..., Any]] = {
    "masked_fill": _masked_fill,
    "where": _where,
    **dict.fromkeys(COMPARISONS, _compared),
}
