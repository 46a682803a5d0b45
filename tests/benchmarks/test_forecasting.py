"""The comparison of forecasters: its scores are the metrics', its problems the files', its tables what was measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from benchmarks.forecasting.contenders import CONTENDERS, Contender, by_series
from benchmarks.forecasting.page import Measured, written
from benchmarks.forecasting.problems import Problem, competition
from benchmarks.forecasting.processes import _tried, measured
from benchmarks.forecasting.run import published
from benchmarks.forecasting.scores import judged

from elman.forecast import mase, smape

RANDOM = np.random.default_rng(0)


def problem(count: int = 3, season: int = 4, freq: str | None = "QS") -> Problem:
    series = [RANDOM.gamma(5, 10, size=30 + 4 * k) for k in range(count)]
    return Problem("P", series, RANDOM.gamma(5, 10, size=(count, 4)), season, freq)


def test_scores_are_those_of_the_metrics():
    asked = problem()
    said = RANDOM.gamma(5, 10, size=asked.truth.shape)
    found = judged(asked, said, {80.0: (said - 1e9, said + 1e9), 50.0: (said + 1e9, said + 2e9)})
    rows = list(zip(asked.series, asked.truth, said, strict=True))
    assert found["smape"] == pytest.approx(np.mean([smape(a, f) for _, a, f in rows]))
    assert found["mase"] == pytest.approx(np.mean([mase(a, f, y, 4) for y, a, f in rows]))
    assert found["coverage"] == {"80": 1.0, "50": 0.0}


def test_a_forecast_that_is_none_is_not_scored():
    asked = problem()
    with pytest.raises(ValueError, match="are none"):
        judged(asked, np.where(asked.truth > 50, np.nan, 1.0), {})
    with pytest.raises(ValueError, match=r"\(3, 5\)"):
        judged(asked, np.zeros((3, 5)), {})


def test_a_competition_is_read_by_period(tmp_path):
    table = pd.DataFrame({"id": list("abc"), "period": ["yearly", "hourly", "yearly"], "h": [2, 3, 2]})
    table["train"] = [[1.0, 2.0, 3.0], [5.0] * 30, [4.0, 5.0, 7.0, 8.0]]
    table["test"] = [[4.0, 5.0], [5.0] * 3, [9.0, 9.0]]
    table["THETA"] = [10.0, 20.0, 30.0]
    table.to_parquet(tmp_path / "m.parquet")
    yearly, hourly = competition(tmp_path / "m.parquet", "M")
    assert (yearly.name, yearly.season, yearly.truth.tolist()) == ("M yearly", 1, [[4, 5], [9, 9]])
    assert (hourly.season, hourly.freq, len(hourly.series[0])) == (24, "h", 30)
    assert published(yearly)[0]["smape"] == 20 and published(yearly)[0]["contender"] == "published THETA"


def test_a_draw_is_the_same_for_everyone_and_keeps_truth_and_series_together():
    series = [np.full(9, float(k)) for k in range(50)]
    asked = Problem("P", series, np.repeat(np.arange(50.0)[:, None], 2, 1), 1, None, {"A": np.arange(50.0)})
    drawn = asked.drawn(7)
    assert len(drawn.series) == 7 and [y[0] for y in drawn.series] == drawn.truth[:, 0].tolist()
    assert drawn.published["A"].tolist() == drawn.truth[:, 0].tolist()
    assert [y[0] for y in asked.drawn(7).series] == [y[0] for y in drawn.series]
    assert asked.drawn(60) is asked
    assert [each.published["A"].tolist() for each in drawn.apart()] == drawn.truth[:, :1].tolist()


def test_the_end_of_what_is_learnt_can_be_the_truth():
    asked = problem()
    earlier = asked.before()
    assert all(
        np.array_equal(np.append(a, b), y) for a, b, y in zip(earlier.series, earlier.truth, asked.series, strict=True)
    )


def test_forecasts_of_frames_are_put_in_the_order_of_the_series():
    frame = pd.DataFrame({"unique_id": list("bbaa"), "ds": [2, 1, 1, 2], "f": [4.0, 3.0, 1.0, 2.0]})
    assert by_series(frame, "f", 2).tolist() == [[1, 2], [3, 4]]


def test_elman_is_run_as_its_users_run_it():
    found = _tried(CONTENDERS[0], problem(2))
    assert found["mase"] > 0 and set(found["coverage"]) == {"80", "90", "95"} and found["fit_s"] > 0


def entry(contender: str, mase: float, group: str = "tourism", **more) -> dict:
    return {
        "group": group, "problem": group, "contender": contender, "series": 5, "values": 40, "smape": 10 * mase,
        "mase": mase, "coverage": {"80": 0.8, "90": 0.91, "95": 0.96}, "fit_s": mase, "fit_cpu_s": 2 * mase,
        "predict_s": 1.0, "predict_cpu_s": 1.0, "version": "1.2",
    } | more  # fmt: skip


def result(entries: list[dict], **more) -> dict:
    machine = {"processor": "P"}
    return {"before": False, "apart": False, "most": None, "threads": 2, "machine": machine, "entries": entries} | more


PLACES = "a <!-- accuracy -->\nold\n<!-- end --> b <!-- coverage -->\n<!-- end --> <!-- peers -->\n<!-- end --> c"


def test_tables_hold_what_was_measured_and_say_what_was_not():
    failed = {"group": "tourism", "problem": "tourism", "contender": "darts LSTM", "series": 5, "missing": "no time"}
    drawn = [entry("elman", 0.5), entry("darts GRU", 1.0), failed]
    measured = Measured.of(
        [
            result([entry("elman", 0.9), entry("statsforecast AutoETS", 0.7)]),
            result(drawn, most=60),
            result([entry("elman", 0.1)], before=True),
        ]
    )
    text = written(PLACES, measured)
    assert "old" not in text and text.startswith("a ") and text.endswith(" c")
    assert "| visitor nights | 5 | 0.90 | **0.70** | not measured | not measured |" in text
    assert "| darts GRU | 1.000 | 2 (2) | 1 |" in text and "| darts LSTM | no time |" in text
    assert written(text, measured) == text


def test_of_r_the_worst_is_named():
    several = [
        entry(who, mase, "R", problem=name)
        for name, figures in {"good": (1, 2, 3, 4), "bad": (6, 3, 3, 2)}.items()
        for who, mase in zip((c.name for c in (CONTENDERS[0], *CONTENDERS[3:0:-1])), figures, strict=True)
    ]
    text = " ".join(written(PLACES, Measured.of([result(several)])).split())
    assert "Elman's is 1.25 in the median" in text and "3.00 at worst, for bad" in text


def test_contenders_run_in_processes_that_do_not_outlast_their_limit():
    nobody = Contender("nobody_has_this", "", {})
    (found,) = measured(nobody, [problem(1)], 1, 60)
    assert "not installed" in found["missing"] and found["series"] == 1
    (found,) = measured(CONTENDERS[0], [problem(1)], 1, -60)
    assert "did not finish" in found["missing"]
