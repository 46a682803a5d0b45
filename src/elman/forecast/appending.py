"""New values behind the ends of series that were learnt, as a stream brings them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.checks import is_number, shown
from elman.data.collecting import collect
from elman.data.collection import Ahead, Collection
from elman.data.covariates import Covariate
from elman.data.names import counted, listed
from elman.data.steps import positions
from elman.data.times import extend_all
from elman.data.values import numbers_of
from elman.errors import DataError, OptionError

_LOOSE = (list, tuple, np.ndarray)


@dataclass(frozen=True)
class News:
    """Values that are new, N of them.

    Attributes
    ----------
    series : ndarray of int, shape (N,)
        Whose each is, in order.
    steps : ndarray of int, shape (N,)
        How many steps behind the end of its series, 0 right behind; increasing in each series.
    values : ndarray, shape (N,)
        NaN where one is missing, though not at the last of a series.
    times : ndarray, shape (N,), or None
    beside : dict of str to Covariate, each (N,)
        Covariates of the same steps.
    ahead : dict of int to dict of str to Covariate
        By series, what is known of the steps behind the new values.
    """

    series: np.ndarray
    steps: np.ndarray
    values: np.ndarray
    times: np.ndarray | None
    beside: Mapping[str, Covariate]
    ahead: Mapping[int, Mapping[str, Covariate]]


def appended(learnt: Collection, data: Any, columns: Mapping[str, Any]) -> tuple[Collection, int]:
    """Series with new values behind their ends, and by how many steps the one that grew most is longer.

    Parameters
    ----------
    learnt : Collection
        The series.
    data
        As for `elman.forecast.Forecaster.append`.
    columns : dict
        Of `elman.data.collect`, for data with columns; those that are None are as they were in what was learnt.

    Raises
    ------
    DataError
        If the values do not follow, or a series is not known.
    """
    if isinstance(data, _LOOSE) or is_number(data):
        news = _in_order(learnt, _by_number(learnt, data))
    elif isinstance(data, Mapping) and set(data) <= set(learnt.names) and learnt.form.kind != "long":
        news = _in_order(learnt, {learnt.number(name): numbers_of(v, f"{name!r}") for name, v in data.items()})
    else:
        news = _of_times(learnt, collect(data, **_columns_of(learnt, columns)))
    more = np.zeros(len(learnt), np.int64)
    np.maximum.at(more, news.series, news.steps + 1)
    return _grown(learnt, news, more), int(more.max(initial=0))


def unlike_appended(learnt: Collection, new: Collection) -> tuple[str, ...]:
    """A note where series that are to stand in place of those learnt begin behind them all."""
    before, after = learnt.times, new.times
    if before is None or after is None or before.dtype.kind != after.dtype.kind or not after.min() > before.max():
        return ()
    return (
        "these values begin behind all that were learnt, which are forgotten now; append(data) would go on from both",
    )


def _columns_of(learnt: Collection, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns as they were in what was learnt, where users do not say."""
    form, found = learnt.form, {name: value for name, value in columns.items() if value is not None}
    if form.kind in ("long", "wide", "file", "column") and not form.indexed and learnt.times is not None:
        found.setdefault("time", form.time)
    if form.kind in ("long", "file"):
        found.setdefault("target", form.target)
        found.setdefault("group", list(form.group) or None)
    return found | {"past": list(learnt.past) or None, "future": list(learnt.future) or None}


def _by_number(learnt: Collection, data: Any) -> dict[int, np.ndarray]:
    """Values of arrays, by the number of their series."""
    several = not is_number(data) and len(data) > 0 and not is_number(data[0]) and np.ndim(data[0]) > 0
    rows = [numbers_of(row, "what is appended") for row in (data if several else [np.atleast_1d(data)])]
    if not several and len(learnt) > 1 and len(rows[0]) == len(learnt):
        rows = list(rows[0][:, None])  # the next value of each
    if len(rows) != len(learnt):
        raise DataError(
            f"append got values of {counted(len(rows), 'series')}, and there are {len(learnt)}; give a row each, or a "
            "dict by name"
        )
    return dict(enumerate(rows))


def _in_order(learnt: Collection, by_number: Mapping[int, np.ndarray]) -> News:
    """Values right behind the ends, one each step."""
    if learnt.past:
        raise OptionError(
            f"covariates were learnt ({listed(learnt.past, 3)}), and arrays do not tell them; append a table with them"
        )
    for number, values in by_number.items():
        if values.ndim != 1 or np.isinf(values).any():
            raise DataError(
                f"append got {shown(values)} for {learnt.names[number]!r}; expected finite numbers in a row"
            )
        if len(values) and np.isnan(values[-1]):
            raise DataError(
                f"what follows {learnt.names[number]!r} ends with a missing value; append it with the next known one"
            )
    sizes = [len(values) for values in by_number.values()]
    series = np.repeat(np.array(list(by_number), np.int64), sizes)
    steps = np.concatenate([np.arange(n) for n in sizes]) if sizes else np.empty(0, np.int64)
    values = np.concatenate(list(by_number.values())) if sizes else np.empty(0)
    return News(series, steps, values, None, {}, {})


