"""Forecasts of sums that are the sums of the forecasts: hierarchies of series, nested or crossed.

With the summing matrix S every set of forecasts that adds up is ``S b`` for some forecasts b of the bottom series. What
is given does not add up; what comes out is the nearest that does, by the inverse covariance W of the errors:

    y = f - W U (U' W U)^-1 U' f,   U' = [I  -C],   S = [C; I]

which is the projection ``S (S' W^-1 S)^-1 S' W^-1 f`` without an inverse of W.

References
----------
S. L. Wickramasuriya, G. Athanasopoulos and R. J. Hyndman, Optimal forecast reconciliation for hierarchical and grouped
time series through trace minimization, Journal of the American Statistical Association 114 (2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import flag, floats, listed, nearest, shown
from elman.errors import DataError, OptionError, ShapeError

METHODS = ("bottom_up", "top_down", "ols", "wls_struct", "wls_var", "mint")
LEAST_VARIANCE = 1e-6  # of the mean: what a series that was always met is taken to have


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
    """

    summing: np.ndarray
    names: tuple[str, ...]
    bottom: np.ndarray

    @property
    def sums(self) -> np.ndarray:
        """Which of the series are sums, (N - B,)."""
        return np.setdiff1d(np.arange(len(self.summing)), self.bottom)

    def total(self, of_bottom: np.typing.ArrayLike) -> np.ndarray:
        """All series, (N, ...), of the bottom ones, (B, ...); a sum of which a part is missing, NaN, is missing."""
        values = floats(of_bottom, "of_bottom")
        if values.ndim < 1 or len(values) != self.summing.shape[1]:
            raise ShapeError(
                f"of_bottom has shape {values.shape}; expected {self.summing.shape[1]} bottom series first"
            )
        missing = np.tensordot(self.summing != 0, np.isnan(values), 1) > 0
        return np.where(missing, np.nan, np.tensordot(self.summing, np.where(np.isnan(values), 0, values), 1))


