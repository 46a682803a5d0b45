"""Inputs that the calendar gives: the time of day, the weekday, the time of year, holidays, gaps between times."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.checks import nearest
from elman.data.steps import DAY, Step
from elman.errors import DataError, OptionError

_WEEK = 7 * DAY
_YEAR = 365.2425


def calendar(times: np.ndarray, step: Step, holidays: Any = None) -> tuple[tuple[str, ...], np.ndarray]:
    """What the calendar says of times, as inputs of a network.

    For each cycle of length P that times so far apart can show: ``sin(2 pi t / P), cos(2 pi t / P)``, with t the time
    since the cycle began: the day for steps below it, the week for steps below that, the year for steps below that.

    Parameters
    ----------
    times : ndarray, shape (n,)
        datetime64, as the clock on the wall shows them.
    step : Step
        How they follow one another.
    holidays : str, collection of dates, or mapping, optional
        A country as ``"DE"``, with a subdivision as ``"DE-BY"``, whose holidays the library `holidays` knows; or the
        dates themselves.

    Returns
    -------
    names : tuple of str, length F
    values : ndarray, shape (n, F)
        float64, from -1 to 1; of holidays 0 or 1.

    Raises
    ------
    OptionError
        If holidays of a country are asked for and the library is not installed, or does not know the country.
    DataError
        If holidays are asked for of times that are numbers.

    Examples
    --------
    >>> days = np.array(["2024-12-24", "2024-12-25"], "datetime64[us]")
    >>> names, values = calendar(days, Step("time", DAY), holidays=["2024-12-25"])
    >>> names, values[:, -1]
    (('week sin', 'week cos', 'year sin', 'year cos', 'holiday'), array([0., 1.]))
    """
    if times.dtype.kind != "M":
        if holidays is not None:
            raise DataError("holidays need dates, but the times are numbers")
        return (), np.zeros((len(times), 0))
    columns: dict[str, np.ndarray] = {}
    for name, phase in _phases(times.astype("datetime64[us]"), step).items():
        columns |= {f"{name} sin": np.sin(2 * np.pi * phase), f"{name} cos": np.cos(2 * np.pi * phase)}
    if holidays is not None:
        columns["holiday"] = on_holidays(times, holidays).astype(np.float64)
    return tuple(columns), np.column_stack(list(columns.values())) if columns else np.zeros((len(times), 0))


def _phases(times: np.ndarray, step: Step) -> dict[str, np.ndarray]:
    """How far each cycle has gone, from 0 to 1; those in which there are two times at least."""
    days = times.astype("datetime64[D]")
    clock = (times - days).astype(np.int64) / DAY
    weekday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    length = {"months": 30 * DAY, "weekdays": DAY, "time": 1, "number": 0}[step.unit] * step.size
    found = {}
    if length <= DAY / 2:
        found["day"] = clock
    if length <= _WEEK / 2:
        found["week"] = (weekday + clock) / 7
    if length <= _YEAR / 2 * DAY:
        found["year"] = _of_year(times, days, step)
    return found


def _of_year(times: np.ndarray, days: np.ndarray, step: Step) -> np.ndarray:
    """By months where the step counts them, so that a month is where it was a year before; else by days."""
    years = days.astype("datetime64[Y]")
    if step.unit == "months":
        return (days.astype("datetime64[M]") - years.astype("datetime64[M]")).astype(np.int64) / 12
    start, after = years.astype("datetime64[us]"), (years + 1).astype("datetime64[us]")
    return (times - start).astype(np.int64) / (after - start).astype(np.int64)


def on_holidays(times: np.ndarray, holidays: Any) -> np.ndarray:
    """Whether each time is on a holiday of a country, or one of some dates, shape (n,)."""
    days = times.astype("datetime64[D]")
    if not isinstance(holidays, str):
        return np.isin(days, _dates(holidays))
    years = np.unique(days.astype("datetime64[Y]").astype(np.int64) + 1970)
    return np.isin(days, np.array(sorted(of_country(holidays, years.tolist())), "datetime64[D]"))


def _dates(holidays: Any) -> np.ndarray:
    try:
        return np.array([str(day)[:10] for day in holidays], "datetime64[D]")
    except (TypeError, ValueError) as error:
        raise OptionError(f"holidays are {holidays!r}; expected a country as 'DE', or dates as '2024-12-25'") from error


def of_country(code: str, years: list[int]) -> list[Any]:
    """Dates of holidays of a country.

    Raises
    ------
    OptionError
        If the library `holidays` is not installed, or does not know the country.
    """
    try:
        import holidays
    except ImportError as error:
        raise OptionError(
            f"holidays of {code!r} need the library `holidays`: pip install elman[holidays], or give dates themselves"
        ) from error
    country, _, part = code.partition("-")
    known = holidays.list_supported_countries()
    if country not in known:
        raise OptionError(f"there are no holidays of {code!r}{nearest(country, known)}; expected a country as 'DE'")
    if part and part not in known[country]:
        raise OptionError(
            f"there are no holidays of {code!r}{nearest(part, known[country])}; parts of {country} are "
            f"{', '.join(known[country]) or 'not known'}"
        )
    return list(holidays.country_holidays(country, subdiv=part or None, years=years))


def log_gaps(times: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """How long before each time the last one was: ``log(gap / median gap)``, 0 at the start of a series.

    Parameters
    ----------
    times : ndarray, shape (N,)
        Increasing in each series.
    borders : ndarray of int, shape (S + 1,)
        Of the series.

    Returns
    -------
    ndarray, shape (N,)

    Examples
    --------
    >>> log_gaps(np.array([0.0, 1.0, 2.0, 4.0]), np.array([0, 4])).round(3)
    array([0.   , 0.   , 0.   , 0.693])
    """
    numbers = times.astype(np.int64) if times.dtype.kind == "M" else times
    apart = np.diff(numbers, prepend=numbers[:1]).astype(np.float64)
    inside = np.ones(len(apart), bool)
    inside[borders[:-1]] = False
    found = np.zeros(len(apart))
    if inside.any():
        found[inside] = np.log(apart[inside] / np.median(apart[inside]))
    return found
