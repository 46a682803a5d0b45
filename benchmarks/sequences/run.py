"""Compares Elman's estimators of sequences with recurrent ones of sktime and aeon: `make bench-sequences`.

The sets are those that ship in the packages aeon and sktime, with their own split into training and test cases. Every
contender has its own defaults. Each is run in a process of its own, one after the other on each set; fitting is timed,
importing is not. Results are written as they come to `results.json` beside this file.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import json
import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.sequences.contenders import CLASSIFIERS, REGRESSORS, Contender

from elman.data.casing import read_cases, targets_of
from elman.files import write_whole
from elman.machine import machine
from elman.plain import to_json

RESULTS = Path(__file__).with_name("results.json")
CLASSES = "JapaneseVowels BasicMotions ItalyPowerDemand GunPoint ArrowHead OSULeaf PickupGestureWiimoteZ PLAID".split()
NUMBERS = ["Covid3Month"]


def folder(name: str) -> Path:
    """Where one of the packages keeps a set."""
    for package in ("aeon", "sktime"):
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None:
            place = Path(found.origin).parent / "datasets" / "data" / name
            if (place / f"{name}_TRAIN.ts").exists():
                return place
    raise SystemExit(f"{name} is in none of the packages aeon and sktime; install them")


def contenders(numbers: bool) -> tuple[Contender, ...]:
    return REGRESSORS if numbers else CLASSIFIERS


def part(name: str, which: str, numbers: bool) -> tuple[list[np.ndarray], np.ndarray]:
    """The training or test cases of a set, and what they are."""
    cases = read_cases(folder(name) / f"{name}_{which}.ts")
    assert cases.labels is not None
    labels = targets_of(cases.labels, cases.names) if numbers else cases.labels
    return [values[:n] for values, n in zip(cases.values, cases.lengths, strict=True)], labels


def trial(contender: Contender, name: str, numbers: bool, seed: int, threads: int) -> dict[str, Any]:
    """One fit and its score on the test cases."""
    (cases, labels), (new, truth) = (part(name, which, numbers) for which in ("TRAIN", "TEST"))
    clock, processor = time.perf_counter(), time.process_time()
    predict = contender.learn(cases, labels, seed, threads)
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    said = predict(new)
    score = float(np.sqrt(np.mean((said - truth) ** 2))) if numbers else float(np.mean(said == truth))
    return {"seed": seed, "score": score, "seconds": clock, "processor_seconds": processor}


def _serve(connection: Connection, who: str, name: str, numbers: bool, *given: Any) -> None:
    """A trial in a process of its own."""
    contender = next(each for each in contenders(numbers) if each.name == who)
    try:
        importlib.import_module(contender.module)
        connection.send(trial(contender, name, numbers, *given))
    except Exception as error:
        connection.send({"error": f"{type(error).__name__}: {error}"[:500]})


def apart(who: str, *given: Any) -> dict[str, Any]:
    """A trial in a fresh process."""
    context = multiprocessing.get_context("spawn")
    mine, its = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(its, who, *given))
    process.start()
    its.close()
    try:
        found: dict[str, Any] = mine.recv()
    except EOFError:
        found = {"error": "the process ended"}
    process.join()
    return found


def versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("aeon", "sktime", "tensorflow-cpu", "torch")}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sequences.run", description=__doc__)
    parser.add_argument("--only", action="append", help="a set; all by default")
    parser.add_argument("--who", action="append", help="a contender; all by default")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    os.environ |= {"TF_NUM_INTRAOP_THREADS": str(given.threads), "OMP_NUM_THREADS": str(given.threads)}
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"sets": {}}
    found |= {"machine": machine(), "threads": given.threads, "versions": versions()}
    for seed in range(given.seeds):
        for name in given.only or [*CLASSES, *NUMBERS]:
            numbers = name in NUMBERS
            steps = sum(map(len, part(name, "TRAIN", numbers)[0]))
            for contender in contenders(numbers):
                if (given.who and contender.name not in given.who) or steps > contender.most_steps:
                    continue
                entry = apart(contender.name, name, numbers, seed, given.threads)
                print(name, contender.name, entry, flush=True)
                trials = found["sets"].setdefault(name, {}).setdefault(contender.name, [])
                trials[:] = [*(each for each in trials if each.get("seed") != seed), {"seed": seed, **entry}]
                write_whole(RESULTS, to_json(found, "results").encode())


if __name__ == "__main__":
    main()
