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

from dataclasses import replace
from typing import Any, overload

import numpy as np

from elman.checks import flag, floats, nearest, shown
from elman.data.names import listed
from elman.errors import DataError, OptionError, ShapeError
from elman.forecast.forecasts import Forecast
from elman.forecast.hierarchy import Hierarchy

METHODS = ("bottom_up", "top_down", "ols", "wls_struct", "wls_var", "mint")
NEED_ERRORS, NEED_HISTORY = ("wls_var", "mint"), ("top_down",)
LEAST_VARIANCE = 1e-6  # of the mean: what a series that was always met is taken to have


@overload
def reconcile(
    forecast: Forecast,
    hierarchy: Hierarchy,
    method: str = "mint",
    *,
    errors: np.typing.ArrayLike | None = None,
    history: np.typing.ArrayLike | None = None,
    nonnegative: bool = False,
) -> Forecast: ...


@overload
def reconcile(
    forecast: np.typing.ArrayLike,
    hierarchy: Hierarchy,
    method: str = "mint",
    *,
    errors: np.typing.ArrayLike | None = None,
    history: np.typing.ArrayLike | None = None,
    nonnegative: bool = False,
) -> np.ndarray: ...


def reconcile(
    forecast: Any,
    hierarchy: Hierarchy,
    method: str = "mint",
    *,
    errors: np.typing.ArrayLike | None = None,
    history: np.typing.ArrayLike | None = None,
    nonnegative: bool = False,
) -> Any:
    """Forecasts that add up.

    Parameters
    ----------
    forecast : Forecast, or array (N, ...)
        Of all series: what `Forecaster.predict` gives, in any order if the hierarchy has its names; or an array in the
        order of the hierarchy, such as (N, H), or sample paths (N, H, n), each of which is made to add up.
    hierarchy : Hierarchy
        See `hierarchy_of_groups` and `hierarchy_of_matrix`.
    method : str, default "mint"
        ``bottom_up``: the bottom series', summed. ``top_down``: the total's, by the shares of the bottom series in the
        history. The others take the nearest set, errors being: ``ols`` alike; ``wls_struct`` in proportion to how many
        series are summed; ``wls_var`` of the variance they had; ``mint`` of the covariance they had, shrunk towards no
        correlation.
    errors : array (N, n), optional
        One step ahead, for ``wls_var`` and ``mint``, in the order of the hierarchy; a time at which one is NaN does not
        count. By default those that a `Forecast` carries: of all steps from the forecaster's rolling origins.
    history : array (N, T), optional
        For ``top_down``; NaN where a value is missing. By default that of a `Forecast`.
    nonnegative : bool, default False
        Whether bottom forecasts below 0 are set to 0 before they are summed, a simple way about as good as solving
        for it [1]_.

    Returns
    -------
    Forecast, or ndarray of shape (N, ...)
        As it came. A `Forecast` has no intervals, quantiles and samples then: those of each series by itself do not say
        how errors go together, and so nothing of those of their sums; a note says so.

    Raises
    ------
    ShapeError, DataError, OptionError
        If what the method needs is missing, or what it does not use is given.

    References
    ----------
    .. [1] T. Di Fonzo and D. Girolimetto, Spatio-temporal reconciliation of solar forecasts, Solar Energy 251 (2023).

    Examples
    --------
    >>> from elman.forecast import hierarchy_of_groups, hierarchy_of_matrix
    >>> tree = hierarchy_of_matrix([[1, 1], [1, 0], [0, 1]])
    >>> reconcile([[12.0], [4.0], [5.0]], tree, "ols").round(9)
    array([[11.],
           [ 5.],
           [ 6.]])

    Of a forecaster, which knows its errors:

    >>> from elman import Forecaster
    >>> rng = np.random.default_rng(0)
    >>> shops = hierarchy_of_groups({"shop": ["north", "south"]})
    >>> sales = shops.total(rng.gamma(20, size=(2, 48)))                 # all together, and each
    >>> forecaster = Forecaster(6, methods="theta").fit(dict(zip(shops.names, sales)))
    >>> adding_up = reconcile(forecaster.predict(), shops)
    >>> adding_up
    <Forecast: 3 series (total, shop=north, shop=south), 6 steps>
    >>> bool(np.allclose(adding_up.values[0], adding_up.values[1:].sum(0)))
    True
    """
    if isinstance(forecast, Forecast):
        return _reconciled(forecast, hierarchy, method, errors, history, nonnegative)
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


