"""`Forecaster.append`: new values behind the ends give the series that all of them would have given."""

import numpy as np
import pandas as pd
import pytest

from elman.data import collect
from elman.errors import DataError, OptionError
from elman.forecast import Forecaster

RNG = np.random.default_rng(0)
WAVES = 20 + np.cumsum(RNG.normal(size=(3, 60)), axis=1)
DAYS = pd.date_range("2024-01-01", periods=60)


def table(values, days=DAYS, first=0):
    """A long table with covariates of all kinds."""
    count, steps = values.shape
    number = np.arange(count * steps).reshape(count, steps) + first
    return pd.DataFrame(
        {
            "shop": np.repeat(["a", "b", "c"][:count], steps),
            "day": np.tile(days, count),
            "sales": values.ravel(),
            "promo": (number % 3).ravel(),
            "kind": np.array(["red", "blue"])[(number % 2).ravel()],
            "visits": (number % 7).ravel(),
            "size": np.repeat([1, 2, 3][:count], steps),
        }
    )


COLUMNS = {"group": "shop", "time": "day", "target": "sales", "future": ["promo", "kind"], "past": "visits"}


def theta(data, **columns):
    return Forecaster(4, methods=["theta", "linear"]).fit(data, **columns)


def same(found, wanted):
    assert found.same_as(wanted)
    for role in ("past", "future"):
        for name, covariate in getattr(wanted, role).items():
            np.testing.assert_array_equal(getattr(found, role)[name].values, covariate.values)


@pytest.mark.parametrize("steps", [1, 5])
def test_a_table_grows_as_if_it_had_come_at_once(steps):
    whole = table(WAVES)
    cut = whole[whole.day < DAYS[-5]]
    forecaster = theta(cut, **COLUMNS, static="size")
    for start in range(55, 60, steps):
        forecaster.append(whole[whole.day.isin(DAYS[start : start + steps])])
    same(forecaster.fitted_basis.collection, collect(whole, **COLUMNS, static="size"))
    assert forecaster.notes_[-1].startswith("weights and widths were found 5 steps before the end")


@pytest.mark.parametrize("as_news", [list, lambda v: v, lambda v: np.asarray(v, np.float32).astype(float)])
def test_one_series_grows_by_numbers(as_news):
    forecaster = theta(WAVES[0, :55]).append(WAVES[0, 55]).append(as_news(WAVES[0, 56:]))
    np.testing.assert_allclose(forecaster.fitted_basis.collection.values, WAVES[0], rtol=1e-6)


def test_several_series_grow_by_rows_by_a_number_each_and_by_name():
    forecaster = theta(WAVES[:, :50]).append(WAVES[:, 50]).append(WAVES[:, 51:53])
    np.testing.assert_array_equal(forecaster.fitted_basis.collection.values.reshape(3, -1), WAVES[:, :53])
    forecaster = theta({"a": WAVES[0, :50], "b": WAVES[1, :40]}).append({"b": [1.0, np.nan, 2.0]})
    np.testing.assert_array_equal(forecaster.fitted_basis.collection.lengths, [50, 43])
    np.testing.assert_array_equal(forecaster.fitted_basis.collection.series(1)[-3:], [1.0, np.nan, 2.0])


def test_forecasts_are_those_of_the_longer_series_with_weights_as_they_were():
    forecaster = Forecaster(4, methods="theta").fit(WAVES[:, :55]).append(WAVES[:, 55:])
    wanted = Forecaster(4, methods="theta").fit(WAVES).predict()  # of one method the weight is 1
    np.testing.assert_array_equal(forecaster.predict(), wanted)


def test_values_go_where_their_times_say():
    months = pd.date_range("2020-01-31", periods=40, freq="ME")
    forecaster = theta(pd.Series(WAVES[0, :40], index=months))
    later = pd.to_datetime(["2023-06-30", "2023-08-31"])  # the series ends in April
    forecaster.append(pd.Series([5.0, 6.0], index=later)).append(7.0)
    collection = forecaster.fitted_basis.collection
    np.testing.assert_array_equal(collection.values[40:], [np.nan, 5, np.nan, 6, 7])
    assert str(collection.times[-1])[:10] == "2023-09-30"


def test_what_was_known_ahead_is_used_up_and_new_rows_go_on():
    whole = table(WAVES)
    whole.loc[whole.day >= DAYS[52], "sales"] = np.nan
    forecaster = theta(whole, **COLUMNS)
    assert np.diff(forecaster.fitted_basis.collection.ahead.borders).tolist() == [8, 8, 8]
    forecaster.append(
        table(WAVES[:, 52:54], DAYS[52:54]).drop(columns=["promo", "kind"]).assign(promo=np.nan, kind=None)
    )
    collection = forecaster.fitted_basis.collection
    assert np.diff(collection.ahead.borders).tolist() == [6, 6, 6]
    np.testing.assert_array_equal(
        collection.future["promo"].values,
        collect(table(WAVES[:, :54], DAYS[:54]).assign(promo=whole[whole.day < DAYS[54]].promo.to_numpy()), **COLUMNS)
        .future["promo"]
        .values,
    )
    assert forecaster.predict(4).values.shape == (3, 4)


