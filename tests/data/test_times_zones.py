"""Offsets and zones: the clock of the file is kept, and hours are counted through its changes."""

import datetime as dt
import zoneinfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from elman.data.dates.zones import Zone
from elman.data.read_times import read_times, typed_times
from elman.data.series import load_series
from elman.data.times import check_order, extend, infer_step, positions
from elman.errors import DataError
from tests.draws import draws

BERLIN, NEW_YORK = zoneinfo.ZoneInfo("Europe/Berlin"), zoneinfo.ZoneInfo("America/New_York")
HOUR = dt.timedelta(hours=1)
ZONES = "Europe/Berlin Europe/London America/New_York America/Los_Angeles Australia/Lord_Howe Pacific/Chatham"


def instants(start, step, n, zone):
    first = dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC)
    return [(first + i * step).astimezone(zone) for i in range(n)]


def walls(start, n, zone):
    """Local midnights, or whatever the clock shows at the start."""
    first = dt.datetime.fromisoformat(start).replace(tzinfo=zone)
    return [first + dt.timedelta(days=i) for i in range(n)]


def gapless(found):
    check_order(found.times, "t")
    step = infer_step(found.times)
    assert step.regular and positions(found.times, step)[-1] + 1 == len(found.times)
    return step


def goes_on(texts, count=2):
    found = read_times(texts, "t")
    return found.notation.labels(extend(found.times[-1], gapless(found), count))


@pytest.mark.parametrize("start", ["2019-03-29T22:00", "2019-10-25T22:00", "2019-01-01T00:00"])
@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_hours_stay_hours_through_a_change_of_the_clock(start, zone):
    texts = [t.isoformat() for t in instants(start, HOUR, 300, zone)]
    offsets = {t[-6:] for t in texts[:298]}
    if len(offsets) > 1:
        assert goes_on(texts[:298]) == texts[298:]
        assert goes_on(texts[:100], 200) == texts[100:] or len({t[-6:] for t in texts[:100]}) == 1


def test_the_forecast_itself_runs_through_a_change():
    texts = [t.isoformat() for t in instants("2019-01-01T00:00", HOUR, 365 * 24, BERLIN)]
    known = 290 * 24  # ends ten days before the clock goes back
    assert goes_on(texts[:known], 500) == texts[known : known + 500]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_days_of_local_midnights_stay_days(zone):
    texts = [t.isoformat() for t in walls("2019-02-01", 400, zone)]
    found = read_times(texts[:300], "t")
    assert str(gapless(found)) == "1 day" and goes_on(texts[:300], 100) == texts[300:]
    assert str(found.times[0]) == "2019-02-01T00:00:00.000000"


