"""Values of a case, of whatever holds some, as float64: also booleans, and texts that are numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.data.numbers import Written, read_texts
from elman.data.numerals import USUAL, is_missing
from elman.data.values import is_absent, numbers_of
from elman.errors import DataError


def amounts_of(given: Any, what: str) -> np.ndarray:
    """An array of numbers, booleans or texts that are numbers as float64, NaN where one is missing.

    Parameters
    ----------
    given : array, list, or what NumPy makes an array of
    what : str
        Its name, for messages.

    Raises
    ------
    DataError
        If it holds something else, such as complex numbers or dates, or rows of unequal length.

    Examples
    --------
    >>> amounts_of([True, False], "a"), amounts_of(["1.5", "?"], "a")
    (array([1., 0.]), array([1.5, nan]))
    """
    if isinstance(given, np.ma.MaskedArray):
        return numbers_of(given, what)
    try:
        found = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{what} is no array of numbers: {error}") from error
    if found.dtype.kind == "b":
        return found.astype(np.float64)
    if found.dtype.kind == "U":
        return _of_texts(found, what)
    return _of_objects(found, what) if found.dtype == object else numbers_of(found, what)


def _of_texts(found: np.ndarray, what: str) -> np.ndarray:
    """Texts that are numbers, written alike."""

    def place(i: int) -> str:
        return f"index {', '.join(str(int(k)) for k in np.unravel_index(i, found.shape))}"

    texts = [str(text).strip() for text in found.flat]
    odd = next((i for i, text in enumerate(texts) if is_missing(text) and text.lower() not in (*USUAL, "?")), None)
    if odd is not None:
        raise DataError(f"{what} holds {texts[odd]!r} at {place(odd)}; expected numbers, or NaN where one is missing")
    return read_texts(texts, Written(what, place=place))[0].reshape(found.shape)


def _of_objects(found: np.ndarray, what: str) -> np.ndarray:
    if any(isinstance(value, str) for value in found.flat):
        texts = ["" if is_absent(value) else str(value) for value in found.flat]
        return _of_texts(np.array(texts).reshape(found.shape), what)
    plain = np.empty(found.size, object)
    plain[:] = [float(value) if isinstance(value, bool | np.bool_) else value for value in found.flat]
    return numbers_of(plain.reshape(found.shape), what)
