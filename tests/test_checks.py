"""Whole numbers and near names."""

from __future__ import annotations

import numpy as np
import pytest

from elman.checks import count, nearest
from elman.errors import OptionError


@pytest.mark.parametrize("number", [1, 7, np.int64(7), np.uint8(7), 10**12])
def test_whole_numbers_become_ints(number):
    assert count(number, "units") == number and type(count(number, "units")) is int


@pytest.mark.parametrize("number", [0, -3, 2.5, 2.0, "3", None, True, np.bool_(True), np.float32(2), np.array([2])])
def test_anything_else_is_refused(number):
    with pytest.raises(OptionError, match=r"^units is .*; expected a whole number of at least 1$"):
        count(number, "units")


def test_the_least_number_is_the_callers():
    assert count(0, "seed", least=0) == 0
    with pytest.raises(OptionError, match="lag is 1; expected a whole number of at least 2"):
        count(1, "lag", least=2)


def test_the_nearest_name_is_one_of_the_choices_as_they_are_written():
    assert nearest("lstm", ["GRU", "LSTM"]) == " (did you mean 'LSTM'?)"
    assert nearest(None, ["GRU", "LSTM"]) == nearest("transformer", []) == ""
