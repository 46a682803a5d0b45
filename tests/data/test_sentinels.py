"""Values that stand for a missing one: told by the user, or noted where they look like it."""

import numpy as np
import pandas as pd
import pytest

from elman.data import load_series
from elman.data.readers import read_columns
from elman.data.sentinels import as_missing, suspects
from elman.errors import OptionError

USUAL = [20.5, 21.0, 19.5, 22.0, 20.0]


@pytest.mark.parametrize("value", [-9, -99, -999, -9999, -99999, 999, 9999, 99999, 999.9, -99.99, 1e20, -1e30])
def test_a_classic_value_far_from_the_others_is_suspected(value):
    assert suspects(np.array([*USUAL, value])) == [5]
    assert suspects(np.array([*USUAL, value, value, np.nan])) == [5]


@pytest.mark.parametrize(
    "values",
    [
        [*USUAL, 1000, 1000],  # no such value
        [90, 95, 99, 99, 101],  # among the others
        [0, 500, 250, 999],  # in their range, or nearly
        [0, 1, 0, 1, 99, 99],  # too few others
        [-99, -99, -50, 40, 300],
        [np.nan, np.nan],
        [],
    ],
)
def test_other_values_are_not(values):
    assert suspects(np.array(values, float)) == []


def test_an_amount_is_not_below_zero():
    assert suspects(np.array([0, 400, 120, -99, 310, -99.0])) == [3]


def test_missing_is_given_in_any_form():
    assert as_missing(None) == ()
    assert as_missing(-999) == as_missing(-999.0) == as_missing("-999") == ("-999",)
    assert as_missing([" off ", 1e20]) == ("off", "1e+20")


@pytest.mark.parametrize("missing", [True, [None], "", [" "]])
def test_what_is_no_value_is_refused(missing):
    with pytest.raises(OptionError, match="expected a value as the file writes it"):
        as_missing(missing)


def test_typed_columns_too(tmp_path):
    frame = pd.DataFrame({"year": range(1990, 1996), "level": [*USUAL[:4], -999.0, 20.0]})
    frame.to_parquet(tmp_path / "x.parquet")
    assert "give --missing -999" in " ".join(read_columns(tmp_path / "x.parquet").notes)
    found = read_columns(tmp_path / "x.parquet", missing=-999)
    np.testing.assert_array_equal(found.values, [*USUAL[:4], np.nan, 20.0])
    assert len(load_series(tmp_path / "x.parquet", missing=-999, fill="forward")) == 6


@pytest.mark.parametrize("last, noted", [(2**53 + 1, True), (2**53 + 2, False), (2**63 - 1, True), (5, False)])
def test_typed_whole_numbers_that_are_rounded_are_noted(tmp_path, last, noted):
    pd.DataFrame({"year": [1, 2, 3], "n": pd.array([1, None, last], "Int64")}).to_parquet(tmp_path / "x.parquet")
    assert ("2^53" in " ".join(read_columns(tmp_path / "x.parquet", time="year").notes)) == noted
