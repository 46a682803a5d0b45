"""History: what a training left behind, epoch after epoch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from elman.attributes import HISTORY, answering
from elman.plots import losses


@answering(HISTORY)
class History:
    """The numbers of a training.

    Attributes
    ----------
    history : dict of str to list of float
        One value an epoch: ``loss``, ``val_loss`` (with validation data), ``learning_rate`` (of the last update),
        ``seconds``.
    stopped : str
        Why it ended before its last epoch, where something said so: `EarlyStopping`, ``max_seconds``; else empty.

    Examples
    --------
    >>> history = History()
    >>> for loss in (3.0, 1.0, 2.0):
    ...     history.append({"loss": loss})
    >>> history.best_epoch
    2
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.stopped: str = ""

    def append(self, logs: dict[str, float]) -> None:
        """Add the numbers of an epoch; a name that is missing in one has NaN there.

        Parameters
        ----------
        logs : dict of str to float
            By name.
        """
        done = self.epochs
        for name in logs:
            self.history.setdefault(name, [np.nan] * done)
        for name, values in self.history.items():
            values.append(float(logs.get(name, np.nan)))

    def __getitem__(self, name: str) -> list[float]:
        return self.history[name]

    def __repr__(self) -> str:
        last = ", ".join(f"{name}={values[-1]:.4g}" for name, values in self.history.items() if values)
        return f"<History of {self.epochs} epochs{': ' + last if last else ''}>"

    @property
    def epochs(self) -> int:
        """How many epochs were finished."""
        return len(next(iter(self.history.values()), []))

    @property
    def monitor(self) -> str:
        """What says how good an epoch was: ``val_loss`` if there is one, else ``loss``."""
        return "val_loss" if "val_loss" in self.history else "loss"

    @property
    def best_epoch(self) -> int | None:
        """The number (from 1) of the epoch with the lowest validation loss, or loss without validation."""
        values = self.history.get(self.monitor, [])
        return None if not values or np.all(np.isnan(values)) else int(np.nanargmin(values)) + 1

    def plot(self, ax: Any = None, *, metrics: Iterable[str] = (), log: bool | None = None) -> Any:
        """Draw the losses over the epochs, with the best epoch marked; see `elman.plots.losses`.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to; new axes by default.
        metrics : iterable of str, optional
            Other numbers of the history, drawn on a second axis.
        log : bool, optional
            Whether the axis of the losses is logarithmic; by default if they span more than a factor of 20.

        Returns
        -------
        matplotlib axes
        """
        return losses(self, metrics=metrics, log=log, ax=ax)
