"""The comparison: a network of each cell, trained on the same data with the same budget, for several seeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from elman import checks
from elman.cells import as_cell
from elman.compare.results import Comparison, Result, Run
from elman.compare.sizes import MOST_STATES, sizes_of, units_for
from elman.compare.tasks import Task, task_of
from elman.equations import Cell
from elman.errors import DataError, OptionError, TrainingError
from elman.insight.flow import gradient_flow
from elman.jobs import as_jobs, each_job
from elman.network import Dense, Network, Recurrent
from elman.training import Adam
from elman.training.scopes import remembered
from elman.training.turns import Turn, made_by, side_by_side

PARAMETERS = 4000
POINTS = 10  # at which runs are judged
ROUND = 5  # updates between two looks at the clock
FLOW_ROWS = 4  # of the sequences whose gradients are followed
MOST_JACOBIAN = 256  # numbers in the states, whose Jacobians are followed

Item = tuple[Cell, int, int]  # a run's cell, units and seed
Watch = Callable[[str, int, float], Any]
"""Gets a cell's name, a seed and the metric at the end of a run."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in a comparison; `found` is that of the cells all of whose runs had ended, or None if there were none.

    Parameters
    ----------
    found : Comparison or None
        Of the cells all of whose runs had ended.

    Examples
    --------
    >>> import elman as el
    >>> el.compare.Interrupted(None).found is None
    True
    """

    def __init__(self, found: Comparison | None):
        self.found: Comparison | None = found
        super().__init__(found.notes[-1] if found else "stopped before a cell was through all of its runs")


@dataclass(frozen=True)
class Budget:
    """What each run may use, and how it is trained.

    Attributes
    ----------
    updates : int, optional
    seconds : float, optional
        Of training; either this or `updates`.
    seeds : int
        Runs of each cell, with other initial parameters and other data; the seeds are 0, 1, 2 ...
    batch_size : int
        Sequences of an update, each drawn anew.
    rate : float
        Adam's learning rate.
    clip : float
        What a gradient's norm is clipped to.

    Examples
    --------
    >>> import elman as el
    >>> budget = el.compare.Budget(updates=100, seeds=2)
    >>> budget.unit, budget.batch_size
    ('updates', 32)
    """

    updates: int | None = None
    seconds: float | None = None
    seeds: int = 3
    batch_size: int = 32
    rate: float = 0.003
    clip: float = 1.0

    def __post_init__(self) -> None:
        if self.updates is not None and self.seconds is not None:
            raise OptionError("the budget is updates or seconds, not both; leave one out")
        if self.seconds is None:
            updates = 500 if self.updates is None else self.updates
            object.__setattr__(self, "updates", checks.whole(updates, "updates", least=POINTS))
        else:
            checks.real(self.seconds, "seconds", 0)
        for name in ("seeds", "batch_size"):
            checks.whole(getattr(self, name), name)
        for name in ("rate", "clip"):
            checks.real(getattr(self, name), name, 0)

    @property
    def unit(self) -> str:
        """What the budget is counted in: updates or seconds."""
        return "updates" if self.seconds is None else "seconds"

    @property
    def points(self) -> list[float]:
        """Where runs are judged."""
        if self.seconds is not None:
            return [self.seconds * k / POINTS for k in range(1, POINTS + 1)]
        assert self.updates is not None
        return [float(round(self.updates * k / POINTS)) for k in range(1, POINTS + 1)]

    def words(self, size: str) -> str:
        """All that is the same for all cells.

        Parameters
        ----------
        size : str
            How units were chosen, in words.

        Returns
        -------
        str
        """
        many = f"{self.updates:,} updates" if self.seconds is None else f"{self.seconds:g} s of training"
        return (
            f"{many} with {self.batch_size} new sequences each, Adam at {self.rate:g}, gradients clipped to "
            f"{self.clip:g}, one thread; {self.seeds} seed{'s' * (self.seeds > 1)}; {size}"
        )


def compare(
    cells: Sequence[Cell | str],
    task: Task | str | Path,
    budget: Budget | None = None,
    *,
    parameters: int | None = None,
    units: int | None = None,
    n_jobs: int | None = None,
    watch: Watch = lambda cell, seed, final: None,
) -> Comparison:
    """Train a network of each cell, and a dense layer behind it, on one task.

    Parameters
    ----------
    cells : sequence of Cell or str
        Those that take one input; a cell that reads the time to the last step from its input gets steps of 1.
    task : Task, str or Path
        See `task_of`, which makes one of a name or file.
    budget : Budget, optional
        500 updates by default.
    parameters : int, optional
        Units are chosen so that each network has about so many: 4,000 by default.
    units : int, optional
        The same number of units for all, whatever parameters they make; instead of `parameters`.
    n_jobs : int, optional
        How many runs at a time, in processes of their own: -1 for one each core. By default 1, or what a context of
        joblib says, as ``with joblib.parallel_config("dask"):``. What comes out is the same but for the seconds; a
        budget of seconds holds fewer updates where processes share a core.
    watch : function of (str, int, float), optional
        Told of each run as it ends.

    Returns
    -------
    Comparison

    Raises
    ------
    OptionError
        If a cell is no cell, takes other inputs than the task has, or cannot have its units; nothing is trained then.
    Interrupted
        After Ctrl-C; its `found` is what was found until then.

    Examples
    --------
    >>> from elman.compare.tasks import task_of
    >>> found = compare(["gru", "simple"], task_of("adding", 10), Budget(updates=20, seeds=1), parameters=200)
    >>> sorted((each.cell, each.units) for each in found.results)
    [('gru', 6), ('simple', 12)]
    """
    if not isinstance(task, Task):
        task = task_of(checks.instance(task, (str, Path), "task", "a Task, or what task_of makes one of"))
    budget = checks.instance(budget or Budget(), Budget, "budget", "a Budget, as Budget(updates=500, seeds=3)")
    chosen, size, notes = _sized(cells, task, parameters, units)
    for cell, many in chosen:
        _check(cell, many, task, budget)
    runs = _Runs(chosen, task, budget, size, notes)
    try:
        for number, run in _each_run(task, budget, runs.items, n_jobs, runs.names):
            runs.ended[divmod(number, budget.seeds)] = run
            watch(runs.items[number][0].name, run.seed, run.final)
    except KeyboardInterrupt as error:
        raise Interrupted(runs.until_now()) from error
    return runs.comparison()


def _sized(
    cells: Sequence[Cell | str], task: Task, parameters: int | None, units: int | None
) -> tuple[list[tuple[Cell, int]], str, list[str]]:
    """The cells with their units, how these were chosen in words, and notes."""
    if units is not None and parameters is not None:
        raise OptionError("networks have the same units or about the same parameters, not both; leave one out")
    parameters = checks.whole(PARAMETERS if parameters is None else parameters, "parameters")
    chosen, notes = _fitting([as_cell(cell) for cell in checks.listed(cells, "cells", "cells or their names")])
    notes += task.notes
    if units is not None:
        many = checks.whole(units, "units")
        return [(cell, many) for cell in chosen], f"{units} units each", notes
    sized = [(cell, units_for(cell, task, parameters)) for cell in chosen]
    small = [cell.name for cell, many in sized if sizes_of(cell, task, many)[0] < 0.8 * parameters]
    notes += [f"{', '.join(small)}: fewer parameters, as states hold {MOST_STATES:,} numbers at most"] * bool(small)
    return sized, f"units for about {parameters:,} parameters", notes


class _Runs:
    """The runs of a comparison, and those that have ended."""

    def __init__(self, cells: list[tuple[Cell, int]], task: Task, budget: Budget, size: str, notes: list[str]):
        self._cells, self._task, self._seeds, self._notes = cells, task, range(budget.seeds), notes
        self._said = task.simple, task.simple_about, budget.words(size), budget.unit, budget.points, task.steps
        self.items: list[Item] = [(cell, many, seed) for cell, many in cells for seed in self._seeds]
        self.names = [f"{cell.name}, seed {seed}" for cell, _, seed in self.items]
        self.ended: dict[tuple[int, int], Run] = {}  # by the numbers of cell and seed

    def comparison(self, more: Sequence[str] = ()) -> Comparison:
        """What was found of the cells all of whose runs have ended, the best first."""
        results = sorted(self._results(), key=lambda r: (r.diverged, np.nan_to_num(r.mean, nan=np.inf), r.cell))
        task = self._task
        return Comparison(task.name, task.about, task.metric, *self._said, results, [*self._notes, *more])

    def until_now(self) -> Comparison | None:
        """The same where the others are not to come; None if there is no such cell."""
        through = {result.cell for result in self._results()}
        left = [cell.name for cell, _ in self._cells if cell.name not in through]
        return self.comparison([f"stopped before these were compared: {', '.join(left)}"]) if through else None

    def _results(self) -> list[Result]:
        found = []
        for number, (cell, many) in enumerate(self._cells):
            mine = [self.ended[number, seed] for seed in self._seeds if (number, seed) in self.ended]
            if len(mine) == len(self._seeds):
                found.append(Result(cell.name, many, sizes_of(cell, self._task, many)[0], mine))
        return found


def _fitting(cells: list[Cell]) -> tuple[list[Cell], list[str]]:
    """The cells as they can be compared, and what was changed."""
    if not cells:
        raise OptionError("cells is empty; expected names, as gru and lstm")
    for cell in cells:
        if len(cell.inputs) > 1 or cell.memories or not cell.states:
            takes = ", ".join((*cell.inputs, *cell.memories))
            raise OptionError(f"{cell.name} takes {takes}, and a task has one input: leave it out")
    names = [cell.name for cell in cells]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise OptionError(f"cells names {twice} twice")
    timed = [cell.name for cell in cells if as_compared(cell) is not cell]
    note = f"{', '.join(timed)}: with step=1, as the inputs of the task hold no times"
    return [as_compared(cell) for cell in cells], [note] * bool(timed)


def as_compared(cell: Cell) -> Cell:
    """The cell; one that reads the time to the last step from its input with steps of 1."""
    return cell.with_options(step=1.0) if cell.options.get("step") == "input" else cell


def network(cell: Cell, units: int, task: Task, seed: int) -> Network:
    """A layer of the cell, and a dense one for the task's output."""
    layers = [Recurrent(cell, units, return_sequences=task.every_step), Dense(task.outputs)]
    return Network(task.features, layers, seed=seed, threads=1)


