"""Callbacks: what is told how a training goes, and may stop it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.errors import OptionError

if TYPE_CHECKING:
    from elman.training.loop import Training


class Callback:
    """Is told how a training goes; subclasses say what they do then.

    Every method gets the `elman.training.loop.Training`: ``training.net``, ``training.epoch``, ``training.logs`` ...;
    ``training.stop = True`` ends it.

    Attributes
    ----------
    every : int, default 1
        `on_batch_end` is called after each update whose number, in the life of the network, is a multiple of it.

    Examples
    --------
    >>> class StopWhenGood(Callback):
    ...     def on_epoch_end(self, training):
    ...         training.stop = training.logs["loss"] < 0.01
    """

    every: int = 1

    def on_train_begin(self, training: Training) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, training: Training) -> None:
        """Before each epoch."""

    def on_batch_end(self, training: Training) -> None:
        """After each batch, or each so many (`every`). The updates between two calls of it are one native call."""

    def on_progress(self, training: Training) -> None:
        """After some batches, several times a second."""

    def on_epoch_end(self, training: Training) -> None:
        """After each epoch, with all its numbers in ``training.logs``."""

    def on_train_end(self, training: Training) -> None:
        """At the end, also of a training that was interrupted or failed."""

    @property
    def watches_batches(self) -> bool:
        """Whether `on_batch_end` does anything."""
        return type(self).on_batch_end is not Callback.on_batch_end


class LambdaCallback(Callback):
    """Functions as a callback, each called with the `Training`.

    Parameters
    ----------
    **events : callable
        ``on_epoch_end=lambda training: print(training.logs)`` and so on; the names of `Callback`'s methods.
    """

    def __init__(self, **events: Callable[[Training], Any]):
        known = [name for name in vars(Callback) if name.startswith("on_")]
        wrong = sorted(set(events) - set(known))
        if wrong:
            raise OptionError(f"LambdaCallback has no event {wrong[0]!r}; there are {', '.join(known)}")
        self.events = events
        for name, function in events.items():
            setattr(self, name, function)

    @property
    def watches_batches(self) -> bool:
        return "on_batch_end" in self.events


class Best:
    """The lowest value of a number of the training so far, and the weights that went with it."""

    def __init__(self, min_delta: float = 0.0, *, keep_weights: bool = True):
        self.min_delta, self.keep_weights = min_delta, keep_weights
        self.value, self.epoch = np.inf, 0
        self.weights: np.ndarray | None = None

    def improved(self, value: float, training: Training) -> bool:
        """Whether the value is lower than ever by more than `min_delta`; then it is remembered."""
        if not value < self.value - self.min_delta:
            return False
        self.value, self.epoch = value, training.epoch
        if self.keep_weights:
            self.weights = training.net.arena.copy()
        return True

    def restore(self, training: Training) -> None:
        """Put the remembered weights back."""
        if self.weights is not None:
            training.net.arena[:] = self.weights


class KeepBest(Callback):
    """After Ctrl-C, the weights of the epoch with the lowest validation loss."""

    def on_train_begin(self, training: Training) -> None:
        self.best = Best()

    def on_epoch_end(self, training: Training) -> None:
        if training.validation is not None:
            self.best.improved(training.logs["val_loss"], training)

    def on_train_end(self, training: Training) -> None:
        if training.interrupted:
            self.best.restore(training)


class EarlyStopping(Callback):
    """Ends a training that no longer gets better.

    Parameters
    ----------
    monitor : str, default "val_loss"
        What should fall; a name in ``training.logs``.
    patience : int, default 10
        Epochs without improvement after which it ends.
    min_delta : float, default 0
        A smaller fall is no improvement.
    restore_best : bool, default True
        Whether the weights of the best epoch are put back at the end, also after Ctrl-C.

    Attributes
    ----------
    best_epoch_ : int
        Number (from 1) of the best epoch.
    stopped_epoch_ : int
        Number of the epoch after which it ended; 0 if the training ended by itself.

    References
    ----------
    L. Prechelt, Early stopping - but when?, in Neural Networks: Tricks of the Trade, 1998.

    Examples
    --------
    >>> EarlyStopping(patience=5)
    EarlyStopping(monitor='val_loss', patience=5, min_delta=0.0, restore_best=True)
    """

    def __init__(
        self, monitor: str = "val_loss", patience: int = 10, min_delta: float = 0.0, restore_best: bool = True
    ):
        if isinstance(patience, bool) or not isinstance(patience, int) or patience < 1:
            raise OptionError(f"EarlyStopping: patience must be a whole number of at least 1, got {patience!r}")
        if not 0 <= min_delta < np.inf:
            raise OptionError(f"EarlyStopping: min_delta must be at least 0, got {min_delta!r}")
        self.monitor, self.patience = monitor, patience
        self.min_delta, self.restore_best = min_delta, restore_best

    def __repr__(self) -> str:
        names = ("monitor", "patience", "min_delta", "restore_best")
        return f"EarlyStopping({', '.join(f'{n}={getattr(self, n)!r}' for n in names)})"

    def on_train_begin(self, training: Training) -> None:
        _check_monitor(self, self.monitor, training)
        self._best = Best(self.min_delta, keep_weights=self.restore_best)
        self.best_epoch_ = self.stopped_epoch_ = 0

    def on_epoch_end(self, training: Training) -> None:
        if self._best.improved(_value(self, self.monitor, training), training):
            self.best_epoch_ = training.epoch
        elif training.epoch - self._best.epoch >= self.patience:
            training.stop, self.stopped_epoch_ = True, training.epoch

    def on_train_end(self, training: Training) -> None:
        if not training.failed:
            self._best.restore(training)


class ModelCheckpoint(Callback):
    """Saves the network after each epoch, or after each that was better than all before.

    Parameters
    ----------
    path : str or Path
        Where to; ``{epoch}`` and the names of ``training.logs`` in it are filled in:
        ``"net-{epoch:03d}.safetensors"``.
    monitor : str or None, default "val_loss"
        What should fall for a file to be written; None writes after each epoch.
    """

    def __init__(self, path: str | Path, monitor: str | None = "val_loss"):
        self.path, self.monitor = path, monitor

    def on_train_begin(self, training: Training) -> None:
        if self.monitor is not None:
            _check_monitor(self, self.monitor, training)
        self._best = Best(keep_weights=False)

    def on_epoch_end(self, training: Training) -> None:
        if self.monitor is None or self._best.improved(_value(self, self.monitor, training), training):
            training.net.save(self._filled(training))

    def _filled(self, training: Training) -> str:
        """The path with the numbers of this epoch."""
        try:
            return str(self.path).format(epoch=training.epoch, **training.logs)
        except (KeyError, IndexError, ValueError) as error:
            known = ", ".join(("epoch", *training.logs))
            raise OptionError(
                f"ModelCheckpoint cannot fill in {str(self.path)!r} ({error}); there are {known}"
            ) from error


class CSVLogger(Callback):
    """Writes a line of numbers to a file after each epoch.

    Parameters
    ----------
    path : str or Path
        Where to; a file that is there is replaced at the end of the first epoch.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def on_epoch_end(self, training: Training) -> None:
        first = training.epoch == 1
        with self.path.open("w" if first else "a", newline="") as file:
            writer = csv.writer(file)
            if first:
                writer.writerow(["epoch", *training.logs])
            writer.writerow([training.epoch, *training.logs.values()])


def _check_monitor(callback: Callback, monitor: str, training: Training) -> None:
    if monitor == "val_loss" and training.validation is None:
        raise OptionError(
            f"{type(callback).__name__} monitors val_loss, but there is no validation_data: give it, or monitor='loss'"
        )


def _value(callback: Callback, monitor: str, training: Training) -> float:
    if monitor not in training.logs:
        raise OptionError(f"{type(callback).__name__} monitors {monitor!r}; there are {', '.join(training.logs)}")
    return training.logs[monitor]
