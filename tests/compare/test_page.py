"""The page of a comparison says what chance may have done, and holds every run."""

from __future__ import annotations

import numpy as np
import pytest

from elman import commands
from elman.compare.page import page
from elman.compare.results import Comparison, Result, Run
from elman.errors import OptionError


def comparison(finals: dict[str, list[float]]) -> Comparison:
    """Of cells with what their seeds reached."""
    results = [
        Result(
            cell,
            4,
            100,
            [Run(s, [1.0, end], 20, 0.1, None, "it grew" * int(np.isnan(end))) for s, end in enumerate(ends)],
        )
        for cell, ends in finals.items()
    ]
    return Comparison(
        "adding", "Add.", "mse", 0.2, "1 always", "20 updates", "updates", [10, 20], 5, results, ["a note"]
    )


def test_what_is_as_good_as_the_best_by_the_same_seeds_is_said():
    found = comparison({"gru": [0.01, 0.05, 0.03], "lstm": [0.02, 0.04, 0.035], "simple": [0.11, 0.15, 0.13]})
    reached = page(found).sections[0]
    assert reached.text.startswith(
        "gru has the lowest mse, 0.03; that is better than what needs no memory, 1 always: 0.20."
    )
    assert (
        "by differences of the same seeds: lstm." in reached.text and "standard deviation over 3 seeds" in reached.text
    )
    assert [row[0] for row in reached.table] == ["cell", "gru", "lstm", "simple"]


def test_every_run_and_every_seed_is_there():
    found = comparison({"gru": [0.01, 0.05], "<b>": [np.nan, 0.5]})
    report = page(found)
    runs = next(section for section in report.sections if section.title == "Each run")
    assert len(runs.table) == 5 and runs.table[3][-1] == "it grew" and runs.table[3][2] == "-"
    dots = report.sections[0].charts[0].layers[2]
    assert dots.x == [0.01, 0.05, 0.5] and dots.y == [0, 0, 1]
    html = report.html()
    assert "&lt;b&gt;" in html and "<b>" not in html and "a note" in html


@pytest.mark.parametrize(
    "finals", [{"gru": [np.nan]}, {"gru": [0.0]}, {f"cell {k}": [1e9 * k, 2.0] for k in range(40)}]
)
def test_odd_comparisons_have_a_page(finals):
    text = page(comparison(finals)).sections[0].text
    assert ("single run" in text) == (len(next(iter(finals.values()))) == 1)
    assert len(page(comparison(finals)).html()) < 200_000


def test_a_page_is_written_where_it_is_asked_for(tmp_path):
    how = {"steps": 4, "updates": 10, "seeds": 1, "parameters": 60}
    commands.compare(["simple"], "adding", page=tmp_path / "page.html", **how)
    assert "simple" in (tmp_path / "page.html").read_text()
    with pytest.raises(OptionError, match=r"must end in \.html or \.htm"):
        commands.compare(["simple"], "adding", page=tmp_path / "page.txt", **how)
    with pytest.raises(OptionError, match="give each a file of its own"):
        commands.compare(["simple"], "adding", page=tmp_path / "x.html", json=tmp_path / "x.html", **how)
