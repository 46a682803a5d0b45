"""Distributions of forecasts: mean, distribution function, quantiles, samples; and those that networks give.

Parameters are arrays of any shape, (S, H) or whatever a network's output has; quantiles and samples lie on a further,
last axis.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from statistics import NormalDist
from typing import Any

import numpy as np

from elman.checks import as_seed, floats, nearest, shown, whole
from elman.errors import DataError, OptionError, ShapeError
from elman.forecast.pointwise import as_probabilities
from elman.forecast.special import beta_cdf, gamma_cdf, invert, invert_counts, log_gamma, normal_cdf
from elman.training import likelihoods
from elman.training.loss import Loss
from elman.training.losses import resolve_loss

TABLE = 1000
_normal_inverse = np.frompyfunc(NormalDist().inv_cdf, 1, 1)


@dataclass(frozen=True)
class Distribution(ABC):
    """One distribution for each place of the parameters.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> found = el.forecast.distribution_of("poisson", np.array([[1.0]]))
    >>> found.sample(3, seed=1).shape, found.cdf(0.0).round(3)
    ((1, 1, 3), array([[0.269]]))
    """

    def __post_init__(self) -> None:
        given = {f.name: floats(getattr(self, f.name), f.name, finite=True) for f in fields(self) if f.name != "base"}
        try:
            alike = np.broadcast_arrays(*given.values())
        except ValueError:
            shapes = ", ".join(f"{name} {value.shape}" for name, value in given.items())
            raise ShapeError(f"parameters do not go together: {shapes}") from None
        for name, value in zip(given, alike, strict=True):
            if name != "location" and not (value >= 0 if name == "share" else value > 0).all():
                raise DataError(f"{name} holds {value.min():g}; expected numbers above 0")
            object.__setattr__(self, name, value)

    @property
    @abstractmethod
    def mean(self) -> np.ndarray:
        """The mean, (...)."""

    @abstractmethod
    def cdf(self, x: np.typing.ArrayLike) -> np.ndarray:
        """The probability of a value of at most x, which broadcasts with the parameters.

        Parameters
        ----------
        x : array
            Values.

        Returns
        -------
        ndarray
        """

    @abstractmethod
    def _inverse(self, probabilities: np.ndarray) -> np.ndarray:
        """The quantile of each probability, which broadcast with the parameters."""

    @abstractmethod
    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray: ...

    def quantiles(self, probabilities: np.typing.ArrayLike) -> np.ndarray:
        """Quantiles (..., Q), of counts the least count that is as probable.

        Parameters
        ----------
        probabilities : array, shape (Q,)
            In (0, 1).

        Returns
        -------
        ndarray, shape (..., Q)
        """
        levels = as_probabilities(probabilities)
        return self._wide()._inverse(np.broadcast_to(levels, (*self.mean.shape, len(levels))))

    def sample(self, count: int, seed: int = 0) -> np.ndarray:
        """Independent draws (..., count).

        Parameters
        ----------
        count : int
            How many of each.
        seed : int, default 0
            Fixes them.

        Returns
        -------
        ndarray, shape (..., count)
        """
        rng = np.random.default_rng(as_seed(seed))
        return self._wide()._draw(rng, (*self.mean.shape, whole(count, "count")))

    def _wide(self) -> Any:
        """The same with an axis more."""
        return type(self)(*[getattr(self, f.name)[..., None] for f in fields(self)])


@dataclass(frozen=True)
class Normal(Distribution):
    """Of the given mean and standard deviation."""

    location: np.ndarray
    spread: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        return self.location

    def cdf(self, x: np.typing.ArrayLike) -> np.ndarray:
        return normal_cdf((np.asarray(x, np.float64) - self.location) / self.spread)

    def _inverse(self, probabilities: np.ndarray) -> np.ndarray:
        return self.location + self.spread * np.asarray(_normal_inverse(probabilities), np.float64)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return self.location + self.spread * rng.normal(size=shape)


@dataclass(frozen=True)
class StudentT(Distribution):
    """Of the given location, scale and degrees of freedom."""

    location: np.ndarray
    spread: np.ndarray
    freedom: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        return np.where(self.freedom > 1, self.location, np.nan)

    def cdf(self, x: np.typing.ArrayLike) -> np.ndarray:
        return student_t_cdf((np.asarray(x, np.float64) - self.location) / self.spread, self.freedom)

    def _inverse(self, probabilities: np.ndarray) -> np.ndarray:
        flat = probabilities.reshape(-1, probabilities.shape[-1])[0]
        standard = [_student_t_by_table(self.freedom[..., 0], float(p)) for p in flat]
        return self.location + self.spread * np.stack(standard, axis=-1)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return self.location + self.spread * rng.standard_t(np.broadcast_to(self.freedom, shape))


@dataclass(frozen=True)
class Poisson(Distribution):
    """Counts of the given mean."""

    average: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        return self.average

    def cdf(self, x: np.typing.ArrayLike) -> np.ndarray:
        k = np.floor(np.asarray(x, np.float64))
        return np.where(k < 0, 0.0, 1 - gamma_cdf(self.average, np.maximum(k, 0) + 1))

    def _inverse(self, probabilities: np.ndarray) -> np.ndarray:
        return invert_counts(self.cdf, probabilities)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return rng.poisson(np.broadcast_to(self.average, shape)).astype(np.float64)


@dataclass(frozen=True)
class NegativeBinomial(Distribution):
    """Counts of the given mean m and dispersion a: the variance is ``m + a m^2``."""

    average: np.ndarray
    dispersion: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        return self.average

    def cdf(self, x: np.typing.ArrayLike) -> np.ndarray:
        k, size = np.floor(np.asarray(x, np.float64)), 1 / self.dispersion
        return np.where(k < 0, 0.0, beta_cdf(size / (size + self.average), size, np.maximum(k, 0) + 1))

    def _inverse(self, probabilities: np.ndarray) -> np.ndarray:
        return invert_counts(self.cdf, probabilities)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        rate = rng.gamma(1 / self.dispersion, self.dispersion * self.average, shape)
        return rng.poisson(rate).astype(np.float64)


@dataclass(frozen=True)
class ZeroInflated(Distribution):
    """Zero for a share of the time, else of another distribution of counts."""

    base: Distribution
    share: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        return (1 - self.share) * self.base.mean

    def cdf(self, x: np.typing.ArrayLike) -> np.ndarray:
        return np.where(np.asarray(x) < 0, 0.0, self.share + (1 - self.share) * self.base.cdf(x))

    def _inverse(self, probabilities: np.ndarray) -> np.ndarray:
        return invert_counts(self.cdf, probabilities)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return np.where(rng.random(shape) < self.share, 0.0, self.base._draw(rng, shape))

    def _wide(self) -> Any:
        return ZeroInflated(self.base._wide(), self.share[..., None])


def student_t_cdf(x: np.typing.ArrayLike, freedom: np.typing.ArrayLike) -> np.ndarray:
    """The probability of a value of Student's t of at most x."""
    x, freedom = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(freedom, np.float64))
    square, half = np.square(x), freedom / 2
    near = square < 1  # there the middle is what keeps its digits, further out the tail
    share = beta_cdf(
        np.where(near, square, freedom) / (freedom + square), np.where(near, 0.5, half), np.where(near, half, 0.5)
    )
    tail = 0.5 * np.where(near, 1 - share, share)
    return np.where(x > 0, 1 - tail, tail)


