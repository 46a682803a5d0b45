"""The results as a picture: how many times Elman's time each peer takes."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine_files import title
from benchmarks.machine_page import goals

from elman.bench.workloads import WORKLOADS

COLOURS = {"elman": "#666666", "pytorch": "#d95f02", "jax": "#7570b3", "keras": "#c51b7d", "onnxruntime": "#1b7837"}
MARKERS = ("o", "s", "^", "D", "P", "X", "v", "*", "<", ">", "p", "h", "d", "H", "8", (4, 1, 0))
TICKS = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
MARK = {"s": 46, "edgecolors": "white", "linewidths": 0.7, "zorder": 3, "clip_on": False}
APART = 0.13  # between the marks of two libraries in a row, so that equal times do not hide each other
ELMAN = "#1f77b4"


def draw(results: dict[str, Any], file: Path) -> None:
    """A row a workload, a mark a contender, on a logarithmic axis; Elman is 1, a bar stands at the goal."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    workloads = results["workloads"]
    figure = Figure(figsize=(9, 2.6 + 0.46 * len(workloads)), layout="constrained", dpi=130)
    axes = figure.subplots()
    names = marks(workloads)
    for row, workload in enumerate(workloads):
        axes.axhline(row, color="0.92", zorder=0)
        draw_goals(axes, row, goals(workload, results))
        for entry in workload["contenders"][1:]:
            if entry.get("ratios"):
                draw_mark(axes, row, entry, names[f"{entry['library']} {entry['variant']}"])
        label_best(axes, row, workload)
    frame(axes, results)
    handles = [axes.scatter([], [], label=name, **MARK, **style) for name, style in names.items()]
    handles += axes.plot(
        [], [], "|", color="black", markersize=11, markeredgewidth=1.6, label="goal over the best peer"
    )
    handles += axes.plot([], [], "|", color="0.55", markersize=11, markeredgewidth=1.6, label="goal over that library")
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    FigureCanvasAgg(figure).print_png(file)


def draw_mark(axes: Any, row: int, entry: dict[str, Any], style: dict[str, Any]) -> None:
    """The median ratio, and a line from the lowest to the highest."""
    y = row + APART * (list(COLOURS).index(entry["library"]) - 2)
    axes.plot([min(entry["ratios"]), max(entry["ratios"])], [y, y], color=style["color"], linewidth=1, zorder=2)
    axes.scatter(median(entry["ratios"]), y, **MARK, **style)


def draw_goals(axes: Any, row: int, found: list[dict[str, Any]]) -> None:
    for goal in found:
        if goal["factor"] > 1:
            axes.plot([goal["factor"]] * 2, [row - 0.36, row + 0.36], color=goal_colour(goal), linewidth=1.6, zorder=1)


def label_best(axes: Any, row: int, workload: dict[str, Any]) -> None:
    """The fastest peer's ratio, at the right."""
    peers = [e for e in workload["contenders"][1:] if e.get("ratios") and e["library"] != "elman"]
    if peers:
        best = min(peers, key=lambda entry: entry["ms"])
        text = f"{median(best['ratios']):.2f}x"
        place = {"xycoords": axes.get_yaxis_transform(), "va": "center", "ha": "left"}
        axes.annotate(text, (1.02, row), color=COLOURS[best["library"]], fontweight="bold", **place)


def frame(axes: Any, results: dict[str, Any]) -> None:
    """Axes, labels and title."""
    rows = [workload["name"] for workload in results["workloads"]]
    axes.axvline(1, color=ELMAN, linewidth=2, zorder=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [f"{name}\n{sizes(name)}" for name in rows], fontsize=9, linespacing=1.1)
    axes.set_ylim(len(rows) - 0.45, -0.6)
    low, high = axes.get_xlim()
    ticks = [tick for tick in TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}x" for tick in ticks], minor=False)
    axes.minorticks_off()
    axes.grid(axis="x", color="0.95", zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    top = {"xycoords": ("data", "axes fraction"), "va": "bottom"}
    axes.annotate("Elman", (1, 1.005), ha="center", color=ELMAN, fontweight="bold", **top)
    axes.annotate("best peer", (1.02, 1.005), xycoords="axes fraction", va="bottom", ha="left", fontsize=9)
    axes.set_title("Time as a multiple of Elman's, lower is faster", fontsize=13, loc="left", pad=40)
    about = f"{title(results['machine'])}, {results['threads']} threads, medians of {results['rounds']}"
    axes.annotate(
        f"{about} rounds; lines reach from the lowest to the highest",
        (0, 1), (0, 26), xycoords="axes fraction", textcoords="offset points", fontsize=9, color="0.4",
    )  # fmt: skip


def sizes(name: str) -> str:
    """As "F1 H100 B50 T20"; nothing for a workload that is no more."""
    found = [w for w in WORKLOADS if w.name == name]
    shown = [f"F{w.features} H{w.hidden} B{w.batch} T{1 if w.task == 'streaming' else w.steps}" for w in found]
    return shown[0] if shown else ""


def goal_colour(goal: dict[str, Any]) -> str:
    """Black, or the colour of the library that the goal names, by itself or by one of its ways."""
    library = {"loop": "pytorch", "autocast": "pytorch", "fit in turn": "elman"}.get(goal["against"], goal["against"])
    return COLOURS.get(library, "black")


def marks(workloads: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A colour for each library and a marker for each of its ways."""
    styles: dict[str, dict[str, Any]] = {}
    for workload in workloads:
        for entry in workload["contenders"][1:]:
            same = [s for n, s in styles.items() if n.split()[0] == entry["library"]]
            name = f"{entry['library']} {entry['variant']}"
            if "missing" not in entry and name not in styles:
                styles[name] = {"color": COLOURS[entry["library"]], "marker": MARKERS[len(same) % len(MARKERS)]}
    return dict(sorted(styles.items()))
