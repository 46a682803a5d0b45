"""How a network sees a series, and how it goes on by feeding back its own forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from elman.data.scaling import Scaling


class Sequential(Protocol):
    """What a rollout asks of a network."""

    def __call__(self, x: np.ndarray, *, return_state: bool) -> tuple[np.ndarray, list]: ...

    def step(self, x: np.ndarray, state: list) -> tuple[np.ndarray, list]: ...


@dataclass(frozen=True)
class View:
    """A series as a network sees it: scaled, perhaps differenced, perhaps with the value one season before.

    With z the scaled series (or the scaled differences), the input at step t is ``z[t]`` and, with a `lag` m, also
    ``z[t + 1 - m]``, the value one season before the one to be predicted, ``z[t + 1]``.

    Parameters
    ----------
    scaling : Scaling
        Of the values, or of their differences.
    differences : bool
        Whether the network sees the differences of successive values.
    lag : int
        Steps m of the season that is an input; 0 for none.
    """

    scaling: Scaling
    differences: bool
    lag: int

    @property
    def features(self) -> int:
        """F, inputs of a step."""
        return 2 if self.lag else 1

    @property
    def lost(self) -> int:
        """Values at the beginning of a series for which there is no input."""
        return int(self.differences) + max(self.lag - 1, 0)

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """z of values (..., n), in (..., n) or one less."""
        return self.scaling.apply(np.diff(values) if self.differences else values)

    def inputs(self, scaled: np.ndarray) -> np.ndarray:
        """Inputs (..., n', F) of z (..., n): the first ``lag - 1`` steps have none."""
        if not self.lag:
            return scaled[..., None]
        steps = scaled.shape[-1] - self.lag + 1
        return np.stack([scaled[..., self.lag - 1 :], scaled[..., :steps]], axis=-1)

    def values(self, scaled: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Values (B, H) of forecasts z (B, H), each row following the value `last` (B,)."""
        found = self.scaling.undo(scaled)
        return last[:, None] + np.cumsum(found, axis=1) if self.differences else found


def rollout(network: Sequential, view: View, histories: np.ndarray, horizon: int, lookback: int) -> np.ndarray:
    """Forecast any number of steps: the network reads the history, then each forecast is the next step's input.

    Parameters
    ----------
    network : Network
        One output for each step: the next z.
    view : View
        How it sees a series.
    histories : array, shape (B, n)
        At least ``lookback + view.lost`` values each.
    horizon : int
        Steps H to forecast.
    lookback : int
        Steps L that the network reads first, from a state of zeros.

    Returns
    -------
    ndarray, shape (B, H)
        In the units of the series.
    """
    z = view.scaled(histories)[:, -(lookback + max(view.lag - 1, 0)) :]
    known = z.shape[1]
    z = np.concatenate([z, np.empty((len(z), horizon))], axis=1)
    y, state = network(view.inputs(z[:, :known]), return_state=True)  # (B, L, 1)
    z[:, known] = y[:, -1, 0]
    for t in range(known + 1, known + horizon):
        last = z[:, t - 1 : t] if not view.lag else np.stack([z[:, t - 1], z[:, t - view.lag]], axis=1)  # (B, F)
        y, state = network.step(last, state)
        z[:, t] = y[:, 0]
    return view.values(z[:, known:], histories[:, -1])
