"""Measures all cells on four small tasks, for docs/cells.md: `make compare-cells`, some minutes on one core.

Writes results.json beside this file, task by task. Sizes and the budget were chosen with the GRU and LSTM alone, so
that they learn something of each; no cell has a setting of its own.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from pathlib import Path
from typing import Any

from elman.cells import catalogue
from elman.compare import Budget, Comparison, Result, compare, task_of
from elman.compare.compare import as_compared, network

RESULTS = Path(__file__).with_name("results.json")
TASKS = {"adding": 30, "copy": 20, "flip_flop": 30, "digits": None}
BUDGET = Budget(updates=300, seeds=3)
PARAMETERS = 2000
ROUNDS, UPDATES = 3, 100  # of the timing: what `fit` does once is then little of it
LEFT_OUT = {
    "ea_lstm": "would be an LSTM whose input gate is a constant",
    "gru_d": "would be a GRU whose state decays",
    "mc_lstm": "takes no mass below 0, as `flip_flop` has it",
    "timed_phased_lstm": "would be `phased_lstm`",
}
"""Cells of several inputs: what they were with a constant for static features, masks and times, which no task has."""


def one_input() -> list[str]:
    """The cells that a task's input is enough for."""
    return [name for name, cell in catalogue().items() if len(cell.inputs) == 1]


def main() -> None:
    """All tasks, or those that are named; the others' results stay."""
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if sys.argv[1:] else {"tasks": {}, "seconds": {}}
    for name in sys.argv[1:] or TASKS:
        start = time.process_time()
        compared = compare(one_input(), task_of(name, TASKS[name]), BUDGET, parameters=PARAMETERS)
        found["tasks"][name] = kept(compared)
        found["seconds"][name] = round(time.process_time() - start)
        if name == "adding":
            found["ms"] = {each.cell: milliseconds(each) for each in compared.results}
        found |= {"date": time.strftime("%Y-%m-%d"), "machine": machine()}
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
        print(f"{name}: {found['seconds'][name]} s", flush=True)


def milliseconds(result: Result) -> float:
    """Of the processor for an update of the adding task: the least of some rounds, as other work disturbs."""
    task, cell = task_of("adding", TASKS["adding"]), catalogue()[result.cell]
    net = network(as_compared(cell), result.units, task, 0)
    x, target = task.draw(UPDATES * BUDGET.batch_size, 1)
    times = []
    for _ in range(1 + ROUNDS):
        start = time.process_time()
        net.fit(x, target, loss=task.loss, optimizer="adam", batch_size=BUDGET.batch_size, epochs=1, verbose=0)
        times.append(time.process_time() - start)
    return round(1000 * min(times[1:]) / UPDATES, 2)


def kept(compared: Comparison) -> dict[str, Any]:
    """Of a comparison all but the curves."""
    about = {k: v for k, v in compared.plain().items() if k not in ("results", "points", "unit")}
    return {**about, "cells": {each.cell: figures(each) for each in compared.results}}


def figures(result: Result) -> dict[str, Any]:
    finals = [None if run.error else float(f"{run.final:.4g}") for run in result.runs]
    horizons = [run.horizon for run in result.runs]
    return {
        "units": result.units,
        "parameters": result.parameters,
        "finals": finals,
        "horizons": horizons,
    }


def machine() -> str:
    """The processor's name."""
    file = Path("/proc/cpuinfo")
    names = [line.partition(": ")[2] for line in file.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
