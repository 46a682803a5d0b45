"""Scores of many series from many origins: by series, by horizon, and over all.

Truths and forecasts are arrays (S, K, H): series, origins, steps ahead; a truth that is missing is NaN and counts
nowhere. The score of a series is over all of its origins and steps, and the score over all is the mean of the
series', so that a long series weighs what a short one does, as in the M competitions.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import floats
from elman.errors import DataError, ShapeError
from elman.forecast import pointwise


@dataclass(frozen=True)
class Score:
    """One metric of a set of forecasts.

    Attributes
    ----------
    name : str
        Of the metric.
    overall : float
        The mean over the series that are judged; NaN where there is none.
    by_series : ndarray, shape (S,)
        NaN where a series cannot be judged: no truth, or no scale.
    by_horizon : ndarray, shape (H,)
        The mean over the series at each step; NaN where no truth is known at that step.
    judged : int
        How many series count.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> actual, said = np.array([[[1.0, 2.0]]]), np.array([[[1.0, 4.0]]])
    >>> scores = el.forecast.judge(actual, said, np.ones(1))
    >>> scores["MAE"].overall, scores["MAE"].by_horizon.tolist()
    (1.0, [0.0, 2.0])
    """

    name: str
    overall: float
    by_series: np.ndarray
    by_horizon: np.ndarray
    judged: int

    @property
    def note(self) -> str:
        """Which series are left out, in words; empty where all count."""
        out = np.flatnonzero(np.isnan(self.by_series))
        if not out.size:
            return ""
        some = ", ".join(map(str, out[:5])) + ", ..." * (out.size > 5)
        return f"{self.name} leaves out {out.size} of {len(self.by_series)} series without truth or scale: {some}"

    def __float__(self) -> float:
        return self.overall


def score(name: str, values: np.ndarray, scale: Any = None, *, root: bool = False) -> Score:
    """The averages of what was missed at each value.

    Parameters
    ----------
    name : str
        Of the metric.
    values : array (S, K, H)
        As `elman.forecast.pointwise` gives them; NaN where a truth is missing.
    scale : array (S,), optional
        What each series is divided by (see `naive_scales`); a series whose scale is NaN is not judged.
    root : bool, default False
        Whether the root of the mean of squares is taken instead of the mean.

    Returns
    -------
    Score

    Examples
    --------
    >>> from elman.forecast.pointwise import errors
    >>> missed = abs(errors([[[1.0, np.nan]], [[4.0, 5.0]]], [[[2.0, 0.0]], [[4.0, 8.0]]]))
    >>> mae = score("MAE", missed)
    >>> mae.overall, mae.by_series, mae.by_horizon
    (1.25, array([1. , 1.5]), array([0.5, 3. ]))
    """
    if np.ndim(values) != 3:
        raise ShapeError(f"{name}: shape {np.shape(values)}; expected (S, K, H): series, origins, steps ahead")
    divisor = as_scale(scale, len(values))
    average = _root_mean_square if root else _mean
    by_series, by_step = average(values, (1, 2)) / divisor, average(values, 1) / divisor[:, None]
    judged = int(np.count_nonzero(~np.isnan(by_series)))
    return Score(name, float(_mean(by_series, 0)), by_series, _mean(by_step, 0), judged)


def as_scale(given: Any, series: int) -> np.ndarray:
    """What each series' errors are divided by; NaN where it has no scale."""
    if given is None:
        return np.ones(series)
    scale = floats(given, "scale")
    if scale.shape != (series,):
        raise ShapeError(f"scale has shape {scale.shape}; expected ({series},), a number for each series")
    if (scale <= 0).any() or np.isinf(scale).any():
        place = int(np.flatnonzero((scale <= 0) | np.isinf(scale))[0])
        raise DataError(f"scale[{place}] is {scale[place]}; expected a number above 0, or NaN where there is none")
    return scale


def owa(smape: Score, mase: Score, smape_of_reference: Score, mase_of_reference: Score) -> Score:
    """Overall weighted average of M4: half of sMAPE and MASE each, relative to those of a reference (there Naive 2).

    ``(sMAPE / sMAPE_ref + MASE / MASE_ref) / 2``, a ratio of averages: over all it is not the mean of the series'.

    Parameters
    ----------
    smape, mase : Score
        Of the forecasts.
    smape_of_reference, mase_of_reference : Score
        Of those that they are compared with.

    Returns
    -------
    Score

    References
    ----------
    S. Makridakis, E. Spiliotis and V. Assimakopoulos, The M4 competition: 100,000 time series and 61 forecasting
    methods, International Journal of Forecasting 36 (2020).

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> actual, said = np.array([[[1.0, 2.0]]]), np.array([[[1.0, 4.0]]])
    >>> scores = el.forecast.judge(actual, said, np.ones(1))
    >>> smape, mase = scores["sMAPE"], scores["MASE"]
    >>> el.forecast.owa(smape, mase, smape, mase).overall
    1.0
    """

    def half(of: Any, by: Any) -> Any:
        by = np.asarray(by, np.float64)
        return 0.5 * np.divide(of, by, out=np.full(by.shape, np.nan), where=by > 0)

    pairs = (smape, smape_of_reference), (mase, mase_of_reference)
    by_series = sum(half(a.by_series, b.by_series) for a, b in pairs)
    by_horizon = sum(half(a.by_horizon, b.by_horizon) for a, b in pairs)
    overall = float(sum(half(a.overall, b.overall) for a, b in pairs))
    return Score("OWA", overall, by_series, by_horizon, int(np.count_nonzero(~np.isnan(by_series))))


