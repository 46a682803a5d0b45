"""The results as a picture: how many times Elman's time each peer takes."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

COLOURS = {"pytorch": "#d95f02", "jax": "#7570b3", "keras": "#c51b7d", "onnxruntime": "#1b7837", "elman": "#666666"}
MARKERS = ("o", "s", "^", "D", "P")
TICKS = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
MARK = {"s": 52, "edgecolors": "white", "linewidths": 0.8}


def draw(results: dict[str, Any], file: Path) -> None:
    """A row a workload, a mark a contender, on a logarithmic axis; Elman is 1, a bar stands at the goal."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    workloads = results["workloads"]
    figure = Figure(figsize=(9, 1.6 + 0.42 * len(workloads)), layout="constrained")
    axes = figure.subplots()
    names = marks(workloads)
    for row, workload in enumerate(workloads):
        axes.axhline(row, color="0.92", zorder=0)
        for entry in workload["contenders"][1:]:
            if entry.get("ratios"):
                name = f"{entry['library']} {entry['variant']}"
                axes.scatter(median(entry["ratios"]), row, zorder=3, **MARK, **names[name])
        for goal in workload["goals"]:
            if goal["factor"] > 1:
                axes.plot([goal["factor"]] * 2, [row - 0.32, row + 0.32], color=goal_colour(goal), zorder=2)
    axes.axvline(1, color="#1f77b4", linewidth=2, zorder=1)
    axes.annotate("Elman", (1, 1.01), xycoords=("data", "axes fraction"), ha="center", color="#1f77b4")
    axes.set_xscale("log")
    axes.set_yticks(range(len(workloads)), [workload["name"] for workload in workloads])
    axes.set_ylim(len(workloads) - 0.4, -0.6)
    low, high = axes.get_xlim()
    axes.set_xticks([t for t in TICKS if low <= t <= high], [f"{t:g}x" for t in TICKS if low <= t <= high], minor=False)
    axes.minorticks_off()
    axes.set_xlabel(
        "time, as a multiple of Elman's; a bar is the goal, black for the best peer, else in the peer's colour"
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    handles = [axes.scatter([], [], label=name, **MARK, **style) for name, style in names.items()]
    figure.legend(handles=handles, loc="outside right upper", frameon=False)
    title = f"{results['machine']['processor']}, {results['threads']} threads, float32"
    axes.set_title(title, fontsize=11, loc="left", pad=24)
    FigureCanvasAgg(figure).print_png(file)


def goal_colour(goal: dict[str, Any]) -> str:
    """Black, or the colour of the library that the goal names, by itself or by one of its ways."""
    library = {"loop": "pytorch"}.get(goal["against"], goal["against"])
    return COLOURS.get(library, "black")


def marks(workloads: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """A colour for each library and a marker for each of its ways."""
    styles: dict[str, dict[str, str]] = {}
    for workload in workloads:
        for entry in workload["contenders"][1:]:
            same = [s for n, s in styles.items() if n.split()[0] == entry["library"]]
            name = f"{entry['library']} {entry['variant']}"
            if "missing" not in entry and name not in styles:
                styles[name] = {"color": COLOURS[entry["library"]], "marker": MARKERS[len(same) % len(MARKERS)]}
    return dict(sorted(styles.items()))
