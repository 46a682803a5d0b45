"""Training through batch normalisation: a network in parts, between which the rows of a batch meet.

An engine takes each row through all layers, and rows never meet, so that a row's result is its own. Batch
normalisation is the exception: in training it needs the mean and the variance over the batch. The network is therefore
cut before each such layer. Every part is a plan of its own, run by an ordinary engine; what happens at a cut is a few
lines of NumPy. Other runs need no parts: there the layer uses its running mean and variance, like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.engine.interface import AS_A_WHOLE, Batch, Engine, Gradients, How, TrainResult, Updates
from elman.engine.plan import ONCE, Plan
from elman.engine.updates import train
from elman.errors import EngineError, OptionError

KEY_STEP = 0x9E3779B97F4A7C15  # apart, so that the parts' dropouts do not repeat one another


@dataclass(frozen=True)
class Normalisation:
    """Batch normalisation at the beginning of a part: where its running values lie in the arena, and its numbers."""

    mean: int
    variance: int
    width: int
    momentum: float
    epsilon: float

    @property
    def places(self) -> np.ndarray:
        """Of the running mean, then of the running variance."""
        return np.concatenate([np.arange(self.width) + start for start in (self.mean, self.variance)])


@dataclass
class Part:
    """Layers between two cuts.

    `engine` runs them and, but for the last part, which has the loss, is given dL/d output.
    """

    engine: Engine
    states: int
    normalisation: Normalisation | None = None


@dataclass
class _Run:
    """What a part leaves for the way back."""

    part: Part
    batch: Batch
    normalised: _Normalised | None = None


@dataclass
class _Normalised:
    """Values brought to mean 0 and variance 1 over all rows and steps in use."""

    values: np.ndarray  # (B, T, F), zero past a row's end
    moments: np.ndarray  # (2 F,): mean, variance
    scale: np.ndarray  # (F,): 1 / standard deviation
    used: np.ndarray  # (B, T, 1)

    @classmethod
    def of(cls, x: np.ndarray, lengths: np.ndarray | None, epsilon: float) -> _Normalised:
        used = in_use(x, lengths)[..., None]
        count = used.sum()
        mean = x.sum(axis=(0, 1), where=used, dtype=np.float64) / count
        centred = np.where(used, x - mean, 0)
        variance = np.square(centred).sum(axis=(0, 1)) / count
        scale = 1 / np.sqrt(variance + epsilon)
        return cls((centred * scale).astype(x.dtype), np.concatenate([mean, variance]), scale, used)

    def back(self, gradient: np.ndarray) -> np.ndarray:
        """dL/dx from dL/d values (Ioffe and Szegedy 2015, section 3)."""
        count, axes = self.used.sum(), (0, 1)
        mean = gradient.sum(axis=axes, where=self.used, dtype=np.float64) / count
        along = (gradient * self.values).sum(axis=axes, where=self.used, dtype=np.float64) / count
        found = self.scale * (gradient - mean - self.values * along)
        return np.where(self.used, found, 0).astype(gradient.dtype)


def in_use(x: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
    """Which steps of which rows are before the row's end, (B, T)."""
    B, T = x.shape[:2]
    return np.arange(T) < (np.full(B, T) if lengths is None else np.asarray(lengths))[:, None]


