"""How series look to a network: on a scale where they grow evenly, without season, in units of their own steps.

``z = (f(y) - season - first) / unit``: f is the logarithm where a series grows by shares of itself, the season is that
of `moving_season` where there is one, `first` brings the first value to 0, and `unit` is the mean distance of
successive values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elman.forecast.moving_season import moving_indices
from elman.forecast.rivals.histories import Histories, blocks, held, mean_of_known
from elman.forecast.rivals.seasonal import filled, shows_season

ABOUT = ("noise", "monthly", "quarterly", "seasonal", "logged")  # what the network is told of a series
LEAST_SHARE = 0.01  # of the mean: a lower value has no useful logarithm
LEAST_NOISE = 1e-4  # a unit as a share of the level, as the network is told: below, a series is as good as smooth
LARGEST = 1e100  # of z: where later values leave what earlier ones were like
LEAST_UNIT = 1e-12  # as a share of the level: smaller steps are rounding


@dataclass(frozen=True)
class Pattern:
    """A season of some series.

    Attributes
    ----------
    rows : ndarray of int, shape (R,)
        Which series.
    indices : ndarray, shape (R, m)
        What it adds to f(y) by phase; phase p is that of the columns T - m + p, T - 2 m + p ...
    """

    rows: np.ndarray
    indices: np.ndarray

    def among(self, rows: np.ndarray, count: int) -> Pattern:
        """That of some of `count` series, by their numbers among these."""
        place = np.full(count, -1)
        place[rows] = np.arange(len(rows))
        mine = place[self.rows]
        return Pattern(mine[mine >= 0], self.indices[mine >= 0])


@dataclass(frozen=True)
class Views:
    """Series as a network sees them.

    Attributes
    ----------
    logged : ndarray of bool, shape (S,)
        Whether f is the logarithm.
    patterns : tuple of Pattern
        Seasons, each of some of the series.
    first, unit : ndarray, shape (S,)
        In units of f(y).
    about : ndarray, shape (S, F)
        As `ABOUT` says.
    """

    logged: np.ndarray
    patterns: tuple[Pattern, ...]
    first: np.ndarray
    unit: np.ndarray
    about: np.ndarray

    @property
    def noise(self) -> np.ndarray:
        """The unit as a share of the level, at least `LEAST_NOISE`, (S,)."""
        return np.exp(self.about[:, 0] - 3)

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """z of values that end where the series do, (S, T)."""
        steps = np.arange(-values.shape[1], 0)
        with np.errstate(over="ignore"):
            z = (self._curved(values) - self._season(steps) - self.first[:, None]) / self.unit[:, None]
        return np.clip(z, -LARGEST, LARGEST)

    def values(self, z: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Values of z (S, ..., H) at steps (H,) or (S, H); 0 is the first step behind the series."""
        between = (slice(None), *[None] * (z.ndim - 1))
        season = self._season(steps)
        season = season.reshape(len(season), *[1] * (z.ndim - 2), season.shape[1])
        curved = z * self.unit[between] + self.first[between] + season
        with np.errstate(over="ignore"):
            return np.where(self.logged[between], np.exp(np.minimum(curved, 700.0)), curved)

    def take(self, rows: np.ndarray) -> Views:
        """The views of some of the series."""
        chosen = tuple(pattern.among(rows, len(self.first)) for pattern in self.patterns)
        return Views(self.logged[rows], chosen, self.first[rows], self.unit[rows], self.about[rows])

    def _season(self, steps: np.ndarray) -> np.ndarray:
        steps = np.broadcast_to(steps, (len(self.first), steps.shape[-1]))
        total = np.zeros(steps.shape)
        for pattern in self.patterns:
            phases = steps[pattern.rows] % pattern.indices.shape[1]
            total[pattern.rows] += np.take_along_axis(pattern.indices, phases, 1)
        return total

    def _curved(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.logged[:, None], np.log(values), values)


