"""Covariates as numbers that networks and regressions read, encoded as they were when they were learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman.data.calendars import calendar, log_gaps
from elman.data.collection import Collection
from elman.data.covariates import Covariate
from elman.data.known_ahead import future_rows
from elman.data.names import listed
from elman.data.reading import Reading
from elman.data.steps import Step
from elman.errors import OptionError

FARTHEST = 1e3  # deviations from the mean: what lies beyond is as good as there
MOST_CATEGORIES = 256  # of one covariate; the rarest of more are as one that was never seen


@dataclass(frozen=True)
class Inputs:
    """What is known of series beside their values, right-aligned as they are.

    Attributes
    ----------
    known : ndarray, shape (S, T + A, F)
        Known ahead, for A steps behind the end of each series.
    past : ndarray, shape (S, T, P)
        Known up to now.
    static : ndarray, shape (S, G)
        Of a series as a whole.
    notes : tuple of str
        What the user should know of them.
    """

    known: np.ndarray
    past: np.ndarray
    static: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers are known of each step."""
        return self.known.shape[2] + self.past.shape[2]

    @property
    def ahead(self) -> int:
        """A, steps behind the end that are known."""
        return self.known.shape[1] - self.past.shape[1]

    def rows(self, index: np.ndarray | slice, longest: int) -> Inputs:
        """Those of some series, and of their last steps alone."""
        first = self.past.shape[1] - longest
        return Inputs(self.known[index, first:], self.past[index, first:], self.static[index])


@dataclass(frozen=True)
class Code:
    """How one covariate becomes numbers.

    Attributes
    ----------
    mean, deviation : float
        What numbers are measured by.
    categories : tuple or None
        Each is a 1 in a place of its own; one that is not among them is none. None for numbers.
    """

    mean: float = 0.0
    deviation: float = 1.0
    categories: tuple[Any, ...] | None = None

    @staticmethod
    def of(covariate: Covariate) -> Code:
        """The code that suits what was learnt."""
        if covariate.categories is None:
            known = covariate.values[np.isfinite(covariate.values)]
            size = float(np.abs(known).max(initial=0.0)) or 1.0  # so that squares of huge values stay in range
            mean = float((known / size).mean() * size) if len(known) else 0.0
            deviation = float((known / size).std() * size) if len(known) else 0.0
            return Code(mean, deviation if deviation > 0 else 1.0)
        counts = np.bincount(covariate.values.ravel(), minlength=len(covariate.categories) + 1)[1:]
        common = np.argsort(-counts, kind="stable")[: min(MOST_CATEGORIES, np.count_nonzero(counts))]
        return Code(categories=tuple(covariate.categories[k] for k in np.sort(common)))

    @property
    def width(self) -> int:
        """How many numbers."""
        return 1 if self.categories is None else len(self.categories)

    def note(self, covariate: Covariate, name: str) -> tuple[str, ...]:
        """That values have categories which were not learnt."""
        if self.categories is None or covariate.categories is None:
            return ()
        there = [covariate.categories[code - 1] for code in np.unique(covariate.values).tolist() if code > 0]
        learnt = set(self.categories)
        new = [repr(category) for category in there if category not in learnt]
        if not new:
            return ()
        which = "a category that was" if len(new) == 1 else f"{len(new)} categories that were"
        return (f"the covariate {name!r} has {which} not learnt, and counts as missing there: {listed(new, 3)}",)

    def numbers(self, covariate: Covariate, name: str) -> np.ndarray:
        """Values (...,) as numbers (..., width); a missing one is an average one, 0."""
        if (covariate.categories is None) != (self.categories is None):
            was, now = ("numbers", "categories") if self.categories is None else ("categories", "numbers")
            raise OptionError(f"the covariate {name!r} held {was} when it was learnt, and holds {now} now")
        if self.categories is None:
            with np.errstate(over="ignore"):
                found = (covariate.values - self.mean) / self.deviation
            return np.clip(np.nan_to_num(found), -FARTHEST, FARTHEST)[..., None]
        places = np.eye(len(self.categories) + 1)[:, 1:]
        return places[covariate.recoded(self.categories).values]


