"""How well a language model foretells a text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from elman.language.numbers import Numbers
from elman.network import Network

STEPS = 2048  # of a text that are judged in one run, at most
LOGITS = 1 << 23  # that a run makes, about
LEAST = 4096  # tokens of a part, where parts are judged side by side
ROWS = 16  # parts at most
BEFORE = 256  # tokens that are read before a part, to have states


@dataclass(frozen=True)
class TextScore:
    """The cross entropy of a text under a model.

    Attributes
    ----------
    nats : float
        Of the whole text: the sum of ``-ln p`` of each token but the first, given all before it.
    tokens : int
        How many were foretold.
    characters : int
        Of the text, but those of the first token.
    unknown : int
        How many of the tokens were ``<unk>``, which says less than the word it stands for: where there are any, the
        bits per character are too few, and no measure to compare by.

    Examples
    --------
    >>> import elman as el
    >>> score = el.language.TextScore(nats=69.3, tokens=100, characters=100)
    >>> round(score.bits_per_character, 2), round(score.perplexity, 2)
    (1.0, 2.0)
    """

    nats: float
    tokens: int
    characters: int
    unknown: int = 0

    def plain(self) -> dict[str, Any]:
        """In terms of JSON.

        Returns
        -------
        dict
        """
        return asdict(self) | {"bits_per_character": self.bits_per_character, "perplexity": self.perplexity}

    def __repr__(self) -> str:
        unknown = f", {self.unknown:,} of them unknown" if self.unknown else ""
        return (
            f"<TextScore: {self.bits_per_character:.4f} bits per character, perplexity {self.perplexity:.4g} of "
            f"{self.tokens:,} tokens{unknown}>"
        )

    @property
    def perplexity(self) -> float:
        """The exponential of the mean cross entropy of a token."""
        return math.exp(min(self.nats / self.tokens, 700))

    @property
    def bits_per_character(self) -> float:
        """The cross entropy of a character in bits, which compares models of all kinds of tokens."""
        return self.nats / (math.log(2) * self.characters)

    @property
    def bits_per_token(self) -> float:
        """The same of a token."""
        return self.nats / (math.log(2) * self.tokens)


def nats(net: Network, pieces: Iterable[np.ndarray]) -> tuple[float, int]:
    """The sum of ``-ln p`` of each token but the first, in one run over the whole text, and how many these are."""
    total, count, state, steps = 0.0, 0, None, _steps(net, 1)
    last = np.empty(0, np.int64)
    for piece in pieces:
        numbers = np.concatenate([last, piece])
        for first in range(0, len(numbers) - 1, steps):
            part = numbers[first : first + steps + 1]
            logits, state = net(part[None, :-1, None], state=state, return_state=True)
            total += float(losses(logits[0], part[1:]).sum())
            count += len(part) - 1
        last = numbers[-1:]
    return total, count


def mean_nats(net: Network, numbers: Numbers) -> float:
    """About the mean of the same, of parts of the text side by side, each after some tokens that are not judged.

    What lies before a part is left out, but for the last `BEFORE` tokens, so that it is much faster, and a little more
    than `nats` says.
    """
    rows = min(max((len(numbers) - 1) // LEAST, 1), ROWS)
    size = (len(numbers) - 1) // rows
    starts = [k * size for k in range(rows)]
    before = min(BEFORE, size)
    total, state = 0.0, None
    if rows > 1:
        warm = np.stack([numbers.read(max(start - before, 0), before) for start in starts])
        _, state = net(warm[..., None], return_state=True)
        for states in state:
            for one in states:
                one[0] = 0
    most = _steps(net, rows)
    for first in range(0, size, most):
        steps = min(most, size - first)
        part = np.stack([numbers.read(start + first, steps + 1) for start in starts])
        logits, state = net(part[:, :-1, None], state=state, return_state=True)
        total += float(sum(losses(row, target).sum() for row, target in zip(logits, part[:, 1:], strict=True)))
    return total / (rows * size)


def _steps(net: Network, rows: int) -> int:
    """How many steps of so many rows are run together."""
    return max(min(STEPS, LOGITS // (rows * net.outputs)), 16)


def losses(logits: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """``-ln p`` of the tokens that came (T,), under logits (T, V)."""
    highest = logits.max(axis=1)
    away = logits - highest[:, None]
    normaliser = np.log(np.exp(away).sum(axis=1, dtype=np.float64))
    return normaliser - away[np.arange(len(numbers)), numbers]
