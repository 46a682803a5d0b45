"""The training of a language model: epochs over streams of a text that need not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from elman.engine import arrays
from elman.language.streams import Windows
from elman.training import Callback, History
from elman.training.examples import Examples, examples
from elman.training.loop import Loop
from elman.training.optimizer import Optimizer
from elman.training.protocol import Trainable

TOKENS_AT_ONCE = 1 << 20  # that are in memory to learn from


def train(
    net: Trainable,
    windows: Windows,
    optimizer: Optimizer,
    *,
    epochs: int,
    fresh: float,
    judge: Callable[[], float] | None,
    callbacks: Sequence[Callback],
) -> History:
    """Truncated backpropagation through time over streams; states are carried from window to window.

    Parameters
    ----------
    net : Network
        Takes tokens (B, T), returns logits (B, T, V).
    windows : Windows
        What to learn from.
    optimizer : Optimizer
        With its schedule.
    epochs : int
        How often all windows are seen, each time from states of zeros, and with the windows' borders elsewhere.
    fresh : float
        The probability that a stream's states begin with zeros again at a window.
    judge : function, optional
        Gives the loss of held-out text, after each epoch.
    callbacks : list of Callback
        Told how it goes.
    """
    loop = _StreamLoop(net, windows, optimizer, epochs, fresh, judge, callbacks)
    return loop.run()


class _StreamLoop(Loop):
    """The training loop with a part of the text at a time as its data."""

    def __init__(
        self,
        net: Trainable,
        windows: Windows,
        optimizer: Optimizer,
        epochs: int,
        fresh: float,
        judge: Callable[[], float] | None,
        callbacks: Sequence[Callback],
    ):
        self.windows: Windows = windows
        self.fresh: float = fresh
        self.judge: Callable[[], float] | None = judge
        at_once = max(TOKENS_AT_ONCE // (windows.streams * windows.steps), 1)
        self._borders = np.minimum(np.arange(0, windows.batches + at_once, at_once), windows.batches)
        how: dict[str, Any] = {"shuffle": False, "stateful": True, "callbacks": callbacks}
        held: Any = judge  # stands for the examples of others, which it is asked in place of
        super().__init__(net, optimizer, self._examples(net, 0, 1, 0), held, windows.streams, epochs, **how)
        self.batches = windows.batches

    def _examples(self, net: Trainable, first: int, count: int, shift: int) -> Examples:
        x, target = self.windows.some(first, count, shift)
        return examples(net, x, target, "softmax_cross_entropy")

    def _all_batches(self) -> None:
        random = np.random.default_rng([self.net.seed, self.net.epochs, 7])
        shift = int(random.integers(self.windows.left_over + 1))
        states = arrays.zeros(self._engine.plan.given_states, self.batch_size, self.net.dtype)
        losses = np.zeros(self.batches)
        for first, last in zip(self._borders[:-1], self._borders[1:], strict=True):
            self.data = self._examples(self.net, int(first), int(last - first), shift)
            while self.batch < last and not self.stop:
                self._some(int(first), int(last), states, losses, random)

    def _some(
        self, first: int, last: int, states: list[np.ndarray], losses: np.ndarray, random: np.random.Generator
    ) -> None:
        """Some updates of the part of the text at hand, as many as go in one call."""
        count = min(last - self.batch, self._unwatched(), 1 if self.fresh else last)
        if self.fresh:
            begins_anew = random.random(self.batch_size) < self.fresh
            for state in states:
                state[begins_anew] = 0
        self._look_again()  # a callback may have changed the learning rate, or frozen something
        borders = (self.batch - first + np.arange(count + 1)) * self.batch_size
        rows = np.arange(borders[0], borders[-1])
        found = self._updates((rows, borders - borders[0]), self._scalars(count), states)
        losses[self.batch : self.batch + len(found)] = found
        self.batch += len(found)
        self.logs["loss"] = float(losses[: self.batch].mean())
        self._tell("on_progress")
        for callback in self._watchers:
            if self.net.updates % callback.every == 0:
                callback.on_batch_end(self)

    def _judge(self, data: Any) -> dict[str, float]:
        return {"loss": data()}