@dataclass(eq=False)
class PartedEngine:
    """Trains a network part by part; see the head of this file.

    Parameters
    ----------
    plan : Plan
        Of the whole network, for those who ask what it is like.
    parts : sequence of Part
        From the input to the loss.
    """

    plan: Plan
    parts: Sequence[Part]

    @property
    def name(self) -> str:
        return self.parts[0].engine.name

    def gradients(
        self,
        parameters: np.ndarray,
        batch: Batch,
        how: How = AS_A_WHOLE,
        *,
        want_input: bool = False,
        want_states: bool = False,
        version: int = 0,
    ) -> Gradients:
        """The loss and its gradients; of the running means and variances these are 0."""
        if want_input:
            raise EngineError("training through batch normalisation leaves out the gradient of the input")
        runs = self._forward(parameters, batch, how, version)
        return self._backward(runs, parameters, batch, how, want_states=want_states, version=version)

    def train(self, parameters: np.ndarray, data: Batch, updates: Updates, how: How = AS_A_WHOLE) -> TrainResult:
        """One update for each batch of row numbers."""
        moments: list[tuple[Normalisation, np.ndarray]] = []  # of the update under way

        def gradients(parameters: np.ndarray, batch: Batch, how: How) -> Gradients:
            runs = self._forward(parameters, batch, how)
            moments[:] = [(n, self._next_running(r, parameters)) for r in runs if (n := r.part.normalisation)]
            return self._backward(runs, parameters, batch, how)

        def keep(parameters: np.ndarray) -> None:  # they are no parameters that an optimiser should change
            for norm, values in moments:
                parameters[norm.places] = values

        return train(gradients, parameters, data, updates, how, keep)

    # --- forward --------------------------------------------------------------------------------------------

    def _forward(self, parameters: np.ndarray, batch: Batch, how: How, version: int = 0) -> list[_Run]:
        """Through all parts but the last one, whose run is part of its backward run."""
        if how.truncate is not None:
            raise OptionError("batch normalisation is trained with the whole gradient: leave out truncate or BatchNorm")
        runs, values, lengths = [], batch.inputs[0], batch.lengths[0]
        for number, (part, start) in enumerate(zip(self.parts, self._by_part(batch.states), strict=True)):
            norm, key = part.normalisation, (batch.key + number * KEY_STEP) % 2**64
            cut = _Normalised.of(values, lengths, norm.epsilon) if norm else None
            run = _Run(part, Batch.of(cut.values if cut else values, lengths=lengths, states=start, key=key), cut)
            runs.append(run)
            if part is self.parts[-1]:
                break
            (values,), _ = part.engine.forward(parameters, run.batch, how, version=version)
            if values.ndim == 2:  # a layer returned its last step: from here on there is one
                values, lengths = values[:, None], None
        return runs

    def _by_part(self, arrays: Sequence[np.ndarray] | None) -> list[list[np.ndarray] | None]:
        """Arrays of all states, dealt out to the parts that have them."""
        if arrays is None:
            return [None] * len(self.parts)
        left = iter(arrays)
        return [[next(left) for _ in range(part.states)] for part in self.parts]

    def _keeps_steps(self, part: Part) -> bool:
        plan = part.engine.plan
        return plan.axis(plan.outputs[0]) != ONCE

    # --- backward -------------------------------------------------------------------------------------------

    def _backward(self, runs: list[_Run], parameters: np.ndarray, batch: Batch, how: How, **wanted: Any) -> Gradients:
        (target,) = batch.targets
        single = target.ndim == 2 and self._keeps_steps(runs[-1].part)  # behind a layer that returned its last
        goal, weights = target[:, None] if single else target, batch.weights
        found: list[Gradients] = []
        for run, given in zip(reversed(runs), reversed(self._by_part(batch.state_gradients)), strict=True):
            goal = goal if self._keeps_steps(run.part) or goal.ndim == 2 else goal[:, 0]
            here = replace(run.batch, targets=(np.ascontiguousarray(goal),), weights=weights, state_gradients=given)
            cut, weights = run.normalised, ()  # weights are those of the loss
            found.insert(0, run.part.engine.gradients(parameters, here, how, want_input=cut is not None, **wanted))
            if cut is not None:
                (gradient,) = found[0].inputs
                goal = cut.back(gradient)
        before = [s for part in found for s in part.initial_states or []]
        return Gradients(
            found[-1].loss,
            np.sum([part.parameters for part in found], axis=0),
            tuple(y[:, 0] for y in found[-1].outputs) if single else found[-1].outputs,
            [s for part in found for s in part.states],
            initial_states=before if wanted.get("want_states") else None,
        )

    # --- the running mean and variance ------------------------------------------------------------------------

    def _next_running(self, run: _Run, parameters: np.ndarray) -> np.ndarray:
        norm = run.part.normalisation
        assert norm is not None and run.normalised is not None
        return norm.momentum * parameters[norm.places] + (1 - norm.momentum) * run.normalised.moments
