"""Many series, one behind the other, with their covariates: what forecasters learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from elman.attributes import SERIES, answering
from elman.checks import nearest, shown
from elman.data.covariates import Covariate
from elman.data.names import counted, listed
from elman.data.read_times import Notation
from elman.data.steps import Step
from elman.data.times import extend_all
from elman.errors import OptionError

Kind = Literal["array", "arrays", "mapping", "column", "wide", "long", "file"]
Stamps = Literal["rows", "numbers", "texts", "times", "periods"]


@dataclass(frozen=True)
class Form:
    """How data came, so that a forecast goes back alike.

    Attributes
    ----------
    kind : str
        ``array`` or ``arrays``; a ``mapping`` of series; a ``column`` of a data frame; a ``wide`` or ``long`` frame; a
        ``file``.
    library : str
        Of the data frame, as narwhals calls it: ``pandas``, ``polars``, ``pyarrow`` ...; else empty.
    time, target : object
        Names of the columns as the user has them.
    group : tuple
        Those of the columns that name the series; empty where none did.
    indexed : bool
        Whether the times were the index of a pandas object.
    stamps : str
        What the times were: ``rows`` that are counted, ``numbers``, ``texts``, ``times`` or pandas' ``periods``.
    frequency : str
        Of periods, as pandas calls it.
    """

    kind: Kind
    library: str = ""
    time: Any = "ds"
    target: Any = "y"
    group: tuple[Any, ...] = ()
    indexed: bool = False
    stamps: Stamps = "rows"
    frequency: str = ""


@dataclass(frozen=True)
class Ahead:
    """Rows behind the last value of each series, which tell its future covariates.

    Attributes
    ----------
    borders : ndarray of int, shape (S + 1,)
        Series s has the rows from ``borders[s]`` to ``borders[s + 1]``, of the steps that follow its end.
    future : dict of str to Covariate
        Their values.
    """

    borders: np.ndarray
    future: Mapping[str, Covariate]


@answering(SERIES)
@dataclass(frozen=True)
class Collection:
    """Many series, one behind the other.

    Attributes
    ----------
    names : tuple, length S
        What calls each series: a tuple of values where several columns do, its number where nothing does.
    values : ndarray, shape (N,)
        float64, NaN where one is missing; each series begins and ends with a value, on a complete grid of the step.
    borders : ndarray of int, shape (S + 1,)
        Series s is ``values[borders[s]:borders[s + 1]]``.
    times : ndarray, shape (N,), or None
        As of a `Series`; None where rows are only counted.
    step : Step or None
        How the times of all series follow one another.
    past, future, static : dict of str to Covariate
        What is known up to now (N,), ahead as well (N,), and of a series as a whole (S,).
    ahead : Ahead or None
        Future covariates behind the ends, where rows without a value told them.
    form : Form
        How the data came.
    notation : Notation
        How times are written.
    notes : tuple of str
        What was decided and done, for the user.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> found = el.data.collect({"Leeds": np.arange(5.0), "York": np.arange(3.0)})
    >>> found.names, found.borders.tolist(), found.series(1).tolist()
    (('Leeds', 'York'), [0, 5, 8], [0.0, 1.0, 2.0])
    """

    names: tuple[Any, ...]
    values: np.ndarray
    borders: np.ndarray
    times: np.ndarray | None = None
    step: Step | None = None
    past: Mapping[str, Covariate] = field(default_factory=dict)
    future: Mapping[str, Covariate] = field(default_factory=dict)
    static: Mapping[str, Covariate] = field(default_factory=dict)
    ahead: Ahead | None = None
    form: Form = field(default_factory=lambda: Form("array"))
    notation: Notation = field(default_factory=Notation)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """S, the number of series."""
        return len(self.names)

    @property
    def stamps(self) -> Stamps:
        """What times are in a table of the forecast: as they came, those of a file as what they mean."""
        if self.form.kind != "file" or self.times is None:
            return self.form.stamps
        if self.times.dtype.kind != "M":
            return "numbers"
        return "texts" if self.notation.pattern else "times"

    @property
    def lengths(self) -> np.ndarray:
        """Rows of each series, shape (S,)."""
        return np.diff(self.borders)

    def series(self, number: int) -> np.ndarray:
        """The values of one series, a view.

        Parameters
        ----------
        number : int
            Of the series, from 0.

        Returns
        -------
        ndarray
        """
        return self.values[self.borders[number] : self.borders[number + 1]]

    def times_of(self, number: int) -> np.ndarray:
        """The times of one series; where there are none its rows, counted from 0, or as in the file from 1.

        Parameters
        ----------
        number : int
            Of the series, from 0.

        Returns
        -------
        ndarray
        """
        if self.times is None:
            return np.arange(self.lengths[number]) + (self.form.kind == "file")
        return self.times[self.borders[number] : self.borders[number + 1]]

    def number(self, name: Any) -> int:
        """Which series is called so.

        Parameters
        ----------
        name : object
            As in `names`.

        Returns
        -------
        int

        Raises
        ------
        OptionError
            If none is.
        """
        return number_of(name, self.names)

    def same_as(self, other: Collection) -> bool:
        """Whether another collection has the same series: names, values and times.

        Parameters
        ----------
        other : Collection
            To compare with.

        Returns
        -------
        bool
        """
        if self.names != other.names or (self.times is None) != (other.times is None):
            return False
        times = self.times is None or np.array_equal(self.times, other.times)  # type: ignore[arg-type]
        same = np.array_equal(self.borders, other.borders) and times
        return same and np.array_equal(self.values, other.values, equal_nan=True)

    def future_times(self, horizon: int) -> np.ndarray:
        """The times that follow each series, shape (S, H); numbers of rows where there are no times.

        Parameters
        ----------
        horizon : int
            H.

        Returns
        -------
        ndarray, shape (S, H)
        """
        if self.times is None or self.step is None:
            return self.lengths[:, None] + np.arange(horizon) + (self.form.kind == "file")  # files count from 1
        return extend_all(self.times[self.borders[1:] - 1], self.step, horizon)

    def take(self, numbers: Any) -> Collection:
        """Some of the series, in the order that is given.

        Parameters
        ----------
        numbers : array of int or bool
            Which series.

        Returns
        -------
        Collection
        """
        chosen = np.arange(len(self))[numbers]
        borders = np.concatenate([[0], np.cumsum(self.lengths[chosen])])
        rows = _rows(self.borders, chosen)
        return replace(
            self,
            names=tuple(self.names[i] for i in chosen),
            values=self.values[rows],
            borders=borders,
            times=None if self.times is None else self.times[rows],
            past={name: c.with_values(c.values[rows]) for name, c in self.past.items()},
            future={name: c.with_values(c.values[rows]) for name, c in self.future.items()},
            static={name: c.with_values(c.values[chosen]) for name, c in self.static.items()},
            ahead=None if self.ahead is None else _taken_ahead(self.ahead, chosen),
        )

    def without_last(self, count: int) -> Collection:
        """The series without their last `count` rows, those left out of which nothing would stay.

        Their covariates that are known ahead are so still, as rows behind the ends.

        Parameters
        ----------
        count : int
            How many rows.

        Returns
        -------
        Collection
        """
        kept = np.flatnonzero(self.lengths > count)
        lengths = self.lengths[kept] - count
        starts = self.borders[:-1][kept]
        ends = np.cumsum(lengths)
        rows = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)
        return replace(
            self,
            names=tuple(self.names[i] for i in kept),
            values=self.values[rows],
            borders=np.concatenate([[0], ends]),
            times=None if self.times is None else self.times[rows],
            past={name: c.with_values(c.values[rows]) for name, c in self.past.items()},
            future={name: c.with_values(c.values[rows]) for name, c in self.future.items()},
            static={name: c.with_values(c.values[kept]) for name, c in self.static.items()},
            ahead=self._cut_off(kept, count) if self.future else None,
        )

    def _cut_off(self, kept: np.ndarray, count: int) -> Ahead:
        """The last rows of some series, as what is known ahead."""
        rows = (self.borders[1:][kept][:, None] + np.arange(-count, 0)).ravel()
        borders = count * np.arange(len(kept) + 1)
        return Ahead(borders, {name: c.with_values(c.values[rows]) for name, c in self.future.items()})

    def __repr__(self) -> str:
        lengths = self.lengths
        shortest, longest = int(lengths.min()), int(lengths.max())
        size = f"{longest}" if shortest == longest else f"{shortest} to {longest}"
        what = f"{counted(len(self), 'series')} of {size} values"
        step = f", {self.step} apart" if self.step is not None and self.times is not None else ""
        inputs = listed([*self.past, *self.future, *self.static], 6)
        return f"<Collection: {what}{step}{f'; covariates {inputs}' if inputs else ''}>"


def number_of(name: Any, names: tuple[Any, ...], where: str = "") -> int:
    """Which of the series is called so.

    Raises
    ------
    OptionError
        If none is.
    """
    try:
        return names.index(name)
    except ValueError:  # not among them, or an array, which equals nothing
        hint = nearest(name, map(str, names))
        there = listed(map(repr, names), 5)
        raise OptionError(f"there is no series {shown(name)}{hint}{where}; there is {there}") from None


def _rows(borders: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The rows of some series, one behind the other."""
    lengths = np.diff(borders)[chosen]
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(borders[:-1][chosen] - (ends - lengths), lengths)


def _taken_ahead(ahead: Ahead, chosen: np.ndarray) -> Ahead:
    rows = _rows(ahead.borders, chosen)
    borders = np.concatenate([[0], np.cumsum(np.diff(ahead.borders)[chosen])])
    return Ahead(borders, {name: c.with_values(c.values[rows]) for name, c in ahead.future.items()})
