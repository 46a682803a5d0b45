"""Writes the tables of docs/classify.md from results.json: `python -m benchmarks.sequences.page`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from benchmarks.markdown import markdown, paragraph
from benchmarks.sequences.contenders import CLASSIFIERS, REGRESSORS
from benchmarks.sequences.run import NUMBERS, RESULTS

from elman.files import write_whole

PAGE = Path(__file__).parents[2] / "docs" / "classify.md"
BEGIN, END = "<!-- measured: make bench-sequences -->", "<!-- end of what is measured -->"
Trials = list[dict[str, Any]]


def section(found: dict[str, Any]) -> str:
    """What was measured, as text and tables."""
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    about = f"""
        Accuracy on the test cases of sets that ship in the packages aeon and sktime, with their own split, and
        seconds of the processor for training. Every estimator has its own defaults; nothing was chosen by looking at a
        test part. {found["machine"]["processor"]}, {found["threads"]} threads, beside other work; {versions}. In
        brackets: how many seeds, and where there are several the standard deviation of their scores. A gap: not
        measured, as it takes long. Sequences of different lengths have zeros behind their ends for the others, which
        take arrays only."""
    sets = {name: held for name, held in found["sets"].items() if name not in NUMBERS}
    numbers = {name: held for name, held in found["sets"].items() if name in NUMBERS}
    parts = [paragraph(about), table(sets, [c.name for c in CLASSIFIERS], score_of_classes)]
    if numbers:
        parts += [
            "Root mean squared errors of numbers:",
            table(numbers, [c.name for c in REGRESSORS], lambda name, trials: f"{mean(scores(trials)):.4f}"),
        ]
    return "\n\n".join(parts)


def table(sets: dict[str, dict[str, Trials]], names: list[str], score: Any) -> str:
    """A row for each set: score and seconds of each contender."""
    names = [name for name in names if any(scores(held.get(name, [])) for held in sets.values())]
    rows = [(each, *(cell(each, held.get(name, []), score) for name in names)) for each, held in sets.items()]
    return markdown(("set", *names), rows)


def cell(name: str, trials: Trials, score: Any) -> str:
    """A score and its seconds."""
    if not scores(trials):
        return ""
    spent = median(trial["processor_seconds"] for trial in trials if "score" in trial)
    count = len(scores(trials))
    spread = f", {stdev(scores(trials)):.3f}" if count > 1 else ""
    return f"{score(name, trials)} ({count}{spread}), {spent:.3g} s"


def score_of_classes(name: str, trials: Trials) -> str:
    """A mean accuracy."""
    return f"{mean(scores(trials)):.3f}"


def scores(trials: Trials) -> list[float]:
    return [trial["score"] for trial in trials if "score" in trial]


def main() -> None:
    text = PAGE.read_text()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{PAGE} has no place for the tables: {BEGIN} ... {END}")
    new = f"{BEGIN}\n\n{section(json.loads(RESULTS.read_text()))}\n\n{END}"
    write_whole(PAGE, re.sub(f"{BEGIN}.*?{END}", lambda _: new, text, flags=re.DOTALL).encode())
    print(f"Written to {PAGE}")


if __name__ == "__main__":
    main()
