"""The results for the terminal."""

from __future__ import annotations

from statistics import median
from typing import Any

from elman.bench.figures import spread_text, time_text


def table(results: dict[str, Any]) -> Any:
    """One row a contender."""
    from rich.table import Table

    numbers, processor = " and ".join(results["numbers"]), results["machine"]["processor"]
    shown = Table(
        title=f"{numbers}, {results['threads']} threads, {results['rounds']} rounds, {processor}",
        caption="Ratio: a contender's time by Elman's, median of the rounds. Goal: for Elman's row, against the best "
        "peer. Of product: share of the fastest matrix product, "
        + ", ".join(f"{p['library']} {p['numbers']} {p['gflops']:.0f}" for p in results["products"])
        + " GFLOP/s.",
    )
    for heading in ("workload", "contender"):
        shown.add_column(heading)
    for heading in ("ms (spread)", "ratio", "goal", "GFLOP/s", "of product", "loss", "MiB", "disturbed"):
        shown.add_column(heading, justify="right")
    for workload in results["workloads"]:
        shown.add_section()
        for number, entry in enumerate(workload["contenders"]):
            name = "" if number else workload["name"]
            shown.add_row(name, f"{entry['library']} {entry['variant']}", *_figures(entry, workload, number))
    return shown


def spread(entry: dict[str, Any]) -> str:
    return f"{time_text(entry['ms'])} ({spread_text(entry['rounds_ms'])})"


def goal_text(goal: dict[str, Any]) -> str:
    """As "4.0x (goal 3x over jax)"."""
    found = f"{goal['ratio']:.3g}x" if "ratio" in goal else "not measured"
    return f"{found} (goal {goal_name(goal)})"


def goal_name(goal: dict[str, Any]) -> str:
    """As "3x over jax"; below 1, as "within 10% of built-in"."""
    if goal["factor"] < 1:
        return f"within {1 / goal['factor'] - 1:.0%} of {goal['against']}"
    against = f" over {goal['against']}" if goal["against"] else ""
    return f"{goal['factor']:.3g}x{against}" + (f" over peers without {goal['without']}" if goal.get("without") else "")


def _figures(entry: dict[str, Any], workload: dict[str, Any], number: int) -> tuple[str, ...]:
    if "missing" in entry:
        return (f"[yellow]{entry['missing']}",)
    goals = "" if number else "\n".join(map(_coloured, workload["goals"]))
    agrees = {True: "", False: " [red]differs", None: " (another model)"}[entry["loss_agrees"]]
    disturbed = entry["disturbed_rounds"]
    return (
        spread(entry),
        f"{median(entry['ratios']):.2f}" if entry["ratios"] else "",
        goals,
        f"{entry['gflops']:.3g}",
        f"{entry['fraction_of_sgemm']:.0%}",
        f"{entry['loss']:.4f}{agrees}",
        f"{entry['memory_mib']:.0f}",
        f"{disturbed} of {len(entry['rounds_ms'])}" if disturbed else "",
    )


def _coloured(goal: dict[str, Any]) -> str:
    colour = "green" if goal.get("ratio", 0) >= goal["factor"] else "yellow"
    return f"[{colour}]{goal_text(goal)}"