@dataclass(frozen=True)
class Encoder:
    """How all covariates of a collection become numbers.

    Attributes
    ----------
    past, future, static : dict of str to Code
    holidays : str or None
        A country whose holidays are known.
    dates : bool
        Whether the calendar is an input.
    gaps : bool
        Whether the time since the step before is.
    """

    past: Mapping[str, Code] = field(default_factory=dict)
    future: Mapping[str, Code] = field(default_factory=dict)
    static: Mapping[str, Code] = field(default_factory=dict)
    holidays: Any = None
    dates: bool = False
    gaps: bool = False

    @staticmethod
    def of(collection: Collection, holidays: Any = None, dates: bool = False) -> Encoder:
        """The encoder that suits what was learnt."""
        if (holidays is not None or dates) and (collection.times is None or collection.times.dtype.kind != "M"):
            what = "holidays" if holidays is not None else "calendar"
            raise OptionError(f"{what} needs dates, and the data has none; give a column of dates, or leave it out")
        past, future, static = ({name: Code.of(c) for name, c in part.items()} for part in _parts(collection))
        irregular = collection.step is not None and not collection.step.regular and collection.times is not None
        return Encoder(past, future, static, holidays, dates, irregular)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to know."""
        return not (self.past or self.future or self.static or self.holidays is not None or self.dates or self.gaps)

    def names(self, collection: Collection) -> tuple[str, ...]:
        """Of the numbers beside each step, in order: those known ahead, then those known up to now."""
        known = [str(name) for name, code in self.future.items() for _ in range(code.width)]
        days: list[str] = []
        if self._looks:
            assert collection.times is not None and collection.step is not None
            days = self._days(collection.notation.wall(collection.times[:1]), collection.step)[0]
        past = [str(name) for name, code in self.past.items() for _ in range(code.width)]
        return (*known, *days, *past, *["gap"] * self.gaps)

    def inputs(
        self, collection: Collection, horizon: int, future: Any = None, reading: Reading | None = None
    ) -> Inputs | None:
        """What is known of series, `horizon` steps ahead too; None where there is nothing.

        Raises
        ------
        DataError
            If the future of a covariate is missing, naming it.
        """
        if self.empty:
            return None
        self._check_names(collection)
        longest = int(collection.lengths.max())
        later = future_rows(collection, horizon, future, reading=reading) if horizon and self.future else {}
        known = [self._known(name, code, collection, later, longest, horizon) for name, code in self.future.items()]
        known += self._calendar(collection, longest, horizon)
        past = [
            _aligned(code.numbers(collection.past[name], name), collection, longest) for name, code in self.past.items()
        ]
        if self.gaps:
            assert collection.times is not None
            past.append(_aligned(log_gaps(collection.times, collection.borders)[:, None], collection, longest))
        static = [code.numbers(collection.static[name], name) for name, code in self.static.items()]
        size = len(collection)
        return Inputs(
            _joined(known, (size, longest + horizon)),
            _joined(past, (size, longest)),
            _joined(static, (size,)),
            self._notes(collection, later),
        )

    def _notes(self, collection: Collection, later: Mapping[str, Covariate]) -> tuple[str, ...]:
        """What was not learnt of what series have; of the steps ahead, where those are asked for."""
        parts = (collection.past, later or collection.future, collection.static)
        found = [
            code.note(part[name], name)
            for codes, part in zip(self._codes, parts, strict=True)
            for name, code in codes.items()
        ]
        return tuple(note for notes in found for note in notes)

    def _check_names(self, collection: Collection) -> None:
        for role, codes, there in zip(("past", "future", "static"), self._codes, _parts(collection), strict=True):
            lacking = [name for name in codes if name not in there]
            if lacking:
                raise OptionError(f"the {role} covariate {lacking[0]!r} was learnt, and the data does not have it")

    @property
    def _codes(self) -> Sequence[Mapping[str, Code]]:
        return self.past, self.future, self.static

    def _known(
        self, name: str, code: Code, collection: Collection, later: Mapping[str, Covariate], longest: int, horizon: int
    ) -> np.ndarray:
        before = _aligned(code.numbers(collection.future[name], name), collection, longest)
        return np.concatenate([before, code.numbers(later[name], name)], axis=1) if horizon else before

    @property
    def _looks(self) -> bool:
        """Whether the calendar says anything."""
        return self.dates or self.holidays is not None

    def _days(self, times: np.ndarray, step: Step) -> tuple[list[str], np.ndarray]:
        """Names and numbers of what the calendar says of times."""
        names, numbers = calendar(times, step, self.holidays)
        kept = [k for k, name in enumerate(names) if self.dates or name == "holiday"]
        return [names[k] for k in kept], numbers[:, kept]

    def _calendar(self, collection: Collection, longest: int, horizon: int) -> list[np.ndarray]:
        if not self._looks:
            return []
        assert collection.times is not None and collection.step is not None
        later = collection.future_times(horizon) if horizon else np.empty((len(collection), 0), collection.times.dtype)
        every = np.concatenate([collection.times, later.ravel()])
        _, numbers = self._days(collection.notation.wall(every), collection.step)
        before = _aligned(numbers[: len(collection.times)], collection, longest)
        return [
            np.concatenate([before, numbers[len(collection.times) :].reshape(*later.shape, numbers.shape[1])], axis=1)
        ]


def _parts(collection: Collection) -> Sequence[Mapping[str, Covariate]]:
    return collection.past, collection.future, collection.static


def _aligned(rows: np.ndarray, collection: Collection, longest: int) -> np.ndarray:
    """Rows (N, F) of series one behind the other as (S, T, F), all ending at the same place; 0 before they begin."""
    lengths = collection.lengths
    found = np.zeros((len(lengths), longest, rows.shape[1]))
    steps = np.arange(len(rows)) - np.repeat(collection.borders[:-1], lengths)
    found[np.repeat(np.arange(len(lengths)), lengths), steps + np.repeat(longest - lengths, lengths)] = rows
    return found


def _joined(parts: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    return np.concatenate(parts, axis=-1) if parts else np.zeros((*shape, 0))
