"""Covariates: past, known ahead, static; numbers and categories; refused by name where they are missing."""

import numpy as np
import pandas as pd
import pytest

from elman.data import Covariate, collect, future_rows
from elman.errors import DataError, OptionError

pl = pytest.importorskip("polars")

DAYS = pd.date_range("2024-01-01", periods=6, freq="D")
# series b has four values and two rows behind them, series a three and none
DATA = pd.DataFrame(
    {
        "unique_id": ["b"] * 6 + ["a"] * 3,
        "ds": [*DAYS, *DAYS[:3]],
        "y": [1.0, 2, 3, 4, None, None, 7, 8, 9],
        "price": np.arange(9.0),
        "promo": [True, False, True, False, True, True, False, False, True],
        "kind": ["x", "y", "x", "x", "z", "x", "y", "y", None],
        "size": [5] * 6 + [6] * 3,
        "town": ["Rome"] * 6 + ["Oslo"] * 3,
    }
)
AHEAD = pd.DataFrame(
    {"unique_id": ["a"] * 3 + ["c"], "ds": [*DAYS[2:5], DAYS[0]], "promo": [0, 1, 0, 1], "kind": ["x", "new", "y", "x"]}
)


@pytest.mark.parametrize("make", [lambda f: f, pl.from_pandas, lambda f: f.sample(frac=1, random_state=1)])
def test_columns_go_with_their_rows(make):
    found = collect(make(DATA), past="price", future=["promo", "kind"], static=["size", "town"])
    b, a = found.number("b"), found.number("a")
    rows = {name: slice(found.borders[i], found.borders[i + 1]) for name, i in (("b", b), ("a", a))}
    np.testing.assert_array_equal(found.past["price"].values[rows["b"]], [0, 1, 2, 3])
    np.testing.assert_array_equal(found.future["promo"].values[rows["a"]], [0, 0, 1])
    kind = found.future["kind"]
    named = ["?", *kind.categories]
    assert [named[code] for code in kind.values[rows["b"]]] == ["x", "y", "x", "x"]
    assert [named[code] for code in kind.values[rows["a"]]] == ["y", "y", "?"]
    np.testing.assert_array_equal(found.static["size"].values[[b, a]], [5, 6])
    town = found.static["town"]
    assert [town.categories[town.values[i] - 1] for i in (b, a)] == ["Rome", "Oslo"]


def test_rows_behind_the_last_value_tell_what_comes():
    found = collect(DATA[DATA["unique_id"] == "b"], future=["promo", "kind"])
    assert any("2 rows behind the last value tell what is known ahead" in note for note in found.notes)
    ahead = future_rows(found, 2)
    np.testing.assert_array_equal(ahead["promo"].values, [[1, 1]])
    assert [ahead["kind"].categories[code - 1] for code in ahead["kind"].values[0]] == ["z", "x"]


def test_the_future_comes_from_a_frame_and_from_the_rows_behind():
    found = collect(DATA, future=["promo", "kind"])
    ahead = future_rows(found, 2, AHEAD.iloc[[2, 1, 0, 3]])
    np.testing.assert_array_equal(ahead["promo"].values, [[1, 1], [1, 0]])
    kind = ahead["kind"]
    assert kind.categories == (*found.future["kind"].categories, "new")
    assert kind.categories[kind.values[1, 0] - 1] == "new" and kind.categories[kind.values[1, 1] - 1] == "y"


@pytest.mark.parametrize("make", [pl.from_pandas, lambda f: f.to_dict("list")])
def test_the_future_in_other_forms(make, tmp_path):
    found = collect(DATA, future="promo")
    expected = [[1, 1], [1, 0]]
    np.testing.assert_array_equal(future_rows(found, 2, make(AHEAD))["promo"].values, expected)
    AHEAD.to_csv(tmp_path / "ahead.csv", index=False)
    np.testing.assert_array_equal(future_rows(found, 2, tmp_path / "ahead.csv")["promo"].values, expected)


def test_one_series_needs_no_name_and_none_no_times():
    frame = pd.DataFrame({"sales": [1.0, 2, 3], "promo": [0, 1, 0]}, index=DAYS[:3])
    found = collect(frame, target="sales", future="promo")
    ahead = pd.DataFrame({"promo": [1, 0]}, index=DAYS[3:5])
    np.testing.assert_array_equal(future_rows(found, 2, ahead)["promo"].values, [[1, 0]])
    counted = collect(frame.reset_index(drop=True), target="sales", future="promo")
    np.testing.assert_array_equal(future_rows(counted, 2, {"promo": [1, 0, 1]})["promo"].values, [[1, 0]])


