"""Sweeps: what they find, that they go on where they were, and that a break changes nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, OptionError, TrainingError
from elman.fleet import Interrupted, Range, read_sweep, sweep
from elman.fleet.sweep_running import Work
from elman.forecast.backtest import backtest

MONTHS = np.arange(60)
SALES = 50 + MONTHS + 9 * np.sin(MONTHS * 2 * np.pi / 12) + np.random.default_rng(0).normal(size=60)
FORECASTER = el.Forecaster(horizon=4, members=1, epochs=1)
GRID = {"methods": ["theta", "linear", ["theta", "linear"]], "nonnegative": [True, False]}
SPACE = {"methods": ["theta", "linear", ["theta", "linear"]], "units": Range(2, 64, log=True)}


def found_in(found):
    """All that a break must not change."""
    return [(r.trial, r.seed, r.settings, r.status, r.score, dict(r.scores), r.error) for r in found.rows]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def stopped_at(trials):
    """What presses Ctrl-C when so many trials have ended."""

    def watch(progress):
        if progress.ended in trials:
            trials.remove(progress.ended)
            raise KeyboardInterrupt

    return watch


def test_each_trial_is_a_row_and_its_score_that_of_the_backtest():
    found = sweep(FORECASTER, SALES, space=GRID, file="s.duckdb")
    assert [json.loads(row.settings)["nonnegative"] for row in found.rows] == [True, False] * 3
    for row in found.rows[::2]:
        made = el.Forecaster(**FORECASTER.get_params() | json.loads(row.settings))
        scores = backtest(made, SALES, level=()).scores["elman"]
        assert dict(row.scores) == {name: float(scores[name]) for name in ("MASE", "sMAPE", "RMSE", "MAE")}
        assert row.score == row.scores["MASE"] and row.status == "done" and not row.error
        assert row.versions["elman"] and row.seconds > 0
    assert found.best_score == min(row.score for row in found.rows)
    assert found.best_params == json.loads(min(found.rows, key=lambda row: row.score).settings)


@pytest.mark.parametrize(
    ("space", "options"),
    [({"methods": ["theta", "linear", ["theta", "linear"]]}, {}), (SPACE, {"trials": 4, "at_once": 2})],
    ids=["all combinations", "proposals"],
)
def test_a_sweep_that_was_stopped_again_and_again_is_that_which_was_not(space, options):
    if options:
        pytest.importorskip("optuna")
    options = {**options, "seeds": 2}
    whole = sweep(FORECASTER, SALES, space=space, file="whole.duckdb", **options)
    stops, calls = random.Random(1).sample(range(1, len(whole.rows)), 3), 1
    watch = stopped_at(stops)
    while stops:
        with pytest.raises(Interrupted, match=r"trials are in broken.duckdb; the same command"):
            sweep(FORECASTER, SALES, space=space, file="broken.duckdb", watch=watch, **options)
        calls += 1
    broken = sweep(FORECASTER, SALES, space=space, file="broken.duckdb", **options)
    assert calls == 4 and found_in(broken) == found_in(whole)
    assert broken.best_params == whole.best_params and broken.words() == whole.words()


def test_what_has_ended_is_not_run_again(monkeypatch):
    sweep(FORECASTER, SALES, space=GRID, file="s.duckdb")
    monkeypatch.setattr(Work, "__call__", lambda self, task: pytest.fail("a trial was run"))
    assert len(sweep(FORECASTER, SALES, space=GRID, file="s.duckdb").rows) == 6


def test_proposals_do_not_depend_on_processes_and_go_on_beyond_the_end():
    pytest.importorskip("optuna")
    pytest.importorskip("joblib")
    one = sweep(FORECASTER, SALES, space=SPACE, trials=6, at_once=3, file="one.duckdb")
    some = sweep(FORECASTER, SALES, space=SPACE, trials=4, at_once=3, file="two.duckdb", jobs=2)
    assert len(some.rows) == 4 and some.planned == 4
    two = sweep(FORECASTER, SALES, space=SPACE, trials=6, at_once=3, file="two.duckdb", jobs=2)
    assert found_in(two) == found_in(one) and found_in(two)[:4] == found_in(some)
    assert len({row.settings for row in two.rows}) > 4  # and they differ
    again = sweep(FORECASTER, SALES, space=SPACE, trials=4, at_once=3, file="two.duckdb")
    assert found_in(again) == found_in(one) and again.planned == 6


def test_proposals_learn_from_what_was_found():
    """With eleven values of a parameter that alone decides, most proposals end at the better ones."""
    pytest.importorskip("optuna")
    from elman.fleet.sweep_proposals import Known, proposed
    from elman.fleet.sweep_space import Space

    space, known = Space({"x": Range(0.0, 1.0)}), []
    for number in range(15):
        for settings in proposed(space, known, 4, seed=0, number=number, higher=False):
            known.append(Known(settings, abs(settings["x"] - 0.3)))
    late = [one.score for one in known[-20:]]
    assert np.median(late) < 0.1 < np.median([one.score for one in known[:10]])


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"data": SALES + 1}, "the data are others"),
        ({"space": {"methods": ["theta"]}}, "space.methods is"),
        ({"seeds": 2}, r"seeds is \[0\] there and \[0, 1\] here"),
        ({"measure": "RMSE"}, 'measure is "MASE" there and "RMSE" here'),
        ({"origins": 2}, "judged by.backtest.origins is null there and 2 here"),
        ({"estimator": el.Forecaster(horizon=4, members=1, epochs=2)}, "params.epochs is 1 there and 2 here"),
    ],
)
def test_another_sweep_is_refused_with_what_differs(other, words):
    usual = {"estimator": FORECASTER, "data": SALES, "space": {"methods": ["linear"]}, "file": "s.duckdb"}
    before = found_in(sweep(**usual))
    with pytest.raises(OptionError, match=f"s.duckdb holds another sweep: {words}"):
        sweep(**usual | other)
    assert found_in(read_sweep("s.duckdb")) == before


def test_a_combination_that_is_refused_is_a_trial_that_failed():
    space = {"distribution": [None, "normal"], "methods": ["theta", ["network"]]}
    found = sweep(FORECASTER, SALES, space=space, file="s.duckdb")
    assert [row.status for row in found.rows] == ["done", "done", "failed", "done"]
    assert "forecast by networks alone" in found.failed[0].error and found.failed[0].score is None
    assert found.failed[0].trial not in [one.number for one in found.ranked] and len(found.ranked) == 3
    again = sweep(FORECASTER, SALES, space=space, file="s.duckdb", retry=True)
    assert found_in(again) == found_in(found) and "1 trial that had failed" in again.notes[0]


def test_all_failed_is_an_error_and_a_file_with_their_reasons():
    with pytest.raises(TrainingError, match="all 2 trials failed, the first because: methods is 'theta'"):
        sweep(
            FORECASTER,
            SALES,
            space={"distribution": ["normal"], "methods": ["theta", "ets"]},
            file="s.duckdb",
        )
    assert len(read_sweep("s.duckdb").failed) == 2


def test_an_error_of_any_kind_is_a_row(monkeypatch):
    from elman.fleet.sweep_judges import SeriesJudge

    def judged(self, settings, seed):
        if settings["methods"] == "theta":
            raise MemoryError("no more\n is to be had")
        return {"MASE": np.nan if settings["methods"] == "ets" else 2.0, "sMAPE": 1.0, "RMSE": 1.0, "MAE": 1.0}

    monkeypatch.setattr(SeriesJudge, "__call__", judged)
    found = sweep(FORECASTER, SALES, space={"methods": ["theta", "ets", "linear"]}, file="s.duckdb")
    errors = [row.error for row in found.rows]
    assert errors == ["MemoryError: no more is to be had", "its MASE is nan", ""]
    assert found.best_params == {"methods": "linear"}


def test_a_budget_ends_a_sweep_that_goes_on_later():
    first = sweep(FORECASTER, SALES, space=GRID, file="s.duckdb", budget=1e-9)
    assert not first.rows and "6 trials are left" in first.notes[0]
    with pytest.raises(OptionError, match="no settings of s.duckdb have ended well"):
        first.best  # noqa: B018
    assert len(sweep(FORECASTER, SALES, space=GRID, file="s.duckdb", budget=600).rows) == 6


def test_a_season_that_is_tried_changes_no_unit():
    """Of seasonal naive with and without a season the same errors are divided by the same scale."""
    found = sweep(FORECASTER, SALES, space={"season": [12, 1], "methods": ["seasonal naive"]}, file="s.duckdb")
    ratios = [row.score / row.scores["MAE"] for row in found.rows]
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-12)
    assert found.rows[0].score != found.rows[1].score


def test_series_that_are_too_short_are_refused_before_a_file_is_made():
    with pytest.raises(DataError, match="a backtest of 4 steps needs"):
        sweep(FORECASTER, SALES[:5], space=GRID, file="s.duckdb")
    assert not Path("s.duckdb").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"folds": 3}, "folds means nothing for a forecaster"),
        ({"y": [1]}, "y means nothing for a forecaster"),
        ({"trials": 0}, "trials is 0"),
        ({"jobs": 0}, "jobs is 0"),
        ({"budget": 0}, "budget is 0"),
        ({"at_once": 0}, "at_once is 0"),
        ({"seeds": [1, 1]}, r"seeds is \[1, 1\]"),
        ({"seeds": []}, r"seeds is \[\]"),
        ({"measure": "mase"}, "did you mean 'MASE'"),
        ({"retry": 1}, "retry is 1"),
        ({"estimator": "gru"}, "estimator is 'gru'; expected a Forecaster"),
        ({"file": " "}, "file is empty"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments, words):
    usual = {"estimator": FORECASTER, "data": SALES, "space": {"methods": ["linear"]}, "file": "s.duckdb"}
    with pytest.raises(OptionError, match=words):
        sweep(**usual | arguments)
    assert not Path("s.duckdb").exists()


def test_seeds_are_those_of_the_estimators():
    learner = el.SequenceClassifier(units=2, members=1, epochs=1, convolution=None)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 5, 1)), [0, 1] * 6
    found = sweep(
        learner, X, y, space={"units": [2, 3]}, seeds=[5, 7], hold_out=0.5, measure="log_loss", file="s.duckdb"
    )
    assert [(row.trial, row.seed) for row in found.rows] == [(0, 5), (0, 7), (1, 5), (1, 7)]
    assert len({row.score for row in found.rows}) == 4
    assert found.best.mean == min(
        np.mean([r.score for r in found.rows[:2]]), np.mean([r.score for r in found.rows[2:]])
    )


def test_a_language_model_is_judged_by_the_end_of_its_text():
    text = "to be or not to be, that is the question. " * 30
    model = el.LanguageModel(units=4, steps=8, streams=4, epochs=1)
    found = sweep(model, text, space={"cell": ["gru", "simple"]}, file="s.duckdb")
    own = el.LanguageModel(units=4, steps=8, streams=4, epochs=1, cell="simple").fit(text, verbose=0).evaluate()
    assert found.rows[1].score == own.bits_per_character
    with pytest.raises(OptionError, match="validation cannot be swept"):
        sweep(model, text, space={"validation": [0.1, 0.2]}, file="s.duckdb")
