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
from elman.equations import (
    cell,
    equal,
    exp,
    lgamma,
    log,
    log1p,
    maximum,
    mean,
    minimum,
    softplus,
    split,
    sqrt,
    square,
    where,
)

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
    return mean(normal_loss(target, location, spread))


@cell(inputs=2)
def student_t(p, y, target):
    """Minus the log density of Student's t: tails that outliers do not bend.

    Outputs are locations, then scales, then degrees of freedom less 2, both before softplus.
    """
    location, spread, freedom = student_t_parameters(y)
    return mean(student_t_loss(target, location, spread, freedom))


@cell(inputs=2)
def poisson(p, y, target, *, scaled=False):
    """Minus the log probability of counts whose variance is their mean; outputs are means before softplus."""
    count, scale = _scaled(target, scaled)
    (location,) = poisson_parameters(y)
    return mean(poisson_loss(count, location * scale))


@cell(inputs=2)
def negative_binomial(p, y, target, *, scaled=False):
    """Minus the log probability of counts that vary more than Poisson's: mean m and variance ``m + a m^2``.

    Outputs are means m, then dispersions a, both before softplus.
    """
    count, scale = _scaled(target, scaled)
    location, dispersion = negative_binomial_parameters(y)
    return mean(negative_binomial_loss(count, location * scale, dispersion))


@cell(inputs=2)
def zero_inflated_poisson(p, y, target, *, scaled=False):
    """Minus the log probability of counts that are zero for a share of the time, else Poisson's.

    Outputs are means before softplus, then logits of that share. Reference: D. Lambert, Zero-inflated Poisson
    regression, Technometrics 34 (1992).
    """
    count, scale = _scaled(target, scaled)
    location, zeros = zero_inflated_poisson_parameters(y)
    return mean(inflated_loss(poisson_loss(count, location * scale), count, zeros))


@cell(inputs=2)
def zero_inflated_negative_binomial(p, y, target, *, scaled=False):
    """Minus the log probability of counts that are zero for a share of the time, else negative binomial.

    Outputs are means and dispersions before softplus, then logits of that share: for intermittent demand.
    """
    count, scale = _scaled(target, scaled)
    location, dispersion, zeros = zero_inflated_negative_binomial_parameters(y)
    return mean(inflated_loss(negative_binomial_loss(count, location * scale, dispersion), count, zeros))


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


def normal_loss(value: Any, location: Any, spread: Any) -> Any:
    """Minus the log density of each value."""
    return 0.5 * square((value - location) / spread) + log(spread) + 0.5 * math.log(2 * math.pi)


def student_t_loss(value: Any, location: Any, spread: Any, freedom: Any) -> Any:
    """Minus the log density of each value."""
    half = 0.5 * (freedom + 1)
    tails = half * log1p(square((value - location) / spread) / freedom)
    return tails + log(spread) + 0.5 * log(math.pi * freedom) + lgamma(0.5 * freedom) - lgamma(half)


def poisson_loss(count: Any, location: Any) -> Any:
    """Minus the log probability of each count, of Poisson's distribution of the given mean."""
    return location - count * log(location) + lgamma(count + 1)


def negative_binomial_loss(count: Any, location: Any, dispersion: Any) -> Any:
    """Minus the log probability of each count, of the given mean and dispersion."""
    size = 1 / dispersion
    direct = lgamma(size) - lgamma(count + size) + count * log(size)
    total = size + count  # and by Stirling's series where the two are large, so that no digits are lost
    rest = (1 / total - dispersion) * (1 / 12) - (1 / total**3 - dispersion**3) * (1 / 360)
    far = count - (total - 0.5) * log1p(dispersion * count) - rest
    ways = where(size > 100, far, direct)
    return lgamma(count + 1) + ways + total * log1p(dispersion * location) - count * log(location)


def inflated_loss(loss: Any, count: Any, zeros: Any) -> Any:
    """With s = sigmoid(zeros): ``-log(s [count = 0] + (1 - s) exp(-loss))``."""
    return loss + softplus(zeros) - equal(count, 0) * softplus(zeros + loss)


def tweedie_loss(value: Any, location: Any, dispersion: Any) -> Any:
    """Minus the log density of Tweedie's distribution of power 1.5, the log probability where the value is 0.

    That is a sum of exponential amounts whose number is Poisson's: with ``l = 2 sqrt(m) / phi`` of them of the mean
    ``u = phi sqrt(m) / 2``, ``log f = -l - y / u + log(l / (u y)) / 2 + log I1(2 sqrt(l y / u))``, and ``-l`` for
    ``y = 0``. Reference: P. K. Dunn and G. K. Smyth, Series evaluation of Tweedie exponential dispersion model
    densities, Statistics and Computing 15 (2005).
    """
    number, amount = 2 * sqrt(location) / dispersion, 0.5 * dispersion * sqrt(location)
    zero = equal(value, 0)
    positive = where(zero, 1.0, value)
    density = (
        positive / amount - 0.5 * log(number / (amount * positive)) - log_bessel(2 * sqrt(number * positive / amount))
    )
    return number + (1 - zero) * density


def log_bessel(x: Any) -> Any:
    """The logarithm of the modified Bessel function I1 of x > 0, to about 1e-6.

    Reference: M. Abramowitz and I. A. Stegun, Handbook of mathematical functions (1964), 9.8.3 and 9.8.4.
    """
    near, far = minimum(x, 3.75) * (1 / 3.75), 3.75 / maximum(x, 3.75)
    small = log(x) + log(_polynomial(_NEAR, square(near)))
    return where(x > 3.75, x - 0.5 * log(x) + log(_polynomial(_FAR, far)), small)


def _polynomial(coefficients: tuple[float, ...], x: Any) -> Any:
    """The first coefficient is the constant one."""
    total: Any = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


_NEAR = (0.5, 0.87890594, 0.51498869, 0.15084934, 0.02658733, 0.00301532, 0.00032411)
_FAR = (
    *(0.39894228, -0.03988024, -0.00362018, 0.00163801, -0.01031555),
    *(0.02282967, -0.02895312, 0.01787654, -0.00420059),
)
