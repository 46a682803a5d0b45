"""A text as parallel streams, cut into windows that follow one another."""

from __future__ import annotations

import numpy as np

from elman import checks
from elman.errors import DataError


def parallel_streams(numbers: np.ndarray, streams: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows for training with states that are carried from batch to batch.

    The text is cut into `streams` parts of equal length, side by side; batch k holds the k-th window of each, so that
    its states go on where those of batch k - 1 ended. What is left over at the end is not used.

    Parameters
    ----------
    numbers : array of int, shape (n,)
        The text.
    streams : int
        Rows B of a batch.
    steps : int
        Steps T of a window.

    Returns
    -------
    x, target : ndarray of int, shape (K B, T)
        Rows of batch after batch; the target is the character behind each one of x.

    Examples
    --------
    >>> x, target = parallel_streams(np.arange(13), streams=2, steps=3)
    >>> x.tolist()
    [[0, 1, 2], [6, 7, 8], [3, 4, 5], [9, 10, 11]]
    """
    streams, steps = checks.whole(streams, "streams"), checks.whole(steps, "steps")
    checks.floats(numbers, "numbers")  # refuses what is no array
    numbers = np.asarray(numbers)
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu":
        raise DataError(f"numbers must be an array of whole numbers (n,), got {checks.shown(numbers)}")
    windows = (len(numbers) - 1) // (streams * steps)
    if windows < 1:
        raise DataError(
            f"the text has {len(numbers)} characters; {streams} streams of windows of {steps} steps need at least "
            f"{streams * steps + 1}. Give a longer text, or fewer streams or steps"
        )
    used = streams * windows * steps
    pair = (numbers[first : first + used].reshape(streams, windows, steps) for first in (0, 1))
    x, target = (part.swapaxes(0, 1).reshape(-1, steps) for part in pair)
    return x, target
