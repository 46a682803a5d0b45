"""Text files of any size: decoded block by block, in the encodings that `decoding` knows."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from elman.data.decoding import CONTROL, SPOILT, encoding_of_start
from elman.errors import DataError

BLOCK = 1 << 20  # bytes
_TRIED = (("utf-8", ""), ("cp1252", "cp1252 (Windows' Western European)"), ("latin-1", "Latin-1 (ISO 8859-1)"))


class TextFile:
    """A file of text, which can be read again and again, a block at a time.

    Unicode is known by its mark or by being valid UTF-8, anything else is taken for Windows' cp1252, or for Latin-1, as
    `elman.data.decoding.decoded` does with a whole file. Ends of lines, ``\\r\\n`` and ``\\r``, become ``\\n``.

    Parameters
    ----------
    path : Path
        Where it is.

    Attributes
    ----------
    notes : list of str
        What the user should know of how it was read; complete once it was gone through.

    Raises
    ------
    DataError
        While it is read: if it cannot be, or is no text.
    """

    def __init__(self, path: Path):
        self.path, self.notes = path, list[str]()
        self._encoding: str | None = None

    def __iter__(self) -> Iterator[str]:
        if self._encoding is None:
            self._encoding = self._found()
        characters = strange = 0
        breaks = _Breaks()
        for text in self._decoded(self._encoding):
            text = text.removeprefix("\ufeff") if not characters else text
            characters += len(text)
            wrong = len(CONTROL.findall(text))
            if "\0" in text:
                place = characters - len(text) + text.index("\0")
                raise DataError(f"{self.path} is not a text: it holds the byte 0x00 at character {place}")
            strange += wrong
            yield breaks(CONTROL.sub("", text) if wrong else text)
        yield breaks("", last=True)
        self._look_at(strange, characters)

    def _look_at(self, strange: int, characters: int) -> None:
        if strange > SPOILT * characters:
            raise DataError(f"{self.path} is not a text: {strange} of its {characters} characters are control bytes")
        if strange:
            self._note(f"{self.path} holds {strange} control bytes that are no text, which were passed over")

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _found(self) -> str:
        """The encoding: the mark's, or the first in which all of the file can be read."""
        marked = encoding_of_start(next(self._blocks(), b""), self._size())
        if marked is not None:
            return self._checked(marked)
        for encoding, known_as in _TRIED:
            try:
                for _ in self._decoded(encoding):
                    pass
            except UnicodeDecodeError:
                continue
            if known_as:
                self._note(f"{self.path} is not UTF-8: it was read as {known_as}")
            return encoding
        raise AssertionError("every byte is a character of Latin-1")

    def _checked(self, encoding: str) -> str:
        try:
            for _ in self._decoded(encoding):
                pass
        except UnicodeDecodeError as error:
            if encoding == "utf-8-sig":  # a mark that an editor put before something else
                self._note(f"{self.path} begins as UTF-8 but is not: it was read as {_TRIED[2][1]}")
                return "latin-1"
            shown = encoding.upper()
            raise DataError(f"{self.path} begins as {shown} but is not: {error.reason}") from error
        return encoding

    def _decoded(self, encoding: str) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(encoding)()
        for block in self._blocks():
            yield decoder.decode(block)
        yield decoder.decode(b"", True)

    def _blocks(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                while block := file.read(BLOCK):
                    yield block
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror}") from error

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror}") from error


class _Breaks:
    """Ends of lines as ``\\n``, also those whose two characters lie in two blocks."""

    def __init__(self) -> None:
        self._held = ""

    def __call__(self, text: str, last: bool = False) -> str:
        text, self._held = self._held + text, ""
        if text.endswith("\r") and not last:
            text, self._held = text[:-1], "\r"
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