def judge(
    actual: np.typing.ArrayLike,
    forecast: np.typing.ArrayLike,
    scale: np.typing.ArrayLike,
    *,
    scale_of_squares: np.typing.ArrayLike | None = None,
    reference: np.typing.ArrayLike | None = None,
    intervals: Mapping[float, tuple[np.ndarray, np.ndarray]] | None = None,
    quantiles: np.typing.ArrayLike | None = None,
    probabilities: Sequence[float] | None = None,
    samples: np.typing.ArrayLike | None = None,
) -> dict[str, Score]:
    """All scores of a set of forecasts, by name.

    Parameters
    ----------
    actual : array (S, K, H)
        What happened; NaN where that is not known.
    forecast : array (S, K, H)
        What was said.
    scale : array (S,)
        Of each series, see `naive_scales`. MASE, pinball, CRPS, widths and interval scores are divided by it; MAE and
        RMSE are in the units of each series.
    scale_of_squares : array (S,), optional
        That of squared errors, for RMSSE.
    reference : array (S, K, H), optional
        Another forecast, with which OWA compares.
    intervals : mapping of float to (low, high), optional
        By level in per cent, each (S, K, H): coverage (a share), width and interval score of each.
    quantiles, probabilities : array (S, K, H, Q) and (Q,), optional
        For the pinball loss (the mean over Q) and CRPS.
    samples : array (S, K, H, N), optional
        For CRPS, instead of quantiles where both are given.

    Returns
    -------
    dict of str to Score
        ``MASE``, ``sMAPE``, ``RMSE``, ``MAE``, and what else was asked for: ``RMSSE``, ``OWA``, ``pinball``, ``CRPS``,
        ``coverage 90``, ``width 90``, ``interval score 90``.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> actual, said = np.array([[[1.0, 2.0]]]), np.array([[[1.0, 4.0]]])
    >>> scores = el.forecast.judge(actual, said, np.ones(1))
    >>> sorted(scores)
    ['MAE', 'MASE', 'RMSE', 'sMAPE']
    """
    missed = pointwise.errors(actual, forecast)
    found = [
        score("MASE", np.abs(missed), scale),
        score("sMAPE", pointwise.percentage_errors(actual, forecast)),
        score("RMSE", missed, root=True),
        score("MAE", np.abs(missed)),
    ]
    if scale_of_squares is not None:
        found.append(score("RMSSE", missed, scale_of_squares, root=True))
    if reference is not None:
        other = score("sMAPE", pointwise.percentage_errors(actual, reference))
        found.append(owa(found[1], found[0], other, score("MASE", np.abs(pointwise.errors(actual, reference)), scale)))
    if quantiles is not None:
        of_each = pointwise.pinball_losses(actual, quantiles, probabilities)  # type: ignore[arg-type]
        found.append(score("pinball", of_each.mean(-1), scale))
    if samples is not None:
        found.append(score("CRPS", pointwise.crps_of_samples(actual, samples), scale))
    elif quantiles is not None:
        found.append(score("CRPS", pointwise.crps_of_quantiles(actual, quantiles, probabilities), scale))  # type: ignore[arg-type]
    for level, (low, high) in (intervals or {}).items():
        found += interval_scores_of(actual, low, high, level, scale)
    return {one.name: one for one in found}


def interval_scores_of(actual: Any, low: Any, high: Any, level: float, scale: Any) -> list[Score]:
    """Coverage, width and interval score of intervals of one level."""
    inside = pointwise.covered(actual, low, high)
    width = np.where(np.isnan(inside), np.nan, np.subtract(high, low))
    return [
        score(f"coverage {level:g}", inside),
        score(f"width {level:g}", width, scale),
        score(f"interval score {level:g}", pointwise.interval_scores(actual, low, high, level), scale),
    ]


def _mean(values: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """The mean of what is known, NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of an empty mean, which is NaN on purpose
        return np.nanmean(values, axis=axis)


def _root_mean_square(values: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """In units of the largest, whose square float64 may not hold."""
    most = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    return most * np.sqrt(_mean(np.square(values / most), axis))
