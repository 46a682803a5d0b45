"""A forecast goes back in the form that the data came in, and into files that are read as they were written."""

import csv
import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from elman.data import Collection, collect
from elman.errors import OptionError, ShapeError
from elman.forecast.forecasts import Forecast

pl = pytest.importorskip("polars")

DAYS = pd.date_range("2024-01-30", periods=5, freq="D")
LONG = pd.DataFrame({"unique_id": ["b"] * 3 + ["a"] * 3, "ds": [*DAYS[:3], *DAYS[:3]], "y": np.arange(6.0)})
VALUES = np.array([[1.5, 2.0], [3.0, 0.1 + 0.2]])


def forecast(data, values=VALUES, levels=(80,), **named):
    found = collect(data, **named)
    values = values[: len(found)]
    return Forecast.of(found, values, {level: (values - level, values + level) for level in levels})


def test_a_frame_of_pandas_under_its_own_names():
    renamed = LONG.rename(columns={"unique_id": "store", "ds": "when", "y": "sales"})
    found = forecast(renamed, group="store", levels=(95, 80)).to_pandas()
    assert list(found.columns) == ["store", "when", "sales", "lo-80", "hi-80", "lo-95", "hi-95"]
    np.testing.assert_array_equal(found["store"], ["b", "b", "a", "a"])
    np.testing.assert_array_equal(found["when"], [*DAYS[3:], *DAYS[3:]])
    np.testing.assert_array_equal(found["sales"], VALUES.ravel())
    np.testing.assert_array_equal(found["hi-95"], VALUES.ravel() + 95)
    pd.concat([renamed, found])  # of the same types
    assert pd.concat([renamed, found])["when"].dtype.kind == "M"


def test_a_frame_of_polars():
    found = forecast(pl.from_pandas(LONG)).to_native()
    assert isinstance(found, pl.DataFrame) and found["ds"].dtype == pl.Datetime("us")
    np.testing.assert_array_equal(found["y"], VALUES.ravel())
    assert forecast(LONG).to_polars().equals(found)


def test_two_columns_that_name_series():
    found = forecast(LONG.assign(item=[1] * 3 + [2] * 3), group=["unique_id", "item"]).to_pandas()
    assert found["item"].tolist() == [1, 1, 2, 2] and found["unique_id"].tolist() == ["b", "b", "a", "a"]


