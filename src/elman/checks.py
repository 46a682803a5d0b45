"""Checks of what a call is given: each gives back the value as it is used, or says what came and what was expected."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from elman.errors import DataError, OptionError, ShapeError
from elman.showing import visible as visible


def shown(value: Any) -> str:
    """A value in a message: as it is if it is short, else its type, and the shape of an array."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} ({value.dtype})"
    if getattr(value, "shape", ()):  # a data frame, or what else prints over several lines
        return f"a {type(value).__name__} of shape {value.shape}"
    text = repr(value)
    return text if len(text) <= 60 else f"{type(value).__name__} {text[:50]}..."


def nearest(name: Any, choices: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` where a choice is near, whatever its case, else nothing.

    Examples
    --------
    >>> nearest("Lstm ", ["lstm", "gru"])
    " (did you mean 'lstm'?)"
    >>> nearest("transformer", ["lstm", "gru"])
    ''
    """
    by_lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(str(name).strip().lower(), by_lower, 1)
    return f" (did you mean {by_lower[near[0]]!r}?)" if near else ""


def instance(value: Any, kind: type | tuple[type, ...], what: str, expected: str) -> Any:
    """An object of a class."""
    if not isinstance(value, kind):
        raise OptionError(f"{what} is {shown(value)}; expected {expected}")
    return value


def whole(number: Any, what: str, least: int = 1, most: float = 2**63 - 1) -> int:
    """A whole number within bounds, Python's or NumPy's, as an int.

    Examples
    --------
    >>> whole(np.int64(3), "units")
    3
    """
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
        raise OptionError(f"{what} is {shown(number)}; expected a whole number of at least {least}")
    if number > most:
        raise OptionError(f"{what} is {shown(number)}; expected a whole number from {least} to {most}")
    return int(number)


def jobs(number: Any, what: str = "n_jobs") -> int:
    """How many run at a time: 1 or more, or as joblib counts, -1 for one each core and -2 for one less."""
    whole_number = isinstance(number, int | np.integer) and not isinstance(number, bool)
    if not whole_number or not number or number > 10**4:
        raise OptionError(f"{what} is {shown(number)}; expected a whole number: 1 or more, or -1 for one each core")
    return int(number)


def as_seed(number: Any) -> int:
    """A whole number of at least 0, of any size."""
    return whole(number, "seed", 0, np.inf)


def is_number(value: Any) -> bool:
    """Whether a value is a real number, Python's or NumPy's, and not True or False."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def real(
    value: Any, what: str, low: float, high: float = np.inf, expected: str = "", *, from_low: bool = False
) -> float:
    """A number above `low` and below `high`; both are excluded, or `low` belongs to them.

    Examples
    --------
    >>> real(0, "momentum", 0, 1, from_low=True)
    0.0
    """
    if not is_number(value) or not (low <= value if from_low else low < value) or not value < high:
        below = f"in {'[' if from_low else '('}{low:g}, {high:g})"
        bounds = expected or (below if high < np.inf else f"{'of at least' if from_low else 'above'} {low:g}")
        raise OptionError(f"{what} is {shown(value)}; expected a number {bounds}")
    return float(value)


def listed(values: Any, what: str, of: str) -> list[Any]:
    """The list of anything that can be gone through once, but no text."""
    try:
        if not isinstance(values, str | bytes):
            return list(values)
    except TypeError:
        pass
    hint = f"; give {what}=[{values!r}]" if isinstance(values, str) else ""
    raise OptionError(f"{what} is {shown(values)}; expected a list of {of}{hint}")


def flag(value: Any, what: str) -> bool:
    """True or False."""
    return bool(instance(value, (bool, np.bool_), what, "True or False"))


def text(value: Any, what: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise DataError(f"{what} is {shown(value)}; expected a text (str)")
    return value


def path(value: Any, what: str = "path") -> Path:
    """The place of a file or folder; an empty one, a shell's variable that was not set, is none."""
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        raise OptionError(f"{what} is {shown(value)}; expected the path of a file or folder, as a text or a Path")
    if not os.fspath(value).strip():
        raise OptionError(f"{what} is empty, expected a path; is it a variable that was not set?")
    if _ADDRESS.match(os.fspath(value)):
        raise OptionError(
            f"{what} is {value}, an address; expected a file or folder of this computer: download it before"
        )
    return Path(value)


_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)

OTHERS = {
    ".keras": "Keras, which `elman convert` or el.interop.to_keras writes",
    ".h5": "Keras, which `elman convert` or el.interop.to_keras writes",
    ".hdf5": "Keras, which `elman convert` or el.interop.to_keras writes",
    ".pt": "PyTorch, which `elman convert` or el.interop.to_torch writes",
    ".pth": "PyTorch, which `elman convert` or el.interop.to_torch writes",
    ".ckpt": "PyTorch, which `elman convert` or el.interop.to_torch writes",
    ".onnx": "ONNX, which `elman convert` or el.interop.to_onnx writes",
    ".c": "C, which `elman export` or el.interop.to_c writes",
    ".pkl": "pickles; Elman's hold no code",
    ".pickle": "pickles; Elman's hold no code",
    ".joblib": "pickles; Elman's hold no code",
}


def model_path(value: Any, what: str = "path") -> Path:
    """The place of a model file, which is not called as those of others are: it would be opened as what it is not."""
    found = path(value, what)
    if other := OTHERS.get(found.suffix.lower()):
        raise OptionError(
            f"{what} is {found}, and {found.suffix} is a file of {other}; a model is saved as safetensors: give one "
            f"called {found.with_suffix('.safetensors')}"
        )
    return found


def numbers(given: Any, name: str, hint: str = "") -> np.ndarray:
    """An array of numbers of whatever is like one; `hint` says what to do about other values.

    Raises
    ------
    ShapeError
        If it is no rectangular array: rows or steps of unequal length.
    DataError
        If it holds something else than real numbers, or masked values.
    """
    if np.ma.is_masked(given):  # np.asarray would drop the mask, and what lies under it is no data
        raise DataError(
            f"{name} has {np.ma.count_masked(given)} masked values; expected numbers only: fill them "
            "(filled(...), or elman.data for gaps in a series), or cut rows with `lengths`"
        )
    check_polars(given, name)
    try:
        array = np.asarray(given)
    except (ValueError, TypeError, RuntimeError) as error:
        raise _no_array(name, error) from error
    if array.dtype == object and array.ndim and all(isinstance(v, bool) or is_number(v) for v in array.flat):
        array = array.astype(np.float64)  # a table's column of Python's numbers
    if array.dtype.kind not in "fiub":
        raise DataError(f"{name} holds {_content(array)}; expected numbers{hint}")
    return array


def check_polars(given: Any, name: str) -> None:
    """Refuse polars objects that hold no data, and frames with columns whose values NumPy would make numbers of.

    Raises
    ------
    DataError
    """
    if type(given).__module__.partition(".")[0] != "polars":
        return
    kind = type(given).__name__
    if not hasattr(given, "to_numpy"):
        instead = f"{name}.collect()" if kind == "LazyFrame" else "a column of a DataFrame, as frame['name']"
        raise DataError(f"{name} is a polars {kind}, which holds no data yet; give {instead}")
    held = given.schema if kind == "DataFrame" else {}
    wrong = [column for column, dtype in held.items() if not dtype.is_numeric() and str(dtype) != "Boolean"]
    if wrong:
        raise DataError(
            f"{name} has a column {wrong[0]!r} of {held[wrong[0]]}; expected numbers: leave such columns out, "
            f"as frame.drop({', '.join(map(repr, wrong[:5]))}) does"
        )


def all_finite(*arrays: np.ndarray) -> bool:
    """Whether no number is NaN or infinite; counting is what takes NumPy the least of a small array."""
    return all(np.count_nonzero(np.isfinite(array)) == array.size for array in arrays)


def floats(given: Any, name: str, *, finite: bool = False) -> np.ndarray:
    """An array of numbers, in float64."""
    found = numbers(given, name).astype(np.float64)
    if finite and not np.isfinite(found).all():
        raise DataError(f"{name} must be finite; {int(np.sum(~np.isfinite(found)))} of its numbers are not")
    return found


def row(given: Any, name: str) -> np.ndarray:
    """A series of at least one number, as an array of shape (n,) in float64.

    Examples
    --------
    >>> row([1, 2], "history")
    array([1., 2.])
    """
    found = floats(given, name)
    if found.ndim != 1 or not found.size:
        raise DataError(f"{name} has shape {found.shape}; expected (n,), a series of at least one value")
    return found


def _no_array(name: str, error: Exception) -> ShapeError | DataError:
    if "inhomogeneous" in str(error) or "broadcast" in str(error):
        return ShapeError(
            f"{name} has rows or steps of unequal length; pad them to one shape and say how long each row is "
            "with `lengths`"
        )
    return DataError(f"{name} is no array of numbers: {error}")


def _content(array: np.ndarray) -> str:
    """What an array without numbers holds, in words."""
    if array.dtype != object:
        return f"{array.dtype} values"
    first = next((v for v in array.flat if not isinstance(v, int | float | np.number)), None)
    if isinstance(first, np.ndarray):  # a column of lists
        return f"an array in each of its places, such as {first!r} (np.stack(...) makes one array of them)"
    return f"objects, such as {shown(first)}" if array.ndim else shown(first)
