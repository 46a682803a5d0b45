"""What each row or step counts in the loss: weights of samples and of classes, and targets that are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import nearest, numbers, real, shown, whole
from elman.errors import DataError, OptionError, ShapeError
from elman.training.ends import End, for_each
from elman.training.loss import Loss

MISSING = ("refuse", "skip")


class NothingCountsError(DataError):
    """No row or step of some has a target and a weight above 0."""


ClassWeight = Mapping[int, float] | str | None
"""Weights by class, or ``"balanced"``."""


@dataclass(frozen=True)
class Weighting:
    """What a user says of it; see `elman.training.fit.fit`. Where it is `lenient`, none of some rows need count."""

    sample_weight: Any = None
    class_weight: Any = None
    missing: str = "refuse"
    lenient: bool = False

    def for_each(self, ends: Sequence[End]) -> list[Weighting]:
        """Of each output: weights by output, or for all of them those of rows."""
        if self.sample_weight is None and self.class_weight is None:
            return [self] * len(ends)
        if self.class_weight is not None and len(ends) > 1 and not isinstance(self.class_weight, tuple | list):
            raise OptionError("class_weight: the network has several outputs; give a tuple of one for each, or None")
        weights = for_each(self.sample_weight, ends, "sample_weight", alike=True)
        classes = for_each(self.class_weight, ends, "class_weight", alike=True)
        return [Weighting(w, c, self.missing, self.lenient) for w, c in zip(weights, classes, strict=True)]

    def without_missing(
        self, target: np.ndarray, axes: int, lengths: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """The target with others in place of those that are missing, and which are there: (N,) or (N, T), or None.

        A step is missing where any of its values is NaN. What stands there then is a target of another step, so that
        a loss that divides by it, or takes its logarithm, stays finite: weight 0 would not make a NaN harmless.

        Parameters
        ----------
        target : array, its first axes those of rows or of rows and steps
            As the user gave it.
        axes : int
            How many those are, 1 or 2.
        lengths : array (N,), optional
            Steps in use.
        """
        if not isinstance(self.missing, str) or self.missing not in MISSING:
            hint = nearest(self.missing, MISSING)
            raise OptionError(f"missing is {shown(self.missing)}{hint}; expected one of {', '.join(MISSING)}")
        if self.missing == "refuse" or target.dtype.kind != "f" or target.ndim not in (axes, axes + 1):
            return target, None
        there = ~np.isnan(target if target.ndim > axes else target[..., None]).any(axis=-1)
        if there.all():
            return target, None
        known = np.argwhere(there & in_use(there.shape, lengths))
        if not len(known) and not self.lenient:
            raise NothingCountsError("every target is missing (NaN): nothing is left to learn from")
        filled = target.copy()
        filled[~there] = target[tuple(known[0])] if len(known) else 0
        return filled, there

    def weights(
        self,
        target: np.ndarray,
        loss: Loss,
        outputs: int,
        lengths: np.ndarray | None,
        there: np.ndarray | None,
        dtype: np.dtype,
    ) -> np.ndarray | None:
        """As an engine takes them, (N,) or (N, T), none negative and not all zero; None where all are 1.

        Parameters
        ----------
        target : array (N, O') or (N, T, O')
            Made ready, for `loss` and a network with so many `outputs`.
        there : array (N,) or (N, T), optional
            Which targets are not missing.
        """
        shape = target.shape[:-1]
        if len(shape) == 2 and lengths is not None and not lengths.any() and not self.lenient:
            raise NothingCountsError(
                "every row has length 0: there is no step with a target, and nothing to learn from"
            )
        if self.sample_weight is None and self.class_weight is None and there is None:
            return None
        parts = [] if there is None else [there]
        if self.sample_weight is not None:
            parts.append(_sample_weights(self.sample_weight, shape, lengths, dtype))
        counts = in_use(shape, lengths)
        for part in parts:
            counts = counts & (_along(part, shape) > 0)
        if not counts.any() and not self.lenient:
            raise NothingCountsError(
                "sample_weight is 0 for every row or step with a target: nothing is left to train on"
            )
        if self.class_weight is not None:
            table = _class_weights(self.class_weight, _classes(target, loss, outputs, counts), counts)
            if counts.any() and not table[counts].any() and not self.lenient:
                raise NothingCountsError("class_weight is 0 for every class that there is: nothing is left to train on")
            parts.append(table)
        return _product(parts, dtype)


UNWEIGHTED = Weighting()


def in_use(shape: tuple[int, ...], lengths: np.ndarray | None) -> np.ndarray:
    """Which rows (N,), all of them, or which of their steps (N, T) are before a row's end."""
    if lengths is None or len(shape) == 1:
        return np.ones(shape, bool)
    return np.arange(shape[1]) < lengths[:, None]


