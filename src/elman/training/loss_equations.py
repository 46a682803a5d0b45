"""The equations of losses, one value a row (of distributions in `likelihoods`, of quantiles in `quantiles`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.checks import is_number, real
from elman.equations import cell, clip, log_softmax, mean, pick, softplus, square
from elman.equations import sum as total
from elman.errors import OptionError


@cell(inputs=2)
def mse(p, y, target):
    """The mean squared error; its minimiser is the mean. Large errors weigh most."""
    return mean(square(y - target))


@cell(inputs=2)
def mae(p, y, target):
    """The mean absolute error; its minimiser is the median. Robust against outliers."""
    return mean(abs(y - target))


@cell(inputs=2)
def huber(p, y, target, *, delta=1.0):
    """Half the squared error up to ``delta``, linear beyond: smooth at zero, robust against outliers.

    Reference: P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35 (1964).
    """
    if not is_number(delta) or not 0 < delta < np.inf:
        raise OptionError(f"huber: delta is {delta!r}; expected a number above 0")
    error, delta = abs(y - target), float(delta)
    near = clip(error, 0.0, delta)
    return mean(near * (error - 0.5 * near))


def _smoothing(value: Any, name: str) -> float:
    """The share of a target that label smoothing gives to all classes alike (Szegedy et al., CVPR 2016, section 7)."""
    return real(value, f"{name}: smoothing", 0, 1, from_low=True)


def _smoothed(likelihood: Any, logs: Any, smoothing: float) -> Any:
    """Minus the log likelihood of targets of which a share is spread over all classes evenly."""
    return -(((1 - smoothing) * likelihood + smoothing * mean(logs)) if smoothing else likelihood)


@cell(inputs=2)
def softmax_cross_entropy(p, y, target, *, smoothing=0.0):
    """Minus the log likelihood of a distribution over classes (one-hot or probabilities); ``y`` are logits.

    With K classes and `smoothing` s the distribution is ``(1 - s) target + s / K``, as in PyTorch and Keras.
    """
    logs = log_softmax(y)
    return _smoothed(total(target * logs), logs, _smoothing(smoothing, "softmax_cross_entropy"))


@cell(inputs=2)
def class_cross_entropy(p, y, target, *, smoothing=0.0):
    """Minus the log likelihood of a class given by its index; ``y`` are logits."""
    logs = log_softmax(y)
    return _smoothed(pick(logs, target), logs, _smoothing(smoothing, "softmax_cross_entropy"))


@cell(inputs=2)
def binary_cross_entropy(p, y, target, *, smoothing=0.0):
    """Minus the log likelihood of yes/no labels in 0..1, the mean over the features; ``y`` are logits.

    ``softplus(y) - y target`` is ``-target log(s) - (1 - target) log(1 - s)``, ``s = sigmoid(y)``, without overflow.
    With `smoothing` e the labels are ``(1 - e) target + e / 2``, as in Keras.
    """
    share = _smoothing(smoothing, "binary_cross_entropy")
    return mean(softplus(y) - y * ((1 - share) * target + 0.5 * share if share else target))
