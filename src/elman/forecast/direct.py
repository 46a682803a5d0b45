"""The direct network: reads a series from its beginning, and at every step forecasts quantiles of the H values ahead.

Level and trend are not taken off beforehand: cells of exponential smoothing, whose coefficients are learnt, run inside
the network, and a gated recurrent layer reads how far the series is from each of them. What is forecast is the
distance from the last value, so that a network that has learnt nothing repeats it.

References
----------
S. Smyl, A hybrid method of exponential smoothing and recurrent neural networks for time series forecasting,
International Journal of Forecasting 36 (2020): smoothing inside the network, trained with it.
R. Wen, K. Torkkola, B. Narayanaswamy and D. Madeka, A multi-horizon quantile recurrent forecaster,
arXiv:1711.11053 (2017): all horizons and quantiles from every step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.equations import Cell, cell, concat, equal, maximum, mean, sigmoid, softplus, split
from elman.equations.declared import constant
from elman.network import Dense, Network, Recurrent, Static, shift

QUANTILES = (0.025, 0.05, 0.1, 0.5, 0.9, 0.95, 0.975)
MIDDLE = QUANTILES.index(0.5)
UNKNOWN = -1e6  # a target that is not known: far from what scaled values may be
LEVELS = 6  # cells of smoothing for the level
SLOPES = 3  # and for its change
EFFECTS = 16  # units that make the effect of what is known in advance
SPREAD = -0.5  # softplus of it is between quantiles at first


@dataclass(frozen=True)
class Head:
    """What a network makes of each step ahead.

    Attributes
    ----------
    parts : int
        How many numbers a step: P.
    made : callable
        Of P outputs, the series' z and the horizon: all of them, (P * horizon,).
    biases : tuple of float, length P
        Of the outputs at first.
    moves : tuple of bool, length P
        Which are places, which the effect of what is known ahead moves; the others are distances.
    pretrained : tuple of int
        From which of the quantiles' outputs the first of these start.
    """

    parts: int
    made: Callable[[Any, Any, int], Any]
    biases: tuple[float, ...]
    moves: tuple[bool, ...]
    pretrained: tuple[int, ...]


@cell
def smoothing(p, x, level):
    """Simple exponential smoothing: the level follows the series by a share ``sigmoid(a)`` of their distance.

    One parameter ``a`` (H,) for each level; input and state have the same width.

    Reference: R. G. Brown, Statistical forecasting for inventory control, McGraw-Hill 1959.
    """
    return level + sigmoid(p.a) * (x - level)


def direct_network(
    recurrent: Cell,
    units: int,
    horizon: int,
    about: int,
    *,
    known: int = 0,
    past: int = 0,
    seed: int = 0,
    head: Head | None = None,
) -> Network:
    """The network, untrained: it forecasts that the last value stays.

    Parameters
    ----------
    recurrent : Cell
        What reads the distances.
    units : int
        Hidden size H.
    horizon : int
        Steps that it forecasts from each step.
    about : int
        Features of a series that do not change, at least 1.
    known : int, default 0
        Features of each step that are known ahead: rows then go on for `horizon` steps behind the series.
    past : int, default 0
        Features of each step that are known up to now.
    seed : int
        Of its initial weights.

    Returns
    -------
    Network
        Inputs ``series`` (B, T, 2), the scaled series and the logarithm of the step's number, ``about`` (B, F), and,
        where there are such, ``beside`` (B, T, known + past); output (B, T, Q * horizon), the lowest quantile of all
        horizons first.
    """

    head = QUANTILE_HEAD if head is None else head

    def alone(series: Any, about: Any) -> Any:
        return _ahead(series, [about], recurrent, units, horizon, head)

    def informed(series: Any, about: Any, beside: Any) -> Any:
        if not known:
            return _ahead(series, [about, beside], recurrent, units, horizon, head)
        ahead = beside * constant([1.0] * known + [0.0] * past)
        effect = Dense(1)(Dense(EFFECTS, activation="tanh")(ahead))
        z, age = split(series, 2)
        found = _ahead(concat(z - effect, age), [about, beside], recurrent, units, horizon, head)
        later = concat(*(shift(effect, -k) for k in range(1, horizon + 1)))
        return found + concat(*(later if moved else 0 * later for moved in head.moves))

    inputs: dict[str, Any] = {"series": 2, "about": Static(about)}
    if known or past:
        net = Network(informed, inputs=inputs | {"beside": known + past}, seed=seed)
    else:
        net = Network(alone, inputs=inputs, seed=seed)
    _begin(net, horizon, head)
    return net


def _ahead(series: Any, more: list[Any], recurrent: Cell, units: int, horizon: int, head: Head) -> Any:
    """What a head makes of the steps ahead, from a scaled series and what else is read at each step."""
    z, age = split(series, 2)
    step = z - shift(z, 1)
    levels = Recurrent(smoothing, LEVELS)(concat(*[z] * LEVELS))
    slopes = Recurrent(smoothing, SLOPES)(concat(*[step] * SLOPES))
    h = Recurrent(recurrent, units)(concat(0.3 * (concat(*[z] * LEVELS) - levels), step, slopes, age, *more))
    return head.made(split(Dense(head.parts * horizon)(h), head.parts), z, horizon)


def _quantiles(parts: Any, z: Any, horizon: int) -> Any:
    """The median from the last value, each further quantile from the one before it: they cannot cross."""
    root = spreads_of_a_walk(horizon)
    last = concat(*[z] * horizon)
    found = {MIDDLE: last + root * parts[MIDDLE]}
    for k in range(MIDDLE + 1, len(QUANTILES)):
        found[k] = found[k - 1] + root * softplus(parts[k])
    for k in range(MIDDLE - 1, -1, -1):
        found[k] = found[k + 1] - root * softplus(parts[k])
    return concat(*(found[k] for k in range(len(QUANTILES))))


def spreads_of_a_walk(horizon: int) -> Any:
    """The root of each step's number."""
    return constant(np.sqrt(np.arange(1.0, horizon + 1)))


QUANTILE_HEAD = Head(
    len(QUANTILES),
    _quantiles,
    tuple(0.0 if k == MIDDLE else SPREAD for k in range(len(QUANTILES))),
    (True,) * len(QUANTILES),
    tuple(range(len(QUANTILES))),
)


def _begin(net: Network, horizon: int, head: Head) -> None:
    """Levels and slopes that follow slowly and fast; a head that forecasts nothing yet."""
    net.params["smoothing.a"] = np.linspace(-3, 1.5, LEVELS)
    net.params["smoothing_2.a"] = np.linspace(-3, 0, SLOPES)
    last = head_of(net)
    for name in (f"{last}.W", "effect.W"):
        if name in net.params:
            net.params[name] = np.zeros(net.params[name].shape)
    net.params[f"{last}.b"] = np.repeat(head.biases, horizon)


def head_of(net: Network) -> str:
    """The name of the layer that is the head: the last with a matrix of its own."""
    return [name for name in net.params if name.endswith(".W")][-1].removesuffix(".W")


def pinball(y: Any, target: Any) -> Any:
    """The quantile loss of all quantiles and horizons; a horizon whose target is `UNKNOWN` does not count.

    Reference: R. Koenker and G. Bassett, Regression quantiles, Econometrica 46 (1978).
    """
    counted = 1 - equal(target, UNKNOWN)
    total: Any = 0.0
    for share, quantile in zip(QUANTILES, split(y, len(QUANTILES)), strict=True):
        error = counted * (target - quantile)
        total = total + mean(maximum(share * error, (share - 1) * error))
    return total
