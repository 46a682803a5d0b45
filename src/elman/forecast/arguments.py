"""What users hand to a forecaster, checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.cells import catalogue
from elman.checks import nearest, whole
from elman.data.index_times import index_times
from elman.data.series import Series
from elman.data.times import check_order, infer_step, positions
from elman.data.values import numbers_of
from elman.equations import Cell
from elman.errors import DataError, OptionError
from elman.forecast.pointwise import as_level
from elman.training.schedules import as_schedule

MOST = 10**7  # of whatever is counted: steps, units, epochs
LARGEST = 1e300  # sums and differences of larger values leave float64


def as_values(series: Any, what: str = "the series") -> np.ndarray:
    """A series as float64 values (n,): a copy.

    A pandas object with dates for its index is checked as a file is: in order, no date twice, none missing.

    Raises
    ------
    DataError
        If it is no series of finite numbers.
    """
    values = numbers_of(series.values if isinstance(series, Series) else series, what)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(
            f"expected one series of shape (n,), got shape {values.shape}; forecast one column at a time"
            f"{_as_a_column(series)}"
        )
    if len(values) == 0:
        raise DataError(f"{what} is empty")
    _check_dates(getattr(series, "index", None), what)
    _check_finite(values, what)
    return values


def _as_a_column(frame: Any) -> str:
    names = list(getattr(frame, "columns", ()))
    return f", as frame[{names[-1]!r}]" if names else ""


def as_histories(histories: Any) -> np.ndarray:
    """Several histories of one length as float64 values (B, n)."""
    values = numbers_of(histories, "the histories")
    if values.ndim != 2:
        raise DataError(f"expected histories of shape (B, n), got shape {values.shape}")
    for row, history in enumerate(values):
        _check_finite(history, f"history {row}")
    return values


def _check_finite(values: np.ndarray, what: str) -> None:
    wrong = ~(np.abs(values) <= LARGEST)
    if not wrong.any():
        return
    place = int(np.argmax(wrong))
    if np.isfinite(values[place]):
        raise DataError(
            f"{what} is {values[place]:g} at index {place}, beyond {LARGEST:g}, where sums overflow; "
            "give it in a larger unit"
        )
    raise DataError(
        f"{what} is {values[place]} at index {place} ({wrong.sum()} such values in all); "
        "fill gaps first, as elman.data.load_series(..., fill='linear') does"
    )


def _check_dates(index: Any, what: str) -> None:
    """Refuse an index of dates that is out of order, or has one twice or not at all."""
    found = index_times(index)
    if found is None or found.times.dtype.kind != "M":
        return
    times, written = found.times, found.notation.labels
    check_order(times, str(getattr(index, "name", None) or "index"), written=written)
    step = infer_step(times)
    place = positions(times, step)
    missing = int(place[-1]) + 1 - len(times)
    if missing:
        gap = int(np.argmax(np.diff(place) > 1))
        raise DataError(
            f"{what} lacks {missing} of the {int(place[-1]) + 1} times of its index, a value each {step}, the first "
            f"after {written(times[gap : gap + 1])[0]}. Fill them first, as series.asfreq(...).interpolate() does, "
            "or give series.to_numpy()"
        )


def refuse_target(y: Any, method: str) -> None:
    """Refuse a `y`: a series is its own target."""
    if y is not None:
        raise OptionError(
            f"{method} got y={type(y).__name__}, which it would ignore: a forecaster learns one series, the first "
            "argument, and its target is what follows in it. Leave y out"
        )


def as_count(number: Any, what: str, least: int = 1) -> int:
    """A whole number of at least `least`, and not absurdly many."""
    return whole(number, what, least, MOST)


def as_levels(given: Any) -> tuple[float, ...]:
    """Levels of intervals, in per cent: one, or several, each once."""
    several = given if isinstance(given, list | tuple | np.ndarray) else [given]
    levels = tuple(dict.fromkeys(as_level(one) for one in several))
    if not levels:
        raise OptionError("level is empty; expected probabilities in per cent, as 80, or None for the usual ones")
    return levels


def as_choice(value: Any, what: str) -> None:
    """Refuse what is neither yes, no, nor open."""
    if value is not None and not isinstance(value, bool | np.bool_):
        raise OptionError(f"{what} is {value!r}; expected True, False or None")


def as_cell(cell: Any) -> Cell:
    """A cell, or the built-in one of that name."""
    if isinstance(cell, Cell):
        return cell
    cells = catalogue()
    if not isinstance(cell, str) or cell not in cells:
        raise OptionError(f"there is no cell {cell!r}{nearest(cell, cells)}; there are {', '.join(sorted(cells))}")
    return cells[cell]


def check_rate(rate: Any) -> None:
    """Refuse a learning rate that teaches nothing.

    Raises
    ------
    OptionError
    """
    as_schedule(rate)
    if np.isscalar(rate) and rate == 0:
        raise OptionError(f"learning_rate is {rate!r}; expected a number above 0")
