"""The training of an estimator's networks, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import is_number
from elman.network import Network, each, fit_many
from elman.training import AdamW, Callback, CosineDecay, EarlyStopping, WarmUp

UPDATES = 600  # of a training, about
EPOCHS = 20, 100  # fewest and most, where the user says nothing
BATCHES = 8, 64  # rows of an update, likewise
WARMING = 0.05  # share of the updates
RATE = 3e-3


@dataclass(frozen=True)
class Lesson:
    """What networks learn, and how.

    Attributes
    ----------
    x, lengths, target, weights : ndarray
        Inputs (N, T, F'), steps, targets, and what each case counts, or None.
    class_weight : dict, "balanced" or None
        What each class counts, by its number.
    held : ndarray of bool, shape (N,)
        Which cases are not learnt from, and judge.
    loss : Loss
    metrics : tuple of str
        What is reported beside it.
    epochs, batch_size : int or None
        None where they are left open.
    learning_rate, weight_decay : float
    patience : int or None
    verbose : int
    callbacks : sequence of Callback
    on_nan : str
        What becomes of a batch that cannot be learnt from.
    """

    x: np.ndarray
    lengths: np.ndarray
    target: np.ndarray
    weights: np.ndarray | None
    class_weight: Any
    held: np.ndarray
    loss: Any
    metrics: tuple[str, ...] = ()
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: Any = RATE
    weight_decay: float = 0.01
    patience: int | None = None
    verbose: int = 0
    callbacks: Sequence[Callback] = ()
    on_nan: str = "raise"

    @property
    def rows(self) -> int:
        """How many cases are learnt from."""
        return int(len(self.held) - self.held.sum())

    @property
    def batch(self) -> int:
        """Rows of an update: of few cases fewer, so that there are several updates an epoch."""
        if self.batch_size is not None:
            return self.batch_size
        fewest, most = BATCHES
        return min(max(self.rows // 16, fewest), most)

    @property
    def most_epochs(self) -> int:
        """The epochs of a training that is not stopped."""
        if self.epochs is not None:
            return self.epochs
        fewest, most = EPOCHS
        return min(max(-(-UPDATES * self.batch // self.rows), fewest), most)

    def teach(self, networks: Sequence[Network], threads: int | None) -> None:
        """Train networks side by side; of the epochs that were judged, the weights of the best stay.

        Raises
        ------
        TrainingError
            Of the first network whose training cannot go on; the others are ended.
        KeyboardInterrupt
            Once all have ended.
        """
        judged, taught = bool(self.held.any()), ~self.held
        fit_many(
            networks,
            self.x[taught],
            self.target[taught],
            lengths=self.lengths[taught],
            sample_weight=None if self.weights is None else self.weights[taught],
            class_weight=self.class_weight,
            loss=self.loss,
            optimizer=AdamW(self._rate(), weight_decay=self.weight_decay, clip_norm=1.0),
            batch_size=self.batch,
            epochs=self.most_epochs,
            validation_data=self._judging() if judged else None,
            validation_lengths=self.lengths[self.held] if judged else None,
            metrics=self.metrics,
            callbacks=each([[*self._stopping(judged), *self.callbacks] for _ in networks]),
            verbose=self.verbose,
            on_nan=self.on_nan,
            threads=threads,
            stop_on_error=True,
        )

    def _rate(self) -> Any:
        """The learning rate: of a number a schedule."""
        if not is_number(self.learning_rate):
            return self.learning_rate
        updates = self.most_epochs * -(-self.rows // self.batch)
        warming = max(int(WARMING * updates), 1)
        return WarmUp(warming, CosineDecay(self.learning_rate, max(updates - warming, 1)))

    def _judging(self) -> tuple[np.ndarray, ...]:
        data = (self.x[self.held], self.target[self.held])
        return data if self.weights is None else (*data, self.weights[self.held])

    def _stopping(self, judged: bool) -> list[Callback]:
        if not judged:
            return []
        return [EarlyStopping(patience=self.most_epochs if self.patience is None else self.patience)]
