"""What is seen of a network that learns: what it says of sequences it never learnt, and how far its gradients reach."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from elman.errors import ElmanError
from elman.equations import sum as over_features
from elman.insight import gradient_flow
from elman.lab.limits import MOST_STATES
from elman.lab.tasks import Data
from elman.network import Dense, Network, Recurrent

DECADES = 4.0  # of sizes that the triangle tells apart
FLOW_ROWS = 2
SAMPLES = 3


class Watched:
    """A network under training, and another one with its parameters that answers at every step.

    Parameters
    ----------
    net : Network
        One recurrent layer and a dense one.
    data : Data
    """

    def __init__(self, net: Network, data: Data):
        self.net: Network = net
        self.data: Data = data
        self.stepping: Network = at_every_step(net, data)
        self.last: dict[str, Any] | None = None

    def look(self, failed: bool) -> dict[str, Any] | None:
        """What there is to see now; the last look of a network that failed."""
        if failed:
            return self.last
        self.stepping.params.restore(self.net.arena)
        data = self.data
        try:
            held = self.net.evaluate(data.x_held, data.y_held, loss=data.loss)
            y = self.stepping(data.x_held[:SAMPLES])
            self.last = {
                "held": _number(held),
                "accuracy": self._accuracy(),
                "samples": packed(y if not data.classes else _softmax(y)),
                "triangle": self._triangle(),
            }
        except ElmanError as error:
            self.last = {"held": None, "accuracy": None, "samples": None, "triangle": None, "why": str(error)}
        return self.last

    def _accuracy(self) -> float | None:
        data = self.data
        if not data.classes:
            return None
        return float(np.mean(self.net(data.x_held).argmax(axis=-1) == data.y_held))

    def _triangle(self) -> dict[str, Any] | None:
        """How much the loss at step t, or what is said there, depends on the state after step s."""
        net, data = self.stepping, self.data
        if sum(size for layer in net.state_sizes() for size in layer) > MOST_STATES:
            return None
        x = data.x_held[:FLOW_ROWS]
        if data.every_step:
            pairs = gradient_flow(net, x, data.y_held[:FLOW_ROWS], data.loss).pairs
        else:
            pairs = gradient_flow(net, x, np.zeros((*x.shape[:2], data.outputs)), _sum_of_outputs).pairs
        return quantised(pairs)


def at_every_step(net: Network, data: Data) -> Network:
    """The same network, which answers at every step and not at the last one only."""
    recurrent = net.layers[0]
    layers = [Recurrent(recurrent.cell, recurrent.units or 1), Dense(data.outputs)]
    return Network(data.x.shape[-1], layers, seed=net.seed)


def _sum_of_outputs(y: Any, target: Any) -> Any:
    return over_features(y) + 0 * over_features(target)


def _softmax(y: np.ndarray) -> np.ndarray:
    e = np.exp(y - y.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _number(held: Any) -> float | None:
    value = float(held["loss"] if isinstance(held, dict) else held)
    return value if np.isfinite(value) else None


def quantised(pairs: np.ndarray) -> dict[str, Any]:
    """Sizes as bytes: 255 for the largest, down to 1 for those `DECADES` below it, 0 for less and for none."""
    top = float(pairs.max()) if pairs.size and np.isfinite(pairs).all() else 0.0
    if not top > 0:
        return {"steps": len(pairs), "top": None, "decades": DECADES, "bytes": _text(np.zeros(pairs.shape, np.uint8))}
    with np.errstate(divide="ignore"):
        below = np.log10(pairs / top)
    shades = np.where(below >= -DECADES, 1 + np.round(254 * (1 + below / DECADES)), 0)
    log = float(np.log10(top))
    return {"steps": len(pairs), "top": log, "decades": DECADES, "bytes": _text(shades.astype(np.uint8))}


def packed(values: np.ndarray) -> dict[str, Any]:
    """An array in few bytes: float32, little-endian, as base64; what is not finite is 0."""
    exact = np.nan_to_num(np.asarray(values, np.float32), nan=0.0, posinf=3e38, neginf=-3e38)
    return {"shape": list(exact.shape), "float32": _text(exact.astype("<f4"))}


def _text(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
