"""The network of demand: reads counts or amounts of at least 0, and gives the parameters of what H steps ahead may be.

All is in units of a series' own size. Smoothing cells, whose rates are learnt, follow the level, and how often there is
any demand at all; a gated recurrent layer reads them. The mean of each step ahead is a level, mixed from the smoothed
ones, times a factor that the network finds, so that one that has learnt nothing smooths exponentially; the dispersion
is that of the moments so far, times another. What a step reads knows nothing of what comes after it, the size of its
series neither, which is the mean of all: a network that saw it would learn to return there.

References
----------
D. Salinas, V. Flunkert, J. Gasthaus and T. Januschowski, DeepAR, International Journal of Forecasting 36 (2020): counts
in units of their series' mean, one network for all. R. H. Teunter, A. A. Syntetos and M. Z. Babai, Intermittent demand,
European Journal of Operational Research 214 (2011): smoothing of how often, beside how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.equations import (
    Cell,
    cell,
    clip,
    concat,
    equal,
    exp,
    log,
    maximum,
    sigmoid,
    softmax,
    split,
    sqrt,
    square,
    sum,
    tanh,
)
from elman.equations.declared import constant
from elman.forecast.families import Family
from elman.forecast.rivals.histories import Histories, mean_of_known
from elman.forecast.views import Pattern, patterns_of
from elman.network import Dense, Network, Recurrent, Static, shift

LEVELS = 6  # cells of smoothing for the level
CHANCES = 3  # and for how often there is a demand
RATES = (-5.0, -0.5)  # of smoothing at first, as logits
EFFECTS = 16  # units that make the effect of what is known in advance
FLOOR = 1e-3  # of a mean, in units of the series' own
MOST_FACTOR, MOST_DISPERSION, MOST_EFFECT, MOST_LOGIT = 1.5, 5.0, 3.0, 4.0  # logarithms of the most that is found
TINY = 1e-6  # of a mass, where nothing is known yet
LEAST_AMOUNT = 0.05  # of Tweedie's dispersion, in units of the series' own: below, amounts are many
ABOUT = ("size", "seasonal")  # what the network is told of a series
DRAWN, DISPERSIONS = 5.0, (0.02, 50.0)  # values that moments are drawn by towards 1, and where they end
LEAST_INDEX, MOST_INDEX = 0.1, 10.0  # of a season


@cell
def following(p, x, level, mass):
    """Exponential smoothing that begins as the mean of what it has seen: ``level / mass``, and the mass fills up.

    One parameter ``a`` (H,) for each level. The input is what is followed (H,), and 1 where it is known (H,): elsewhere
    all stays.
    """
    x, known = split(x, 2)
    rate = known * sigmoid(p.a)
    level = level + rate * (x - level)
    mass = mass + rate * (1 - mass)
    return level / (mass + TINY), level, mass


def _followed(values: Any, known: Any, count: int) -> Any:
    """So many levels of values that are known, or of several values one each."""
    many = concat(*[values] * count) if count > 1 else values
    return Recurrent(following, count)(concat(many, concat(*[known] * count)))


def demand_network(
    family: Family,
    recurrent: Cell,
    units: int,
    horizon: int,
    about: int,
    *,
    known: int = 0,
    past: int = 0,
    seed: int = 0,
) -> Network:
    """The network, untrained: the level stays, and the dispersion is that of the moments.

    Parameters
    ----------
    family : Family
        Of the parameters that it gives.
    recurrent : Cell
        What reads the levels.
    units, horizon, about, known, past, seed
        As of `elman.forecast.direct.direct_network`; `about` has `ABOUT` first.

    Returns
    -------
    Network
        Its inputs are ``series`` (B, T, 3), the demand in units of its series, the logarithm of the steps so far, and 1
        where the demand is known,
        ``about`` (B, about), and ``beside`` (B, T, known + past) if there is any. It gives (B, T, P * horizon).
    """

    def alone(series: Any, about: Any) -> Any:
        return _ahead(family, series, about, [], recurrent, units, horizon)

    def informed(series: Any, about: Any, beside: Any) -> Any:
        if not known:
            return _ahead(family, series, about, [beside], recurrent, units, horizon)
        ahead = beside * constant([1.0] * known + [0.0] * past)
        effect = _bounded(Dense(1)(Dense(EFFECTS, activation="tanh")(ahead)), MOST_EFFECT)
        x, age, there = split(series, 3)
        later = concat(*(shift(effect, -k) for k in range(1, horizon + 1)))
        return _ahead(family, concat(x * exp(-effect), age, there), about, [beside], recurrent, units, horizon, later)

    inputs: dict[str, Any] = {"series": 3, "about": Static(about)}
    beside = {"beside": known + past} if known or past else {}
    net = Network(informed if beside else alone, inputs=inputs | beside, seed=seed)
    _begin(net)
    return net


def _ahead(
    family: Family,
    series: Any,
    about: Any,
    beside: list[Any],
    recurrent: Cell,
    units: int,
    horizon: int,
    later: Any = 0.0,
) -> Any:
    """Parameters of the steps ahead, the mean of each multiplied by what is known `later`."""
    x, age, there = split(series, 3)
    size, others = _taken_apart(about)
    levels, chances = _followed(x, there, LEVELS), _followed(1 - equal(x, 0), there, CHANCES)
    slow = sum(levels) * (1 / LEVELS) + FLOOR
    now = concat(there * log(x / slow + 0.1), log(levels / slow + 0.1))
    now = concat(now, log(slow) + size) if family.counts else now  # of amounts the unit means nothing
    h = Recurrent(recurrent, units)(concat(0.3 * now, chances, there, age, others, *beside))
    level = sum(softmax(Dense(LEVELS)(h)) * levels) + FLOOR
    parts = split(Dense(len(family.parameters) * horizon)(h), len(family.parameters))
    mean = concat(*[level] * horizon) * exp(_bounded(parts[0], MOST_FACTOR) + later)
    dispersion = _moments(x, age, there, size, family.counts) if "dispersion" in family.parameters else None
    return concat(*_parameters(family, mean, parts, dispersion))


def _taken_apart(about: Any) -> tuple[Any, Any]:
    """The logarithm of the size, which would tell what is still to come and is not looked at, and all else."""
    first = np.zeros(about.features)
    first[0] = 1.0
    return sum(about * constant(first)), about * constant(1 - first)


def _moments(x: Any, age: Any, there: Any, size: Any, counts: bool) -> Any:
    """The dispersion that the moments so far let expect, drawn towards 1 by some values.

    Of counts ``(v - m) / m^2``, else Tweedie's ``v / m^1.5``.
    """
    both = Recurrent(following, 2)(concat(x, square(x), there, there))
    mean, squares = (sum(part) for part in split(both, 2))  # numbers, which go with any width
    chance = mean * exp(-size) if counts else 0.0
    excess = maximum(squares - square(mean) - chance, 0.0)
    mean = mean + FLOOR
    base = square(mean) if counts else mean * sqrt(mean)
    number = exp(sum(age) + 3)
    return clip((number * excess / base + DRAWN) / (number + DRAWN), *DISPERSIONS)


def _parameters(family: Family, mean: Any, parts: Sequence[Any], dispersion: Any) -> list[Any]:
    found = {"mean": mean}
    for name, part in zip(family.parameters[1:], parts[1:], strict=True):
        if name == "zeros":
            found["zeros"] = _bounded(part, MOST_LOGIT)
            found["mean"] = mean * (1 + exp(found["zeros"]))  # so that that of all is the mean
        else:
            found[name] = dispersion * exp(_bounded(part, MOST_DISPERSION))
    if family.name == "tweedie":
        found["dispersion"] = maximum(found["dispersion"], LEAST_AMOUNT)
    return [found[name] for name in family.parameters]


def _bounded(x: Any, most: float) -> Any:
    return most * tanh(x * (1 / most))


def _begin(net: Network) -> None:
    """Levels that follow slowly and fast; heads that find no factor yet."""
    for name, count in (("following.a", LEVELS), ("following_2.a", CHANCES)):
        net.params[name] = np.linspace(*RATES, count)
    if "following_3.a" in net.params:
        net.params["following_3.a"] = np.full(2, RATES[0])
    heads = [name for name in net.params if name.startswith("dense") and name.endswith(".W")]
    for name in heads[-2:] + [name for name in net.params if name == "effect.W"]:
        net.params[name] = np.zeros(net.params[name].shape)


@dataclass(frozen=True)
class Sizes:
    """What demand is measured in: the mean of each series, times what its season makes of it.

    Attributes
    ----------
    size : ndarray, shape (S,)
    patterns : tuple of Pattern
        Seasons, as shares of the mean that come on top.
    about : ndarray, shape (S, F)
        As `ABOUT` says.
    """

    size: np.ndarray
    patterns: tuple[Pattern, ...]
    about: np.ndarray

    def at(self, steps: np.ndarray) -> np.ndarray:
        """The size at steps (H,) or (S, H), of which 0 is the first behind the series, (S, H)."""
        steps = np.broadcast_to(steps, (len(self.size), steps.shape[-1]))
        found = np.repeat(self.size[:, None], steps.shape[1], axis=1)
        for pattern in self.patterns:
            phases = steps[pattern.rows] % pattern.indices.shape[1]
            index = 1 + np.take_along_axis(pattern.indices, phases, 1)
            found[pattern.rows] *= np.clip(index, LEAST_INDEX, MOST_INDEX)
        return found

    def take(self, rows: np.ndarray) -> Sizes:
        """Those of some of the series."""
        chosen = tuple(pattern.among(rows, len(self.size)) for pattern in self.patterns)
        return Sizes(self.size[rows], chosen, self.about[rows])


def sizes_of(histories: Histories, until: np.ndarray | int = 0, seasons: Sequence[int] = ()) -> Sizes:
    """The sizes that suit series, found in their values before an origin; 1 for one that never was above 0.

    Parameters
    ----------
    histories : Histories
    until : int, or array of int (S,)
        How many of the last values are not to be looked at.
    seasons : sequence of int
        Further seasons of all series, longer than the first.
    """
    columns = np.arange(histories.values.shape[1])
    before = np.where(columns < len(columns) - np.reshape(until, (-1, 1)), histories.values, np.nan)
    mean = np.nan_to_num(mean_of_known(before, 1))
    size = np.where(mean > 0, mean, 1.0)
    patterns, _ = patterns_of(before / size[:, None], histories.season, seasons)
    seasonal = np.isin(np.arange(len(size)), np.concatenate([[-1], *(p.rows for p in patterns)]))
    return Sizes(size, patterns, np.stack([np.log(size), seasonal], axis=1))
