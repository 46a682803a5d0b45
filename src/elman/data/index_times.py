"""The index of a pandas object as times, by the same rules as a column of a file."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.data.dates.notation import Notation
from elman.data.read_times import ReadTimes, read_times, typed_times
from elman.errors import DataError


def index_times(index: Any) -> ReadTimes | None:
    """Times of an index of dates, periods or numbers; None where it holds names, or is no index.

    Dates with a zone keep its clock, periods of quarters, months and years are written as pandas writes them.

    Parameters
    ----------
    index : pandas Index
        Or what behaves like it; of other objects `index` may be anything, a method for lists.

    Examples
    --------
    >>> import pandas as pd
    >>> found = index_times(pd.period_range("2001Q1", periods=3, freq="Q"))
    >>> found.notation.labels(found.times)
    ['2001Q1', '2001Q2', '2001Q3']
    """
    if not hasattr(index, "to_numpy"):
        return None
    if hasattr(index, "to_timestamp"):
        return _periods(index)
    zone = getattr(index, "tz", None)
    if zone is not None:
        return typed_times(index.tz_convert("UTC").tz_localize(None).to_numpy(), zone=str(zone))
    times = index.to_numpy()
    if times.dtype.kind == "M":
        return typed_times(times)
    return ReadTimes(times.astype(np.float64), Notation()) if times.dtype.kind in "fiu" else None


def _periods(index: Any) -> ReadTimes:
    starts = typed_times(index.to_timestamp().to_numpy())
    try:
        written = read_times([str(period) for period in index], "index")
    except DataError:  # a week is written as its two ends
        return starts
    return ReadTimes(starts.times, written.notation) if np.array_equal(written.times, starts.times) else starts