def views_of(
    histories: Histories, until: np.ndarray | int = 0, seasons: Sequence[int] = (), *, logs: bool = True
) -> Views:
    """The views that suit series, found in their values before an origin.

    Parameters
    ----------
    histories : Histories
    until : int, or array of int (S,)
        How many of the last values are not to be looked at.
    seasons : sequence of int
        Further seasons of all series, longer than the first.
    logs : bool, default True
        Whether logarithms are taken where they can be.
    """
    until = np.broadcast_to(until, histories.lengths.shape)
    return _joined(
        [_views(histories.values[b], histories.season[b], until[b], seasons, logs) for b in blocks(histories)]
    )


def _joined(parts: Sequence[Views]) -> Views:
    """The views of several blocks of series, one behind the other."""
    patterns: dict[int, list[Pattern]] = {}
    first = 0
    for part in parts:
        for pattern in part.patterns:
            moved = Pattern(pattern.rows + first, pattern.indices)
            patterns.setdefault(pattern.indices.shape[1], []).append(moved)
        first += len(part.first)
    of_all = [
        Pattern(np.concatenate([p.rows for p in patterns[m]]), np.concatenate([p.indices for p in patterns[m]]))
        for m in sorted(patterns)
    ]
    logged, start, unit, about = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("logged", "first", "unit", "about")
    )
    return Views(logged, tuple(of_all), start, unit, about)


def _views(values: np.ndarray, season: np.ndarray, until: np.ndarray, seasons: Sequence[int], logs: bool) -> Views:
    """The views of series (S, T) without their last `until` (S,) values."""
    columns = np.arange(values.shape[1])
    seen = columns < len(columns) - until[:, None]
    before = np.where(seen, values, np.nan)
    logged = has_logarithms(before) & logs
    with np.errstate(divide="ignore", invalid="ignore"):
        curved = np.where(logged[:, None], np.log(before), before)
    patterns, plain = patterns_of(curved, season, seasons)
    first = np.nan_to_num(np.take_along_axis(plain, np.argmax(np.isfinite(plain), 1)[:, None], 1)[:, 0])
    steps = np.where(seen[:, 1:], np.abs(np.diff(held(plain), axis=1)), np.nan)
    distance = np.nan_to_num(mean_of_known(steps, 1))
    level = np.where(logged, 1.0, np.nan_to_num(mean_of_known(np.abs(before), 1)))
    level = np.where(level > 0, level, 1.0)
    unit = np.maximum(distance, LEAST_UNIT * level)
    about = np.stack(
        [
            np.log(np.maximum(unit / level, LEAST_NOISE)) + 3,
            season == 12,
            season == 4,
            _have(patterns, len(curved)),
            logged,
        ],
        axis=1,
    )
    return Views(logged, patterns, first, unit, about)


def has_logarithms(values: np.ndarray) -> np.ndarray:
    """Whether all values of a series are positive, and none as good as 0 beside their mean, (S,).

    On the scale of logarithms a season that grows with its series stays the same. Over the M3 competition that scale
    serves short positive series better than a choice by likelihood (G. E. P. Box and D. R. Cox, 1964) does.
    """
    lowest = np.where(np.isnan(values), np.inf, values).min(axis=1, initial=np.inf)
    return (lowest > LEAST_SHARE * np.nan_to_num(mean_of_known(np.abs(values), 1))) & np.isfinite(lowest)


def patterns_of(
    curved: np.ndarray, season: np.ndarray, longer: Sequence[int]
) -> tuple[tuple[Pattern, ...], np.ndarray]:
    """The patterns of series, the shortest first, and what is left without them, (S, T)."""
    found, rest = [], curved.copy()
    steps = np.arange(-curved.shape[1], 0)
    for period in sorted({int(m) for m in season} | {int(m) for m in longer}):
        rows = np.flatnonzero((season == period) | np.isin(period, longer))
        whole = filled(rest[rows], period)
        seasonal = shows_season(whole, period)
        rows, whole = rows[seasonal], whole[seasonal]
        if len(rows):
            indices = np.nan_to_num(moving_indices(whole, period))
            found.append(Pattern(rows, indices))
            rest[rows] -= indices[:, steps % period]
    return tuple(found), rest


def _have(patterns: Sequence[Pattern], count: int) -> np.ndarray:
    having = np.zeros(count, bool)
    for pattern in patterns:
        having[pattern.rows] = True
    return having
