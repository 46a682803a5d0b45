"""Writes docs/performance.md and its picture from a measurement's JSON: `make bench-docs`.

Nothing on the page is written by hand, save what `benchmarks/notes.md` says, which follows the method.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cells.speed import SPEED
from benchmarks.cells.speed_page import section
from benchmarks.comparisons import AMX, COMPARISONS, KEPT
from benchmarks.picture import draw
from benchmarks.run import RESULTS
from benchmarks.table import goal_name, spread

from elman.bench.figures import time_text

DOCS = Path(__file__).parent.parent / "docs"
NOTES = Path(__file__).parent / "notes.md"
IMPORT_GOAL_S = 0.15
NAMES = {"elman": "Elman", "numpy": "NumPy", "pytorch": "PyTorch", "jax": "JAX", "keras": "Keras"}
NAMES |= {"onnxruntime": "ONNX Runtime"}


def page(results: dict[str, Any]) -> str:
    sections = [
        introduction(results),
        against_the_best(results),
        repeating(results),
        of_sgemm(results),
        section(json.loads(SPEED.read_text())),
        memory_and_import(results),
        low_memory(results),
        method(results),
        NOTES.read_text().rstrip(),
        contenders(results),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def paragraph(text: str) -> str:
    """Its words in lines of at most 120 characters."""
    return textwrap.fill(" ".join(text.split()), 120, break_on_hyphens=False, break_long_words=False)


def introduction(results: dict[str, Any]) -> str:
    machine, workloads = results["machine"], results["workloads"]
    faster = sum(found["ratio"] > 1 for found in map(best_peer, workloads) if found)
    reached = [goal_met(goal) for workload in workloads for goal in workload["goals"]]
    libraries = ", ".join(f"{NAMES[name]} {version}" for name, version in versions(results).items())
    text = f"""
        Elman beside {libraries}: the same networks from the same weights on the same data, {results["threads"]} threads
        each, on one {machine["processor"]} with {machine["cores"]} cores. Elman is faster than the best of them in
        {faster} of {len(workloads)} workloads. Of its {len(reached)} goals for how many times faster it should be, it
        meets {sum(reached)}."""
    picture = "![How many times Elman's time each peer takes](performance.png)"
    return f"# Performance\n\n{paragraph(text)}\n\n{picture}"


def against_the_best(results: dict[str, Any]) -> str:
    text = f"""
        The best peer is the fastest of all, however it is run: "{KEPT}" tunes the allocator of the C library, which few
        users do; where that is the best, the ratio to the best without follows."""
    heading = ("", "work", "Elman", "best peer", "its time by Elman's", "goal")
    table = markdown(heading, map(best_row, results["workloads"]))
    return f"## Against the best peer\n\n{paragraph(text)}\n\n{table}" + no_bfloat16(results)


def no_bfloat16(results: dict[str, Any]) -> str:
    """That the goal of W5 and W8 in bfloat16 was not measured, where it was not."""
    amx = AMX in results["machine"]["instructions"]
    if amx and any("bfloat16" in workload["name"] for workload in results["workloads"]):
        return ""
    why = "" if amx else "; this machine has no AMX, for which the goal is"
    return f"\n\nThe goal for W5 and W8 in bfloat16, 3x over the best float32 peer: **not measured**{why}."


def best_row(workload: dict[str, Any]) -> tuple[str, ...]:
    ours, best = workload["contenders"][0], best_peer(workload)
    time = time_text(ours["ms"]) if "ms" in ours else ours["missing"]
    peer = f"{best['best']}, {time_text(best['ms'])}" if best else "none could be measured"
    goals = "; ".join(map(goal_words, workload["goals"]))
    return workload["name"], workload["about"], time, peer, ratio_words(workload), goals


def ratio_words(workload: dict[str, Any]) -> str:
    """As "2.40", or "1.19; 2.13 without" where the best peer keeps its memory."""
    best, without = best_peer(workload), best_peer(workload, kept=False)
    if not best:
        return ""
    differ = KEPT in best["best"] and without
    return f"{best['ratio']:.2f}" + (f"; {without['ratio']:.2f} without" if differ else "")


def goal_words(goal: dict[str, Any]) -> str:
    """As "3x: yes", or "10x over loop: **no**, 4.95"."""
    if "ratio" not in goal:
        return f"{goal_name(goal)}: not measured ({goal.get('missing') or 'no such contender'})"
    met = "yes" if goal_met(goal) else "**no**"
    return f"{goal_name(goal)}: {met}" + (f", {goal['ratio']:.2f}" if goal["against"] else "")


def goal_met(goal: dict[str, Any]) -> bool:
    return goal.get("ratio", 0) >= goal["factor"]


def best_peer(workload: dict[str, Any], kept: bool = True) -> dict[str, Any]:
    """Name, time and ratio of the fastest one that is not Elman, if there is any; with tuned allocators or not."""
    others = [e for e in workload["contenders"][1:] if e.get("ratios") and e["library"] != "elman"]
    others = [e for e in others if kept or KEPT not in e["variant"]]
    if not others:
        return {}
    best = min(others, key=lambda e: e["ms"])
    return {"best": f"{best['library']} {best['variant']}", "ms": best["ms"], "ratio": median(best["ratios"])}


def repeating(results: dict[str, Any]) -> str:
    machine, minutes = results["machine"], results["seconds"] / 60
    text = f"""
        The first two install the peers into `.venv-parity`. An idle machine is best; on a busy one, root may put
        `chrt -r 5` before `python -m benchmarks.run`. This page is from {results["time"][:10]}: {machine["processor"]},
        {machine["cores"]} cores, {machine["memory_gib"]} GiB, {machine["instructions"]}; {machine["system"]}, Python
        {machine["python"]}."""
    return f"""## Repeating it

