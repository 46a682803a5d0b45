"""Times Elman and its peers: `make bench`, `make bench-quick`, or `python -m benchmarks.run --help`.

The contenders of a workload take turns (`benchmarks.turns`), so that a change of the machine's speed meets all of
them. A time is the median over the rounds; a ratio is the median of the rounds' ratios. "Of sgemm" is the arithmetic
of a unit's matrix products by its time, as a share of the fastest float32 matrix product that the libraries have
here, which takes turns too. All begin with the same weights and see the same batches: their losses must agree.

On Linux `chrt -r 5 python -m benchmarks.run`, which root may do, keeps a busy machine from disturbing the turns.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import machine
from benchmarks.sgemm import FLOPS
from benchmarks.turns import Contender, Options, measure
from benchmarks.workloads import SGEMM, WORKLOADS, Goal, Pair, Workload

RESULTS = Path(__file__).parent / "results"
PRODUCTS: tuple[Pair, ...] = (("numpy", SGEMM), ("pytorch", SGEMM), ("elman", SGEMM))
SLOW_TO_START = ("keras",)
AGREE = 1e-3  # relative difference of losses after the same updates


def fastest_product(options: Options) -> list[dict[str, Any]]:
    """The libraries' float32 matrix products, the fastest first."""
    contenders = measure(replace(WORKLOADS[0], updates=10), PRODUCTS, options)
    found = [
        {"library": c.library, "gflops": FLOPS / (median(c.ms) * 1e6), "version": c.ready.version}
        for c in contenders
        if c.present
    ]
    return sorted(found, key=lambda each: -each["gflops"])


def results_of(workload: Workload, product: Pair, options: Options) -> dict[str, Any]:
    """Measures a workload; the results as plain data."""
    *contenders, sgemm = measure(workload, (*workload.contenders, product), options)
    entries = [entry(contender, contenders[0], sgemm, workload) for contender in contenders]
    return {
        "name": workload.name,
        "about": workload.about,
        "unit": workload.unit,
        "flops": workload.flops(),
        "contenders": entries,
        "sgemm": {"library": sgemm.library, "gflops": [FLOPS / (ms * 1e6) for ms in sgemm.ms]},
        "goals": [reached(goal, entries) for goal in workload.goals],
        "goal_of_sgemm": workload.goal_of_sgemm,
    }


def entry(contender: Contender, first: Contender, sgemm: Contender, workload: Workload) -> dict[str, Any]:
    """What was measured of a contender, beside the first one."""
    who = {"library": contender.library, "variant": contender.variant}
    if not contender.present:
        return who | {"missing": contender.ready.missing}
    ms, flops = median(contender.ms), workload.flops()
    fractions = [flops / FLOPS * product / own for product, own in zip(sgemm.ms, contender.ms, strict=True)]
    return who | {
        "version": contender.ready.version,
        "ms": ms,
        "rounds_ms": contender.ms,
        "ratios": [theirs / ours for theirs, ours in zip(contender.ms, first.ms, strict=False)],
        "gflops": flops / (ms * 1e6),
        "fraction_of_sgemm": median(fractions),
        "loss": contender.ready.loss,
        "loss_agrees": agrees(contender, first),
        "memory_mib": contender.memory_mib,
        "import_s": contender.ready.import_s,
        "prepare_s": contender.ready.prepare_s,
        "disturbed_rounds": contender.disturbed,
    }


def agrees(contender: Contender, first: Contender) -> bool | None:
    """Whether the loss is the first contender's; nothing for another model, such as a built-in cell beside a custom."""
    if contender.variant.startswith("built-in"):
        return None
    return abs(contender.ready.loss - first.ready.loss) <= AGREE * abs(first.ready.loss)


def reached(goal: Goal, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """How many times the first contender's time the fastest of those that the goal is against takes."""
    against = [e for e in entries[1:] if meant(goal, e)]
    found: dict[str, Any] = {"factor": goal.factor, "against": " ".join(goal.against)}
    measured = [e for e in against if e.get("ratios")]
    if not measured:
        return found | {"missing": "; ".join(e.get("missing", "") for e in against)}
    best = min(measured, key=lambda e: e["ms"])
    return found | {"best": f"{best['library']} {best['variant']}", "ratio": median(best["ratios"])}


def meant(goal: Goal, entry: dict[str, Any]) -> bool:
    name = f"{entry['library']} {entry['variant']}"
    return all(word in name for word in goal.against) if goal.against else entry["library"] != "elman"


def quick(workload: Workload) -> Workload:
    """Without the contenders that take seconds to start."""
    return replace(workload, contenders=tuple(c for c in workload.contenders if c[0] not in SLOW_TO_START))


def write(results: dict[str, Any]) -> Path:
    """The results as JSON, in a file of this run's own."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{results['time'].replace(':', '')}.json"
    beside = file.with_suffix(".part")
    beside.write_text(json.dumps(results, indent=1))
    beside.rename(file)
    return file


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Time Elman and its peers.")
    parser.add_argument("--only", default="", metavar="TEXT", help="only workloads whose name has TEXT in it")
    parser.add_argument("--quick", action="store_true", help="few rounds of the small workloads")
    parser.add_argument("--rounds", type=int, help="turns of every contender (9, quick 3)")
    parser.add_argument("--threads", type=int, default=2, help="threads of every contender")
    parser.add_argument("--patience", type=float, help="seconds a workload may repeat disturbed turns (15, quick 1)")
    parser.add_argument("--limit", type=float, default=180, help="seconds a contender has to get ready")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(given.threads)
    rounds, patience = given.rounds or (3 if given.quick else 9), given.patience
    patience = patience if patience is not None else (1 if given.quick else 15)
    options = Options(rounds, given.threads, patience, given.limit)

    from benchmarks.picture import draw
    from benchmarks.table import table
    from rich.console import Console

    console = Console(width=None if Console().is_terminal else 170)
    begun = datetime.now()
    products = fastest_product(options)
    workloads = []
    if given.quick:
        console.print(f"Left out of the quick measurement, as slow to start: {', '.join(SLOW_TO_START)}")
    for workload in map(quick, WORKLOADS) if given.quick else WORKLOADS:
        if given.only.lower() in workload.name.lower() and (workload.quick or not given.quick):
            console.print(f"{workload.name}: {workload.about}")
            workloads.append(results_of(workload, (products[0]["library"], SGEMM), options))
    results = {
        "time": begun.isoformat(timespec="seconds"),
        "seconds": (datetime.now() - begun).total_seconds(),
        "machine": machine(),
        "threads": given.threads,
        "rounds": rounds,
        "products": products,
        "workloads": workloads,
    }
    console.print(table(results))
    file = write(results)
    draw(results, file.with_suffix(".png"))
    console.print(f"Written to {file}, with a picture beside it, after {results['seconds']:.0f} s")


if __name__ == "__main__":
    main()
