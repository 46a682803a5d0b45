"""Columns that together tell the time."""

import numpy as np
import pytest

from elman.data.read_times import join_columns, read_times
from elman.data.times import extend, infer_step
from elman.errors import DataError

MONTHS = np.arange("2014-01", "2016-07", dtype="datetime64[M]").astype("datetime64[D]").astype(object)
HOURS = np.arange("2019-01-05T00", "2019-01-07T12", dtype="datetime64[h]").astype("datetime64[us]").astype(object)

NOON, ONE = [[f"2019-01-07T{h}:00:00" for h in hours] for hours in ((12, 13), (13, 14))]
DAYS = [f"{h:%Y-%m-%d}" for h in HOURS]
QUARTERS = [f"{2005 + i // 4}" for i in range(9)], [f"{i % 4 + 1}" for i in range(9)]

TOGETHER = {
    "year, month": ([[str(d.year) for d in MONTHS], [str(d.month) for d in MONTHS]], ["2016-07", "2016-08"]),
    "month, year": ([[str(d.month) for d in MONTHS], [str(d.year) for d in MONTHS]], ["2016-07", "2016-08"]),
    "year, month's name": ([[str(d.year) for d in MONTHS], [f"{d:%b}" for d in MONTHS]], ["2016-Jul", "2016-Aug"]),
    "years as fractions": ([[f"{d.year}.0" for d in MONTHS], [f"{d.month}.0" for d in MONTHS]], ["2016-07", "2016-08"]),
    "year, month, day": ([[f"{d:{f}}" for d in MONTHS] for f in ("%Y", "%m", "%d")], ["2016-07-01", "2016-08-01"]),
    "day, month, year": ([[f"{d:{f}}" for d in HOURS[::24]] for f in ("%d", "%B", "%Y")], ["2019-01-08", "2019-01-09"]),
    "year, quarter": (QUARTERS, ["2007-Q2", "2007-Q3"]),
    "year, Q": ([QUARTERS[0], [f"Q{q}" for q in QUARTERS[1]]], ["2007-Q2", "2007-Q3"]),
    "year, week": ([["2016"] * 40, [str(i + 1) for i in range(40)]], ["2016-W41", "2016-W42"]),
    "year, day of year": ([["2016"] * 60, [str(i + 1) for i in range(60)]], ["2016-03-01", "2016-03-02"]),
    "date, clock": ([[f"{h:%d/%m/%Y}" for h in HOURS], [f"{h:%H:%M}" for h in HOURS]], NOON),
    "date, hour": ([DAYS, [str(h.hour) for h in HOURS]], NOON),
    "date, hour's end": ([DAYS, [str(h.hour + 1) for h in HOURS]], ONE),
    "date, half of the day": ([[f"{h:%Y%m%d}" for h in HOURS], [f"{h:%I:%M %p}" for h in HOURS]], NOON),
    "date, 930": ([["2019-01-07"] * 4, ["830", "930", "1030", "1130"]], ["2019-01-07T12:30:00", "2019-01-07T13:30:00"]),
    "year to hour": ([[f"{h:{f}}" for h in HOURS] for f in ("%Y", "%m", "%d", "%H")], NOON),
    "year to minute": ([[f"{h:{f}}" for h in HOURS] for f in ("%Y", "%m", "%d", "%H", "%M")], NOON),
}


@pytest.mark.parametrize("columns, after", TOGETHER.values(), ids=TOGETHER)
def test_columns_together(columns, after):
    found = read_times(join_columns(columns), "t")
    assert found.notation.labels(extend(found.times[-1], infer_step(found.times), 2)) == after


def test_names_tell_what_numbers_are():
    years, numbers = ["2016"] * 8, [str(i + 1) for i in range(8)]
    assert join_columns([years, numbers], ["Year", "ISO week"])[0] == "2016-W01"
    assert join_columns([years[:4], numbers[:4]], ["Year", "Quarter"])[0] == "2016-Q1"


def test_an_empty_cell_leaves_no_time():
    assert join_columns([["2016", "2016", ""], ["1", None, "3"]]) == ["2016-1", None, None]


def test_columns_of_several_lengths_are_refused():
    with pytest.raises(DataError, match="2, 1 rows"):
        join_columns([["2016", "2017"], ["1"]])


@pytest.mark.parametrize("name", ["Month", "month_no", "mo"])
def test_a_column_called_month_is_one_of_months_also_where_all_are_small(name):
    years, months = ["2019", "2019", "2020", "2020"], ["1", "4", "1", "4"]
    assert join_columns([years, months], ["Year", name]) == ["2019-1", "2019-4", "2020-1", "2020-4"]
    assert join_columns([years, months], ["Year", "Part"]) == ["2019-Q1", "2019-Q4", "2020-Q1", "2020-Q4"]
