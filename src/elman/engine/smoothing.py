"""Exponential smoothing and the theta method by the native engine, with many candidates of parameters at once.

With ``q = l + phi b`` a step's forecast is ``f = q + s`` or ``q s``, s the season's index of its phase, or the sum of
those of several seasons. From the error ``e = y - f``, 0 where y is missing, states learn as in
`elman.forecast.rivals.smoothing`, whose numbers these are to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elman.engine import default_engine, native_available


def available() -> bool:
    """Whether the native engine is there, and used by default."""
    return default_engine() == "native" and native_available()


@dataclass(frozen=True)
class Smoothing:
    """Problems of exponential smoothing, with C candidates of their parameters each.

    Attributes
    ----------
    y : ndarray, shape (T, S)
        Series by step; NaN where a value is missing.
    which : ndarray of int, shape (R,)
        Whose values each problem has.
    alpha, beta, phi, level, trend : ndarray, shape (C, R)
        Rates, what is left of a trend after a step, and first states.
    gamma : ndarray, shape (N, C, R)
        Rates of N seasons.
    indices : sequence of ndarray, shape (m, C, R) or (m, 1, R)
        First indices of each season by phase.
    relative : ndarray of bool, shape (R,)
        Whether an error counts as ``e g / f``, with g the geometric mean of all f.
    multiplied : bool, default False
        Whether the season, of which there is one, multiplies.
    fading : bool, default False
        Whether ``b`` is what is left of errors, which is no part of the level: ``l' = l + alpha e``.
    """

    y: np.ndarray
    which: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray
    phi: np.ndarray
    level: np.ndarray
    trend: np.ndarray
    gamma: np.ndarray
    indices: Sequence[np.ndarray]
    relative: np.ndarray
    multiplied: bool = False
    fading: bool = False

    def squares(self) -> np.ndarray:
        """Sums of squared errors, (C, R)."""
        return self._run(None, self.alpha.shape)

    def products(self, sizes: np.ndarray) -> np.ndarray:
        """Sums of products of the first candidate's errors and of the slopes of the others', (R, C, C).

        Parameters
        ----------
        sizes : array, shape (C - 1, R)
            How far each of the others is from the first; the slope is 0 where that is 0.
        """
        count, problems = self.alpha.shape
        return self._run(_plain(sizes), (problems, count, count))

    def _run(self, sizes: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
        import elman._native as native

        count, problems = self.alpha.shape
        candidates = max((each.shape[1] for each in self.indices), default=1)
        indices = [np.broadcast_to(each, (len(each), candidates, problems)) for each in self.indices]
        out = np.empty(shape)
        native.smooth(
            _plain(self.y),
            np.ascontiguousarray(self.which, np.int64),
            _plain(self.relative),
            [_plain(each) for each in (self.alpha, self.beta, self.phi, self.level, self.trend)],
            _plain(self.gamma),
            np.concatenate([np.empty((0, candidates, problems)), *indices]),
            [len(each) for each in indices],
            self.multiplied,
            self.fading,
            sizes,
            out,
        )
        return out


def theta_moments(values: np.ndarray, lines: np.ndarray, alpha: np.ndarray, skipped: int) -> np.ndarray:
    """Sums of products of the theta method's errors and their slopes, (6, C, S); see `elman.forecast.rivals.theta`.

    Parameters
    ----------
    values : array, shape (S, T)
        NaN where a value is missing.
    lines : array, shape (2, S, T)
        Start and slope of the line through the values up to each step.
    alpha : array, shape (C, S)
        Rates.
    skipped : int
        How many steps of a series do not count.
    """
    import elman._native as native

    out = np.empty((6, *alpha.shape))
    native.theta(_plain(values), _plain(lines), _plain(alpha), skipped, None, None, out)
    return out


def theta_levels(
    values: np.ndarray, lines: np.ndarray, alpha: np.ndarray, level: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """The theta method's level after each step, (S, T), with one rate, first level and share of each series, (S,)."""
    import elman._native as native

    out = np.empty(values.shape)
    native.theta(_plain(values), _plain(lines), _plain(alpha[None]), 0, _plain(level), _plain(share), out)
    return out


def _plain(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float64)
