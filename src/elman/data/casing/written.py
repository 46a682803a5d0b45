"""Numbers of a line, as archives of time series write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from elman.data.decoding import decoded
from elman.data.packed import unpacked
from elman.errors import DataError

COMMENTS = ("#", "%")
MISSING = "?"


@dataclass(frozen=True)
class Lines:
    """The lines of a file.

    Attributes
    ----------
    name : str
        Of the file, for messages.
    lines : list of str
        All, without spaces around them.
    notes : tuple of str
        How it was read.
    """

    name: str
    lines: list[str]
    notes: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        """The first line that is no comment."""
        return next((line for line in self.lines if not is_passed(line)), "")

    def after(self, start: int) -> list[tuple[int, str]]:
        """The lines of cases from a place on, and their numbers, from 1."""
        found = [(i, line) for i, line in enumerate(self.lines[start:], start=start + 1) if not is_passed(line)]
        if not found:
            raise DataError(f"{self.name} has no case; expected a line for each behind its header")
        return found

    def where(self, number: int) -> str:
        """A line in words."""
        return f"{self.name}, line {number}"


def lines_of(path: Path) -> Lines:
    """The lines of a text file, unpacked."""
    text = decoded(unpacked(path), path.name)
    return Lines(path.name, list(map(str.strip, text.text.split("\n"))), (text.note,) if text.note else ())


def is_passed(line: str) -> bool:
    """Whether a line is empty or a comment."""
    return not line or line.startswith(COMMENTS)


def numbers_of_line(text: str, where: str, delimiter: str | None = ",") -> np.ndarray:
    """Numbers between delimiters, NaN for a question mark.

    Parameters
    ----------
    text : str
    where : str
        The line, for messages.
    delimiter : str or None
        None for any spaces.

    Raises
    ------
    DataError
        If one is no number, or infinite.

    Examples
    --------
    >>> numbers_of_line("1,?,-2.5", "line 7")
    array([ 1. ,  nan, -2.5])
    """
    fields = (text.replace(MISSING, "nan") if MISSING in text else text).split(delimiter)
    try:
        if "_" in text:  # which Python takes for a number
            raise ValueError
        found = np.fromiter(map(float, fields), np.float64, len(fields))
    except ValueError:
        raise _no_number(text.split(delimiter), where) from None
    if np.isinf(found).any():
        place = int(np.argmax(np.isinf(found)))
        raise DataError(f"{where}: value {place + 1} is infinite ({fields[place].strip()}); expected finite numbers")
    return found


def _no_number(fields: Sequence[str], where: str) -> DataError:
    place = next(i for i, field in enumerate(fields) if not _is_number(field))
    found = fields[place].strip()
    shown = f"is {found!r}" if found else "is empty"
    return DataError(f"{where}: value {place + 1} {shown}; expected a number, or {MISSING} where one is missing")


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return field.strip() == MISSING
    return "_" not in field


def labels_of_lines(
    texts: Sequence[str], lines: Sequence[int], name: str, classes: Sequence[str] | None, *, numeric: bool
) -> np.ndarray | None:
    """What stands in each line for the class or the target; None where it is missing in all.

    Parameters
    ----------
    texts : sequence of str, length N
    lines : sequence of int, length N
        In which line each stands.
    name : str
        Of the file.
    classes : sequence of str, optional
        Those that the header allows, in any case.
    numeric : bool
        Whether they are targets of a regression.

    Raises
    ------
    DataError
        Naming the line of one that is missing, or no class.
    """
    missing = [text in (MISSING, "") for text in texts]
    if all(missing):
        return None
    if any(missing):
        raise DataError(
            f"{name}, line {lines[missing.index(True)]} has no label; expected one in each line, or {MISSING} in all"
        )
    if numeric:
        found = [
            numbers_of_line(text, f"{name}, line {line}: the target", None)
            for text, line in zip(texts, lines, strict=True)
        ]
        wrong = next((i for i, values in enumerate(found) if len(values) != 1 or np.isnan(values[0])), None)
        if wrong is not None:
            raise DataError(f"{name}, line {lines[wrong]}: the target is {texts[wrong]!r}; expected a number")
        return np.concatenate(found)
    if not classes:
        return np.array(texts)
    spelt = {one.lower(): one for one in classes} | {one: one for one in classes}
    place = next((i for i, text in enumerate(texts) if text not in spelt and text.lower() not in spelt), None)
    if place is not None:
        raise DataError(
            f"{name}, line {lines[place]} has the class {texts[place]!r}; the header names "
            f"{', '.join(map(repr, classes[:12]))}{' ...' if len(classes) > 12 else ''}"
        )
    return np.array([spelt.get(text, spelt.get(text.lower())) for text in texts])
