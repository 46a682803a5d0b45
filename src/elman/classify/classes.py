"""Classes: which of those that were learnt labels are."""

from __future__ import annotations

import numpy as np

from elman.data.names import counted, listed
from elman.errors import DataError


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
