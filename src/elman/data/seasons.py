"""Lengths of seasons that the step of times suggests."""

from __future__ import annotations

from elman.data.steps import DAY, SECOND, Step

_HOUR, _WEEK = 3600 * SECOND, 7 * DAY


def seasons_of(step: Step | None) -> tuple[int, ...]:
    """Steps of the day, the week and the year, those that times so far apart can show, the shortest first.

    Parameters
    ----------
    step : Step or None
        None where nothing is known of the times.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> seasons_of(Step("months", 1)), seasons_of(Step("time", DAY)), seasons_of(Step("time", 3_600_000_000))
    ((12,), (7, 365), (24, 168))
    """
    if step is None or step.unit == "number" or step.size <= 0:
        return ()
    if step.unit == "months":
        return _whole(12 / step.size)
    if step.unit == "weekdays":
        return _whole(5 / step.size)
    if step.size < DAY:
        return (*_whole(DAY / step.size), *_whole(_WEEK / step.size))
    if step.size == DAY:
        return (7, 365)
    weeks = step.size / _WEEK
    return (round(52 / weeks),) if weeks == round(weeks) and 52 / weeks >= 2 else _whole(_WEEK / step.size)


def _whole(steps: float) -> tuple[int, ...]:
    """A season of at least two steps, if it is a whole number of them."""
    return (round(steps),) if steps >= 2 and steps == round(steps) else ()
