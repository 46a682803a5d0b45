"""docs/cells.md is what the cells and the measurement say."""

from __future__ import annotations

import copy
import json

import pytest
from benchmarks.cells.page import PAGE, page, prose, ranks, score
from benchmarks.cells.run import BUDGET, LEFT_OUT, RESULTS, TASKS, figures, milliseconds, one_input

import elman as el
from elman.compare import Result, Run

STORED = json.loads(RESULTS.read_text())


@pytest.fixture(scope="module")
def made() -> str:
    return page(copy.deepcopy(STORED))


def test_it_is_up_to_date(made):
    assert PAGE.read_text() == made, "docs/cells.md is not what the cells say now: run make cells-docs"


def test_every_cell_has_its_section_and_its_equations(made):
    sections = {part.partition("\n")[0]: part for part in made.split("\n### ")[1:]}
    assert list(sections) == sorted(el.cells.catalogue())
    for e in el.cells.table():
        assert f"```math\n{e.latex}\n```" in sections[e.name] and f"| [{e.name}](#{e.name}) | {e.year} |" in made


def test_a_cell_that_was_not_measured_is_named(made):
    results = copy.deepcopy(STORED)
    del results["tasks"]["copy"]["cells"]["gru"]
    assert "gru: not measured yet" in page(results) and "gru: not measured yet" not in made


def test_what_was_measured_is_the_budget_that_is_told():
    assert set(STORED["tasks"]) == set(TASKS) and sum(STORED["seconds"].values()) < 600
    for task in STORED["tasks"].values():
        assert task["budget"].startswith(f"{BUDGET.updates} updates with {BUDGET.batch_size} new sequences")
        assert all(len(found["finals"]) == BUDGET.seeds for found in task["cells"].values())


def test_every_cell_is_compared_or_it_is_told_why_not(made):
    assert sorted([*LEFT_OUT, *one_input()]) == sorted(el.cells.catalogue())
    assert all(f"[{name}](#{name}) {LEFT_OUT[name].split()[0]}" in made for name in LEFT_OUT)


def test_every_cell_is_timed():
    assert set(STORED["ms"]) == set(STORED["tasks"]["adding"]["cells"]) and min(STORED["ms"].values()) > 0


def test_milliseconds_are_those_of_an_update(monkeypatch):
    """Of the processor, whatever it waits for, for each of the updates that are made."""
    clock, updates, made = [0.0], [], []

    def fit(net, x, target, **how):
        updates.append(len(x) / how["batch_size"])
        made.append((how["epochs"], how["optimizer"], net.threads))
        clock[0] += (9.0 if len(updates) == 1 else 0.002 + len(updates) * 1e-4) * updates[-1]

    monkeypatch.setattr(el.Network, "fit", fit)
    monkeypatch.setattr("benchmarks.cells.run.time.process_time", lambda: clock[0])
    assert milliseconds(Result("gru", 4, 0, [])) == pytest.approx(2.2)  # the least, without what is done once
    assert set(made) == {(1, "adam", 1)} and min(updates) >= 100


def test_ranks_and_scores():
    cells = {name: {"finals": finals} for name, finals in {"a": [2.0, 4.0], "b": [1.0, 1.0], "c": [0.1, None]}.items()}
    assert ranks(cells) == {"b": 1, "a": 2, "c": 3}
    assert [score(name, cells) for name in cells] == ["**3 ± 1**", "**1 ± 0**", "diverged (1 of 2)"]


def test_figures_of_runs():
    runs = [Run(0, [0.5, 0.25], 10, 1.0, 7), Run(1, [0.5, float("nan")], 5, 1.0, None, "no number")]
    assert figures(Result("gru", 3, 50, runs)) == {
        "units": 3, "parameters": 50, "finals": [0.25, None], "horizons": [7, None],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("``W_z`` and `gru`", "`W_z` and `gru`"),
        ("a * b < c", r"a \* b \< c"),
        ("the paper's V_h", r"the paper's V\_h"),
    ],
)
def test_docstrings_as_markdown(text, markdown):
    assert prose(text) == markdown
