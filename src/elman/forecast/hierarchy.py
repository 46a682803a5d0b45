"""Which series are sums of which: hierarchies, nested or crossed, of labels or of a summing matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import floats, instance, listed, nearest
from elman.errors import DataError, OptionError, ShapeError


@dataclass(frozen=True)
class Hierarchy:
    """Which series are sums of which.

    Attributes
    ----------
    summing : ndarray, shape (N, B)
        Row n says how often each of the B bottom series counts in series n; each bottom series is a row itself.
    names : tuple of str
        Of the N series.
    bottom : ndarray of int, shape (B,)
        Which of them are the bottom series.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> tree = el.forecast.hierarchy_of_matrix([[1, 1], [1, 0], [0, 1]], ["all", "a", "b"])
    >>> tree.total([[1.0], [2.0]]).ravel().tolist()
    [3.0, 1.0, 2.0]
    """

    summing: np.ndarray
    names: tuple[str, ...]
    bottom: np.ndarray

    @property
    def sums(self) -> np.ndarray:
        """Which of the series are sums, (N - B,)."""
        return np.setdiff1d(np.arange(len(self.summing)), self.bottom)

    def total(self, of_bottom: np.typing.ArrayLike) -> np.ndarray:
        """All series, (N, ...), of the bottom ones, (B, ...); a sum of which a part is missing, NaN, is missing.

        Parameters
        ----------
        of_bottom : array, shape (B, ...)
            Values of the bottom series.

        Returns
        -------
        ndarray, shape (N, ...)
        """
        values = floats(of_bottom, "of_bottom")
        if values.ndim < 1 or len(values) != self.summing.shape[1]:
            raise ShapeError(
                f"of_bottom has shape {values.shape}; expected {self.summing.shape[1]} bottom series first"
            )
        missing = np.tensordot(self.summing != 0, np.isnan(values), 1) > 0
        return np.where(missing, np.nan, np.tensordot(self.summing, np.where(np.isnan(values), 0, values), 1))


def hierarchy_of_matrix(summing: np.typing.ArrayLike, names: Sequence[str] | None = None) -> Hierarchy:
    """A hierarchy of its summing matrix (N, B), in whatever order its rows are.

    Parameters
    ----------
    summing : array, shape (N, B)
        0, 1, or how often a bottom series counts.
    names : sequence of str, optional
        Of the N series; their numbers by default.

    Returns
    -------
    Hierarchy

    Examples
    --------
    >>> hierarchy_of_matrix([[1, 1], [1, 0], [0, 1]], ["all", "a", "b"]).bottom
    array([1, 2])
    """
    matrix = floats(summing, "summing", finite=True)
    if matrix.ndim != 2 or not matrix.size:
        raise ShapeError(f"summing has shape {matrix.shape}; expected (N, B): a row a series, a column a bottom series")
    called = [str(n) for n in (range(len(matrix)) if names is None else listed(names, "names", "texts"))]
    if len(called) != len(matrix):
        raise ShapeError(f"names has {len(called)} values and summing {len(matrix)} rows")
    alone = (np.count_nonzero(matrix, axis=1) == 1)[:, None] & (matrix == 1)
    if not alone.any(0).all():
        missing = int(np.flatnonzero(~alone.any(0))[0])
        raise DataError(f"summing has no row that is bottom series {missing} alone; expected one for each column")
    bottom = len(matrix) - 1 - np.argmax(alone[::-1], axis=0)  # the last, where a sum has one part only
    return Hierarchy(matrix, tuple(called), bottom)


def hierarchy_of_groups(
    groups: Mapping[str, Sequence[Any]], levels: Sequence[Sequence[str]] | None = None
) -> Hierarchy:
    """A hierarchy of what the bottom series are labelled with.

    Parameters
    ----------
    groups : mapping of str to sequence (B,)
        Columns of labels, a label for each bottom series, from coarse to fine; together they name it.
    levels : sequence of sequences of str, optional
        By which columns sums are taken. Default: nested, all series together, by the first column, by the first two
        and so on. For crossed groups say which: ``[[], ["state"], ["product"]]``. The bottom is added.

    Returns
    -------
    Hierarchy
        Sums first, in the order of the levels, and labels in the order they come; the bottom series last, as given.

    Examples
    --------
    >>> found = hierarchy_of_groups({"state": ["A", "A", "B"], "shop": ["1", "2", "1"]})
    >>> found.names
    ('total', 'state=A', 'state=B', 'state=A/shop=1', 'state=A/shop=2', 'state=B/shop=1')
    """
    instance(groups, Mapping, "groups", "a dict of lists of labels, as {'state': ['A', 'B'], 'shop': ['1', '2']}")
    columns = {str(name): [str(v) for v in listed(values, name, "labels")] for name, values in groups.items()}
    if not columns or len(lengths := {len(values) for values in columns.values()}) > 1 or 0 in lengths:
        raise ShapeError(
            f"groups has columns of {[len(v) for v in columns.values()]} labels; expected B in each, B > 0"
        )
    names = list(columns)
    wanted = [names[:k] for k in range(len(names))] if levels is None else [list(level) for level in levels]
    for level in wanted:
        for name in level:
            if name not in columns:
                raise OptionError(f"levels holds {name!r}{nearest(name, columns)}; the groups are {', '.join(columns)}")
    rows = {}
    for level in [*wanted, names]:
        labels = ["/".join(f"{name}={columns[name][b]}" for name in level) or "total" for b in range(max(lengths))]
        for label in dict.fromkeys(labels):
            rows[label] = [float(own == label) for own in labels]
    if sum(label in rows for label in dict.fromkeys(labels)) != len(labels):
        raise DataError(f"groups labels two bottom series alike; expected {', '.join(names)} to name each by itself")
    matrix = np.array(list(rows.values()))
    return Hierarchy(matrix, tuple(rows), np.array([list(rows).index(label) for label in labels]))
