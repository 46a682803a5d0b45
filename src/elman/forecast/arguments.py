"""What users hand to a forecaster, checked."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import numpy as np

from elman.checks import shown, whole
from elman.data.collection import Collection
from elman.data.times import positions
from elman.errors import DataError, OptionError
from elman.forecast.pointwise import as_level

MOST = 10**7  # of whatever is counted: steps, units, epochs
LARGEST = 1e300  # sums and differences of larger values leave float64


def within_reach(collection: Collection) -> Collection:
    """A collection, whose values are checked.

    Raises
    ------
    DataError
        If a value is so large that differences could leave float64.
    """
    with np.errstate(invalid="ignore"):
        wrong = np.abs(collection.values) > LARGEST
    if wrong.any():
        row = int(np.argmax(wrong))
        number = int(np.searchsorted(collection.borders, row, "right")) - 1
        raise DataError(
            f"series {collection.names[number]!r} is {collection.values[row]:g} at row "
            f"{row - collection.borders[number]}, beyond {LARGEST:g}, where sums overflow; give it in a larger unit"
        )
    return collection


def steps_behind(history: Collection, followed: Collection) -> np.ndarray:
    """How many steps each value of a series is behind another's end, 0 right behind; by times if both have some.

    Raises
    ------
    DataError
        If the times do not follow.
    """
    count = len(followed.values)
    before, after = history.times, followed.times
    if before is None or after is None or history.step is None or before.dtype.kind != after.dtype.kind:
        return np.arange(count)
    if after[0] <= before[-1]:
        written = history.notation.labels(np.array([after[0], before[-1]]))
        raise DataError(
            f"what followed starts at {written[0]}, and the series that was learnt ends at {written[1]}; expected "
            "later times: in a cross-validation give cv=TimeSeriesSplit(...), whose test parts lie behind"
        )
    return positions(np.append(before[-1:], after), history.step)[1:] - 1


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


def as_steps(number: Any) -> int:
    """A horizon of a forecast; data in its place is refused with where it belongs."""
    if isinstance(number, Sized) and getattr(number, "shape", None) != ():
        raise OptionError(
            f"horizon is {shown(number)}; expected a whole number of steps: predict(12). A forecaster goes on from the "
            "series that it learnt; give others by name: predict(data=...)"
        )
    return as_count(number, "horizon")


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
