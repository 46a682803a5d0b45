"""Which trials are run when: all combinations at once, or proposals in rounds; none that has ended is run again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from elman.data.names import counted
from elman.fleet.sweep_judges import HIGHER
from elman.fleet.sweep_options import Options, Progress
from elman.fleet.sweep_proposals import Known, proposed
from elman.fleet.sweep_running import Task, Work
from elman.fleet.sweep_space import Settings, Space
from elman.fleet.sweep_store import Row, Trials
from elman.jobs import each_job

SEED = 0  # of Optuna's sampler


@dataclass(frozen=True)
class _Numbered:
    number: int
    settings: Settings


class Schedule:
    """Runs what is left of a sweep.

    Parameters
    ----------
    kept : Trials
        Its file.
    space : Space
    options : Options
    work : Work

    Attributes
    ----------
    rows : dict of (int, int) to Row
        By trial and seed, of all trials that have ended.
    notes : list of str
    """

    def __init__(self, kept: Trials, space: Space, options: Options, work: Work):
        self._kept, self._space, self._options, self._work = kept, space, options, work
        self.rows: dict[tuple[int, int], Row] = {(row.trial, row.seed): row for row in kept.rows()}
        self.notes: list[str] = []
        self._begun, self._new = time.monotonic(), 0
        self.planned = (options.trials or len(space.grid())) * len(options.seeds)

    def go(self) -> None:
        """Run all trials that have not ended, until the budget is spent."""
        for numbered in self._rounds():
            late = 0
            for _, row in each_job(self._work, self._tasks(numbered), self._options.jobs):
                late += row is None
                if row is not None:
                    self._keep(row)
            if late:
                spent = f"the budget of {self._options.budget:g} s is spent"
                left = counted(self.planned - len(self.rows), "trials")
                self.notes.append(f"{spent}, and {left} are left: the same call goes on with them")
                return

    def _keep(self, row: Row) -> None:
        self._kept.add(row, self._space.values(self._space.settings(row.settings)))
        self.rows[row.trial, row.seed] = row
        self._new += 1
        left = (time.monotonic() - self._begun) / self._new * (self.planned - len(self.rows))
        self._options.watch(Progress(row, len(self.rows), self.planned, self._best(), left))

    def _best(self) -> float | None:
        scores = [row.score for row in self.rows.values() if row.score is not None]
        return (max if self._higher else min)(scores, default=None)

    @property
    def _higher(self) -> bool:
        return self._work.measure in HIGHER

    def _tasks(self, numbered: Iterable[_Numbered]) -> list[Task]:
        """What is to be run of some settings."""
        return [
            Task(one.number, seed, self._space.key(one.settings), one.settings)
            for one in numbered
            for seed in self._options.seeds
            if (one.number, seed) not in self.rows
        ]

    # --- settings -------------------------------------------------------------------------------------------

    def _rounds(self) -> Iterator[list[_Numbered]]:
        """Settings that may be tried side by side; each round is asked for when the one before has ended."""
        trials = self._options.trials
        if trials is None:
            yield [_Numbered(number, settings) for number, settings in enumerate(self._space.grid())]
            return
        for start in range(0, trials, self._options.at_once):
            yield self._proposed(range(start, min(start + self._options.at_once, trials)))

    def _proposed(self, numbers: range) -> list[_Numbered]:
        """Of trials that a row tells of what it tells, of the others what Optuna proposes, after all rounds before."""
        told = {number: settings for number in numbers if (settings := self._told(number)) is not None}
        if len(told) < len(numbers):
            known = [self._known(number) for number in range(numbers.start)]
            made = proposed(
                *(self._space, known, len(numbers)),
                seed=SEED,
                number=numbers.start // self._options.at_once,
                higher=self._higher,
            )
            told = dict(zip(numbers, made, strict=True)) | told
        return [_Numbered(number, told[number]) for number in numbers]

    def _told(self, number: int) -> Settings | None:
        row = next((row for seed in self._options.seeds if (row := self.rows.get((number, seed)))), None)
        return None if row is None else self._space.settings(row.settings)

    def _known(self, number: int) -> Known:
        rows = [self.rows[number, seed] for seed in self._options.seeds]
        scores = [row.score for row in rows if row.score is not None]
        settings = self._space.settings(rows[0].settings)
        return Known(settings, float(np.mean(scores)) if len(scores) == len(rows) else None)
