"""The page of a sweep: the best settings, what each parameter changed, what failed, and how all was judged."""

from __future__ import annotations

from collections.abc import Callable

from elman.data.names import counted
from elman.fleet.sweep_charts import course_chart, parameter_charts
from elman.fleet.sweep_results import Sweep
from elman.fleet.sweep_values import as_label
from elman.plots.page import Report, Section

TOP = 20  # settings in the table
MOST_FAILED = 20  # kinds of failures in the table
CHOSEN = (
    "The score of the best is what it was chosen by, so that new data will show a worse one: data that the sweep did "
    "not see tell how good it is."
)


def page(found: Sweep, notes: tuple[str, ...]) -> Report:
    """All there is to say of a sweep."""
    made = [section for make in _SECTIONS if (section := make(found)) is not None]
    if notes:
        made.insert(1, Section("Notes", "What was decided and done:", points=notes))
    return Report(f"Sweep of {found.name}", made, "sweep")


def _best(found: Sweep) -> Section:
    progress, *verdict = found.words()
    text = ". ".join(f"{words[:1].upper()}{words[1:]}" for words in (*verdict, progress))
    if not found.ranked:
        return Section("Best settings", f"There are none: {text[:1].lower()}{text[1:]}.")
    few = f" The first {TOP}:" if len(found.ranked) > TOP else ""
    return Section("Best settings", f"{text}. {CHOSEN}{few}", found.table(TOP), [course_chart(found)])


def _scores(found: Sweep) -> Section | None:
    if not found.ranked:
        return None
    better = "higher" if found.higher_is_better else "lower"
    seeds = ", its stroke the range of its seeds" if len(found.seeds) > 1 else ""
    text = (
        f"Scores over the values of each parameter, the one that explains most first. Each dot is a setting{seeds}; "
        f"{better} is better. A long stroke is the mean of a value."
    )
    return Section("Scores by parameter", text, charts=parameter_charts(found))


def _effects(found: Sweep) -> Section | None:
    if len(found.ranked) < 2:
        return None
    text = (
        "Means of all settings that have a value, whatever stands beside it. What a parameter explains is its share of "
        "the variance between settings, less what chance would explain (epsilon squared)."
    )
    return Section("What each parameter changed", text, found.effects_table())


def _failed(found: Sweep) -> Section | None:
    if not found.failed:
        return None
    by_error: dict[str, list[str]] = {}
    words = {one.number: one.words for one in found.tried}
    for row in found.failed:
        by_error.setdefault(row.error, []).append(f"{words[row.trial]} (seed {row.seed})")
    rows = [["error", "trials", "such as"]]
    rows += [[error, str(len(of)), of[0]] for error, of in list(by_error.items())[:MOST_FAILED]]
    return Section("What failed", f"{counted(len(found.failed), 'trials')} failed.", rows)


def _judged(found: Sweep) -> Section:
    identity = found.about.identity
    rows = [["option", "value"], ["estimator", str(identity["estimator"])]]
    rows += [[name, as_label(value)] for name, value in identity["params"].items()]
    rows += [["tried: " + name, _tried(values)] for name, values in identity["space"].items()]
    rows += [["seeds", ", ".join(map(str, found.seeds))], ["fingerprint of the data", str(identity["data"])[:16]]]
    seconds = sum(row.seconds for row in found.rows)
    text = f"By {found.about.shown['how']}. All trials together took {seconds:.0f} s. Their rows are in {found.path}."
    return Section("How it was judged", text, rows)


def _tried(values: object) -> str:
    if isinstance(values, list):
        return ", ".join(map(as_label, values))
    assert isinstance(values, dict)
    return f"{values['from']:g} to {values['to']:g}{', by factors' if values['log'] else ''}"


_SECTIONS: tuple[Callable[[Sweep], Section | None], ...] = (_best, _scores, _effects, _failed, _judged)
