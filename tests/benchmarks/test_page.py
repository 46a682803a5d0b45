"""The page and the picture say what the results hold: who was measured, who was missing, which goals are met."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.comparisons import COMPARISONS, Goal
from benchmarks.page import best_peer, page
from benchmarks.picture import MARKERS, draw, marks
from benchmarks.run import reached
from benchmarks.table import goal_name


def entry(library: str, variant: str, ms: float) -> dict:
    return {
        "library": library, "variant": variant, "version": "1.0", "ms": ms, "rounds_ms": [ms, 0.9 * ms, 1.2 * ms],
        "ratios": [ms / 2, ms / 2.2, ms / 1.9], "gflops": 100 / ms, "fraction_of_sgemm": 0.2 / ms, "loss": 0.5,
        "loss_agrees": True, "memory_mib": 10 * ms, "disturbed_rounds": 1,
    }  # fmt: skip


def held(peak_mib: float, ms: float) -> dict:
    return {"ms": ms, "rounds_ms": [ms], "peak_mib": peak_mib, "engine_mib": peak_mib}


def results(ours: dict | None = None, kept: float = 6.5) -> dict:
    contenders = [
        ours or entry("elman", "fit", 2.0),
        entry("jax", "scanned", 6.0),
        entry("pytorch", "eager", 7.0),
        entry("pytorch", "eager, memory kept", kept),
        entry("pytorch", "loop", 8.0) | {"loss_agrees": False},
        {"library": "keras", "variant": "fit", "missing": "not installed (No module named 'keras')"},
        entry("elman", "built-in GRU", 2.1) | {"loss_agrees": None},
    ]
    goals = [reached(goal, contenders) for goal in (Goal(2), Goal(10, ("loop",)), Goal(1 / 1.1, ("built-in",)))]
    workload = {"name": "W4 invented", "about": "a cell", "unit": "update", "contenders": contenders, "goals": goals}
    machine = {"processor": "P", "cores": 2, "memory_gib": 8, "instructions": "avx2", "system": "L", "python": "3"}
    return {
        "time": "2030-01-02T03:04:05", "seconds": 600.0, "machine": machine, "threads": 2, "rounds": 3,
        "products": [{"library": "elman", "gflops": 400.0}, {"library": "numpy", "gflops": 200.0}],
        "imports": [
            {"library": "elman", "seconds": 0.002, "first_use_s": 0.08},
            {"library": "keras", "missing": "ModuleNotFoundError: No module named 'keras'"},
        ],
        "memory": [{"steps": 10_000, "time_ratio": 1.2, "normal": held(60.0, 50.0), "low": held(6.0, 60.0)}],
        "workloads": [workload | {"goal_of_sgemm": 0.8}],
    }  # fmt: skip


def one_line(text: str) -> str:
    return " ".join(text.split())


def row(text: str, *cells: str) -> str:
    """The line of a table that begins with these cells."""
    return next(line for line in text.splitlines() if line.startswith("| " + " | ".join(cells)))


def test_the_page_compares_with_the_best_peer_and_judges_the_goals():
    line = row(page(results()), "W4 invented", "a cell")
    assert "| 2 ms | jax scanned, 6 ms | 3.00 |" in line
    assert "2x: yes;" in line and "10x over loop: **no**, 4.00" in line and "within 10% of built-in: yes, 1.05" in line
    assert "Of its 3 goals for how many times faster it should be, it meets 2." in one_line(page(results()))


def test_a_best_peer_with_a_tuned_allocator_stands_beside_the_best_without():
    line = row(page(results(kept=4.0)), "W4 invented", "a cell")
    assert "| pytorch eager, memory kept, 4 ms | 2.00; 3.00 without |" in line


def test_the_page_names_who_is_missing_and_whose_loss_differs():
    text = page(results())
    assert "not installed (No module named 'keras')" in row(text, "", "keras fit")
    assert "**differs**" in row(text, "", "pytorch loop") and "(another model)" in row(text, "", "elman built-in GRU")
    assert "No module named 'keras'" in row(text, "Keras")


def test_the_page_tells_imports_memory_and_shares():
    text = page(results())
    assert "0.15 s: met" in one_line(text) and "0.002 s" in row(text, "Elman", "0.002 s")
    assert row(text, "10,000").endswith("| 60 MiB, 50 ms | 6 MiB, 60 ms | 10.0 | 1.20 |")
    assert row(text, "W4 invented", "50", "10%", "80%: **no**")


def test_every_table_of_the_page_is_whole():
    for block in re.findall(r"(?:^\|.*\n?)+", page(results()), re.M):
        assert len({line.count("|") for line in block.splitlines()}) == 1


def test_a_page_without_elmans_time_says_why(tmp_path):
    broken = results({"library": "elman", "variant": "fit", "missing": "failed: it broke"})
    for contender in broken["workloads"][0]["contenders"]:
        contender["ratios"] = []
    assert "failed: it broke" in row(page(broken), "W4 invented", "a cell")
    draw(broken, tmp_path / "picture.png")


def test_a_workload_without_peers_has_no_best_one():
    assert best_peer({"contenders": [entry("elman", "fit", 1.0), entry("elman", "step", 2.0)]}) == {}


@pytest.mark.parametrize("factor, against, name", [(4, "", "4x"), (1.6, "jax", "1.6x over jax")])
def test_goals_have_names(factor, against, name):
    assert goal_name({"factor": factor, "against": against}) == name


def test_what_was_not_measured_in_bfloat16_is_said():
    measured = results()
    measured["workloads"][0]["name"] = "W5 GRU bfloat16"
    assert "3x over the best float32 peer: **not measured**; this machine has no AMX" in page(measured)
    measured["machine"]["instructions"] = "avx512f, amx_bf16"
    assert "not measured**" not in page(measured)
    measured["workloads"][0]["name"] = "W5 GRU"
    assert "**not measured**." in page(measured)


def test_there_are_markers_for_all_ways_of_every_library():
    ways = {pair for comparison in COMPARISONS for pair in comparison.contenders[1:]}
    assert max(Counter(library for library, _ in ways).values()) <= len(MARKERS)


def test_the_picture_tells_contenders_apart(tmp_path: Path):
    draw(results(), tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    styles = marks(results()["workloads"])
    assert set(styles) == {
        "jax scanned",
        "pytorch eager",
        "pytorch eager, memory kept",
        "pytorch loop",
        "elman built-in GRU",
    }  # Keras was not measured
    assert len({(style["color"], style["marker"]) for style in styles.values()}) == len(styles)
