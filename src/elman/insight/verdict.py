"""What norms that run back through time say, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HELD = 0.01  # the share of a gradient that counts as arrived
STEADY = 10.0  # a whole change within this factor, either way, is holding


@dataclass(frozen=True)
class Verdict:
    """How gradients change on their way back.

    Attributes
    ----------
    kind : {"vanishes", "explodes", "holds", "is zero"}
    per_step : float
        What the norm is multiplied with at each step back, on average.
    horizon : int
        How many steps back more than a hundredth of it arrives.
    steps : int
        How many steps there are to go back.
    """

    kind: str
    per_step: float
    horizon: int
    steps: int

    @classmethod
    def of(cls, norms: np.ndarray) -> Verdict:
        """From the norms (T,) of a gradient at steps 1 .. T, which starts at the last one."""
        back = norms[::-1]
        steps = len(back) - 1
        if not back[0] > 0:
            return cls("is zero", 0.0, 0, steps)
        arrived = back / back[0]
        short = np.flatnonzero(arrived < HELD)
        horizon = int(short[0]) - 1 if len(short) else steps
        alive = np.flatnonzero(arrived > 0)[-1]
        per_step = float(arrived[alive] ** (1 / alive)) if alive else (1.0 if steps == 0 else 0.0)
        change = arrived[-1]
        kind = "vanishes" if change < 1 / STEADY else "explodes" if change > STEADY else "holds"
        return cls(kind, per_step, horizon, steps)

    @property
    def short(self) -> str:
        """In a few words."""
        if self.kind == "is zero":
            return "the gradient is zero"
        if self.kind == "holds":
            return f"the gradient holds over {self.steps} steps"
        if self.per_step == 0:
            return "the gradient vanishes in one step"
        return f"the gradient {self.kind}: {self._rate}"

    @property
    def _rate(self) -> str:
        many = abs(np.log(10) / np.log(self.per_step)) if self.per_step != 1 else np.inf
        verb = "falls" if self.per_step < 1 else "grows"
        return f"its norm {verb} by 10x every {many:.3g} steps back"

    @property
    def words(self) -> str:
        """With its number, the horizon and what to try."""
        reach = f"the loss at step {self.steps + 1} reaches back {self.horizon} steps"
        return f"{self.short}; {reach}. {ADVICE[self.kind]}"


ADVICE = {
    "vanishes": "To reach further: a GRU or LSTM with open gates (a larger bias b_z or b_f), an orthogonal or identity "
    "recurrent matrix, less saturated units, shorter steps in time.",
    "explodes": "To tame it: clip_norm=1.0 in the optimizer, a smaller recurrent matrix, layer normalisation inside "
    "the cell, a smaller learning rate.",
    "holds": "Nothing needs to be done about it.",
    "is zero": "Look for saturated or dead units, and for an output that does not depend on the states.",
}
