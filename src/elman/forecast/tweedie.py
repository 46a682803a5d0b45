"""Tweedie's distribution of power 1.5: nothing at all for a share of the time, else a continuous amount."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.forecast.distributions import Distribution

_HALVINGS = 60  # of the place of a quantile


@dataclass(frozen=True)
class Tweedie(Distribution):
    """A Poisson number of exponential amounts, of the given mean m and dispersion phi: the variance is ``phi m^1.5``.

    There are ``2 sqrt(m) / phi`` amounts on average, of the mean ``phi sqrt(m) / 2``. Reference: B. Jorgensen,
    Exponential dispersion models, Journal of the Royal Statistical Society B 49 (1987).
    """

    average: np.ndarray
    dispersion: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        return self.average

    @property
    def _number(self) -> np.ndarray:
        return 2 * np.sqrt(self.average) / self.dispersion

    @property
    def _amount(self) -> np.ndarray:
        return 0.5 * self.dispersion * np.sqrt(self.average)

    def cdf(self, x: np.typing.ArrayLike) -> np.ndarray:
        """With N of the amounts' number and M Poisson of mean x / amount, the probability that N is at most M.

        The work grows with the number of amounts.
        """
        number, amount, x = np.broadcast_arrays(self._number, self._amount, np.asarray(x, np.float64))
        with np.errstate(divide="ignore", over="ignore"):
            return np.where(x < 0, 0.0, _at_most(number, np.maximum(x, 0) / amount))

    def _inverse(self, probabilities: np.ndarray) -> np.ndarray:
        low = np.zeros(probabilities.shape)
        high = self.average + 10 * np.sqrt(self.dispersion * self.average**1.5)
        high = np.broadcast_to(high, low.shape).copy()
        while (short := self.cdf(high) < probabilities).any():
            high[short] *= 2
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            short = self.cdf(middle) < probabilities
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        return np.where(probabilities <= np.exp(-self._number), 0.0, high)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        number = rng.poisson(np.broadcast_to(self._number, shape))
        return np.where(number > 0, rng.gamma(np.maximum(number, 1), self._amount, shape), 0.0)


def _at_most(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The probability that a Poisson number of mean `first` is at most another of mean `second`."""
    most = int(np.max(first + 12 * np.sqrt(first) + 40, initial=0))
    logs = np.where(first > 0, np.log(np.maximum(first, 1e-300)), -np.inf)
    log_pmf, other = -first, np.exp(-second)
    below, total = np.zeros(first.shape), np.zeros(first.shape)
    log_other, log_second = -second, np.log(np.maximum(second, 1e-300))
    for n in range(most + 1):
        total = total + np.exp(log_pmf) * (1 - below)  # below: that the other is less than n
        below = np.minimum(below + other, 1.0)
        log_pmf = log_pmf + logs - np.log(n + 1)
        log_other = log_other + log_second - np.log(n + 1)
        other = np.exp(log_other)
    return np.minimum(total, 1.0)
