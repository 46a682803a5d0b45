"""One tree of exceptions::

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
    """The root of everything Elman raises on purpose.

    Examples
    --------
    >>> import elman as el
    >>> try:
    ...     el.Network(1, [el.GRU(-4)])
    ... except el.ElmanError as error:
    ...     print(type(error).__name__)
    OptionError
    """


class EquationError(ElmanError, ValueError):
    """Equations that cannot be traced or do not fit together.

    Examples
    --------
    >>> import elman as el
    >>> @el.cell
    ... def odd(p, x, h):
    ...     return h if h > 0 else x
    >>> odd.equations()
    Traceback (most recent call last):
        ...
    elman.errors.EquationError: ...
    """


class ShapeError(EquationError):
    """Sizes that cannot match.

    Examples
    --------
    >>> import elman as el
    >>> el.Network(2, [el.GRU(4)])([[[1.0, 2.0, 3.0]]])
    Traceback (most recent call last):
        ...
    elman.errors.ShapeError: ...
    """


class TextError(EquationError):
    """A text of equations that cannot be read, or says what makes no sense.

    Parameters
    ----------
    reason : str
        What is wrong.
    source : str, optional
        The text, whose line the message shows.
    line, column, length : int, default 1
        Where: lines and columns are counted from 1.

    Attributes
    ----------
    reason : str
        What is wrong.
    line, column, length : int
        Where: lines and columns are counted from 1.

    Examples
    --------
    >>> import elman as el
    >>> el.cell_from_text("def f(p, x, h): return tanh(h")
    Traceback (most recent call last):
        ...
    elman.errors.TextError: ...
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

    Examples
    --------
    >>> import elman as el
    >>> el.Network(1, [el.GRU(4)])([[[float("nan")]]])
    Traceback (most recent call last):
        ...
    elman.errors.DataError: ...
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

    Parameters
    ----------
    message : str
        What is wrong, all together.
    errors : dict of DataError or ShapeError by key
        What is wrong, of each stream of which something is.

    Attributes
    ----------
    errors : dict of DataError or ShapeError by key
        What is wrong, of each stream of which something is.

    Examples
    --------
    >>> import elman as el
    >>> streams = el.Network(1, [el.GRU(4), el.Dense(1)]).streams()
    >>> streams.open("a")
    'a'
    >>> try:
    ...     streams.step(["a"], [[float("inf")]])
    ... except el.StreamError as error:
    ...     print(sorted(error.errors))
    ['a']
    """

    def __init__(self, message: str, errors: dict[Any, ElmanError]):
        super().__init__(message)
        self.errors = errors


class OptionError(ElmanError, ValueError):
    """An option or argument with a value that makes no sense.

    Examples
    --------
    >>> import elman as el
    >>> el.Adam(learning_rate=-1)
    Traceback (most recent call last):
        ...
    elman.errors.OptionError: ...
    """


class TrainingError(ElmanError, ArithmeticError):
    """Training that cannot go on.

    Examples
    --------
    >>> import elman as el
    >>> raise el.TrainingError("the loss is NaN in epoch 3")
    Traceback (most recent call last):
        ...
    elman.errors.TrainingError: the loss is NaN in epoch 3
    """


class ModelFileError(ElmanError, ValueError):
    """A model file that cannot be read.

    Examples
    --------
    >>> import elman as el
    >>> el.load("nothing.safetensors")
    Traceback (most recent call last):
        ...
    elman.errors.ModelFileError: ...
    """


class EngineError(ElmanError, RuntimeError):
    """An engine that cannot be had.

    Examples
    --------
    >>> import elman as el
    >>> raise el.EngineError("the native engine is not built")
    Traceback (most recent call last):
        ...
    elman.errors.EngineError: the native engine is not built
    """


class ConversionError(ElmanError, ValueError):
    """A model that cannot be brought to or from another framework, or does not agree with it there.

    Examples
    --------
    >>> import elman as el
    >>> raise el.ConversionError("no layer of PyTorch is like it")
    Traceback (most recent call last):
        ...
    elman.errors.ConversionError: no layer of PyTorch is like it
    """


class JobError(ElmanError, RuntimeError):
    """A job in another process that ended without an answer, or cannot be sent to one.

    Examples
    --------
    >>> import elman as el
    >>> raise el.JobError("job 3 ended without an answer")
    Traceback (most recent call last):
        ...
    elman.errors.JobError: job 3 ended without an answer
    """


def prefixed(error: ElmanError, what: str) -> ElmanError:
    """The same error, saying first of what it is.

    Parameters
    ----------
    error : ElmanError
        What was raised.
    what : str
        Such as ``series 3``.

    Returns
    -------
    ElmanError
        Of the same class.

    Examples
    --------
    >>> import elman as el
    >>> from elman.errors import prefixed
    >>> prefixed(el.DataError("the value is NaN"), "series 3")
    DataError('series 3: the value is NaN')
    """
    found = type(error)(f"{what}: {error}")
    if isinstance(error, DataError) and isinstance(found, DataError) and error.place is not None:
        name, place, says = error.place
        found.place = f"{what}: {name}", place, says
    return found
