"""The gradient horizon triangle: how much what happens at step t depends on what there was at step s."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.equations import sum as over_features
from elman.errors import OptionError
from elman.insight.flow import Side, pairs_of
from elman.insight.step_losses import StepLosses
from elman.insight.system import System
from elman.lab.asked import Asked
from elman.lab.tasks import Data
from elman.network import Network
from elman.training.examples import examples

DECADES = 4.0  # of sizes that the triangle tells apart
ROWS = 2  # of sequences, over which it is the mean


@dataclass(frozen=True)
class Unit:
    """One number of a state."""

    state: str
    number: int

    @classmethod
    def asked(cls, asked: Asked) -> Unit:
        return cls(asked.text("state"), asked.whole("unit", 0, 0))

    @property
    def words(self) -> dict[str, Any]:
        return {"state": self.state, "unit": self.number}

    def place(self, system: System) -> slice:
        """Where it lies in the numbers of all states.

        Raises
        ------
        OptionError
            If there is no such state or unit.
        """
        part = system.parts.get(self.state)
        if part is None or self.number >= part.stop - part.start:
            sizes = ", ".join(f"{name} {p.stop - p.start}" for name, p in system.parts.items())
            raise OptionError(f"there is no unit {self.number + 1} of a state {self.state!r}; there are {sizes}")
        return slice(part.start + self.number, part.start + self.number + 1)


@dataclass(frozen=True)
class Question:
    """Of what a gradient is, and with respect to what.

    Attributes
    ----------
    of : Unit, optional
        By default the loss at a step, or what is said there.
    by : Unit or "input", optional
        By default all states behind a step.
    """

    of: Unit | None = None
    by: Unit | str | None = None

    @classmethod
    def asked(cls, asked: Asked) -> Question:
        """What a page asks: ``of`` and ``by``, each nothing or a unit; ``by`` may be ``input``."""
        of, by = asked.inner("of"), asked.fields.get("by")
        return cls(Unit.asked(of) if of else None, "input" if by == "input" else _unit(asked))

    @property
    def words(self) -> dict[str, Any]:
        by = self.by.words if isinstance(self.by, Unit) else self.by
        return {"of": None if self.of is None else self.of.words, "by": by}

    def side(self, system: System) -> Side:
        if self.by == "input":
            return Side(inputs=slice(None))
        return Side(self.by.place(system)) if isinstance(self.by, Unit) else Side()


def _unit(asked: Asked) -> Unit | None:
    found = asked.inner("by")
    return Unit.asked(found) if found else None


class Horizon:
    """The triangle of a network, as it learns.

    Parameters
    ----------
    net : Network
        Which answers at every step.
    data : Data
    """

    def __init__(self, net: Network, data: Data):
        x = data.x_held[:ROWS]
        target = data.y_held[:ROWS] if data.every_step else np.zeros((*x.shape[:2], data.outputs))
        self.system: System = System(net, outputs=True)
        found = examples(self.system.whole, x, target, data.loss if data.every_step else _sum_of_outputs)
        self.x, self.first = self.system.fed(found.inputs)
        self.losses: StepLosses = StepLosses(self.system, found.judged, found.inputs, self.x.shape[1])

    def look(self, net: Network, question: Question) -> np.ndarray:
        """Norms (T, T) with the parameters that a network has now."""
        self.system.follow(net)
        self.losses.follow()
        along = self.system.trajectory(self.x, self.first)
        if question.of is None:
            direct = self.losses.direct(along[:, 1:])
        else:
            direct = np.zeros((*self.x.shape[:2], self.system.n))
            direct[..., question.of.place(self.system)] = 1
        return pairs_of(self.system, direct, along, self.x, question.side(self.system))[0]

    def check(self, question: Question) -> None:
        """Refuse a question about what there is not."""
        for unit in (question.of, question.by):
            if isinstance(unit, Unit):
                unit.place(self.system)


def _sum_of_outputs(y: Any, target: Any) -> Any:
    return over_features(y) + 0 * over_features(target)


def quantised(pairs: np.ndarray) -> dict[str, Any]:
    """Sizes as bytes: 255 for the largest, down to 1 for those `DECADES` below it, 0 for less and for none."""
    top = float(pairs.max()) if pairs.size and np.isfinite(pairs).all() else 0.0
    if not top > 0:
        shades, log = np.zeros(pairs.shape), None
    else:
        with np.errstate(divide="ignore"):
            below = np.log10(pairs / top)
        shades = np.where(below >= -DECADES, 1 + np.round(254 * (1 + below / DECADES)), 0)
        log = float(np.log10(top))
    text = base64.b64encode(shades.astype(np.uint8).tobytes()).decode()
    return {"steps": len(pairs), "cols": pairs.shape[1], "top": log, "decades": DECADES, "bytes": text}
