"""Demand as rows of its network: what it reads, and what came, with the size that its means are in units of."""

from __future__ import annotations

import numpy as np

from elman.forecast.demand import Sizes
from elman.forecast.direct import UNKNOWN
from elman.forecast.rivals.histories import Histories
from elman.forecast.rows import (
    LONGEST,
    Rows,
    about_of,
    beside_of,
    counted_steps,
    has_beside,
    left,
    longer,
    pieces_of,
)

FARTHEST = 1e4  # of a demand in units of its series


def demand_rows(histories: Histories, sizes: Sizes, horizon: int, until: np.ndarray | int = 0) -> Rows:
    """All series but the last `until` values of each, as `elman.forecast.rows.training_rows` cuts them.

    Their target (B, T, 2 H) is the demand of the steps ahead, and the sizes of the same steps.
    """
    lengths = np.maximum(histories.lengths - until, 0)
    columns = np.arange(-histories.values.shape[1], 0)
    y, size = left(histories.values, until, lengths), left(sizes.at(columns), until, lengths)
    which, start = pieces_of(lengths)
    steps = np.arange(min(y.shape[1], LONGEST))
    used = np.minimum(lengths[which] - start, len(steps))
    places = np.minimum(start[:, None] + steps, y.shape[1] - 1)
    inside = steps < used[:, None]
    y, size = (np.where(inside, values[which[:, None], places], np.nan) for values in (y, size))
    known = np.isfinite(y)
    begun = np.cumsum(np.nan_to_num(y) > 0, axis=1) > 0  # before any demand there is no level to multiply
    told = (np.cumsum(known[:, ::-1], axis=1)[:, ::-1] - known > 0) & begun
    begin, end = counted_steps(which, start, lengths, horizon)
    own = (steps >= (begin - start)[:, None]) & (steps < (end - start)[:, None])
    target = np.concatenate([_windows(y, UNKNOWN, horizon), _windows(size, 1.0, horizon)], axis=2)
    rows = Rows(seen(y / size), about_of(histories, sizes)[which], used, target, (told & own).astype(np.float32))
    if not has_beside(histories) or not len(which):
        return rows
    ends = histories.lengths[which] - start - used
    found = longer(rows, beside_of(histories, which, ends, used, horizon), horizon)
    found.target[:, y.shape[1] :, horizon:] = 1.0  # a size, though nothing came, as slopes of the likelihood need one
    return found


def _windows(values: np.ndarray, otherwise: float, horizon: int) -> np.ndarray:
    """Of the steps ahead of each step, (B, T, H)."""
    padded = np.full((len(values), values.shape[1] + horizon), otherwise, np.float32)
    padded[:, : values.shape[1]] = np.where(np.isnan(values), otherwise, values)
    return np.lib.stride_tricks.sliding_window_view(padded, horizon, axis=1)[:, 1:]


def seen(x: np.ndarray) -> np.ndarray:
    """Rows of demand in its units (B, T), NaN where one is missing, as the network reads them, (B, T, 3)."""
    known = np.isfinite(x)
    whole = np.where(known, x, 0.0)
    age = np.broadcast_to(np.log(np.arange(1.0, x.shape[1] + 1)) - 3, x.shape)
    return np.stack([np.minimum(whole, FARTHEST), age, known], axis=2).astype(np.float32)
