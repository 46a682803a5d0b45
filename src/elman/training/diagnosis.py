"""Why a training cannot go on, in the user's terms."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.engine.culprits import Culprit, culprit
from elman.engine.interface import Batch, How
from elman.engine.reference import NumpyEngine
from elman.training.guarded import Failure
from elman.training.state import Training


def explain(training: Training, rows: np.ndarray, key: int, failure: Failure, carried: Any = None) -> str:
    """Name what is not finite in an update of the given rows, where it began, and say what to do."""
    net, optimizer = training.net, training.optimizer
    rate = optimizer.rate(optimizer.updates)
    clip = "" if optimizer.clip_norm else "clip_norm=1.0 in the optimizer, "
    advice = f"try a learning rate below {rate:g}, {clip}or inputs and targets scaled to about 1"
    bad = _first(net.arena)
    if bad is not None:
        return (
            f"the parameter {net.where(bad)} has become {net.arena[bad]} before this update, number {net.updates + 1}, "
            f"and the network is of no use: go on from one that was saved. Then {advice}"
        )
    said = (_of_batch if failure.array < 0 else _of_update)(training, rows, key, failure, carried)
    return f"{said}. The weights are those before this update, number {net.updates + 1}; {advice}"


def _of_update(training: Training, rows: np.ndarray, key: int, failure: Failure, carried: Any) -> str:
    """Loss and gradient are finite, and what the optimiser makes of them is not."""
    net, names = training.net, ["", *training.optimizer.state]
    name = names[failure.array] if failure.array < len(names) else ""
    if failure.array >= len(names):
        return f"a state that is carried to the next batch is {failure.value}, though the loss is {failure.loss:g}"
    gradient = _gradient_of(training, rows, key, carried)
    what = "" if not name else f"{name}, which {type(training.optimizer).__name__} remembers, of "
    return (
        f"the update would make {what}the parameter {net.where(failure.place)} {failure.value}, from a gradient of "
        f"{gradient[failure.place]:.4g}, though the loss is {failure.loss:g}"
    )


def _of_batch(training: Training, rows: np.ndarray, key: int, failure: Failure, carried: Any) -> str:
    """The loss or the gradient is not finite."""
    if not np.isfinite(failure.loss):
        what = f"the loss is {failure.loss}"
    else:
        gradient = _gradient_of(training, rows, key, carried)
        bad = _first(gradient)
        where = "" if bad is None else f" of {training.net.where(bad)} is {gradient[bad]}"
        what = f"the gradient{where or ' is not finite'}, though the loss is {failure.loss:g}"
    batch = training.data.batch.rows(rows, states=carried, key=key)
    found = _culprit(training, batch) if training.has_all_rows else None
    return f"{what}{'' if found is None else _words(training, found, rows, batch)}"


def _culprit(training: Training, batch: Batch) -> Culprit | None:
    plan, net = training.net.trainer(training.data.aims).plan, training.net
    try:
        return culprit(plan, net.dtype, getattr(net, "products", None), np.array(net.arena), batch, training.how)
    except Exception:  # what went wrong in the training is to be told, whatever goes wrong in looking for its cause
        return None


def _words(training: Training, found: Culprit, rows: np.ndarray, batch: Batch) -> str:
    whose = "the loss" if found.layer == "loss" else f"layer {found.layer}"
    name = f"{found.name} ({found.op})" if found.name and found.name != found.op else found.op
    step = "" if found.step is None else f"step {found.step} of "
    way = " on the way back" if found.back else ""
    return (
        f": first, {name} of {whose} became {found.value}{way}, at {step}row {rows[found.row]}, feature {found.feature}"
        f"{_in_double(training, batch)}"
    )


def _in_double(training: Training, batch: Batch) -> str:
    """Whether numbers of 64 bits would have room for it."""
    net = training.net
    if net.dtype != np.float32:
        return ""
    plan = net.trainer(training.data.aims).plan
    wide = Batch(
        tuple(map(_wide, batch.inputs)),
        tuple(map(_wide, batch.targets)),
        batch.lengths,
        batch.weights,
        None if batch.states is None else [_wide(state) for state in batch.states],
        key=batch.key,
    )
    try:
        with np.errstate(all="ignore"):
            found = NumpyEngine(plan, np.float64).gradients(_wide(net.arena), wide, How())
    except Exception:  # as above
        return ""
    if not np.isfinite(found.loss) or _first(found.parameters) is not None:
        return ""
    return f" (beyond float32, which ends at 3.4e+38: with dtype='float64' the loss is {found.loss:.4g})"


def _wide(array: np.ndarray) -> np.ndarray:
    return np.asarray(array).astype(np.float64) if array.dtype.kind == "f" else array


def _gradient_of(training: Training, rows: np.ndarray, key: int, carried: Any) -> np.ndarray:
    with np.errstate(all="ignore"):
        return training.gradient(rows, key, carried)


def _first(values: np.ndarray) -> int | None:
    """The first place that is not finite."""
    wrong = np.flatnonzero(~np.isfinite(values))
    return int(wrong[0]) if len(wrong) else None