def _check(cell: Cell, units: int, task: Task, budget: Budget) -> None:
    """Raise what would end a comparison, of sizes and of memory, before anything is trained."""
    net = network(cell, units, task, 0)
    with suppress(DataError):  # of a network that is not finite from the beginning: its runs tell
        net(task.held[0][: budget.batch_size])


def _each_run(
    task: Task, budget: Budget, items: list[Item], n_jobs: int | None, names: list[str]
) -> Iterator[tuple[int, Run]]:
    """The number of each run and the run, as they end: in processes, or those of a cell side by side in threads."""
    work = partial(_run, task, budget)
    if as_jobs(n_jobs) > 1:
        yield from each_job(work, items, n_jobs, names=names)
        return
    at_a_time = None if budget.seconds is None else 1
    for first in range(0, len(items), budget.seeds):
        works = [partial(work, item) for item in items[first : first + budget.seeds]]
        yield from enumerate(made_by(side_by_side(works, at_a_time=at_a_time)), first)


def _run(task: Task, budget: Budget, item: Item, turn: Turn | None = None) -> Run:
    """A run, or what it was if it had ended before the comparison was stopped."""
    return remembered(lambda: _trained(task, budget, item, turn), asdict, _of_data)


def _of_data(data: Any) -> Run:
    return Run(**data | {"curve": [np.nan if value is None else float(value) for value in data["curve"]]})


