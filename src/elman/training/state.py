"""The state of a training under way: what the loop changes, and callbacks see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from elman.engine.interface import How
from elman.training.examples import Examples, log_name
from elman.training.history import History
from elman.training.metrics import Metric
from elman.training.optimizer import Optimizer
from elman.training.protocol import Trainable


class Watcher(Protocol):
    """A callback, as a training sees it; `elman.training.callbacks.Callback` says what each of these is."""

    every: int
    one_network: bool
    side_by_side: bool
    one_rank: bool

    @property
    def gradient_norms(self) -> bool: ...

    @property
    def watches_batches(self) -> bool: ...

    @property
    def adds_logs(self) -> bool: ...

    def check(self, training: Any) -> None: ...

    def on_batch_end(self, training: Any) -> None: ...

    def on_train_end(self, training: Any) -> None: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, stored: Mapping[str, Any]) -> None: ...


@dataclass(eq=False)
class Training:
    """A training under way, as callbacks see it.

    Attributes
    ----------
    net : Network
        What is trained.
    optimizer : Optimizer
        Its learning rate may be changed between epochs.
    data, validation : Examples
        What is trained on, and what judges it (or None).
    batch_size, epochs, metrics, on_nan
        As given to `fit`.
    epoch, batch : int
        The number of the epoch (from 1), and how many of its batches are done.
    batches : int
        How many batches an epoch has.
    logs : dict of str to float
        ``loss`` of the epoch so far; at its end also ``val_loss``, ``learning_rate`` and ``seconds``. What a
        callback adds before the end of an epoch goes into the history.
    history : History
        The epochs before.
    stop, paused : bool
        Set `stop` to end the training, and `paused` too if one that goes on later should do so from here.
    accumulate : int
        From how many batches an update is made; `batch_size` are the rows of an update.
    interrupted, failed : bool
        Why it ended, if it did not end by itself: Ctrl-C, or an error.
    resumed : bool
        Whether it goes on from a checkpoint, so that files which callbacks find are its own.
    gradient_norms : ndarray (batches,)
        Of the updates of this epoch so far the norm of each gradient, before it was clipped, NaN of a batch that was
        left out; empty unless a callback asks for it (`Callback.gradient_norms`).
    skipped : int
        How many batches were left out in all epochs that have ended.
    why_skipped : str
        Why the first of them was.
    """

    net: Trainable
    optimizer: Optimizer
    data: Examples
    validation: Examples | None
    batch_size: int
    epochs: int
    shuffle: bool = True
    stateful: bool = False
    memory: str = "normal"
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    truncate: int | None = None
    on_nan: str = "raise"
    accumulate: int = 1
    callbacks: Sequence[Watcher] = ()
    epoch: int = 0
    batch: int = 0
    logs: dict[str, float] = field(default_factory=dict)
    history: History = field(default_factory=History)
    stop: bool = False
    interrupted: bool = False
    failed: bool = False
    paused: bool = False
    resumed: bool = False
    skipped: int = 0
    why_skipped: str = ""
    batches: int = field(init=False)
    how: How = field(init=False)
    epoch_losses: np.ndarray = field(init=False, default_factory=lambda: np.zeros(0))
    gradient_norms: np.ndarray = field(init=False, default_factory=lambda: np.zeros(0))

    @property
    def log_names(self) -> list[str]:
        """What the logs of each epoch will hold, beside what callbacks add."""
        outputs = [judged.name for judged in self.data.judged]
        metrics = [log_name(output, name) for output in outputs for name in self.metrics]
        losses = [log_name(output, "loss") for output in outputs if output]
        validation = [] if self.validation is None else [f"val_{name}" for name in ("loss", *losses, *metrics)]
        skipped = ["skipped"] if self.on_nan == "skip" else []
        return ["loss", *metrics, *validation, *skipped, "learning_rate", "seconds"]

    @property
    def has_all_rows(self) -> bool:
        """Whether the rows of each batch are all here."""
        return True

    @property
    def losses_so_far(self) -> np.ndarray:
        """Of the updates of this epoch so far, without batches that were left out."""
        return self.losses[~np.isnan(self.losses)]

    @property
    def norms_so_far(self) -> np.ndarray:
        """Of the gradients of the same updates, where a callback asks for them."""
        return self.gradient_norms[: self.batch][~np.isnan(self.losses)]

    @property
    def losses(self) -> np.ndarray:
        """Of the updates of this epoch so far, each before it."""
        return self.epoch_losses[: self.batch]

    def stop_because(self, reason: str) -> None:
        """End the training, and have its history say why."""
        self.stop, self.history.stopped = True, self.history.stopped or reason

    def gradient(self, rows: np.ndarray, key: int, states: Sequence[np.ndarray] | None = None) -> np.ndarray:
        """The gradient of some rows (P,), computed once more."""
        batch = self.data.batch.rows(rows, states=states, key=key)
        return self.net.trainer(self.data.aims).gradients(self.net.arena, batch, self.how).parameters

    @property
    def wants_norms(self) -> bool:
        """Whether a callback asks for norms of gradients."""
        return any(c.gradient_norms for c in self.callbacks)

    @property
    def adds_logs(self) -> bool:
        """Whether a callback may add numbers to the logs."""
        return any(c.adds_logs for c in self.callbacks)
