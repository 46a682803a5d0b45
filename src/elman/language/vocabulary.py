"""Characters and their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from elman import checks
from elman.errors import DataError


@dataclass(frozen=True)
class Vocabulary:
    """The characters that a language model knows, numbered in the order of this string.

    Parameters
    ----------
    characters : str
        Each once.

    Examples
    --------
    >>> vocabulary = Vocabulary.of("banana")
    >>> vocabulary.characters, vocabulary.encode("nab").tolist()
    ('abn', [2, 0, 1])
    >>> vocabulary.decode([1, 0, 2])
    'ban'
    """

    characters: str

    def __post_init__(self) -> None:
        checks.text(self.characters, "a vocabulary's characters")
        if not self.characters:
            raise DataError("a vocabulary needs at least one character, and the text is empty")
        if len(set(self.characters)) < len(self.characters):
            raise DataError(f"a vocabulary has each character once, got {self.characters!r}")

    @classmethod
    def of(cls, text: str) -> Vocabulary:
        """All characters of a text, sorted."""
        return cls("".join(sorted(set(checks.text(text, "the text of a vocabulary")))))

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> np.ndarray:
        """Numbers of the characters of a text (n,).

        Raises
        ------
        DataError
            If a character is not in the vocabulary: which, and where it comes first.
        """
        points = _code_points(checks.text(text, "a text to encode"))
        numbers = self._numbers[np.minimum(points, len(self._numbers) - 1)]
        unknown = np.flatnonzero(numbers < 0)
        if len(unknown):
            place = int(unknown[0])
            around = text[max(place - 10, 0) : place + 10]
            raise DataError(
                f"the character {text[place]!r} at {place} ({around!r}) is not in the vocabulary of {len(self)} "
                "characters; replace it, or train on a text that has it"
            )
        return numbers

    def decode(self, numbers: np.typing.ArrayLike) -> str:
        """The text of some numbers."""
        found = checks.floats(numbers, "numbers")
        if found.ndim != 1 or (found != np.trunc(found)).any() or not ((found >= 0) & (found < len(self))).all():
            raise DataError(
                f"numbers must be a list of whole numbers in 0 .. {len(self) - 1}, got {checks.shown(numbers)}"
            )
        return "".join([self.characters[i] for i in found.astype(int)])

    @cached_property
    def _numbers(self) -> np.ndarray:
        """The number of each code point, -1 for those without; the last one stands for all behind it."""
        points = _code_points(self.characters)
        table = np.full(int(points.max()) + 2, -1, np.int64)
        table[points] = np.arange(len(points))
        return table


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
