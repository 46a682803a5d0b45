"""Gradient flow during training: the norms every so many updates, at a small cost."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from elman.errors import OptionError
from elman.insight.losses import StepLosses
from elman.insight.system import System
from elman.insight.verdict import Verdict
from elman.network.checks import count
from elman.training import Callback
from elman.training.fit import Training


class GradientFlowCallback(Callback):
    """Follows how far gradients of the last step's loss travel back while a network learns.

    Every so many updates the norm of ``d L_T / d h_t`` is computed for all steps, exactly and in float64, on a few of
    the training rows: a run forward and one back, step by step, about as much as two updates of a network of 64 units.
    Weights, random numbers and optimiser stay as they are.

    Parameters
    ----------
    every : int, default 50
        Updates between two looks.
    rows : int, default 8
        Training rows that are looked at: the first ones.

    Attributes
    ----------
    updates : list of int
        After which updates it was looked.
    norms : list of ndarray, shape (T,)
        The geometric means over the rows, by step.
    seconds : float
        Spent looking.
    share : float
        Of the time of the training, at its end.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Dense, Network, SimpleRNN
    >>> x, flow = np.random.default_rng(0).normal(size=(64, 30, 1)), GradientFlowCallback(every=4)
    >>> net = Network(1, [SimpleRNN(16), Dense(1)])
    >>> history = net.fit(x, np.cumsum(x, axis=1), epochs=6, batch_size=16, callbacks=[flow], verbose=0)
    >>> flow.updates, flow.norms[0].shape
    ([4, 8, 12, 16, 20, 24], (30,))
    """

    def __init__(self, every: int = 50, rows: int = 8):
        self.every, self.rows = count(every, "every"), count(rows, "rows")

    def on_train_begin(self, training: Training) -> None:
        data = training.data
        if data.lengths is not None:
            raise OptionError("GradientFlowCallback looks at rows of one length; train without it, or without lengths")
        self.updates: list[int] = []
        self.norms: list[np.ndarray] = []
        self.seconds, self.share, self._began = 0.0, 0.0, time.perf_counter()
        self._system = System(training.net)  # type: ignore[arg-type]
        self._x = np.array(data.x[: self.rows], np.float64)
        shape = self._x.shape[:2]
        self._losses = StepLosses(self._system, data.target[: self.rows], data.loss, shape)

    def on_batch_end(self, training: Training) -> None:
        began = time.perf_counter()
        self._system.follow(training.net)  # type: ignore[arg-type]
        self.updates.append(training.net.updates)
        self.norms.append(self._look())
        self.seconds += time.perf_counter() - began

    def on_train_end(self, training: Training) -> None:
        self.share = self.seconds / max(time.perf_counter() - self._began, 1e-9)

    def _look(self) -> np.ndarray:
        s = self._system.trajectory(self._x)
        T = self._x.shape[1]
        gradient = self._losses.direct(s[:, 1:])[:, -1]
        norms = np.empty((len(s), T))
        norms[:, -1] = np.linalg.norm(gradient, axis=1)
        for t in reversed(range(1, T)):
            gradient = self._system.pull_back(s[:, t], self._x[:, t], gradient)
            norms[:, t - 1] = np.linalg.norm(gradient, axis=1)
        return np.exp(np.mean(np.log(np.maximum(norms, np.finfo(float).tiny)), axis=0))

    @property
    def verdicts(self) -> list[Verdict]:
        """What the norms said each time."""
        return [Verdict.of(norms) for norms in self.norms]

    @property
    def horizons(self) -> list[int]:
        """How many steps the loss reached back each time."""
        return [verdict.horizon for verdict in self.verdicts]

    def plot(self, ax: Any = None) -> Any:
        """Draw the norms as a map: updates to the right, steps upwards, the logarithm as colour."""
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(layout="constrained")
        steps = np.arange(1, len(self.norms[0]) + 1)
        shades = np.log10(np.maximum(np.array(self.norms), 1e-300)).T
        drawn = ax.pcolormesh(self.updates, steps, shades, cmap="viridis", shading="nearest")
        ax.figure.colorbar(drawn, ax=ax, label=r"$\log_{10}$ norm of $\partial L_T / \partial h_t$")
        ax.set(xlabel="update", ylabel="step t")
        return ax
