import gzip

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data import read_columns
from elman.errors import DataError


@pytest.fixture
def csv(tmp_path):
    def write(text, name="series.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_types_are_sniffed_and_the_only_columns_found(csv):
    read = read_columns(csv("day,v\n2001-01-01,1.5\n2001-01-02,2\n"))
    assert (read.time, read.target) == ("day", "v")
    np.testing.assert_array_equal(read.values, [1.5, 2])
    np.testing.assert_array_equal(read.times, np.array(["2001-01-01", "2001-01-02"], "datetime64[us]"))


@pytest.mark.parametrize(
    "text", ["a;b\n1;2\n3;4\n", "a\tb\n1\t2\n3\t4\n", '"a"|"b"\n1|2\n3|4\n', "\ufeffa,b\r\n1,2\r\n3,4\r\n"]
)
def test_separators_quotes_and_byte_order_marks(csv, text):
    np.testing.assert_array_equal(read_columns(csv(text), target="b", time="a").values, [2, 4])


def test_parquet_is_read_by_its_content_whatever_its_name(tmp_path):
    path = tmp_path / "table.data"
    duckdb.sql("SELECT * FROM (VALUES (DATE '2001-01-01', 1), (DATE '2001-01-02', NULL)) t(day, v)").write_parquet(
        str(path)
    )
    read = read_columns(path)
    assert read.time == "day"
    np.testing.assert_array_equal(read.values, [1, np.nan])


def test_compressed_csv(tmp_path):
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"year,v\n1,2\n2,4\n"))
    np.testing.assert_array_equal(read_columns(path).values, [2, 4])


@pytest.mark.parametrize(
    "name", ["data[1].csv", "it's.csv", "a b.csv", 'quo"te.csv', "star*.csv", "what?.csv", "%s;--.csv"]
)
def test_a_file_name_is_never_a_pattern_or_code(csv, tmp_path, name):
    (tmp_path / "data1.csv").write_text("v\n9\n9\n")
    np.testing.assert_array_equal(read_columns(csv("v\n1\n2\n", name)).values, [1, 2])


def test_a_column_name_is_never_code(csv):
    read = read_columns(csv('year,"v"" FROM x; --"\n1,5\n2,6\n'))
    assert read.target == 'v" FROM x; --'
    np.testing.assert_array_equal(read.values, [5, 6])


@pytest.mark.parametrize("empty", ["", "NA", "NaN", "nan", "null", "N/A"])
def test_the_usual_words_for_a_missing_value(csv, empty):
    np.testing.assert_array_equal(read_columns(csv(f"year,v\n1,5\n2,{empty}\n3,7\n")).values, [5, np.nan, 7])


@pytest.mark.parametrize(
    "text",
    ["1949-01", "Jan 1949", "01.01.1949", "1949-01-01", "1949-01-01 00:00:00", "1949-01-01T00:00:00Z", "1949-01-01T00"],
)
def test_ways_to_write_a_time(csv, text):
    assert read_columns(csv(f"month,v\n{text},1\n")).times[0] == np.datetime64("1949-01-01")


def test_offsets_are_kept(csv):
    read = read_columns(csv("t,v\n2020-01-01 02:00:00+02:00,1\n2020-01-01 03:00:00+02:00,1\n"))
    assert read.times[0] == np.datetime64("2020-01-01T02:00")
    assert read.notation.labels(read.times)[0] == "2020-01-01T02:00:00+02:00"


def test_no_such_file_names_the_nearest(csv, tmp_path):
    csv("v\n1\n", "sales.csv")
    with pytest.raises(DataError, match=r"there is no file .*sale\.csv \(did you mean 'sales\.csv'\?\)"):
        read_columns(tmp_path / "sale.csv")


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(DataError, match="is a folder"):
        read_columns(tmp_path)


@pytest.mark.parametrize("text, message", [("", "is empty"), ("year,v\n", "has no rows")])
def test_empty_files(csv, text, message):
    with pytest.raises(DataError, match=message):
        read_columns(csv(text))


@pytest.mark.parametrize("which", ["time", "target"])
def test_a_missing_column_names_the_nearest(csv, which):
    with pytest.raises(
        DataError, match=r"has no column 'Sunspot' \(did you mean 'sunspots'\?\); its columns are year, sunspots"
    ):
        read_columns(csv("year,sunspots\n1700,5\n"), **{which: "Sunspot"})


def test_text_where_a_number_belongs_names_the_row(csv):
    rows = "\n".join(f"{i},{i}" for i in range(300))
    with pytest.raises(DataError, match=r"column 'v' of .* holds 'broken' in row 301 .*expected a number"):
        read_columns(csv(f"year,v\n{rows}\n300,broken\n"))


def test_text_where_a_time_belongs_names_the_row(csv):
    with pytest.raises(DataError, match=r"column 'day' holds 'soon' in row 2 .*no time"):
        read_columns(csv("day,v\n2001-01-01,1\nsoon,2\n"))


def test_an_infinite_value_names_the_row(csv):
    with pytest.raises(DataError, match="infinite in row 2"):
        read_columns(csv("year,v\n1,1\n2,inf\n"))


def test_several_columns_ask_for_a_choice(csv):
    with pytest.raises(DataError, match="several columns: north, south. Choose one with --target"):
        read_columns(csv("year,north,south\n1,2,3\n"))


def test_one_column_cannot_be_both(csv):
    with pytest.raises(DataError, match="both time and target"):
        read_columns(csv("year,v\n1,2\n"), time="v", target="v")


def test_dates_are_no_values(csv):
    with pytest.raises(DataError, match=r"column 'b' of .* holds '2001-01-01' in row 1 .*; expected a number"):
        read_columns(csv("a,b\n1,2001-01-01\n2,2001-01-02\n"), target="b")


@pytest.mark.parametrize("content", [b"PAR1 but no table", bytes(range(128, 256)) * 30])
def test_files_that_are_no_table(tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(DataError):
        read_columns(path)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_every_float_survives(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("floats") / "x.csv"
    path.write_text("year,v\n" + "".join(f"{i},{v!r}\n" for i, v in enumerate(values)))
    np.testing.assert_array_equal(read_columns(path).values, values)
