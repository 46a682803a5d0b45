"""What covariates that are known ahead add to series: taken from them before any method sees them, and put back after.

On the scale where a series grows evenly (logarithms where there are any), both the series and its covariates are looked
at without what changes slowly, a centred mean over a season or a week, and without their mean by phase of the season;
what is left is regressed by ridge, for all series together, and for each with its own deviations from that:

    b = (sum X'X / s^2 + DRAWN I)^-1 sum X'r / s^2,      b[s] = (X'X + DRAWN I)^-1 (X'r + DRAWN b)

An effect that is not twice as large as its error for all series together is none.

Reference: A. E. Hoerl and R. W. Kennard, Ridge regression: biased estimation for nonorthogonal problems, Technometrics
12 (1970).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from elman.forecast.rivals.histories import Histories
from elman.forecast.rivals.seasonal import by_phase, centred_average, filled
from elman.forecast.views import has_logarithms

DRAWN = 10.0
WIDTH = 7  # steps of the mean, where there is no season
LEAST = 2.0  # errors that an effect must have in size


@dataclass(frozen=True)
class Effects:
    """Effects of covariates on series.

    Attributes
    ----------
    weights : ndarray, shape (S, F)
        In units of the scale of each series.
    logged : ndarray of bool, shape (S,)
        Whether that is the scale of logarithms: effects multiply then.
    """

    weights: np.ndarray
    logged: np.ndarray

    def rows(self, index: np.ndarray | slice) -> Effects:
        """Those on some of the series."""
        return Effects(self.weights[index], self.logged[index])

    def taken_from(self, histories: Histories) -> Histories:
        """Series as they would be if all covariates had their means."""
        inputs = histories.beside
        change = self._change(inputs.known[:, : histories.values.shape[1]])
        with np.errstate(over="ignore"):
            values = np.where(self.logged[:, None], histories.values * np.exp(-change), histories.values - change)
        return replace(histories, values=values)

    def put_into(self, forecasts: np.ndarray, histories: Histories, origins: np.ndarray) -> np.ndarray:
        """Forecasts (S, K, H) from origins, with what is known of their steps."""
        inputs, length = histories.beside, histories.values.shape[1]
        columns = length - origins[:, None] + np.arange(forecasts.shape[2])
        there = (columns >= 0) & (columns < inputs.known.shape[1])
        known = inputs.known[:, np.clip(columns, 0, inputs.known.shape[1] - 1)]  # (S, K, H, F)
        change = np.where(there, self._change(known), 0.0)
        return np.where(self.logged[:, None, None], forecasts * np.exp(change), forecasts + change)

    def added_to(
        self,
        inputs: dict[str, np.ndarray],
        names: tuple[str, ...],
        histories: Histories,
        steps: np.ndarray,
        horizon: int,
    ) -> dict[str, np.ndarray]:
        """Attributions of a single series by name, (T + H,) each, and the mean effects at some steps ahead."""
        length = histories.values.shape[1]
        later = histories.beside.known[0, length + steps] * self.weights[0] / len(steps)  # (K, F)
        found = {name: values.copy() for name, values in inputs.items()}
        for k, name in enumerate(names[: later.shape[1]]):
            found[name][len(found[name]) - horizon + steps] += later[:, k]
        return found

    def mean_change(self, histories: Histories, steps: np.ndarray) -> float:
        """What they add to a single series, the mean over some steps ahead, less what they add now."""
        known, length = histories.beside.known, histories.values.shape[1]
        return float((known[0, length + steps] @ self.weights[0]).mean())

    def _change(self, known: np.ndarray) -> np.ndarray:
        weights = self.weights.reshape(len(self.weights), *[1] * (known.ndim - 2), -1)
        change = (known * weights).sum(-1)
        logged = self.logged.reshape(-1, *[1] * (change.ndim - 1))
        return np.where(logged, np.clip(change, -5, 5), change)


def effects_of(histories: Histories, until: np.ndarray | int = 0) -> Effects | None:
    """Effects found in series without their last `until` (S,) values; None where nothing is known ahead.

    Parameters
    ----------
    histories : Histories
        With `Inputs` beside them.
    until : int, or array of int (S,)
    """
    if histories.beside is None or not histories.beside.known.shape[2]:
        return None
    length = histories.values.shape[1]
    seen = np.arange(length) < length - np.reshape(until, (-1, 1))
    values = np.where(seen, histories.values, np.nan)
    logged = has_logarithms(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(logged[:, None], np.log(values), values)
    known = np.where(np.isfinite(z)[..., None], histories.beside.known[:, :length], np.nan)
    products, moments, noise, counts = _sums(z, known, histories.season)
    return Effects(_solved(products, moments, noise, counts), logged)


def _sums(z: np.ndarray, known: np.ndarray, season: np.ndarray) -> tuple[np.ndarray, ...]:
    """X'X (S, F, F), X'r (S, F), the size of r (S,), and how many steps there are (S,)."""
    size, width = len(z), known.shape[2]
    products, moments = np.zeros((size, width, width)), np.zeros((size, width))
    noise, counts = np.zeros(size), np.zeros(size, np.int64)
    for period in np.unique(season):
        rows = np.flatnonzero(season == period)
        rest = _quick(z[rows], int(period))
        inputs = np.stack([_quick(known[rows, :, f], int(period)) for f in range(width)], axis=2)
        there = np.isfinite(rest) & np.isfinite(inputs).all(2)
        x, r = np.where(there[..., None], inputs, 0.0), np.where(there, rest, 0.0)
        products[rows], moments[rows] = np.einsum("stf,stg->sfg", x, x), np.einsum("stf,st->sf", x, r)
        counts[rows] = there.sum(1)
        noise[rows] = np.sqrt((r**2).sum(1) / np.maximum(counts[rows], 1))
    return products, moments, noise, counts


def _quick(values: np.ndarray, season: int) -> np.ndarray:
    """Values without what changes slowly, and without their mean by phase, (S, T)."""
    whole = filled(values, season)
    rest = whole - centred_average(whole, season if season > 1 else WIDTH)
    rest = np.where(np.isfinite(values), rest, np.nan)
    if season == 1:
        return rest
    lacking = -rest.shape[1] % season
    phases = by_phase(rest, season)
    count = np.isfinite(phases).sum(1, keepdims=True)
    means = np.nansum(phases, axis=1, keepdims=True) / np.maximum(count, 1)
    return (phases - means).reshape(len(rest), -1)[:, lacking:]


def _solved(products: np.ndarray, moments: np.ndarray, noise: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weights of each series, (S, F), in its own units: noise makes series comparable."""
    width = products.shape[1]
    usable = (noise > 0) & (counts > 2 * width)
    if not usable.any():
        return np.zeros_like(moments)
    unit = np.where(usable, noise, 1.0)
    a, b = products[usable], moments[usable] / unit[usable, None]
    inverse = np.linalg.inv(a.sum(0) + DRAWN * np.eye(width))
    pooled = inverse @ b.sum(0)
    kept = np.abs(pooled) > LEAST * np.sqrt(np.diag(inverse))
    pooled = np.where(kept, pooled, 0.0)
    own = np.linalg.solve(a + DRAWN * np.eye(width), (b + DRAWN * pooled)[..., None])[..., 0]
    found = np.zeros_like(moments)
    found[usable] = np.where(kept, own, 0.0) * unit[usable, None]
    return found
