"""Cases of long and wide tables, of frames of any library and files."""

import numpy as np
import pandas as pd
import pytest

from elman.data.casing import cases_of, read_cases
from elman.data.reading import Reading
from elman.errors import DataError, OptionError

pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

LONG = pd.DataFrame(
    {
        "id": ["q", "q", "p", "p", "p"],
        "time": [1, 0, 0, 1, 4],
        "a": [2.0, 1.0, 5.0, np.nan, 7.0],
        "on": [True, False, True, False, True],
        "label": ["up", "up", "down", "down", "down"],
    }
)
LIBRARIES = {"pandas": lambda frame: frame, "polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}


def check_long(found):
    """What `LONG` holds."""
    assert found.names == ("q", "p") and found.keys == ("id",)
    assert found.channels == ("a", "on")
    assert found.lengths.tolist() == [2, 3]
    np.testing.assert_array_equal(found.values[0], [[1, 0], [2, 1], [np.nan, np.nan]])
    np.testing.assert_array_equal(found.values[1], [[5, 1], [np.nan, 0], [7, 1]])
    np.testing.assert_array_equal(found.times, [[0, 1, np.nan], [0, 1, 4]])
    assert found.labels.tolist() == ["up", "down"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_long_frames(library):
    frame = LIBRARIES[library](LONG)
    found = cases_of(frame)
    check_long(found)
    assert "a case for each value of 'id'" in found.notes and "labels from column 'label'" in found.notes
    named = cases_of(frame, "label", group="id", time="time", columns=["a", "on"])
    check_long(named)
    assert len(named.notes) == 1  # what was named needs no note


@pytest.mark.parametrize("ending", ["csv", "parquet", "tsv", "csv.gz"])
def test_long_files(tmp_path, ending):
    path = tmp_path / f"long.{ending}"
    if ending == "parquet":
        LONG.to_parquet(path)
    else:
        LONG.to_csv(path, index=False, sep="\t" if ending == "tsv" else ",")
    check_long(read_cases(path))
    check_long(cases_of(str(path), "label"))


def test_levels_of_an_index():
    found = cases_of(LONG.set_index(["id", "time"]))
    check_long(found)


def test_dicts_of_columns():
    check_long(cases_of({name: column.tolist() for name, column in LONG.items()}, group="id", label="label"))


def test_the_index_of_an_exported_frame_is_no_channel(tmp_path):
    LONG.to_csv(tmp_path / "x.csv")
    check_long(read_cases(tmp_path / "x.csv"))


def test_several_columns_name_a_case():
    frame = pd.DataFrame({"who": ["a", "a", "b", "b"], "trial": [1, 2, 1, 1], "x": [1.0, 2, 3, 4]})
    found = cases_of(frame, group=["who", "trial"])
    assert found.names == (("a", 1), ("a", 2), ("b", 1))
    assert found.columns_of_names() == {"who": ["a", "a", "b"], "trial": [1, 2, 1]}


def test_numbers_of_a_file_name_cases_as_numbers(tmp_path):
    LONG.assign(id=[7, 7, 3, 3, 3]).to_csv(tmp_path / "x.csv", index=False)
    assert read_cases(tmp_path / "x.csv").names == (7, 3)
    (tmp_path / "y.csv").write_text("id,x\n007,1\n007,2\n010,3\n")
    assert read_cases(tmp_path / "y.csv").names == ("007", "010")


def test_times_of_dates_are_counted_in_a_unit():
    stamps = pd.to_datetime(
        [
            "2024-01-01 00:00:01",
            "2024-01-01 00:00:00",
            "2024-05-01 00:00:00",
            "2024-05-01 00:00:01",
            "2024-05-01 00:00:09",
        ]
    )
    for frame in (LONG.assign(time=stamps), LONG.assign(time=stamps.strftime("%Y-%m-%d %H:%M:%S"))):
        found = cases_of(frame)
        np.testing.assert_array_equal(found.times, [[0, 1, np.nan], [0, 1, 9]])
        assert found.unit == "s"


def test_even_times_are_not_kept():
    found = cases_of(LONG.assign(time=[11, 10, 0, 1, 2]))
    assert found.times is None
    assert "the times are even, 1 apart: steps are counted" in found.notes


def test_the_order_of_rows_does_not_matter():
    shuffled = LONG.sample(frac=1, random_state=3)
    found, other = cases_of(LONG), cases_of(shuffled)
    order = [other.names.index(name) for name in found.names]
    np.testing.assert_array_equal(other.take(order).values, found.values)
    assert other.take(order).labels.tolist() == found.labels.tolist()


def test_a_label_that_is_no_label():
    frame = LONG.assign(target=[1.0, 2, 3, 4, 5]).drop(columns="label")
    assert cases_of(frame).channels == ("a", "on", "target")
    constant = cases_of(LONG.assign(age=[30, 30, 40, 40, 40]))
    assert any("'age' does not change within a case" in note for note in constant.notes)


def test_numbers_as_labels(tmp_path):
    frame = LONG.assign(label=[1, 1, 0, 0, 0])
    assert cases_of(frame).labels.tolist() == [1, 0]
    frame.to_csv(tmp_path / "x.csv", index=False)
    assert read_cases(tmp_path / "x.csv").labels.tolist() == [1, 0]
    frame.assign(label=[1.5, 1.5, 0, 0, 0]).to_csv(tmp_path / "y.csv", index=False)
    assert read_cases(tmp_path / "y.csv").labels.tolist() == [1.5, 0.0]


def test_an_empty_label_is_none():
    found = cases_of(LONG.assign(label=None))
    assert found.labels is None and "the cases have no labels" in found.notes[-1]


def test_melted_tables():
    melted = LONG.drop(columns="label").melt(["id", "time"], var_name="kind").sample(frac=1, random_state=0)
    found = cases_of(melted.astype({"value": float}))
    assert sorted(found.channels) == ["a", "on"]
    place = [found.channels.index("a"), found.channels.index("on")]
    np.testing.assert_array_equal(found.values[found.names.index("p"), :, place], [[5, np.nan, 7], [1, 0, 1]])
    with pytest.raises(DataError, match="several values of one channel at 0"):
        cases_of(melted.astype({"value": float}).assign(time=0))


REFUSED = {
    "a label that is not there, and nothing names cases": (
        LONG.drop(columns="id"),
        {"label": "knd"},
        "no column 'knd'",
    ),
    "nothing names cases": (LONG.drop(columns="id"), {}, "nothing tells which rows"),
    "a label that changes": (LONG.assign(label=list("aabbc")), {}, "labels case 'p' both 'b' and 'c'"),
    "a label that is missing": (LONG.assign(label=["a", "a", None, None, None]), {}, "no label for 1 case: 'p'"),
    "a time that comes twice": (LONG.assign(time=0), {}, "case 'q' has the time 0 twice"),
    "a time that is missing": (LONG.assign(time=[0, None, 0, 1, 2]), {}, "case 'q' has a step without a time"),
    "a case without a name": (LONG.assign(id=["a", None, "b", "b", "b"]), {}, "row 1"),
    "texts": (LONG.assign(note=list("abcde")), {}, "'note' .texts."),
    "infinite": (LONG.assign(a=np.inf), {}, "case 'q' is infinite at step 0"),
    "nothing there": (LONG.assign(a=np.nan)[["id", "a"]], {}, "2 cases without any value: 'q', 'p'"),
    "several names": (LONG.assign(case=1), {}, "several columns that may be its group"),
    "no such column": (LONG, {"group": "idd"}, "did you mean 'id'"),
    "no rows": (LONG.iloc[:0], {}, "no rows"),
    "no numbers": (LONG[["id"]], {}, "no column of numbers"),
    "more in a wide table": (pd.DataFrame({"age": [1, 1], "t0": 1, "t1": 2, "t2": 3}), {}, "and others: 'age'"),
    "names twice in an index": (
        pd.DataFrame({"t0": [1, 2], "t1": 2, "t2": 3}, index=["a", "a"]),
        {},
        "the index calls several cases 'a'",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    frame, options, message = REFUSED[what]
    with pytest.raises(DataError, match=message):
        cases_of(frame, **options)


def test_a_column_is_one_thing():
    with pytest.raises(OptionError, match="both group and label"):
        cases_of(LONG, group="id", label="id")
    with pytest.raises(OptionError, match="expected one column"):
        cases_of(LONG, label=["a", "on"])


VALUES = np.random.default_rng(0).normal(size=(4, 6)).round(3)


@pytest.mark.parametrize("names", [range(6), range(1, 7), [f"t{i}" for i in range(6)], [f"{i / 10}" for i in range(6)]])
@pytest.mark.parametrize("index", [False, True])
def test_wide_files(tmp_path, names, index):
    frame = pd.DataFrame(VALUES, columns=list(names)).assign(label=list("abab"))
    frame.to_csv(tmp_path / "wide.csv", index=index)
    for found in (cases_of(frame), read_cases(tmp_path / "wide.csv")):
        np.testing.assert_array_equal(found.values[..., 0], VALUES)
        assert found.labels.tolist() == list("abab") and found.names == (0, 1, 2, 3)


def test_wide_files_whose_labels_are_numbers_or_come_first(tmp_path):
    frame = pd.DataFrame(VALUES)
    frame.insert(0, "class", [1, 2, 1, 2])
    frame.to_csv(tmp_path / "wide.csv", index=False)
    found = read_cases(tmp_path / "wide.csv")
    np.testing.assert_array_equal(found.values[..., 0], VALUES)
    assert found.labels.tolist() == [1, 2, 1, 2]


def test_wide_names(tmp_path):
    frame = pd.DataFrame(VALUES, index=list("wxyz"))
    assert cases_of(frame).names == tuple("wxyz")
    frame.to_csv(tmp_path / "wide.csv")
    frame.rename(columns=str).to_parquet(tmp_path / "wide.parquet")
    for ending in ("csv", "parquet"):
        assert read_cases(tmp_path / f"wide.{ending}").names == tuple("wxyz")
    assert cases_of(frame, pd.Series([1, 2, 3, 4], index=list("zyxw"))).labels.tolist() == [4, 3, 2, 1]


def test_an_index_that_names_two_rows_alike(tmp_path):
    pd.DataFrame(VALUES, index=list("wxyw")).to_csv(tmp_path / "wide.csv")
    with pytest.raises(DataError, match="several rows for case 'w'"):
        read_cases(tmp_path / "wide.csv")


def test_numbered_channels_are_no_steps_where_a_case_has_several_rows():
    frame = pd.DataFrame(VALUES[:, :3], columns=["x1", "x2", "x3"]).assign(id=["a", "a", "b", "b"])
    assert cases_of(frame).values.shape == (2, 2, 3)
    assert cases_of(frame.assign(id=range(4), time=0)).values.shape == (4, 1, 3)
    assert cases_of(frame.assign(id=range(4))).values.shape == (4, 3, 1)


def test_a_label_that_is_called_y():
    frame = pd.DataFrame(VALUES).assign(y=list("abab"))
    assert cases_of(frame).labels.tolist() == list("abab")


def test_wide_channels():
    columns = [f"{axis}_{i}" for i in range(3) for axis in "xy"]
    found = cases_of(pd.DataFrame(VALUES, columns=columns))
    assert found.channels == ("x", "y")
    np.testing.assert_array_equal(found.values[:, :, 0], VALUES[:, ::2])
    np.testing.assert_array_equal(found.values[:, :, 1], VALUES[:, 1::2])


def test_steps_in_another_order_and_ten_of_them():
    wide = pd.DataFrame(np.arange(24.0).reshape(2, 12), columns=[f"t{i}" for i in range(12)])
    found = cases_of(wide[sorted(wide.columns)])  # t0, t1, t10, t11, t2
    np.testing.assert_array_equal(found.values[..., 0], wide.to_numpy())


def test_steps_that_are_named():
    months = pd.DataFrame(VALUES, columns=["jan", "feb", "mar", "apr", "may", "jun"]).assign(year=range(4), who="x")
    steps = ["jan", "feb", "mar", "apr", "may", "jun"]
    found = cases_of(months, columns=steps, group="year")
    np.testing.assert_array_equal(found.values[..., 0], VALUES)
    assert found.names == (0, 1, 2, 3)


def test_padded_rows():
    frame = pd.DataFrame({"t0": [1.0, 2], "t1": [3.0, 4], "t2": [5.0, np.nan]})
    assert cases_of(frame).lengths.tolist() == [3, 2]


def test_files_without_a_header(tmp_path):
    np.savetxt(tmp_path / "x.csv", VALUES, delimiter=",", fmt="%.3f")
    found = read_cases(tmp_path / "x.csv")
    np.testing.assert_array_equal(found.values[..., 0], VALUES)
    assert any("has no header" in note for note in found.notes)
    assert any("label='column 1'" in note for note in found.notes)
    np.testing.assert_array_equal(read_cases(tmp_path / "x.csv", label="column 1").labels, VALUES[:, 0])
    pd.DataFrame(VALUES).assign(kind=list("abab")).to_csv(tmp_path / "y.csv", index=False, header=False)
    found = read_cases(tmp_path / "y.csv")
    assert found.labels.tolist() == list("abab")
    np.testing.assert_array_equal(found.values[..., 0], VALUES)


def test_how_a_file_is_read(tmp_path):
    (tmp_path / "x.csv").write_text("id;day;v\na;01.02.2024;1,5\na;02.02.2024;-999\nb;01.02.2024;2,5\nc;01.02.2024;3\n")
    reading = Reading(missing=-999, where={"id": "a"}, dayfirst=True)
    found = read_cases(tmp_path / "x.csv", reading=reading, time="day")
    np.testing.assert_array_equal(found.values[..., 0], [[1.5, np.nan]])


def test_lists_in_parquet(tmp_path):
    pl.DataFrame({"x": [[1.0, 2], [3.0]], "label": ["a", "b"]}).write_parquet(tmp_path / "x.parquet")
    found = read_cases(tmp_path / "x.parquet")
    assert found.lengths.tolist() == [2, 1] and found.labels.tolist() == ["a", "b"]


def test_rows_of_a_wide_frame_keep_their_steps():
    """A part of a frame has an index that goes on from elsewhere: it counts rows, and is neither step nor time."""
    whole = pd.DataFrame(np.arange(40.0).reshape(8, 5))
    for rows in ([4, 5, 6, 7], [6, 1, 3], [5], [1, 2, 2, 0]):
        for names in (range(5), list("vwxyz")):
            part = whole.set_axis(names, axis=1).iloc[rows]
            found = cases_of(part, pd.Series(rows, index=part.index))
            np.testing.assert_array_equal(found.values[:, :, 0], whole.to_numpy()[rows])
            assert found.labels.tolist() == rows


def test_rows_of_a_long_frame_keep_their_steps():
    long = pd.DataFrame({"id": [1, 1, 2, 2, 3, 3], "x": np.arange(6.0)})
    found = cases_of(long[2:], group="id")
    assert found.times is None and found.channels == ("x",) and "their order" in found.notes[0]
    timed = cases_of(long.set_index(pd.Index([0.0, 0.5, 1, 2, 3, 9], name="t")), group="id")
    np.testing.assert_array_equal(timed.times, [[0, 0.5], [0, 1], [0, 6]])


def test_a_case_for_each_day_and_a_column_for_each_hour():
    days = pd.DataFrame(np.arange(48.0).reshape(2, 24), index=pd.date_range("2024-01-01", periods=2))
    for names in (range(24), [f"h{hour}" for hour in range(24)]):
        found = cases_of(days.set_axis(names, axis=1), ["a", "b"])
        np.testing.assert_array_equal(found.values[:, :, 0], days)
        assert found.names == tuple(days.index)
    with pytest.raises(DataError, match="nothing tells which rows are a case"):  # steps of one recording
        cases_of(days.set_axis([f"{hour}:00" for hour in range(24)], axis=1), ["a", "b"])


def test_columns_of_several_levels():
    wide = LONG.assign(t=[0, 1, 0, 1, 2]).pivot(index="id", columns="t", values=["a", "on"])
    with pytest.raises(DataError, match="columns of 2 levels, such as .a, 0."):
        cases_of(wide, [1, 2])
    wide.columns = [f"{channel}_{step}" for channel, step in wide.columns]
    found = cases_of(wide.astype(float), [1, 2])
    assert found.channels == ("a", "on") and found.values.shape[0] == 2
