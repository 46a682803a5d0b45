"""Measures the speed of all cells beside that of built-in ones of equal arithmetic: `make bench-cells`, ten minutes.

Arithmetic is counted in the equations (`arithmetic.py`), its prices are those of built-in and plain cells: at each size
the processor time of a run, and of a training update, is fitted by so much for each multiply-add, each elementwise
value, each value kept, each parameter and each step. A cell's ratio is its own time over what its arithmetic costs at
these prices. What an elementwise operation costs in additions is measured alone. Writes speed.json beside this file.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from benchmarks.cells.arithmetic import forward, graph_of, parameters_of, update
from benchmarks.cells.run import machine, one_input

import elman as el
from elman.cells import catalogue
from elman.compare.compare import as_compared
from elman.equations import Cell
from elman.equations.symbols import width

SPEED = Path(__file__).with_name("speed.json")
BUILT_IN = ("simple", "gru", "lstm")
MOST_STATES = 20_000  # numbers of a row: at more, memory is what is measured
ROUNDS = 9  # of operations alone


@dataclass(frozen=True)
class Size:
    """Features and units, rows of a batch, steps; updates of a training and runs that are timed together; rounds."""

    units: int
    rows: int
    steps: int
    updates: int
    runs: int
    rounds: int


SIZES = (Size(16, 32, 100, 20, 30, 21), Size(64, 32, 100, 6, 8, 15), Size(256, 32, 25, 3, 4, 11))

# Of a row as a whole, in additions of its values: the sums, differences and products that it takes.
OF_ROWS = {"inverse_deviation": 4.0, "normalise": 3.0, "normalise_grad": 6.0}
MOVED = {"slice": 0.0, "part": 0.0, "stop_gradient": 0.0, "copy": 0.0}  # what costs no arithmetic
ALONE: dict[str, Callable[[Any], Any]] = {
    **{n: getattr(el, n) for n in ("exp", "log", "log1p", "erf", "sigmoid", "tanh", "softplus", "silu", "gelu", "elu")},
    **{n: getattr(el, n) for n in ("sin", "cos", "floor", "sqrt", "lgamma", "digamma", "abs", "relu")},
    "pow": lambda v: v**1.7,
    "div": lambda v: 1.5 / v,
    "where": lambda v: el.where(v, v, 1.0),
}


# --- what the operations cost ----------------------------------------------------------------------------------------


def chain(op: Callable[[Any], Any], count: int = 24) -> Cell:
    """A cell without states that applies an operation to many values, each after one addition and before another."""

    def step(p: Any, x: Any) -> Any:
        y = x * 0.0
        for k in range(count):
            y = y + op(x + 0.01 * (k + 1))
        return y

    return el.cell(step)


def operations() -> dict[str, float]:
    """Nanoseconds for a value of each operation alone, at 64 units; `add` is one third of the chain of `abs`."""
    size, count = (32, 50, 64), 24
    x = np.abs(np.random.default_rng(0).normal(size=size)).astype("f4") + 0.1
    nets = {name: el.Network(64, [el.Stateless(chain(op, count), 64)], threads=1) for name, op in ALONE.items()}
    times: dict[str, list[float]] = {name: [] for name in nets}
    for _ in range(2 * ROUNDS):
        for name, net in nets.items():
            times[name].append(seconds(lambda net=net: net(x)))
    each = {name: 1e9 * median(found) / (count * x.size) for name, found in times.items()}
    addition = each["abs"] / 3
    return {"add": addition} | {name: found - 2 * addition for name, found in each.items()}


# --- what the arithmetic costs ---------------------------------------------------------------------------------------


def plain(gates: int, kept: int = 0, linear: int = 0, depth: int = 1, recurrent: bool = True) -> Cell:
    """A cell in the form of the built-in ones: gates of input and state, multiplied; so many operations more."""

    def step(p: Any, x: Any, h: Any) -> Any:
        g = []
        for k in range(gates):
            a = getattr(p, f"W{k}") @ x + getattr(p, f"b{k}")
            a = el.tanh(a + getattr(p, f"U{k}") @ h if recurrent else a)
            for _ in range(depth - 1):
                a = el.tanh(getattr(p, f"U{k}") @ a)
            g.append(a)
        y = g[0] if recurrent else g[0] * h
        for z in g[1:]:
            y = y * z + g[0]
        for _ in range(kept):
            y = y * g[0] + g[-1] * 0.1
        for _ in range(linear):
            y = 0.9 * y + 0.1
        return y

    return el.cell(step)


def wide(count: int) -> Cell:
    """A cell whose state is as wide as a matrix, with so many products of it."""

    def step(p: Any, x: Any, C: Any) -> Any:
        y = C * p.a + el.sum(x) * 0.01
        for _ in range(count):
            y = y * p.a + 0.1
        return y

    return el.cell(step)


def plain_cells() -> dict[str, Cell]:
    shapes: list[dict[str, Any]] = [
        *({"gates": n} for n in (1, 2, 4, 8)),
        *({"gates": 1, "linear": n} for n in (12, 40)),
        *({"gates": n, "kept": 8} for n in (1, 4)),
        *({"gates": n, "depth": 4} for n in (1, 2)),
        *({"gates": n, "recurrent": False} for n in (2, 4)),
    ]
    return {"plain " + " ".join(f"{k} {v}" for k, v in shape.items()): plain(**shape) for shape in shapes}


@dataclass(frozen=True)
class Timed:
    """A network of a cell, what it runs on, and what a step of it asks for."""

    net: el.Network
    x: np.ndarray
    target: np.ndarray
    size: Size
    needs: tuple[np.ndarray, np.ndarray]

    def seconds(self) -> tuple[float, float]:
        """Of a run and of an update, when the caches hold what they need of it."""
        rows = self.x[: self.size.rows]
        self.net(rows)
        run = seconds(lambda: [self.net(rows) for _ in range(self.size.runs)]) / self.size.runs
        return run, seconds(self.train) / self.size.updates

    def train(self) -> None:
        options: dict[str, Any] = {"loss": "mse", "optimizer": "adam", "batch_size": self.size.rows, "epochs": 1}
        self.net.fit(self.x, self.target, verbose=0, **options)


def seconds(work: Callable[[], Any]) -> float:
    """Of the processor."""
    start = time.process_time()
    work()
    return time.process_time() - start


def timed(cell: Cell, size: Size, costs: Mapping[str, float], units: int | None = None) -> Timed:
    """A layer of a cell and a dense one for one output at each step."""
    features, units = size.units, units or size.units
    net = el.Network(features, [el.Recurrent(cell, units), el.Dense(1)], threads=1)
    x = np.random.default_rng(0).normal(size=(size.rows * size.updates, size.steps, features)).astype("f4")
    graph, parameters = graph_of(cell, features, units), parameters_of(cell, features, units)
    needs = [forward(graph, costs), update(graph, costs, cell.frozen)]
    per_row = size.rows * size.steps
    columns = [
        np.array([*(per_row * n for n in astuple(need)), size.steps, parameters * number])
        for number, need in enumerate(needs)
    ]
    return Timed(net, x, np.zeros((*x.shape[:2], 1), "f4"), size, (columns[0], columns[1]))


def contenders(size: Size, costs: Mapping[str, float]) -> Iterator[tuple[str, Timed]]:
    """The cells by which prices are found, then all others of one input."""
    for name, cell in [*((n, catalogue()[n]) for n in BUILT_IN), *plain_cells().items()]:
        yield name, timed(cell, size, costs)
    if size.units**2 <= MOST_STATES:
        for count in (1, 3, 8):
            yield f"plain wide {count}", timed(wide(count), size, costs, max(1024, size.units**2))
    for name in one_input():
        cell = as_compared(catalogue()[name])
        states = sum(map(width, graph_of(cell, size.units, size.units).states))
        if name not in BUILT_IN and states <= MOST_STATES:
            yield name, timed(cell, size, costs)


def prices(needs: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Of each kind of arithmetic, none below 0, with the least squares of relative errors."""
    relative = needs / times[:, None]
    used = np.flatnonzero(needs.any(axis=0))
    while True:
        found = np.zeros(needs.shape[1])
        scale = relative[:, used].max(axis=0)
        found[used] = np.linalg.lstsq(relative[:, used] / scale, np.ones(len(times)), rcond=None)[0] / scale
        if (found >= 0).all():
            return found
        used = used[found[used] > found[used].min()]


