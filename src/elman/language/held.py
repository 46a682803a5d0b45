"""What a language model learns from and what judges it: a text in two parts, as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from elman.errors import DataError
from elman.language.numbers import Numbers
from elman.language.texts import Texts, between, rebroken, texts_of
from elman.language.vocabulary import Vocabulary


@dataclass(frozen=True)
class Encoded:
    """A text as numbers, and how many characters it had."""

    numbers: Numbers
    characters: int


@dataclass
class Parts:
    """A text to learn from, and one that is held out: its end, or another text.

    Attributes
    ----------
    learnt, held : Texts
        What they are of.
    first : int
        The characters of `learnt` that are learnt from.
    whole : int
        All characters of it.
    """

    learnt: Texts
    held: Texts | None
    first: int
    whole: int

    @classmethod
    def of(cls, text: Any, validation_text: Any, share: float) -> Parts:
        learnt = texts_of(text)
        count = sum(map(len, learnt))
        if not count:
            raise DataError(f"{learnt.name} is empty; expected a text to learn from")
        if validation_text is None:
            return cls(learnt, None, count - int(count * share), count)
        return cls(learnt, texts_of(validation_text, "validation_text"), count, count)

    def training(self) -> Iterator[str]:
        """The pieces to learn from."""
        return rebroken(between(self.learnt, 0, self.first))

    def held_out(self) -> Iterator[str]:
        """The pieces that are held out."""
        return rebroken(self.held if self.held is not None else between(self.learnt, self.first))

    def everything(self) -> Iterator[str]:
        yield from self.training()
        yield from self.held_out()

    @property
    def notes(self) -> list[str]:
        return [*self.learnt.notes, *(self.held.notes if self.held is not None else [])]


def encoded(pieces: Iterator[str], vocabulary: Vocabulary) -> Encoded:
    """A text in pieces as numbers."""
    characters = 0

    def counted() -> Iterator[str]:
        nonlocal characters
        for piece in pieces:
            characters += len(piece)
            yield piece

    return Encoded(Numbers.of_text(counted(), vocabulary), characters)
