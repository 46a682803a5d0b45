"""The training of a language model: epochs over streams of a text that need not fit into memory."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from elman.data.datasets import Ahead
from elman.language.numbers import Numbers
from elman.language.streams import Windows
from elman.training import Callback, History
from elman.training.examples import Examples, examples
from elman.training.loop import Loop
from elman.training.optimizer import Optimizer
from elman.training.parts import Part
from elman.training.protocol import Trainable
from elman.training.scopes import next_place

TOKENS_AT_ONCE = 1 << 20  # that are in memory to learn from
AHEAD = 1  # as many times as many are read while the engine trains


def train(
    net: Trainable,
    windows: Windows,
    optimizer: Optimizer,
    *,
    epochs: int,
    fresh: float,
    judge: Callable[[], float] | None,
    callbacks: Sequence[Callback],
    held: Numbers | None = None,
    on_nan: str = "raise",
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
    held : Numbers, optional
        Of the text that `judge` takes: a training that goes on from a checkpoint needs the same.
    on_nan : str, default "raise"
        What becomes of a window that cannot be learnt from.
    """
    return _StreamLoop(net, windows, optimizer, epochs, fresh, judge, callbacks, held, on_nan).run()


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
        held: Numbers | None,
        on_nan: str,
    ):
        self.windows: Windows = windows
        self.fresh: float = fresh
        self.judge: Callable[[], float] | None = judge
        at_once = max(TOKENS_AT_ONCE // (windows.streams * windows.steps), 1)
        self._borders = np.minimum(np.arange(0, windows.batches + at_once, at_once), windows.batches)
        how: dict[str, Any] = {"shuffle": False, "stateful": True, "callbacks": callbacks, "on_nan": on_nan}
        how["place"] = next_place()
        self._held = held
        validation: Any = judge  # stands for the examples of others, which it is asked in place of
        super().__init__(net, optimizer, self._examples(net, 0, 1, 0), validation, windows.streams, epochs, **how)
        self.batches = windows.batches

    def _examples(self, net: Trainable, first: int, count: int, shift: int) -> Examples:
        x, target = self.windows.some(first, count, shift)
        return examples(net, x, target, "softmax_cross_entropy")

    def _parts(self, first: int) -> Iterator[Part]:
        self._random = np.random.default_rng([self.net.seed, self.net.epochs, 7])
        shift = int(self._random.integers(self.windows.left_over + 1))
        for _ in range(first if self.fresh else 0):
            self._begin_anew()
        with Ahead(self._read(first, shift), AHEAD) as parts:
            yield from parts

    def _read(self, first: int, shift: int) -> Iterator[Part]:
        for begin, end in itertools.pairwise(self._borders.tolist()):
            if first < end:
                data = self._examples(self.net, begin, end - begin, shift)
                borders = np.arange(end - begin + 1) * self.batch_size
                yield Part(data, np.arange(borders[-1]), borders).behind(max(first - begin, 0))

    def _unwatched(self) -> int:
        return 1 if self.fresh else super()._unwatched()

    def _before_updates(self) -> None:
        if self.fresh:
            begins_anew = self._begin_anew()
            for state in self.carried or ():
                state[begins_anew] = 0

    def _begin_anew(self) -> np.ndarray:
        """Which streams begin with states of zeros at the next window."""
        return self._random.random(self.batch_size) < self.fresh

    def learnt(self) -> dict[str, Any]:
        windows = self.windows
        cut = {"streams": windows.streams, "steps": windows.steps, "fresh": self.fresh}
        held = {} if self._held is None else {"values of the text held out": _hash(self._held)}
        return {"values of the text": _hash(windows.numbers), **cut, **held}

    def _judge(self, data: Any) -> dict[str, float]:
        return {"loss": data()}


def _hash(numbers: Numbers) -> bytes:
    """Of all tokens of a text."""
    found = hashlib.blake2b(digest_size=16)
    for piece in numbers.pieces():
        found.update(np.ascontiguousarray(piece, np.int64).data)
    return found.digest()
