"""Exponential smoothing: forms of error, trend and season, chosen or averaged by the corrected criterion of Akaike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.checks import whole
from elman.forecast.rivals.akaike import weights_of
from elman.forecast.rivals.ets_fit import KINDS, Fit, Form, aligned, fit_forms
from elman.forecast.rivals.histories import Histories, forecast_alike, known
from elman.forecast.rivals.smoothing import ahead, at_ends, smooth

FORMS = tuple(
    Form(error, trend, season)
    for season, errors in (("N", "AM"), ("A", "AM"), ("M", "M"))
    for error in errors  # added ones first
    for trend in ("N", "A", "Ad")
)
DAMPED = tuple(form for form in FORMS if form.trend == "Ad")


@dataclass(frozen=True)
class Ets:
    """Exponential smoothing in state space form; of 15 forms that with the lowest AICc, or all weighed by it.

    ``y = (l + phi b) + s + e`` or ``y = (l + phi b) s (1 + e)``, and each state learns a share of the error. All
    parameters and first states are those of the greatest likelihood, found by least squares: that of relative errors
    ``e`` is the sum of ``(g e)^2``, with g the geometric mean of the forecasts. Forms with multiplied errors or seasons
    are for series above 0, seasons for those of at least two of them. First indices of a season of more than 12 steps
    come from classical decomposition.

    Parameters
    ----------
    sets : tuple of tuples of Form, default one set of all 15
        Among which to choose. Of several sets the forecasts are averaged.
    averaged : bool, default False
        Whether a set forecasts the mean of its forms, weighed by ``exp(-AICc / 2)``, in place of the best one's.
    name : str, default "ets"
        What it is called.

    References
    ----------
    R. J. Hyndman, A. B. Koehler, R. D. Snyder, S. Grose, A state space framework for automatic forecasting using
    exponential smoothing methods, International Journal of Forecasting 18 (2002); R. J. Hyndman, A. B. Koehler,
    J. K. Ord, R. D. Snyder, Forecasting with exponential smoothing, Springer (2008); S. Kolassa, Combining exponential
    smoothing forecasts using Akaike weights, International Journal of Forecasting 27 (2011).

    Examples
    --------
    >>> Ets()(Histories.of([np.arange(1.0, 31.0)]), 3, np.array([0])).round(2)
    array([[[31., 32., 33.]]])
    """

    sets: tuple[tuple[Form, ...], ...] = (FORMS,)
    averaged: bool = False
    name: str = "ets"

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Forecasts, (S, K, H), as `Rival` says."""
        return np.mean(self.each(histories, horizon, origins), axis=0)

    def each(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Forecasts of each set, (sets, S, K, H), the forms of all of them fitted once."""

        def forecast(some: Histories, _: int, starts: np.ndarray) -> np.ndarray:
            made = self._forecast(some, horizon, starts)  # (sets, S, K, H)
            return np.moveaxis(made, 0, 2).reshape(*made.shape[1:3], -1)

        count, horizon = len(self.sets), whole(horizon, "horizon")
        beside = forecast_alike(histories, count * horizon, origins, forecast, rows=48)
        return np.moveaxis(beside.reshape(*beside.shape[:2], count, horizon), 2, 0)

    def _forecast(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        before = known(histories, origins)
        starts = np.argmax(np.isfinite(before), axis=1)
        fits, weights = self._weighed(aligned(before, starts), int(histories.season[0]))
        values, ends = aligned(histories.values, starts), before.shape[1] - origins - starts[:, None]
        sums = np.zeros((len(self.sets), len(before), len(origins), horizon))
        for fit, weight in zip(fits, weights, strict=True):
            problems = np.flatnonzero(weight.any(0).ravel())
            series = problems % len(before)
            made = _rolled(values[:, series], fit, problems, ends[series], horizon)
            for total, counted in zip(sums, weight.reshape(len(sums), -1)[:, problems], strict=True):
                np.add.at(total, series, np.where(counted[:, None, None] > 0, made, 0.0) * counted[:, None, None])
        fitted = np.any([weight.any(1) for weight in weights], axis=0)  # (sets, S)
        return np.where(np.broadcast_to(fitted, sums.shape[:2])[..., None, None], sums, np.nan)

    def _weighed(self, seen: np.ndarray, season: int) -> tuple[list[Fit], list[np.ndarray]]:
        """What is found for the forms of each kind of season, of series (T, S), and what each counts, (sets, F, S)."""
        seen = seen[: np.flatnonzero(np.isfinite(seen).any(1)).max(initial=0) + 1]
        kinds = KINDS if season > 1 and len(seen) >= 2 * season else "N"
        forms = [form for form in FORMS if form.season in kinds and any(form in some for some in self.sets)]
        groups = [group for kind in kinds if (group := [form for form in forms if form.season == kind])]
        fits = [fit_forms(seen, season, group) for group in groups]
        criteria = np.concatenate([np.empty((0, seen.shape[1])), *(fit.criteria for fit in fits)])
        weights = np.stack([self._weights(forms, some, criteria) for some in self.sets])
        empty = np.asarray(~weights.any(axis=1))  # of a set that has no form for a series another stands in
        instead = weights.sum(0) / np.maximum((~empty).sum(0), 1)
        weights = np.where(empty[:, None], instead, weights)
        return fits, np.split(weights, np.cumsum([len(group) for group in groups]), axis=1)[: len(groups)]

    def _weights(self, forms: list[Form], some: tuple[Form, ...], criteria: np.ndarray) -> np.ndarray:
        """What each form counts in one set, (F, S); in all 1, or 0 where none of the set fits."""
        criteria = np.where(np.array([[form in some] for form in forms], bool).reshape(-1, 1), criteria, np.inf)
        if self.averaged:
            return weights_of(criteria)
        best = weights_of(criteria, share=1.0) > 0
        return (best & (np.cumsum(best, axis=0) == 1)).astype(float)  # of two that are as good, the simpler one


def _rolled(values: np.ndarray, fit: Fit, problems: np.ndarray, ends: np.ndarray, horizon: int) -> np.ndarray:
    """Forecasts of some problems, (R, K, H), after the first `ends` (R, K) steps of their series, `values` (T, R)."""
    rates, state = fit.rates.of(problems), fit.first.of(problems)
    steps = smooth(values, rates, state, fit.season)
    return at_ends(
        ends, horizon, len(values), steps, lambda r, t: ahead(state.of(r), rates.phi[r], t, horizon, fit.season)
    )
