"""Bytes as text: the encodings that files have, and a note where one had to be guessed."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from elman.errors import DataError

_MARKS = (  # longest first: the mark of UTF-32 begins as that of UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 4096  # bytes in which UTF-16 without a mark shows
_ALLOWED = "\t\n\r\f\x0b\x1a\x1c\x1d\x1e\x1f"  # control characters that texts hold, the end mark of DOS among them
_PASSED_OVER = {i: None for i in range(32) if chr(i) not in _ALLOWED}
CONTROL = re.compile(f"[{re.escape(''.join(map(chr, _PASSED_OVER)))}]")  # those that texts do not hold
SPOILT = 0.001  # the share of other control characters from which on a file is no text


@dataclass(frozen=True)
class Decoded:
    """A text, and what the user should know of how it was read.

    Attributes
    ----------
    text : str
    note : str
        Empty where the text is in Unicode.
    """

    text: str
    note: str


def decoded(data: bytes, name: str) -> Decoded:
    """A file's bytes as text.

    Unicode is known by its mark or by being valid UTF-8; anything else is taken for Windows' cp1252, or for Latin-1
    where it has bytes that cp1252 does not know, and the note says so.

    Parameters
    ----------
    data : bytes
        All of the file: whether it is UTF-8 shows at its end only.
    name : str
        Of the file, for messages.

    Raises
    ------
    DataError
        If the bytes are no text in any of these encodings.

    Examples
    --------
    >>> decoded("größe".encode("utf-16"), "x.txt")
    Decoded(text='größe', note='')
    >>> decoded("größe".encode("cp1252"), "x.txt").note
    "x.txt is not UTF-8: it was read as cp1252 (Windows' Western European)"
    """
    text, note = _by_mark(data, name) or _by_trial(data, name)
    text = text.removesuffix("\x1a")
    strange = [c for c in text if c < " " and c not in _ALLOWED] if _has_control(data) else []
    if not strange:
        return Decoded(text, note)
    where = f"line {text.count(chr(10), 0, text.index(strange[0])) + 1} holds the byte {ord(strange[0]):#04x}"
    if "\0" in strange or len(strange) > SPOILT * len(text):
        raise DataError(f"{name} is not a text: {where}. Give a CSV or Parquet file")
    told = f"{name} holds bytes that are no text, which were passed over: {where}"
    return Decoded(text.translate(_PASSED_OVER), f"{note}; {told}" if note else told)


def _by_mark(data: bytes, name: str) -> tuple[str, str] | None:
    encoding = encoding_of_start(data, len(data))
    if encoding is None:
        return None
    try:
        return data.decode(encoding), ""
    except UnicodeDecodeError as error:
        if encoding == "utf-8-sig":  # a mark that an editor put before something else
            return _by_trial(data.removeprefix(codecs.BOM_UTF8), name)
        shown = encoding.upper()
        raise DataError(f"{name} begins as {shown} but is not: {error.reason} at byte {error.start}") from error


def encoding_of_start(start: bytes, size: int) -> str | None:
    """The Unicode encoding that the first bytes of a file of some size tell, by its mark or as UTF-16 does."""
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    return marked or _unmarked_utf16(start[:_LOOKED_AT], size)


def _unmarked_utf16(start: bytes, size: int) -> str | None:
    """UTF-16 of mostly Western text has a zero in every other byte."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if size % 2 or size < 4 or max(even, odd) < 0.4 * (len(start) / 2) or min(even, odd) > 0:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _by_trial(data: bytes, name: str) -> tuple[str, str]:
    for encoding, known_as in (
        ("utf-8", ""),
        ("cp1252", "cp1252 (Windows' Western European)"),
        ("latin-1", "Latin-1 (ISO 8859-1)"),
    ):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text, f"{name} is not UTF-8: it was read as {known_as}" if known_as else ""
    raise AssertionError("every byte is a character of Latin-1")


def _has_control(data: bytes) -> bool:
    return len(data) != len(data.translate(None, bytes(set(range(32)) - set(_ALLOWED.encode()))))