def test_a_wide_frame_shares_its_covariates():
    frame = pd.DataFrame({"b": [1.0, 2, 3], "a": [4.0, 5, None], "feast": [0, 1, 0]}, index=DAYS[:3])
    found = collect(frame, target=["b", "a"], future="feast")
    np.testing.assert_array_equal(found.future["feast"].values, [0, 1, 0, 0, 1])
    ahead = future_rows(found, 2, pd.DataFrame({"feast": [1, 0]}, index=DAYS[3:5]))
    np.testing.assert_array_equal(ahead["feast"].values, [[1, 0], [0, 1]])


def test_hours_of_a_zone_are_found_by_their_instants():
    hours = pd.date_range("2024-03-30 20:00", periods=8, freq="h", tz="Europe/Berlin")
    found = collect(pd.DataFrame({"ds": hours[:4], "y": 1.0, "open": 1}), future="open")
    ahead = pd.DataFrame({"ds": hours[4:].tz_convert("UTC"), "open": [1, 2, 3, 4]})
    np.testing.assert_array_equal(future_rows(found, 4, ahead)["open"].values, [[1, 2, 3, 4]])


def test_static_covariates_of_a_frame(tmp_path):
    about = pd.DataFrame({"unique_id": ["c", "a", "b"], "area": [1.0, 2, 3], "town": ["x", "y", "z"]})
    for static in (about, pl.from_pandas(about), about.set_index("unique_id")):
        found = collect(DATA, static=static)
        np.testing.assert_array_equal(found.static["area"].values, [3, 2])
        assert [found.static["town"].categories[c - 1] for c in found.static["town"].values] == ["z", "y"]
    with pytest.raises(DataError, match="no row for 1 of 2 series: 'b'"):
        collect(DATA, static=about[:2])
    with pytest.raises(DataError, match="several rows for series 'a'"):
        collect(DATA, static=about.iloc[[1, 1, 2]])


def test_numbers_that_are_missing_stay_missing():
    found = collect(DATA.assign(price=[np.nan, *range(8)]), past="price")
    assert np.isnan(found.past["price"].values[0]) and found.past["price"].absent.sum() == 1


def test_unseen_categories_have_one_code():
    new = Covariate(np.array([1, 2, 0, 3]), ("x", "new", "y"))
    np.testing.assert_array_equal(new.recoded(("y", "x")).values, [2, 0, 0, 1])


REFUSED = {
    "the future": (
        DATA,
        2,
        None,
        r"column 'promo' is known ahead, and was not given, for series 'a' at 2024-01-04 \(2",
    ),
    "a part of it": (DATA, 3, AHEAD, r"lacks column 'promo' for series 'b' at 2024-01-07 \(2 of 6 values"),
    "a value": (DATA, 2, AHEAD.assign(promo=[None, None, 0, 1]), r"for series 'a' at 2024-01-04"),
    "its column": (DATA, 2, AHEAD.rename(columns={"promo": "prom"}), r"no column 'promo' \(did you mean 'prom'\?\)"),
    "the names": (DATA, 2, AHEAD.drop(columns="unique_id"), r"no column 'unique_id', which names the series"),
    "the times": (DATA, 2, AHEAD.drop(columns="ds"), r"no column 'ds' of times"),
    "of the same kind": (
        DATA,
        2,
        AHEAD.assign(promo=["u", "v", "w", "x"]),
        r"holds categories in the future, and numb",
    ),
    "once": (DATA, 2, pd.concat([AHEAD, AHEAD]), r"several rows for series 'a' at 2024-01-04"),
    "of these series": (DATA, 2, AHEAD.assign(unique_id="q"), r"names no series of the data: it has 'q'"),
}


@pytest.mark.parametrize("data, horizon, ahead, message", REFUSED.values(), ids=REFUSED)
def test_a_future_that_is_missing_is_refused_by_name(data, horizon, ahead, message):
    with pytest.raises(DataError, match=message):
        future_rows(collect(data, future="promo"), horizon, ahead)


def test_a_future_that_would_be_ignored_is_refused():
    with pytest.raises(OptionError, match="no covariate that is known ahead"):
        future_rows(collect(DATA, past="promo"), 2, AHEAD)


def test_static_covariates_do_not_change():
    with pytest.raises(DataError, match=r"'kind' is no static covariate: in series 'b' it is 'x' and 'y'"):
        collect(DATA, static="kind")
    with pytest.raises(DataError, match=r"'price' is no static covariate: in series 'b' it is 0 and 1"):
        collect(DATA, static=["size", "price"])


def test_an_infinite_covariate_is_refused():
    with pytest.raises(DataError, match="column 'price' of the frame is infinite in row 8"):
        collect(DATA.assign(price=[*range(8), np.inf]), past="price")
