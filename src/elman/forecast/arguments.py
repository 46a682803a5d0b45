"""What users hand to a forecaster, checked."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np

from elman.cells import catalogue
from elman.data.series import Series
from elman.equations import Cell
from elman.errors import DataError, OptionError

MOST = 10**7  # of whatever is counted: steps, units, epochs


def as_values(series: Any) -> np.ndarray:
    """A series as float64 values (n,).

    Raises
    ------
    DataError
        If it is no series of finite numbers.
    """
    given = series.values if isinstance(series, Series) else series
    try:
        values = np.array(given, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"the series holds something else than numbers: {error}") from error
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(f"expected one series of shape (n,), got shape {values.shape}; forecast one column at a time")
    if len(values) == 0:
        raise DataError("the series is empty")
    if not np.isfinite(values).all():
        place = int(np.argmin(np.isfinite(values)))
        raise DataError(
            f"the series is {values[place]} at index {place} ({np.sum(~np.isfinite(values))} such values in all); "
            "fill gaps first, as elman.data.load_series(..., fill='linear') does"
        )
    return values


def as_count(number: Any, what: str) -> int:
    """A whole number of at least 1, of a size that something can be done with."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        raise OptionError(f"{what} is {number!r}; expected a whole number of at least 1")
    if number > MOST:
        raise OptionError(f"{what} is {number}; expected {MOST} at most")
    return int(number)


def as_cell(cell: Any) -> Cell:
    """A cell, or the built-in one of that name."""
    if isinstance(cell, Cell):
        return cell
    cells = catalogue()
    if cell not in cells:
        near = difflib.get_close_matches(str(cell), cells, 1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise OptionError(f"there is no cell {cell!r}{hint}; there are {', '.join(sorted(cells))}")
    return cells[cell]
