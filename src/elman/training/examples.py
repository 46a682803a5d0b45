"""Examples: inputs and targets, checked and in the form that an engine takes; and the mean loss over them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from elman.checks import real
from elman.data.datasets import Dataset
from elman.engine.interface import Batch, How
from elman.errors import ElmanError, OptionError, ShapeError, prefixed
from elman.training.ends import End, for_each
from elman.training.finite import as_lengths, same_index
from elman.training.hashes import sample_of
from elman.training.loss import Loss
from elman.training.metrics import Metric, values_of
from elman.training.penalties import Penalty
from elman.training.protocol import Aim, Shares, Trainable
from elman.training.targets import as_numbers, prepare_target
from elman.training.weighing import UNWEIGHTED, Weighting, in_use


@dataclass(frozen=True)
class Judged:
    """Targets of one output of a network.

    Attributes
    ----------
    target : array (N, T, O') or (N, O')
    loss : Loss
        In the form that the targets ask for.
    width : int
        Features O' of a target.
    lengths : array (N,) or None
        Steps in use.
    weights : array (N,) or (N, T), or None
        Of each row, or of each step, in the loss.
    name : str
        Of the output; empty where it is the only one.
    share : float
        What this loss counts in the sum of all.
    """

    target: np.ndarray
    loss: Loss
    width: int
    lengths: np.ndarray | None = None
    weights: np.ndarray | None = None
    name: str = ""
    share: float = 1.0

    @property
    def aim(self) -> Aim:
        return Aim(self.loss, self.width, self.share)

    def counted(self, rows: Any) -> np.ndarray:
        """The weight of each value of some rows in the loss: (B, T), zero past a row's end, or (B,)."""
        shape = self.target[rows].shape[:-1]
        share = np.ones(shape) if self.weights is None else np.ones(shape) * _column(self.weights[rows], shape)
        return share if self.lengths is None else np.where(in_use(shape, self.lengths[rows]), share, 0.0)

    def counts(self, rows: np.ndarray) -> np.ndarray:
        """The sum of the weights of each row's steps (B,): what it counts in the loss of an epoch."""
        if self.weights is not None and self.weights.ndim == 2:
            return self.counted(rows).sum(axis=1)
        count = np.ones(len(rows)) if self.lengths is None or self.target.ndim == 2 else self.lengths[rows]
        return count * (1.0 if self.weights is None else self.weights[rows].astype(np.float64))

    def totals(self, rows: np.ndarray) -> np.ndarray:
        """The sum of the weights of each row's steps (B,), by which the loss of a batch is divided."""
        every_step = self.lengths is None and self.target.ndim == 3 and (self.weights is None or self.weights.ndim == 1)
        return self.counts(rows) * (self.target.shape[1] if every_step else 1)

    @property
    def alike(self) -> bool:
        """Whether all rows count alike."""
        return self.weights is None and self.lengths is None


