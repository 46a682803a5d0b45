"""What cases are: labels of any one type, matched to cases by name where names are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from elman.data.names import counted, listed
from elman.data.pandas_index import is_column, is_frame
from elman.data.values import is_absent, is_amount
from elman.errors import DataError

_KINDS = {"M": "dates", "m": "durations", "c": "complex numbers", "V": "records"}


def labels_of(y: Any, names: Sequence[Any], *, named: bool = True) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels in the order of the cases, and notes on how they were matched.

    Parameters
    ----------
    y : array, list, column, frame of one column, or mapping by name
    names : sequence, length N
        Of the cases.
    named : bool
        Whether these are the user's; else a column is taken in its order, whatever its index.

    Raises
    ------
    DataError
        If there are not as many as cases, one is missing, or they are of several types.

    Examples
    --------
    >>> labels_of({"b": "run", "a": "walk"}, ["a", "b"])[0].tolist()
    ['walk', 'run']
    """
    if is_frame(y):
        y = _only_column(y)
    if isinstance(y, Mapping):
        return _matched(dict(y), names, "y")
    if named and is_column(y) and hasattr(y, "index") and set(y.index) & set(names):
        return _of_index(y, list(y.index), names)
    notes = ("the labels have no names: they were taken in the order of the cases",) if named else ()
    return checked_labels(_as_array(y), names), notes


def _of_columns(found: np.ndarray) -> str:
    """What to do with several columns of labels."""
    one_hot = found.dtype.kind in "biuf" and np.isin(found, (0, 1)).all() and (found.sum(axis=1) == 1).all()
    return "; of one-hot rows give y.argmax(axis=1)" if one_hot else "; fit a model for each column, as y[:, 0]"


def checked_labels(found: np.ndarray, names: Sequence[Any]) -> np.ndarray:
    """Labels of one type, as many as cases, none missing.

    Raises
    ------
    DataError
    """
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1:
        hint = _of_columns(found) if found.ndim == 2 else ""
        raise DataError(
            f"y has shape {found.shape}; expected one label for each of {counted(len(names), 'cases')}{hint}"
        )
    if len(found) != len(names):
        raise DataError(
            f"y holds {counted(len(found), 'labels')} and X {counted(len(names), 'cases')}; expected one for each"
        )
    if found.dtype == object:
        found = _of_objects(found, names)
    if found.dtype.kind in _KINDS:
        raise DataError(f"y holds {_KINDS[found.dtype.kind]}; expected texts, numbers or booleans: convert them first")
    _check_there(found, names)
    return found


def targets_of(labels: np.ndarray, names: Sequence[Any]) -> np.ndarray:
    """Labels as the numbers that a regression learns, float64.

    Raises
    ------
    DataError
        If they are no numbers.

    Examples
    --------
    >>> targets_of(np.array([1, 2]), ["a", "b"])
    array([1., 2.])
    """
    if labels.dtype.kind in "iuf":
        return labels.astype(np.float64)
    if labels.dtype.kind != "U":
        raise DataError(
            f"y holds {labels.dtype} values, such as {labels.tolist()[0]!r}; expected numbers to regress on"
        )
    try:
        found = labels.astype(np.float64)
    except ValueError as error:
        wrong = next(i for i, text in enumerate(labels.tolist()) if not _is_number(text))
        raise DataError(
            f"y is {labels.tolist()[wrong]!r} for case {names[wrong]!r}; expected numbers to regress on"
        ) from error
    _check_there(found, names)
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _only_column(frame: Any) -> Any:
    columns = list(getattr(frame, "columns", ()))
    if hasattr(frame, "column_names"):
        columns = list(frame.column_names)
    if len(columns) != 1:
        raise DataError(f"y is a frame with columns {listed(map(repr, columns))}; expected one column of labels")
    return frame[columns[0]]


