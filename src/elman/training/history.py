"""History: what a training left behind, epoch after epoch."""

from __future__ import annotations

from typing import Any

import numpy as np


class History:
    """The numbers of a training.

    Attributes
    ----------
    history : dict of str to list of float
        One value an epoch: ``loss``, ``val_loss`` (with validation data), ``learning_rate`` (of the last update),
        ``seconds``.

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

    def append(self, logs: dict[str, float]) -> None:
        """Add the numbers of an epoch; a name that is missing in one has NaN there."""
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

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses over the epochs.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to; new axes by default.

        Returns
        -------
        matplotlib axes
        """
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots()
        for name in ("loss", "val_loss"):
            if name in self.history:
                ax.plot(np.arange(1, self.epochs + 1), self.history[name], label=name)
        if self.best_epoch is not None:
            ax.axvline(self.best_epoch, linestyle=":", color="grey", label="best epoch")
        ax.set(xlabel="epoch", ylabel="loss")
        ax.legend()
        return ax
