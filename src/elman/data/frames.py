"""Data frames of any library that narwhals knows (pandas, polars, pyarrow, modin, ...) as sheets."""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from elman.data.index_times import index_times
from elman.data.numbers import ROUNDED
from elman.data.parquet import Typed
from elman.data.read_times import Notation, ReadTimes, typed_times
from elman.data.readers import kind_of
from elman.data.reading import Reading
from elman.data.sheets import Coded, by_texts, numbered, of_typed, taken
from elman.data.tables import Table
from elman.data.values import is_absent, is_amount, numbers_of
from elman.errors import DataError

if TYPE_CHECKING:
    from narwhals import Series as Column
    from narwhals.typing import IntoDataFrame

_LOOKED_AT = 1200  # rows that tell what columns hold
_EXACT = 2**53  # whole numbers below are all float64


@dataclass(frozen=True)
class FrameSheet:
    """A data frame.

    Parameters
    ----------
    native : data frame
        Its columns are called by different texts.
    originals : dict
        The name of each column as the user has it, where that is no text.
    reading : Reading
        How texts that are times are read.
    """

    native: IntoDataFrame
    originals: dict[str, Hashable] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)
    called: str = "the frame"
    notes: tuple[str, ...] = ()

    @cached_property
    def frame(self) -> Any:
        import narwhals as nw

        return nw.from_native(self.native, eager_only=True)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self.frame.columns)

    @cached_property
    def head(self) -> Table:
        top = FrameSheet(self.frame.head(_LOOKED_AT).to_native())
        kept: dict[str, Typed] = {}

        def get(name: str) -> Typed:
            if name not in kept:
                kept[name] = top._typed(name)
            return kept[name]

        return Table(Path(self.called), self.names, np.arange(1, len(top) + 1), "", (), get)

    @cached_property
    def types(self) -> dict[str, Any]:
        """What each column holds, as narwhals calls it."""
        return dict(self.frame.schema)

    def __len__(self) -> int:
        return len(self.frame)

    def own(self, name: str) -> Any:
        return self.originals.get(name, name)

    def holds(self, name: str) -> str:
        import narwhals as nw

        dtype = self.types[name]
        if dtype == nw.Boolean:
            return "flag"
        if dtype.is_numeric():
            return "number"
        if dtype in (nw.Datetime, nw.Date) or self._periods(name) is not None:
            return "time"
        if dtype in (nw.String, nw.Categorical, nw.Enum):
            found = kind_of(self.head, name)
            return {"number": "text", "clock": "text"}.get(found, found)
        return _kind_of_objects(self.objects(name))

    def numbers(self, name: str, *, flags: bool = False) -> tuple[np.ndarray, tuple[str, ...]]:
        import narwhals as nw

        column, kind = self.frame[name], self.holds(name)
        if kind == "empty":
            return np.full(len(self), np.nan), ()
        if kind == "flag" and flags:
            return column.cast(nw.Float64).to_numpy().astype(np.float64), ()
        if kind != "number":
            raise DataError(self._no_numbers(name, kind))
        if not column.dtype.is_numeric():
            return numbers_of(self.objects(name), f"column {name!r} of {self.called}"), ()
        values = column.cast(nw.Float64).to_numpy().astype(np.float64)
        large = column.dtype.is_integer() and len(values) > 0 and np.nanmax(np.abs(values), initial=0) >= _EXACT
        return values, (ROUNDED.format(f"column {name!r}"),) if large else ()

    def codes(self, name: str) -> Coded:
        import narwhals as nw

        column = self.frame[name]
        dtype = column.dtype
        if dtype in (nw.Categorical, nw.Enum):
            return _of_categories(column)
        if dtype.is_float() or dtype in (nw.Datetime, nw.Date):
            return of_typed(np.asarray(self._typed(name)))
        if dtype != nw.String and not dtype.is_integer() and dtype != nw.Boolean:
            values = self.objects(name)
            wrong = next((value for value in values if not isinstance(value, Hashable)), None)
            if wrong is not None:
                raise DataError(
                    f"column {self.own(name)!r} of {self.called} holds {wrong!r}; expected names or numbers"
                )
            return numbered(values, is_absent)
        labels = column.unique(maintain_order=True).drop_nulls().to_list()
        if not labels:
            return np.full(len(self), -1), ()
        codes = column.replace_strict(labels, list(range(len(labels))), return_dtype=nw.Int64).to_numpy()
        return np.where(codes != codes, -1, codes).astype(np.int64), tuple(labels)

    def times(self, names: Sequence[str], repeated: bool) -> ReadTimes:
        if len(names) > 1:
            return by_texts([self._as_texts(name) for name in names], names, self.reading)
        name = names[0]
        if self.holds(name) not in ("time", "number"):
            return self._times_of_texts(name, repeated)
        periods = self._periods(name)
        if periods is not None:
            different, where = np.unique(periods.asi8, return_index=True)
            found = index_times(periods[where])
            assert found is not None
            return ReadTimes(taken(found.times, np.searchsorted(different, periods.asi8)), found.notation, found.notes)
        typed = self._typed(name)
        if isinstance(typed, list):
            return self._times_of_texts(name, repeated)
        return typed_times(typed, zone=self._zone(name)) if typed.dtype.kind == "M" else ReadTimes(typed, Notation())

    def stamps(self, name: str) -> Literal["numbers", "texts", "times"]:
        typed = self.head.column(name)
        if isinstance(typed, list):
            return "texts"
        return "times" if typed.dtype.kind == "M" else "numbers"

    def frequency(self, name: str) -> str:
        periods = self._periods(name)
        return "" if periods is None else str(periods.freqstr)

    @property
    def table(self) -> Table:
        rows = np.arange(1, len(self) + 1)
        return Table(Path(self.called), self.names, rows, "", (), self._typed)

    def row(self, place: int) -> str:
        return f"row {place} (counted from 0)"

    def objects(self, name: str) -> list[Any]:
        """A column's values as Python has them."""
        return self.frame[name].to_list()

    def _as_texts(self, name: str) -> list[str]:
        codes, labels = self.codes(name)
        texts = [*map(str, labels), ""]
        return [texts[code] for code in codes.tolist()]

    def _times_of_texts(self, name: str, repeated: bool) -> ReadTimes:
        from elman.data.read_times import read_times

        how = self.reading
        if repeated:
            return by_texts([self._as_texts(name)], [name], how)
        texts = [text or None for text in self._as_texts(name)]
        return read_times(texts, name, date_format=how.date_format, dayfirst=how.dayfirst)

    def _typed(self, name: str) -> Typed:
        """Numbers as float64, times as datetime64, in UTC where they have a zone; else texts."""
        import narwhals as nw

        column = self.frame[name]
        kind = column_kind(column.dtype)
        if kind == "number":
            return column.cast(nw.Float64).to_numpy().astype(np.float64)
        if kind == "time":
            return _moments(column)
        if kind == "text":
            return ["" if is_absent(text) else str(text) for text in column.cast(nw.String).to_list()]
        values = self.objects(name)
        held = _kind_of_objects(values)
        if held == "time" and self._periods(name) is None:
            return np.array([None if is_absent(v) else v for v in values], "datetime64[us]")
        if held == "number":
            return numbers_of(values, f"column {name!r} of {self.called}")
        return ["" if is_absent(value) else str(value) for value in values]

    def _zone(self, name: str) -> str | None:
        return getattr(self.types[name], "time_zone", None)

    def _periods(self, name: str) -> Any:
        """A column of pandas' periods as an index; None where it is none."""
        if column_kind(self.types[name]) != "object":
            return None
        native = self.frame[name].to_native()
        return native.array if str(getattr(native, "dtype", "")).startswith("period") else None

    def _no_numbers(self, name: str, kind: str) -> str:
        example = next((value for value in self.frame[name].head(_LOOKED_AT).to_list() if not is_absent(value)), None)
        if isinstance(example, list | np.ndarray):
            return (
                f"column {self.own(name)!r} of {self.called} holds an array in each row; give a dict of these arrays "
                f"by the names of their series, as dict(zip(frame[...], frame[{self.own(name)!r}]))"
            )
        what = {"flag": "booleans", "time": "times", "text": "texts"}.get(kind, "objects")
        return (
            f"column {self.own(name)!r} of {self.called} holds {what}, such as {str(example)!r}; expected numbers: "
            "convert them first, or name another column with target=..."
        )


