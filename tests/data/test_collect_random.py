"""Panels of any kind, in any form, against pandas: nothing lost, nothing invented, nothing out of place."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data import collect
from elman.errors import DataError
from tests.draws import draws

pl = pytest.importorskip("polars")

NAMES = st.one_of(st.text(min_size=1, max_size=5), st.sampled_from(["a,b", "NA", "None", "1", " x", "ü", "y", "ds"]))
VALUES = st.one_of(st.floats(-1e6, 1e6), st.just(np.nan), st.integers(-5, 5).map(float))
FREQUENCIES = ["D", "MS", "ME", "W", "h", "QS", "30min"]


@st.composite
def panels(draw):
    """A long frame, rows missing and in any order, and the same series whole."""
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    whole = pd.date_range("2021-01-01", periods=60, freq=draw(st.sampled_from(FREQUENCIES)))
    rows = []
    for name in names:
        start, length = draw(st.integers(0, 30)), draw(st.integers(3, 30))
        values = draw(st.lists(VALUES, min_size=length, max_size=length))
        lacking = draw(st.sets(st.integers(1, length - 2), max_size=1)) if length > 12 else set()
        rows += [(name, whole[start + i], v) for i, v in enumerate(values) if i not in lacking]
    frame = pd.DataFrame(rows, columns=["unique_id", "ds", "y"])
    if draw(st.booleans()):
        frame = frame.sample(frac=1, random_state=draw(st.integers(0, 9)))
    return frame.reset_index(drop=True), whole


def expected(frame, whole):
    """By name, in the order in which names come: each series on whole times, from its first value to its last."""
    found = {}
    for name in dict.fromkeys(frame["unique_id"]):
        one = frame[frame["unique_id"] == name].set_index("ds")["y"]
        known = one.dropna()
        if len(known):
            times = whole[(whole >= known.index.min()) & (whole <= known.index.max())]
            found[name] = one.reindex(times)
    return found


def check(collection, series):
    assert list(collection.names) == list(series)
    for number, one in enumerate(series.values()):
        np.testing.assert_array_equal(collection.series(number), one.to_numpy())
        np.testing.assert_array_equal(collection.times_of(number), one.index.to_numpy().astype("datetime64[us]"))


MAKERS = {
    "pandas": lambda f: (f, {}),
    "polars": lambda f: (pl.from_pandas(f), {}),
    "pyarrow": lambda f: (pl.from_pandas(f).to_arrow(), {}),
    "index": lambda f: (f.set_index(["unique_id", "ds"]), {}),
    "category": lambda f: (f.assign(unique_id=f["unique_id"].astype("category")), {}),
    "other names": lambda f: (f.set_axis(["shop", "when", "sales"], axis=1), {"group": "shop"}),
    "a constant beside": lambda f: (f.assign(area=1), {"group": ["unique_id", "area"]}),
}


@draws(40)
@given(panels(), st.sampled_from(list(MAKERS)))
def test_a_panel_in_any_form(panel, form):
    frame, whole = panel
    series = expected(frame, whole)
    data, named = MAKERS[form](frame)
    if not series:
        with pytest.raises(DataError, match="no value at all"):
            collect(data, **named)
        return
    found = collect(data, **named)
    check(found, {(name, 1): one for name, one in series.items()} if form == "a constant beside" else series)


@draws(20)
@given(panels())
def test_a_wide_frame_holds_the_same(panel):
    frame, whole = panel
    series = expected(frame, whole)
    if not series:
        return
    wide = frame.pivot(index="ds", columns="unique_id", values="y")[list(dict.fromkeys(frame["unique_id"]))]
    targets = list(wide.columns)
    check(collect(wide, target=targets), series) if len(targets) > 1 else None


@draws(20)
@given(panels())
def test_some_of_the_series_are_those(panel):
    frame, whole = panel
    series = expected(frame, whole)
    if not series:
        return
    chosen = list(series)[::-2]
    found = collect(frame)
    check(found.take([found.names.index(name) for name in chosen]), {name: series[name] for name in chosen})


UGLY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=3),
    st.dates(dt.date(1600, 1, 1), dt.date(2500, 1, 1)),
    st.just(pd.NaT),
    st.just(pd.NA),
    st.lists(st.integers(), max_size=2),
)


@given(
    st.dictionaries(st.sampled_from(["unique_id", "ds", "y", "x", "1"]), st.lists(UGLY, min_size=4, max_size=4)),
    st.booleans(),
    st.sampled_from([{}, {"target": "y"}, {"group": "x"}, {"time": "ds", "past": ["x"]}, {"static": "x"}]),
)
def test_whatever_is_in_a_table_is_collected_or_refused(columns, framed, named):
    data = pd.DataFrame(columns) if framed else columns
    try:
        found = collect(data, **named)
    except ValueError as error:
        assert type(error).__module__ == "elman.errors", repr(error)
        return
    assert not np.isinf(found.values).any() and found.borders[-1] == len(found.values)
    assert not np.isnan(found.values[[*found.borders[:-1], *(found.borders[1:] - 1)]]).any()


@given(st.recursive(UGLY, lambda inner: st.lists(inner, max_size=4), max_leaves=12))
def test_whatever_is_no_table_is_collected_or_refused(data):
    try:
        found = collect(data)
    except ValueError as error:
        assert type(error).__module__ == "elman.errors", repr(error)
        return
    assert np.isfinite(found.values[found.borders[:-1]]).all()
