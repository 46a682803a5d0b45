"""Cases of arrays, of lists and dicts of arrays, and of frames of nested cells."""

import decimal

import numpy as np
import pandas as pd
import pytest

from elman.data.casing import cases_of
from elman.errors import DataError, OptionError

pl = pytest.importorskip("polars")

RNG = np.random.default_rng(0)
RAGGED = [RNG.normal(size=(steps, 2)) for steps in (3, 5, 2)]


def check_ragged(found, names=(0, 1, 2)):
    """What `RAGGED` holds, NaN behind its ends."""
    assert found.names == names
    assert found.lengths.tolist() == [3, 5, 2]
    assert found.values.shape == (3, 5, 2)
    for case, values, length in zip(RAGGED, found.values, found.lengths, strict=True):
        np.testing.assert_array_equal(values[:length], case)
        assert np.isnan(values[length:]).all()


def of_objects(items):
    found = np.empty(len(items), object)
    found[:] = items
    return found


NESTED = {"u": [case[:, 0] for case in RAGGED], "v": [case[:, 1] for case in RAGGED]}
RAGGED_FORMS = {
    "list": RAGGED,
    "tuple": tuple(RAGGED),
    "lists of lists": [case.tolist() for case in RAGGED],
    "objects": of_objects(RAGGED),
    "generator": (case for case in RAGGED),
    "frames of pandas": [pd.DataFrame(case, columns=["u", "v"]) for case in RAGGED],
    "frames of polars": [pl.DataFrame(case, schema=["u", "v"]) for case in RAGGED],
    "frames in another order": [pd.DataFrame(RAGGED[0], columns=["u", "v"])]
    + [pd.DataFrame(case[:, ::-1], columns=["v", "u"]) for case in RAGGED[1:]],
    "nested pandas": pd.DataFrame({name: [pd.Series(c) for c in cells] for name, cells in NESTED.items()}),
    "nested arrays": pd.DataFrame(NESTED),
    "nested polars": pl.DataFrame({name: [c.tolist() for c in cells] for name, cells in NESTED.items()}),
}


@pytest.mark.parametrize("form", RAGGED_FORMS)
def test_cases_of_different_lengths(form):
    check_ragged(cases_of(RAGGED_FORMS[form]))


def test_dicts_keep_the_names_of_cases():
    found = cases_of(dict(zip("abc", RAGGED, strict=True)), {"c": 3, "b": 2, "a": 1})
    check_ragged(found, ("a", "b", "c"))
    assert found.labels.tolist() == [1, 2, 3]
    assert found.columns_of_names() == {"case": ["a", "b", "c"]}


def test_channels_first():
    check_ragged(cases_of([case.T for case in RAGGED], channels="first"))
    values = RNG.normal(size=(4, 3, 7))
    np.testing.assert_array_equal(cases_of(values, channels="first").values, values.transpose(0, 2, 1))


def test_rectangular_arrays():
    flat = RNG.normal(size=(4, 7))
    np.testing.assert_array_equal(cases_of(flat).values, flat[:, :, None])
    deep = RNG.normal(size=(4, 7, 3))
    found = cases_of(deep)
    np.testing.assert_array_equal(found.values, deep)
    assert found.channels == ("channel 0", "channel 1", "channel 2")
    assert found.notes == ()


@pytest.mark.parametrize("shape", [(4, 1, 9), (4, 6, 100)])
def test_a_doubtful_order_of_axes_is_told(shape):
    (note,) = cases_of(np.ones(shape)).notes
    assert "read as (N, T, F)" in note and "channels='first'" in note
    assert not cases_of(np.ones(shape), channels="first").notes
    assert "leave channels='first' out" in cases_of(np.ones(shape).transpose(0, 2, 1), channels="first").notes[0]


def test_padding_is_cut_and_gaps_are_kept():
    found = cases_of([[1, np.nan, 3, np.nan], [1, 2, 3, 4]])
    assert found.lengths.tolist() == [3, 4]
    assert found.missing == 1
    assert "1 of 2 cases ends in missing values" in found.notes[0]


def test_other_kinds_of_numbers():
    given = [[True, False], [decimal.Decimal("1.5"), None]]
    np.testing.assert_array_equal(cases_of(given).values[..., 0], [[1, 0], [1.5, np.nan]])
    np.testing.assert_array_equal(cases_of([["2.5", "-1e3"]]).values[..., 0], [[2.5, -1000]])
    np.testing.assert_array_equal(cases_of(np.ma.masked_equal([[1, 9, 2]], 9)).values[..., 0], [[1, np.nan, 2]])
    np.testing.assert_array_equal(cases_of(np.array([["1.5", "?"], ["2", "3"]])).values[1, :, 0], [2, 3])


