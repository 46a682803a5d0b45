"""Why a training cannot go on, in the user's terms."""

from __future__ import annotations

import numpy as np

from elman.training.state import Training


def explain(training: Training, rows: np.ndarray, key: int, loss: float) -> str:
    """Name what is not finite in an update of the given rows, and say what to do."""
    net, optimizer = training.net, training.optimizer
    rate = optimizer.rate(optimizer.updates)
    clip = "" if optimizer.clip_norm else "clip_norm=1.0 in the optimizer, "
    advice = (
        f"The weights are those before this update; try a learning rate below {rate:g}, {clip}"
        "or inputs and targets scaled to about 1"
    )
    bad = _first(net.arena)
    if bad is not None:
        return f"the parameter {net.where(bad)} has become {net.arena[bad]}. {advice}"
    what = f"the loss is {loss}" if not np.isfinite(loss) else _gradient(training, rows, key, loss)
    return f"{what}. {advice}"


def _gradient(training: Training, rows: np.ndarray, key: int, loss: float) -> str:
    """Compute the gradient again and name the first parameter where it is not finite."""
    with np.errstate(all="ignore"):
        found = training.gradient(rows, key)
    bad = _first(found)
    if bad is None:  # with states carried from batch to batch it cannot be computed again
        return "the gradient is not finite"
    return f"the gradient of {training.net.where(bad)} is {found[bad]}, though the loss is {loss:g}"


def _first(values: np.ndarray) -> int | None:
    """The first place that is not finite."""
    wrong = np.flatnonzero(~np.isfinite(values))
    return int(wrong[0]) if len(wrong) else None
