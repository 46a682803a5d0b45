"""A penalty on repetition: indices that came lately are drawn less often."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

REPETITION_WINDOW = 64  # by default


@dataclass(frozen=True)
class Repetition:
    """Divides a positive logit of an index that came lately by a penalty, and multiplies a negative one with it.

    Attributes
    ----------
    penalty : float
        1 changes nothing; below 1 repetition is likelier.
    window : int
        How many of the last indices count, those of the context among them.

    References
    ----------
    N. S. Keskar, B. McCann, L. R. Varshney, C. Xiong and R. Socher, CTRL: a conditional transformer language model for
    controllable generation, arXiv:1909.05858 (2019), of whose penalty this has the window beside.

    Examples
    --------
    >>> Repetition(2.0, window=2).of(np.array([[4.0, -1.0, 3.0]]), np.array([[2, 1, 0]])).tolist()
    [[2.0, -2.0, 3.0]]
    """

    penalty: float
    window: int

    def of(self, logits: np.ndarray, before: np.ndarray) -> np.ndarray:
        """Logits (B, V), where indices (B, n) came before; those of V or more, such as a start, have no logit."""
        count = logits.shape[1]
        lately = np.minimum(before[:, -self.window :], count)
        changed = np.pad(logits, ((0, 0), (0, 1)))
        found = np.take_along_axis(changed, lately, axis=1)
        np.put_along_axis(changed, lately, np.where(found > 0, found / self.penalty, found * self.penalty), axis=1)
        return changed[:, :count]
