"""Vocabularies: what a text is cut into, and the numbers of its tokens. Each kind is a file of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from elman import checks
from elman.errors import DataError

UNKNOWN = "<unk>"
"""The token for what is not in a vocabulary that was limited."""


class Decoder(Protocol):
    """Makes a text of tokens that come one by one."""

    def __call__(self, number: int) -> str:
        """What one token more adds to the text: nothing where it is half a character."""

    def finish(self) -> str:
        """What is left when no token comes any more."""


class Vocabulary(Protocol):
    """The tokens that a language model knows.

    Attributes
    ----------
    kind : str
        What it is called in ``LanguageModel(tokens=...)``.
    unknown : int or None
        The number of the token for all that is not known; None where that is an error, or nothing is unknown.
    """

    kind: ClassVar[str]
    unknown: int | None

    @classmethod
    def of(cls, pieces: Iterable[str], most: int | None = None) -> Self:
        """Of a text in pieces that end before white space; at most so many tokens."""

    def __len__(self) -> int: ...

    def encode(self, text: str) -> np.ndarray:
        """The numbers of a text (n,)."""

    def decode(self, numbers: np.typing.ArrayLike) -> str:
        """The text of some numbers."""

    def decoder(self) -> Decoder:
        """What decodes number after number."""

    def start(self) -> int:
        """The token that a text without a prompt goes on from: a new line, where there is one."""

    def to_data(self) -> dict[str, Any]:
        """In terms of JSON, for model files."""

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """What `to_data` wrote."""


def as_tokens(numbers: Any, count: int) -> np.ndarray:
    """Numbers of tokens (n,), checked."""
    found = checks.floats(numbers, "numbers")
    if found.ndim != 1 or (found != np.trunc(found)).any() or not ((found >= 0) & (found < count)).all():
        raise DataError(f"numbers must be a list of whole numbers in 0 .. {count - 1}, got {checks.shown(numbers)}")
    return found.astype(np.int64)


def decoded(decoder: Decoder, numbers: Iterable[int]) -> Iterator[str]:
    """The text of numbers, as it comes."""
    for number in numbers:
        yield decoder(number)
    yield decoder.finish()
