"""The page and the picture say what the results hold: who was measured, who was missing, which goals are met."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.comparisons import COMPARISONS
from benchmarks.machine_files import stored
from benchmarks.machine_page import best_peer, details, section
from benchmarks.page import DOCS, anchor, page
from benchmarks.picture import MARKERS, draw, marks
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
    workload = {"name": "W4 invented", "about": "a cell", "unit": "update", "contenders": contenders}
    machine = {"processor": "P", "cores": 2, "memory_gib": 8, "instructions": "avx2", "system": "L", "python": "3"}
    return {
        "time": "2030-01-02T03:04:05", "seconds": 600.0, "machine": machine, "threads": 2, "rounds": 3,
        "products": [{"library": "elman", "gflops": 400.0}, {"library": "numpy", "gflops": 200.0}],
        "imports": [
            {"library": "elman", "seconds": 0.002, "first_use_s": 0.08},
            {"library": "keras", "missing": "ModuleNotFoundError: No module named 'keras'"},
        ],
        "memory": [{"steps": 10_000, "time_ratio": 1.2, "normal": held(60.0, 50.0), "low": held(6.0, 60.0)}],
        "workloads": [workload | {"product": {"library": "elman", "numbers": "float32", "gflops": [400.0]}}],
    }  # fmt: skip


def one_line(text: str) -> str:
    return " ".join(text.split())


def row(text: str, *cells: str) -> str:
    """The line of a table that begins with these cells."""
    return next(line for line in text.splitlines() if line.startswith("| " + " | ".join(cells)))


def test_a_section_compares_with_the_best_peer_and_judges_the_goals():
    line = row(section("p", results()), "W4 invented")
    assert "| 2 ms | jax scanned, 6 ms | 3.00 |" in line
    assert "3x over jax: yes, 3.00; 10x over loop: **no**, 4.00; within 10% of built-in: yes, 1.05" in line


def test_a_best_peer_with_a_tuned_allocator_stands_beside_the_best_without():
    line = row(section("p", results(kept=4.0)), "W4 invented")
    assert "| pytorch eager, memory kept, 4 ms | 2.00; 3.00 without |" in line


def test_the_page_has_a_column_for_each_machine():
    slower = results({"library": "elman", "variant": "fit"} | entry("elman", "fit", 2.0), kept=1.0)
    slower["machine"] |= {"processor": "Q(R) CPU @ 2 GHz", "microarchitecture": "Zen 9"}
    text = page({"p": results(), "q": slower})
    across = text[text.index("## Across machines") :]
    assert row(across, "").startswith("|  | work | goal | P, 2 cores | Q, Zen 9, 2 cores |")
    assert row(across, "W4 invented").endswith("within 10% of built-in | 3.00 | **0.50** (3.00) |")
    assert row(across, "W13").endswith("| – | – |")
    assert "[Q, Zen 9, 2 cores](#q-zen-9-2-cores)" in text and "\n## Q, Zen 9, 2 cores\n" in text
    assert "| 0 of 1 | 2 of 3 |" in row(text, "[Q, Zen 9, 2 cores]")


def test_what_a_file_lacks_is_said():
    assert "No W11." in section("p", results() | {"lacks": "No W11."})


def test_all_figures_name_who_is_missing_and_whose_loss_differs():
    text = details("p", results())
    assert "not installed (No module named 'keras')" in row(text, "", "keras fit")
    assert "**differs**" in row(text, "", "pytorch loop") and "(another model)" in row(text, "", "elman built-in GRU")
    assert "No module named 'keras'" in row(text, "Keras")


def test_all_figures_tell_imports_and_memory():
    text = details("p", results())
    assert "0.15 s: met" in one_line(text) and "0.002 s" in row(text, "Elman", "0.002 s")
    assert row(text, "10,000").endswith("| 60 MiB, 50 ms | 6 MiB, 60 ms | 10.0 | 1.20 |")


@pytest.mark.parametrize(
    "workload, way, numbers, instructions, words",
    [
        ("W5 GRU", "fit", "float32", "", "10% (90%: **no**)"),
        ("W1", "fit", "float32", "", "10%"),
        ("W5 GRU bfloat16", "fit in bfloat16", "bfloat16", "amx_bf16", "10% (85%: **no**)"),
        ("W5 GRU bfloat16", "fit in bfloat16", "bfloat16", "avx512_bf16", "10%"),
        ("W5 GRU bfloat16", "fit in bfloat16", "float32", "amx_bf16", "10% of float32"),
    ],
)
def test_shares_are_judged_where_the_product_is_of_the_same_numbers(workload, way, numbers, instructions, words):
    measured = results(entry("elman", way, 2.0))
    measured["machine"]["instructions"] = instructions
    measured["workloads"][0] |= {"name": workload, "product": {"numbers": numbers}}
    assert row(section("p", measured), workload).endswith(f"| {words} |")


def test_every_table_of_the_pages_is_whole():
    for text in (page({"p": results()}), details("p", results())):
        for block in re.findall(r"(?:^\|.*\n?)+", text, re.M):
            assert len({re.sub(r"\\\|", "", line).count("|") for line in block.splitlines()}) == 1


def test_a_page_without_elmans_time_says_why(tmp_path):
    broken = results({"library": "elman", "variant": "fit", "missing": "failed: it broke"})
    for contender in broken["workloads"][0]["contenders"]:
        contender["ratios"] = []
    assert "failed: it broke" in row(section("p", broken), "W4 invented")
    assert row(page({"p": broken}), "W4 invented", "a cell").endswith("| – |")
    draw(broken, tmp_path / "picture.png")


def test_a_workload_without_peers_has_no_best_one():
    assert best_peer({"contenders": [entry("elman", "fit", 1.0), entry("elman", "step", 2.0)]}) == {}


@pytest.mark.parametrize("factor, against, name", [(4, "", "4x"), (1.6, "jax", "1.6x over jax")])
def test_goals_have_names(factor, against, name):
    assert goal_name({"factor": factor, "against": against}) == name


def test_goals_for_matrix_registers_are_judged_where_there_are_some():
    measured = results(entry("elman", "fit in bfloat16", 2.0))
    measured["workloads"][0]["name"] = "W5 GRU bfloat16"
    assert "over" not in row(section("p", measured), "W5 GRU bfloat16")
    measured["machine"]["instructions"] = "avx512f, amx_bf16"
    line = row(section("p", measured), "W5 GRU bfloat16")
    assert "3x over peers without autocast, layer in bfloat16: yes" in line
    assert "1.5x over autocast: not measured (no such contender)" in line


@pytest.mark.parametrize("name", stored())
def test_the_pages_are_up_to_date(name):
    """With what is kept of the machines: `python -m benchmarks.page` writes them again."""
    assert (DOCS / "performance" / f"{name}.md").read_text() == details(name, stored()[name])
    assert (DOCS / "performance" / f"{name}.png").exists()
    assert (DOCS / "performance.md").read_text() == page(stored())


def test_links_of_the_page_lead_somewhere():
    text = (DOCS / "performance.md").read_text()
    headings = {anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.M)}
    for target in re.findall(r"\]\((.*?)\)", text):
        assert target[1:] in headings if target.startswith("#") else (DOCS / target).exists()


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
