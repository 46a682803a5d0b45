"""A text as parallel streams, cut into windows that follow one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman import checks
from elman.data.names import counted
from elman.errors import DataError
from elman.language.numbers import Numbers

FEWEST, MOST, TOKENS_A_STREAM = 8, 32, 20_000


@dataclass(frozen=True)
class Windows:
    """Windows for training with states that are carried from batch to batch.

    The text is cut into `streams` parts of equal length, side by side; batch k holds the k-th window of each, so that
    its states go on where those of batch k - 1 ended. What is left over is not used; `shift` says
    at which end it lies.

    Attributes
    ----------
    numbers : Numbers
        Of the text's tokens.
    streams, steps : int
        Rows B of a batch, and steps T of a window.
    """

    numbers: Numbers
    streams: int
    steps: int

    def __post_init__(self) -> None:
        if self.batches < 1:
            windows = f"{counted(self.streams, 'streams')} of windows of {counted(self.steps, 'steps')}"
            raise DataError(
                f"the text has {counted(len(self.numbers), 'tokens')} to learn from; {windows} need at least "
                f"{self.streams * self.steps + 1}. Give a longer text, or fewer streams or steps"
            )

    @property
    def batches(self) -> int:
        """How many batches K there are."""
        return (len(self.numbers) - 1) // (self.streams * self.steps)

    @property
    def left_over(self) -> int:
        """How many tokens are not used: `shift` is at most so large."""
        return len(self.numbers) - 1 - self.batches * self.streams * self.steps

    def some(self, first: int, count: int, shift: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Batches from `first` on: x and the tokens behind each of x, (count B, T) each."""
        apart, size = self.batches * self.steps, count * self.steps
        places = shift + first * self.steps + apart * np.arange(self.streams)
        rows = np.stack([self.numbers.read(int(place), size + 1) for place in places])
        pair = (rows[:, k : k + size].reshape(self.streams, count, self.steps) for k in (0, 1))
        x, target = (part.swapaxes(0, 1).reshape(-1, self.steps) for part in pair)
        return x, target


def usual_streams(tokens: int, steps: int) -> int:
    """How many streams go well with a text of so many tokens: fewer of a short one, so that there are more updates."""
    least = min(FEWEST, max((tokens - 1) // steps, 1))
    return min(max(tokens // TOKENS_A_STREAM, least), MOST)


def parallel_streams(numbers: np.ndarray, streams: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """All windows of a text; see `Windows`.

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
        Rows of batch after batch; the target is the token behind each one of x.

    Examples
    --------
    >>> x, target = parallel_streams(np.arange(13), streams=2, steps=3)
    >>> x.tolist()
    [[0, 1, 2], [6, 7, 8], [3, 4, 5], [9, 10, 11]]
    """
    streams, steps = checks.whole(streams, "streams"), checks.whole(steps, "steps")
    checks.floats(numbers, "numbers")  # refuses what is no array
    numbers = np.asarray(numbers)
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or (len(numbers) and numbers.min() < 0):
        raise DataError(f"numbers must be an array of whole numbers (n,), at least 0, got {checks.shown(numbers)}")
    windows = Windows(Numbers.of([numbers], int(numbers.max(initial=0)) + 1), streams, steps)
    return windows.some(0, windows.batches)
