"""Tables of any kind behind one face: files and data frames whose columns are numbers, times, or names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np

from elman.data.numerals import is_missing
from elman.data.read_times import ReadTimes, join_columns, read_times
from elman.data.readers import as_joined, kind_of, times_of
from elman.data.reading import Reading
from elman.data.tables import Table

Coded = tuple[np.ndarray, tuple[Any, ...]]


class Sheet(Protocol):
    """A table whose rows are values of series.

    Attributes
    ----------
    called : str
        What messages call it.
    names : tuple of str
        Of its columns.
    head : Table
        Its first rows, which tell what the columns hold.
    notes : tuple of str
        How it was read.
    """

    @property
    def called(self) -> str: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def head(self) -> Table: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def __len__(self) -> int: ...

    def own(self, name: str) -> Any:
        """A column's name as the user has it, which need not be a text."""

    def numbers(self, name: str, *, flags: bool = False) -> tuple[np.ndarray, tuple[str, ...]]:
        """A column as float64, NaN where a value is missing, and notes; `flags` takes True and False as 1 and 0."""

    def codes(self, name: str) -> Coded:
        """A column as numbers of what it holds, -1 where a value is missing; and what each number stands for."""

    def times(self, names: Sequence[str], repeated: bool) -> ReadTimes:
        """Times that columns make together; `repeated` where those of several series stand below one another."""

    def holds(self, name: str) -> str:
        """What a column holds: ``time``, ``number``, ``flag``, ``text`` or ``empty``."""

    def stamps(self, name: str) -> Literal["numbers", "texts", "times"]:
        """What a column of times holds."""

    def frequency(self, name: str) -> str:
        """Of a column of pandas' periods; else empty."""

    @property
    def table(self) -> Table:
        """All rows."""

    def row(self, place: int) -> str:
        """A row in words."""


@dataclass(frozen=True)
class FileSheet:
    """A CSV or Parquet file.

    Parameters
    ----------
    head : Table
        All of it.
    reading : Reading
        How its numbers and times are read.
    """

    head: Table
    reading: Reading

    @property
    def called(self) -> str:
        return str(self.head.path)

    @property
    def names(self) -> tuple[str, ...]:
        return self.head.names

    @property
    def notes(self) -> tuple[str, ...]:
        return self.head.notes

    def __len__(self) -> int:
        return len(self.head)

    def own(self, name: str) -> Any:
        return name

    def numbers(self, name: str, *, flags: bool = False) -> tuple[np.ndarray, tuple[str, ...]]:
        how = self.reading
        if flags and self.holds(name) == "flag":
            codes, labels = self.codes(name)
            truth = np.array([float(label.lower() == "true") for label in labels] + [np.nan])
            return truth[codes], ()
        values, notes = self.head.read_numbers(name, how.decimal, how.thousands, how.missing)
        return values, tuple(notes)

    def codes(self, name: str) -> Coded:
        column = self.head.column(name)
        if not isinstance(column, list):
            return of_typed(column)
        return numbered(column, _is_empty)  # NA may be Namibia's

    def times(self, names: Sequence[str], repeated: bool) -> ReadTimes:
        how = self.reading
        columns = [self.head.column(name) for name in names]
        if not repeated or not all(isinstance(column, list) for column in columns):
            return times_of(self.head, list(names), how.date_format, how.dayfirst)
        return by_texts([self.head.texts(name) for name in names], names, how, self.head.numbers)

    def holds(self, name: str) -> str:
        column = self.head.column(name)
        if isinstance(column, list) and {text.lower() for text in set(column[:1000])} <= {"true", "false", ""}:
            return "flag" if any(column) else "empty"
        kind = kind_of(self.head, name)
        return "time" if kind == "clock" else kind

    def stamps(self, name: str) -> Literal["numbers", "texts", "times"]:
        column = self.head.column(name)
        if isinstance(column, list):
            return "texts"
        return "times" if column.dtype.kind == "M" else "numbers"

    def frequency(self, name: str) -> str:
        return ""

    @property
    def table(self) -> Table:
        return self.head

    def row(self, place: int) -> str:
        return self.head.place(place)


def numbered(values: Sequence[Any], absent: Any) -> Coded:
    """Values as numbers in the order in which they come; -1 for those that are absent."""
    labels = tuple(value for value in dict.fromkeys(values) if not absent(value))
    number = {value: i for i, value in enumerate(labels)}
    return np.fromiter((number.get(value, -1) for value in values), np.int64, len(values)), labels


def of_typed(column: np.ndarray) -> Coded:
    """Numbers or times as names, whole numbers without a point."""
    known = ~(np.isnat(column) if column.dtype.kind == "M" else np.isnan(column))
    values, first, where = np.unique(column[known], return_index=True, return_inverse=True)
    order = np.argsort(first)
    codes = np.full(len(column), -1)
    codes[known] = np.argsort(order)[where]
    whole = column.dtype.kind == "f" and bool(np.all(values == np.rint(values)))
    return codes, tuple((values.astype(np.int64) if whole else values)[order].tolist())


def by_texts(columns: list[Any], names: Sequence[str], how: Reading, rows: np.ndarray | None = None) -> ReadTimes:
    """Times of which each comes in many rows: each text is read once."""
    several = len(columns) > 1
    codes, texts = numbered(
        list(zip(*columns, strict=True)) if several else columns[0], _empty if several else is_missing
    )
    joined = join_columns([list(part) for part in zip(*texts, strict=True)], names) if several else list(texts)
    first = None if rows is None or (codes < 0).any() else rows[np.unique(codes, return_index=True)[1]]
    found = read_times(joined, ",".join(names), date_format=how.date_format, dayfirst=how.dayfirst, rows=first)
    return replace(as_joined(found, names), times=taken(found.times, codes))


def _is_empty(text: str) -> bool:
    return not text


def _empty(texts: Sequence[str]) -> bool:
    return all(map(is_missing, texts))


def taken(times: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The time that each code stands for, none for -1."""
    none = np.array([np.datetime64("NaT") if times.dtype.kind == "M" else np.nan], times.dtype)
    return np.concatenate([times, none])[codes]
