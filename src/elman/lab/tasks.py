"""What there is to learn in the lab: small tasks that say something about memory, text, a table."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from elman.errors import DataError, OptionError
from elman.lab.limits import MOST_ROWS, MOST_STEPS

if TYPE_CHECKING:
    from types import ModuleType

    from elman.compare.tasks import Task

Four = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
HELD = 64  # rows to judge by
MOST_CHARACTERS = 60  # different ones of a text
LEAST_TEXT = 200
TEXT = (
    "the cat sat on the mat. the dog sat on the log. the cat saw the dog and the dog saw the cat. "
    "the mat was flat and the log was long. the cat and the dog sat and sat. "
) * 8


@dataclass(frozen=True)
class Data:
    """Sequences to learn from and others to judge by.

    Attributes
    ----------
    x, y, x_held, y_held : ndarray
        (N, T, F), and targets as `Network.fit` takes them.
    loss : str
    outputs : int
    every_step : bool
        Whether there is a target for each step.
    inputs, targets : tuple of str
        What the features and outputs are.
    simple : str
        What is easy to reach, in words.
    line : float, optional
        The loss that is easy to reach.
    code : str
        How a program makes the same.
    """

    x: np.ndarray
    y: np.ndarray
    x_held: np.ndarray
    y_held: np.ndarray
    loss: str
    outputs: int
    every_step: bool
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    simple: str = ""
    line: float | None = None
    code: str = ""

    @property
    def classes(self) -> bool:
        return self.loss == "softmax_cross_entropy"


@dataclass(frozen=True)
class Kind:
    """A task that can be picked."""

    name: str
    title: str
    about: str
    steps: int  # to begin with; 0 where they are given
    rows: int
    make: Callable[[int, int, int], Data]
    most: int = MOST_STEPS
    least: int = 4
    needs: str = ""
    features: int = 1  # of its inputs


def _toys() -> ModuleType:
    """The toy tasks, loaded with all that reads data when there is something to learn: the page begins without."""
    from elman.data import tasks

    return tasks


def _split(draw: Callable[[int, int], tuple[np.ndarray, np.ndarray]], rows: int, seed: int) -> Four:
    """Sequences to learn from, drawn with the seed, and others."""
    return (*draw(rows, seed), *draw(HELD, seed + 1_000_003))


def _sine(rows: int, steps: int, seed: int) -> Data:
    found = _split(lambda n, s: _toys().sine(n, steps, seed=s), rows, seed)
    code = f"x, y = el.data.tasks.sine({rows}, {steps}, seed={seed})"
    return Data(*found, "mse", 1, True, ("wave",), ("next value",), "the last value again", 0.0315, code)


def _adding(rows: int, steps: int, seed: int) -> Data:
    found = _split(lambda n, s: _toys().adding(n, steps, seed=s), rows, seed)
    code = f"x, y = el.data.tasks.adding({rows}, {steps}, seed={seed})"
    return Data(*found, "mse", 1, False, ("number", "mark"), ("sum",), "1 always", 1 / 6, code)


def _copy(rows: int, steps: int, seed: int) -> Data:
    length, symbols = 3, 4
    delay = steps - 2 * length
    found = _split(lambda n, s: _toys().copy(n, length, delay, symbols=symbols, seed=s), rows, seed)
    names = ("blank", *"ABCD", "go")
    guess = length * float(np.log(symbols)) / steps
    code = f"x, y = el.data.tasks.copy({rows}, {length}, {delay}, symbols={symbols}, seed={seed})"
    return Data(
        *found, "softmax_cross_entropy", symbols + 1, True, names, names[:-1], "any symbol when asked", guess, code
    )


def _flip_flop(rows: int, steps: int, seed: int) -> Data:
    found = _split(lambda n, s: _toys().flip_flop(n, steps, bits=3, pulses=0.1, seed=s), rows, seed)
    names = ("first", "second", "third")
    simple = float(np.mean((found[2] - found[3]) ** 2))
    code = f"x, y = el.data.tasks.flip_flop({rows}, {steps}, bits=3, pulses=0.1, seed={seed})"
    return Data(*found, "mse", 3, True, names, names, "the input of the step", simple, code)


def _parity(rows: int, steps: int, seed: int) -> Data:
    found = _split(lambda n, s: _toys().parity(n, steps, seed=s), rows, seed)
    code = f"x, y = el.data.tasks.parity({rows}, {steps}, seed={seed})"
    log2 = float(np.log(2))
    return Data(*found, "binary_cross_entropy", 1, True, ("bit",), ("odd",), "a coin", log2, code)


def _match(rows: int, steps: int, seed: int) -> Data:
    delay = steps - 2
    found = _split(lambda n, s: _toys().delayed_match(n, delay, seed=s), rows, seed)
    names = ("first", "second", "third", "fourth")
    code = f"x, y = el.data.tasks.delayed_match({rows}, {delay}, seed={seed})"
    log2 = float(np.log(2))
    return Data(*found, "softmax_cross_entropy", 2, False, names, ("other", "same"), "a coin", log2, code)


def _digits(rows: int, steps: int, seed: int) -> Data:
    from elman.data.images import digits

    images = digits()
    chosen = np.random.default_rng(seed).permutation(len(images.x_train))[:rows]
    x, y = images.x_train.reshape(-1, 8, 8)[chosen], images.y_train[chosen]
    names = tuple(f"column {k}" for k in range(1, 9))
    code = (
        "images = el.data.images.digits()\n"
        f"chosen = np.random.default_rng({seed}).permutation(len(images.x_train))[:{rows}]\n"
        "x, y = images.x_train.reshape(-1, 8, 8)[chosen], images.y_train[chosen]"
    )
    held = images.x_test.reshape(-1, 8, 8)[:HELD], images.y_test[:HELD]
    guess = float(np.log(10))
    return Data(x, y, *held, "softmax_cross_entropy", 10, False, names, tuple("0123456789"), "any digit", guess, code)


def of_text(text: str, rows: int, steps: int, seed: int) -> Data:
    """The next character of a text.

    Raises
    ------
    DataError
        If it is too short, or has too many different characters.
    """
    from elman.data.windows import windows

    characters = sorted(set(text))
    if len(text) < max(LEAST_TEXT, 4 * steps):
        raise DataError(f"the text has {len(text)} characters; expected at least {max(LEAST_TEXT, 4 * steps)}")
    if not 2 <= len(characters) <= MOST_CHARACTERS:
        raise DataError(f"the text has {len(characters)} different characters; expected 2 to {MOST_CHARACTERS}")
    numbers = np.searchsorted(np.array(characters), np.array(list(text)))
    cut = int(0.85 * len(numbers))
    learnt, held = windows(numbers[:cut], steps + 1), windows(numbers[cut:], steps + 1)
    learnt, held = (part.reshape(len(part), steps + 1) for part in (learnt, held))
    random = np.random.default_rng(seed)
    chosen, judged = learnt[random.integers(0, len(learnt), rows)], held[random.integers(0, len(held), HELD)]
    one_hot = np.eye(len(characters), dtype=np.float32)
    share = np.bincount(chosen[:, 1:].ravel(), minlength=len(characters)) / chosen[:, 1:].size
    entropy = float(-np.sum(share[share > 0] * np.log(share[share > 0])))
    names = tuple("␣" if c == " " else "⏎" if c == "\n" else c for c in characters)
    code = (
        f"text = {text!r}\n"
        "numbers = np.searchsorted(np.array(sorted(set(text))), np.array(list(text)))\n"
        f"learnt = el.data.windows(numbers[:{cut}], {steps + 1}).reshape(-1, {steps + 1})\n"
        f"chosen = learnt[np.random.default_rng({seed}).integers(0, len(learnt), {rows})]\n"
        f"x, y = np.eye({len(characters)}, dtype=np.float32)[chosen[:, :-1]], chosen[:, 1:]"
    )
    return Data(
        one_hot[chosen[:, :-1]],
        chosen[:, 1:],
        one_hot[judged[:, :-1]],
        judged[:, 1:],
        "softmax_cross_entropy",
        len(characters),
        True,
        names,
        names,
        "how frequent each is",
        entropy,
        code,
    )


def of_series(found: Task, name: str, rows: int, seed: int, code: str = "") -> Data:
    """The next value of a series, from a task of `elman.compare`."""
    x, y = found.draw(rows, seed)
    x_held, y_held = found.held
    chosen = np.random.default_rng(seed).permutation(len(x_held))[:HELD]
    line = found.simple**2
    x, y, x_held, y_held = (np.ascontiguousarray(a) for a in (x, y, x_held[chosen], y_held[chosen]))
    return Data(x, y, x_held, y_held, "mse", 1, False, (name,), ("next value",), found.simple_about, line, code)


def _bundled(name: str) -> Callable[[int, int, int], Data]:
    def make(rows: int, steps: int, seed: int) -> Data:
        from elman.compare.tasks import task_of  # with all that compares cells, which the page can begin without

        code = f'task = el.compare.task_of("{name}", {steps})\nx, y = task.draw({rows}, {seed})'
        return of_series(task_of(name, steps), name, rows, seed, code)

    return make


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("sine", "Sine wave", "The next value of a wave whose phase differs from row to row.", 50, 256, _sine),
        Kind("adding", "Adding", "Add the two marked numbers, when the end is reached.", 40, 1024, _adding, features=2),
        Kind("copy", "Copy", "Say three symbols again after a gap.", 20, 1024, _copy, least=8, features=6),
        Kind("flip_flop", "Flip-flop", "Hold the last pulse's sign on 3 channels.", 50, 512, _flip_flop, features=3),
        Kind("parity", "Parity", "After each bit: were the ones so far odd in number?", 16, 1024, _parity),
        Kind("match", "Delayed match", "Is the last stimulus the first again?", 20, 1024, _match, least=3, features=4),
        Kind(
            "characters", "Characters", "The next character of a text.", 40, 512,
            lambda rows, steps, seed: of_text(TEXT, rows, steps, seed), features=len(set(TEXT)),
        ),
        Kind("digits", "Digits by row", "Which digit is it?", 0, 1500, _digits, needs="sklearn", features=8),
        Kind("sunspots", "Sunspots", "The next month's sunspots from those before.", 48, 1024, _bundled("sunspots")),
    )
}  # fmt: skip


def kinds() -> list[Kind]:
    """Those that can be had here."""
    return [k for k in KINDS.values() if not k.needs or importlib.util.find_spec(k.needs) is not None]


def data_of(name: str, rows: int, steps: int, seed: int) -> Data:
    """The data of a task.

    Raises
    ------
    ElmanError
        If there is no such task, or its sizes make no sense.
    """
    kind = KINDS.get(name)
    if kind is None or kind not in kinds():
        raise OptionError(f"there is no task {name!r}; there are {', '.join(k.name for k in kinds())}")
    if not 1 <= rows <= MOST_ROWS:
        raise OptionError(f"there are {rows} rows; expected 1 to {MOST_ROWS}")
    if kind.steps and not kind.least <= steps <= kind.most:
        raise OptionError(f"{kind.title} has {steps} steps; expected {kind.least} to {kind.most}")
    return kind.make(rows, steps, seed)
