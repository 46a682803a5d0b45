import csv
from pathlib import Path

import numpy as np
import pytest

import elman.data.series
from elman.data import bundled, load_series
from elman.data.times import labels
from elman.errors import DataError

BUNDLED = Path(elman.data.series.__file__).parent / "bundled"


@pytest.fixture
def table(tmp_path):
    def write(text, name="series.csv"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def rows(name):
    with (BUNDLED / f"{name}.csv").open() as file:
        return list(csv.reader(file))[1:]


def test_sunspots_are_the_file_that_ships():
    series = load_series("sunspots")
    np.testing.assert_array_equal(series.values, [float(v) for _, v in rows("sunspots")])
    np.testing.assert_array_equal(series.times, [int(y) for y, _ in rows("sunspots")])
    assert (series.name, series.target, series.time, series.notes) == ("sunspots", "sunspots", "year", ())


def test_co2_is_refused_for_its_gaps_with_the_option_to_fill():
    with pytest.raises(DataError, match="lacks 59 of its 2284 values, the first at 1958-05-10.*--fill linear"):
        load_series("co2")


def test_co2_filled_keeps_every_recorded_value():
    series, recorded = load_series("co2", fill="linear"), rows("co2")
    known = [i for i, (_, v) in enumerate(recorded) if v]
    np.testing.assert_array_equal(series.values[known], [float(recorded[i][1]) for i in known])
    assert len(series) == 2284 and not np.isnan(series.values).any()
    assert series.notes == ("59 missing values were filled with a straight line between the neighbours",)
    assert labels(series.future(2)) == ["2002-01-05", "2002-01-12"]


def test_the_name_of_a_bundled_series_wins_over_a_file_and_a_path_finds_the_file(table, tmp_path, monkeypatch):
    table("year,v\n1,1\n2,2\n", "sunspots")
    monkeypatch.chdir(tmp_path)
    assert len(load_series("sunspots")) == 309 and len(load_series("./sunspots")) == 2


def test_a_misspelt_name_is_told_what_ships():
    with pytest.raises(
        DataError, match=r"no file sunspot \(did you mean 'sunspots'\?\).*ships with Elman: co2, sunspots"
    ):
        load_series("sunspot")


def test_every_bundled_series_loads():
    assert all(len(load_series(name, fill="linear")) > 100 for name in bundled())


def test_rows_missing_from_regular_times_are_gaps(table):
    path = table("year,v\n" + "".join(f"{y},{y}\n" for y in range(1900, 1950) if y not in (1910, 1920)))
    with pytest.raises(
        DataError, match=r"\(2 rows of its times are missing\) lacks 2 of its 50 values, the first at 1910"
    ):
        load_series(path)
    series = load_series(path, fill="linear")
    np.testing.assert_allclose(series.values, np.arange(1900, 1950))
    np.testing.assert_array_equal(series.times, np.arange(1900, 1950))
    assert "2 missing rows were inserted" in series.notes


def test_a_file_without_times_counts_rows(table):
    series = load_series(table("v\n5\n6\n7\n"))
    assert series.time == "row" and list(series.times) == [1, 2, 3] and list(series.future(2)) == [4, 5]


def test_irregular_times_work_and_are_noted(table):
    series = load_series(table("t,v\n1,1\n2,2\n3.5,3\n4.5,4\n5.5,5\n"))
    assert len(series) == 5 and "not evenly spaced" in series.notes[-1]
    np.testing.assert_allclose(series.future(1), [6.5])


def test_unsorted_rows_are_refused_or_sorted(table):
    path = table("year,v\n3,30\n2,20\n1,10\n")
    with pytest.raises(DataError, match="not in order: row 2"):
        load_series(path)
    assert list(load_series(path, sort=True).values) == [10, 20, 30]


def test_duplicates_are_refused_even_when_sorted(table):
    with pytest.raises(DataError, match="more than once"):
        load_series(table("year,v\n3,30\n2,20\n3,10\n"), sort=True)


def test_a_name_loses_its_endings(table):
    assert load_series(table("v\n1\n2\n", "sales.north.csv")).name == "sales.north"
