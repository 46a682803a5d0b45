"""Heads: the number of each case that is explained, and its gradient by a network's outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from elman.checks import nearest, shown
from elman.classify.calibration import log_softmax
from elman.errors import OptionError


class Head(Protocol):
    """What is explained: a number of each row, of a network's outputs (R, O), and its gradient in units of `scale`.

    `rows` says of which case each row of the outputs is.
    """

    @property
    def unit(self) -> str:
        """Of the number, for the user."""
        ...

    @property
    def least(self) -> float:
        """What is nothing in that unit: sums are not asked to be nearer."""
        ...

    @property
    def scale(self) -> float:
        """What gradients are to be multiplied by, which are near 1 so that float32 holds them."""
        ...

    def value(self, outputs: np.ndarray, rows: np.ndarray) -> np.ndarray: ...

    def gradient(self, outputs: np.ndarray, rows: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class ProbabilityHead:
    """The probability of a class of each case."""

    target: np.ndarray
    temperature: float
    unit: str = "probability"
    least: float = 1e-4
    scale: float = 1.0

    def value(self, outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        found: np.ndarray = _softmax(outputs / self.temperature)[np.arange(len(rows)), self.target[rows]]
        return found

    def gradient(self, outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        p = _softmax(outputs / self.temperature)
        hit = np.eye(outputs.shape[1])[self.target[rows]]
        mine: np.ndarray = (p * hit).sum(1, keepdims=True) * (hit - p) / self.temperature
        return mine


@dataclass(frozen=True)
class LogitHead:
    """The log-odds of a class of each case, ``log(p / (1 - p))``."""

    target: np.ndarray
    temperature: float
    unit: str = "log-odds"
    least: float = 1e-3
    scale: float = 1.0

    def value(self, outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        scaled, place = outputs / self.temperature, (np.arange(len(rows)), self.target[rows])
        others = scaled.copy()
        others[place] = -np.inf
        highest = others.max(1)
        found: np.ndarray = scaled[place] - highest - np.log(np.exp(others - highest[:, None]).sum(1))
        return found

    def gradient(self, outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        place, others = (np.arange(len(rows)), self.target[rows]), outputs / self.temperature
        others[place] = -np.inf
        found = -_softmax(others)
        found[place] = 1.0
        return found / self.temperature


@dataclass(frozen=True)
class NumberHead:
    """The number that a regressor says."""

    mean: float
    spread: float
    unit: str = "value"

    @property
    def least(self) -> float:
        return 1e-3 * self.spread

    @property
    def scale(self) -> float:
        return self.spread

    def value(self, outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        found: np.ndarray = self.mean + self.spread * outputs[:, 0]
        return found

    def gradient(self, outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.ones(outputs.shape)


OUTPUTS: dict[str, Any] = {"probability": ProbabilityHead, "logit": LogitHead}


def head_of(output: str, target: np.ndarray, temperature: float) -> Head:
    """What of a class is explained, by its name."""
    if not isinstance(output, str) or output not in OUTPUTS:
        raise OptionError(f"output is {shown(output)}{nearest(output, OUTPUTS)}; expected one of {', '.join(OUTPUTS)}")
    found: Head = OUTPUTS[output](target, temperature)
    return found


def _softmax(logits: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.exp(log_softmax(logits))
    return found
