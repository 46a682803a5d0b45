"""A file as a table: texts as they stand in a CSV file, typed columns of a Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from elman.checks import nearest
from elman.data.decoding import decoded
from elman.data.layout import layout
from elman.data.names import listed
from elman.data.numbers import ROUNDED, Written, decimal_marks, read_texts
from elman.data.packed import file_start, unpacked
from elman.data.parquet import Typed, read_parquet
from elman.data.read_times import looks_like_times
from elman.data.sentinels import Missing, as_missing, note, stand_for_missing, suspects
from elman.errors import DataError, OptionError

_LOOKED_AT = 2000  # cells of other columns that tell how the file writes decimals


@dataclass(frozen=True)
class Table:
    """Columns of a file.

    Attributes
    ----------
    path : Path
    names : tuple of str
    numbers : ndarray of int
        Of the rows, as the user counts them: from 1, without the header.
    delimiter : str
        Empty for Parquet and for a single column.
    notes : tuple of str
        How it was read.
    zones : dict of str to str
        For typed columns of times, the zone that they are in.
    rounded : frozenset of str
        Typed columns of whole numbers of which float64 does not hold all.
    """

    path: Path
    names: tuple[str, ...]
    numbers: np.ndarray
    delimiter: str
    notes: tuple[str, ...]
    _get: Callable[[str], Typed]
    _lines: np.ndarray | None = None
    zones: Mapping[str, str] = field(default_factory=dict)
    rounded: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.numbers)

    def column(self, name: str) -> Typed:
        """Texts, or an array of numbers or times where the file has types.

        Raises
        ------
        DataError
            If there is no such column.
        """
        return self._get(self.check(name))

    def check(self, name: str) -> str:
        """A column's name, if there is one of that name."""
        if name not in self.names:
            raise DataError(
                f"{self.path} has no column {name!r}{nearest(name, self.names)}; its columns are {listed(self.names)}"
            )
        return name

    def texts(self, name: str) -> list[str]:
        """A column as text, whatever its type."""
        column = self.column(name)
        return column if isinstance(column, list) else ["" if v != v else _as_text(v) for v in column]

    def place(self, row: int) -> str:
        """A row in words."""
        line = f", line {self._lines[row]}" if self._lines is not None else ""
        return f"row {self.numbers[row]} (the header not counted{line})"

    def in_place(self, texts: Sequence[str | None]) -> list[str | None]:
        """Texts of this table's rows among None for those of the file that were not taken: messages count all."""
        if len(self) == 0 or self.numbers[-1] == len(self):
            return list(texts)
        found: list[str | None] = [None] * int(self.numbers[-1])
        for number, text in zip(self.numbers, texts, strict=True):
            found[number - 1] = text
        return found

    def take(self, rows: np.ndarray, note: str) -> Table:
        """Some of the rows."""

        def get(name: str) -> Typed:
            column = self._get(name)
            return [column[r] for r in rows] if isinstance(column, list) else column[rows]

        lines = None if self._lines is None else self._lines[rows]
        return replace(self, numbers=self.numbers[rows], notes=(*self.notes, note), _get=get, _lines=lines)

    def read_numbers(
        self, name: str, decimal: str | None = None, thousands: str | None = None, missing: Missing | None = None
    ) -> tuple[np.ndarray, list[str]]:
        """A column as float64 with NaN where it is empty or holds a value that is `missing`, and notes.

        Raises
        ------
        DataError
            If it holds something else than finite numbers.
        """
        column, called = self.column(name), f"column {name!r} of {self.path}"
        absent, told = stand_for_missing(column, as_missing(missing))
        notes = [f"column {name!r}: {one}" for one in told]
        if isinstance(column, list):
            written = Written(called, self.delimiter, self.place, lambda: self._decimal_marks(name))
            kept = ["" if gone else text for text, gone in zip(column, absent, strict=True)] if told else column
            values, more = read_texts(kept, written, decimal, thousands)
            notes += [one.replace(called, f"column {name!r}") for one in more]
            return values, [*notes, *self._doubts(name, values)]
        if decimal is not None or thousands is not None:
            raise OptionError(f"{called} holds numbers, not texts: leave out decimal and thousands")
        if column.dtype.kind != "f":
            raise DataError(f"{called} holds times; expected numbers")
        values = np.where(absent, np.nan, column)
        if np.isinf(values).any():
            raise DataError(
                f"{called} is infinite in {self.place(int(np.argmax(np.isinf(values))))}; expected finite numbers"
            )
        return values, [*notes, *self._doubts(name, values)]

    def _doubts(self, name: str, values: np.ndarray) -> list[str]:
        """Notes on numbers that may be none, or not those of the file."""
        rounded = [ROUNDED.format(f"column {name!r}")] if name in self.rounded else []
        rows = suspects(values)
        if not rows:
            return rounded
        texts = self.texts(name)
        others = values[~np.isnan(values) & ~np.isin(values, values[rows])]
        return rounded + [
            note(f"column {name!r}", texts[row], int(np.sum(values == values[row])), (others.min(), others.max()))
            for row in rows
        ]

    def _decimal_marks(self, but: str) -> set[str]:
        """The decimal marks that other columns show."""
        found: set[str] = set()
        for name in self.names:
            column = self._get(name)
            if name != but and isinstance(column, list) and not looks_like_times(column[:_LOOKED_AT]):
                found |= decimal_marks(column[:_LOOKED_AT])
        return found


def _as_text(value: np.generic) -> str:
    if value.dtype.kind == "M":
        return str(value)
    text = f"{float(value):.15g}"  # type: ignore[arg-type]
    return text if float(text) == value else repr(float(value))  # type: ignore[arg-type]


def read_table(path: str | Path) -> Table:
    """Read a file, whatever its name, by what it holds.

    Raises
    ------
    DataError
        If there is no such file, or it is no table; the message says what it is, or which line is wrong.
    """
    path = Path(path)
    if file_start(path).startswith(b"PAR1"):
        columns, zones, rounded, notes = read_parquet(path)
        rows = len(next(iter(columns.values()), ()))
        return _checked(
            Table(
                path,
                tuple(columns),
                np.arange(1, rows + 1),
                "",
                tuple(notes),
                columns.__getitem__,
                zones=zones,
                rounded=rounded,
            )
        )
    text = decoded(unpacked(path), path.name)
    found = layout(text.text, str(path))
    places: Mapping[str, int] = {name: i for i, name in enumerate(found.names)}
    kept: dict[str, list[str]] = {}

    def get(name: str) -> list[str]:
        if name not in kept:
            place = places[name]
            kept[name] = [row[place].strip() for row in found.rows]
        return kept[name]

    notes = [one for one in (text.note, *found.notes) if one]
    numbers, lines = np.arange(1, len(found.rows) + 1), np.array(found.lines, np.int64)
    return _checked(Table(path, tuple(found.names), numbers, found.delimiter, tuple(notes), get, lines))


def _checked(table: Table) -> Table:
    if not table.names:
        raise DataError(f"{table.path} has no columns that can be used")
    if len(table) == 0:
        raise DataError(f"{table.path} has no rows; expected a header and a row for each time")
    return table
