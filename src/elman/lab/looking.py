"""What is seen of a network that learns: what it says of sequences it never learnt, and how far its gradients reach."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from elman.errors import ElmanError, OptionError
from elman.lab.horizon import Horizon, Question, quantised
from elman.lab.limits import MOST_STATES
from elman.lab.tasks import Data
from elman.network import Dense, Network, Recurrent

SAMPLES = 3


class Watched:
    """A network under training, and another one with its parameters that answers at every step.

    Parameters
    ----------
    net : Network
        One recurrent layer and a dense one.
    data : Data

    Attributes
    ----------
    last : dict
        All that was found last; who looks gets what is new.
    """

    def __init__(self, net: Network, data: Data):
        self.net: Network = net
        self.data: Data = data
        self.stepping: Network = at_every_step(net, data)
        self.last: dict[str, Any] = {"held": None, "accuracy": None, "samples": None, "triangle": None}
        self.question: Question = Question()
        states = sum(size for layer in net.state_sizes() for size in layer)
        self.note: str = (
            f"The states are {states:,} numbers; gradients are followed up to {MOST_STATES:,}"
            if states > MOST_STATES
            else ""
        )
        self._horizon: Horizon | None = None if self.note else Horizon(self.stepping, data)

    def glance(self) -> dict[str, Any]:
        """What the network says of sequences that it never learnt; nothing where nothing is finite any more."""
        data = self.data
        self.stepping.params.restore(self.net.arena)
        try:
            held = self.net.evaluate(data.x_held, data.y_held, loss=data.loss)
            y = self.stepping(data.x_held[:SAMPLES])
        except ElmanError:  # the training says so
            return {}
        said = packed(y if not data.classes else _softmax(y))
        return self._new({"held": _number(held), "accuracy": self._accuracy(), "samples": said})

    def look(self) -> dict[str, Any]:
        """That, and how far its gradients reach, which takes longer."""
        return {**self.glance(), **self._triangle()}

    def ask(self, question: Question) -> dict[str, Any]:
        """The triangle of another question, which those that come answer too.

        Raises
        ------
        OptionError
            If there is no such unit, or the states are too many.
        """
        if self._horizon is None:
            raise OptionError(self.note)
        self._horizon.check(question)
        self.question = question
        self.stepping.params.restore(self.net.arena)
        return self._triangle()

    def _triangle(self) -> dict[str, Any]:
        try:
            pairs = None if self._horizon is None else self._horizon.look(self.stepping, self.question)
        except ElmanError:  # nothing is finite any more
            return {}
        return self._new({} if pairs is None else {"triangle": {**quantised(pairs), **self.question.words}})

    def _new(self, found: dict[str, Any]) -> dict[str, Any]:
        self.last |= found
        return found

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


def _softmax(y: np.ndarray) -> np.ndarray:
    e = np.exp(y - y.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _number(held: Any) -> float | None:
    value = float(held["loss"] if isinstance(held, dict) else held)
    return value if np.isfinite(value) else None


def packed(values: np.ndarray) -> dict[str, Any]:
    """An array in few bytes: float32, little-endian, as base64; what is not finite is 0."""
    exact = np.nan_to_num(np.asarray(values, np.float32), nan=0.0, posinf=3e38, neginf=-3e38)
    return {"shape": list(exact.shape), "float32": base64.b64encode(exact.astype("<f4").tobytes()).decode()}