def _along(part: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Values of rows, or of steps, for each of `shape`."""
    return np.broadcast_to(part.reshape(part.shape + (1,) * (len(shape) - part.ndim)), shape)


def _product(parts: list[np.ndarray], dtype: np.dtype) -> np.ndarray:
    """Of weights of rows where all are that, else of steps."""
    shape = max((part.shape for part in parts), key=len)
    product = np.ones(shape)
    for part in parts:
        product = product * _along(part, shape)
    return np.ascontiguousarray(product, dtype)


def _sample_weights(weights: Any, shape: tuple[int, ...], lengths: np.ndarray | None, dtype: np.dtype) -> np.ndarray:
    given = numbers(weights, "sample_weight")
    if given.shape not in (shape[:1], shape):
        steps = f", or {shape}, one for each step" if len(shape) == 2 else ""
        hint = "; single steps have no weights where the network returns the last one" * (len(shape) == 1 < given.ndim)
        expected = f"({shape[0]},), one for each row of x{steps}{hint}"
        raise ShapeError(f"sample_weight has shape {given.shape}, expected {expected}")
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is found below; past an end may be anything
        found = np.ascontiguousarray(given, dtype)
        wrong = np.argwhere(~(np.isfinite(found) & (found >= 0)) & in_use(found.shape, lengths))
    if len(wrong):
        place = tuple(map(int, wrong[0]))
        raise DataError.at("sample_weight", place, f"is {found[place]}: expected finite numbers of at least 0")
    return found if found.ndim == 1 else np.where(in_use(found.shape, lengths), found, 0)


# --- classes ------------------------------------------------------------------------------------------------


def _classes(target: np.ndarray, loss: Loss, outputs: int, counts: np.ndarray) -> tuple[np.ndarray, int]:
    """The class of each row or step, 0 where none counts; and how many classes there are."""
    width = target.shape[-1]
    used = np.where(counts[..., None], target, 0)
    if width > 1:
        if not ((used == 0) | (used == 1)).all() or not (used.sum(axis=-1) == counts).all():
            raise OptionError(
                "class_weight goes with targets that are classes: indices, one-hot rows, or 0 and 1 for a lone output; "
                f"{loss.name} got {width} values a row that are no one-hot rows"
            )
        return used.argmax(axis=-1), width
    count = max(2, outputs)
    index = used[..., 0]
    wrong = np.argwhere(~((index >= 0) & (index < count) & (index == np.floor(index))))
    if len(wrong):
        place = tuple(map(int, wrong[0]))
        raise OptionError(f"class_weight goes with classes 0..{count - 1}, and target{list(place)} is {index[place]:g}")
    return index.astype(np.int64), count


def _class_weights(given: Any, classes: tuple[np.ndarray, int], counts: np.ndarray) -> np.ndarray:
    """The weight of the class of each row or step; 1 of a class that is not named."""
    index, count = classes
    table = np.ones(count)
    if isinstance(given, str) and given == "balanced":
        found = np.bincount(index[counts], minlength=count)
        table[found > 0] = counts.sum() / (np.count_nonzero(found) * found[found > 0])
        return table[index]
    if not isinstance(given, Mapping):
        raise OptionError(f"class_weight is {shown(given)}; expected a dict of weights by class, or 'balanced'")
    for key, weight in given.items():
        name = whole(key, "a class of class_weight", 0, count - 1)
        table[name] = real(weight, f"class_weight[{name}]", 0, from_low=True)
    return table[index]
