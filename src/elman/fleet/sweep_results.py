"""What a sweep found: settings with what they reached, the best first, and what each parameter changed."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from elman.checks import whole
from elman.data.libraries import library
from elman.data.names import counted
from elman.errors import OptionError
from elman.fleet.sweep_effects import Effect, effects_of
from elman.fleet.sweep_judges import HIGHER
from elman.fleet.sweep_store import About, Row
from elman.fleet.sweep_tried import Tried, tried_of
from elman.fleet.sweep_values import as_label


@dataclass(frozen=True)
class Sweep:
    """What a sweep found.

    Attributes
    ----------
    about : About
        What was swept, and how it was judged.
    rows : list of Row
        All trials that have ended, by trial and seed.
    path : Path
        The file that holds them.
    notes : tuple of str
        What the user should know.

    Examples
    --------
    >>> import elman as el
    >>> sunspots = el.data.load_series("sunspots")
    >>> found = el.sweep(
    ...     el.Forecaster(horizon=3, methods=["theta"]), sunspots, space={"season": [1, 11]}, origins=2, file="s.duckdb"
    ... )
    >>> len(found.rows), found.measure, found.path.name
    (2, 'MASE', 's.duckdb')
    """

    about: About
    rows: list[Row]
    path: Path
    notes: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """Of the data."""
        return str(self.about.shown["name"])

    @property
    def measure(self) -> str:
        """What settings are ranked by."""
        return str(self.about.shown["measure"])

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher score is a better one."""
        return self.measure in HIGHER

    @property
    def parameters(self) -> list[str]:
        """Those that were tried."""
        return list(self.about.columns)

    @property
    def seeds(self) -> list[int]:
        """Which seeds each setting has."""
        return list(self.about.identity["seeds"])

    @property
    def planned(self) -> int:
        """How many trials the sweep has when it is whole."""
        return int(self.about.shown["planned"])

    @property
    def baseline(self) -> tuple[str, float] | None:
        """What is to be beaten: a method without settings, and what it reaches."""
        found = self.about.shown["baseline"]
        return None if found is None else (str(found["name"]), float(found["scores"][self.measure]))

    @cached_property
    def tried(self) -> list[Tried]:
        """All settings of which a trial has ended, in the order in which they were begun."""
        by_number: dict[int, list[Row]] = {}
        for row in self.rows:
            by_number.setdefault(row.trial, []).append(row)
        return [tried_of(number, rows) for number, rows in sorted(by_number.items())]

    @cached_property
    def ranked(self) -> list[Tried]:
        """Settings that were tried with every seed without a failure, the best first; of equals the earlier."""
        whole_ones = [one for one in self.tried if len(one.scores) == len(self.seeds)]
        return sorted(whole_ones, key=lambda one: (self._loss(one.mean), one.number))

    @property
    def failed(self) -> list[Row]:
        """Trials that failed; their `error` says why."""
        return [row for row in self.rows if row.error]

    @property
    def best(self) -> Tried:
        """The best settings.

        Raises
        ------
        OptionError
            If no settings are through all of their seeds.
        """
        if not self.ranked:
            raise OptionError(f"no settings of {self.path} have ended well with every seed; let the sweep go on")
        return self.ranked[0]

    @property
    def best_params(self) -> dict[str, Any]:
        """The best settings by parameter, in terms of JSON."""
        return dict(self.best.settings)

    @property
    def best_score(self) -> float:
        """Their mean over the seeds: of what they were chosen by, so that new data will show a worse one."""
        return self.best.mean

    def _loss(self, score: float) -> float:
        return -score if self.higher_is_better else score

    @cached_property
    def about_as_good(self) -> list[Tried]:
        """Settings whose mean is behind that of the best by no more than the standard error of the difference.

        The differences are of the same seeds; empty with a single seed, which says nothing of an error.
        """
        return [one for one in self.ranked[1:] if self._within_error(one)] if len(self.seeds) > 1 else []

    def _within_error(self, one: Tried) -> bool:
        apart = [self._loss(one.scores[seed]) - self._loss(self.best.scores[seed]) for seed in self.seeds]
        return float(np.mean(apart)) <= float(np.std(apart, ddof=1)) / len(apart) ** 0.5

    # --- what each parameter changed ------------------------------------------------------------------------

    def effects(self) -> list[Effect]:
        """What each parameter changed, the one that explains most first.

        Returns
        -------
        list of Effect
        """
        space = {name: self.about.identity["space"][name] for name in self.parameters}
        return effects_of(space, self.ranked, max if self.higher_is_better else min)

    # --- tables ---------------------------------------------------------------------------------------------

    def records(self) -> list[dict[str, Any]]:
        """A dict for each trial: its number, seed, settings, scores, time, and why it failed.

        Returns
        -------
        list of dict
        """
        return [self._record(row) for row in self.rows]

    def _record(self, row: Row) -> dict[str, Any]:
        settings = json.loads(row.settings)
        plain = {
            n: v if v is None or isinstance(v, bool | int | float | str) else as_label(v) for n, v in settings.items()
        }
        told = {"status": row.status, **row.scores, "seconds": row.seconds, "error": row.error or None}
        return {"trial": row.trial, "seed": row.seed, **plain, **told, "finished": row.finished}

    def plain(self) -> dict[str, Any]:
        """What was found in terms of JSON: settings from the best on, what parameters changed, all trials.

        Returns
        -------
        dict
        """
        return {
            "name": self.name,
            "measure": self.measure,
            "higher_is_better": self.higher_is_better,
            "planned": self.planned,
            "ended": len(self.rows),
            "failed": len(self.failed),
            "baseline": None if self.baseline is None else dict(zip(("name", "score"), self.baseline, strict=True)),
            "settings": [one.plain() for one in self.ranked],
            "effects": [asdict(effect) for effect in self.effects()] if self.ranked else [],
            "trials": self.records(),
            "trials_file": self.path,
        }

    def to_pandas(self) -> Any:
        """A pandas DataFrame with a row for each trial.

        Returns
        -------
        pandas DataFrame

        Raises
        ------
        OptionError
            If pandas is not installed.
        """
        names = ["trial", "seed", *self.parameters, "status", *self.about.measures, "seconds", "error", "finished"]
        return library("pandas").DataFrame(self.records(), columns=names)

    def csv(self) -> bytes:
        """The same as text.

        Returns
        -------
        bytes
        """
        text = io.StringIO()
        names = ["trial", "seed", *self.parameters, "status", *self.about.measures, "seconds", "error", "finished"]
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.records())
        return text.getvalue().encode()

    def plot(self) -> Any:
        """A figure: scores as they came, and over the values of each parameter.

        Returns
        -------
        matplotlib figure
        """
        from elman.fleet.sweep_picture import draw

        return draw(self)

    def table(self, top: int = 10) -> list[list[str]]:
        """The best settings, the heading first.

        Parameters
        ----------
        top : int, default 10
            How many.

        Returns
        -------
        list of list of str
        """
        top = whole(top, "top")
        several = len(self.seeds) > 1
        heading = ["", *self.parameters, self.measure, *(["over seeds"] if several else []), "seconds", "trial"]
        rows = [heading]
        for place, one in enumerate(self.ranked[:top], 1):
            spread = [f"± {one.sd:.1g}"] if several else []
            values = [as_label(one.settings[name]) for name in self.parameters]
            rows.append([f"{place}", *values, f"{one.mean:.4g}", *spread, f"{one.seconds:.1f}", f"{one.number}"])
        return rows

    def effects_table(self) -> list[list[str]]:
        """What each parameter changed, the heading first.

        Returns
        -------
        list of list of str
        """
        rows = [["parameter", "value", "settings", f"mean {self.measure}", "best", "explains"]]
        for effect in self.effects():
            for place, group in enumerate(effect.groups):
                share = "" if place or np.isnan(effect.share) else f"{100 * effect.share:.0f} %"
                named = "" if place else effect.parameter
                rows.append([named, group.label, f"{group.settings}", f"{group.mean:.4g}", f"{group.best:.4g}", share])
        return rows

    def words(self) -> list[str]:
        """What was found, in sentences.

        Returns
        -------
        list of str
        """
        return [*self._progress(), *self._verdict()]

    def _progress(self) -> list[str]:
        have = "has" if self.planned == 1 else "have"
        ended = f"{len(self.rows)} of {counted(self.planned, 'trials')} {have} ended"
        failed = f", {len(self.failed)} of them failed" if self.failed else ""
        return [f"{ended}{failed}; judged by {self.about.shown['how']}"]

    def _verdict(self) -> list[str]:
        if not self.ranked:
            return []
        best, many = self.best, counted(len(self.ranked), "settings")
        spread = f" ± {best.sd:.1g} over {len(self.seeds)} seeds" if len(self.seeds) > 1 else ""
        found = [f"the best of {many}: {best.words}, {self.measure} {best.mean:.4g}{spread}"]
        if self.baseline is not None:
            name, score = self.baseline
            than = "better" if self._loss(best.mean) < self._loss(score) else "no better"
            found.append(f"that is {than} than {name}, {self.measure} {score:.4g}")
        if len({one.mean for one in self.ranked}) == 1 < len(self.ranked):
            found.append("all of them reach the same: what was tried makes no difference to the score")
        elif len(self.seeds) > 1 and len(self.ranked) > 1:
            others = [one.words for one in self.about_as_good]
            what = "; ".join(others[:3]) + (f"; and {len(others) - 3} more" if len(others) > 3 else "")
            found.append(f"within one standard error of it: {what or 'none of the others'}")
        return found

    def __repr__(self) -> str:
        lines = aligned(self.table(5)) if self.ranked else []
        head = (
            f"<Sweep of {self.name}: {len(self.rows)} of {counted(self.planned, 'trials')}, {len(self.failed)} failed>"
        )
        return "\n".join([head, *lines])


def aligned(rows: list[list[str]]) -> list[str]:
    """A table as lines of text."""
    wide = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return ["  ".join(f"{word:<{w}}" for word, w in zip(row, wide, strict=True)).rstrip() for row in rows]
