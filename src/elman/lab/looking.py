"""What is seen of a network that learns: what it says of sequences it never learnt, and how far its gradients reach."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from elman.equations import sum as over_features
from elman.errors import ElmanError
from elman.insight.flow import step_pairs
from elman.insight.step_losses import StepLosses
from elman.insight.system import System
from elman.lab.limits import MOST_STATES
from elman.lab.tasks import Data
from elman.network import Dense, Network, Recurrent
from elman.training.examples import examples

DECADES = 4.0  # of sizes that the triangle tells apart
FLOW_ROWS = 2
SAMPLES = 3


class Horizon:
    """How much the loss at step t, or what is said there, depends on the state after step s, as a network learns.

    Parameters
    ----------
    net : Network
        Which answers at every step.
    data : Data
    """

    def __init__(self, net: Network, data: Data):
        x = data.x_held[:FLOW_ROWS]
        target = data.y_held[:FLOW_ROWS] if data.every_step else np.zeros((*x.shape[:2], data.outputs))
        self.system: System = System(net, outputs=True)
        found = examples(self.system.whole, x, target, data.loss if data.every_step else _sum_of_outputs)
        self.x, self.first = self.system.fed(found.inputs)
        self.losses: StepLosses = StepLosses(self.system, found.judged, found.inputs, self.x.shape[1])

    def look(self, net: Network) -> np.ndarray:
        """Norms (T, T) with the parameters that a network has now."""
        self.system.follow(net)
        self.losses.follow()
        return step_pairs(self.system, self.losses, self.system.trajectory(self.x, self.first), self.x)[0]


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
        self.last: dict[str, Any] = {"held": None, "accuracy": None, "samples": None, "triangle": None}
        few = sum(size for layer in net.state_sizes() for size in layer) <= MOST_STATES
        self._horizon: Horizon | None = Horizon(self.stepping, data) if few else None

    def glance(self) -> dict[str, Any]:
        """What the network says of sequences that it never learnt."""
        data = self.data
        self.stepping.params.restore(self.net.arena)
        try:
            held = self.net.evaluate(data.x_held, data.y_held, loss=data.loss)
            y = self.stepping(data.x_held[:SAMPLES])
        except ElmanError:  # nothing is finite any more; the training says so
            return self.last
        said = packed(y if not data.classes else _softmax(y))
        self.last |= {"held": _number(held), "accuracy": self._accuracy(), "samples": said}
        return self.last

    def look(self) -> dict[str, Any]:
        """That, and how far its gradients reach, which takes longer."""
        self.glance()
        try:
            pairs = None if self._horizon is None else self._horizon.look(self.stepping)
        except ElmanError:
            return self.last
        self.last |= {"triangle": None if pairs is None else quantised(pairs)}
        return self.last

    def _accuracy(self) -> float | None:
        data = self.data
        if not data.classes:
            return None
        return float(np.mean(self.net(data.x_held).argmax(axis=-1) == data.y_held))


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