INDICES = {
    "days": DAYS[:3],
    "periods": pd.period_range("2024-01", periods=3, freq="M"),
    "quarters": pd.period_range("2024Q1", periods=3, freq="Q"),
    "a zone": pd.date_range("2024-03-30 23:00", periods=3, freq="h", tz="Europe/Berlin"),
    "an offset": pd.date_range("2024-03-30", periods=3, freq="h", tz=dt.timezone(dt.timedelta(hours=5, minutes=30))),
    "UTC": pd.date_range("2024-03-30", periods=3, freq="h", tz="UTC"),
    "years": pd.Index([2001, 2002, 2003]),
    "rows": pd.RangeIndex(3),
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_a_column_of_pandas_goes_on(index):
    series = pd.Series([1.0, 2, 3], index=index, name="sales")
    found = forecast(series, levels=()).to_native()
    longer = pd.concat([series, found])
    if hasattr(index, "to_timestamp"):
        assert list(longer.index) == list(pd.period_range(index[0], periods=5, freq=index.freq))
    elif index.dtype.kind == "i":
        assert longer.index.tolist() == [index[0] + i for i in range(5)]
    else:
        assert longer.index.equals(pd.date_range(index[0], periods=5, freq=index.freq))
    assert found.name == "sales" and found.tolist() == [1.5, 2.0]
    assert forecast(series).to_native().columns.tolist() == ["sales", "lo-80", "hi-80"]


def test_a_wide_frame_gives_a_wide_one():
    wide = LONG.pivot(index="ds", columns="unique_id", values="y")
    found = forecast(wide, levels=()).to_native()
    assert found.columns.tolist() == ["a", "b"] and found.index.equals(DAYS[3:].rename("ds"))
    assert pd.concat([wide, found]).shape == (5, 2)
    assert forecast(wide).to_native().index.names == ["unique_id", "ds"]


def test_arrays_give_arrays():
    one = forecast(np.arange(5.0), levels=())
    np.testing.assert_array_equal(one.to_native(), [1.5, 2.0])
    np.testing.assert_array_equal(np.asarray(one, np.float32), np.array([1.5, 2.0], np.float32))
    np.testing.assert_array_equal(np.asarray(forecast([[1.0, 2], [3.0]])), VALUES)
    named = forecast({"x": [1.0, 2], "z": [3.0]}, levels=()).to_native()
    np.testing.assert_array_equal(named["z"], VALUES[1])
    assert forecast(np.arange(5.0)).to_pandas()["ds"].tolist() == [5, 6]


def test_texts_that_are_times_are_written_as_they_were():
    frame = pd.DataFrame({"ds": ["Q1 2001", "Q2 2001", "Q3 2001"], "y": [1.0, 2, 3]})
    assert forecast(frame).to_pandas()["ds"].tolist() == ["Q4 2001", "Q1 2002"]
    assert forecast(pl.from_pandas(frame)).to_native()["ds"].to_list() == ["Q4 2001", "Q1 2002"]


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_files_hold_what_the_forecast_does(index, tmp_path):
    frame = pd.DataFrame({"when": index, "sales": [1.0, 2, 3]})
    made = forecast(frame, VALUES[1:], time="when")
    expected = made.to_pandas()
    made.write(tmp_path / "f.csv")
    with (tmp_path / "f.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == list(expected.columns) and [float(row[1]) for row in rows] == VALUES[1].tolist()
    assert [row[0] for row in rows] == made.labels()[0]
    assert made.write(str(tmp_path / "f.parquet")).is_file()
    stored = pd.read_parquet(tmp_path / "f.parquet")
    np.testing.assert_array_equal(stored["sales"], VALUES[1])
    read = collect(tmp_path / "f.parquet", time="when", target="sales")
    np.testing.assert_array_equal(read.values, VALUES[1])
    if made.notation.zone is None:
        np.testing.assert_array_equal(read.times, made.times[0])
    else:
        np.testing.assert_array_equal(read.notation.utc(read.times), made.notation.utc(made.times[0]))
    made.write(tmp_path / "f.json")
    (one,) = json.loads((tmp_path / "f.json").read_text())["series"]
    assert one["values"] == VALUES[1].tolist() and one["times"] == made.labels()[0]
    assert one["levels"]["80"]["low"] == (VALUES[1] - 80).tolist() and one["name"] == "sales"


def test_names_of_every_kind_are_written(tmp_path):
    names = ("a,b", 'say "x"', ("p", 1), 7, None, dt.date(2024, 1, 1))
    made = Forecast(names, np.zeros((6, 1), int), np.full((6, 1), np.nan))
    for ending in ("csv", "parquet", "json"):
        made.write(tmp_path / f"f.{ending}")
    assert [one["name"] for one in json.loads((tmp_path / "f.json").read_text())["series"]][:4] == [
        "a,b",
        'say "x"',
        ["p", "1"],
        7,
    ]
    assert pd.read_csv(tmp_path / "f.csv")["unique_id"][1] == 'say "x"'
    assert len(pd.read_parquet(tmp_path / "f.parquet")) == 6


def test_files_are_written_whole_or_refused(tmp_path):
    made = forecast(LONG)
    for path, message in (("f.xlsx", r".csv, .parquet or .json"), ("none/f.csv", "cannot be written")):
        with pytest.raises(OptionError, match=message):
            made.write(tmp_path / path)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OptionError, match="is a folder; give a file"):
        made.write(tmp_path / "folder.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["folder.csv"]


def test_parts_that_do_not_go_together_are_refused():
    times = np.zeros((2, 2))
    with pytest.raises(ShapeError, match=r"level 80 of a forecast has shape \(2, 1\)"):
        Forecast(("a", "b"), times, VALUES, {80: (VALUES[:, :1], VALUES[:, :1])})
    with pytest.raises(ShapeError, match=r"values of a forecast has shape \(2, 2\); expected \(S, H\) = \(1, 2\)"):
        Forecast(("a",), times[:1], VALUES)
    with pytest.raises(ShapeError, match=r"samples of a forecast"):
        Forecast(("a", "b"), times, VALUES, samples=np.zeros((2, 5, 3)))


def test_a_forecast_tells_what_it_is():
    made = forecast(LONG)
    assert repr(made) == "<Forecast: 2 series (b, a), 2 steps from 2024-02-02; levels 80>"
    lines = repr(made["a"]).splitlines()
    assert lines[0] == "<Forecast: a, 2 steps from 2024-02-02; levels 80>" and lines[2].split()[:2] == [
        "a",
        "2024-02-02",
    ]
    assert "<td>2024-02-02</td>" in made._repr_html_()
    assert "&lt;b&gt;" in forecast(LONG.replace({"unique_id": {"b": "<b>"}}))._repr_html_()
    with pytest.raises(OptionError, match="no series 'c'"):
        made["c"]


def test_the_bands_are_drawn():
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    forecast(LONG, levels=(80, 95)).plot("a", ax)
    assert ax.get_legend_handles_labels()[1] == ["recorded", "95 %", "80 %", "forecast"]
    wide, narrow = (patch.get_alpha() for patch in ax.patches)
    below, above = (band.get_alpha() for band in ax.collections)
    assert wide == pytest.approx(below) and narrow == pytest.approx(1 - (1 - below) * (1 - above))  # as they lie
    low = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert low.min() == VALUES[1].min() - 95
    assert isinstance(forecast(LONG).history, Collection)