def _trained(task: Task, budget: Budget, item: Item, turn: Turn | None) -> Run:
    cell, units, seed = item
    net = network(cell, units, task, seed)
    optimizer = Adam(budget.rate, clip_norm=budget.clip)
    clock = time.thread_time if budget.seconds is None else time.perf_counter  # others run beside it, or none
    curve: list[float] = []
    updates, seconds, drawn, error = 0, 0.0, 0, ""
    try:
        for point in budget.points:
            while (updates if budget.seconds is None else seconds) < point:
                many = int(point) - updates if budget.seconds is None else ROUND
                x, target = task.draw(many * budget.batch_size, 1 + 10**6 * seed + drawn)
                start = clock()
                net.fit(
                    x, target, loss=task.loss, optimizer=optimizer, batch_size=budget.batch_size, epochs=1,
                    shuffle=False, verbose=0,
                )  # fmt: skip
                seconds, updates, drawn = seconds + clock() - start, updates + many, drawn + 1
                if turn is not None:
                    turn.give_way()
            curve.append(_judged(net, task))
    except (TrainingError, DataError) as found:  # of numbers that are none any more: the data is sound
        error = str(found)
    curve += [np.nan] * (len(budget.points) - len(curve))
    return Run(seed, curve, updates, seconds, None if error else _horizon(net, task), error)


def _judged(net: Network, task: Task) -> float:
    """The task's metric of what was not learnt from."""
    found: Any = net.evaluate(*task.held, loss=task.loss, metrics=["accuracy"] if task.metric == "share wrong" else [])
    if task.metric == "share wrong":
        return 1 - float(found["accuracy"])
    return float(np.sqrt(found)) if task.metric == "rmse" else float(found)


def _horizon(net: Network, task: Task) -> int | None:
    if sum(net.state_sizes()[0]) > MOST_JACOBIAN:
        return None
    x, target = (part[:FLOW_ROWS] for part in task.held)
    try:
        return gradient_flow(net, x, target, task.loss).horizon
    except DataError:  # states of a size that no Jacobian has numbers for
        return None
