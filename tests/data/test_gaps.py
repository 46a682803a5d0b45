import numpy as np
import pytest

from elman.data.gaps import fill_gaps
from elman.errors import DataError, OptionError

NAN = np.nan


def fill(values, how, places=None):
    values = np.array(values, float)
    times = np.arange(len(values)) if places is None else np.array(places)
    return fill_gaps(values, times, how, "column 'v'")


def test_linear_draws_a_straight_line():
    values, _, note = fill([1, NAN, NAN, 4], "linear")
    np.testing.assert_allclose(values, [1, 2, 3, 4])
    assert note == "2 missing values were filled with a straight line between the neighbours"


def test_linear_is_linear_in_time_not_in_rows():
    values, _, _ = fill([0, NAN, 10], "linear", places=[0, 9, 10])
    np.testing.assert_allclose(values, [0, 9, 10])


def test_forward_repeats_the_last_value():
    values, _, note = fill([1, NAN, NAN, 4, NAN, 6], "forward")
    np.testing.assert_array_equal(values, [1, 1, 1, 4, 4, 6])
    assert note == "3 missing values were filled with the last value before"


@pytest.mark.parametrize("how", ["linear", "forward"])
def test_gaps_at_the_ends_are_cut_off(how):
    values, kept, note = fill([NAN, 1, NAN, 3, NAN, NAN], how)
    assert kept == slice(1, 4) and len(values) == 3 and not np.isnan(values).any()
    assert "1 missing value was" in note and "3 empty rows at the ends were cut off" in note


def test_a_refusal_counts_places_and_says_what_to_do():
    with pytest.raises(DataError) as refusal:
        fill([1, NAN, 3, NAN, NAN, 6], "none")
    message = str(refusal.value)
    assert "column 'v' lacks 3 of its 6 values, the first at 1" in message
    assert "the longest gap is 2 rows from 3" in message
    assert "--fill linear" in message and "--fill forward" in message


def test_a_whole_series_passes_unchanged():
    values, kept, note = fill([1, 2, 3], "none")
    assert list(values) == [1, 2, 3] and kept == slice(0, 3) and note == ""


@pytest.mark.parametrize("how", ["none", "linear", "forward"])
def test_a_series_without_any_value_is_refused(how):
    with pytest.raises(DataError, match="no value at all: every one of its 2 rows is empty"):
        fill([NAN, NAN], how)


def test_an_unknown_rule_is_refused():
    with pytest.raises(OptionError, match="fill is 'spline'; expected one of none, linear, forward"):
        fill([1, 2], "spline")
