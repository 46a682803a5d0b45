"""Byte-pair pieces, and what is said where their library is missing."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from elman.errors import DataError, ModelFileError, OptionError
from elman.language import LanguageModel, Pieces
from elman.language.texts import rebroken

TEXT = "to be or not to be, that is the question\n" * 60


def test_without_the_library_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(OptionError, match=r"pip install elman\[text\]"):
        LanguageModel(tokens="pieces").fit(TEXT, verbose=0)


@pytest.fixture(scope="module")
def pieces():
    pytest.importorskip("tokenizers")
    return Pieces.of([TEXT], 300)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "to be",
        " \t\r\n  x ",
        "größer 日本 😀👩‍👩‍👧",
        "\x00\x7f\u00ad\ufeff",
        "a" * 3000,
        "".join(map(chr, range(400))),
    ],
)
def test_any_text_comes_back_whole_and_bit_by_bit(pieces, text):
    numbers = pieces.encode(text)
    assert pieces.decode(numbers) == text
    decoder = pieces.decoder()
    parts = [decoder(int(number)) for number in numbers]
    assert "".join(parts) + decoder.finish() == text
    assert "\ufffd" not in "".join(parts)


def test_half_a_character_waits(pieces):
    decoder, numbers = pieces.decoder(), pieces.encode("😀")
    assert [decoder(int(n)) for n in numbers] == ["", "", "", "😀"]
    assert decoder(int(numbers[0])) == "" and decoder.finish() == "\ufffd"


def test_common_words_are_one_piece(pieces):
    assert len(pieces.encode(" question")) == 1 and 256 < len(pieces) <= 300


def test_pieces_of_a_text_are_those_of_the_whole(pieces):
    cut = [pieces.encode(piece) for piece in rebroken([TEXT], 50)]
    assert len(cut) > 20 and np.array_equal(np.concatenate(cut), pieces.encode(TEXT))


def test_a_model_and_its_file(pieces, tmp_path):
    model = LanguageModel(
        tokens="pieces", vocabulary=300, units=16, steps=8, streams=4, epochs=8, tied=True, learning_rate=0.02
    ).fit(TEXT, verbose=0)
    score = model.evaluate("to be or not to be")
    assert score.bits_per_character < 3 and score.characters == len("to be or not to be") - 2
    other = LanguageModel.load(model.save(tmp_path / "pieces.safetensors"))
    assert other.vocabulary_ == model.vocabulary_
    assert "".join(other.stream("to", 20, seed=2)) == model.generate("to", 20, seed=2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Pieces.of(["a"], 255), OptionError, "at least 256 pieces"),
        (lambda: Pieces.of(["a\ud800"]), DataError, "half of a surrogate pair"),
        (lambda: Pieces("{}"), ModelFileError, "cannot be read"),
    ],
)
def test_mistakes_are_named(pieces, call, error, message):
    with pytest.raises(error, match=message):
        call()
