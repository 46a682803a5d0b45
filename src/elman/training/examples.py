"""Examples: inputs and targets, checked and in the form that an engine takes; and the mean loss over them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import whole
from elman.engine.interface import Batch, How
from elman.errors import DataError, ElmanError, OptionError, ShapeError
from elman.training.checks import same_index
from elman.training.losses import Loss, as_numbers, prepare_target
from elman.training.metrics import Metric, check_metrics, check_value, resolve_metrics, values_of
from elman.training.protocol import Trainable
from elman.training.weighing import UNWEIGHTED, ClassWeight, Weighting, in_use


@dataclass(frozen=True)
class Examples:
    """Rows to train on or to evaluate.

    Attributes
    ----------
    x : array (N, T, F)
        Inputs, of any strides.
    target : array (N, T, O') or (N, O')
        Targets.
    loss : Loss
        In the form that the targets ask for.
    width : int
        Features O' of a target.
    lengths : array (N,) or None
        Steps in use.
    weights : array (N,) or (N, T), or None
        Of each row, or of each step, in the loss.
    """

    x: np.ndarray
    target: np.ndarray
    loss: Loss
    width: int
    lengths: np.ndarray | None = None
    weights: np.ndarray | None = None

    @functools.cached_property
    def batch(self) -> Batch:
        """All rows, as an engine takes them."""
        return Batch.of(self.x, self.target, self.lengths, self.weights)

    def __len__(self) -> int:
        return len(self.x)

    def share(self, rows: Any) -> np.ndarray:
        """The weight of each value of some rows in the loss: (B, T), zero past a row's end, or (B,)."""
        shape = self.target[rows].shape[:-1]
        share = np.ones(shape) if self.weights is None else np.ones(shape) * _column(self.weights[rows], shape)
        return np.where(in_use(shape, None if self.lengths is None else self.lengths[rows]), share, 0.0)

    def counts(self, rows: np.ndarray) -> np.ndarray:
        """The sum of the weights of each row's steps (B,): what it counts in the loss of an epoch."""
        if self.weights is not None and self.weights.ndim == 2:
            return self.share(rows).sum(axis=1)
        count = np.ones(len(rows)) if self.lengths is None or self.target.ndim == 2 else self.lengths[rows]
        return count * (1.0 if self.weights is None else self.weights[rows].astype(np.float64))


def _column(weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return weights.astype(np.float64).reshape(weights.shape + (1,) * (len(shape) - weights.ndim))


def examples(
    net: Trainable,
    x: Any,
    target: Any,
    loss: Any,
    lengths: Any = None,
    weighting: Weighting = UNWEIGHTED,
    origin: str = "",
) -> Examples:
    """Check inputs and targets and bring them into an engine's form; `origin` names them in messages.

    Raises
    ------
    ShapeError, DataError, OptionError
        See `elman.training.fit.fit`.
    """
    try:
        return _examples(net, x, target, loss, lengths, weighting)
    except ElmanError as error:
        if not origin:
            raise
        raise type(error)(f"{origin}: {error}") from error


def _examples(net: Trainable, x: Any, target: Any, loss: Any, lengths: Any, weighting: Weighting) -> Examples:
    same_index(x, target)
    x, lengths = net.check_batch(x, lengths)
    target = as_numbers(target)
    rows = len(target) if target.ndim else 0
    if rows != len(x):
        raise ShapeError(f"x has {len(x)} rows and target has {rows}; each row of x needs its target")
    target, there = weighting.without_missing(target, 2 if net.sequence_output else 1, lengths)
    chosen, target, width = prepare_target(net, loss, target, lengths)
    if net.sequence_output and target.shape[1] != x.shape[1]:
        raise ShapeError(
            f"x has {x.shape[1]} time steps and target {target.shape[1]}; the network has an output for every step"
        )
    weights = weighting.weights(target, chosen, net.outputs, lengths, there, net.dtype)
    return Examples(x, target, chosen, width, lengths, weights)


def validation_examples(
    net: Trainable, data: Any, loss: Any, lengths: Any = None, missing: str = "refuse"
) -> Examples | None:
    """Examples of ``(x, target)`` or ``(x, target, sample_weight)``; None of None."""
    if data is None:
        if lengths is not None:
            raise OptionError("validation_lengths came without validation_data")
        return None
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise OptionError("validation_data must be (x, target) or (x, target, sample_weight)")
    weighting = Weighting(data[2] if len(data) == 3 else None, missing=missing)
    return examples(net, data[0], data[1], loss, lengths, weighting, "validation_data")


def judge(
    net: Trainable, data: Examples, batch_size: int, memory: str = "normal", metrics: Mapping[str, Metric] | None = None
) -> dict[str, float]:
    """The weighted mean loss and metrics over all rows and steps, without dropout; the same whatever the batch size."""
    engine = net.engine()
    sums: dict[str, list[np.floating]] = {name: [] for name in ("loss", *(metrics or {}))}
    weights = []
    for first in range(0, len(data), batch_size):
        rows = slice(first, first + batch_size)
        with np.errstate(all="ignore"):  # what is not finite is found and explained
            (y,), _ = engine.forward(net.arena, data.batch.rows(rows), How(memory), version=net.params.version)
        share = data.share(rows)
        used = share > 0
        target = np.where(used[..., None], data.target[rows], 0)
        values = {"loss": data.loss.values(y, target)}
        values |= {name: values_of(name, metric, y, target) for name, metric in (metrics or {}).items()}
        for name, value in values.items():
            sums[name].append(np.sum(np.sum(share * np.where(used, value, 0.0), axis=-1)))  # rows first
        weights.append(np.sum(np.sum(share, axis=-1)))
    means = {name: float(sum(parts) / sum(weights)) for name, parts in sums.items()}
    if data.loss.root:
        means["loss"] = float(np.sqrt(means["loss"]))
    return means


def evaluate(
    net: Trainable,
    x: np.typing.ArrayLike,
    target: np.typing.ArrayLike,
    loss: Any = "mse",
    *,
    batch_size: int = 256,
    lengths: np.typing.ArrayLike | None = None,
    sample_weight: np.typing.ArrayLike | None = None,
    class_weight: ClassWeight = None,
    missing: str = "refuse",
    metrics: Iterable[str | Metric] = (),
    memory: str = "normal",
) -> float | dict[str, float]:
    """The loss over a data set, without dropout and without training.

    Parameters
    ----------
    net : Network
        Whose predictions are judged.
    x, target, loss, lengths, sample_weight, class_weight, missing
        As for `elman.training.fit.fit`.
    batch_size : int, default 256
        Rows computed together; it does not change the result.
    metrics : iterable of str or function, optional
        See `elman.training.metrics`.
    memory : {"normal", "low"}, default "normal"
        As for `elman.training.fit.fit`.

    Returns
    -------
    float, or dict of str to float
        The weighted mean over rows and steps in use (its root for ``rmse``); with metrics ``{"loss": ...}`` and theirs.
    """
    weighting = Weighting(sample_weight, class_weight, missing)
    data, chosen = examples(net, x, target, loss, lengths, weighting), resolve_metrics(metrics)
    check_metrics(net, chosen)
    found = judge(net, data, whole(batch_size, "batch_size"), memory, chosen)
    if not np.isfinite(found["loss"]):
        net.check_results(net.engine().forward(net.arena, Batch.of(data.x[:1]), How(memory))[0][0])
        raise DataError(
            f"the loss is {found['loss']}, though inputs and parameters are finite: values have grown too large"
        )
    for name in chosen:
        check_value(name, found[name])
    return found if chosen else found["loss"]
