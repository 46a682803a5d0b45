"""Cases of whatever holds labelled sequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from elman.checks import instance, shown
from elman.data.cases import Cases
from elman.data.casing.arrays import Order, of_array, of_arrays
from elman.data.casing.asked import Asked
from elman.data.casing.files import holds_arrays, of_file, table_columns
from elman.data.casing.labels import labels_of
from elman.data.casing.long import group_of
from elman.data.casing.nested import cells_of, is_sequence, of_frames, of_nested
from elman.data.casing.roles import TIMES, plain
from elman.data.casing.tables import of_table
from elman.data.casing.wide import find_steps
from elman.data.intake import as_sheet
from elman.data.pandas_index import framed, is_column, is_frame
from elman.data.reading import Reading
from elman.errors import DataError, OptionError


def cases_of(
    X: Any,
    y: Any = None,
    *,
    channels: Order = "last",
    group: Any = None,
    time: Any = None,
    columns: Any = None,
    label: Any = None,
    reading: Reading | None = None,
) -> Cases:
    """Labelled sequences of whatever holds them.

    Parameters
    ----------
    X : array, list, dict, data frame, path or Cases
        An array (N, T) of one channel or (N, T, F); a list of arrays (T_n,) or (T_n, F) or of data frames, or a dict of
        them by name; a data frame with a row for each case and time (`group` names the cases), a row for each case and
        a column for each step, or nested cells, as sktime has them; a file of these forms (CSV, TSV, Parquet), or
        ``.ts``, ``.arff``, ``.npz`` or ``.npy``. NaN stands for a value that is missing.
    y : array (N,), column, mapping by name, or str, optional
        What each case is: texts, numbers or booleans. A mapping, or a Series whose index is the names of the cases, is
        matched by name. A text is the name of a column, as `label`.
    channels : {"last", "first"}
        Which axis of an array are its channels: the last, (N, T, F), or the second, (N, F, T), as aeon and sktime have.
    group, time, columns, label : str or list of str, optional
        Of tables: the columns that name cases and make times, that are channels, and that tell what a case is. By
        default they are found by their names where these are usual, and the notes say so.
    reading : Reading, optional
        How a file is read.

    Returns
    -------
    Cases

    Raises
    ------
    DataError
        If the data cannot be used, naming the case, column or line.
    OptionError
        If an argument means nothing for the data.

    Examples
    --------
    >>> cases_of([[1, 2, 3], [4, 5]], ["up", "down"])
    <Cases: 2 cases of 2 to 3 steps, 1 channel>
    >>> cases_of({"walk": ["a", "a", "b"], "x": [1, 2, 3], "kind": ["u", "u", "v"]}, group="walk", label="kind").labels
    array(['u', 'v'], dtype='<U1')
    """
    if isinstance(y, str):
        if label is not None:
            raise OptionError(f"both y={y!r} and label={label!r} name a column of labels; give one of them")
        y, label = None, y
    reading = instance(Reading() if reading is None else reading, Reading, "reading", "an elman.data.reading.Reading")
    asked = Asked(channels, group, time, columns, label, reading)
    found = _found(X, asked, y is not None)
    if y is None:
        return found
    if found.labels is not None:
        raise OptionError("labels are given twice, by y and by X; leave out one of them")
    labels, notes = labels_of(y, found.names, named=bool(found.keys))
    return replace(found, labels=labels, notes=(*found.notes, *notes))


def read_cases(
    path: str | Path,
    *,
    channels: Order = "last",
    group: Any = None,
    time: Any = None,
    columns: Any = None,
    label: Any = None,
    reading: Reading | None = None,
) -> Cases:
    r"""Labelled sequences of a file; see `cases_of`.

    Parameters
    ----------
    path : str or Path
        Of an archive (``.ts``, ``.arff``), of NumPy, or a table.
    channels, group, time, columns, label, reading : optional
        As for `cases_of`.

    Returns
    -------
    Cases

    Raises
    ------
    DataError
        If there is no such file, or it cannot be used, naming the line.

    Examples
    --------
    >>> import elman as el
    >>> rows = "walk,t,x,kind\na,0,1,run\na,1,2,run\nb,0,3,rest\n"
    >>> written = open("walks.csv", "w").write(rows)
    >>> cases = el.data.read_cases("walks.csv", group="walk", time="t", label="kind")
    >>> cases.lengths.tolist(), cases.labels.tolist()
    ([2, 1], ['run', 'rest'])
    """
    if not isinstance(path, str | Path):
        raise OptionError(f"path is {shown(path)}; expected the path of a file, as a text or a Path")
    return of_file(Path(path), Asked(channels, group, time, columns, label, reading or Reading()), False)


def columns_in(X: Any) -> tuple[Any, ...]:
    """What the columns of a table are called, a file's too; none where X is no table."""
    if isinstance(X, str | Path):
        return table_columns(Path(X))
    if isinstance(X, Mapping):
        return tuple(X)
    return tuple(getattr(X, "column_names", None) or X.columns) if is_frame(X) else ()


def has_columns(X: Any) -> bool:
    """Whether data are a table, or a list of tables, whose columns can be named."""
    return any(map(is_frame, X)) if isinstance(X, list | tuple) else bool(columns_in(X))


def has_axes(X: Any) -> bool:
    """Whether data are arrays, whose axes may be in either order."""
    return holds_arrays(Path(X)) if isinstance(X, str | Path) else not has_columns(X)


