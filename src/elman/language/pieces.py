"""Byte-pair pieces of words, by the library `tokenizers`, and their numbers."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from elman import checks
from elman.checks import shown
from elman.errors import DataError, ModelFileError, OptionError
from elman.language.vocabulary import as_most, as_pieces, as_tokens
from elman.untrusted import is_a, parsed

MOST, LEAST = 2_000, 256  # by default; and the bytes, which are all in it
_UNWRITTEN = [*range(33), *range(127, 161), 173]  # bytes that have no sign of their own


class Pieces:
    """Pieces of words that a language model knows: bytes, and what is often met together.

    Any text is bytes, so that no character is unknown, and what was encoded is decoded exactly.

    Parameters
    ----------
    tokenizer : str
        A tokenizer of the library `tokenizers`, as its JSON.

    References
    ----------
    R. Sennrich, B. Haddow and A. Birch, Neural machine translation of rare words with subword units, ACL 2016; of
    bytes: A. Radford et al., Language models are unsupervised multitask learners, 2019.

    Examples
    --------
    >>> import elman as el
    >>> pieces = el.language.Pieces.of(["low lower lowest " * 20], most=270)
    >>> pieces.decode(pieces.encode("lower"))
    'lower'
    """

    kind: ClassVar[str] = "pieces"
    unknown: int | None = None

    def __init__(self, tokenizer: str):
        _check(tokenizer)
        library = _library()
        try:
            self._tokenizer = library.Tokenizer.from_str(tokenizer)
        except BaseException as error:  # the library raises plain exceptions, and where it is mistaken others
            if isinstance(error, KeyboardInterrupt):
                raise
            raise ModelFileError(f"the tokenizer of the model cannot be read: {error}") from error
        self._data = tokenizer
        self._bytes = [self._bytes_of(number) for number in range(self._tokenizer.get_vocab_size())]

    def _bytes_of(self, number: int) -> bytes:
        signs = self._tokenizer.id_to_token(number)
        try:
            return bytes([_BYTES[sign] for sign in signs])
        except (KeyError, TypeError) as error:
            raise ModelFileError(f"the tokenizer of the model has the token {signs!r}, which is no bytes") from error

    @classmethod
    def of(cls, pieces: Iterable[str], most: int | None = None) -> Pieces:
        """The pieces of a text, at most `most`, 2,000 by default.

        Parameters
        ----------
        pieces : iterable of str
            The text.
        most : int, optional
            How many tokens there may be.

        Returns
        -------
        Pieces
        """
        most = as_most(most, MOST, LEAST, "pieces, as all bytes are among them") or MOST
        library = _library()
        tokenizer = library.Tokenizer(library.models.BPE())
        tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = library.decoders.ByteLevel()
        alphabet = library.pre_tokenizers.ByteLevel.alphabet()
        trainer = library.trainers.BpeTrainer(vocab_size=most, initial_alphabet=alphabet, show_progress=False)
        tokenizer.train_from_iterator((encodable(piece) for piece in as_pieces(pieces)), trainer=trainer)
        return cls(tokenizer.to_str())

    def __len__(self) -> int:
        return len(self._bytes)

    def encode(self, text: str) -> np.ndarray:
        """Numbers of the pieces of a text (n,).

        Parameters
        ----------
        text : str
            Of any length.

        Returns
        -------
        ndarray of int, shape (n,)
        """
        return np.array(self._tokenizer.encode(encodable(checks.text(text, "a text to encode"))).ids, np.int64)

    def decode(self, numbers: np.typing.ArrayLike) -> str:
        """The text of some numbers; bytes that are no character become U+FFFD.

        Parameters
        ----------
        numbers : array of int, shape (n,)
            Of tokens.

        Returns
        -------
        str
        """
        return b"".join([self._bytes[number] for number in as_tokens(numbers, len(self))]).decode("utf-8", "replace")

    def decoder(self) -> _Decoder:
        """What decodes number after number.

        Returns
        -------
        Decoder
        """
        return _Decoder(self._bytes)

    def start(self) -> int:
        """The token that a text without a prompt goes on from: a new line, where there is one.

        Returns
        -------
        int
        """
        return self._bytes.index(b"\n")

    def to_data(self) -> dict[str, Any]:
        """In terms of JSON, for model files.

        Returns
        -------
        dict
        """
        return {"tokenizer": self._data}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Pieces:
        """What `to_data` wrote.

        Parameters
        ----------
        data : dict
            As `to_data` gives it.

        Returns
        -------
        Pieces
        """
        return cls(data["tokenizer"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pieces) and self._data == other._data

    def __hash__(self) -> int:
        return hash(self._data)

    def __reduce__(self) -> tuple[Any, ...]:
        return Pieces, (self._data,)


_PARTS = {"pre_tokenizer": "ByteLevel", "decoder": "ByteLevel", "model": "BPE"}
_ABSENT = ("truncation", "padding", "normalizer", "post_processor")


def _check(tokenizer: Any) -> None:
    """Refuse a tokenizer that is not one of `Pieces.of`: others may run patterns without end, or change texts."""
    found = parsed(tokenizer, "the tokenizer of the model")
    kinds = {
        name: found[name].get("type") for name in _PARTS if isinstance(found, dict) and is_a(found.get(name), dict)
    }
    if kinds != _PARTS or any(found.get(name) is not None for name in _ABSENT) or found.get("added_tokens"):
        raise ModelFileError(f"the tokenizer of the model cannot be read: it is {shown(kinds)}, expected {_PARTS}")


class _Decoder:
    """Keeps bytes back until they are a character."""

    def __init__(self, bytes_of: list[bytes]):
        self._bytes, self._decoder = bytes_of, codecs.getincrementaldecoder("utf-8")("replace")

    def __call__(self, number: int) -> str:
        return self._decoder.decode(self._bytes[number])

    def finish(self) -> str:
        return self._decoder.decode(b"", True)


def _signs() -> dict[str, int]:
    """The byte that each sign of the library stands for: printable ones are their own, others follow at U+0100."""
    own = {chr(byte): byte for byte in range(256) if byte not in _UNWRITTEN}
    return own | {chr(256 + k): byte for k, byte in enumerate(_UNWRITTEN)}


_BYTES = _signs()


def encodable(text: str) -> str:
    """A text that can be written in UTF-8; half a surrogate pair cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(
            f"the character {text[error.start]!r} at {error.start} is half of a surrogate pair, which is no text for "
            "byte-pair pieces; replace it, or take tokens='characters'"
        ) from error
    return text


def _library() -> Any:
    try:
        import tokenizers
        import tokenizers.decoders
        import tokenizers.models
        import tokenizers.pre_tokenizers
        import tokenizers.trainers
    except ImportError as error:
        raise OptionError(
            "byte-pair pieces need the library tokenizers: pip install elman[text], or take tokens='characters' or "
            "'words'"
        ) from error
    return tokenizers
