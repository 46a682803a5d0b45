"""Random series of many kinds, to teach and to test what forecasts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from elman import checks

SEASONS = (1, 4, 12)
_Random = np.random.Generator


def random_series(count: int, length: tuple[int, int] = (16, 160), seed: int = 0) -> list[tuple[np.ndarray, int]]:
    """Draw series: walks, trends that bend, noise about a level, cycles; some with a season, shifts or outliers.

    Parameters
    ----------
    count : int
        How many.
    length : (int, int), default (16, 160)
        The least and the greatest number of values.
    seed : int, default 0
        The same seed gives the same series.

    Returns
    -------
    list of (ndarray, int)
        Values (n,), most of them positive, and the steps of the season, 1 for none.

    Examples
    --------
    >>> [(len(values), season) for values, season in random_series(3, length=(20, 30), seed=1)]
    [(25, 4), (23, 12), (30, 4)]
    """
    count = checks.whole(count, "count")
    random = np.random.default_rng(checks.as_seed(seed))
    return [_draw(random, length) for _ in range(count)]


def _draw(random: _Random, length: tuple[int, int]) -> tuple[np.ndarray, int]:
    season = int(random.choice(SEASONS))
    n = int(random.integers(length[0], length[1] + 1))
    plain = _KINDS[random.integers(len(_KINDS))](random, n)
    plain = plain / max(np.abs(np.diff(plain)).mean(), 1e-12)  # steps of one unit
    if random.random() < 0.15:
        plain[random.integers(n) :] += random.normal(0, 8)
    if random.random() < 0.2:
        plain += np.where(random.random(n) < 0.03, random.normal(0, 6, n), 0.0)
    if season > 1:
        plain += np.resize(random.normal(0, np.exp(random.normal(0.5, 0.8)), season), n)
    noise = np.exp(random.normal(-2.7, 0.9))  # a step as a share of the value
    if random.random() < 0.8:
        return np.exp(np.clip(noise * (plain - plain[0]), -20, 20)) * 1000.0, season
    return plain + random.normal(0, 30), season


def _walk(random: _Random, n: int) -> np.ndarray:
    """Steps of heavy tails about a drift."""
    return np.cumsum(random.standard_t(random.choice([3, 6, 30]), n) + random.normal(0, 0.3))


def _trend(random: _Random, n: int) -> np.ndarray:
    """Level and damped slope as exponential smoothing has them, seen through noise."""
    alpha, beta, phi = random.beta(1, 1), random.beta(1, 5), random.choice([0.8, 0.9, 0.98, 1.0])
    level, slope = 0.0, random.normal(0, 1)
    values = np.empty(n)
    for t, error in enumerate(random.normal(size=n)):
        values[t] = level + phi * slope + error
        level, slope = level + phi * slope + alpha * error, phi * slope + alpha * beta * error
    return values


def _noise(random: _Random, n: int) -> np.ndarray:
    """Autocorrelated noise about a level or a line."""
    return _recur(random, n, [random.uniform(-0.2, 0.95)]) + random.normal(0, 0.05) * np.arange(n)


def _cycle(random: _Random, n: int) -> np.ndarray:
    """A cycle whose phase and height wander."""
    radius, period = random.uniform(0.8, 0.995), random.uniform(4, 40)
    return _recur(random, n, [2 * radius * np.cos(2 * np.pi / period), -(radius**2)])


def _bend(random: _Random, n: int) -> np.ndarray:
    """Growth that comes to an end, or begins."""
    t = np.linspace(-1, 1, n)
    curve = np.tanh(random.uniform(1, 4) * (t - random.uniform(-1, 1))) * random.normal(0, n / 4)
    return curve + random.normal(0, 1, n) + np.cumsum(random.normal(0, 0.3, n))


def _recur(random: _Random, n: int, weights: list[float]) -> np.ndarray:
    """An autoregression, after it has forgotten how it began."""
    values = np.zeros(n + 100)
    errors = random.normal(size=n + 100)
    for t in range(len(weights), n + 100):
        values[t] = sum(w * values[t - k - 1] for k, w in enumerate(weights)) + errors[t]
    return values[100:]


_KINDS: tuple[Callable[[_Random, int], np.ndarray], ...] = (_walk, _trend, _trend, _noise, _cycle, _bend)
