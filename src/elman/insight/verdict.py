"""What norms that run back through time say, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HELD = 0.01  # the share of a gradient that counts as arrived
STEADY = 10.0  # a whole change within this factor, either way, is holding


def geometric_mean(norms: np.ndarray) -> np.ndarray:
    """Over the rows, of the numbers that are not 0; 0 where all are."""
    some = norms > 0
    logs = np.log(np.where(some, norms, 1.0)).sum(axis=0) / np.maximum(some.sum(axis=0), 1)
    return np.where(some.any(axis=0), np.exp(logs), np.where(np.isnan(norms).any(axis=0), np.nan, 0.0))


@dataclass(frozen=True)
class Verdict:
    """How gradients change on their way back.

    Attributes
    ----------
    kind : {"vanishes", "explodes", "holds", "is zero"}
        By what arrives at the first step.
    per_step : float
        What the norm is multiplied with at each step back, on average.
    horizon : int
        The furthest step back at which more than a hundredth of it arrives.
    steps : int
        How many steps there are to go back.
    reach : int
        The furthest step back at which anything of it arrives, as a finite number.
    lowest, highest : float
        The smallest and the largest share of the norm on the way.
    """

    kind: str
    per_step: float
    horizon: int
    steps: int
    reach: int
    lowest: float
    highest: float

    @classmethod
    def of(cls, norms: np.ndarray) -> Verdict:
        """From the norms (T,) of a gradient at steps 1 .. T, which starts at the last one."""
        back = norms[::-1]
        steps = len(back) - 1
        if back[0] == 0:
            return cls("is zero", 0.0, 0, steps, 0, 0.0, 0.0)
        finite = int(np.argmin(np.isfinite(back))) if not np.isfinite(back).all() else len(back)
        arrived = back[:finite] / back[0] if finite else np.ones(1)
        overflown = finite < len(back)
        reach = int(np.flatnonzero(arrived > 0)[-1])
        per_step = float(arrived[reach] ** (1 / reach)) if reach else (1.0 if not steps or overflown else 0.0)
        horizon = steps if overflown else int(np.flatnonzero(arrived >= HELD)[-1])
        change = np.inf if overflown else arrived[-1]
        kind = "vanishes" if change < 1 / STEADY else "explodes" if change > STEADY else "holds"
        highest = np.inf if overflown else float(arrived.max())
        return cls(kind, per_step, horizon, steps, reach, float(arrived.min()), highest)

    @property
    def short(self) -> str:
        """In a few words."""
        if self.kind == "is zero":
            return "the gradient is zero"
        if not self.steps:
            return "there is no step to go back"
        if self.kind == "holds":
            return f"the gradient {self._held}"
        if self.highest == np.inf:
            return f"the gradient explodes: it is no number any more {_steps(self.reach + 1)} back"
        if self.reach == 0:
            return "the gradient vanishes in one step"
        if self.reach < self.steps:
            return f"the gradient vanishes: nothing arrives further than {_steps(self.reach)} back"
        return f"the gradient {self.kind}: {self._rate}"

    @property
    def _held(self) -> str:
        if self.lowest >= 1 / STEADY and self.highest <= STEADY:
            return f"holds over {_steps(self.steps)}"
        return (
            f"arrives about as large as it left, {_steps(self.steps)} back, but between {self.lowest:.2g} and "
            f"{self.highest:.2g} times as large on the way"
        )

    @property
    def _rate(self) -> str:
        many = abs(np.log(10) / np.log(self.per_step))
        verb = "falls" if self.per_step < 1 else "grows"
        return f"its norm {verb} by 10x every {many:.3g} steps back, on average"

    @property
    def words(self) -> str:
        """With its number, the horizon and what to try."""
        reach = f"the loss at step {self.steps + 1} reaches back {_steps(self.horizon)}"
        return f"{self.short}; {reach}. {ADVICE[self.kind]}"


def _steps(number: int) -> str:
    return f"{number} step{'s' * (number != 1)}"


ADVICE = {
    "vanishes": "To reach further: a GRU or LSTM with open gates (a larger bias b_z or b_f), an orthogonal or identity "
    "recurrent matrix, less saturated units, shorter steps in time.",
    "explodes": "To tame it: clip_norm=1.0 in the optimizer, a smaller recurrent matrix, layer normalisation inside "
    "the cell, a smaller learning rate.",
    "holds": "Nothing needs to be done about it.",
    "is zero": "Look for saturated or dead units, and for an output that does not depend on the states.",
}
