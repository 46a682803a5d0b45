"""Distributions as losses: minus the log likelihood of a target, of parameters that a network gives.

For O targets the network has O outputs for each parameter, those of the first parameter first: a `normal` loss of a
forecast of 12 steps takes ``Dense(24)``, 12 means and 12 spreads. What must be positive goes through softplus, so that
any output means something; `elman.forecast.distributions` makes of such outputs a distribution with quantiles and
samples. Targets, or what the network sees of them, should be of a size of about 1: a spread or mean cannot be below
`FLOOR`, and no network finds a mean of 10,000 soon. For counts of series of different size give ``scaled=True`` and
targets that hold, behind the O values, the O scales that the network's means are to be multiplied by.
"""

from __future__ import annotations

import math
from typing import Any

from elman.checks import real
from elman.equations import cell, equal, exp, lgamma, log, log1p, mean, softplus, split, square, where

FLOOR = 1e-4  # what a spread, a mean of counts or a dispersion is at least


def positive(x: Any) -> Any:
    """``softplus(x) + FLOOR``."""
    return softplus(x) + FLOOR


def normal_parameters(y: Any) -> tuple[Any, ...]:
    """Mean and standard deviation."""
    location, spread = split(y, 2)
    return location, positive(spread)


def student_t_parameters(y: Any) -> tuple[Any, ...]:
    """Location, scale and degrees of freedom, above 2 so that there is a variance."""
    location, spread, freedom = split(y, 3)
    return location, positive(spread), 2 + positive(freedom)


def poisson_parameters(y: Any) -> tuple[Any, ...]:
    """The mean."""
    return (positive(y),)


def negative_binomial_parameters(y: Any) -> tuple[Any, ...]:
    """Mean m and dispersion a: the variance is ``m + a m^2``."""
    location, dispersion = split(y, 2)
    return positive(location), positive(dispersion)


def zero_inflated_poisson_parameters(y: Any) -> tuple[Any, ...]:
    """The mean of what is not always zero, and the logit of the share that is."""
    location, zeros = split(y, 2)
    return positive(location), zeros


def zero_inflated_negative_binomial_parameters(y: Any) -> tuple[Any, ...]:
    """Mean and dispersion of what is not always zero, and the logit of the share that is."""
    location, dispersion, zeros = split(y, 3)
    return positive(location), positive(dispersion), zeros


@cell(inputs=2)
def normal(p, y, target):
    """Minus the log density of a normal distribution; its outputs are means, then spreads before softplus."""
    location, spread = normal_parameters(y)
    return mean(0.5 * square((target - location) / spread) + log(spread)) + 0.5 * math.log(2 * math.pi)


@cell(inputs=2)
def student_t(p, y, target):
    """Minus the log density of Student's t: tails that outliers do not bend.

    Outputs are locations, then scales, then degrees of freedom less 2, both before softplus.
    """
    location, spread, freedom = student_t_parameters(y)
    half = 0.5 * (freedom + 1)
    tails = half * log1p(square((target - location) / spread) / freedom)
    return mean(tails + log(spread) + 0.5 * log(math.pi * freedom) + lgamma(0.5 * freedom) - lgamma(half))


@cell(inputs=2)
def poisson(p, y, target, *, scaled=False):
    """Minus the log probability of counts whose variance is their mean; outputs are means before softplus."""
    count, scale = _scaled(target, scaled)
    (location,) = poisson_parameters(y)
    return mean(_poisson(count, location * scale))


@cell(inputs=2)
def negative_binomial(p, y, target, *, scaled=False):
    """Minus the log probability of counts that vary more than Poisson's: mean m and variance ``m + a m^2``.

    Outputs are means m, then dispersions a, both before softplus.
    """
    count, scale = _scaled(target, scaled)
    location, dispersion = negative_binomial_parameters(y)
    return mean(_negative_binomial(count, location * scale, dispersion))


@cell(inputs=2)
def zero_inflated_poisson(p, y, target, *, scaled=False):
    """Minus the log probability of counts that are zero for a share of the time, else Poisson's.

    Outputs are means before softplus, then logits of that share. Reference: D. Lambert, Zero-inflated Poisson
    regression, Technometrics 34 (1992).
    """
    count, scale = _scaled(target, scaled)
    location, zeros = zero_inflated_poisson_parameters(y)
    return mean(_inflated(_poisson(count, location * scale), count, zeros))


@cell(inputs=2)
def zero_inflated_negative_binomial(p, y, target, *, scaled=False):
    """Minus the log probability of counts that are zero for a share of the time, else negative binomial.

    Outputs are means and dispersions before softplus, then logits of that share: for intermittent demand.
    """
    count, scale = _scaled(target, scaled)
    location, dispersion, zeros = zero_inflated_negative_binomial_parameters(y)
    return mean(_inflated(_negative_binomial(count, location * scale, dispersion), count, zeros))


@cell(inputs=2)
def tweedie(p, y, target, *, power=1.5, scaled=False):
    """Half the deviance of Tweedie's distribution of variance ``phi m^power``, up to what no output changes.

    ``m^(2 - power) / (2 - power) - target m^(1 - power) / (1 - power)``, its minimiser is the mean: zeros beside a
    continuous range of amounts, as in intermittent demand. Outputs are means before softplus. Reference: B.
    Jorgensen, Exponential dispersion models, Journal of the Royal Statistical Society B 49 (1987).
    """
    value, scale = _scaled(target, scaled)
    a, b = 2 - (power := real(power, "tweedie: power", 1, 2)), 1 - power
    logarithm = log(positive(y) * scale)
    return mean(exp(a * logarithm) / a - value * exp(b * logarithm) / b)


def _scaled(target: Any, scaled: bool) -> tuple[Any, Any]:
    """Values and what means are multiplied by, which lies behind them if it is given."""
    return split(target, 2) if scaled else (target, 1.0)


def _poisson(count: Any, location: Any) -> Any:
    return location - count * log(location) + lgamma(count + 1)


def _negative_binomial(count: Any, location: Any, dispersion: Any) -> Any:
    size = 1 / dispersion
    direct = lgamma(size) - lgamma(count + size) + count * log(size)
    total = size + count  # and by Stirling's series where the two are large, so that no digits are lost
    rest = (1 / total - dispersion) * (1 / 12) - (1 / total**3 - dispersion**3) * (1 / 360)
    far = count - (total - 0.5) * log1p(dispersion * count) - rest
    ways = where(size > 100, far, direct)
    return lgamma(count + 1) + ways + total * log1p(dispersion * location) - count * log(location)


def _inflated(loss: Any, count: Any, zeros: Any) -> Any:
    """With s = sigmoid(zeros): ``-log(s [count = 0] + (1 - s) exp(-loss))``."""
    return loss + softplus(zeros) - equal(count, 0) * softplus(zeros + loss)
