"""Texts: what a user gives to learn from or to judge, gone through in pieces that fit into memory."""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

from elman.checks import shown
from elman.data.text_files import TextFile
from elman.errors import DataError
from elman.files import close_quietly, temporary

PIECE = 1 << 20  # characters that are looked at together, about
_NO_DOCUMENTS = (bytes, bytearray, memoryview, Mapping, Set)  # bytes, names of things, and texts in no order
_LIKE_A_NAME = re.compile(r"\S{1,200}\.(txt|text|md|csv|tsv|json|jsonl|html|gz|zip)", re.IGNORECASE)
_BEFORE_SPACE = re.compile(r"(?<=\S)(?=\s)")


class Texts(Protocol):
    """A text that can be read again and again.

    Attributes
    ----------
    name : str
        For messages.
    notes : list of str
        What the user should know of how it was read; complete once it was gone through.
    """

    name: str
    notes: list[str]

    def __iter__(self) -> Iterator[str]:
        """Its pieces, which put together are the text."""


@dataclass
class Whole:
    """A text in memory."""

    text: str
    name: str = "the text"
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        return iter([self.text] if self.text else [])


@dataclass
class Files:
    """Text files, one behind the other; behind each that does not end with a line break there is one."""

    files: list[TextFile]
    name: str
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        for file in self.files:
            yield from _ended(file) if len(self.files) > 1 else file
        self.notes = [note for file in self.files for note in file.notes]


class Spooled:
    """Documents of an iterable that can be gone through once, kept in a temporary file."""

    def __init__(self, documents: Iterable[Any], name: str = "the text"):
        self.name, self.notes = name, list[str]()
        with temporary(name):
            self._file: IO[bytes] = TemporaryFile(prefix="elman-")  # noqa: SIM115 (closed with what holds it)
        weakref.finalize(self, close_quietly, self._file)
        for number, document in enumerate(documents):
            if not isinstance(document, str):
                raise DataError(f"{name} is an iterable whose item {number} is {shown(document)}; expected texts (str)")
            for piece in _ended([document]):
                with temporary(name):
                    self._file.write(piece.encode("utf-8", "surrogatepass"))

    def __iter__(self) -> Iterator[str]:
        with temporary(self.name):
            self._file.seek(0)  # which writes what is left to write
        rest = b""
        while block := self._read():
            block = rest + block
            cut = _whole_characters(block)
            rest = block[cut:]
            yield block[:cut].decode("utf-8", "surrogatepass")

    def _read(self) -> bytes:
        with temporary(self.name):
            return self._file.read(PIECE)


def texts_of(given: Any, name: str = "the text") -> Texts:
    """What a user gives as a text.

    Parameters
    ----------
    given : str, path, or iterable of str
        A text itself; a `Path` of a file, or of a folder, whose files ``*.txt`` are read in the order of their names;
        or documents, which may come one by one from a generator. Behind each document, or file of a folder, that does
        not end with a line break, there is one.
    name : str
        For messages.

    Raises
    ------
    DataError
        If it is none of these, or there is no such file.
    """
    if isinstance(given, str):
        if _names_a_file(given):
            raise DataError(f"{name} is {given!r}, the name of a file; give it as a Path({given!r}) to have it read")
        if _LIKE_A_NAME.fullmatch(given):
            raise DataError(
                f"{name} is {given!r}, which looks like the name of a file, and there is none; a str is read "
                "as the text itself, a file is given as a Path"
            )
        return Whole(given, name)
    if isinstance(given, os.PathLike) and not isinstance(os.fspath(given), bytes):
        return _of_path(Path(given))
    try:
        documents = None if isinstance(given, _NO_DOCUMENTS) or hasattr(given, "columns") else iter(given)
    except TypeError:
        documents = None
    if documents is None:
        hint = (
            "; a file is given as a Path, bytes are decoded before: data.decode(), and of a table one column is given"
        )
        raise DataError(f"{name} is {shown(given)}; expected a text (str), a Path or an iterable of texts{hint}")
    return Spooled(documents, name)


def _names_a_file(text: str) -> bool:
    """Whether a text is what a file here is called, which is hardly what someone wants to learn."""
    try:
        return 0 < len(text) < 1000 and "\n" not in text and Path(text).is_file()
    except (OSError, ValueError):  # no name at all
        return False


def _of_path(path: Path) -> Files:
    if path.is_dir():
        files = text_files(path)
        if not files:
            raise DataError(f"the folder {path} has no file *.txt; give the file of a text, or a folder with some")
        return Files([TextFile(file) for file in files], str(path))
    if path.exists() and not path.is_file():
        raise DataError(f"{path} is a pipe or a device, which cannot be read twice; expected a file")
    if not path.is_file():
        hint = " (a text itself is given as a str)" if not path.suffix else ""
        raise DataError(f"there is no file {path}; expected a text{hint}")
    return Files([TextFile(path)], str(path))


def text_files(folder: Path) -> list[Path]:
    """The files ``*.txt`` of a folder, whatever the case of the ending, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".txt" and path.is_file())


def _ended(pieces: Iterable[str]) -> Iterator[str]:
    """A document with a line break at its end; nothing of an empty one."""
    last = ""
    for piece in pieces:
        last = piece or last
        yield piece
    if last and not last.endswith("\n"):
        yield "\n"


def _whole_characters(block: bytes) -> int:
    """Where the last character begins that may go on behind a block of UTF-8; its end, if none does."""
    for back in range(1, min(4, len(block)) + 1):
        byte = block[-back]
        if byte < 0x80:
            return len(block)
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(block) if back == length else len(block) - back
    return len(block)


def rebroken(pieces: Iterable[str], size: int = PIECE) -> Iterator[str]:
    """The same text in pieces of about `size` characters that end before white space, where there is any.

    So no word or byte-pair piece is cut in two; a run of `size` characters without white space is.
    """
    held = ""
    for piece in pieces:
        held, first = held + piece, 0
        while len(held) - first >= 2 * size:
            found = [m.start() for m in _BEFORE_SPACE.finditer(held, first + size, first + 2 * size)][-1:]
            cut = found[0] if found else first + 2 * size
            yield held[first:cut]
            first = cut
        held = held[first:]
    if held:
        yield held


def between(pieces: Iterable[str], first: int, last: int | None = None) -> Iterator[str]:
    """The characters of a text from one place to another."""
    place = 0
    for piece in pieces:
        start = max(first - place, 0)
        end = len(piece) if last is None else min(last - place, len(piece))
        if start < end:
            yield piece[start:end]
        place += len(piece)
        if last is not None and place >= last:
            return