def measure(size: Size, costs: Mapping[str, float]) -> dict[str, Any]:
    """Milliseconds and ratios of all cells at one size."""
    all_of = dict(contenders(size, costs))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in all_of}
    for _ in range(1 + size.rounds):
        for name, one in all_of.items():
            found[name].append(one.seconds())
    result: dict[str, Any] = {name: {} for name in all_of}
    for k, what in enumerate(("run", "update")):
        times = {name: median(pair[k] for pair in pairs[1:]) for name, pairs in found.items()}
        known = [name for name in all_of if name in BUILT_IN or name.startswith("plain")]
        needs = np.array([all_of[name].needs[k] for name in known])
        price = prices(needs, np.array([times[name] for name in known]))
        for name, one in all_of.items():
            ratio = times[name] / float(one.needs[k] @ price)
            result[name] |= {f"{what} ms": round(1000 * times[name], 3), f"{what} ratio": round(ratio, 3)}
    return result


def main() -> None:
    """All sizes, or those whose units are named; the others' results stay."""
    results: dict[str, Any] = json.loads(SPEED.read_text()) if SPEED.exists() else {"sizes": {}}
    each = operations()
    costs = {name: max(1.0, ns / each["add"]) for name, ns in each.items()} | OF_ROWS | MOVED
    results |= {"machine": machine(), "date": time.strftime("%Y-%m-%d"), "operations": rounded(each)}
    for size in SIZES:
        if not sys.argv[1:] or str(size.units) in sys.argv[1:]:
            results["sizes"][str(size.units)] = measure(size, costs)
            SPEED.write_text(json.dumps(results, indent=1) + "\n")
            print(f"{size.units} units: measured", flush=True)


def rounded(numbers: Mapping[str, float]) -> dict[str, float]:
    return {name: round(number, 3) for name, number in numbers.items()}


if __name__ == "__main__":
    main()
