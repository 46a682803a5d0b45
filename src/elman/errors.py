"""One tree of exceptions.

    ElmanError
    |-- EquationError    a cell, layer or loss whose equations cannot be traced or do not fit together
    |   |-- ShapeError   sizes that cannot match; also an array of the wrong shape
    |   `-- TextError    a text of equations that cannot be read: at which line and column
    |-- DataError        input data that cannot be used: files, columns, times, NaN, too few rows
    |   `-- StreamError  of some of many streams, which it names
    |-- OptionError      an option or argument with a value that makes no sense
    |-- TrainingError    training that cannot go on: a loss or gradient that is not finite
    |-- ModelFileError   a model file that cannot be read
    |-- EngineError      an engine that cannot be had: no native build, an unknown instruction set
    |-- ConversionError  a model that cannot be brought to or from another framework, or does not agree there
    `-- JobError         a job in another process that ended without an answer, or cannot be sent to one

`EquationError`, `DataError`, `OptionError` and `ConversionError` are also `ValueError`, so that code that expects
Python's own exception for a bad value keeps working. Every message says what came, what was expected and what to do.
"""

from __future__ import annotations

from typing import Any


class ElmanError(Exception):
    """The root of everything Elman raises on purpose."""


class EquationError(ElmanError, ValueError):
    """Equations that cannot be traced or do not fit together."""


class ShapeError(EquationError):
    """Sizes that cannot match."""


class TextError(EquationError):
    """A text of equations that cannot be read, or says what makes no sense.

    Attributes
    ----------
    reason : str
        What is wrong.
    line, column, length : int
        Where: lines and columns are counted from 1.
    """

    def __init__(self, reason: str, source: str = "", line: int = 1, column: int = 1, length: int = 1):
        shown = source.replace("\t", " ")
        mark = " " * (column - 1) + "^" * max(1, min(length, len(shown) - column + 1))
        super().__init__(f"line {line}, column {column}: {reason}\n  {shown}\n  {mark}")
        self.reason: str = reason
        self.source: str = source
        self.line: int = line
        self.column: int = column
        self.length: int = length

    def __reduce__(self) -> Any:
        return type(self), (self.reason, self.source, self.line, self.column, self.length)


class DataError(ElmanError, ValueError):
    """Input data that cannot be used.

    Attributes
    ----------
    place : tuple of str, tuple of int and str, optional
        Of a single value: the array, where in it, and what the message says behind these.
    """

    place: tuple[str, tuple[int, ...], str] | None = None

    @classmethod
    def at(cls, name: str, place: tuple[int, ...], says: str) -> DataError:
        """The error of a value at a place of an array."""
        error = cls(f"{name}{list(place)} {says}")
        error.place = name, place, says
        return error


class StreamError(DataError):
    """Input of some of many streams that cannot be used; no stream has gone a step.

    Attributes
    ----------
    errors : dict of DataError or ShapeError by key
        What is wrong, of each stream of which something is.
    """

    def __init__(self, message: str, errors: dict[Any, ElmanError]):
        super().__init__(message)
        self.errors = errors


class OptionError(ElmanError, ValueError):
    """An option or argument with a value that makes no sense."""


class TrainingError(ElmanError, ArithmeticError):
    """Training that cannot go on."""


class ModelFileError(ElmanError, ValueError):
    """A model file that cannot be read."""


class EngineError(ElmanError, RuntimeError):
    """An engine that cannot be had."""


class ConversionError(ElmanError, ValueError):
    """A model that cannot be brought to or from another framework, or does not agree with it there."""


class JobError(ElmanError, RuntimeError):
    """A job in another process that ended without an answer, or cannot be sent to one."""


def prefixed(error: ElmanError, what: str) -> ElmanError:
    """The same error, saying first of what it is."""
    found = type(error)(f"{what}: {error}")
    if isinstance(error, DataError) and isinstance(found, DataError) and error.place is not None:
        name, place, says = error.place
        found.place = f"{what}: {name}", place, says
    return found
