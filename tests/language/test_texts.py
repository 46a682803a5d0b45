"""Texts as users give them: files of all encodings, folders, documents; in pieces of any size."""

from __future__ import annotations

import gc
import io
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.decoding import decoded
from elman.data.text_files import TextFile
from elman.errors import DataError
from elman.language import Characters
from elman.language.numbers import Numbers
from elman.language.texts import between, rebroken, texts_of

GERMAN = "Größe: 5 €\nübrig – „nichts“\n" * 9
UGLY = {
    "utf-8": (GERMAN.encode(), GERMAN),
    "utf-8 with its mark": (GERMAN.encode("utf-8-sig"), GERMAN),
    "utf-16": (GERMAN.encode("utf-16"), GERMAN),
    "utf-16 without a mark": ("plain words\n" * 9).encode("utf-16-le")
    and (("plain words\n" * 9).encode("utf-16-le"), "plain words\n" * 9),
    "utf-32": (GERMAN.encode("utf-32"), GERMAN),
    "cp1252": (GERMAN.encode("cp1252"), GERMAN),
    "latin-1": (b"na\xefve \x81 text\n" * 9, "na\xefve \x81 text\n" * 9),
    "CRLF": (GERMAN.replace("\n", "\r\n").encode(), GERMAN),
    "old Mac": (GERMAN.replace("\n", "\r").encode(), GERMAN),
    "one character": (b"x", "x"),
    "empty": (b"", ""),
    "emoji": ("👩‍👩‍👧😀\n".encode() * 9, "👩‍👩‍👧😀\n" * 9),
    "one very long line": (b"ab " * 40_000, "ab " * 40_000),
    "a few control bytes": (b"fine text\n" * 200 + b"\x01", "fine text\n" * 200),
}


@pytest.fixture(params=[3, 7, 1 << 20], ids="blocks of {}".format)
def block(request, monkeypatch):
    monkeypatch.setattr("elman.data.text_files.BLOCK", request.param if request.param > 7 else 4 * request.param)
    return request.param


@pytest.mark.parametrize("name", UGLY)
def test_a_file_in_blocks_is_the_file(name, block, tmp_path):
    data, text = UGLY[name]
    if block < 100 and len(data) > 50_000:
        data, text = data[: 30 * 21], text[: 30 * 21]
    file = tmp_path / "text.txt"
    file.write_bytes(data)
    read = texts_of(file)
    assert "".join(read) == text == "".join(read)
    noted = name in ("cp1252", "latin-1", "a few control bytes")
    assert len(read.notes) == noted and (not noted or "text.txt" in read.notes[0])
    if not noted and name != "empty":
        assert decoded(data, "it").text.replace("\r\n", "\n").replace("\r", "\n") == text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"text\x00text", "holds the byte 0x00 at character 4"),
        (bytes(range(1, 32)) * 9, "control bytes"),
        (b"\xff\xfea\x00b", "begins as UTF-16 but is not"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "holds the byte 0x00"),
    ],
)
def test_files_that_are_no_texts(data, message, tmp_path):
    (tmp_path / "it").write_bytes(data)
    with pytest.raises(DataError, match=message):
        list(TextFile(tmp_path / "it"))


def test_a_folder_is_read_in_order_of_names(tmp_path):
    for name, text in (("b.txt", "second"), ("a.txt", "first\n"), ("c.md", "not read")):
        (tmp_path / name).write_text(text)
    (tmp_path / "D.TXT").write_text("an old one")
    (tmp_path / "folder.txt").mkdir()
    assert "".join(texts_of(tmp_path)) == "an old one\nfirst\nsecond\n"


def test_documents_come_one_by_one_and_can_be_read_again():
    read = texts_of(text for text in ("one", "", "two\n", "é\udcff"))
    assert "".join(read) == "one\ntwo\né\udcff\n" == "".join(read)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (b"bytes", "bytes are decoded before"),
        (5, "expected a text"),
        (["a", 5], "item 1 is 5"),
        (None, "expected a text"),
        (io.BytesIO(b"a"), "item 0 is b'a'"),
        ({"a title": "a text"}, "expected a text"),
        ({"one", "another"}, "expected a text"),
    ],
)
def test_what_is_no_text(given_, message):
    with pytest.raises(DataError, match=message):
        texts_of(given_)


