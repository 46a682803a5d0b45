import numpy as np
import pandas as pd
import pytest

from elman.data import collect
from elman.data.reading import Reading
from elman.data.repeats import WAYS
from elman.errors import DataError, OptionError

RNG = np.random.default_rng(5)
DAYS = pd.date_range("2024-01-01", periods=40)


def till(rows=600):
    """Sales in any order, some without a value, of two shops."""
    sales = pd.DataFrame({"day": RNG.choice(DAYS, rows), "shop": RNG.choice(["a", "b"], rows)})
    return sales.assign(sales=np.where(RNG.random(rows) < 0.2, np.nan, RNG.normal(size=rows)), price=RNG.random(rows))


@pytest.mark.parametrize("way", WAYS)
def test_values_of_one_time_are_combined_as_pandas_does(way):
    sales = till()
    found = collect(sales, time="day", target="sales", group="shop", combine=way)
    grouped = sales.groupby(["shop", "day"]).sales
    expected = grouped.sum(min_count=1) if way == "sum" else getattr(grouped, way)()
    for number, shop in enumerate(found.names):
        own = expected[shop].dropna()
        known = ~np.isnan(found.series(number))
        np.testing.assert_allclose(found.series(number)[known], own)
        np.testing.assert_array_equal(found.times_of(number)[known], own.index.to_numpy("M8[us]"))


def test_a_note_counts_what_was_combined():
    sales = till().dropna()
    shared = sales.duplicated(["shop", "day"], keep=False)
    found = collect(sales, time="day", target="sales", group="shop", combine="sum")
    places = len(sales[shared].drop_duplicates(["shop", "day"]))
    assert f"{shared.sum()} values whose times repeat were combined into {places}, of each the sum" in found.notes
    once = collect(pd.Series([1.0, 2.0], DAYS[:2]), combine="mean")
    assert once.notes == ("no time of a series comes twice, and combine='mean' did nothing",)


def test_covariates_are_of_one_value_for_each_time():
    sales = pd.DataFrame({"day": DAYS[[0, 0, 1, 2]], "sales": [1.0, 2, 3, 4], "price": [5.0, 7, 5, 5]})
    found = collect(sales.assign(kind=["x", None, "y", "x"]), target="sales", future=["price", "kind"], combine="sum")
    np.testing.assert_array_equal(found.future["price"].values, [6, 5, 5])
    np.testing.assert_array_equal(found.future["kind"].values, [1, 2, 1])
    assert "the covariate 'price' differs among rows of 1 time: its mean is taken" in found.notes
    with pytest.raises(DataError, match="'kind' has several categories of series 'sales' at 2024-01-01"):
        collect(sales.assign(kind=[*"xyxx"]), target="sales", past="kind", combine="sum")


def test_wide_tables_files_and_dicts_of_series(tmp_path):
    wide = pd.DataFrame({"a": [1.0, 2, 3], "b": [4.0, np.nan, 6]}, index=DAYS[[0, 0, 1]])
    np.testing.assert_array_equal(collect(wide, combine="sum").values, [3, 3, 4, 6])
    np.testing.assert_array_equal(collect(dict(wide.items()), combine="sum").values, [3, 3, 4, 6])
    wide.to_csv(tmp_path / "wide.csv", index_label="day")
    read = collect(tmp_path / "wide.csv", reading=Reading(combine="mean"))
    np.testing.assert_array_equal(read.values, [1.5, 3, 4, 6])


def test_repeated_times_are_refused_with_a_way_out():
    sales = till().dropna()
    for data, columns in ((sales, {"target": "sales", "group": "shop"}), (sales[["day", "sales"]], {})):
        with pytest.raises(DataError, match=r"times; .* --combine sum \(elman.data.collect\(..., combine='sum'\)"):
            collect(data, time="day", **columns)
    with pytest.raises(DataError, match="--combine sum"):
        collect({"a": pd.Series([1.0, 2.0], DAYS[[0, 0]])})


@pytest.mark.parametrize(("name", "called"), [(None, "the index has"), ("week", "the index 'week' has")])
def test_the_times_of_an_index_are_called_so(name, called):
    with pytest.raises(DataError, match=f"^{called} the time 2024-01-01 2 times"):
        collect(pd.Series([1.0, 2.0, 3.0], DAYS[[0, 0, 1]].rename(name)))


@pytest.mark.parametrize(
    ("data", "way", "message"),
    [
        (np.arange(5.0), "sum", "the data has no times"),
        (pd.Series([1.0, 2.0], DAYS[:2]), "mena", r"combine is 'mena' \(did you mean 'mean'\?\)"),
        (pd.Series([1.0, 2.0], DAYS[:2]), 3, "combine is 3; expected one of sum, mean"),
        (collect(np.arange(5.0)), "sum", "combine"),
    ],
)
def test_what_cannot_be_combined(data, way, message):
    with pytest.raises(OptionError, match=message):
        collect(data, combine=way)


@pytest.mark.parametrize("way", ["sum", "mean"])
def test_sums_that_overflow_are_refused(way):
    with pytest.raises(DataError, match=f"the {way} of what comes at 2024-01-01 leaves what numbers can hold"):
        collect(pd.DataFrame({"day": [*DAYS[:2], DAYS[0]], "sales": 1e308}), combine=way)
