"""Calibration: a temperature that brings probabilities to how often they are right."""

from __future__ import annotations

import numpy as np

LOWEST, HIGHEST = 0.05, 20.0
HALVINGS = 60  # of an interval of logarithms: more digits than float64 has


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Logarithms of probabilities over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    found: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return found


def temperature_of(logits: np.ndarray, classes: np.ndarray, weights: np.ndarray | None = None) -> float | None:
    """The temperature T at which ``softmax(logits / T)`` makes the classes that came the most likely.

    The cross entropy is convex in 1 / T, so that halving an interval by the sign of its slope finds the lowest.

    Parameters
    ----------
    logits : ndarray, shape (N, C)
    classes : ndarray of int, shape (N,)
    weights : ndarray, shape (N,), optional

    Returns
    -------
    float or None
        Between 0.05 and 20; None where the class that came has the largest logit in every case: the lower T, the
        likelier they all are, and none is the best.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On calibration of modern neural networks, ICML 2017.

    Examples
    --------
    >>> logits = np.repeat([[3.0, 0.0]], 4, axis=0)
    >>> round(temperature_of(logits, np.array([0, 0, 0, 1])), 3)  # right three times of four: 3 / T = log(3)
    2.731
    >>> temperature_of(logits, np.array([0, 0, 0, 0])) is None
    True
    """
    counts = np.ones(len(classes)) if weights is None else weights
    best = logits[np.arange(len(classes)), classes] == logits.max(axis=1)
    if best[counts > 0].all():
        return None
    low, high = -np.log(HIGHEST), -np.log(LOWEST)  # of log(1 / T)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _slope(logits, classes, counts, np.exp(middle)) > 0 else (middle, high)
    return float(np.exp(-(low + high) / 2))


def _slope(logits: np.ndarray, classes: np.ndarray, weights: np.ndarray, inverse: float) -> float:
    """Of the cross entropy by 1 / T."""
    expected = (np.exp(log_softmax(logits * inverse)) * logits).sum(1)
    came = logits[np.arange(len(classes)), classes]
    return float((weights * (expected - came)).sum())