@dataclass(frozen=True)
class Examples:
    """Rows to train on or to evaluate.

    Attributes
    ----------
    inputs : tuple of arrays (N, T, F) or (N, F)
        Of any strides.
    lengths : tuple of arrays (N,) or None
        Steps in use, of each time axis.
    judged : tuple of Judged
        The targets of each output.
    penalties : tuple of Judged
        What values of layers add to the loss of a training, of targets that are not looked at.
    """

    inputs: tuple[np.ndarray, ...]
    lengths: tuple[np.ndarray | None, ...]
    judged: tuple[Judged, ...]
    penalties: tuple[Judged, ...] = ()

    @functools.cached_property
    def batch(self) -> Batch:
        """All rows, as an engine takes them."""
        goals = (*self.judged, *self.penalties)
        return Batch(self.inputs, tuple(j.target for j in goals), self.lengths, tuple(j.weights for j in goals))

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays, by name."""
        found = {f"input {k}": x for k, x in enumerate(self.inputs)}
        found |= {f"target {j.name}".strip(): j.target for j in self.judged}
        found |= {f"length {k}": a for k, a in enumerate(self.lengths) if a is not None}
        return found | {f"weight {j.name}".strip(): j.weights for j in self.judged if j.weights is not None}

    @functools.cached_property
    def hashes(self) -> dict[str, bytes]:
        """A hash of each array."""
        return {name: sample_of(array) for name, array in self.arrays.items()}

    @functools.cached_property
    def aims(self) -> tuple[Aim, ...]:
        return tuple(j.aim for j in (*self.judged, *self.penalties))

    @property
    def root(self) -> bool:
        """Whether the loss is a square root."""
        return any(j.loss.root for j in self.judged)

    def __len__(self) -> int:
        return len(self.inputs[0])

    @property
    def sample(self) -> Examples:
        """What says what all rows are like."""
        return self

    def pieces(self, batch_size: int) -> Iterator[tuple[Examples, list[slice]]]:
        """All rows, and which of them are computed together."""
        yield self, [slice(first, first + batch_size) for first in range(0, len(self), batch_size)]


class Judgeable(Protocol):
    """Examples, or what gives them some at a time (`elman.training.feeds.Feed`)."""

    @property
    def sample(self) -> Examples: ...

    def pieces(self, batch_size: int) -> Iterator[tuple[Examples, list[slice]]]: ...


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
    loss_weights: Shares = None,
) -> Examples:
    """Check inputs and targets and bring them into an engine's form; `origin` names them in messages.

    Raises
    ------
    ShapeError, DataError, OptionError
        See `elman.training.fit.fit`.
    """
    try:
        return _examples(net, x, target, loss, lengths, weighting, loss_weights)
    except ElmanError as error:
        if not origin:
            raise
        raise prefixed(error, origin) from error


def _examples(
    net: Trainable, x: Any, target: Any, loss: Any, lengths: Any, weighting: Weighting, loss_weights: Any
) -> Examples:
    if isinstance(x, Dataset) or target is None:
        raise OptionError("a dataset, or batches, go with net.fit and net.evaluate: give arrays here, x and target")
    same_index(x, target)
    inputs, used = net.check_batch(x, lengths)
    ends = net.ends
    targets, losses = for_each(target, ends, "target"), for_each(loss, ends, "loss", alike=True)
    shares = [1.0] * len(ends) if loss_weights is None else for_each(loss_weights, ends, "loss_weights")
    weightings = weighting.for_each(ends)
    judged = tuple(_of(*each, inputs, used) for each in zip(ends, targets, losses, weightings, shares, strict=True))
    if (len(ends) > 1 or net.penalties) and any(j.loss.root for j in judged):
        more = "several outputs" if len(ends) > 1 else "a penalty on activities"
        raise OptionError(f"rmse is the root of the whole loss, and the network has {more}: train it with mse")
    return Examples(inputs, used, judged, tuple(_penalised(p, inputs, used) for p in net.penalties))


def _penalised(penalty: Penalty, inputs: tuple[np.ndarray, ...], used: tuple[np.ndarray | None, ...]) -> Judged:
    """A target of one feature for all rows and steps, which takes no memory."""
    end, rows = penalty.end, len(inputs[0])
    shape = (rows, end.steps(inputs), 1) if end.sequence_output else (rows, 1)
    lengths = used[end.axis] if end.sequence_output else None
    return Judged(np.broadcast_to(np.zeros(1, end.dtype), shape), penalty.loss, 1, lengths, None, end.name)


def _of(end: End, *rest: Any) -> Judged:
    """The targets of one output, which messages name where there are several."""
    try:
        return _judged(end, *rest)
    except ElmanError as error:
        if not end.name:
            raise
        raise prefixed(error, f"output {end.name}") from error


def _judged(
    end: End,
    target: Any,
    loss: Any,
    weighting: Weighting,
    share: Any,
    inputs: tuple[np.ndarray, ...],
    used: tuple[np.ndarray | None, ...],
) -> Judged:
    """The targets of one output."""
    target, N = as_numbers(target), len(inputs[0])
    rows, lengths = len(target) if target.ndim else 0, used[end.axis] if end.sequence_output else None
    if rows != N:
        raise ShapeError(f"x has {N} rows and target has {rows}; each row of x needs its target")
    target, there = weighting.without_missing(target, 2 if end.sequence_output else 1, lengths)
    chosen, target, width = prepare_target(end, loss, target, lengths)
    if end.sequence_output and target.shape[1] != end.steps(inputs):
        raise ShapeError(
            f"x has {end.steps(inputs)} time steps and target {target.shape[1]}; the network has an output for every "
            "step"
        )
    weights = weighting.weights(target, chosen, end.outputs, lengths, there, end.dtype)
    counts = real(share, f"the weight of the loss{f' of {end.name}' * bool(end.name)}", 0)
    return Judged(target, chosen, width, lengths, weights, end.name, counts)


def goals(end: End, target: Any, loss: Any, weighting: Weighting, lengths: Any) -> Judged:
    """Targets of the only output, of rows whose inputs are not there."""
    shape = np.shape(target)
    steps = shape[1] if end.sequence_output and len(shape) > 1 else 1
    used = as_lengths(lengths, shape[0] if shape else 0, steps) if end.sequence_output else None
    stand_in = np.broadcast_to(np.zeros(1, end.dtype), (len(target), steps, 1))  # takes no memory
    inputs, axes = (stand_in,) * (max(end.paced, 0) + 1), (used,) * (max(end.axis, 0) + 1)
    return _judged(end, target, loss, weighting, 1.0, inputs, axes)


def validation_examples(
    net: Trainable, data: Any, loss: Any, lengths: Any = None, missing: str = "refuse", loss_weights: Shares = None
) -> Examples | None:
    """Examples of ``(x, target)`` or ``(x, target, sample_weight)``; None of None."""
    if data is None:
        if lengths is not None:
            raise OptionError("validation_lengths came without validation_data")
        return None
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise OptionError("validation_data must be (x, target) or (x, target, sample_weight)")
    weighting = Weighting(data[2] if len(data) == 3 else None, missing=missing)
    return examples(net, data[0], data[1], loss, lengths, weighting, "validation_data", loss_weights)


def judge(
    net: Trainable,
    data: Judgeable,
    batch_size: int,
    memory: str = "normal",
    metrics: Mapping[str, Metric] | None = None,
) -> dict[str, float]:
    """The weighted mean loss and metrics over all rows and steps, without dropout; the same whatever the batch size."""
    found = [judged_sums(net, some, rows, memory, metrics or {}) for some, rows in data.pieces(batch_size)]
    return means(data.sample, np.concatenate(found), [*(metrics or {})])


def judged_sums(
    net: Trainable, data: Examples, pieces: Iterable[slice], memory: str, metrics: Mapping[str, Metric]
) -> np.ndarray:
    """Sums over some rows at a time, (pieces, outputs * (2 + metrics)): weights, losses and metrics of each output."""
    engine, how, found = net.engine(), How(memory), []
    for rows in pieces:
        with np.errstate(all="ignore"):  # what is not finite is found and explained
            outputs, _ = engine.forward(net.arena, data.batch.rows(rows), how, version=net.params.version)
        for judged, y in zip(data.judged, outputs, strict=True):
            share = judged.counted(rows)
            used = share > 0
            target = np.where(used[..., None], judged.target[rows], 0)
            values = [judged.loss.values(y, target)]
            values += [values_of(name, metric, y, target) for name, metric in metrics.items()]
            of_rows = [np.sum(a, axis=-1) for a in (share, *(share * np.where(used, v, 0.0) for v in values))]
            found += [np.sum(a) for a in of_rows]
    return np.array(found, np.float64).reshape(-1, len(data.judged) * (2 + len(metrics)))


def log_name(output: str, name: str) -> str:
    """What the loss or a metric of one of several outputs is called."""
    return f"{output}_{name}" if output else name


def means(data: Examples, sums: np.ndarray, metrics: list[str]) -> dict[str, float]:
    """The loss of all outputs, then those of each where there are several; from `judged_sums`, added in their order."""
    totals = np.array([sum(column) for column in sums.T]).reshape(len(data.judged), -1)
    found = {
        log_name(judged.name, name): float(value / weight)
        for judged, (weight, *values) in zip(data.judged, totals, strict=True)
        for name, value in zip(("loss", *metrics), values, strict=True)
    }
    total = sum(judged.share * found[log_name(judged.name, "loss")] for judged in data.judged)
    return {**found, "loss": float(np.sqrt(total)) if data.root else total}
