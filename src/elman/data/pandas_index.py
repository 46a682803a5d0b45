"""Data frames and their columns as sheets: what pandas keeps in an index becomes columns."""

from __future__ import annotations

from collections.abc import Collection as Names
from dataclasses import dataclass
from typing import Any

from elman.data.along import are_times
from elman.data.frames import FrameSheet
from elman.data.index_times import index_times
from elman.data.read_times import looks_like_times
from elman.data.readers import time_columns
from elman.data.reading import Reading
from elman.data.sheets import Sheet
from elman.errors import DataError

_LOOKED_AT = 200


@dataclass(frozen=True)
class Framed:
    """A data frame, and what its index told.

    Attributes
    ----------
    sheet : Sheet
    time : str
        The column that was an index of times; empty where there was none.
    group : tuple of str
        The columns that were other levels of the index.
    """

    sheet: Sheet
    time: str = ""
    group: tuple[str, ...] = ()


def is_frame(data: Any) -> bool:
    """Whether something is a data frame that narwhals knows, a lazy one included."""
    if isinstance(data, list | tuple | dict | str) or type(data).__module__.partition(".")[0] in ("numpy", "builtins"):
        return False
    import narwhals as nw

    return isinstance(_known(data), nw.DataFrame | nw.LazyFrame)


def is_column(data: Any) -> bool:
    """Whether something is a column of a data frame, as pandas' and polars' Series."""
    if isinstance(data, list | tuple | dict | str) or type(data).__module__.partition(".")[0] in ("numpy", "builtins"):
        return False
    import narwhals as nw

    return isinstance(_known(data, allow_series=True), nw.Series)


def _known(data: Any, **options: bool) -> Any:
    """What narwhals makes of something: itself, where it is no frame.

    Raises
    ------
    DataError
        If several columns of a frame have one name.
    """
    import narwhals as nw

    try:
        return nw.from_native(data, pass_through=True, **options)  # type: ignore[call-overload]
    except nw.exceptions.DuplicateError as error:
        names = list(data.columns)
        twice = next((name for name in names if names.count(name) > 1), None)
        raise _called_alike(twice) from error


def _called_alike(name: Any) -> DataError:
    return DataError(f"the frame has several columns {name!r}; expected a name of its own for each")


def framed(data: Any, named: Names[Any], reading: Reading | None = None, *, numbered: bool = True) -> Framed:
    """A data frame as a sheet.

    Parameters
    ----------
    data : data frame
    named : collection
        The columns that the user names.
    reading : Reading, optional
        How texts that are times are read.
    numbered : bool, default True
        Whether an index of numbers that go on may be times: in a part of a table of cases it numbers rows of the whole.

    Raises
    ------
    DataError
        If it is lazy, or several columns have one name.
    """
    import narwhals as nw

    if isinstance(data, nw.DataFrame | nw.LazyFrame):
        data = data.to_native()
    if isinstance(nw.from_native(data), nw.LazyFrame):
        raise DataError(f"the frame is a {type(data).__name__}, which holds no data yet; give frame.collect()")
    if not hasattr(data, "index") or not hasattr(data.index, "nlevels"):
        return Framed(FrameSheet(data, reading=reading or Reading()))
    frame, originals = _with_texts(data)
    if frame.index.nlevels > 1:
        return _of_levels(frame, originals, reading or Reading())
    return _of_index(frame, originals, {str(name) for name in named}, reading or Reading(), numbered)


def column_framed(data: Any, reading: Reading | None = None) -> Framed:
    """A column of a data frame, with its index, as a sheet of one column of values."""
    import narwhals as nw

    if hasattr(data, "index") and hasattr(data.index, "nlevels"):
        name = "value" if data.name is None else data.name
        return framed(data.to_frame(name=name), (), reading)
    column = nw.from_native(data, series_only=True)
    return Framed(FrameSheet(column.alias(column.name or "value").to_frame().to_native()))


def _with_texts(frame: Any) -> tuple[Any, dict[str, Any]]:
    """A frame of pandas whose columns are called by texts, and what they were called."""
    names = list(frame.columns)
    texts = [name if isinstance(name, str) else str(name) for name in names]
    twice = next((text for text in texts if texts.count(text) > 1), None) if len(set(texts)) < len(texts) else None
    if twice is not None:
        raise _called_alike(twice)
    originals = {text: name for text, name in zip(texts, names, strict=True) if text != name}
    if originals:
        frame = frame.copy(deep=False)
        frame.columns = texts
    return frame, originals


def _of_levels(frame: Any, originals: dict[str, Any], reading: Reading) -> Framed:
    """The levels of an index as columns: one of times, others that name series."""
    index = frame.index
    texts = [f"level {i}" if name is None else str(name) for i, name in enumerate(index.names)]
    originals = originals | {t: n for t, n in zip(texts, index.names, strict=True) if n is not None and n != t}
    both = next((text for text in texts if text in frame.columns), None)
    if both is not None:
        raise DataError(f"the frame has {both!r} as a column and in its index; expected one of them")
    dated = [i for i, level in enumerate(index.levels) if _holds_times(level)]
    place = dated[0] if dated else len(texts) - 1
    sheet = FrameSheet(frame.rename_axis(index=texts).reset_index(), originals, reading)
    return Framed(sheet, texts[place], tuple(text for i, text in enumerate(texts) if i != place))


def _of_index(frame: Any, originals: dict[str, Any], named: set[str], reading: Reading, numbered: bool) -> Framed:
    index = frame.index
    called = "index" if index.name is None else str(index.name)
    text = f"{called} of the index" if called in frame.columns else called
    asked = text in named
    times = _holds_times(index) or (
        numbered and _counts(frame) and not time_columns(FrameSheet(frame).head, None, None)
    )
    if not asked and not times:
        return Framed(FrameSheet(frame.reset_index(drop=True), originals, reading))
    if index.name is not None and text == called != index.name:
        originals = originals | {text: index.name}
    sheet = FrameSheet(frame.rename_axis(index=text).reset_index(), originals, reading)
    return Framed(sheet, text if times and not (named & set(sheet.names) and asked) else "")


def _holds_times(index: Any) -> bool:
    """Whether an index holds dates or periods, or texts that are."""
    if hasattr(index, "to_timestamp") or str(index.dtype).startswith("datetime"):
        return True
    if index_times(index) is not None or len(index) == 0:
        return False
    labels = [str(label) for label in index[:_LOOKED_AT]]
    return looks_like_times(labels) or are_times(labels)


def _counts(frame: Any) -> bool:
    """Whether an index of numbers goes on as times do, and is more than a count of the rows."""
    index = frame.index
    if index.dtype.kind not in "iuf" or not index.is_monotonic_increasing or not index.is_unique:
        return False
    return len(index) > 1 and (index[0] != 0 or index[-1] != len(index) - 1)
