"""Text files of the UCR archive: a case in each line, its class first, without a header."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from elman.data.cases import Cases
from elman.data.casing.arrays import numbered_channels
from elman.data.casing.laying import padded, squared
from elman.data.casing.written import Lines, labels_of_lines, numbers_of_line
from elman.errors import DataError

_FEWEST = 3  # fields of a line


def may_be_ucr(text: Lines) -> bool:
    """Whether the first line is one of numbers, behind a label."""
    fields = text.first.split(_delimiter(text.first))
    try:
        numbers_of_line(",".join(fields[1:]), "the first line")
    except DataError:
        return False
    return len(fields) >= _FEWEST


def of_ucr(text: Lines) -> Cases:
    """The cases of a file of the archive, padded by NaN where they have different lengths.

    Raises
    ------
    DataError
        Naming the line that cannot be used.
    """
    body = text.after(0)
    delimiter = _delimiter(body[0][1])
    values, labels = [], []
    for number, line in body:
        label, *rest = line.split(delimiter, 1)
        where = text.where(number)
        if not rest:
            raise DataError(f"{where} is {line[:40]!r}; expected a class and then the values, as in the lines above")
        labels.append(label.strip())
        values.append(numbers_of_line(rest[0], where, delimiter)[:, None])
    told = f"{text.name} has no header: a case in each line, its class in the first column, as in the UCR archive"
    cases = squared(padded(values), tuple(range(len(values))), numbered_channels(1), [*text.notes, told])
    classes = labels_of_lines(labels, [number for number, _ in body], text.name, None, numeric=False)
    return replace(cases, labels=None if classes is None else _typed(classes))


def _delimiter(line: str) -> str | None:
    """What parts the fields; None for any spaces."""
    return next((mark for mark in ("\t", ",") if mark in line), None)


def _typed(texts: np.ndarray) -> np.ndarray:
    """Classes that are all numbers as such, whole ones without a point."""
    try:
        found = texts.astype(np.float64)
    except ValueError:
        return texts
    return found.astype(np.int64) if np.all(found == np.rint(found)) else found
