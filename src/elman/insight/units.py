"""Units: how the values of a network's equations are spread, which are saturated and which are dead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from elman import checks
from elman.network import Network

RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, np.inf)}  # of ops that level off
DEAD = 1e-6  # standard deviation, beside the largest value, of a unit that says nothing


@dataclass(frozen=True)
class Units:
    """A named value of the equations over all steps and sequences.

    Attributes
    ----------
    mean, std, low, high : ndarray, shape (H,)
        Of each unit: its mean, standard deviation, smallest and largest value.
    saturated_low, saturated_high : ndarray, shape (H,)
        The share of each unit's values that are near the lower or upper end of what its function can give; 0 where it
        has no such end.
    dead : ndarray of int
        Units that do not change; none where there is but one value of each.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)], seed=0)
    >>> x = np.random.default_rng(0).normal(size=(2, 10, 1))
    >>> units = el.insight.units(net, x)
    >>> sorted(units)[0], units[sorted(units)[0]].mean.shape
    ('0.h', (4,))
    """

    mean: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray
    saturated_low: np.ndarray
    saturated_high: np.ndarray
    dead: np.ndarray

    @property
    def saturated(self) -> float:
        """The share of all values that are near an end."""
        return float(np.mean(self.saturated_low + self.saturated_high))

    def __str__(self) -> str:
        return (
            f"mean {self.mean.mean():.3g}, saturated {share(self.saturated_low)} low and "
            f"{share(self.saturated_high)} high, {len(self.dead)} of {len(self.mean)} units dead"
        )


def share(parts: float | np.ndarray) -> str:
    """The mean of some shares in percent; one that is not quite nothing, or not quite all, is not called so."""
    mean = float(np.mean(parts))
    return "<1%" if 0 < mean <= 0.005 else ">99%" if 0.995 <= mean < 1 else f"{mean:.0%}"


def units(net: Network, x: Any, *, margin: float = 0.05) -> dict[str, Units]:
    """How every named value of a network's equations is spread over time and sequences.

    Parameters
    ----------
    net : Network
        Not changed in any way.
    x : array, shape (B, T, F)
        Inputs, as the network takes them.
    margin : float, default 0.05
        A value is saturated within this share of its function's range from an end: a sigmoid below 0.05 or above 0.95,
        a tanh below -0.9 or above 0.9. A relu is saturated low where it is 0.

    Returns
    -------
    dict of str to Units
        By the names of `Network.trace`.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import GRU, Network
    >>> net = Network(1, [GRU(4, initial={"b_z": 9.0})])
    >>> found = units(net, np.ones((2, 5, 1)))
    >>> found["z"].saturated_high.tolist(), found["z"].saturated
    ([1.0, 1.0, 1.0, 1.0], 1.0)
    """
    checks.instance(net, Network, "net", "a Network")
    margin = checks.real(margin, "margin", 0, 0.5)
    ranges = _ranges(net)
    return {name: _units(v.reshape(-1, v.shape[-1]), ranges.get(name), margin) for name, v in net.trace(x).items()}


def _ranges(net: Network) -> dict[str, tuple[float, float]]:
    """What the named values that level off can give."""
    layers = list(zip(net.layer_names, net.graphs, strict=True))
    recurrent = [layer for layer, graph in layers if graph.states]
    found = {}
    for layer, graph in layers:
        named = [*graph.names.items(), *zip(graph.outputs, graph.ends, strict=True)]
        for symbol, name in named:
            if symbol.op in RANGES:
                found[f"{layer}.{name}"] = RANGES[symbol.op]
                if recurrent == [layer]:
                    found[name] = RANGES[symbol.op]
    return found


def _units(values: np.ndarray, ends: tuple[float, float] | None, margin: float) -> Units:
    v = values.astype(np.float64)
    low_end, high_end = ends or (-np.inf, np.inf)
    near = margin * (high_end - low_end) if np.isfinite(high_end - low_end) else 0.0
    std, largest = v.std(axis=0), np.abs(v).max(axis=0)
    return Units(
        v.mean(axis=0),
        std,
        v.min(axis=0),
        v.max(axis=0),
        np.mean(v <= low_end + near, axis=0),
        np.mean(v >= high_end - near, axis=0),
        np.flatnonzero((std <= DEAD * np.maximum(largest, DEAD)) & (len(v) > 1)),
    )
