import csv
import json

import numpy as np
import pytest

from elman.data import load_series, read_columns
from elman.forecast import Forecaster
from elman.forecast.results import describe_backtest, write_csv, write_metrics


@pytest.fixture
def series(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("week,a b\n" + "".join(f"2001-01-{d:02d},{d}\n" for d in range(1, 30, 7)))
    return load_series(path)


def test_the_table_has_the_columns_of_the_series_and_its_calendar(series, tmp_path):
    write_csv(tmp_path / "f.csv", series, np.array([1.0, 1 / 3]))
    with (tmp_path / "f.csv").open() as file:
        assert list(csv.reader(file)) == [["week", "a b"], ["2001-02-05", "1"], ["2001-02-12", "0.3333333333333333"]]


def test_the_table_can_be_read_as_a_series_again(series, tmp_path):
    write_csv(tmp_path / "f.csv", series, np.array([1.0, 2.0]))
    read = read_columns(tmp_path / "f.csv")
    assert read.time == "week" and list(read.values) == [1, 2]


def test_figures_that_are_undefined_are_null_in_json(tmp_path):
    wave = np.tile([0.0, 1.0, 4.0, 2.0], 40)  # repeats itself: MASE has nothing to compare with
    path = tmp_path / "s.csv"
    path.write_text("v\n" + "".join(f"{v}\n" for v in wave))
    series = load_series(path)
    forecaster = Forecaster(hidden=4, horizon=4, epochs=1, members=1).fit(series)
    test = forecaster.backtest(series)
    tested = describe_backtest(series, test)
    write_metrics(tmp_path / "m.json", series, forecaster, 4, tested, ("a note",))
    found = json.loads((tmp_path / "m.json").read_text())
    assert found["backtest"]["scores"]["gru"]["MASE"] is None
    assert found["backtest"]["scores"]["seasonal naive"]["RMSE"] == 0
    assert found["backtest"]["scores"]["gru"]["RMSE"] == test.scores["gru"]["RMSE"]
    assert found["backtest"]["origins"] == [str(o + 1) for o in test.origins]
    assert found["model"]["season"] == 4 and found["notes"] == ["a note"]