def hierarchy_of_matrix(summing: np.typing.ArrayLike, names: Sequence[str] | None = None) -> Hierarchy:
    """A hierarchy of its summing matrix (N, B), in whatever order its rows are.

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


def reconcile(
    forecast: np.typing.ArrayLike,
    hierarchy: Hierarchy,
    method: str = "mint",
    *,
    errors: np.typing.ArrayLike | None = None,
    history: np.typing.ArrayLike | None = None,
    nonnegative: bool = False,
) -> np.ndarray:
    """Forecasts that add up.

    Parameters
    ----------
    forecast : array (N, ...)
        Of all series, such as (N, H), or sample paths (N, H, n), each of which is made to add up.
    hierarchy : Hierarchy
        See `hierarchy_of_groups` and `hierarchy_of_matrix`.
    method : str, default "mint"
        ``bottom_up``: the bottom series', summed. ``top_down``: the total's, by the shares of the bottom series in the
        history. The others take the nearest set, errors being: ``ols`` alike; ``wls_struct`` in proportion to how many
        series are summed; ``wls_var`` of the variance they had; ``mint`` of the covariance they had, shrunk towards no
        correlation.
    errors : array (N, n), optional
        One step ahead, for ``wls_var`` and ``mint``; a time at which one is NaN does not count.
    history : array (N, T), optional
        For ``top_down``; NaN where a value is missing.
    nonnegative : bool, default False
        Whether bottom forecasts below 0 are set to 0 before they are summed, a simple way about as good as solving
        for it [1]_.

    Returns
    -------
    ndarray, shape (N, ...)

    Raises
    ------
    ShapeError, DataError, OptionError
        If what the method needs is missing, or what it does not use is given.

    References
    ----------
    .. [1] T. Di Fonzo and D. Girolimetto, Spatio-temporal reconciliation of solar forecasts, Solar Energy 251 (2023).

    Examples
    --------
    >>> tree = hierarchy_of_matrix([[1, 1], [1, 0], [0, 1]])
    >>> reconcile([[12.0], [4.0], [5.0]], tree, "ols").round(9)
    array([[11.],
           [ 5.],
           [ 6.]])
    """
    values = floats(forecast, "forecast", finite=True)
    if values.ndim < 1 or len(values) != len(hierarchy.summing):
        raise ShapeError(f"forecast has shape {values.shape}; expected {len(hierarchy.summing)} series first")
    _check_needs(method, errors, history)
    flat = values.reshape(len(values), -1)
    if method == "bottom_up":
        bottom = flat[hierarchy.bottom]
    elif method == "top_down":
        bottom = np.outer(_shares(hierarchy, history), flat[_top(hierarchy)])
    else:
        bottom = _nearest(flat, hierarchy, _weights(method, hierarchy, errors))
    if flag(nonnegative, "nonnegative"):
        bottom = np.maximum(bottom, 0)
    return (hierarchy.summing @ bottom).reshape(values.shape)


def _check_needs(method: Any, errors: Any, history: Any) -> None:
    if method not in METHODS:
        raise OptionError(f"unknown method {shown(method)}{nearest(method, METHODS)}; there are {', '.join(METHODS)}")
    for name, given, users in (("errors", errors, ("wls_var", "mint")), ("history", history, ("top_down",))):
        if method in users and given is None:
            raise OptionError(f"{method} needs {name}; give them, or take wls_struct, which needs nothing more")
        if method not in users and given is not None:
            raise OptionError(f"{method} makes no use of {name}; leave them out, or take {' or '.join(users)}")


def _top(hierarchy: Hierarchy) -> int:
    whole = np.flatnonzero((hierarchy.summing == 1).all(1))
    if not whole.size:
        raise DataError("the hierarchy has no series that is the sum of all; top_down needs one")
    return int(whole[0])


def _shares(hierarchy: Hierarchy, history: Any) -> np.ndarray:
    """Of the bottom series in their total: the mean of each over the sum of the means."""
    past = floats(history, "history")
    if past.ndim != 2 or len(past) != len(hierarchy.summing):
        raise ShapeError(f"history has shape {past.shape}; expected ({len(hierarchy.summing)}, T)")
    if np.isnan(past[hierarchy.bottom]).all(1).any():
        raise DataError("history holds a bottom series without a value; expected one at least")
    means = np.nanmean(past[hierarchy.bottom], axis=1)
    if not np.isfinite(means).all() or means.sum() == 0:
        raise DataError(f"the means of the bottom series sum to {means.sum():g}; top_down needs shares of a total")
    return means / means.sum()


def _weights(method: str, hierarchy: Hierarchy, errors: Any) -> np.ndarray:
    """The covariance of the errors, up to a factor: (N,) if it is diagonal, else (N, N)."""
    if method == "ols":
        return np.ones(len(hierarchy.summing))
    if method == "wls_struct":
        return np.abs(hierarchy.summing).sum(1)
    missed = floats(errors, "errors")
    if missed.ndim != 2 or len(missed) != len(hierarchy.summing):
        raise ShapeError(f"errors has shape {missed.shape}; expected ({len(hierarchy.summing)}, n)")
    missed = missed[:, np.isfinite(missed).all(0)]
    if missed.shape[1] < 2 + (method == "mint"):
        raise DataError(f"errors are known of all series at {missed.shape[1]} times; {method} needs more: wls_struct")
    variance = missed.var(1, ddof=1)
    variance = np.maximum(variance, LEAST_VARIANCE * variance.mean()) if variance.any() else np.ones(len(variance))
    return variance if method == "wls_var" else shrunk_covariance(missed, variance)


def shrunk_covariance(errors: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """A covariance whose correlations are drawn towards 0 by as much as they are uncertain.

    Parameters
    ----------
    errors : array (N, n)
    variance : array (N,)
        Of each series.

    References
    ----------
    J. Schaefer and K. Strimmer, A shrinkage approach to large-scale covariance matrix estimation, Statistical
    Applications in Genetics and Molecular Biology 4 (2005).
    """
    n = errors.shape[1]
    x = (errors - errors.mean(1, keepdims=True)) / np.sqrt(variance)[:, None]
    products, squares = x @ x.T / n, np.square(x) @ np.square(x).T / n
    correlation = products * (n / (n - 1))
    uncertain = (squares - np.square(products)) * (n**2 / (n - 1) ** 3)  # the variance of each correlation
    off = ~np.eye(len(x), dtype=bool)
    strength = np.square(correlation[off]).sum()
    shrink = min(max(uncertain[off].sum() / strength, 0.0), 1.0) if strength > 0 else 1.0
    correlation = np.where(off, (1 - shrink) * correlation, 1.0)
    return correlation * np.sqrt(np.outer(variance, variance))


def _nearest(values: np.ndarray, hierarchy: Hierarchy, covariance: np.ndarray) -> np.ndarray:
    """The bottom series of the nearest forecasts that add up."""
    sums, bottom = hierarchy.sums, hierarchy.bottom
    if not sums.size:
        return values[bottom]
    constraint = np.zeros((len(sums), len(values)))
    constraint[:, bottom] = -hierarchy.summing[sums]
    constraint[np.arange(len(sums)), sums] = 1
    spread = covariance[:, None] * constraint.T if covariance.ndim == 1 else covariance @ constraint.T
    gap = np.linalg.solve(constraint @ spread, constraint @ values)
    return values[bottom] - spread[bottom] @ gap
