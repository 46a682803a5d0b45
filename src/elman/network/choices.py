"""Choices: how the next index is picked when a network is fed its own output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import as_seed, is_number, shown, whole
from elman.engine.generation import Drawing
from elman.errors import OptionError
from elman.network.repetition import REPETITION_WINDOW, Repetition


@dataclass(frozen=True)
class Choices:
    """What a user says of how to generate; see `elman.network.generate`."""

    start: Any = None
    stop: Any = None
    lengths: Any = None
    temperature: Any = 1.0
    top_k: Any = None
    top_p: Any = None
    repetition_penalty: Any = 1.0
    repetition_window: Any = None
    seed: Any = None
    beam: Any = None
    length_penalty: Any = 1.0
    one_hot: bool = False
    output: Any = None

    @property
    def plain(self) -> bool:
        """Whether nothing is said but how an index is drawn."""
        rest = (self.start, self.stop, self.lengths, self.beam, self.output, self.repetition_window)
        ones = self._is_one(self.length_penalty) and self._is_one(self.repetition_penalty)
        return all(value is None for value in rest) and not self.one_hot and ones

    @property
    def _draws(self) -> bool:
        """Whether something is said of how an index is drawn."""
        given = (self.top_k, self.top_p, self.seed, self.repetition_window)
        ones = self._is_one(self.temperature) and self._is_one(self.repetition_penalty)
        return any(value is not None for value in given) or not ones

    @staticmethod
    def _is_one(value: Any) -> bool:
        return isinstance(value, int | float) and value == 1.0

    def drawing(self, classes: int, seed: int) -> Drawing | None:
        """How one of so many classes is drawn; None where there are none. `seed` is the network's."""
        if not classes:
            if self._draws:
                raise OptionError(
                    "temperature, top_k, top_p, repetition_penalty and seed say how the next index is drawn, but the "
                    "network's input is no index (its first layer is no Embedding): leave them out"
                )
            return None
        return Drawing(
            _between(self.temperature, 0.0, np.finfo(float).max, "temperature"),
            classes if self.top_k is None else min(whole(self.top_k, "top_k"), classes),
            1.0 if self.top_p is None else _between(self.top_p, np.finfo(float).tiny, 1.0, "top_p"),
            as_seed(seed if self.seed is None else self.seed) % 2**64,
        )

    def repeating(self) -> Repetition | None:
        """What makes indices that came before less likely; None where nothing does."""
        penalty = _between(self.repetition_penalty, np.finfo(float).tiny, np.finfo(float).max, "repetition_penalty")
        if penalty == 1.0:
            if self.repetition_window is not None:
                raise OptionError(
                    "repetition_window is of a repetition_penalty: give that too, such as 1.2, or leave it out"
                )
            return None
        window = REPETITION_WINDOW if self.repetition_window is None else self.repetition_window
        return Repetition(penalty, whole(window, "repetition_window"))

    def searching(self) -> tuple[int, float]:
        """The width of the beam, 0 where none was asked for, and the length penalty."""
        if self.beam is None:
            if not self._is_one(self.length_penalty):
                raise OptionError(
                    "length_penalty says which sequence of a beam is best: give beam too, or leave it out"
                )
            return 0, 1.0
        if self._draws:
            raise OptionError(
                "beam searches for the likeliest sequence, and temperature, top_k, top_p, repetition_penalty and seed "
                "say how to draw one: leave out either"
            )
        return whole(self.beam, "beam"), _between(self.length_penalty, 0.0, np.finfo(float).max, "length_penalty")

    def stopping(self, classes: int) -> int | None:
        """The index that ends a row."""
        return None if self.stop is None else whole(self.stop, "stop", 0, classes - 1)

    def check_values(self) -> None:
        """Raise `OptionError` at what is said of indices, where there are none."""
        self.drawing(0, 0)
        for name in ("stop", "beam"):
            if getattr(self, name) is not None:
                raise OptionError(
                    f"{name} is of indices, but what is fed back is values: give one_hot=True if these are indices as "
                    f"vectors, or leave {name} out"
                )
        self.searching()


def _between(number: Any, low: float, high: float, what: str) -> float:
    if not is_number(number) or not low <= number <= high:
        expected = "a number in (0, 1]" if high == 1 else f"a number {'above' if low else 'of at least'} 0"
        raise OptionError(f"{what} is {shown(number)}; expected {expected}")
    return float(number)