def _of_times(learnt: Collection, new: Collection) -> News:
    """Values at their times."""
    strange = [name for name in new.names if name not in learnt.names]
    if len(learnt) == len(new) == 1 and not new.form.group:
        strange = []
    if strange:
        raise DataError(
            f"append got the series {shown(strange[0])}, which was not learnt; there are {listed(learnt.names, 3)}. "
            "update(data) goes on from other series"
        )
    if learnt.times is None or learnt.step is None or new.times is None:
        raise DataError(
            "the series have no times, or what is appended has none; append arrays, or a dict of them by name"
        )
    if new.times.dtype.kind != learnt.times.dtype.kind:
        raise DataError(
            f"times of what is appended are {new.times.dtype}, and those that were learnt {learnt.times.dtype}"
        )
    numbers = np.array([0] if len(new) == len(learnt) == 1 else [learnt.number(name) for name in new.names])
    series = np.repeat(numbers, new.lengths)
    last = learnt.times[learnt.borders[1:] - 1]
    _check_later(learnt, new.times, series, last)
    _check_weekdays(learnt, new.times)
    starts = new.borders[:-1]
    joined = np.insert(new.times, starts, last[numbers])
    borders = new.borders + np.arange(len(new) + 1)
    steps = np.delete(positions(joined, learnt.step, borders), borders[:-1]) - 1
    used = np.isfinite(new.values) | _told(new)
    beside = {name: c.with_values(c.values[used]) for name, c in {**new.past, **new.future}.items()}
    found = News(series[used], steps[used], new.values[used], new.times[used], beside, _ahead_of(new, numbers))
    again = (np.diff(found.steps) <= 0) & (np.diff(found.series) == 0)
    if again.any() or (found.steps < 0).any():
        row = int(np.argmax(again)) + 1 if again.any() else int(np.argmax(found.steps < 0))
        written = learnt.notation.labels(found.times[row : row + 1])[0]  # type: ignore[index]
        raise DataError(f"what is appended at {written} is less than a step ({learnt.step}) behind the value before it")
    return found


def _told(new: Collection) -> np.ndarray:
    """Where any covariate is known."""
    found = np.zeros(len(new.values), bool)
    for covariate in (*new.past.values(), *new.future.values()):
        found |= ~covariate.absent
    return found


def _check_later(learnt: Collection, times: np.ndarray, series: np.ndarray, last: np.ndarray) -> None:
    early = times <= last[series]
    if early.any():
        row = int(np.argmax(early))
        written = learnt.notation.labels(np.array([times[row], last[series[row]]]))
        raise DataError(
            f"what is appended to {learnt.names[series[row]]!r} starts at {written[0]}, and the series ends at "
            f"{written[1]}; expected later times. update(data) takes series that were corrected"
        )


def _check_weekdays(learnt: Collection, times: np.ndarray) -> None:
    if learnt.step is None or learnt.step.unit != "weekdays":
        return
    weekend = ~np.is_busday(times.astype("datetime64[D]"))
    if weekend.any():
        written = learnt.notation.labels(times[weekend][:1])[0]
        raise DataError(
            f"what is appended at {written} is of a weekend, and the series goes from weekday to weekday; leave such "
            "rows out, or learn all anew by fit(data)"
        )


def _ahead_of(new: Collection, numbers: np.ndarray) -> dict[int, dict[str, Covariate]]:
    if new.ahead is None:
        return {}
    borders = new.ahead.borders
    return {
        int(number): {
            name: c.with_values(c.values[borders[k] : borders[k + 1]]) for name, c in new.ahead.future.items()
        }
        for k, number in enumerate(numbers)
        if borders[k + 1] > borders[k]
    }


