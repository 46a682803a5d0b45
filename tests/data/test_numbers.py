"""Columns of plain numbers are read at once, to the same as one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from elman.data import numbers
from elman.errors import ElmanError

DIGITS = st.text("0123456789", min_size=1, max_size=17)
NUMERALS = st.tuples(
    st.sampled_from(["", "-", "+"]), DIGITS, st.sampled_from(["", ".", ","]), st.text("012", max_size=4)
)
TEXTS = st.one_of(st.just(""), NUMERALS.map("".join), st.sampled_from(["1.5e-5", "2e3", "NA", "7.125", "1\n2"]))


@given(st.lists(TEXTS, min_size=1, max_size=6), st.sampled_from(["", ";", ","]))
def test_plain_numbers_are_what_each_is_alone(texts, delimiter):
    written = numbers.Written("x", delimiter)
    at_once = numbers._plain_numbers(texts)
    if at_once is None:
        return
    with_doubt = [*texts, "NA"]  # which is not plain, and stands for nothing
    try:
        values, notes = numbers.read_texts(with_doubt, written)
    except ElmanError as error:
        raise AssertionError(f"{texts} has two readings") from error
    np.testing.assert_array_equal(values[:-1], at_once)
    assert notes == []
