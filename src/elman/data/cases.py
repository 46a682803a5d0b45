"""Cases: sequences of any length that are judged as a whole, such as recordings that belong to a class each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.data.names import counted, listed
from elman.errors import DataError, OptionError

SECONDS = {"s": 1, "min": 60, "h": 3600, "day": 86400}  # of the units of times


@dataclass(frozen=True)
class Cases:
    """Sequences of the same channels, each of its own length.

    Attributes
    ----------
    values : ndarray, shape (N, T, F)
        float64, NaN where a value is missing and behind the end of each sequence.
    lengths : ndarray of int, shape (N,)
        Steps T_n of each, one at least.
    channels : tuple of str, length F
        What the channels are called.
    times : ndarray, shape (N, T), or None
        When each step was, counted from the first of its case in `unit`, NaN behind the end; None where steps are only
        counted.
    unit : str
        Of `times` or `step`, such as ``"s"`` or ``"day"``; empty where times are bare numbers or there are none.
    names : tuple, length N
        What calls each case; its number, where nothing does.
    keys : tuple of str
        What the columns that name the cases are called; empty where cases are only numbered.
    labels : ndarray, shape (N,), or None
        What each case is, as the user has it, where the data tell it.
    step : float
        How far apart the steps are, where their times are even and not kept for that; 0 where there are none.
    columns : tuple of str
        Of a table whose columns were taken for steps because each row has a label: to be named where there is none.
    notes : tuple of str
        What was decided and done, for the user.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> cases = el.data.cases_of([np.zeros((3, 2)), np.ones((5, 2))])
    >>> cases.values.shape, cases.lengths.tolist()
    ((2, 5, 2), [3, 5])
    """

    values: np.ndarray
    lengths: np.ndarray
    channels: tuple[str, ...]
    times: np.ndarray | None = None
    unit: str = ""
    names: tuple[Any, ...] = ()
    labels: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    step: float = 0.0
    columns: tuple[Any, ...] = ()

    def __len__(self) -> int:
        """N, the number of cases."""
        return len(self.lengths)

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the values, (N, T, F)."""
        return self.values.shape

    def __getitem__(self, numbers: Any) -> Cases:
        """Some of the cases, as `take`; an index of arrays, as scikit-learn gives it, may end in an ellipsis.

        Examples
        --------
        >>> Cases(np.zeros((3, 4, 1)), np.array([4, 2, 3]), ("x",), names=("a", "b", "c"))[[2, 0]].names
        ('c', 'a')
        """
        if isinstance(numbers, tuple):
            if len(numbers) != 2 or numbers[1] is not Ellipsis:
                raise OptionError(f"cases are taken by one index, and not by {numbers!r}; their numbers are in values")
            numbers = numbers[0]
        return self.take(numbers)

    @property
    def inside(self) -> np.ndarray:
        """Which steps are before the end of their case, shape (N, T)."""
        return np.arange(self.values.shape[1]) < self.lengths[:, None]

    @property
    def missing(self) -> int:
        """How many values are missing before the ends."""
        return int(np.isnan(self.values[self.inside]).sum())

    def take(self, numbers: Any) -> Cases:
        """Some of the cases, in the order that is given; no step is kept that none of them has.

        Parameters
        ----------
        numbers : array of int or bool
            Which cases.

        Returns
        -------
        Cases
        """
        chosen = np.atleast_1d(np.arange(len(self))[numbers])
        lengths = self.lengths[chosen]
        steps = int(lengths.max(initial=0))
        return replace(
            self,
            values=self.values[chosen, :steps],
            lengths=lengths,
            times=None if self.times is None else self.times[chosen, :steps],
            names=tuple(self.names[i] for i in chosen),
            labels=None if self.labels is None else self.labels[chosen],
        )

    def elapsed(self, unit: str) -> np.ndarray:
        """When each step was, counted from the first of its case in a unit, shape (N, T), NaN behind the end.

        Parameters
        ----------
        unit : str
            That of other cases, such as those of a training.

        Returns
        -------
        ndarray, shape (N, T)

        Raises
        ------
        DataError
            If there are no times, or none in a unit that can be compared.

        Examples
        --------
        >>> Cases(np.zeros((1, 3, 1)), np.array([3]), ("x",), unit="h", step=0.5).elapsed("min")
        array([[ 0., 30., 60.]])
        """
        if self.times is None and self.step == 0:
            raise DataError("the cases have no times; expected a column of them (time=), as the cases before had")
        times = self.times
        if times is None:
            times = np.where(self.inside, np.arange(self.values.shape[1]) * self.step, np.nan)
        if unit == self.unit:
            return times
        if unit not in SECONDS or self.unit not in SECONDS:
            mine, theirs = (repr(one) if one else "bare numbers" for one in (self.unit, unit))
            raise DataError(f"the times are in {mine}; expected {theirs}, as in the cases before")
        return times * (SECONDS[self.unit] / SECONDS[unit])

    def with_channels(self, channels: Sequence[str]) -> Cases:
        """The same cases with the channels of others, in their order.

        Parameters
        ----------
        channels : sequence of str
            What they are called.

        Returns
        -------
        Cases

        Raises
        ------
        DataError
            If one is not there.

        Examples
        --------
        >>> Cases(np.zeros((1, 3, 2)), np.array([3]), ("x", "y")).with_channels(["y"]).channels
        ('y',)
        """
        lacking = [name for name in channels if name not in self.channels]
        if lacking:
            raise DataError(
                f"the cases have no channel {lacking[0]!r}; expected {listed(map(repr, channels))}, and they have "
                f"{listed(map(repr, self.channels))}"
            )
        places = [self.channels.index(name) for name in channels]
        return replace(self, values=self.values[:, :, places], channels=tuple(channels))

    def columns_of_names(self) -> dict[str, list[Any]]:
        """The names of the cases as columns of a table, to be written beside what is predicted.

        Returns
        -------
        dict of str to list

        Examples
        --------
        >>> called = {"names": (("ann", 1), ("bob", 2)), "keys": ("who", "trial")}
        >>> Cases(np.zeros((2, 3, 1)), np.array([3, 3]), ("x",), **called).columns_of_names()
        {'who': ['ann', 'bob'], 'trial': [1, 2]}
        """
        keys = self.keys or ("case",)
        if len(keys) == 1:
            return {keys[0]: list(self.names)}
        return {key: [name[i] for name in self.names] for i, key in enumerate(keys)}

    def __repr__(self) -> str:
        shortest, longest = (int(f(self.lengths)) for f in (np.min, np.max)) if len(self) else (0, 0)
        steps = counted(longest, "steps") if shortest == longest else f"{shortest} to {longest} steps"
        return f"<Cases: {counted(len(self), 'cases')} of {steps}, {counted(len(self.channels), 'channels')}>"
