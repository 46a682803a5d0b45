"""Series come from whatever holds them: arrays, lists and dicts, data frames of any library, long and wide, files."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest

from elman.data import Series, collect, load_series
from elman.data.reading import Reading
from elman.errors import DataError, OptionError

pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

DAYS = pd.date_range("2024-01-30", periods=6, freq="D")
LONG = pd.DataFrame(
    {
        "unique_id": ["b"] * 4 + ["a"] * 3,
        "ds": [*DAYS[:4], *DAYS[2:5]],
        "y": [1.0, 2.0, 3.0, 4.0, 7.0, 8.0, 9.0],
    }
)
WIDE = pd.DataFrame({"b": [1, 2, 3, 4, None, None], "a": [None, None, 7, 8, 9, None]}, index=DAYS)


def check_two(found, names=("b", "a")):
    """What `LONG` and `WIDE` hold."""
    assert found.names == names
    np.testing.assert_array_equal(found.values, [1, 2, 3, 4, 7, 8, 9])
    np.testing.assert_array_equal(found.borders, [0, 4, 7])
    np.testing.assert_array_equal(found.times, [*DAYS[:4], *DAYS[2:5]])
    assert str(found.step) == "1 day"
    return found


# --- arrays -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        np.arange(3.0),
        np.arange(3, dtype=np.float32)[:, None],
        [0, 1, 2],
        (0.0, 1, np.int8(2)),
        [decimal.Decimal(0), decimal.Decimal(1), decimal.Decimal("2.0")],
        np.ma.array([0, 1, 2]),
        pl.Series([0, 1, 2]),
        pd.Series([0, 1, 2], dtype="Int64"),
        pd.Series([0, 1, 2], dtype="float32[pyarrow]"),
        pa.chunked_array([[0, 1], [2]]),
    ],
    ids=lambda array: type(array).__name__,
)
def test_one_series(array):
    found = collect(array)
    np.testing.assert_array_equal(found.values, [0, 1, 2])
    assert found.values.dtype == np.float64 and found.times is None and len(found) == 1
    np.testing.assert_array_equal(found.future_times(2), [[3, 4]])


def test_rows_of_an_array_are_series_and_that_is_told():
    found = collect(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(found.series(1), [3, 4, 5])
    assert "2 series of 3 values, a row each" in found.notes[0]


def test_lists_and_dicts_of_series_of_any_length():
    for found in (collect([[1, 2], np.arange(3)]), collect({"x": [1, 2], "z": np.arange(3)})):
        np.testing.assert_array_equal(found.values, [1, 2, 0, 1, 2])
        np.testing.assert_array_equal(found.lengths, [2, 3])
    assert found.names == ("x", "z")
    check_two(collect([WIDE["b"], WIDE["a"]]))
    check_two(collect({"b": WIDE["b"], "a": WIDE["a"].dropna()}))


def test_a_series_that_was_read():
    co2 = load_series("co2", fill="linear")
    found = collect(co2)
    np.testing.assert_array_equal(found.values, co2.values)
    np.testing.assert_array_equal(found.future_times(3)[0], co2.future(3))
    assert isinstance(co2, Series) and found.names == ("co2",)


# --- data frames --------------------------------------------------------------------------------------------


def shuffled(frame):
    return frame.sample(frac=1, random_state=3)


RENAMED = LONG.rename(columns={"unique_id": "store", "ds": "when", "y": "sales"})
FORMS = {
    "long": (LONG, {}),
    "polars": (pl.from_pandas(LONG), {}),
    "pyarrow": (pa.table(LONG.to_dict("list")), {}),
    "lists": (LONG.to_dict("list"), {}),
    "named": (RENAMED, {"group": "store"}),
    "all named": (RENAMED, {"group": ["store"], "time": "when", "target": "sales"}),
    "categories": (LONG.astype({"unique_id": "category"}), {}),
    "polars categories": (pl.from_pandas(LONG).with_columns(pl.col("unique_id").cast(pl.Categorical)), {}),
    "polars dates": (pl.from_pandas(LONG).with_columns(pl.col("ds").cast(pl.Date)), {}),
    "Python's dates": (LONG.assign(ds=LONG["ds"].dt.date), {}),
    "texts": (LONG.assign(ds=LONG["ds"].dt.strftime("%d/%m/%Y")), {}),
    "polars texts": (pl.from_pandas(LONG.assign(ds=LONG["ds"].dt.strftime("%b %d, %Y"))), {}),
    "nanoseconds": (LONG.assign(ds=LONG["ds"].astype("datetime64[ns]")), {}),
    "periods": (LONG.assign(ds=LONG["ds"].dt.to_period("D")), {}),
    "nullable": (LONG.assign(y=LONG["y"].astype("Int64")), {}),
    "arrow": (LONG.convert_dtypes(dtype_backend="pyarrow"), {}),
    "decimals": (LONG.assign(y=[decimal.Decimal(int(v)) for v in LONG["y"]]), {}),
    "float32": (LONG.astype({"y": np.float32}), {}),
    "objects": (LONG.astype(object), {}),
    "index of two levels": (LONG.set_index(["unique_id", "ds"]), {}),
    "levels without names": (LONG.set_index(["unique_id", "ds"]).rename_axis([None, None]), {}),
    "levels the other way": (LONG.set_index(["ds", "unique_id"])["y"], {}),
    "index of times": (LONG.set_index("ds"), {}),
    "an index that counts nothing": (LONG.set_index(np.array([7, 3, 9, 1, 8, 2, 5])), {}),
    "wide": (WIDE, {}),
    "wide periods": (WIDE.to_period("D"), {}),
    "wide polars": (pl.from_pandas(WIDE.reset_index()), {}),
    "wide with a column": (WIDE.rename_axis("day").reset_index(), {"time": "day", "target": ["b", "a"]}),
    "wide with texts": (WIDE.set_index(WIDE.index.strftime("%Y-%m-%d")), {}),
    "wide backwards": (WIDE[::-1], {}),
}


@pytest.mark.parametrize("data, named", FORMS.values(), ids=FORMS)
def test_two_series_in_any_form(data, named):
    check_two(collect(data, **named))


def test_rows_in_any_order_are_sorted_and_that_is_told():
    found = collect(shuffled(LONG))
    assert any("sorted" in note for note in found.notes)
    check_two(found.take([found.number("b"), found.number("a")]))


def test_files(tmp_path):
    LONG.to_csv(tmp_path / "long.csv", index=False)
    LONG.to_parquet(tmp_path / "long.parquet")
    WIDE.rename_axis("day").to_csv(tmp_path / "wide.csv")
    RENAMED.assign(item=1).to_csv(tmp_path / "two.csv", index=False)
    check_two(collect(tmp_path / "long.csv"))
    check_two(collect(str(tmp_path / "long.parquet")))
    check_two(collect(tmp_path / "wide.csv"))
    check_two(collect(tmp_path / "two.csv", group="store,item", target="sales"), (("b", "1"), ("a", "1")))


def test_a_table_of_a_series_a_row(tmp_path):
    text = "Country Name,Code,1990,1991,1992\nFrance,FRA,1,2,\nTogo,TGO,,0.30000000000000004,5\nNone,NNN,,,\n"
    (tmp_path / "bank.csv").write_text(text)
    frame = pd.read_csv(tmp_path / "bank.csv")
    assert collect(frame).names == ("FRA", "TGO")  # pandas takes the country None for a missing one
    for found in (collect(tmp_path / "bank.csv"), collect(frame.fillna({"Country Name": "None"}))):
        assert found.names == ("France", "Togo")
        np.testing.assert_array_equal(found.values, [1, 2, 0.1 + 0.2, 5])
        np.testing.assert_array_equal(found.times, [1990, 1991, 1991, 1992])
        assert any("1 of 3 series without any value" in note for note in found.notes)


def test_years_by_months_are_one_series():
    frame = pd.DataFrame(
        np.arange(24).reshape(2, 12), columns="JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
    )
    for table in (frame.assign(YEAR=[2001, 2002])[["YEAR", *frame.columns]], frame.set_index(pd.Index([2001, 2002]))):
        found = collect(table)
        np.testing.assert_array_equal(found.values, np.arange(24))
        assert found.notation.labels(found.future_times(1)[0]) == ["2003-01"]


def test_names_that_are_no_texts_come_back():
    wide = pd.DataFrame({1: [1.0, 2], ("x", 2): [3.0, 4]}, index=DAYS[:2])
    assert collect(wide).names == (1, ("x", 2))
    assert collect(LONG.assign(unique_id=[3] * 4 + [1] * 3)).names == (3, 1)
    two = collect(RENAMED.assign(item=[1] * 4 + [2] * 3), group=["store", "item"])
    assert two.names == (("b", 1), ("a", 2)) and two.form.group == ("store", "item")


def test_integers_that_float64_does_not_hold_are_told():
    found = collect(pd.DataFrame({"ds": DAYS[:2], "y": [2**53 + 1, 5]}))
    assert any("rounded" in note for note in found.notes)


# --- what is missing ----------------------------------------------------------------------------------------


def test_missing_rows_become_rows_without_a_value():
    found = collect(LONG.drop(index=[1, 5]))
    np.testing.assert_array_equal(found.values, [1, np.nan, 3, 4, 7, np.nan, 9])
    np.testing.assert_array_equal(found.times, [*DAYS[:4], *DAYS[2:5]])
    assert "2 rows missing from times that are 1 day apart were inserted" in found.notes[-1]


def test_missing_values_inside_stay_and_those_at_the_ends_do_not():
    values = [np.nan, 1, np.nan, 3, np.nan, np.nan]
    found = collect(pd.Series(values, index=DAYS))
    np.testing.assert_array_equal(found.values, [1, np.nan, 3])
    np.testing.assert_array_equal(found.future_times(1)[0], DAYS[4:5])
    assert any("2 rows without a value at the end were left out" in note for note in found.notes)


def test_irregular_times_are_kept():
    frame = LONG.assign(ds=LONG["ds"] + pd.to_timedelta([0, 0, 5, 0, 0, 7, 0], "h"))
    found = collect(frame)
    assert not found.step.regular and any("not evenly spaced" in note for note in found.notes)
    np.testing.assert_array_equal(found.times, frame["ds"])


def test_short_series_among_longer_ones():
    found = collect(pd.concat([LONG, pd.DataFrame({"unique_id": ["c"], "ds": DAYS[:1], "y": [5.0]})]))
    np.testing.assert_array_equal(found.lengths, [4, 3, 1])
    assert str(found.step) == "1 day"


# --- what is refused ----------------------------------------------------------------------------------------

TWICE = pd.concat([LONG, LONG.iloc[[4]]])
REFUSED = {
    "a time twice": (TWICE, {}, r"series 'a' has the time 2024-02-01 2 times"),
    "no group": (RENAMED, {}, r"column 'store' tells series apart: give group='store'"),
    "no such column": (LONG, {"target": "Y"}, r"no column 'Y' \(did you mean 'y'\?\)"),
    "a column twice": (LONG, {"target": "y", "past": ["y"]}, r"'y' is given as both target and past"),
    "texts": (LONG.assign(y=list("abcdefg")), {}, r"column 'y' of the frame holds texts, such as 'a'"),
    "texts of numbers": (LONG.assign(y=list("1234567")), {}, r"holds texts, such as '1'.*convert them first"),
    "booleans": (LONG.assign(y=True), {}, r"column 'y' of the frame holds booleans"),
    "times": (LONG.assign(y=LONG["ds"]), {"time": "ds", "target": "y"}, r"column 'y' of the frame holds times"),
    "infinite": (LONG.assign(y=[1, 2, 3, 4, 7, np.inf, 9]), {}, r"series 'a' is infinite at 2024-02-02"),
    "no time": (LONG.assign(ds=[pd.NaT, *LONG["ds"][1:]]), {}, r"row 1 has no time in column 'ds'"),
    "no name": (LONG.assign(unique_id=["b", None, *LONG["unique_id"][2:]]), {}, r"names no series in row 1 \(counted"),
    "no value": (LONG.assign(y=np.nan), {}, r"no value at all"),
    "no rows": (LONG[:0], {}, r"no rows|no value"),
    "empty": ([], {}, r"shape \(0,\)"),
    "an empty series": ([[1.0], []], {}, r"series 1 is empty"),
    "three axes": (np.zeros((2, 3, 4)), {}, r"shape \(2, 3, 4\)"),
    "array of booleans": (np.array([True]), {}, r"booleans"),
    "dates and none": ([WIDE["b"], [1.0, 2]], {}, r"series 'b' has dates|series 0 has dates, and series 1 no times"),
    "arrays in rows": (
        pd.DataFrame({"unique_id": ["a", "b"], "y": [[1.0, 2.0], [3.0]]}),
        {"target": "y"},
        r"'y' of the frame holds an array in each row; give a dict",
    ),
    "lazy": (pl.from_pandas(LONG).lazy(), {}, r"LazyFrame, which holds no data yet; give frame.collect\(\)"),
    "two steps": (
        pd.concat([LONG, pd.DataFrame({"unique_id": "c", "ds": DAYS[0] + 7 * np.arange(5) * DAYS.freq, "y": 1.0})]),
        {},
        r"series 'c' has a value every 7 steps of 1 day",
    ),
    "days and months": (
        pd.DataFrame(
            {
                "unique_id": ["a"] * 9 + ["b"] * 9,
                "ds": [*pd.date_range("2024-01-01", periods=9), *pd.date_range("2024-01-01", periods=9, freq="MS")],
                "y": 1.0,
            }
        ),
        {},
        r"series 'a' has a value each 1 day and series 'b' one each 1 month; expected one step for all",
    ),
    "names without times": (LONG.drop(columns="ds").rename(columns={"unique_id": "x"}), {}, r"may name series"),
    "months that may be times": (WIDE.set_axis(["JAN", "FEB"], axis=1).assign(MAR=1.0), {}, r"may be series or times"),
}


@pytest.mark.parametrize("data, named, message", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused_by_name(data, named, message):
    with pytest.raises(DataError if "given as both" not in message else OptionError, match=message):
        collect(data, **named)


def test_texts_of_dates_in_a_frame_are_read_as_the_user_says():
    frame = pd.DataFrame({"ds": ["01/03/2020", "01/04/2020", "01/05/2020", "01/06/2020"], "y": 1.0})
    daily = collect(frame, reading=Reading(dayfirst=False))
    monthly = collect(pl.from_pandas(frame), reading=Reading(date_format="%d/%m/%Y"))
    assert (str(daily.step), str(monthly.step)) == ("1 day", "1 month")
    with pytest.raises(OptionError, match="thousands is for files"):
        collect(frame, reading=Reading(thousands=","))


def test_several_columns_of_grouped_rows_are_refused():
    frame = pd.DataFrame({"shop": "a", "day": DAYS, "sold": range(6), "paid": range(6)})
    with pytest.raises(OptionError, match="grouped by 'shop'; expected one column .* target='sold'"):
        collect(frame, group="shop", target=["sold", "paid"])


def test_columns_mean_nothing_for_arrays():
    with pytest.raises(OptionError, match="target names columns of a data frame"):
        collect([1.0, 2.0], target="y")
    with pytest.raises(OptionError, match="future names columns"):
        collect(WIDE["b"], future=["promo"])


def test_parts_of_a_time_are_named():
    frame = pd.DataFrame({"year": [2001] * 4, "quarter": [1, 2, 3, 4], "gdp": [1.0, 2, 3, 4]})
    with pytest.raises(DataError, match=r"give time=\['year', 'quarter'\] \(--time year,quarter\)"):
        collect(frame, target="gdp")
    found = collect(frame, time="year,quarter", target="gdp")
    assert found.notation.labels(found.future_times(1)[0]) == ["2002-Q1"]


def test_hours_of_a_zone_go_on_through_the_change_of_the_clock():
    hours = pd.date_range("2024-03-30", periods=40, freq="h", tz="Europe/Berlin")
    frame = pd.DataFrame({"unique_id": "a", "ds": hours, "y": 1.0})
    found = collect(pd.concat([frame, frame.assign(unique_id="b")]))
    assert found.notation.labels(found.future_times(1)[1]) == ["2024-03-31T17:00:00+02:00"]
    assert not np.isnan(found.values).any()


def test_a_collection_tells_what_it_is():
    found = check_two(collect(LONG))
    assert repr(found) == "<Collection: 2 series of 3 to 4 values, 1 day apart>"
    np.testing.assert_array_equal(found.times_of(1), DAYS[2:5])
    with pytest.raises(OptionError, match="no series 'c'"):
        found.number("c")
    one = found.take([1])
    np.testing.assert_array_equal(one.values, [7, 8, 9])
    assert one.names == ("a",) and dt.date(2024, 2, 4) == one.future_times(1)[0, 0].astype(object).date()
