"""Gradient flow during training: the norms every so many updates, at a small cost."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from elman import checks
from elman.errors import OptionError
from elman.insight.losses import StepLosses
from elman.insight.system import System
from elman.insight.verdict import Verdict, geometric_mean
from elman.plots import style
from elman.training import Callback
from elman.training.state import Training

MOST_STEPS = 16  # at which the norms are computed


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

    def __init__(self, every: int = 50, rows: int = 4):
        self.every, self.rows = checks.whole(every, "every"), checks.whole(rows, "rows")

    def on_train_begin(self, training: Training) -> None:
        data = training.data
        if any(lengths is not None for lengths in data.lengths):
            raise OptionError("GradientFlowCallback looks at rows of one length; train without it, or without lengths")
        self.updates: list[int] = []
        self.norms: list[np.ndarray] = []
        self.seconds, self.share, self._began = 0.0, 0.0, time.perf_counter()
        self._system = System(training.net)  # type: ignore[arg-type]
        self._x = np.array(data.inputs[0][: self.rows], np.float64)
        rows, T = self._x.shape[:2]
        self.steps = np.unique(np.linspace(1, T, min(T, MOST_STEPS)).astype(int))
        goal = data.judged[0].target[: self.rows]
        last = goal[:, -1:] if training.net.ends[0].sequence_output else goal
        self._losses = StepLosses(self._system, last, data.judged[0].loss, (rows, 1))
        self.seconds = time.perf_counter() - self._began

    def on_batch_end(self, training: Training) -> None:
        began = time.perf_counter()
        self._system.follow(training.net)  # type: ignore[arg-type]
        self.updates.append(training.net.updates)
        self.norms.append(self._look())
        self.seconds += time.perf_counter() - began

    def on_train_end(self, training: Training) -> None:
        self.share = self.seconds / max(time.perf_counter() - self._began, 1e-9)

    def _look(self) -> np.ndarray:
        pieces = list(zip([0, *self.steps], self.steps, strict=False))
        s = [np.zeros((len(self._x), self._system.n))]
        for first, end in pieces:
            s.append(self._system.after(s[-1], self._x[:, first:end]))
        gradient = self._losses.direct(s[-1][:, None])[:, -1]
        norms = [np.linalg.norm(gradient, axis=1)]
        for state, (first, end) in reversed(list(zip(s[1:], pieces[1:], strict=False))):
            gradient = self._system.pull_back(state, self._x[:, first:end], gradient)
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
        """Draw the norms as a map: updates to the right, steps upwards, the logarithm as colour."""
        ax = style.axes(ax)
        shades = np.log10(np.maximum(np.array(self.norms), 1e-300)).T
        drawn = ax.pcolormesh(self.updates, self.steps, shades, cmap="viridis", shading="nearest")
        ax.figure.colorbar(drawn, ax=ax, label=r"$\log_{10}$ norm of $\partial L_T / \partial h_t$")
        ax.set(xlabel="update", ylabel="step t")
        return ax
