"""What a comparison found: a run a seed, a result a cell."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from elman.plain import to_json

COLUMNS = ("cell", "units", "parameters", "mean", "sd", "diverged", "seconds", "updates", "horizon")


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes
    ----------
    seed : int
        Of its data and parameters.
    curve : list of float
        The metric on data that was not learnt from, at each of the comparison's points; NaN from where it diverged.
    updates : int
        Done.
    seconds : float
        In training, without judging: of the processor, where runs were side by side.
    horizon : int or None
        How many steps back the gradient of the last step's loss reaches in the trained network before it has fallen
        to a hundredth; None where it was not computed.
    error : str
        Why it ended early; else empty.

    Examples
    --------
    >>> import elman as el
    >>> el.compare.Run(seed=0, curve=[0.4, 0.2], updates=10, seconds=0.1, horizon=None).final
    0.2
    """

    seed: int
    curve: list[float]
    updates: int
    seconds: float
    horizon: int | None
    error: str = ""

    @property
    def final(self) -> float:
        """What it ended with."""
        return self.curve[-1]


@dataclass(frozen=True)
class Result:
    """A cell's runs, with units and parameters of its network.

    Attributes
    ----------
    cell : str
        Its name.
    units, parameters : int
        Of its network.
    runs : list of Run
        One a seed.

    Examples
    --------
    >>> import elman as el
    >>> run = el.compare.Run(seed=0, curve=[0.4, 0.2], updates=10, seconds=0.1, horizon=None)
    >>> el.compare.Result("gru", 8, 265, [run]).mean
    0.2
    """

    cell: str
    units: int
    parameters: int
    runs: list[Run]

    @property
    def finals(self) -> np.ndarray:
        """Metrics at the end, of the runs that did not diverge."""
        found = np.array([run.final for run in self.runs])
        return found[np.isfinite(found)]

    @property
    def mean(self) -> float:
        """The mean of what the runs ended with, those left out that diverged; NaN where all did."""
        return float(self.finals.mean()) if self.finals.size else np.nan

    @property
    def sd(self) -> float:
        """Over the seeds, with one degree of freedom less; NaN of a single run."""
        return float(self.finals.std(ddof=1)) if self.finals.size > 1 else np.nan

    @property
    def diverged(self) -> int:
        """How many runs did not end with a number."""
        return len(self.runs) - self.finals.size

    @property
    def seconds(self) -> float:
        """The mean over the runs."""
        return float(np.mean([run.seconds for run in self.runs]))

    @property
    def updates(self) -> float:
        """The mean number of updates of a run."""
        return float(np.mean([run.updates for run in self.runs]))

    @property
    def horizon(self) -> float:
        """The median over the runs."""
        found = [run.horizon for run in self.runs if run.horizon is not None]
        return float(np.median(found)) if found else np.nan


@dataclass(frozen=True)
class Comparison:
    """Cells on one task, the best first.

    Attributes
    ----------
    task, about : str
        Its name, and a sentence.
    metric : str
        Lower is better.
    simple : float
        What an answer without memory reaches.
    simple_about : str
        Which answer.
    budget : str
        In words, with all that was the same for all cells.
    unit : {"updates", "seconds"}
        Of `points`.
    points : list of float
        Where runs were judged.
    steps : int
        T of the task's sequences.
    results : list of Result
        The best first.
    notes : list of str
        What was left out or changed.

    Examples
    --------
    >>> import elman as el
    >>> found = el.compare.compare(
    ...     ["simple", "gru"], el.compare.task_of("adding", steps=10), el.compare.Budget(10, seeds=1), units=4
    ... )
    >>> sorted(result.cell for result in found.results), found.metric
    (['gru', 'simple'], 'mse')
    """

    task: str
    about: str
    metric: str
    simple: float
    simple_about: str
    budget: str
    unit: str
    points: list[float]
    steps: int
    results: list[Result]
    notes: list[str]

    def rows(self) -> list[dict[str, Any]]:
        """A row a cell, of `COLUMNS`.

        Returns
        -------
        list of dict
        """
        return [{name: getattr(result, name) for name in COLUMNS} for result in self.results]

    def words(self) -> list[list[str]]:
        """A row a cell in words, the heading first.

        Returns
        -------
        list of list of str
        """
        heading = ["cell", "units", "parameters", self.metric, "seconds", "updates", "gradient horizon"]
        return [heading, *(list(self._words(result)) for result in self.results)]

    def table(self) -> str:
        """As text: a line a cell.

        Returns
        -------
        str
        """
        rows = self.words()
        wide = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = ["  ".join(f"{word:<{w}}" for word, w in zip(row, wide, strict=True)).rstrip() for row in rows]
        return "\n".join(lines)

    def _words(self, result: Result) -> tuple[str, ...]:
        horizon = "" if np.isnan(result.horizon) else f"{result.horizon:g} of {self.steps - 1}"
        return (
            result.cell,
            str(result.units),
            f"{result.parameters:,}",
            score_text(result.mean, result.sd, result.diverged, len(result.runs)),
            f"{result.seconds:.2f}",
            f"{result.updates:,.0f}",
            horizon,
        )

    def plain(self) -> dict[str, Any]:
        """All of it as dicts, lists, texts and numbers.

        Returns
        -------
        dict
        """
        return asdict(self)

    def json(self) -> bytes:
        """With every run and its curve.

        Returns
        -------
        bytes
        """
        return (to_json(self.plain(), "the comparison", indent=1, undefined_as_null=True) + "\n").encode()

    def csv(self) -> bytes:
        """`rows`, with an empty field where there is no number.

        Returns
        -------
        bytes
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self.rows():
            writer.writerow("" if isinstance(v, float) and np.isnan(v) else v for v in row.values())
        return text.getvalue().encode()


def score_text(mean: float, sd: float, diverged: int, runs: int) -> str:
    """As ``0.0123 ± 0.0045``."""
    if np.isnan(mean):
        return "diverged"
    text = f"{mean:.3g}" + ("" if np.isnan(sd) else f" ± {sd:.1g}")
    return text + (f" ({diverged} of {runs} diverged)" if diverged else "")
