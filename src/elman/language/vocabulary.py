"""Vocabularies: what a text is cut into, and the numbers of its tokens. Each kind is a file of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from elman import checks
from elman.errors import DataError, OptionError

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

    Examples
    --------
    >>> import elman as el
    >>> words = el.language.Words.of(["the cat sat on the mat"])
    >>> words.decode(words.encode("the mat"))
    'the mat'
    """

    kind: ClassVar[str]

    @property
    def unknown(self) -> int | None:
        """The number of the token for all that is not known, if there is one."""

    @classmethod
    def of(cls, pieces: Iterable[str], most: int | None = None) -> Self:
        """Of a text in pieces that end before white space; at most so many tokens.

        Parameters
        ----------
        pieces : iterable of str
            The text.
        most : int, optional
            How many tokens there may be.

        Returns
        -------
        Vocabulary
        """

    def __len__(self) -> int: ...

    def encode(self, text: str) -> np.ndarray:
        """The numbers of a text (n,).

        Parameters
        ----------
        text : str
            Of any length.

        Returns
        -------
        ndarray of int, shape (n,)
        """

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

    def decoder(self) -> Decoder:
        """What decodes number after number.

        Returns
        -------
        Decoder
        """

    def start(self) -> int:
        """The token that a text without a prompt goes on from: a new line, where there is one.

        Returns
        -------
        int
        """

    def to_data(self) -> dict[str, Any]:
        """In terms of JSON, for model files.

        Returns
        -------
        dict
        """

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """What `to_data` wrote.

        Parameters
        ----------
        data : dict
            As `to_data` gives it.

        Returns
        -------
        Vocabulary
        """


def as_pieces(pieces: Any) -> Iterator[str]:
    """The pieces of a text, checked as they come; a text is one piece."""
    try:
        found = iter([pieces] if isinstance(pieces, str) else pieces)
    except TypeError as error:
        raise OptionError(f"pieces is {checks.shown(pieces)}; expected a text or pieces of one") from error
    return (checks.text(piece, "the text of a vocabulary") for piece in found)


def as_most(most: Any, usual: int | None, least: int, what: str) -> int | None:
    """How many tokens a vocabulary has at most."""
    if most is None:
        return usual
    if checks.whole(most, "vocabulary") < least:
        raise OptionError(f"vocabulary is {most}; expected at least {least} {what}")
    return int(most)


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
