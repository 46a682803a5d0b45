"""Writes docs/performance.md and its picture from a measurement's JSON: `make bench-docs`.

Nothing on the page is written by hand, save what `benchmarks/notes.md` says, which is put at its end.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.picture import draw
from benchmarks.run import RESULTS
from benchmarks.table import goal_text, spread

from elman.bench.figures import time_text
from elman.bench.workloads import WORKLOADS

DOCS = Path(__file__).parent.parent / "docs"
NOTES = Path(__file__).parent / "notes.md"
IMPORT_GOAL_S = 0.15


def page(results: dict[str, Any]) -> str:
    sections = [introduction(results), goals(results), of_sgemm(results), imports(results), contenders(results)]
    return "\n\n".join(sections) + ("\n\n" + NOTES.read_text() if NOTES.exists() else "\n")


def introduction(results: dict[str, Any]) -> str:
    machine, disturbed = results["machine"], sum(e.get("disturbed_rounds", 0) for e in entries(results))
    turns = sum(len(e.get("rounds_ms", ())) for e in entries(results))
    libraries = ", ".join(f"{name} {version}" for name, version in versions(results).items())
    return f"""# Performance

Written by `make bench-docs` from the measurement of {results["time"][:10]}. `make bench` measures anew on your machine
(about {results["seconds"] / 60:.0f} minutes), `make bench-quick` the small workloads only.

