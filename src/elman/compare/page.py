"""The page of a comparison: what each cell reached and how, with the spread over its seeds."""

from __future__ import annotations

import numpy as np

from elman.compare.picture import COLOURED, scale_of
from elman.compare.results import Comparison, Result
from elman.data.names import counted, listed, number
from elman.plots.page import GREY, Axis, Band, Chart, Dots, Layer, Line, Report, Rule, Section, Spans

MOST_RUNS = 120  # in the table of runs


def page(found: Comparison) -> Report:
    """All there is to say of a comparison."""
    sections = [_reached(found), _curves(found), _runs(found), _how(found)]
    if found.notes:
        sections.insert(1, Section("Notes", "What was decided and done:", points=found.notes))
    return Report(f"Cells on the task {found.task}", sections, "compare")


def _reached(found: Comparison) -> Section:
    text = f"{_best(found)} {_spread(found)}"
    return Section("What each cell reached", text, found.words(), [_ends(found)])


def _best(found: Comparison) -> str:
    best = found.results[0]
    if not np.isfinite(best.mean):
        return "No cell came through: all runs diverged."
    than = "better" if best.mean < found.simple else "no better"
    simple = f"what needs no memory, {found.simple_about}: {number(found.simple)}"
    return f"{best.cell} has the lowest {found.metric}, {number(best.mean)}; that is {than} than {simple}."


def _spread(found: Comparison) -> str:
    """What chance may have done, in words."""
    best, others = found.results[0], found.results[1:]
    if len(best.runs) == 1:
        return "Each has a single run, which says nothing of how much another seed would change."
    if not others:
        return f"± is the standard deviation over {counted(len(best.runs), 'seeds')}."
    near = [other.cell for other in others if about_as_good(best, other)]
    few = " Two seeds are too few to trust that." if len(best.runs) == 2 else ""
    return (
        f"± is the standard deviation over {counted(len(best.runs), 'seeds')}. Within one standard error of the best, "
        f"by differences of the same seeds: {listed(near) if near else 'none of the others'}.{few}"
    )


def about_as_good(best: Result, other: Result) -> bool:
    """Whether a cell is behind the best by no more than the standard error of the difference of the same seeds."""
    apart = np.array([theirs.final - mine.final for mine, theirs in zip(best.runs, other.runs, strict=True)])
    apart = apart[np.isfinite(apart)]
    if other.diverged or len(apart) < 2:
        return False
    return bool(apart.mean() <= apart.std(ddof=1) / len(apart) ** 0.5)


def _ends(found: Comparison) -> Chart:
    """A row a cell: a dot for each seed, and a stroke over their range."""
    shown = [result for result in found.results if result.finals.size]
    rows = {result.cell: place for place, result in enumerate(found.results)}
    at = np.array([rows[result.cell] for result in shown], float)
    x = _axis(found, f"{found.metric} at the end")
    dots = [(rows[r.cell], run.final, f"{r.cell}, seed {run.seed}") for r in shown for run in r.runs]
    dots = [one for one in dots if np.isfinite(one[1])]
    layers: list[Layer] = [
        Rule(found.simple_about, x=found.simple),
        Spans("", at, [r.finals.min() for r in shown], [r.finals.max() for r in shown], 0, level=True),
        Dots("each seed", [d[1] for d in dots], [d[0] for d in dots], 0, 6, names=[d[2] for d in dots]),
        Dots("mean", [r.mean for r in shown], at, 1, 9, names=[f"{r.cell}, mean" for r in shown]),
    ]
    height = 24 * len(rows) + 80
    return Chart("", layers, x, Axis("", names=list(rows)), height=height, down=True)


def _curves(found: Comparison) -> Section:
    layers: list[Layer] = [Rule(found.simple_about, y=found.simple)]
    lines: list[Layer] = []
    for place, result in enumerate(found.results):
        values = np.array([run.curve for run in result.runs])
        named = place < COLOURED
        if named and len(result.runs) > 1:
            layers.append(Band("", found.points, values.min(axis=0), values.max(axis=0), place, 0.12))
        colour = place if named else GREY
        lines.append(Line(result.cell, found.points, values.mean(axis=0), colour, dots=named))
    text = f"The {found.metric} of sequences that were not learnt from, as training goes on: the mean over the seeds"
    text += ", in a band from the lowest to the highest." if len(found.results[0].runs) > 1 else "."
    many = f" The first {COLOURED} have colours." if len(lines) > COLOURED else ""
    chart = Chart(
        "", [*layers, *reversed(lines[COLOURED:]), *lines[:COLOURED]], Axis(found.unit), _axis(found, found.metric)
    )
    return Section("How they learnt", text + many, charts=[chart])


def _axis(found: Comparison, label: str) -> Axis:
    scale = scale_of(found)
    return Axis(label, log=scale.log, high=scale.most)


def _runs(found: Comparison) -> Section:
    rows = [["cell", "seed", found.metric, "updates", "seconds", "gradient horizon", "why it ended"]]
    for result in found.results:
        for run in result.runs:
            horizon = "" if run.horizon is None else f"{run.horizon}"
            told = [result.cell, f"{run.seed}", number(run.final), f"{run.updates:,}", f"{run.seconds:.2f}", horizon]
            rows.append([*told, run.error])
    if not any(row[-1] for row in rows[1:]):
        rows = [row[:-1] for row in rows]
    count = len(rows) - 1
    text = f"The first {MOST_RUNS} of {count} runs." if count > MOST_RUNS else f"All {count} runs."
    return Section("Each run", text, rows[: MOST_RUNS + 1])


def _how(found: Comparison) -> Section:
    return Section("How they were compared", f"{found.about} Each: {found.budget}.")
