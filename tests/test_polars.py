"""Series and frames of polars are taken where those of pandas are, or refused with what to give instead."""

import datetime as dt

import numpy as np
import pytest

from elman import Forecaster, Network
from elman.cells import catalogue
from elman.data import WindowSampler, load_series
from elman.errors import DataError
from elman.network import Dense, Recurrent

pl = pytest.importorskip("polars")

WAVE = np.sin(np.arange(60) * 0.5)
DAYS = [dt.date(2024, 1, 1) + dt.timedelta(i) for i in range(60)]
FRAME = pl.DataFrame({"day": DAYS, "sales": WAVE, "price": -WAVE})


def small():
    return Forecaster(units=2, horizon=3, epochs=1, members=1, methods=["network", "theta"])


def network():
    return Network(1, [Recurrent(catalogue()["simple"], 2), Dense(1)])


@pytest.mark.parametrize("series", [FRAME["sales"], FRAME.select("sales")], ids=["series", "frame"])
def test_a_forecaster_learns_a_column(series):
    expected = small().fit(WAVE).predict(3, WAVE)
    np.testing.assert_array_equal(small().fit(series).predict(3, series).values[0], expected)


def test_a_forecaster_learns_every_column_of_a_frame_with_times():
    found = small().fit(FRAME).predict().to_polars()
    assert found.columns == ["unique_id", "day", "y"] and found["unique_id"].unique(maintain_order=True).to_list() == [
        "sales",
        "price",
    ]
    assert found["day"].dt.date().to_list() == 2 * [dt.date(2024, 3, 1) + dt.timedelta(i) for i in range(3)]


def test_a_missing_value_stays_open():
    found = small().fit(pl.Series([1, None, 3] * 20))
    assert np.isnan(found.fitted_basis.collection.values).sum() == 20 and np.isfinite(found.predict().values).all()


@pytest.mark.parametrize(
    "series, message",
    [
        (FRAME.lazy(), r"the frame is a LazyFrame, which holds no data yet; give frame.collect\(\)"),
        (pl.col("sales"), r"a polars Expr, which holds no data yet; give a column of a DataFrame"),
        (FRAME["day"], "holds times, such as '2024-01-01'; expected numbers"),
        (pl.Series(["a"] * 60), "holds texts, such as 'a'; expected numbers"),
    ],
)
def test_what_is_no_series_of_numbers_is_refused(series, message):
    with pytest.raises(DataError, match=message):
        small().fit(series)


def test_a_file_is_not_a_frame():
    with pytest.raises(DataError, match="the source is a DataFrame, expected the name of a file"):
        load_series(FRAME)


def test_windows_know_the_columns():
    sampler = WindowSampler(FRAME.select("sales", "price"), inputs="price", target="sales")
    x, y = sampler.next_batch(2, 5)[:2]
    np.testing.assert_allclose(x[:, 1:], -y[:, :-1], rtol=1e-6)


@pytest.mark.parametrize("source", [FRAME, FRAME.lazy(), FRAME["day"]], ids=["dates", "lazy", "days"])
def test_windows_of_something_else_are_refused(source):
    with pytest.raises(DataError, match="expected numbers|holds no data yet"):
        WindowSampler(source)


def test_a_network_takes_rows_of_steps():
    steps = WAVE.reshape(12, 5)
    frame = pl.DataFrame(steps)
    one, other = network(), network()
    one.fit(steps[..., None], steps[..., None], epochs=2, verbose=False)
    other.fit(frame, frame, epochs=2, verbose=False)
    np.testing.assert_array_equal(one(steps[..., None]), other(frame))


@pytest.mark.parametrize(
    "x, message",
    [
        (pl.Series(WAVE.reshape(12, 5).tolist()), "an array in each of its places"),
        (FRAME.lazy(), r"x is a polars LazyFrame, which holds no data yet; give x.collect\(\)"),
        (FRAME, "x has a column 'day' of Date"),
        (pl.DataFrame({"a": [1.0, None]}), "nan"),
    ],
)
def test_a_network_refuses_what_holds_no_numbers(x, message):
    with pytest.raises(DataError, match=message):
        network()(x)
