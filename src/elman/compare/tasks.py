"""Tasks on which cells are compared: data to learn from, other data to be judged by, and what is easy to reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from elman import checks
from elman.data import tasks
from elman.data.images import digits
from elman.data.reading import Reading
from elman.data.series import bundled, name_of, read_series
from elman.data.windows import windows
from elman.errors import DataError, OptionError

HELD = 256  # rows to judge by
SYMBOLS, LENGTH = 8, 5  # of the copy task
LEARNT = 0.8  # of a series, from its beginning
MOST_DEVIATIONS = 1e15  # whose squares float32 holds

Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Task:
    """Something to learn.

    Attributes
    ----------
    name : str
    about : str
        Sizes and rules, in a sentence.
    draw : function of (rows, seed)
        Sequences to learn from (rows, T, F) and their targets; others for each seed.
    held : tuple of ndarray
        Sequences and targets to judge by, which are never learnt from.
    outputs : int
        Values of the network's output.
    every_step : bool
        Whether a target belongs to each step or to the last.
    loss : str
        What is minimised.
    metric : str
        What is reported of `held`; lower is better: ``mse``, ``cross entropy``, ``share wrong`` or ``rmse``.
    simple : float
        The metric of an answer that takes no memory.
    simple_about : str
        Which answer.
    notes : tuple of str
        What was decided in reading its data.

    Examples
    --------
    >>> import elman as el
    >>> task = el.compare.task_of("adding", steps=10)
    >>> task.steps, task.features, task.outputs, task.metric
    (10, 2, 1, 'mse')
    """

    name: str
    about: str
    draw: Callable[[int, int], Pair] = field(repr=False)
    held: Pair = field(repr=False)
    outputs: int
    every_step: bool
    loss: str
    metric: str
    simple: float
    simple_about: str
    notes: tuple[str, ...] = ()

    @property
    def features(self) -> int:
        """F of its sequences."""
        return int(self.held[0].shape[-1])

    @property
    def steps(self) -> int:
        """T of its sequences."""
        return int(self.held[0].shape[1])


def task_of(name: str | Path, steps: int | None = None, reading: Reading | None = None) -> Task:
    """The task of a name, or forecasting the next value of a series.

    Parameters
    ----------
    name : str or Path
        One of `TASKS`; else a CSV or Parquet file, or the name of a series that ships with Elman.
    steps : int, optional
        T of its sequences: 50 by default, 30 for ``copy``; those of ``digits`` have 64.
    reading : Reading, optional
        How a file is read.

    Returns
    -------
    Task

    Raises
    ------
    ElmanError
        If there is no such task, or its data cannot be had.

    Examples
    --------
    >>> import elman as el
    >>> x, target = el.compare.task_of("copy").draw(4, 0)
    >>> x.shape[0], target.shape[0]
    (4, 4)
    """
    steps = None if steps is None else checks.whole(steps, "steps")
    if reading is not None:
        checks.instance(reading, Reading, "reading", "an elman.data.reading.Reading")
    made = TASKS.get(name) if isinstance(name, str) else None
    if made is not None:
        (reading or Reading()).refuse_all_but([], f"the task {name}, which reads no file")
        return made(steps)
    if isinstance(name, str) and name not in bundled() and not Path(name).suffix:
        known = [*TASKS, *bundled()]
        raise OptionError(
            f"there is no task {name!r}{checks.nearest(name, known)}; expected {', '.join(TASKS)}, a file such as "
            f"sales.csv, or {' or '.join(bundled())}"
        )
    return _of_series(checks.path(name, "task") if isinstance(name, Path) else name, steps or 50, reading or Reading())


def _adding(steps: int | None) -> Task:
    steps = checks.whole(steps or 50, "steps of the adding task", least=2)

    def draw(rows: int, seed: int) -> Pair:
        return tasks.adding(rows, steps, seed=seed)

    about = f"Add the two numbers that are marked among {steps}."
    return Task("adding", about, draw, draw(HELD, 0), 1, False, "mse", "mse", 1 / 6, "1 always")


def _copy(steps: int | None) -> Task:
    steps = checks.whole(steps or 30, "steps of the copy task", least=2 * LENGTH + 1)
    delay = steps - 2 * LENGTH

    def draw(rows: int, seed: int) -> Pair:
        return tasks.copy(rows, LENGTH, delay, symbols=SYMBOLS, seed=seed)

    about = f"Repeat {LENGTH} of {SYMBOLS} symbols after {delay} steps, {steps} in all."
    guess = LENGTH * float(np.log(SYMBOLS)) / steps
    held = draw(HELD, 0)
    return Task(
        "copy", about, draw, held, SYMBOLS + 1, True, "softmax_cross_entropy", "cross entropy", guess, "any symbol"
    )


def _flip_flop(steps: int | None) -> Task:
    steps = checks.whole(steps or 50, "steps of the flip-flop task")

    def draw(rows: int, seed: int) -> Pair:
        return tasks.flip_flop(rows, steps, bits=3, pulses=0.1, seed=seed)

    x, target = draw(HELD, 0)
    about = f"Hold the signs of the last pulses on three channels, with a pulse in a tenth of {steps} steps."
    return Task(
        "flip_flop",
        about,
        draw,
        (x, target),
        3,
        True,
        "mse",
        "mse",
        float(np.mean((x - target) ** 2)),
        "the input of the step",
    )


def _digits(steps: int | None) -> Task:
    if steps not in (None, 64):
        raise OptionError(f"steps is {steps}; the images of digits have 64 pixels: leave it out")
    images = digits()
    x, x_held = (part.reshape(len(part), -1, 1) for part in (images.x_train, images.x_test))

    def draw(rows: int, seed: int) -> Pair:
        chosen = np.random.default_rng(seed).integers(0, len(x), rows)
        return x[chosen], images.y_train[chosen]

    share = 1 - float(np.mean(images.y_test == np.bincount(images.y_train).argmax()))
    about = "Say which digit an image of 8 x 8 pixels shows, read one pixel a step, in rows: 64 steps."
    return Task(
        "digits", about, draw, (x_held, images.y_test), 10, False, "softmax_cross_entropy", "share wrong", share,
        "the most frequent digit",
    )  # fmt: skip


TASKS: dict[str, Callable[[int | None], Task]] = {
    "adding": _adding,
    "copy": _copy,
    "flip_flop": _flip_flop,
    "digits": _digits,
}
"""Of each name the task with so many steps, or with its own."""


def _of_series(source: str | Path, steps: int, reading: Reading) -> Task:
    """The next value from those before; the end of the series is kept to judge by."""
    series = read_series(source, reading)
    values = np.asarray(series.values, np.float64).reshape(-1)
    cut = int(LEARNT * len(values))
    if min(cut, len(values) - cut) < steps + 1:
        raise DataError(
            f"{source} has {len(values)} values, and its last fifth must hold {steps} steps and the value that "
            f"follows: take at most {max(len(values) - int(LEARNT * len(values)) - 1, 0)} steps"
        )
    scaled = _scaled(values, cut, str(source))
    learnt, held = (windows(part, steps + 1) for part in (scaled[:cut], scaled[cut:]))

    def draw(rows: int, seed: int) -> Pair:
        chosen = learnt[np.random.default_rng(seed).integers(0, len(learnt), rows)]
        return chosen[:, :-1], chosen[:, -1]

    name, (x, target) = name_of(source), (held[:, :-1], held[:, -1])
    last = float(np.sqrt(np.mean((x[:, -1] - target) ** 2)))
    about = f"The next value of {name} from {steps}, in deviations of its first {cut} values; judged by the others."
    return Task(
        name, about, draw, (x, target), 1, False, "mse", "rmse", last, "the last value again", series.notes
    )  # fmt: skip


def _scaled(values: np.ndarray, cut: int, source: str) -> np.ndarray:
    """In deviations from the mean of those before the cut, in float32."""
    if values[:cut].min() == values[:cut].max():
        raise DataError(f"{source} has the same value throughout its first {cut}: there is nothing to learn")
    values = values / np.abs(values[:cut]).max()  # whose squares are neither infinite nor 0
    values = (values - values[:cut].mean()) / max(values[:cut].std(), np.finfo(np.float64).tiny)
    most = float(np.abs(values).max())
    if not most < MOST_DEVIATIONS:
        raise DataError(
            f"{source} has a value that is {most:.2g} deviations of its first {cut} values from their mean: it is "
            "wrong, or the series is to be made stationary first, by its logarithm or its changes"
        )
    return values.astype(np.float32)