```sh
make bench          # everything, about {minutes:.0f} minutes: a table, JSON and a picture in benchmarks/results
make bench-quick    # the small workloads, under two minutes
make bench-docs     # this page, from the newest complete run
elman bench         # Elman alone, with nothing else installed
```

{paragraph(text)}"""


def of_sgemm(results: dict[str, Any]) -> str:
    rows = []
    for workload in results["workloads"]:
        goal, ours = workload["goal_of_sgemm"], workload["contenders"][0]
        if "ms" in ours:
            met = f"{goal:.0%}: " + ("yes" if ours["fraction_of_sgemm"] >= goal else "**no**") if goal else ""
            rows.append((workload["name"], f"{ours['gflops']:.3g}", f"{ours['fraction_of_sgemm']:.0%}", met))
    products = ", ".join(f"{NAMES[each['library']]} {each['gflops']:.0f}" for each in results["products"])
    text = f"""
        A float32 product of two 1024 x 1024 matrices, GFLOP/s: {products}. The fastest takes turns with the
        contenders. Only matrix products are counted as a workload's arithmetic, so gates, loss and optimiser lower the
        share."""
    table = markdown(("", "GFLOP/s of Elman", "share", "goal"), rows)
    return f"## Share of the matrix product's speed\n\n{paragraph(text)}\n\n{table}"


def memory_and_import(results: dict[str, Any]) -> str:
    """What each library costs before it does anything large."""
    rows = [(NAMES[each["library"]], *import_figures(each, results)) for each in results["imports"]]
    if not rows:
        return ""
    ours = next(each for each in results["imports"] if each["library"] == "elman")
    more = ours["first_use_s"]
    verdict = "met" if ours["seconds"] + more <= IMPORT_GOAL_S else "**not met**"
    text = f"""
        Import beyond NumPy's, the median of fresh processes. Elman loads most of itself when it is first used: its
        first network takes {more:.3f} s more. The goal for both together is {IMPORT_GOAL_S} s: {verdict}.
        Memory: the peak of the workload that needs least, library and data included."""
    return f"## Import and memory\n\n{paragraph(text)}\n\n{markdown(('', 'import', 'memory'), rows)}"


def import_figures(each: dict[str, Any], results: dict[str, Any]) -> tuple[str, str]:
    if "missing" in each:
        return (each["missing"], "")
    memory = [e["memory_mib"] for e in entries(results) if e["library"] == each["library"] and "missing" not in e]
    return (f"{each['seconds']:.3f} s", f"{min(memory):.0f} MiB" if memory else "")


def low_memory(results: dict[str, Any]) -> str:
    """`fit(memory="low")` beside the normal one."""
    rows = [
        (
            f"{found['steps']:,}",
            *(f"{found[kind]['peak_mib']:.0f} MiB, {time_text(found[kind]['ms'])}" for kind in ("normal", "low")),
            f"{found['normal']['peak_mib'] / found['low']['peak_mib']:.1f}",
            f"{found['time_ratio']:.2f}",
        )
        for found in results.get("memory", ())
    ]
    text = """
        W7's network on longer sequences, in the memory of sqrt(T) steps beside that of all: the peak of an update
        beyond data and network, and its time."""
    table = markdown(("steps", "normal", "low", "times less memory", "times the time"), rows)
    return f'## `fit(memory="low")`\n\n{paragraph(text)}\n\n{table}' if rows else ""


def contenders(results: dict[str, Any]) -> str:
    rows = []
    for workload in results["workloads"]:
        for number, each in enumerate(workload["contenders"]):
            name = "" if number else f"{workload['name']}, one {workload['unit']}"
            rows.append((name, f"{each['library']} {each['variant']}", *contender_figures(each)))
    heading = ("", "", "time (lowest-highest)", "by Elman's", "GFLOP/s", "of sgemm", "loss", "peak MiB")
    return "## All contenders\n\n" + markdown(heading, rows)


def contender_figures(each: dict[str, Any]) -> tuple[str, ...]:
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


def method(results: dict[str, Any]) -> str:
    disturbed = sum(e.get("disturbed_rounds", 0) for e in entries(results))
    turns = sum(len(e.get("rounds_ms", ())) for e in entries(results))
    text = f"""
        Every contender runs in a process of its own; they take turns of a fifth of a second or more, in
        {results["rounds"]} rounds, so that a change of the machine's speed meets all. A time is the median of the
        rounds, a ratio the median of the rounds' ratios; memory is the most that the process held in its turns. All
        begin with the same weights and see the same batches in the same order; a loss that is off by more than 1e-3
        (relative) after the same number of updates is marked. Other programs took more than 5 % of the processors in
        {disturbed} of {turns} turns."""
    return f"## Method\n\n{paragraph(text)}"


def entries(results: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for workload in results["workloads"] for each in workload["contenders"]]


def versions(results: dict[str, Any]) -> dict[str, str]:
    """Of the peers that were measured."""
    return {e["library"]: e["version"] for e in entries(results) if "missing" not in e and e["library"] != "elman"}


def markdown(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heading, ("---",) * len(heading), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def newest_complete() -> Path:
    """The newest results that have every workload, and no quick ones."""
    for file in sorted(RESULTS.glob("*.json"), reverse=True):
        found = json.loads(file.read_text())
        if len(found.get("workloads", ())) == len(COMPARISONS):
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
