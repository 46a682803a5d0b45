"""What the tests of cells share: a layer with random parameters, its states along a sequence, its Jacobians."""

from __future__ import annotations

from typing import Any

import numpy as np

import elman as el
from elman.insight.system import System

F, H = 3, 4


def layer(cell: el.Cell, features: int = F, units: int = H, *, sizes: Any = None, scale: float = 0.7, **options: Any):
    """A network of one layer in float64, with all parameters drawn anew."""
    net = el.Network(features, [el.Recurrent(cell, units, sizes=sizes, **options)], dtype=np.float64)
    net.params.write(np.random.default_rng(1).normal(size=net.arena.size) * scale)
    return net


def put(net: el.Network, **values: Any) -> el.Network:
    """Set parameters of the layer by name; a number fills all of one."""
    for name, value in values.items():
        net.params[f"0.{name}"] = np.broadcast_to(value, net.params[f"0.{name}"].shape)
    return net


def copied(source: el.Network, to: el.Network) -> el.Network:
    """Give a layer the parameters of another that it has too."""
    for name in set(to.params) & set(source.params):
        to.params[name] = source.params[name]
    return to


def data(rows: int = 5, steps: int = 8, features: int = F, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, steps, features))


def along(net: el.Network, x: np.ndarray, state: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Each state (B, T + 1, n) by its name, from before the first step to after the last."""
    system = System(net)
    found = system.trajectory(x, state)
    return {name: found[..., part] for name, part in system.parts.items()}


def jacobian(net: el.Network, x: np.ndarray, state: np.ndarray) -> np.ndarray:
    """(R, n, n) at states (R, n) and inputs (R, F)."""
    return System(net).jacobian(state, x)[0]


def sigmoid(a: np.ndarray | float) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(a, float)))


def names(cell: el.Cell, **options: Any) -> set[str]:
    """Of a cell's parameters."""
    return set(cell.with_options(**options).trace().parameters)
