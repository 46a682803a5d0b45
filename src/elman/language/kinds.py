"""The kinds of tokens, by name."""

from __future__ import annotations

from typing import Any

from elman.checks import nearest, shown
from elman.errors import ModelFileError, OptionError
from elman.language.characters import Characters
from elman.language.pieces import Pieces
from elman.language.vocabulary import Vocabulary
from elman.language.words import Words
from elman.untrusted import UNREADABLE

KINDS: dict[str, type[Vocabulary]] = {kind.kind: kind for kind in (Characters, Words, Pieces)}


def kind_of(tokens: Any) -> type[Vocabulary]:
    """The vocabulary's class for ``LanguageModel(tokens=...)``.

    Raises
    ------
    OptionError
        If there is no such kind.
    """
    if not isinstance(tokens, str) or tokens not in KINDS:
        hint = nearest(tokens, KINDS) if isinstance(tokens, str) else ""
        raise OptionError(f"tokens is {shown(tokens)}{hint}; expected one of {', '.join(KINDS)}")
    return KINDS[tokens]


def vocabulary_data(vocabulary: Vocabulary) -> dict[str, Any]:
    """A vocabulary in terms of JSON, with its kind."""
    return {"kind": vocabulary.kind, **vocabulary.to_data()}


def vocabulary_from(data: dict[str, Any]) -> Vocabulary:
    """What `vocabulary_data` wrote.

    Raises
    ------
    ModelFileError
        If it is no vocabulary.
    """
    try:
        return kind_of(data["kind"]).from_data(data)
    except UNREADABLE as error:
        raise ModelFileError(f"its vocabulary cannot be read: {error}") from error