def _reconciled(
    forecast: Forecast, hierarchy: Hierarchy, method: str, errors: Any, history: Any, nonnegative: bool
) -> Forecast:
    """A forecast whose values add up, its series in the order in which they are."""
    order = _order(forecast.names, hierarchy)
    _check_same_times(forecast)
    if method in NEED_ERRORS and errors is None:
        errors = _errors_of(forecast, method)[order]
    if method in NEED_HISTORY and history is None:
        history = _history_of(forecast)[order]
    made = reconcile(forecast.values[order], hierarchy, method, errors=errors, history=history, nonnegative=nonnegative)
    values = np.empty_like(made)
    values[order] = made
    lost = forecast.levels or forecast.quantiles or forecast.samples is not None
    note = "intervals, quantiles and samples were left out as forecasts were made to add up: those of each series by "
    notes = (*forecast.notes, *[f"{note}itself do not tell how errors go together"] * bool(lost))
    return replace(forecast, values=values, levels={}, quantiles={}, samples=None, errors=None, notes=notes)


def _order(names: tuple[Any, ...], hierarchy: Hierarchy) -> np.ndarray:
    """Which series of a forecast each one of the hierarchy is: by name, or in order where that has no names."""
    if len(names) != len(hierarchy.names):
        raise ShapeError(
            f"forecast has {len(names)} series; expected the {len(hierarchy.names)} of the hierarchy, sums too: learn "
            "hierarchy.total(...) of the bottom series"
        )
    place = {str(name): number for number, name in enumerate(names)}
    if hierarchy.names == tuple(map(str, range(len(names)))) and set(place) != set(hierarchy.names):
        return np.arange(len(names))
    lacking = [name for name in hierarchy.names if name not in place]
    if lacking:
        raise DataError(
            f"forecast has no series {lacking[0]!r}, which the hierarchy names; its series are {listed(names, 5)}. "
            "Call them alike, as dict(zip(hierarchy.names, hierarchy.total(...))), or name those of hierarchy_of_matrix"
        )
    return np.array([place[name] for name in hierarchy.names])


def _check_same_times(forecast: Forecast) -> None:
    """Refuse forecasts of different times, which are no sums of one another."""
    other = (forecast.times != forecast.times[0]).any(1)
    if other.any():
        number, labels = int(np.argmax(other)), forecast.labels()
        raise DataError(
            f"the forecast of {forecast.names[0]!r} starts at {labels[0][0]}, that of {forecast.names[number]!r} at "
            f"{labels[number][0]}; expected series that end together"
        )


def _errors_of(forecast: Forecast, method: str) -> np.ndarray:
    if forecast.errors is None:
        raise OptionError(f"{method} needs errors, and this forecast carries none; give errors=, or take wls_struct")
    return forecast.errors


def _history_of(forecast: Forecast) -> np.ndarray:
    """The values of all series, (S, T), ending together; NaN before they begin."""
    history = forecast.history
    if history is None:
        raise OptionError("top_down needs history, and this forecast carries none; give history=, or take wls_struct")
    found = np.full((len(history), int(history.lengths.max())), np.nan)
    for number, length in enumerate(history.lengths.tolist()):
        found[number, found.shape[1] - length :] = history.series(number)
    return found


def _check_needs(method: Any, errors: Any, history: Any) -> None:
    if method not in METHODS:
        raise OptionError(f"unknown method {shown(method)}{nearest(method, METHODS)}; there are {', '.join(METHODS)}")
    for name, given, users in (("errors", errors, NEED_ERRORS), ("history", history, NEED_HISTORY)):
        if method in users and given is None:
            raise OptionError(
                f"{method} needs {name}, which an array does not carry; give {name}=, or a Forecast, as a forecaster "
                "makes of a dict or a data frame, or take wls_struct, which needs nothing more"
            )
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
    if means.min() < 0 < means.max():
        raise DataError(
            "the means of the bottom series have both signs, which cancel out in a total; top_down needs shares of "
            "one: take wls_struct"
        )
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