def test_a_table_is_no_text_and_its_column_is():
    table = pytest.importorskip("pandas").DataFrame({"text": ["one", "another"]})
    with pytest.raises(DataError, match="of a table one column is given"):
        texts_of(table)
    assert "".join(texts_of(table["text"])) == "one\nanother\n"


def test_a_file_is_given_as_a_path(tmp_path):
    (tmp_path / "text.txt").write_text("words")
    with pytest.raises(DataError, match="the name of a file; give it as a Path"):
        texts_of(str(tmp_path / "text.txt"))
    assert "".join(texts_of("a\0b")) == "a\0b"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_cannot_be_read_twice(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is a pipe or a device"):
        texts_of(tmp_path / "pipe")


@pytest.mark.filterwarnings("error")
def test_temporary_files_are_closed_with_what_holds_them(monkeypatch):
    monkeypatch.setattr("elman.language.numbers.IN_MEMORY", 10)
    read, numbers = texts_of(["one", "two"]), Numbers.of([np.arange(50)], 50)
    files = [read._file, numbers._file]
    del read, numbers
    gc.collect()
    assert all(file.closed for file in files)


def test_paths_that_lead_nowhere(tmp_path):
    with pytest.raises(DataError, match="has no file"):
        texts_of(tmp_path)
    with pytest.raises(DataError, match="there is no file"):
        texts_of(tmp_path / "nothing.txt")


@given(st.lists(st.text(alphabet="ab \n")), st.integers(1, 5), st.integers(0, 9), st.integers(0, 30))
def test_pieces_put_together_are_the_text(parts, size, first, last):
    text = "".join(parts)
    pieces = list(rebroken(parts, size))
    assert "".join(pieces) == text and all(len(piece) <= 2 * size for piece in pieces[:-1])
    assert "".join(between(parts, first, last)) == text[first:last]
    assert "".join(between(parts, first)) == text[first:]


def test_pieces_end_before_white_space():
    text = "some words of a text, and more of them\n" * 30
    assert all(piece[0].isspace() for piece in list(rebroken([text], 40))[1:])


@pytest.mark.parametrize("below", [2, 256, 257, 70_000])
def test_numbers_on_disk_are_those_in_memory(below, monkeypatch):
    arrays = [np.random.default_rng(k).integers(0, below, 1000) for k in range(5)]
    kept = Numbers.of(arrays, below)
    monkeypatch.setattr("elman.language.numbers.IN_MEMORY", 1500)
    stored = Numbers.of(arrays, below)
    assert stored.on_disk and not kept.on_disk
    whole = np.concatenate(arrays)
    for numbers in (kept, stored):
        assert len(numbers) == 5000 and np.array_equal(np.concatenate(list(numbers.pieces(700))), whole)
        assert np.array_equal(numbers.read(990, 30), whole[990:1020]) and np.array_equal(
            numbers.read(4990, 30), whole[4990:]
        )
        assert numbers.counted(1) == (whole == 1).sum() and numbers.counted(None) == 0


def test_a_text_as_numbers():
    vocabulary = Characters("ab")
    assert Numbers.of_text(["ab", "", "ba"], vocabulary).read(0, 9).tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("name", ["nope.txt", "data/input.TXT", "C:/books/war-and-peace.md", "rows.csv"])
def test_a_text_that_is_only_the_name_of_a_missing_file_is_refused(name):
    with pytest.raises(DataError, match="looks like the name of a file, and there is none"):
        texts_of(name)


@pytest.mark.parametrize("text", ["It is in notes.txt", "a\nb.txt", "word", "3.14", "end.", "x.y.z"])
def test_other_short_texts_are_texts(text):
    assert list(texts_of(text)) == [text]