def _grown(learnt: Collection, news: News, more: np.ndarray) -> Collection:
    """Series that are longer by so many steps each (S,)."""
    learnt = _with_categories(learnt, news)
    lengths = learnt.lengths
    borders = np.concatenate([[0], np.cumsum(lengths + more)])
    old = np.arange(len(learnt.values)) + np.repeat(np.cumsum(more) - more, lengths)
    ends = borders[:-1] + lengths
    places = ends[news.series] + news.steps

    def put(values: np.ndarray, new: np.ndarray | None, missing: Any) -> np.ndarray:
        found = np.full(borders[-1], missing, values.dtype)
        found[old] = values
        if new is not None:
            found[places] = new
        return found

    past = {n: c.with_values(put(c.values, _codes(news, n, c), c.missing)) for n, c in learnt.past.items()}
    future = {n: c.with_values(put(c.values, _codes(news, n, c), c.missing)) for n, c in learnt.future.items()}
    if learnt.ahead is not None:
        future = {n: _from_ahead(c, learnt.ahead, n, ends, more) for n, c in future.items()}
    times = None
    if learnt.times is not None and learnt.step is not None:
        times = put(learnt.times, None, learnt.times[0])
        series = np.repeat(np.arange(len(more)), more)
        number = np.arange(len(series)) - np.repeat(np.cumsum(more) - more, more)
        if len(series):
            later = extend_all(learnt.times[learnt.borders[1:] - 1], learnt.step, int(more.max()))
            times[ends[series] + number] = later[series, number]
        if news.times is not None:
            times[places] = news.times
    return replace(
        learnt,
        values=put(learnt.values, news.values, np.nan),
        borders=borders,
        times=times,
        past=past,
        future=future,
        ahead=_still_ahead(learnt, news, more),
    )


def _with_categories(learnt: Collection, news: News) -> Collection:
    """Series whose covariates know the categories of the news too, so that those that were not learnt can be told."""

    def wider(name: str, covariate: Covariate) -> Covariate:
        told = [part[name] for part in (news.beside, *news.ahead.values()) if name in part]
        if covariate.categories is None:
            return covariate
        every = (covariate.categories, *(new.categories or () for new in told))
        return replace(covariate, categories=tuple(dict.fromkeys(one for some in every for one in some)))

    past = {name: wider(name, covariate) for name, covariate in learnt.past.items()}
    return replace(learnt, past=past, future={name: wider(name, c) for name, c in learnt.future.items()})


def _codes(news: News, name: str, covariate: Covariate) -> np.ndarray | None:
    """New values of a covariate, in the codes of what was learnt."""
    new = news.beside.get(name)
    return None if new is None else _recoded(new, name, covariate)


def _recoded(new: Covariate, name: str, covariate: Covariate) -> np.ndarray:
    if new.absent.all():
        return np.full(len(new.values), covariate.missing)
    if (new.categories is None) != (covariate.categories is None):
        was, now = ("numbers", "categories") if covariate.categories is None else ("categories", "numbers")
        raise OptionError(f"the covariate {name!r} held {was} when it was learnt, and holds {now} now")
    return new.values if covariate.categories is None else new.recoded(covariate.categories).values


def _from_ahead(grown: Covariate, ahead: Ahead, name: str, ends: np.ndarray, more: np.ndarray) -> Covariate:
    """A covariate of longer series, where nothing new tells it as it was known ahead."""
    series, step = _steps_ahead(ahead)
    used = step < more[series]
    places, told = ends[series[used]] + step[used], ahead.future[name].values[used]
    values = grown.values.copy()
    values[places] = np.where(grown.absent[places], told, values[places])
    return grown.with_values(values)


def _steps_ahead(ahead: Ahead) -> tuple[np.ndarray, np.ndarray]:
    """Of each row that is known ahead its series, and how many steps behind the end it is."""
    counts = np.diff(ahead.borders)
    series = np.repeat(np.arange(len(counts)), counts)
    return series, np.arange(len(series)) - np.repeat(ahead.borders[:-1], counts)


def _still_ahead(learnt: Collection, news: News, more: np.ndarray) -> Ahead | None:
    """What is known of the steps behind the new ends: as the news tell it, else what is left of what was known."""
    if learnt.ahead is None and not news.ahead:
        return None
    rows: dict[str, list[np.ndarray]] = {name: [] for name in learnt.future}
    sizes = []
    for number in range(len(more)):
        told = _ahead_of_one(learnt, news, number, int(more[number]))
        sizes.append(len(next(iter(told.values()))) if told else 0)
        for name, values in told.items():
            rows[name].append(values)
    borders = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    joined = {
        name: c.with_values(np.concatenate(rows[name]) if rows[name] else c.values[:0])
        for name, c in learnt.future.items()
    }
    return Ahead(borders, joined)


def _ahead_of_one(learnt: Collection, news: News, number: int, more: int) -> dict[str, np.ndarray]:
    if number in news.ahead:
        return {name: _recoded(news.ahead[number][name], name, c) for name, c in learnt.future.items()}
    if learnt.ahead is None:
        return {}
    first, last = learnt.ahead.borders[number : number + 2]
    return {name: c.values[min(first + more, last) : last] for name, c in learnt.ahead.future.items()}