![How many times Elman's time each contender takes](performance.png)

**Machine**: {machine["processor"]}, {machine["cores"]} cores, {machine["memory_gib"]} GiB, {machine["instructions"]};
{machine["system"]}, Python {machine["python"]}.

**Libraries**: {libraries}.

**Method**: float32, {results["threads"]} threads each. Every contender runs in a process of its own; they take
turns of a fifth of a second or more, in {results["rounds"]} rounds, so that a change of the machine's speed meets all.
A time is the median of the rounds, a ratio the median of the rounds' ratios. All begin with the same weights and see
the same batches in the same order; a loss that is off by more than 1e-3 (relative) after the same number of updates is
marked. Other programs took more than 5 % of the processors in {disturbed} of {turns} turns."""


def goals(results: dict[str, Any]) -> str:
    """Elman against the best peer of each workload."""
    rows = []
    for workload in results["workloads"]:
        ours = workload["contenders"][0]
        for goal in workload["goals"] or [{"factor": 0, "against": ""} | best_peer(workload)]:
            met = ("yes" if goal.get("ratio", 0) >= goal["factor"] else "**no**") if goal["factor"] else ""
            best = goal.get("best", f"not measured: {goal.get('missing', 'no such contender')}")
            time = f", {time_text(time_of(workload, goal['best']))}" if "best" in goal else ""
            ratio, own = f"{goal['ratio']:.2f}" if "ratio" in goal else "", time_text(ours["ms"])
            wanted = goal_text(goal).split("(goal ")[1].rstrip(")") if goal["factor"] else ""
            rows.append((workload["name"], workload["about"], own, best + time, ratio, wanted, met))
    rows.append(("bfloat16", "W5 and W8 on AMX", "", f"not measured: {no_bfloat16(results)}", "", "3x", "**no**"))
    heading = ("", "work", "Elman", "fastest of the peers meant", "times Elman's", "goal", "met")
    return "## Against the best peer\n\n" + markdown(heading, rows)


def no_bfloat16(results: dict[str, Any]) -> str:
    amx = "" if "amx" in results["machine"]["instructions"] else ", and this machine has no AMX"
    return f"Elman computes in float32 and float64 only{amx}"


def best_peer(workload: dict[str, Any]) -> dict[str, Any]:
    measured = [e for e in workload["contenders"][1:] if e.get("ratios") and e["library"] != "elman"]
    if not measured:
        return {}
    best = min(measured, key=lambda e: e["ms"])
    return {"best": f"{best['library']} {best['variant']}", "ratio": median(best["ratios"])}


def time_of(workload: dict[str, Any], name: str) -> float:
    return next(e["ms"] for e in workload["contenders"] if name == f"{e['library']} {e['variant']}")


def of_sgemm(results: dict[str, Any]) -> str:
    rows = []
    for workload in results["workloads"]:
        goal, ours = workload["goal_of_sgemm"], workload["contenders"][0]
        if goal:
            met = "yes" if ours["fraction_of_sgemm"] >= goal else "**no**"
            share = f"{ours['fraction_of_sgemm']:.0%}"
            rows.append((workload["name"], f"{ours['gflops']:.0f}", share, f"{goal:.0%}", met))
    products = ", ".join(f"{each['library']} {each['gflops']:.0f}" for each in results["products"])
    return (
        "## Share of the matrix product's speed\n\n"
        f"A float32 product of two 1024 x 1024 matrices, GFLOP/s: {products}. The fastest takes turns with the\n"
        "contenders; only matrix products are counted as arithmetic of a workload.\n\n"
        + markdown(("", "GFLOP/s", "share", "goal", "met"), rows)
    )


def imports(results: dict[str, Any]) -> str:
    """Seconds to import each library, and the memory of its smallest workload."""
    rows = [(each["library"], *_import_figures(each, results)) for each in results["imports"]]
    ours = next(each for each in results["imports"] if each["library"] == "elman")
    verdict = "met" if ours["seconds"] <= IMPORT_GOAL_S else "**not met**"
    return (
        "## Import and memory\n\n"
        "Import beyond NumPy's, median of fresh processes; the least peak memory of any workload's process.\n"
        f"Goal for Elman's import: {IMPORT_GOAL_S} s, {verdict}. Making its first network after that takes "
        f"{ours['first_use_s']:.2f} s.\n\n" + markdown(("", "import", "memory"), rows)
    )


def _import_figures(each: dict[str, Any], results: dict[str, Any]) -> tuple[str, str]:
    if "missing" in each:
        return (each["missing"], "")
    memory = [e["memory_mib"] for e in entries(results) if e["library"] == each["library"] and "missing" not in e]
    return (f"{each['seconds']:.2f} s", f"{min(memory):.0f} MiB" if memory else "")


def contenders(results: dict[str, Any]) -> str:
    rows = []
    for workload in results["workloads"]:
        for number, each in enumerate(workload["contenders"]):
            name = "" if number else f"{workload['name']}, one {workload['unit']}"
            rows.append((name, f"{each['library']} {each['variant']}", *_figures(each)))
    heading = ("", "", "time (lowest-highest)", "times Elman's", "GFLOP/s", "of sgemm", "loss", "peak MiB")
    return "## All contenders\n\n" + markdown(heading, rows)


def _figures(each: dict[str, Any]) -> tuple[str, ...]:
    if "missing" in each:
        return (each["missing"], "", "", "", "", "")
    agrees = {True: "", False: " **differs**", None: " (another model)"}[each["loss_agrees"]]
    return (
        spread(each),
        f"{median(each['ratios']):.2f}" if each["ratios"] else "",
        f"{each['gflops']:.3g}",
        f"{each['fraction_of_sgemm']:.0%}",
        f"{each['loss']:.4f}{agrees}",
        f"{each['memory_mib']:.0f}",
    )


def entries(results: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for workload in results["workloads"] for each in workload["contenders"]]


def versions(results: dict[str, Any]) -> dict[str, str]:
    return {e["library"]: e["version"] for e in entries(results) if "missing" not in e}


def markdown(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heading, ("---",) * len(heading), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def newest_complete() -> Path:
    """The newest results that have every workload."""
    for file in sorted(RESULTS.glob("*.json"), reverse=True):
        found = json.loads(file.read_text())
        if len(found.get("workloads", ())) == len(WORKLOADS):
            return file
    sys.exit("benchmarks/results has no complete measurement: run `make bench` first")


def main() -> None:
    results = json.loads((Path(sys.argv[1]) if len(sys.argv) > 1 else newest_complete()).read_text())
    DOCS.mkdir(exist_ok=True)
    draw(results, DOCS / "performance.png")
    target, beside = DOCS / "performance.md", DOCS / "performance.md.part"
    beside.write_text(page(results))
    beside.rename(target)
    print(f"Written to {target}")


if __name__ == "__main__":
    main()
