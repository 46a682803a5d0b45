import json

import numpy as np
import pytest

from elman.data import collect
from elman.forecast import Forecaster
from elman.forecast.results import METRICS, describe_backtest, earlier_backtest, metrics_json, origins_of

QUICK = {"methods": ["theta", "seasonal naive"]}


def file_with(tmp_path, text):
    (tmp_path / "s.csv").write_text(text)
    return collect(tmp_path / "s.csv")


def test_figures_that_are_undefined_are_null_in_json(tmp_path):
    collection = file_with(tmp_path, "v\n" + "4\n" * 160)  # MASE has nothing to compare with
    forecaster = Forecaster(horizon=4, season=4, **QUICK).fit(collection)
    test = forecaster.backtest(collection)
    found = json.loads(metrics_json("s", forecaster, 4, describe_backtest(test), ("a note",)))
    scores = found["backtest"]["scores"]
    assert scores["elman"]["MASE"] is None and scores["seasonal naive"]["RMSE"] == 0
    assert scores["elman"]["RMSE"] == float(test.scores["elman"]["RMSE"])
    assert found["backtest"]["origins"] == [str(160 - o + 1) for o in test.origins]
    assert found["backtest"]["before_the_end"] == test.origins.tolist()
    assert found["each"][0]["season"] == 4 and found["notes"] == ["a note"] and found["trained"]


def test_the_series_are_described_with_their_calendar(tmp_path):
    text = "week,shop,a b\n" + "".join(
        f"2001-01-{d:02d},{s},{d + k}\n" for s in "xy" for k, d in enumerate(range(1, 30, 7))
    )
    (tmp_path / "s.csv").write_text(text)
    collection = collect(tmp_path / "s.csv", group="shop")
    forecaster = Forecaster(horizon=2, **QUICK).fit(collection)
    found = json.loads(metrics_json("s", forecaster, 2, None, (), trained=False))
    assert found["series"] == {
        "name": "s", "count": 2, "target": "a b", "time": "week", "group": ["shop"], "values": 10, "missing": 0,
        "first": "2001-01-01", "last": "2001-01-29", "step": "7 days",
    }  # fmt: skip
    assert [one["name"] for one in found["each"]] == ["x", "y"] and not found["trained"] and found["backtest"] is None
    for one in found["each"]:
        assert sum(one["methods"].values()) == pytest.approx(1)


def test_what_the_backtest_says_is_that_of_its_scores():
    rng = np.random.default_rng(0)
    series = {"north": rng.normal(10, 1, 60), "south": rng.normal(20, 2, 60)}
    test = Forecaster(horizon=5, **QUICK).backtest(series)
    found = describe_backtest(test)
    assert found["verdict"] == str(test.verdict()) and found["best_rival"] == test.best_rival
    for s, name in enumerate(series):
        assert found["by_series"][name]["elman"] == test.scores["elman"]["MASE"].by_series[s]
    np.testing.assert_array_equal(found["by_horizon"]["elman"]["RMSE"], test.scores["elman"]["RMSE"].by_horizon)
    assert found["trained_on"] == 60 - test.origins[0] and origins_of(test)[0] == str(60 - test.origins[0])


@pytest.mark.parametrize("text", ["", "[]", "{}", "nothing", '{"backtest": null}'])
def test_an_earlier_backtest_that_cannot_be_read_is_none(tmp_path, text):
    assert earlier_backtest(tmp_path / "model.safetensors") is None
    (tmp_path / METRICS).write_text(text)
    assert earlier_backtest(tmp_path / "model.safetensors") is None
    (tmp_path / METRICS).write_text('{"backtest": {"verdict": "fine"}}')
    assert earlier_backtest(tmp_path / "model.safetensors") == {"verdict": "fine"}
