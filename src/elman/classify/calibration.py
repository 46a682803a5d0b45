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


def temperature_of(logits: np.ndarray, classes: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The temperature T at which ``softmax(logits / T)`` makes the classes that came the most likely.

    The cross entropy is convex in 1 / T, so that halving an interval by the sign of its slope finds the lowest.

    Parameters
    ----------
    logits : ndarray, shape (N, C)
    classes : ndarray of int, shape (N,)
    weights : ndarray, shape (N,), optional

    Returns
    -------
    float
        Between 0.05 and 20; 1 where every class that came is the likeliest already: the lower the temperature the more
        likely they are then, without an end, which would make others impossible that only did not come.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On calibration of modern neural networks, ICML 2017.

    Examples
    --------
    >>> logits = np.repeat([[3.0, 0.0]], 4, axis=0)
    >>> round(temperature_of(logits, np.array([0, 0, 0, 1])), 3)  # right three times of four: 3 / T = log(3)
    2.731
    >>> temperature_of(logits, np.array([0, 0, 0, 0]))
    1.0
    """
    counts = np.ones(len(classes)) if weights is None else weights
    if not _mistaken(logits, classes, counts):
        return 1.0
    low, high = -np.log(HIGHEST), -np.log(LOWEST)  # of log(1 / T)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _slope(logits, classes, counts, np.exp(middle)) > 0 else (middle, high)
    return float(np.exp(-(low + high) / 2))


def _mistaken(logits: np.ndarray, classes: np.ndarray, weights: np.ndarray) -> bool:
    """Whether a class that came and counts is not the likeliest."""
    came = logits[np.arange(len(classes)), classes]
    return bool(((came < logits.max(1)) & (weights > 0)).any())


def _slope(logits: np.ndarray, classes: np.ndarray, weights: np.ndarray, inverse: float) -> float:
    """Of the cross entropy by 1 / T."""
    expected = (np.exp(log_softmax(logits * inverse)) * logits).sum(1)
    came = logits[np.arange(len(classes)), classes]
    return float((weights * (expected - came)).sum())
