"""Comparisons: same data, same budget, about as many parameters; and what is told of them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

import elman as el
from elman.compare import Budget, Comparison, Interrupted, Result, Run, compare, task_of
from elman.compare.picture import draw
from elman.compare.results import score_text
from elman.compare.sizes import MOST_STATES, sizes_of, units_for
from elman.errors import DataError
from tests.of_catalogue import ONE_INPUT

TASK = task_of("adding", 8)
QUICK = Budget(updates=10, seeds=2, batch_size=4)


@pytest.mark.parametrize("name", ONE_INPUT)
def test_units_are_those_nearest_to_the_parameters(name):
    cell = el.cells.catalogue()[name]
    units = units_for(cell, TASK, 600)
    net = el.Network(2, [el.Recurrent(cell, units, return_sequences=False), el.Dense(1)])
    fixed = sum(p.size for n, p in net.params.items() if n in el.network.freezing.constants(net))
    less, (count, states), more = (sizes_of(cell, TASK, max(n, 1)) for n in (units - 1, units, units + 1))
    assert (count, states) == (net.arena.size - fixed, sum(net.state_sizes()[0]))
    assert abs(count - 600) <= abs(less[0] - 600)
    assert abs(count - 600) <= abs(more[0] - 600) or more[1] > MOST_STATES


def test_all_cells_learn_from_the_same_sequences_with_the_same_budget(monkeypatch):
    seen: dict[int, list] = {}
    fit = el.Network.fit

    def watched(net, x, target, **how):
        seen.setdefault(net.layers[0].cell.name, []).append((net.seed, x.sum(), len(x), how["batch_size"]))
        return fit(net, x, target, **how)

    monkeypatch.setattr(el.Network, "fit", watched)
    found = compare(["gru", "mgu"], TASK, QUICK, parameters=100)
    assert sorted(seen["gru"]) == sorted(seen["mgu"])
    assert len({total for _, total, *_ in seen["gru"]}) == len(seen["gru"])
    assert {run.updates for result in found.results for run in result.runs} == {10}
    assert {seed: sum(n for s, _, n, _ in seen["gru"] if s == seed) for seed in (0, 1)} == {0: 40, 1: 40}


def test_the_same_call_gives_the_same_numbers():
    one, two = (compare(["gru"], TASK, QUICK, units=3) for _ in range(2))
    assert [r.curve for r in one.results[0].runs] == [r.curve for r in two.results[0].runs]
    assert one.results[0].units == 3 and "3 units each" in one.budget


def test_seconds_are_a_budget():
    found = compare(["simple"], TASK, Budget(seconds=0.05, seeds=1), units=4)
    run = found.results[0].runs[0]
    assert run.seconds >= 0.05 and run.updates > 0 and len(run.curve) == len(found.points) and found.unit == "seconds"


def test_it_learns():
    found = compare(["gru"], task_of("adding", 4), Budget(updates=200, seeds=1, rate=0.01), units=12)
    assert found.results[0].mean < 0.3 * found.simple


@pytest.mark.filterwarnings("ignore")
def test_a_run_that_diverges_is_told_and_comes_last():
    @el.cell
    def explosive(p, x, h):
        return el.exp(p.W @ x + p.U @ h + 50) * el.exp(50 * el.exp(h))

    found = compare([explosive, "gru"], TASK, QUICK, units=3)
    assert [r.cell for r in found.results] == ["gru", "explosive"]
    assert found.results[1].diverged == 2 and all(run.error for run in found.results[1].runs)
    assert "diverged" in found.table()
    draw(found)


def test_a_cell_that_reads_times_gets_steps_of_one():
    found = compare([el.cells.ode_lstm.with_options(step="input")], TASK, QUICK, parameters=300)
    assert found.notes == ["ode_lstm: with step=1, as the inputs of the task hold no times"]


@pytest.mark.parametrize(
    ("cells", "how", "error"),
    [
        (["gru", "lsmt"], {}, "did you mean 'lstm'"),
        (["ea_lstm"], {}, "ea_lstm takes x, s"),
        ([], {}, "cells is empty"),
        (["gru", "gru"], {}, "names gru twice"),
        (["hyper_lstm"], {"parameters": 3}, "more than twice"),
        (["gru"], {"units": 0}, "units"),
        (["gru"], {"units": 4, "parameters": 100}, "not both"),
    ],
)
def test_what_cannot_be_compared_is_refused(cells, how, error):
    with pytest.raises(el.OptionError, match=error):
        compare(cells, TASK, QUICK, **how)


@pytest.mark.parametrize("given", [{"updates": 5}, {"updates": 20, "seconds": 1}, {"seconds": 0}, {"seeds": 0}])
def test_a_budget_is_checked(given):
    with pytest.raises(el.OptionError):
        Budget(**given)


def test_what_is_written_is_what_was_found():
    found = compare(["gru", "simple"], TASK, QUICK, parameters=120)
    rows = list(csv.DictReader(io.StringIO(found.csv().decode())))
    plain = json.loads(found.json())
    for row, result, said in zip(rows, found.results, plain["results"], strict=True):
        finals = [run["curve"][-1] for run in said["runs"]]
        assert row["cell"] == result.cell == said["cell"]
        assert float(row["mean"]) == pytest.approx(np.mean(finals))
        assert float(row["sd"]) == pytest.approx(np.std(finals, ddof=1))
    lines = found.table().splitlines()
    assert len(lines) == 3 and lines[1].startswith(found.results[0].cell) and "of 7" in lines[1]


def test_a_picture_has_a_curve_and_a_line_for_each_cell():
    found = compare(["gru", "simple", "mgu"], TASK, QUICK, parameters=120)
    curves, ends = draw(found).axes
    assert [list(line.get_ydata()) for line in curves.lines[:3]] == [
        list(np.mean([run.curve for run in result.runs], axis=0)) for result in reversed(found.results)
    ]
    assert [label.get_text() for label in ends.get_yticklabels()] == [r.cell for r in found.results]


def test_scores_in_words():
    assert score_text(0.12345, 0.0123, 0, 3) == "0.123 ± 0.01"
    assert score_text(0.12345, np.nan, 0, 1) == "0.123"
    assert score_text(0.12345, 0.0123, 1, 3) == "0.123 ± 0.01 (1 of 3 diverged)"
    assert score_text(np.nan, np.nan, 3, 3) == "diverged"


def found_with(curves, simple):
    """A comparison of a cell for each curve."""
    results = [Result(f"cell_{k}", 3, 30, [Run(0, list(curve), 10, 1.0, None)]) for k, curve in enumerate(curves)]
    points = list(range(1, 1 + len(curves[0])))
    return Comparison("task", "About.", "mse", simple, "nothing", "budget", "updates", points, 9, results, [])


@pytest.mark.parametrize(
    ("curves", "simple"),
    [
        ([[3.0, 0.7]], 0.0),  # where the simple answer is perfect, as of a series that ends with one value
        ([[2.0, 1.42], [1.8, 1.5]], 0.02),  # where it is far better than any cell
        ([[0.5, 1e-4], [0.6, 0.1]], 0.2),
        ([[0.0, 0.0]], 0.0),
        ([[0.3, 0.1], [1e9, 1e12]], 0.2),
    ],
)
def test_what_the_best_cell_reached_is_in_the_picture(curves, simple):
    for ax, axis in zip(draw(found_with(curves, simple)).axes, "yx", strict=True):
        low, high = sorted(getattr(ax, f"get_{axis}lim")())
        best = min(curve[-1] for curve in curves)
        assert low <= best <= high and high < 1e3


def test_a_picture_of_nothing_but_divergence():
    draw(found_with([[np.nan, np.nan]], 0.0))


def test_after_an_interruption_there_is_what_was_found_before(tmp_path):
    def watch(cell, seed, final):
        if (cell, seed) == ("mgu", 0):
            raise KeyboardInterrupt

    files = {name: tmp_path / f"found.{name}" for name in ("csv", "json")}
    how = {"updates": 10, "seeds": 2, "steps": 5, "batch_size": 4, "units": 3, "watch": watch}
    with pytest.raises(Interrupted, match="^stopped before these were compared: mgu, gru$") as stopped:
        el.commands.compare(["simple", "mgu", "gru"], "adding", **how, **files)
    assert [r.cell for r in stopped.value.found.results] == ["simple"]
    assert files["csv"].read_bytes() == stopped.value.found.csv()
    assert json.loads(files["json"].read_text())["notes"] == [str(stopped.value)]
    with pytest.raises(Interrupted, match="before a cell was through") as stopped:
        el.commands.compare(["mgu"], "adding", **how)
    assert stopped.value.found is None


def test_runs_side_by_side_find_the_same():
    @el.cell
    def mine(p, x, h):
        return el.tanh(p.W @ x + 0.5 * h)

    found = [compare(["simple", mine], TASK, QUICK, units=3, n_jobs=n).results for n in (1, 2)]
    alone, beside = ([(r.cell, r.units, replace(run, seconds=0.0)) for r in each for run in r.runs] for each in found)
    assert alone == beside and len(alone) == 4
    with pytest.raises(el.OptionError, match="n_jobs is 0"):
        compare(["simple"], TASK, QUICK, n_jobs=0)


def test_a_run_that_ends_in_another_process_is_told_here():
    told = []
    compare(["simple"], TASK, QUICK, units=3, n_jobs=2, watch=lambda *run: told.append(run[:2]))
    assert sorted(told) == [("simple", 0), ("simple", 1)]


def test_a_cell_that_cannot_be_made_ends_it_before_anything_is_trained():
    trained = []
    odd = el.cells.sru.with_options(projected=False)  # needs as many units as features
    with pytest.raises(el.ShapeError):
        compare(["gru", odd], TASK, QUICK, units=3, watch=lambda *run: trained.append(run))
    with pytest.raises(el.OptionError, match="memory"):
        compare(["gru", "mlstm"], TASK, QUICK, units=2**20, watch=lambda *run: trained.append(run))
    assert trained == []


def test_a_page_and_a_picture_that_cannot_be_made_are_notes_and_lose_nothing(tmp_path, monkeypatch):
    def fails(*_):
        raise ValueError("no ink")

    monkeypatch.setattr("elman.commands_compare.page_of_comparison", fails)
    monkeypatch.setattr("elman.commands_compare.draw", fails)
    files = {name: tmp_path / f"f.{end}" for name, end in zip(("json", "page", "picture"), ENDS, strict=True)}
    found = el.commands.compare(["simple"], "adding", updates=10, seeds=1, units=2, **files)
    assert found.notes[-2:] == ["there is no picture: ValueError: no ink", "there is no page: ValueError: no ink"]
    assert [path.name for path in tmp_path.iterdir()] == ["f.json"]
    assert json.loads((tmp_path / "f.json").read_text())["notes"] == found.notes


ENDS = ("json", "html", "png")


def test_a_short_series_says_what_to_give(tmp_path):
    (tmp_path / "short.csv").write_text("v\n" + "".join(f"{k % 7}\n" for k in range(100)))
    with pytest.raises(DataError, match="its last fifth must hold 50 steps and the value .*: give steps=19 or fewer"):
        el.compare.task_of(tmp_path / "short.csv")
    assert el.compare.task_of(tmp_path / "short.csv", steps=19).name == "short"
    (tmp_path / "short.csv").write_text("v\n1\n2\n3\n")
    with pytest.raises(DataError, match="give a longer series"):
        el.compare.task_of(tmp_path / "short.csv")


def test_two_results_in_one_file_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(el.OptionError, match="json and csv are both .*found.txt: give each a file of its own"):
        el.commands.compare(["gru"], "adding", updates=10, json="found.txt", csv=tmp_path / "found.txt")
