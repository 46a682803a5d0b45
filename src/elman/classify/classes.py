"""Classes: which of those that were learnt labels are."""

from __future__ import annotations

import numpy as np

from elman.data.names import counted, listed
from elman.errors import DataError


def check_kind(labels: np.ndarray, classes: np.ndarray) -> None:
    """Refuse texts where numbers were learnt, and numbers where texts were: none of them could be right.

    Raises
    ------
    DataError

    Examples
    --------
    >>> check_kind(np.array([1, 2]), np.array([2, 3]))
    """
    if (labels.dtype.kind in "US") != (classes.dtype.kind in "US"):
        kinds = ("texts", "numbers", "int") if labels.dtype.kind in "US" else ("numbers", "texts", "str")
        raise DataError(
            f"the labels are {kinds[0]}, such as {labels.tolist()[0]!r}, and the classes that were learnt {kinds[1]}: "
            f"{listed(map(repr, classes.tolist()), 5)}; convert them, as with y.astype({kinds[2]})"
        )


def numbers_of(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The number of each label's class, (N,).

    Raises
    ------
    DataError
        If a label is none of the classes.

    Examples
    --------
    >>> numbers_of(np.array(["b", "a"]), np.array(["a", "b"]))
    array([1, 0])
    """
    place = {name: number for number, name in enumerate(classes.tolist())}
    given = labels.tolist()
    unknown = [name for name in given if name not in place]
    if unknown:
        raise DataError(
            f"{counted(len(unknown), 'cases')} of {len(given)} are of the class {unknown[0]!r}, which was not learnt; "
            f"expected {listed(map(repr, classes.tolist()))}: leave these cases out, or train with some"
        )
    return np.array([place[name] for name in given])
