"""What a sweep tells: ranks, errors over seeds, effects, tables, a picture and a page."""

from __future__ import annotations

import csv
import io
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from elman.fleet.sweep_effects import share_explained
from elman.fleet.sweep_page import page
from elman.fleet.sweep_results import Sweep
from elman.fleet.sweep_store import DONE, FAILED, About, Row

SPACE = {"units": [8, 16], "cell": ["gru", "lstm", "lem"]}


def sweep_of(scores, *, space=SPACE, seeds=(0,), measure="MASE", baseline=("theta", 1.0), planned=None):
    """A sweep with these scores (settings, seeds), NaN where a trial failed."""
    settings = [dict(zip(space, values, strict=True)) for values in itertools.product(*space.values())]
    rows = []
    for number, of_seeds in enumerate(np.atleast_2d(np.asarray(scores, float).reshape(-1, len(seeds)))):
        for seed, score in zip(seeds, of_seeds.tolist(), strict=True):
            ok = np.isfinite(score)
            told = {"scores": {measure: score if ok else None}, "seconds": 0.5, "error": "" if ok else "too wide"}
            key = json.dumps(settings[number])
            rows.append(Row(number, seed, key, DONE if ok else FAILED, score if ok else None, **told))
    shown = {
        "name": "sales",
        "measure": measure,
        "how": "backtests",
        "planned": planned or len(settings) * len(seeds),
        "baseline": None if baseline is None else {"name": baseline[0], "scores": {measure: baseline[1]}},
    }
    identity = {
        "estimator": "Forecaster",
        "params": {"epochs": 3},
        "space": space,
        "seeds": list(seeds),
        "data": "f" * 64,
    }
    about = About(identity, shown, dict.fromkeys(space, "VARCHAR"), (measure,))
    return Sweep(about, rows, Path("s.duckdb"))


@pytest.mark.parametrize(("measure", "first"), [("MASE", 2), ("accuracy", 4)])
def test_the_best_is_the_lowest_or_the_highest(measure, first):
    found = sweep_of([0.5, 0.6, 0.2, 0.4, 0.9, 0.3], measure=measure)
    assert found.best.number == first and found.ranked[-1].number == {2: 4, 4: 2}[first]
    assert f"that is {'better' if measure == 'MASE' else 'no better'} than theta" in found.words()[2]


def test_of_equals_the_earlier_is_the_best_and_all_equal_is_said():
    found = sweep_of([1.0] * 6)
    assert found.best.number == 0 and "makes no difference" in found.words()[-1]


def test_settings_with_a_seed_that_failed_have_no_rank():
    found = sweep_of([[0.1, np.nan], [0.5, 0.4], [np.nan, np.nan], [0.9, 0.7], [0.3, 0.8], [0.6, 0.6]], seeds=(0, 1))
    assert [one.number for one in found.ranked] == [1, 4, 5, 3]
    assert len(found.failed) == 3 and "3 of them failed" in found.words()[0]


def test_what_is_within_one_standard_error_is_told_by_paired_differences():
    """Settings 1 are behind by 0.1 with every seed, settings 2 by 0.1 on the mean with a wide spread."""
    seeds = (0, 1, 2)
    scores = [[1.0, 2.0, 3.0], [1.1, 2.1, 3.1], [0.6, 2.1, 3.6], [9, 9, 9], [9, 9, 9], [9, 9, 9]]
    found = sweep_of(scores, seeds=seeds)
    assert [one.number for one in found.about_as_good] == [2]
    assert found.best.sd == pytest.approx(1.0)


def test_a_grid_whose_scores_add_up_is_explained_by_its_parts():
    """Scores of units and cells that add up without noise: the shares are those of an analysis of variance."""
    of_units, of_cells = [0.0, 0.4], [0.0, 0.1, 0.2]
    found = sweep_of([u + c for u in of_units for c in of_cells])
    effects = {effect.parameter: effect for effect in found.effects()}
    assert [group.mean for group in effects["units"].groups] == pytest.approx([0.1, 0.5])
    assert [group.label for group in effects["cell"].groups] == ["gru", "lstm", "lem"]
    every = np.add.outer(of_units, of_cells)
    inside = every.var(axis=1).mean() * 6 / 4  # of the cells, with 6 - 2 degrees of freedom
    assert effects["units"].share == pytest.approx(1 - inside / every.var(ddof=1))
    assert list(effects) == ["units", "cell"]


def test_chance_explains_nothing():
    """Of groups that differ by chance alone, the share is about zero on the mean, where eta squared is not."""
    rng = np.random.default_rng(0)
    shares = [share_explained(list(rng.normal(size=(4, 5)))) for _ in range(2000)]
    assert np.mean(shares) < 0.07  # cut at zero; eta squared has 3 / 19 = 0.16
    assert (
        np.isnan(share_explained([[1.0], [2.0]]))
        and np.isnan(share_explained([[1.0, 1.0], [1.0]]))
        and np.isnan(share_explained([]))
    )


def test_tables_and_csv_have_all_trials():
    found = sweep_of([[0.1, 0.2]] + [[0.5, np.nan]] * 5, seeds=(0, 1))
    rows = list(csv.DictReader(io.StringIO(found.csv().decode())))
    assert len(rows) == 12 and rows[1]["MASE"] == "0.2" and rows[3]["error"] == "too wide" and rows[3]["MASE"] == ""
    assert found.table(1)[1][1:4] == ["8", "gru", "0.15"]
    frame = pytest.importorskip("pandas") and found.to_pandas()
    assert frame.shape == (12, 9) and frame["units"].tolist() == [8] * 6 + [16] * 6
    assert frame["MASE"].isna().sum() == 5


def test_ranges_are_told_in_parts_with_equal_values_together():
    space = {"rate": {"from": 0.0, "to": 1.0, "log": False}}
    values = [0.1, 0.1, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    rows = [Row(k, 0, json.dumps({"rate": v}), DONE, v, {"MASE": v}) for k, v in enumerate(values)]
    found = sweep_of([0.0] * 6)
    identity = dict(found.about.identity) | {"space": space}
    swept = Sweep(About(identity, found.about.shown, {"rate": "DOUBLE"}, ("MASE",)), rows, Path("s.duckdb"))
    groups = swept.effects()[0].groups
    assert sum(group.settings for group in groups) == 12 and groups[0].label == "0.1" and groups[0].settings == 4
    assert [group.mean for group in groups] == sorted(group.mean for group in groups)


@pytest.mark.parametrize(
    "found",
    [
        sweep_of([0.5, 0.6, 0.2, 0.4, np.nan, 1e300]),
        sweep_of([1.0] * 6, baseline=None),
        sweep_of([np.nan] * 6),
        sweep_of(np.linspace(0.1, 1, 12), seeds=(0, 1), baseline=("naive", float("inf")), measure="accuracy"),
        sweep_of([0.5], space={"$a_b$": ["<x>"], "_c": [None]}),
    ],
    ids=["one astray", "all equal", "all failed", "seeds", "odd names"],
)
def test_pictures_and_pages_are_made_of_any_sweep(found):
    import matplotlib

    matplotlib.use("Agg")
    figure = found.plot()
    figure.canvas.draw() if hasattr(figure.canvas, "draw") else figure.draw_without_rendering()
    assert figure.axes and repr(found).startswith("<Sweep of sales")
    text = page(found, ("a note",)).html()
    assert "Sweep of sales" in text and "<x>" not in text and "How it was judged" in text
