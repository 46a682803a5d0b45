"""Characters and their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from elman import checks
from elman.errors import DataError
from elman.language.vocabulary import as_most, as_pieces, as_tokens

STANDS_FOR_OTHERS = "\ufffd"
"""Unicode's replacement character, which an unknown character becomes."""


@dataclass(frozen=True)
class Characters:
    """The characters that a language model knows, numbered in the order of this string.

    Parameters
    ----------
    characters : str
        Each once.
    limited : bool, default False
        Whether one token more stands for all other characters, and is written as U+FFFD; otherwise they are errors.

    Examples
    --------
    >>> vocabulary = Characters.of(["ban", "ana"])
    >>> vocabulary.characters, vocabulary.encode("nab").tolist()
    ('abn', [2, 0, 1])
    >>> vocabulary.decode([1, 0, 2])
    'ban'
    """

    kind: ClassVar[str] = "characters"
    characters: str
    limited: bool = False

    def __post_init__(self) -> None:
        checks.text(self.characters, "a vocabulary's characters")
        checks.flag(self.limited, "limited")
        if not self.characters:
            raise DataError("a vocabulary needs at least one character, and the text is empty")
        if len(set(self.characters)) < len(self.characters):
            raise DataError(f"a vocabulary has each character once, got {self.characters!r}")

    @classmethod
    def of(cls, pieces: Iterable[str], most: int | None = None) -> Characters:
        """All characters of a text in pieces, sorted; or the commonest, so that there are `most` tokens.

        Parameters
        ----------
        pieces : iterable of str
            The text.
        most : int, optional
            How many tokens there may be.

        Returns
        -------
        Characters
        """
        most = as_most(most, None, 2, "characters, as one stands for all that are rare")
        counts = np.zeros(0, np.int64)
        for piece in as_pieces(pieces):
            found = np.bincount(_code_points(piece), minlength=len(counts))
            found[: len(counts)] += counts
            counts = found
        known = np.flatnonzero(counts)
        if most is None or len(known) <= most:
            return cls(_text(known))
        commonest = known[np.argsort(-counts[known], kind="stable")[: most - 1]]
        return cls(_text(np.sort(commonest)), limited=True)

    @property
    def unknown(self) -> int | None:
        """The number of the token for all that is not known, if there is one."""
        return len(self.characters) if self.limited else None

    def __len__(self) -> int:
        return len(self.characters) + self.limited

    def encode(self, text: str) -> np.ndarray:
        """Numbers of the characters of a text (n,).

        Parameters
        ----------
        text : str
            Of any length.

        Returns
        -------
        ndarray of int, shape (n,)

        Raises
        ------
        DataError
            If a character is not in the vocabulary, and that is not limited: which, and what stands around it.
        """
        points = _code_points(checks.text(text, "a text to encode"))
        numbers = self._numbers[np.minimum(points, len(self._numbers) - 1)]
        strange = np.flatnonzero(numbers < 0)
        if self.unknown is not None:
            numbers[strange] = self.unknown
        elif len(strange):
            place = int(strange[0])
            around = text[max(place - 10, 0) : place + 10]
            raise DataError(
                f"the character {text[place]!r} (in {around!r}) is not in the vocabulary of {len(self)} characters; "
                "replace it, or train on a text that has it, or with vocabulary=N, which has a token for what is rare"
            )
        return numbers

    def decode(self, numbers: np.typing.ArrayLike) -> str:
        """The text of some numbers.

        Parameters
        ----------
        numbers : array of int, shape (n,)
            Of tokens.

        Returns
        -------
        str
        """
        return "".join(map(self._written, as_tokens(numbers, len(self))))

    def decoder(self) -> _Decoder:
        """What decodes number after number.

        Returns
        -------
        Decoder
        """
        return _Decoder(self)

    def start(self) -> int:
        """The token that a text without a prompt goes on from: a new line, where there is one.

        Returns
        -------
        int
        """
        return max(self.characters.find("\n"), 0)

    def to_data(self) -> dict[str, Any]:
        """In terms of JSON, for model files.

        Returns
        -------
        dict
        """
        return {"characters": list(self.characters), "limited": self.limited}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Characters:
        """What `to_data` wrote.

        Parameters
        ----------
        data : dict
            As `to_data` gives it.

        Returns
        -------
        Characters
        """
        return cls("".join(data["characters"]), data["limited"])

    def _written(self, number: int) -> str:
        return STANDS_FOR_OTHERS if number == len(self.characters) else self.characters[number]

    @cached_property
    def _numbers(self) -> np.ndarray:
        """The number of each code point, -1 for those without; the last one stands for all behind it."""
        points = _code_points(self.characters)
        table = np.full(int(points.max()) + 2, -1, np.int64)
        table[points] = np.arange(len(points))
        return table


class _Decoder:
    def __init__(self, vocabulary: Characters):
        self._vocabulary = vocabulary

    def __call__(self, number: int) -> str:
        return self._vocabulary._written(number)

    def finish(self) -> str:
        return ""


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)


def _text(points: np.ndarray) -> str:
    return points.astype(np.uint32).tobytes().decode("utf-32-le", "surrogatepass")
