"""Long lines for small pictures: of each stretch the ends of its range are kept, so that no peak is lost."""

from __future__ import annotations

import numpy as np

MOST = 1600  # values of a line that is drawn


def thinned(values: np.ndarray, most: int = MOST) -> np.ndarray:
    """Which values of a line to draw: all of few; of many the lowest and the highest of each stretch, and both ends.

    A gap is kept by one of its values, so that the line has it too.

    Parameters
    ----------
    values : ndarray, shape (N,)
        NaN where there is none.
    most : int

    Returns
    -------
    ndarray of int
        Rising.

    Examples
    --------
    >>> thinned(np.array([0.0, 9, 1, 2, -5, 3, 2, 1]), most=4).tolist()
    [0, 1, 4, 5, 7]
    """
    if len(values) <= most:
        return np.arange(len(values))
    known = np.isfinite(values)
    kept = {0, len(values) - 1}
    for stretch in np.array_split(np.arange(len(values)), max(most // 2, 1)):
        there = stretch[known[stretch]]
        if len(there):
            kept |= {int(there[values[there].argmin()]), int(there[values[there].argmax()])}
        if len(there) < len(stretch):
            kept.add(int(stretch[~known[stretch]][0]))
    return np.array(sorted(kept))
