"""Characters and their numbers, and a text as parallel streams."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import DataError
from elman.language import Characters, parallel_streams


@given(st.text(min_size=1))
def test_decoding_gives_the_text_back(text):
    vocabulary = Characters.of(text)
    numbers = vocabulary.encode(text)
    assert vocabulary.decode(numbers) == text
    assert set(numbers) == set(range(len(vocabulary)))


@given(st.text(min_size=1), st.characters())
def test_an_unknown_character_is_named_with_what_is_around(text, stranger):
    text = text.replace(stranger, "") or ("a" if stranger != "a" else "b")
    with pytest.raises(DataError, match=re.escape(f"(in {(text + stranger)[-11:]!r})")):
        Characters.of(text).encode(text + stranger)


@given(st.text(min_size=3), st.integers(2, 6))
def test_a_limit_keeps_the_commonest_and_marks_the_others(text, most):
    vocabulary = Characters.of([text], most)
    assert len(vocabulary) <= most
    written = vocabulary.decode(vocabulary.encode(text))
    assert len(written) == len(text)
    assert all(a in (b, "\ufffd") for a, b in zip(written, text, strict=True))
    rarest = min(map(text.count, vocabulary.characters))
    assert all(text.count(c) <= rarest for c in set(text) - set(vocabulary.characters))


@pytest.mark.parametrize(("characters", "message"), [("", "empty"), ("aba", "each character once")])
def test_vocabularies_that_are_none(characters, message):
    with pytest.raises(DataError, match=message):
        Characters(characters)


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 200))
def test_each_row_of_a_batch_goes_on_where_it_ended(streams, steps, n):
    numbers = np.arange(n)
    windows = (n - 1) // (streams * steps)
    if not windows:
        with pytest.raises(DataError, match=f"need at least {streams * steps + 1}"):
            parallel_streams(numbers, streams, steps)
        return
    x, target = parallel_streams(numbers, streams, steps)
    rows = x.reshape(windows, streams, steps).swapaxes(0, 1).reshape(streams, -1)
    assert np.array_equal(rows, np.arange(streams * windows * steps).reshape(streams, -1))
    assert np.array_equal(target, x + 1)
