"""Characters and their numbers, and a text as parallel streams."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import DataError
from elman.language import Vocabulary, parallel_streams


@given(st.text(min_size=1))
def test_decoding_gives_the_text_back(text):
    vocabulary = Vocabulary.of(text)
    numbers = vocabulary.encode(text)
    assert vocabulary.decode(numbers) == text
    assert set(numbers) == set(range(len(vocabulary)))


@given(st.text(min_size=1), st.characters())
def test_an_unknown_character_is_named_with_its_place(text, stranger):
    text = text.replace(stranger, "") or ("a" if stranger != "a" else "b")
    with pytest.raises(DataError, match=rf"at {len(text)} "):
        Vocabulary.of(text).encode(text + stranger)


@pytest.mark.parametrize(("characters", "message"), [("", "empty"), ("aba", "each character once")])
def test_vocabularies_that_are_none(characters, message):
    with pytest.raises(DataError, match=message):
        Vocabulary(characters)


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