def library_of(data: Any) -> str:
    """The library of a data frame or one of its columns, as narwhals calls it."""
    import narwhals as nw

    return nw.from_native(data, pass_through=True, allow_series=True).implementation.value


def column_kind(dtype: Any) -> str:
    """What a column of that type holds: ``number``, ``time``, ``text``, or ``object`` where it has to be looked at."""
    import narwhals as nw

    if dtype.is_numeric():
        return "number"
    if dtype in (nw.Datetime, nw.Date):
        return "time"
    return "text" if dtype in (nw.String, nw.Categorical, nw.Enum, nw.Boolean) else "object"


def _moments(column: Column[Any]) -> np.ndarray:
    import narwhals as nw

    if column.dtype == nw.Date:
        column = column.cast(nw.Datetime("us"))
    if getattr(column.dtype, "time_zone", None) is not None:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column.to_numpy().astype("datetime64[us]")


def _of_categories(column: Column[Any]) -> Coded:
    """Categories as numbers, those that come up."""
    import narwhals as nw

    native: Any = column.to_native()
    if hasattr(native, "cat") and hasattr(native.cat, "codes"):
        codes, labels = np.asarray(native.cat.codes, np.int64), list(native.cat.categories)
    else:
        texts = column.cast(nw.String)
        labels = texts.unique(maintain_order=True).drop_nulls().to_list()
        found = texts.replace_strict(labels, list(range(len(labels))), return_dtype=nw.Int64).to_numpy()
        codes = np.where(found != found, -1, found).astype(np.int64)
    used, first = np.unique(codes[codes >= 0], return_index=True)
    used = used[np.argsort(first)]
    new = np.full(len(labels) + 1, -1)
    new[used] = np.arange(len(used))
    return new[codes], tuple(labels[i] for i in used)


def _kind_of_objects(values: Sequence[Any]) -> str:
    known = [value for value in values if not is_absent(value)]
    if not known:
        return "empty"
    if all(isinstance(value, bool | np.bool_) for value in known):
        return "flag"
    if all(map(is_amount, known)):
        return "number"
    dated = all(isinstance(value, datetime.date | np.datetime64) or hasattr(value, "to_timestamp") for value in known)
    return "time" if dated else "text"
