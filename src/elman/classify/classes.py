"""Classes: which there are, and which of those that were learnt labels are."""

from __future__ import annotations

import numpy as np

from elman.data.cases import Cases
from elman.data.names import counted, listed
from elman.errors import DataError


def classes_of(cases: Cases) -> tuple[np.ndarray, np.ndarray]:
    """The classes of cases, sorted, and the number of each case's, (N,).

    Raises
    ------
    DataError
        If labels are amounts, or all of one class.
    """
    classes, numbers = np.unique(_labels(cases), return_inverse=True)
    if len(classes) < 2:
        only = classes.tolist()[0]
        raise DataError(
            f"all {counted(len(cases), 'cases')} are of one class, {only!r}; a classifier needs two at least"
        )
    return classes, numbers


def _labels(cases: Cases) -> np.ndarray:
    """The labels of cases, which are classes and no amounts."""
    assert cases.labels is not None
    found = cases.labels
    if found.dtype.kind == "f" and (found != np.trunc(found)).any():
        broken = found[found != np.trunc(found)][0]
        raise DataError(
            f"Unknown label type: y is continuous, such as {broken:g}; expected classes: texts, whole numbers or "
            "booleans. A SequenceRegressor learns numbers"
        )
    return found


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
