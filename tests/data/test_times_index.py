"""A pandas index is read by the rules of a column of a file."""

import numpy as np
import pandas as pd
import pytest

from elman.data.index_times import index_times
from elman.data.times import extend, infer_step

INDICES = {
    "days": (pd.date_range("2019-01-30", periods=9, freq="D"), ["2019-02-08", "2019-02-09"]),
    "days of a zone": (
        pd.date_range("2019-03-24", periods=9, freq="D", tz="Europe/Berlin"),
        ["2019-04-02T00:00:00+02:00", "2019-04-03T00:00:00+02:00"],
    ),
    "hours of a zone": (
        pd.date_range("2019-03-30", periods=40, freq="h", tz="Europe/Berlin"),
        ["2019-03-31T17:00:00+02:00", "2019-03-31T18:00:00+02:00"],
    ),
    "quarters": (pd.period_range("2001Q1", periods=6, freq="Q"), ["2002Q3", "2002Q4"]),
    "months": (pd.period_range("2001-01", periods=6, freq="M"), ["2001-07", "2001-08"]),
    "weeks": (pd.period_range("2019-01-07", periods=6, freq="W"), ["2019-02-18", "2019-02-25"]),
    "years": (pd.period_range("2001", periods=6, freq="Y"), ["2007-01-01", "2008-01-01"]),
    "hours": (pd.period_range("2019-01-01", periods=6, freq="h"), ["2019-01-01T06:00:00", "2019-01-01T07:00:00"]),
    "numbers": (pd.RangeIndex(3, 9), ["9", "10"]),
}


@pytest.mark.parametrize("index, after", INDICES.values(), ids=INDICES)
def test_an_index_goes_on_as_it_is_written(index, after):
    found = index_times(index)
    assert found.notation.labels(extend(found.times[-1], infer_step(found.times), 2)) == after


def test_an_index_of_names_has_no_times():
    assert index_times(pd.Index(["a", "b"])) is None
    assert index_times(pd.Index([True, False])) is None


def test_the_method_of_that_name_is_no_index():
    assert index_times([1.0].index) is None
    assert index_times(None) is None


def test_missing_dates_stay_missing():
    found = index_times(pd.DatetimeIndex(["2019-01-01", None], tz="Europe/Berlin"))
    np.testing.assert_array_equal(np.isnat(found.times), [False, True])