def _of_index(y: Any, index: list[Any], names: Sequence[Any]) -> tuple[np.ndarray, tuple[str, ...]]:
    """A column of pandas whose index are names of cases."""
    if index == list(names):
        return checked_labels(_as_array(y), names), ()
    if len(set(index)) < len(index):
        again = next(name for name in index if index.count(name) > 1)
        raise DataError(f"y has several labels for case {again!r}; expected one")
    return _matched(dict(zip(index, _as_array(y).tolist(), strict=True)), names, "the index of y")


def _matched(held: dict[Any, Any], names: Sequence[Any], what: str) -> tuple[np.ndarray, tuple[str, ...]]:
    lacking = [name for name in names if name not in held]
    if lacking:
        raise DataError(
            f"{what} has no label for {len(lacking)} of {counted(len(names), 'cases')}: "
            f"{listed(map(repr, lacking), 5)}; its names are {listed(map(repr, held), 5)}. "
            "Give a list to have labels taken in the order of the cases"
        )
    rest = len(held) - len(names)
    notes = ["labels were matched with cases by name"]
    if rest:
        notes.append(f"{counted(rest, 'labels')} {'is' if rest == 1 else 'are'} of no case, and not used")
    return checked_labels(_as_array([held[name] for name in names]), names), tuple(notes)


def _as_array(y: Any) -> np.ndarray:
    """An array in which each label keeps its type: NumPy would make texts of numbers beside texts."""
    if isinstance(y, np.ma.MaskedArray):
        return np.array(y.tolist(), object)
    if isinstance(y, list | tuple):
        if any(isinstance(one, list | tuple | np.ndarray) and np.ndim(one) for one in y):
            return _of_lists(y)
        found = np.empty(len(y), object)
        found[:] = [one.item() if isinstance(one, np.generic) else one for one in y]
        return found
    found = np.asarray(y)
    if found.ndim == 0:
        raise DataError(f"y is {y!r}; expected a label for each case")
    return found


def _of_lists(y: Sequence[Any]) -> np.ndarray:
    """Lists of one length, as a column of labels is."""
    try:
        return np.asarray(y)
    except ValueError as error:
        raise DataError("y holds lists of different lengths; expected a label for each case") from error


def _of_objects(found: np.ndarray, names: Sequence[Any]) -> np.ndarray:
    """Python's objects, all of one type, as an array of that type."""
    values = [one.item() if isinstance(one, np.generic) else one for one in found.tolist()]
    gone = next((i for i, one in enumerate(values) if is_absent(one)), None)
    if gone is not None:
        raise _missing(values[gone], gone, names)
    kinds: dict[str, int] = {}
    for i, one in enumerate(values):
        kinds.setdefault(_kind(one), i)
    if len(kinds) > 1:
        shown = [f"{kind} ({values[i]!r} of case {names[i]!r})" for kind, i in kinds.items()]
        raise DataError(f"y mixes {' and '.join(shown)}; expected labels of one type")
    kind = next(iter(kinds), "texts")
    if kind not in ("texts", "numbers", "booleans", "bytes"):
        raise DataError(f"y holds {values[0]!r} of type {kind}; expected texts, numbers or booleans")
    if kind == "numbers":
        return np.array([float(one) if isinstance(one, Decimal) else one for one in values])
    return np.array(values)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "booleans"
    if isinstance(value, str):
        return "texts"
    if isinstance(value, bytes):
        return "bytes"
    return "numbers" if is_amount(value) else type(value).__name__


def _check_there(found: np.ndarray, names: Sequence[Any]) -> None:
    """Refuse labels that are NaN, infinite or empty."""
    if found.dtype.kind == "f":
        wrong = ~np.isfinite(found)
    elif found.dtype.kind == "U":
        wrong = found == ""
    else:
        return
    if wrong.any():
        place = int(np.argmax(wrong))
        raise _missing(found[place].item(), place, names)


def _missing(value: Any, place: int, names: Sequence[Any]) -> DataError:
    return DataError(
        f"y is {value!r} for case {names[place]!r} (number {place}, from 0); expected a label for each case: leave "
        "out cases without one"
    )