def _found(X: Any, asked: Asked, labelled: bool) -> Cases:
    """Cases without the labels that are given beside them."""
    if isinstance(X, Cases):
        asked.refuse_names("Cases")
        asked.refuse_order("Cases")
        return replace(X, labels=None, notes=X.notes) if labelled else X
    if isinstance(X, str | Path):
        return of_file(Path(X), asked, labelled)
    asked.reading.refuse_all_but(["date_format", "dayfirst"], "data that is no file")
    if is_frame(X):
        return _of_frame(X, asked, labelled)
    if isinstance(X, Mapping):
        return _of_mapping(X, asked, labelled)
    if is_column(X):
        X = X.to_list() if hasattr(X, "to_list") else list(X)
    if type(X).__module__.startswith("scipy.sparse"):
        raise DataError(f"X is a sparse {type(X).__name__}, which is not supported: give X.toarray()")
    if isinstance(X, set | frozenset):
        raise DataError(f"X is {shown(X)}; expected an array, a list, a data frame or a file's name")
    found = X if isinstance(X, list | tuple) else _array_of(X)
    return _of_array(found, asked) if isinstance(found, np.ndarray) else _of_items(found, None, asked, labelled)


def _of_frame(X: Any, asked: Asked, labelled: bool) -> Cases:
    asked.refuse_order("a data frame")
    index = getattr(X, "index", None) if getattr(getattr(X, "index", None), "nlevels", 2) == 1 else None
    cells = cells_of(X) if hasattr(X, "__len__") else {}
    if cells:
        return of_nested(cells, index, asked, labelled)
    _check_one_level(X)
    numbered = plain(str(getattr(index, "name", None))) in TIMES
    held = framed(X, asked.named, asked.reading, numbered=numbered)
    if held.time and index is not None and not asked.time and not group_of(held, asked):
        rows = framed(X.reset_index(drop=True), asked.named, asked.reading)
        held = rows if find_steps(rows.sheet, asked) else held  # a case for each day, and a column for each hour
    return of_table(held, asked, index, labelled)


def _check_one_level(X: Any) -> None:
    """Refuse columns of several levels, as pivoting a long table makes them: their texts would be in no order."""
    if hasattr(X, "index") and getattr(X.columns, "nlevels", 1) > 1:
        first = ", ".join(map(str, X.columns[0]))
        raise DataError(
            f"the frame has columns of {X.columns.nlevels} levels, such as ({first}); expected one: give the "
            "long table with group= and time=, or call the columns by channel and step, as in frame.columns = "
            "[f'{channel}_{step}' for channel, step in frame.columns]"
        )


def _of_mapping(X: Mapping[Any, Any], asked: Asked, labelled: bool) -> Cases:
    """A dict of columns where some are named, else of cases by name."""
    if asked.named and not any(map(is_frame, X.values())):
        asked.refuse_order("a dict of columns")
        return of_table(as_sheet(X, asked.named, asked.reading), asked, None, labelled)
    return replace(_of_items(list(X.values()), tuple(X), asked, labelled), keys=("case",))


def _array_of(X: Any) -> np.ndarray | list[Any]:
    """An array of what gives one, or the list of its items where these have different lengths."""
    if isinstance(X, np.ndarray):
        return X
    try:
        return np.asarray(X) if hasattr(X, "__array__") else list(X)
    except (TypeError, ValueError, RuntimeError) as error:
        try:
            return list(X)
        except (TypeError, ValueError, RuntimeError):
            raise DataError(f"X is {shown(X)}, which gives no array: {error}") from error


def _of_array(X: np.ndarray, asked: Asked) -> Cases:
    if X.dtype == object and X.ndim == 1:
        return _of_items(list(X), None, asked, False)
    if X.dtype == object and X.ndim == 2 and any(is_sequence(cell) for cell in X.flat):
        cases = [np.stack([np.asarray(cell) for cell in row], axis=1) for row in X]
        return _of_items(cases, None, replace(asked, channels="last"), False)
    asked.refuse_names("an array")
    return of_array(X, asked.channels)


def _of_items(items: Sequence[Any], names: tuple[Any, ...] | None, asked: Asked, labelled: bool) -> Cases:
    """A list of cases, all arrays or all frames."""
    called = tuple(range(len(items))) if names is None else names
    frames = [is_frame(item) for item in items]
    if any(frames):
        if not all(frames):
            other = called[frames.index(False)]
            raise DataError(f"case {other!r} is {shown(items[frames.index(False)])}, and others are data frames")
        asked.refuse_order("data frames")
        return of_frames(items, called, asked, labelled)
    asked.refuse_names("a list of arrays")
    scalar = next((i for i, item in enumerate(items) if not is_sequence(item) and np.ndim(item) == 0), None)
    if scalar is not None:
        raise DataError(
            f"X holds {shown(items[scalar])} where case {called[scalar]!r} should be; expected an array (T,) or (T, F) "
            "for each case"
        )
    square = _square(items) if names is None else None
    return of_arrays(items, called, asked.channels) if square is None else of_array(square, asked.channels)


def _square(items: Sequence[Any]) -> np.ndarray | None:
    """Lists of one length as an array; None of others."""
    if not items or not all(isinstance(item, list | tuple) for item in items):
        return None
    try:
        return np.asarray(items)
    except ValueError:  # cases of different lengths
        return None