def test_what_gives_an_array():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return np.ones((2, 3))

    assert cases_of(Tensor()).values.shape == (2, 3, 1)


def test_uneven_times_of_an_index_are_kept():
    days = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-05"])
    found = cases_of([pd.Series([1.0, 2, 3], days), pd.Series([1.0, 2], days[:2])])
    np.testing.assert_array_equal(found.times, [[0, 1, 4], [0, 1, np.nan]])
    assert found.unit == "day"
    even = cases_of(
        [pd.Series([1.0, 2, 3], days.to_period("D").to_timestamp()[:1].repeat(3) + pd.to_timedelta([0, 1, 2], "h"))]
    )
    assert even.times is None and "1 hour apart" in even.notes[0]


def test_single_values_beside_nested_cells():
    frame = pd.DataFrame({"x": [[1, 2], [3]], "id": ["p", "q"], "class": ["a", "b"]})
    found = cases_of(frame)
    assert found.names == ("p", "q") and found.labels.tolist() == ["a", "b"] and found.keys == ("id",)
    with pytest.raises(DataError, match="'age' of single values"):
        cases_of(frame.assign(age=[1, 2]))
    assert cases_of(frame.assign(age=[1, 2]), columns="x").channels == ("x",)


REFUSED = {
    "one case": (np.ones(3), r"shape \(3,\).*X\[None\]"),
    "four axes": (np.ones((1, 1, 1, 1)), "shape"),
    "no case": (np.ones((0, 3)), "no case"),
    "no step": (np.ones((3, 0, 2)), "no step"),
    "an empty list": ([], "no case"),
    "an empty case": ([[1.0], []], "case 1 has no step"),
    "scalars": ([1, 2], "1 where case 0 should be"),
    "infinite": ([[1, np.inf]], "case 0 is infinite at step 1"),
    "nothing there": ([[np.nan, np.nan], [1, 2]], "1 case without any value: 0"),
    "complex": (np.array([[1j]]), "complex"),
    "dates": (np.array([["2024-01-01"]], "datetime64[D]"), "dates"),
    "words": ([["1", "two"]], "'two' in index 0, 1"),
    "a mark that may be a word": ([["1", "x"]], "'x' at index 0, 1"),
    "other channels": ([np.ones((2, 3)), np.ones((4, 2))], "case 1 has 2 channels and case 0 3"),
    "first for last": ([np.ones((3, 2)), np.ones((3, 4))], "give channels='first'"),
    "other columns": ([pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})], "case 1 has the columns 'b'"),
    "frames and arrays": ([pd.DataFrame({"a": [1]}), np.ones((1, 1))], "case 1 is"),
    "a nested cell that is none": (pd.DataFrame({"x": [[1, 2], None]}), "channel 'x' of case 1 is None"),
    "channels of two lengths": (pd.DataFrame({"x": [[1, 2]], "y": [[1]]}), "as many steps in each channel"),
    "names twice": (pd.DataFrame({"x": [[1], [2]], "id": ["p", "p"]}), "'id' calls several cases 'p'"),
    "a name that is none": (pd.DataFrame({"x": [[1], [2]], "id": ["p", None]}), "'id' calls a case nan|None"),
    "a set": ({1.0, 2.0}, "expected an array"),
    "a number": (5, "gives no array"),
    "lazy": (pl.LazyFrame({"id": [1], "x": [1]}), "holds no data yet"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    given, message = REFUSED[what]
    with pytest.raises(DataError, match=message):
        cases_of(given)


@pytest.mark.parametrize("option", ["group", "time", "columns", "label"])
def test_names_of_columns_are_refused_for_arrays(option):
    with pytest.raises(OptionError, match=f"{option} names columns"):
        cases_of(np.ones((2, 3)), **{option: "a"})


def test_a_wrong_order_of_axes():
    with pytest.raises(OptionError, match="'middle'"):
        cases_of(np.ones((2, 3)), channels="middle")
    with pytest.raises(OptionError, match="means nothing for a data frame"):
        cases_of(pd.DataFrame({"id": [1], "x": [1.0]}), channels="first")
