"""Columns of a table that label cases or name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from elman.data.casing.labels import checked_labels
from elman.data.names import counted, first_of
from elman.data.numerals import is_missing
from elman.data.sheets import Coded, Sheet
from elman.data.tabled import series_of_columns
from elman.data.values import is_absent
from elman.errors import DataError


def check_names(names: Sequence[Any], what: str, hint: str = "") -> None:
    """Refuse names of cases that are missing, lists, or not all different.

    Raises
    ------
    DataError
    """
    wrong = next((name for name in names if is_absent(name) or not isinstance(name, Hashable)), 0)
    if is_absent(wrong) or not isinstance(wrong, Hashable):
        raise DataError(f"{what} calls a case {wrong!r}; expected a text or a number for each{hint}")
    if len(set(names)) < len(names):
        again = next(name for name, count in Counter(names).items() if count > 1)
        raise DataError(f"{what} calls several cases {again!r}; expected a name of its own for each{hint}")


def index_names(index: Any, count: int) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """What the index of a frame of pandas calls its rows, and what it is called; numbers and nothing where it counts.

    Numbers without a name that come twice, as in a sample with replacement, count the rows of another frame.

    Raises
    ------
    DataError
        If two rows have one name.
    """
    names = tuple(range(count)) if index is None else tuple(index)
    counts = tuple(range(count))
    if names == counts or (index.name is None and index.dtype.kind in "iu" and not index.is_unique):
        return counts, ()
    check_names(names, "the index", "; reset_index(drop=True) makes it count")
    return names, ("case" if index.name is None else str(index.name),)


def names_of_cases(sheet: Sheet, group: Sequence[str]) -> tuple[tuple[Any, ...], np.ndarray]:
    """What some columns call the cases, in the order in which they come, and which one each row is of.

    Numbers of a file are numbers, as `coded_labels` reads them.

    Raises
    ------
    DataError
        Naming the row in which one of them is empty.
    """
    if len(group) > 1:
        return series_of_columns(sheet, group)
    codes, labels = coded_labels(sheet, group[0])
    return (labels, codes) if (codes >= 0).all() else series_of_columns(sheet, group)


def first_of_cases(found: np.ndarray, codes: np.ndarray, count: int) -> np.ndarray:
    """The first code of a column that is there in each case, -1 where there is none."""
    known = np.flatnonzero(found >= 0)
    first = np.full(count, -1)
    first[codes[known[::-1]]] = found[known[::-1]]
    return first


def is_constant(found: np.ndarray, codes: np.ndarray, count: int) -> bool:
    """Whether a column is the same in all rows of each case, where it is not missing."""
    first = first_of_cases(found, codes, count)
    return bool(np.all((found < 0) | (found == first[codes])))


def label_of_rows(sheet: Sheet, name: str, names: Sequence[Any]) -> np.ndarray | None:
    """A column of one value a case, where each row is a case; None where it is empty."""
    return label_of_cases(sheet, name, np.arange(len(sheet)), names)


def label_of_cases(sheet: Sheet, name: str, codes: np.ndarray, names: Sequence[Any]) -> np.ndarray | None:
    """A column that is the same in all rows of each case, one value a case; None where it is empty.

    Raises
    ------
    DataError
        Naming a case in which it changes, or that has none.
    """
    found, labels = coded_labels(sheet, name)
    first = first_of_cases(found, codes, len(names))
    changed = np.flatnonzero((found >= 0) & (found != first[codes]))
    if len(changed):
        case = int(codes[changed[0]])
        one, other = labels[first[case]], labels[found[changed[0]]]
        raise DataError(
            f"column {sheet.own(name)!r} labels case {names[case]!r} both {one!r} and {other!r}; expected one label "
            "for all steps of a case"
        )
    if (found < 0).all():
        return None
    if (first < 0).any():
        lacking = [repr(names[i]) for i in np.flatnonzero(first < 0).tolist()]
        raise DataError(
            f"column {sheet.own(name)!r} has no label for {counted(len(lacking), 'cases')}: {first_of(lacking)}; "
            "give them one, or leave them out"
        )
    values = np.empty(len(names), object)
    values[:] = [labels[i] for i in first.tolist()]
    return checked_labels(values, names)


def coded_labels(sheet: Sheet, name: str) -> Coded:
    """A column's labels: texts of a file that are all numbers are numbers, but for those that begin with a zero."""
    codes, labels = sheet.codes(name)
    if not all(isinstance(one, str) for one in labels):
        return codes, labels
    if any(is_missing(one) for one in labels) and sheet.holds(name) == "number":
        gone = np.array([is_missing(one) for one in labels])
        codes = np.where((codes >= 0) & gone[codes], -1, codes)
    plain = [one for one in labels if not is_missing(one)]
    if sheet.holds(name) != "number" or any(len(one) > 1 and one[0] == "0" and one[1].isdigit() for one in plain):
        return codes, labels
    numbers, _ = sheet.numbers(name)
    whole = bool(np.all(numbers[codes >= 0] == np.rint(numbers[codes >= 0])))
    held: list[Any] = [None] * len(labels)
    rows = np.flatnonzero(codes >= 0)
    for code, row in zip(*np.unique(codes[rows], return_index=True), strict=True):
        value = float(numbers[rows[row]])
        held[int(code)] = int(value) if whole else value
    return codes, tuple(held)
