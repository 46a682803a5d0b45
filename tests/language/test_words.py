"""Words, and their numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import DataError, OptionError
from elman.language import Words
from elman.language.words import words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("it's  a\ttest.", ["it's", "a", "test", "."]),
        ("well-known, 3.14!", ["well-known", ",", "3.14", "!"]),
        ("a\n\nb", ["a", "\n", "\n", "b"]),
        ("<unk> of $ 5", ["<unk>", "of", "$", "5"]),
        ("größer 日本 😀", ["größer", "日本", "😀"]),
        ("\ufeff\x00", ["\ufeff", "\x00"]),
        ("हिन्दी भाषा में", ["हिन्दी", "भाषा", "में"]),
        ("שָׁלוֹם ไม้ می\u200cخواهم", ["שָׁלוֹם", "ไม้", "می\u200cخواهم"]),
        ("cafe\u0301's ne\u0301e.", ["cafe\u0301's", "ne\u0301e", "."]),
        ("👩\u200d🚀 👍🏽 🇩🇪🇫🇷❤\ufe0f!", ["👩\u200d🚀", "👍🏽", "🇩🇪", "🇫🇷", "❤\ufe0f", "!"]),
        ("\u0301 (\u0301 -\u200d,", ["\u0301", "(", "\u0301", "-\u200d", ","]),
        ("", []),
    ],
)
def test_what_is_a_word(text, words):
    assert words_of(text) == words


def test_a_usual_text_comes_back():
    text = "To be, or not to be: that is the question.\nWhether 'tis nobler (in the mind) to suffer\n"
    vocabulary = Words.of([text])
    assert vocabulary.decode(vocabulary.encode(text)) == text.replace(" 'tis", "' tis")


@given(st.text(alphabet="ab'-. \n,(ß😀\u0301\u200dि🏽🇩’", max_size=30))
def test_what_was_written_is_read_alike(text):
    if not words_of(text):
        return
    vocabulary = Words.of([text])
    numbers = vocabulary.encode(text)
    assert [vocabulary.written(n) for n in numbers] == words_of(text)


def test_the_commonest_words_are_known():
    vocabulary = Words.of(["a a a b", " b c"], most=3)
    assert vocabulary.words == ["a", "b"] and vocabulary.unknown == 2
    assert vocabulary.encode("a c b <unk>").tolist() == [0, 2, 1, 2]
    assert vocabulary.decode([0, 2]) == "a <unk>".replace("a", " a", 1).lstrip()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Words.of([" \t "]), DataError, "the text has none"),
        (lambda: Words.of(["a"], 1), OptionError, "at least 2 words"),
        (lambda: Words(["a", "a"]), DataError, "each word once"),
        (lambda: Words(["<unk>"]), DataError, "each word once"),
        (lambda: Words(["a"]).decode([2]), DataError, "whole numbers in 0 .. 1"),
        (lambda: Words(["a"]).encode(b"a"), DataError, "expected a text"),
    ],
)
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
