"""Covariates from end to end: what users name in fit and give in predict."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import elman as el
from elman.errors import DataError, OptionError
from elman.forecast import Forecaster


def shops(count=6, n=90, horizon=14, seed=0):
    """Shops with promotions that raise sales by half, and a covariate that does nothing."""
    random, frames = np.random.default_rng(seed), []
    for shop in range(count):
        t = np.arange(n + horizon)
        promo = random.random(n + horizon) < 0.2
        week = 0.2 * np.sin(2 * np.pi * t / 7 + shop)
        sales = np.exp(4 + week + 0.4 * promo + random.normal(0, 0.05, n + horizon))
        days = pd.date_range("2023-01-02", periods=n + horizon)
        frames.append(
            pd.DataFrame(
                {
                    "shop": f"s{shop}",
                    "day": days,
                    "sales": sales,
                    "promo": promo.astype(int),
                    "rain": random.random(n + horizon),
                    "kind": "ab"[shop % 2],
                }
            )
        )
    frame = pd.concat(frames, ignore_index=True)
    last = frame.day.max() - pd.Timedelta(days=horizon)
    return frame[frame.day <= last], frame[frame.day > last]


NAMES = {"time": "day", "target": "sales", "group": "shop"}


@pytest.fixture(scope="module")
def fitted():
    known, later = shops()
    forecaster = Forecaster(14, members=1, epochs=2).fit(known, **NAMES, past="rain", future="promo", static="kind")
    return forecaster, known, later


def error(forecast, later):
    both = forecast.to_pandas().merge(later, on=["shop", "day"], suffixes=("", "_true"))
    return float(np.mean(np.abs(both.sales - both.sales_true)))


def test_known_promotions_make_better_forecasts(fitted):
    forecaster, known, later = fitted
    without = Forecaster(14, members=1, epochs=2).fit(known, **NAMES)
    assert error(forecaster.predict(future=later), later) < 0.6 * error(without.predict(), later)


def test_what_if(fitted):
    forecaster, _, later = fitted
    never, always = (forecaster.predict(future=later.assign(promo=p)).values for p in (0, 1))
    np.testing.assert_allclose(np.median(always / never), np.exp(0.4), rtol=0.1)


def test_a_missing_future_is_refused_by_name(fitted):
    forecaster, _, later = fitted
    with pytest.raises(DataError, match="'promo'"):
        forecaster.predict()
    with pytest.raises(DataError, match="'promo'.*'s0'"):
        forecaster.predict(future=later[later.day < later.day.max()])


def test_rows_behind_the_last_value_tell_the_future(fitted):
    forecaster, known, later = fitted
    both = pd.concat([known, later.assign(sales=np.nan)])
    other = Forecaster(14, members=1, epochs=2).fit(both, **NAMES, past="rain", future="promo", static="kind")
    np.testing.assert_array_equal(other.predict().values, forecaster.predict(future=later).values)


def test_a_file_keeps_what_covariates_were(fitted, tmp_path):
    forecaster, _, later = fitted
    again = el.load(forecaster.save(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(again.predict(future=later).values, forecaster.predict(future=later).values)


def test_a_category_that_was_never_seen_is_none(fitted):
    forecaster, known, later = fitted
    other = known.assign(kind=np.where(known.shop == "s0", "new", known.kind))
    found = forecaster.predict(data=other, future=later)
    assert np.isfinite(found.values).all()
    assert "the covariate 'kind' has a category that was not learnt, and counts as missing there: 'new'" in found.notes


def test_a_category_ahead_that_was_never_seen_is_told():
    known, later = shops(2, 40)
    days = {"known": known.assign(w="work"), "later": later.assign(w="odd")}
    names = NAMES | {"future": ["w"], "static": None}
    forecaster = Forecaster(7, members=1, epochs=0, methods=["network", "theta"])
    told = "the covariate 'w' has a category that was not learnt, and counts as missing there: 'odd'"
    forecaster.fit(days["known"], **names)
    assert told in forecaster.predict(future=days["later"]).notes
    assert told not in forecaster.predict(future=later.assign(w="work")).notes
    behind = pd.concat([days["known"], days["later"].assign(**{NAMES["target"]: np.nan})])
    assert told in forecaster.fit(behind, **names).predict().notes


def test_a_future_that_nobody_asked_for_is_refused():
    known, later = shops(2, 40)
    forecaster = Forecaster(7, members=1, epochs=0).fit(known, **NAMES)
    with pytest.raises(OptionError, match="future"):
        forecaster.predict(future=later)


def test_holidays_and_the_calendar_are_inputs():
    pytest.importorskip("holidays")
    known, later = shops(2, 60)
    forecaster = Forecaster(7, members=1, epochs=1, holidays="DE", calendar=True).fit(known, **NAMES)
    assert np.isfinite(forecaster.predict().values).all()
    with pytest.raises(OptionError, match="dates"):
        Forecaster(7, calendar=True).fit(np.arange(40.0))


def test_irregular_times_tell_their_gaps():
    random = np.random.default_rng(0)
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.cumsum(random.integers(1, 9, 80)), unit="h")
    frame = pd.DataFrame({"ds": times, "y": 50 + random.normal(size=80).cumsum()})
    forecaster = Forecaster(5, members=1, epochs=1).fit(frame)
    assert forecaster.fitted.encoder.gaps
    assert np.isfinite(forecaster.predict().values).all()


def test_a_backtest_uses_what_was_known(fitted):
    forecaster, known, later = fitted
    both = pd.concat([known, later])
    test = forecaster.backtest(both, origins=2, **NAMES, past="rain", future="promo", static="kind")
    scores = {name: float(found["MASE"]) for name, found in test.scores.items()}
    assert scores["elman"] < 0.7 * min(value for name, value in scores.items() if name != "elman")


def test_explanations_add_up(fitted):
    forecaster, _, later = fitted
    for step in (None, 1, 14):
        found = forecaster.explain("s1", step=step, future=later, points=64)
        assert found.total + found.baseline == pytest.approx(found.change, abs=0.02)
        assert set(found.inputs) == {"promo", "rain"}
    assert "promo" in repr(found)