def test_months_of_local_midnights_stay_months():
    texts = [dt.datetime(2019 + i // 12, i % 12 + 1, 1, tzinfo=BERLIN).isoformat() for i in range(30)]
    assert goes_on(texts[:28]) == texts[28:]


@pytest.mark.parametrize("offset", ["+05:30", "-03:00", "+00:00", "Z"])
def test_a_single_offset_is_kept_and_said(offset):
    texts = [f"2019-01-{d:02d}T00:00:00{offset}" for d in range(1, 32)]
    found = read_times(texts[:29], "t")
    assert goes_on(texts[:29]) == texts[29:]
    assert ("which is kept" in " ".join(found.notes)) == (offset != "Z")


@pytest.mark.parametrize(
    "written, iso", [("+0530", "+05:30"), ("+05", "+05:00"), (" UTC+1", "+01:00"), (" EST", "-05:00"), (" UTC", "Z")]
)
def test_offsets_as_people_write_them(written, iso):
    assert goes_on([f"2019-01-01 {h:02d}:00{written}" for h in range(9)]) == [
        f"2019-01-01T{h:02d}:00:00{iso}" for h in (9, 10)
    ]


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M %Z", "%Y-%m-%d %H:%M:%S%z", "%d.%m.%Y %H:%M Europe/Berlin"])
def test_names_of_zones(form):
    times = instants("2019-10-20T22:00", HOUR, 240, BERLIN)
    assert goes_on([t.strftime(form) for t in times[:238]]) == [t.isoformat() for t in times[238:]]


def test_the_zone_behind_the_offsets_is_named():
    found = read_times([t.isoformat() for t in instants("2019-10-25T22:00", HOUR, 72, BERLIN)], "t")
    assert "as those of Europe/Berlin" in found.notes[0]


def test_offsets_of_no_zone_keep_the_last():
    texts = ["2019-01-01T00:00+01:00", "2019-01-01T02:00+02:00", "2019-01-01T02:00+01:00", "2019-01-01T04:00+02:00"]
    found = read_times(texts, "t")
    assert "no known zone" in found.notes[0]
    assert goes_on(texts)[0] == "2019-01-01T05:00:00+02:00"


@pytest.mark.parametrize("start", ["2019-03-29T22:00", "2019-10-25T22:00"])
def test_hours_without_offsets_are_counted_through_the_change(start):
    texts = [t.strftime("%Y-%m-%dT%H:%M:%S") for t in instants(start, HOUR, 200, BERLIN)]
    found = read_times(texts[:198], "t")
    assert goes_on(texts[:198]) == texts[198:] and "summer time" in found.notes[0]
    assert found.notation.labels(found.times) == texts[:198]


def test_an_hour_that_lacks_at_any_other_time_is_a_gap():
    texts = [str(t) for t in np.arange("2019-05-01T00", "2019-05-04T00", dtype="datetime64[h]").astype("datetime64[m]")]
    found = read_times(texts[:30] + texts[31:], "t")
    assert not found.notes and positions(found.times, infer_step(found.times))[-1] == len(texts) - 1


def test_several_zones_are_refused():
    with pytest.raises(DataError, match="several zones: america/new_york, europe/berlin"):
        read_times(["2019-01-01 00:00 Europe/Berlin", "2019-01-01 01:00 America/New_York"], "t")


def test_times_that_come_typed():
    utc = np.array(
        [t.astimezone(dt.UTC).replace(tzinfo=None) for t in walls("2019-03-20", 30, BERLIN)], "datetime64[us]"
    )
    found = typed_times(utc, zone="Europe/Berlin")
    assert str(gapless(found)) == "1 day" and found.notation.labels(found.times)[-1] == "2019-04-18T00:00:00+02:00"
    assert typed_times(utc[:1], zone="+02:00").notation.labels(utc[:1])[0].endswith("+02:00")
    with pytest.raises(DataError, match="no zone 'Europe/Atlantis'"):
        typed_times(utc, zone="Europe/Atlantis")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "+05:30"])
def test_a_parquet_file_of_pandas_keeps_its_zone(zone, tmp_path):
    when = pd.date_range("2019-03-01", periods=60, freq="D", tz=zone)
    pd.DataFrame({"when": when, "value": np.arange(60.0)}).to_parquet(tmp_path / "days.parquet")
    series = load_series(tmp_path / "days.parquet", time="when", target="value")
    assert str(series.step) == "1 day"
    assert series.labels(series.times[-1:]) == [when[-1].isoformat().replace("+00:00", "Z")]


@draws(40)
@example(zone="Australia/Lord_Howe", start=dt.datetime(2000, 3, 17, 21), minutes=60, n=187, offsets=False)
@example(zone="Australia/Lord_Howe", start=dt.datetime(2000, 3, 17, 10), minutes=60, n=287, offsets=False)
@example(zone="Europe/Berlin", start=dt.datetime(2020, 10, 20, 1), minutes=180, n=80, offsets=False)  # an hour once
@example(zone="Europe/Berlin", start=dt.datetime(2020, 10, 20, 1), minutes=120, n=80, offsets=False)
@given(
    zone=st.sampled_from(ZONES.split()),
    start=st.datetimes(dt.datetime(1996, 1, 1), dt.datetime(2024, 1, 1)).map(
        lambda t: t.replace(minute=0, second=0, microsecond=0)
    ),
    minutes=st.sampled_from([15, 30, 60, 180]),
    n=st.integers(20, 400),
    offsets=st.booleans(),
)
def test_any_zone_is_read_back(zone, start, minutes, n, offsets):
    times = instants(start.isoformat(), dt.timedelta(minutes=minutes), n, zoneinfo.ZoneInfo(zone))
    texts = [t.isoformat() if offsets else t.strftime("%d/%m/%Y %H:%M ") + zone for t in times]
    found = read_times(texts, "t", dayfirst=None if offsets else True)
    gapless(found)
    assert found.notation.labels(found.times) == [t.isoformat() for t in times]


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_offsets_of_a_clock_on_the_wall_are_those_of_the_zone_at_each_time(name):
    wall = np.arange("2014-12-25T00:15", "2016-12-31", 30, "datetime64[m]").astype("datetime64[us]")
    zone = zoneinfo.ZoneInfo(name)
    expected = [int(t.replace(tzinfo=zone).utcoffset().total_seconds()) for t in wall.tolist()]
    assert Zone(name).at_wall(wall).tolist() == expected
