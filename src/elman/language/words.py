"""Words, marks and line breaks, and their numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar
from unicodedata import category

import numpy as np

from elman import checks
from elman.errors import DataError
from elman.language.vocabulary import UNKNOWN, as_most, as_pieces, as_tokens

MOST = 10_000  # by default
_CLOSING, _OPENING = set(".,;:!?)]}%’'"), set("([{$\n")


@cache
def _token() -> re.Pattern[str]:
    """A word, a sign or a line break; made when it is asked for, as that takes some time.

    A mark, such as a vowel of many scripts, belongs to the letter or sign before it, and a joiner joins: Unicode's
    ``\\w`` (UTS 18) has both, Python's has not.
    """
    points = (*range(0x300, 0x1F000), *range(0xE0100, 0xE01F0))
    marks = "".join(c for c in map(chr, points) if category(c)[0] == "M") + "\u200c\u200d"
    marked = "(?=[^\0-\u02ff])"  # most characters are no mark, and this says so sooner
    word = rf"\w+(?:{marked}[{marks}]\w*)*"
    flag, tones = "[\U0001f1e6-\U0001f1ff]{2}", "\U0001f3fb-\U0001f3ff"
    after = f"(?:{marked}[{marks}{tones}])*"
    joined = rf"(?:(?<=\u200d)[^\w\s\0-\u20ff]{after})*"
    return re.compile(rf"\n|<unk>|{word}(?:['’\-.]{word})*|[(\[{{$]|(?:{flag}|[^\w\s]){after}{joined}")


def words_of(text: str) -> list[str]:
    """The tokens of a text: words, with apostrophes, hyphens and points inside, single signs, and line breaks.

    Examples
    --------
    >>> words_of("O, it's well-known.\\n")
    ['O', ',', "it's", 'well-known', '.', '\\n']
    """
    return _token().findall(checks.text(text, "a text to encode"))


@dataclass(frozen=True)
class Words:
    """The words that a language model knows, the commonest first; a last token stands for all others.

    White space other than line breaks is not kept: decoding puts a space between words, and none before a full stop.

    Parameters
    ----------
    words : list of str
        Each once, without ``<unk>``.

    Examples
    --------
    >>> vocabulary = Words.of(["to be, or not to be"])
    >>> vocabulary.words
    ['be', 'to', ',', 'not', 'or']
    >>> vocabulary.decode(vocabulary.encode("to be , or so"))
    'to be, or <unk>'
    """

    kind: ClassVar[str] = "words"
    words: list[str]

    def __post_init__(self) -> None:
        words = checks.listed(self.words, "words", "texts")
        object.__setattr__(self, "words", [checks.text(word, "a word of a vocabulary") for word in words])
        if not self.words:
            raise DataError("a vocabulary needs at least one word, and the text has none")
        if len(set(self.words)) < len(self.words) or UNKNOWN in self.words:
            raise DataError(f"a vocabulary has each word once, and {UNKNOWN} is not one of them")

    @classmethod
    def of(cls, pieces: Iterable[str], most: int | None = None) -> Words:
        """The commonest words of a text in pieces, so that there are at most `most` tokens, 10,000 by default.

        Parameters
        ----------
        pieces : iterable of str
            The text.
        most : int, optional
            How many tokens there may be.

        Returns
        -------
        Words
        """
        most = as_most(most, MOST, 2, "words, as one stands for all that are rare") or MOST
        counts: Counter[str] = Counter()
        for piece in as_pieces(pieces):
            counts.update(words_of(piece))
        del counts[UNKNOWN]
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls([word for word, _ in ranked[: most - 1]])

    @property
    def unknown(self) -> int:
        """The number of the token for all that is not known, if there is one."""
        return len(self.words)

    def __len__(self) -> int:
        return len(self.words) + 1

    def encode(self, text: str) -> np.ndarray:
        """Numbers of the words of a text (n,); those that are not known have the last.

        Parameters
        ----------
        text : str
            Of any length.

        Returns
        -------
        ndarray of int, shape (n,)
        """
        known, unknown = self._numbers, self.unknown
        return np.array([known.get(word, unknown) for word in words_of(text)], np.int64)

    def decode(self, numbers: np.typing.ArrayLike) -> str:
        """A text of some words.

        Parameters
        ----------
        numbers : array of int, shape (n,)
            Of tokens.

        Returns
        -------
        str
        """
        decoder = self.decoder()
        return "".join([decoder(int(number)) for number in as_tokens(numbers, len(self))])

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
        return self._numbers.get("\n", 0)

    def written(self, number: int) -> str:
        """A word by its number, as texts have it.

        Parameters
        ----------
        number : int
            Of the token.

        Returns
        -------
        str
        """
        return UNKNOWN if number == len(self.words) else self.words[number]

    def to_data(self) -> dict[str, Any]:
        """In terms of JSON, for model files.

        Returns
        -------
        dict
        """
        return {"words": list(self.words)}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Words:
        """What `to_data` wrote.

        Parameters
        ----------
        data : dict
            As `to_data` gives it.

        Returns
        -------
        Words
        """
        return cls(data["words"])

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words)}


class _Decoder:
    """Puts words together, with a space where one belongs."""

    def __init__(self, vocabulary: Words):
        self._vocabulary, self._last = vocabulary, "\n"

    def __call__(self, number: int) -> str:
        word = self._vocabulary.written(number)
        close = self._last in _OPENING or word in _CLOSING or word == "\n"
        self._last = word
        return word if close else f" {word}"

    def finish(self) -> str:
        return ""
