"""Gradient flow during training: the norms every so many updates, at a small cost."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elman import checks
from elman.errors import OptionError
from elman.insight.step_losses import StepLosses
from elman.insight.system import System
from elman.insight.verdict import Verdict, geometric_mean
from elman.plots import style
from elman.training import Callback
from elman.training.examples import Judged
from elman.training.standing import check_array
from elman.training.state import Training
from elman.untrusted import held, list_of

MOST_STEPS = 16  # at which the norms are computed
_NORMS = {"norms": np.ndarray}  # of a state, where there are some


class GradientFlowCallback(Callback):
    """Follows how far gradients of the last step's loss travel back while a network learns.

    Every so many updates the norm of ``d L_T / d h_t`` is computed at up to 16 steps, exactly and in float64, on a few
    of the training rows: a run forward and one back, in pieces. With 64 units, batches of 32 rows and 200 steps that is
    the time of two updates. Weights, random numbers and optimiser stay as they are.

    Parameters
    ----------
    every : int, default 50
        Updates between two looks.
    rows : int, default 4
        Training rows that are looked at: the first ones.
    layer : str, optional
        The layer whose states are looked at, by itself; by default all recurrent layers together. What is behind must
        go step by step.

    Attributes
    ----------
    updates : list of int
        After which updates it was looked.
    steps : ndarray of int
        The steps t, counted from 1, at which the norms are: all of them where there are no more than 16.
    norms : list of ndarray, shape (len(steps),)
        The geometric means over the rows.
    seconds : float
        Spent looking, the set-up included.
    share : float
        Of the time of the training, at its end.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Dense, Network, SimpleRNN
    >>> x, flow = np.random.default_rng(0).normal(size=(64, 16, 1)), GradientFlowCallback(every=4)
    >>> net = Network(1, [SimpleRNN(16), Dense(1)])
    >>> history = net.fit(x, np.cumsum(x, axis=1), epochs=6, batch_size=16, callbacks=[flow], verbose=0)
    >>> flow.updates, flow.norms[0].shape
    ([4, 8, 12, 16, 20, 24], (16,))
    """

    every: int
    rows: int
    seconds: float
    share: float
    steps: np.ndarray

    def __init__(self, every: int = 50, rows: int = 4, layer: str | None = None):
        self.every, self.rows = checks.whole(every, "every"), checks.whole(rows, "rows")
        self.layer: str | None = layer

    def on_train_begin(self, training: Training) -> None:
        data = training.data
        if any(lengths is not None for lengths in data.lengths):
            raise OptionError("GradientFlowCallback looks at rows of one length; train without it, or without lengths")
        self.updates: list[int] = []
        self.norms: list[np.ndarray] = []
        self.seconds, self.share, self._began = 0.0, 0.0, time.perf_counter()
        self._system = System(training.net, self.layer, outputs=True)  # type: ignore[arg-type]
        self._inputs = tuple(_exact(array[: self.rows]) for array in data.inputs)
        rows, T = self._system.fed(self._inputs)[0].shape[:2]
        self.steps = np.unique(np.linspace(1, T, min(T, MOST_STEPS)).astype(int))
        self._losses = self._losses_at_the_end(data.judged)
        self.seconds = time.perf_counter() - self._began

    def _losses_at_the_end(self, judged: Sequence[Judged]) -> StepLosses:
        """The losses of the last step, as a sequence of one."""
        whole = self._system.whole
        inputs = [a[:, -1:] if door.steps else a for door, a in zip(whole.doors, self._inputs, strict=True)]
        goals = [_exact(j.target[: self.rows]) for j in judged]
        ends = [g[:, -1:] if end.sequence_output else g for g, end in zip(goals, whole.ends, strict=True)]
        found = StepLosses(
            self._system, [replace(j, target=goal) for j, goal in zip(judged, ends, strict=True)], inputs, 1
        )
        if not found.stepwise:
            why = found.hindrance or "the outputs are of different time axes"
            raise OptionError(
                f"GradientFlowCallback follows the loss of the last step back from the states there, but {why}; look "
                "with elman.insight.gradient_flow"
            )
        return found

    def on_batch_end(self, training: Training) -> None:
        began = time.perf_counter()
        self._system.follow(training.net)  # type: ignore[arg-type]
        self._losses.follow()
        self.updates.append(training.net.updates)
        self.norms.append(self._look())
        self.seconds += time.perf_counter() - began

    def on_train_end(self, training: Training) -> None:
        self.share = self.seconds / max(time.perf_counter() - self._began, 1e-9)

    def state_dict(self) -> dict[str, Any]:
        norms = {"norms": np.array(self.norms, np.float64)} if self.norms else {}
        return {"updates": [*self.updates], "seconds": self.seconds, **norms}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        held(dict(stored), "a GradientFlowCallback", {"updates": list_of(int), "seconds": (int, float)}, _NORMS)
        shape = len(stored["updates"]), len(self.steps)
        norms: Any = check_array(stored["norms"], "the norms", shape, np.float64) if stored["updates"] else []
        self.updates, self.norms, self.seconds = [*stored["updates"]], [*norms], float(stored["seconds"])

    def _look(self) -> np.ndarray:
        x, first = self._system.fed(self._inputs)
        pieces = list(zip([0, *self.steps], self.steps, strict=False))
        s = [first]
        for begin, end in pieces:
            s.append(self._system.after(s[-1], x[:, begin:end]))
        gradient = self._losses.direct(s[-1][:, None])[:, -1]
        norms = [np.linalg.norm(gradient, axis=1)]
        for state, (begin, end) in reversed(list(zip(s[1:], pieces[1:], strict=False))):
            gradient = self._system.pull_back(state, x[:, begin:end], gradient)
            norms.insert(0, np.linalg.norm(gradient, axis=1))
        return geometric_mean(np.transpose(norms))

    @property
    def verdicts(self) -> list[Verdict]:
        """What the norms said each time."""
        return [Verdict.of(self._at_every_step(norms)) for norms in self.norms]

    def _at_every_step(self, norms: np.ndarray) -> np.ndarray:
        """Norms (T,), between those that were computed by interpolation of their logarithms."""
        logs = np.log(np.maximum(norms, np.finfo(float).tiny))
        return np.exp(np.interp(np.arange(self.steps[0], self.steps[-1] + 1), self.steps, logs))

    @property
    def horizons(self) -> list[int]:
        """How many steps the loss reached back each time."""
        return [verdict.horizon for verdict in self.verdicts]

    def plot(self, ax: Any = None) -> Any:
        """Draw the norms as a map: updates to the right, steps upwards, the logarithm as colour.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to; new axes by default.

        Returns
        -------
        matplotlib axes
        """
        ax = style.axes(ax)
        shades = np.log10(np.maximum(np.array(self.norms), 1e-300)).T
        drawn = ax.pcolormesh(self.updates, self.steps, shades, cmap="viridis", shading="nearest")
        ax.figure.colorbar(drawn, ax=ax, label=r"$\log_{10}$ norm of $\partial L_T / \partial h_t$")
        ax.set(xlabel="update", ylabel="step t")
        return ax


def _exact(array: np.ndarray) -> np.ndarray:
    """In float64; indices as they are."""
    return array.astype(np.float64) if array.dtype.kind == "f" else array
