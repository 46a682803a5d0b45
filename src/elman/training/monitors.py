"""Monitors: the best epoch by a number of the training, its weights, and an end when nothing gets better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from elman.checks import flag, nearest, real, whole
from elman.errors import OptionError
from elman.hints import CALLBACK, hinted_class
from elman.training.callbacks import Callback
from elman.training.metrics import METRICS
from elman.training.standing import check_array
from elman.training.state import Training
from elman.untrusted import check_tensor, count, held

MODES = ("auto", "min", "max")


class Monitor:
    """A number in ``training.logs`` that should fall or rise.

    Parameters
    ----------
    owner : str
        Whose it is, for messages.
    name : str
        Its name in the logs.
    mode : {"auto", "min", "max"}
        Whether it should fall or rise; "auto" knows losses, and metrics that declare it.
    """

    def __init__(self, owner: str, name: str, mode: str):
        if not isinstance(name, str):
            raise OptionError(f"{owner}: monitor is {name!r}; expected a name, such as 'val_loss'")
        if not isinstance(mode, str) or mode not in MODES:
            raise OptionError(f"{owner}: mode is {mode!r}{nearest(mode, MODES)}; expected one of {', '.join(MODES)}")
        self.owner: str = owner
        self.name: str = name
        self.mode: str = mode

    def direction(self, training: Training) -> str:
        """Whether it should fall ("min") or rise ("max")."""
        if self.mode != "auto":
            return self.mode
        plain = self.name.removeprefix("val_")
        if plain == "loss":
            return "min"
        metric = METRICS[plain] if plain in METRICS else training.metrics.get(plain)
        declared = getattr(metric, "mode", None)
        if declared not in ("min", "max"):
            raise OptionError(
                f"{self.owner} cannot know whether {self.name!r} should fall or rise: give mode='min' or mode='max'"
            )
        return str(declared)

    def check(self, training: Training) -> None:
        """Raise `OptionError` for a name that no epoch of the training will have, or one of no known direction."""
        if self.name == "val_loss" and training.validation is None and not training.adds_logs:
            raise OptionError(
                f"{self.owner} monitors val_loss, but there is no validation_data: give it, or monitor='loss'"
            )
        known = training.log_names
        if self.name not in known and not training.adds_logs:
            raise self._unknown(known, training)
        self.direction(training)

    def _unknown(self, known: Any, training: Training) -> OptionError:
        plain = self.name.removeprefix("val_")
        if plain in METRICS and plain not in training.metrics:
            how = f": give fit metrics=[{plain!r}]"
        elif plain in known and training.validation is None:
            how = ": give fit validation_data"
        else:
            how = nearest(self.name, known)
        return OptionError(f"{self.owner} monitors {self.name!r}; there are {', '.join(known)}{how}")

    def value(self, training: Training) -> float:
        """What it is at the end of an epoch."""
        if self.name not in training.logs:
            raise self._unknown(list(training.logs), training)
        return training.logs[self.name]


class Best:
    """The best value of a number of the training so far, and the weights that went with it."""

    def __init__(
        self,
        min_delta: float = 0.0,
        *,
        mode: str = "min",
        keep_weights: bool = True,
        like: np.ndarray | None = None,
    ):
        self.min_delta: float = min_delta
        self._like = like  # weights of its training, with whose shape and type those of a file are compared
        self.keep_weights: bool = keep_weights
        self.sign: float = -1.0 if mode == "max" else 1.0
        self.value: float = self.sign * np.inf
        self.epoch: int = 0
        self.counted: dict[str, int] = {}  # updates and epochs of the network then
        self.weights: np.ndarray | None = None

    def improved(self, value: float, training: Training) -> bool:
        """Whether the value is better than ever by more than `min_delta`; then it is remembered."""
        if not self.sign * value < self.sign * self.value - self.min_delta:
            return False
        self.value, self.epoch = value, training.epoch
        self.counted = {"updates": training.net.updates, "epochs": training.net.epochs}
        if self.keep_weights:
            self.weights = training.net.arena.copy()
        return True

    def restore(self, training: Training) -> None:
        """Put the remembered weights back."""
        if self.weights is not None:
            training.net.params.restore(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """What is remembered; the number as an array, as it may be infinite."""
        weights = {} if self.weights is None else {"weights": self.weights}
        return {"value": np.array(self.value, np.float64), "epoch": self.epoch, "counted": self.counted, **weights}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        """Remember what `state_dict` gave.

        Raises
        ------
        ModelFileError
            If it is of no such training.
        """
        schema = {"value": np.ndarray, "epoch": count, "counted": dict}
        held(dict(stored), "what was best", schema, {"weights": np.ndarray})
        value, weights = check_array(stored["value"], "what was best", (), np.float64), None
        if "weights" in stored and self._like is not None:
            weights = check_tensor(stored["weights"], "the best weights", self._like.shape, self._like.dtype)
        counted = {name: count(stored["counted"].get(name), name) for name in stored["counted"]}
        self.value, self.epoch, self.counted, self.weights = float(value), stored["epoch"], counted, weights


class KeepBest(Callback):
    """After Ctrl-C, the weights of the epoch with the lowest validation loss.

    Parameters
    ----------
    anyway : bool, default False
        Whether, without validation, those of the lowest loss are remembered, and not put back.
    """

    adds_logs = False

    def __init__(self, anyway: bool = False):
        self.anyway: bool = anyway

    def on_train_begin(self, training: Training) -> None:
        self.best: Best = Best(like=training.net.arena)

    def on_epoch_end(self, training: Training) -> None:
        if training.validation is not None:
            self.best.improved(training.logs["val_loss"], training)
        elif self.anyway:
            self.best.improved(training.logs["loss"], training)

    def on_train_end(self, training: Training) -> None:
        if training.interrupted and training.validation is not None:
            self.best.restore(training)

    def state_dict(self) -> dict[str, Any]:
        return self.best.state_dict()

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        self.best.load_state_dict(stored)


@hinted_class(CALLBACK)
class EarlyStopping(Callback):
    """Ends a training that no longer gets better.

    Parameters
    ----------
    monitor : str, default "val_loss"
        What should get better; a name in ``training.logs``.
    patience : int, default 10
        Epochs without improvement after which it ends.
    min_delta : float, default 0
        A smaller change is no improvement.
    restore_best : bool, default True
        Whether the weights of the best epoch are put back at the end, also after Ctrl-C.
    mode : {"auto", "min", "max"}, default "auto"
        Whether `monitor` should fall or rise. "auto" knows that of losses and of `elman.training.metrics.METRICS`
        (``accuracy`` rises), and of functions that declare it with `elman.training.metrics.direction`.

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
    EarlyStopping(monitor='val_loss', patience=5, min_delta=0.0, restore_best=True, mode='auto')
    """

    adds_logs = False
    best_epoch_: int
    stopped_epoch_: int

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 10,
        min_delta: float = 0.0,
        restore_best: bool = True,
        mode: str = "auto",
    ):
        self._monitor = Monitor("EarlyStopping", monitor, mode)
        self.monitor: str = monitor
        self.mode: str = mode
        self.patience: int = whole(patience, "EarlyStopping: patience")
        self.min_delta: float = real(min_delta, "EarlyStopping: min_delta", 0, from_low=True)
        self.restore_best: bool = flag(restore_best, "EarlyStopping: restore_best")

    def __repr__(self) -> str:
        names = ("monitor", "patience", "min_delta", "restore_best", "mode")
        return f"EarlyStopping({', '.join(f'{n}={getattr(self, n)!r}' for n in names)})"

    def check(self, training: Training) -> None:
        self._monitor.check(training)

    def on_train_begin(self, training: Training) -> None:
        mode = self._monitor.direction(training)
        like = training.net.arena
        self._best = Best(self.min_delta, mode=mode, keep_weights=self.restore_best, like=like)
        self.best_epoch_ = self.stopped_epoch_ = 0

    def on_epoch_end(self, training: Training) -> None:
        if self._best.improved(self._monitor.value(training), training):
            self.best_epoch_ = training.epoch
        elif training.epoch - self._best.epoch >= self.patience:
            self.stopped_epoch_ = training.epoch
            training.stop_because(f"{self.monitor} has not got better for {self.patience} epochs")

    def on_train_end(self, training: Training) -> None:
        if not training.failed:
            self._best.restore(training)

    def state_dict(self) -> dict[str, Any]:
        said = {"best_epoch": self.best_epoch_, "stopped_epoch": self.stopped_epoch_}
        return {**said, **{f"best {name}": value for name, value in self._best.state_dict().items()}}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        best = {name.removeprefix("best "): value for name, value in stored.items() if name.startswith("best ")}
        said = {name: value for name, value in stored.items() if name.removeprefix("best ") not in best}
        held(said, "an EarlyStopping", {"best_epoch": count, "stopped_epoch": count})
        self._best.load_state_dict(best)
        self.best_epoch_, self.stopped_epoch_ = said["best_epoch"], said["stopped_epoch"]