def test_a_file_remembers_what_was_appended(tmp_path):
    forecaster = theta(WAVES[0, :55]).append(WAVES[0, 55:])
    again = Forecaster.load(forecaster.save(tmp_path / "m.safetensors"))
    assert again.notes_ == forecaster.notes_ and again.append(3.0).fitted_basis.appended == 6
    assert again.update(WAVES[0]).fitted_basis.appended == 0


@pytest.mark.parametrize(
    "news, told",
    [
        (table(WAVES[:, :2], DAYS[49:51]), "'a' starts at 2024-02-19.*ends at 2024-02-19"),
        (table(WAVES[:1, :1], DAYS[50:51]).assign(shop="q"), "'q', which was not learnt"),
        (table(WAVES[:, :1], DAYS[50:51]).drop(columns="visits"), "visits"),
        (table(WAVES[:, :2], pd.to_datetime(["2024-02-20 00:00", "2024-02-20 06:00"])), "less than a step"),
    ],
)
def test_rows_that_do_not_follow_are_refused(news, told):
    forecaster = theta(table(WAVES[:, :50], DAYS[:50]), **COLUMNS)
    with pytest.raises((DataError, OptionError), match=told):
        forecaster.append(news)
    assert len(forecaster.fitted_basis.collection.values) == 150  # as it was


@pytest.mark.parametrize(
    "news, told",
    [
        ([1.0, 2.0], "2 values|1 series, and there are 3"),
        ([[1.0], [2.0], [np.nan]], "ends with a missing value"),
        ([[1.0], [2.0], [np.inf]], "finite"),
        ({"0": [1.0]}, "not learnt"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(news, told):
    with pytest.raises((DataError, OptionError), match=told):
        theta(WAVES[:, :50]).append(news)


def test_arrays_tell_no_covariates():
    with pytest.raises(OptionError, match="arrays do not tell"):
        theta(table(WAVES[:, :50], DAYS[:50]), **COLUMNS).append([1.0, 2.0, 3.0])


def test_before_a_fit_nothing_is_appended():
    with pytest.raises(OptionError, match="not fitted"):
        Forecaster(3).append([1.0])


def test_counts_stay_counts():
    forecaster = Forecaster(3, distribution="poisson", units=4, members=1, epochs=1).fit(np.arange(30) % 4)
    assert len(forecaster.append([1, 2]).predict()) == 3
    with pytest.raises(DataError, match="whole numbers"):
        forecaster.append(1.5)


def test_an_update_that_should_have_been_an_append_says_so():
    dates = pd.date_range("2015-01-01", periods=48, freq="MS")
    sales = pd.Series(np.random.default_rng(0).normal(size=48).cumsum() + 50, dates)
    forecaster = Forecaster(3, methods=["theta"]).fit(sales[:-12])
    assert any("append(data)" in note for note in forecaster.update(sales[-12:]).notes_)
    assert not any("append(data)" in note for note in forecaster.fit(sales[:-12]).update(sales).notes_)


def test_weekends_do_not_follow_weekdays():
    days = pd.bdate_range("2024-01-01", periods=60)
    forecaster = theta(pd.Series(WAVES[0], days))
    with pytest.raises(DataError, match="appended at 2024-03-23 is of a weekend"):
        forecaster.append(pd.Series([1.0], [pd.Timestamp("2024-03-23")]))
    assert np.isfinite(forecaster.append(pd.Series([1.0], [pd.Timestamp("2024-03-25")])).predict().values).all()


def test_a_covariate_known_ahead_may_be_missing_in_all_that_is_appended():
    whole = table(WAVES).assign(sales=lambda t: t.sales.where(t.day < DAYS[58]))
    forecaster = theta(whole[whole.day < DAYS[57]], **COLUMNS)
    forecaster.append(whole[whole.day >= DAYS[57]].assign(kind=None))
    ahead = forecaster.fitted_basis.collection.ahead
    assert ahead.future["kind"].absent.all() and not ahead.future["promo"].absent.any()


@pytest.mark.parametrize("role", ["past", "future"])
def test_a_category_that_was_not_learnt_is_told(role, tmp_path):
    whole = table(WAVES)
    columns = {"group": "shop", "time": "day", "target": "sales", role: "kind"}
    learnt, come = whole[whole.day < DAYS[50]], whole[whole.day >= DAYS[50]].assign(kind="green")
    forecaster = theta(learnt, **columns).append(come.assign(sales=come.sales.where(come.day < DAYS[56])))
    forecaster.save(tmp_path / "model.elman")
    for one in (forecaster, Forecaster.load(tmp_path / "model.elman")):
        assert any("not learnt, and counts as missing there: 'green'" in note for note in one.predict(level=80).notes)