def student_t_quantiles(freedom: np.typing.ArrayLike, probabilities: np.typing.ArrayLike) -> np.ndarray:
    """The values that Student's t stays below with the given probabilities, in (0, 1)."""
    p, df = np.broadcast_arrays(np.asarray(probabilities, np.float64), np.asarray(freedom, np.float64))
    front = np.exp(log_gamma((df + 1) / 2) - log_gamma(df / 2)) / np.sqrt(df * math.pi)

    def density(x: np.ndarray) -> np.ndarray:
        return front * (1 + np.square(x) / df) ** (-(df + 1) / 2)

    lower = np.minimum(p, 1 - p)  # the tail in which no digits are lost
    found = invert(lambda x: student_t_cdf(x, df), density, lower, np.full(p.shape, -4.0), np.zeros(p.shape))
    return np.where(p > 0.5, -found, found)


def _student_t_by_table(freedom: np.ndarray, probability: float) -> np.ndarray:
    """Quantiles of Student's t for many degrees of freedom, to about 1e-6: out of a table along 1 / freedom."""
    if freedom.size <= TABLE:
        return student_t_quantiles(freedom, probability)
    at = np.linspace(1 / freedom.max(), 1 / freedom.min(), TABLE)
    return np.interp(1 / freedom, at, student_t_quantiles(1 / at, probability))


def distribution_of(
    loss: str | Loss, outputs: np.typing.ArrayLike, scale: np.typing.ArrayLike | None = None
) -> Distribution:
    """The distribution that a network's outputs mean, which was trained with a likelihood.

    Parameters
    ----------
    loss : str or Loss
        ``normal``, ``student_t``, ``poisson``, ``negative_binomial``, ``zero_inflated_poisson`` or
        ``zero_inflated_negative_binomial``.
    outputs : array (..., P O)
        Of O targets, those of the first parameter first; see `elman.training.likelihoods`.
    scale : array, optional
        That broadcasts with (..., O): what the targets were divided by, of counts the scale in the targets.

    Returns
    -------
    Distribution

    Examples
    --------
    >>> found = distribution_of("normal", np.array([[10.0, 20.0, 1.0, 2.0]]))
    >>> found.mean
    array([[10., 20.]])
    >>> found.quantiles([0.1, 0.9]).round(1)
    array([[[ 8.3, 11.7],
            [17.3, 22.7]]])
    """
    name = resolve_loss(loss).name
    if name not in _MADE:
        raise OptionError(f"loss is {shown(loss)}, no distribution{nearest(name, _MADE)}; there are {', '.join(_MADE)}")
    parameters, make = _MADE[name]
    values, factor = floats(outputs, "outputs", finite=True), 1.0 if scale is None else floats(scale, "scale")
    return make(factor, *parameters(values))


def zero_inflated(base: Distribution, logit: np.ndarray) -> ZeroInflated:
    """Zero for the share whose logit is given, else of a distribution of counts."""
    return ZeroInflated(base, np.asarray(1 / (1 + np.exp(-np.clip(logit, -700, 700)))))


_MADE: dict[str, tuple[Any, Any]] = {
    "normal": (likelihoods.normal_parameters, lambda c, m, s: Normal(c * m, c * s)),
    "student_t": (likelihoods.student_t_parameters, lambda c, m, s, v: StudentT(c * m, c * s, v)),
    "poisson": (likelihoods.poisson_parameters, lambda c, m: Poisson(c * m)),
    "negative_binomial": (
        likelihoods.negative_binomial_parameters,
        lambda c, m, a: NegativeBinomial(c * m, a),
    ),
    "zero_inflated_poisson": (
        likelihoods.zero_inflated_poisson_parameters,
        lambda c, m, z: zero_inflated(Poisson(c * m), z),
    ),
    "zero_inflated_negative_binomial": (
        likelihoods.zero_inflated_negative_binomial_parameters,
        lambda c, m, a, z: zero_inflated(NegativeBinomial(c * m, a), z),
    ),
}
