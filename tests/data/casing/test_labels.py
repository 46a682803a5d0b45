"""Labels of any one type, in order or by name."""

import decimal

import numpy as np
import pandas as pd
import pytest

from elman.data.casing import cases_of, targets_of
from elman.errors import DataError, OptionError

pl = pytest.importorskip("polars")

X = np.arange(12.0).reshape(3, 4)
LONG = pd.DataFrame({"id": ["c", "c", "a", "a", "b"], "x": [1.0, 2, 3, 4, 5]})
ACCEPTED = {
    "texts": (["a", "b", "a"], "U"),
    "whole numbers": ([1, 2, 1], "i"),
    "numpy's numbers": ([np.int64(1), np.int64(2), np.int64(1)], "i"),
    "floats": ([1.0, 2.0, 1.0], "f"),
    "booleans": ([True, False, True], "b"),
    "bytes": ([b"1", b"2", b"1"], "S"),
    "decimals": ([decimal.Decimal(1), decimal.Decimal(2), 1], "f"),
    "categories": (pd.Categorical(["a", "b", "a"]), "U"),
    "a Series": (pd.Series(["a", "b", "a"]), "U"),
    "nullable": (pd.Series([1, 2, 1], dtype="Int64"), "i"),
    "polars": (pl.Series(["a", "b", "a"]), "U"),
    "a column": (np.array([[1], [2], [1]]), "i"),
    "a frame of one column": (pd.DataFrame({"y": [1, 2, 1]}), "i"),
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_labels_keep_their_type(what):
    y, kind = ACCEPTED[what]
    labels = cases_of(X, y).labels
    assert labels.dtype.kind == kind
    assert labels[0] == labels[2] != labels[1]


REFUSED = {
    "too few": ([1, 2], "2 labels and X 3 cases"),
    "mixed": (["a", 1, "b"], "texts .'a' of case 0. and numbers .1 of case 1."),
    "booleans and numbers": ([True, 1, 0], "booleans .* and numbers"),
    "none": (["a", None, "b"], "None for case 1"),
    "nan": ([1.0, np.nan, 2.0], "nan for case 1"),
    "NA": (pd.Series([1, None, 2], dtype="Int64"), "for case 1"),
    "infinite": ([1.0, np.inf, 2.0], "inf for case 1"),
    "empty": (["a", "", "b"], "'' for case 1"),
    "one-hot": (np.eye(3), "argmax"),
    "dates": (np.array(["2024-01-01"] * 3, "datetime64[D]"), "dates"),
    "complex": (np.ones(3, complex), "complex"),
    "lists": ([(1, 2), (3,), (4,)], "lists of different lengths"),
    "several columns": (pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3]}), "columns 'a', 'b'"),
    "a number": (5, "expected a label for each case"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    y, message = REFUSED[what]
    with pytest.raises(DataError, match=message):
        cases_of(X, y)


def test_labels_are_matched_by_name_where_cases_have_names():
    for y in ({"a": 1, "b": 2, "c": 3}, pd.Series([1, 2, 3], index=["a", "b", "c"])):
        found = cases_of(LONG, y)
        assert found.names == ("c", "a", "b") and found.labels.tolist() == [3, 1, 2]
        assert "labels were matched with cases by name" in found.notes
    numbers = LONG.assign(id=[2, 2, 0, 0, 1])
    assert cases_of(numbers, pd.Series([10, 11, 12])).labels.tolist() == [12, 10, 11]


def test_labels_of_cases_without_names_are_in_their_order():
    shuffled = pd.Series([1, 2, 3], index=[2, 0, 1])
    assert cases_of(X, shuffled).labels.tolist() == [1, 2, 3]
    assert cases_of(list(X), shuffled).labels.tolist() == [1, 2, 3]


def test_labels_without_names_are_told():
    found = cases_of(LONG, [1, 2, 3])
    assert found.labels.tolist() == [1, 2, 3]
    assert any("in the order of the cases" in note for note in found.notes)


def test_names_that_are_not_there():
    with pytest.raises(DataError, match="no label for 1 of 3 cases: 'c'"):
        cases_of(LONG, {"a": 1, "b": 2})
    with pytest.raises(DataError, match="several labels for case 'a'"):
        cases_of(LONG, pd.Series([1, 2, 3, 4], index=["a", "a", "b", "c"]))
    found = cases_of(LONG, {"a": 1, "b": 2, "c": 3, "d": 4})
    assert "1 label is of no case, and not used" in found.notes


def test_labels_are_given_once():
    frame = LONG.assign(label=[1, 1, 2, 2, 3])
    with pytest.raises(OptionError, match="twice"):
        cases_of(frame, [1, 2, 3], label="label")
    with pytest.raises(OptionError, match="both y='label' and label='x'"):
        cases_of(frame, "label", label="x")
    found = cases_of(frame, [7, 8, 9])
    assert found.labels.tolist() == [7, 8, 9] and found.channels == ("x",)
    assert cases_of(cases_of(frame), [7, 8, 9]).labels.tolist() == [7, 8, 9]


def test_targets():
    assert targets_of(np.array(["1", "2.5"]), (0, 1)).tolist() == [1.0, 2.5]
    assert targets_of(np.array([1, 2]), (0, 1)).dtype == np.float64
    with pytest.raises(DataError, match="'b' for case 'q'"):
        targets_of(np.array(["1", "b"]), ("p", "q"))
    with pytest.raises(DataError, match="bool"):
        targets_of(np.array([True, False]), (0, 1))
