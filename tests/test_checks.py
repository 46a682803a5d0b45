"""Whole numbers and near names."""

from __future__ import annotations

import numpy as np
import pytest

from elman.checks import as_seed, jobs, nearest, whole
from elman.errors import OptionError


@pytest.mark.parametrize("number", [1, 7, np.int64(7), np.uint8(7), 10**12])
def test_whole_numbers_become_ints(number):
    assert whole(number, "units") == number and type(whole(number, "units")) is int


@pytest.mark.parametrize("number", [0, -3, 2.5, 2.0, "3", None, True, np.bool_(True), np.float32(2), np.array([2])])
def test_anything_else_is_refused(number):
    with pytest.raises(OptionError, match=r"^units is .*; expected a whole number of at least 1$"):
        whole(number, "units")


def test_the_least_number_is_the_callers():
    assert whole(0, "seed", least=0) == 0
    with pytest.raises(OptionError, match="lag is 1; expected a whole number of at least 2"):
        whole(1, "lag", least=2)


def test_the_nearest_name_is_one_of_the_choices_as_they_are_written():
    assert nearest("lstm", ["GRU", "LSTM"]) == " (did you mean 'LSTM'?)"
    assert nearest(None, ["GRU", "LSTM"]) == nearest("transformer", []) == ""


def test_a_number_beyond_what_can_be_is_refused():
    with pytest.raises(OptionError, match=r"^lag is 9; expected a whole number from 0 to 8$"):
        whole(9, "lag", least=0, most=8)
    with pytest.raises(OptionError, match="units is 1000"):
        whole(10**30, "units")
    assert as_seed(10**30) == 10**30


@pytest.mark.parametrize("number", [0, "2", 2.0, True, None, 10**5])
def test_jobs_are_counted_or_one_for_each_core(number):
    with pytest.raises(OptionError, match="jobs is .*; expected a whole number: 1 or more, or -1 for one each core"):
        jobs(number, "jobs")
    assert [jobs(good) for good in (1, -1, np.int64(3))] == [1, -1, 3]
