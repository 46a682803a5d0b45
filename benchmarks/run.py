"""Times Elman and its peers: `make bench`, `make bench-quick`, or `python -m benchmarks.run --help`.

The contenders of a workload take turns (`elman.bench.turns`), so that a change of the machine's speed meets all of
them. A time is the median over the rounds; a ratio is the median of the rounds' ratios. "Of sgemm" is the arithmetic
of a unit's matrix products by its time, as a share of the fastest matrix product of such numbers that the libraries
have here, which takes turns too. All begin with the same weights and see the same batches: their losses must agree.

On Linux `chrt -r 5 python -m benchmarks.run`, which root may do, keeps a busy machine from disturbing the turns.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.comparisons import COMPARISONS, IN_BFLOAT16, KEPT, SGEMM, Comparison, Goal, Pair
from benchmarks.imports import import_times
from benchmarks.processes import Contender, measure

from elman.bench import blas, sgemm
from elman.bench.figures import figures
from elman.bench.machine import kernels, multiplies_bfloat16
from elman.bench.turns import Options
from elman.bench.workload import Workload
from elman.bench.workloads import WORKLOADS, choose
from elman.errors import OptionError
from elman.files import write_whole
from elman.machine import machine
from elman.plain import to_json

RESULTS = Path(__file__).parent / "results"
PRODUCTS: dict[str, tuple[Pair, ...]] = {
    "float32": (("numpy", SGEMM), ("pytorch", SGEMM), ("elman", SGEMM)),
    "bfloat16": (("pytorch", IN_BFLOAT16), ("elman", IN_BFLOAT16)),
}
LEFT_OUT_WHEN_QUICK = (("keras", "fit"), ("pytorch", f"eager, {KEPT}"))
AGREE = 1e-3  # relative difference of losses after the same updates
AGREE_IN_BFLOAT16 = 1e-2


def fastest_products(numbers: str, options: Options, limit_s: float) -> list[dict[str, Any]]:
    """The libraries' matrix products of such numbers, the fastest first."""
    contenders = [c for c in measure(WORKLOADS[0], PRODUCTS[numbers], options, limit_s) if c.present]
    found = [(c, sgemm.gflops(median(turn.ms for turn in c.turns))) for c in contenders]
    found.sort(key=lambda each: -each[1])
    return [
        {"library": c.library, "numbers": numbers, "variant": c.variant, "gflops": gflops, "version": c.ready.version}
        for c, gflops in found
    ]


def results_of(comparison: Comparison, product: Pair, options: Options, limit_s: float) -> dict[str, Any]:
    """Measures a workload; the results as plain data."""
    workload = comparison.workload
    *contenders, by_product = measure(workload, (*comparison.contenders, product), options, limit_s)
    entries = [entry(contender, contenders[0], by_product, workload) for contender in contenders]
    return {
        "name": workload.name,
        "about": workload.about,
        "unit": workload.unit,
        "flops": workload.flops(),
        "contenders": entries,
        "product": {
            "library": by_product.library,
            "numbers": comparison.numbers,
            "gflops": [sgemm.gflops(turn.ms) for turn in by_product.turns],
        },
        "goals": goals_of(comparison, entries, str(machine()["instructions"])),
    }


def entry(contender: Contender, first: Contender, product: Contender, workload: Workload) -> dict[str, Any]:
    """What was measured of a contender, beside the first one."""
    who = {"library": contender.library, "variant": contender.variant}
    if not contender.present:
        return who | {"missing": contender.ready.missing}
    return {
        **who,
        "version": contender.ready.version,
        **asdict(figures(contender.turns, product.turns, workload.flops())),
        "ratios": [theirs.ms / ours.ms for theirs, ours in zip(contender.turns, first.turns, strict=False)],
        "loss": contender.ready.loss,
        "loss_agrees": agrees(contender, first),
        "memory_mib": contender.memory_mib,
        "prepare_s": contender.ready.prepare_s,
    }


def agrees(contender: Contender, first: Contender) -> bool | None:
    """Whether the loss is the first contender's; nothing for another model, such as a built-in cell beside a custom."""
    if contender.variant.startswith("built-in") or not first.present:
        return None
    close = AGREE_IN_BFLOAT16 if "bfloat16" in first.variant else AGREE
    return abs(contender.ready.loss - first.ready.loss) <= close * abs(first.ready.loss)


def goals_of(comparison: Comparison, entries: list[dict[str, Any]], instructions: str) -> list[dict[str, Any]]:
    """Those that are for a machine with such instructions, and what was reached."""
    return [reached(goal, entries) for goal in comparison.goals if goal.instructions in instructions]


def reached(goal: Goal, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """How many times the first contender's time the fastest of those that the goal is against takes."""
    against = [e for e in entries[1:] if meant(goal, e)]
    found = goal.plain
    measured = [e for e in against if e.get("ratios")]
    if not measured:
        return found | {"missing": "; ".join(e.get("missing", "") for e in against)}
    best = min(measured, key=lambda e: e["ms"])
    return found | {"best": f"{best['library']} {best['variant']}", "ratio": median(best["ratios"])}


def meant(goal: Goal, entry: dict[str, Any]) -> bool:
    name = f"{entry['library']} {entry['variant']}"
    if any(word in name for word in goal.without):
        return False
    return all(word in name for word in goal.against) if goal.against else entry["library"] != "elman"


def shortened(comparison: Comparison) -> Comparison:
    """Without some contenders that take seconds to start."""
    return replace(comparison, peers=tuple(peer for peer in comparison.peers if peer not in LEFT_OUT_WHEN_QUICK))


def write(results: dict[str, Any]) -> Path:
    """The results as JSON, in a file of this run's own."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{results['time'].replace(':', '')}.json"
    write_whole(file, (to_json(results, "results", indent=1) + "\n").encode())
    return file


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Time Elman and its peers.")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="only workloads with TEXT in name")
    parser.add_argument("--quick", action="store_true", help="few rounds of the small workloads")
    parser.add_argument("--rounds", type=int, help="turns of every contender (7, quick 3)")
    parser.add_argument("--threads", type=int, default=2, help="threads of every contender")
    parser.add_argument("--patience", type=float, help="seconds a workload may repeat disturbed turns (15, quick 1)")
    parser.add_argument("--limit", type=float, default=180, help="seconds a contender has to get ready")
    return parser.parse_args()


def chosen(given: argparse.Namespace) -> list[Comparison]:
    """The comparisons that the command line asks for."""
    try:
        names = {workload.name for workload in choose(given.only, given.quick)}
    except OptionError as error:
        sys.exit(f"benchmarks: {error}")
    found = [comparison for comparison in COMPARISONS if comparison.workload.name in names]
    if not given.only and not multiplies_bfloat16():
        found = [comparison for comparison in found if comparison.numbers != "bfloat16"]
    return [shortened(comparison) for comparison in found] if given.quick else found


def kinds_text(kinds: Sequence[str]) -> str:
    """Which numbers are multiplied, by which instructions; and why bfloat16 is not among them, where it is not."""
    text = f"Numbers: {' and '.join(kinds)}, by the kernels {kernels() or 'of NumPy'}"
    return text if multiplies_bfloat16() else f"{text}; bfloat16 has no instructions of its own here"


def main() -> None:
    from benchmarks.memory import memory  # here, as every contender's process imports this file
    from benchmarks.picture import draw
    from benchmarks.table import table
    from rich.console import Console

    given = arguments()
    blas.limit_threads(given.threads)
    rounds = given.rounds or (3 if given.quick else 7)
    patience_s = given.patience if given.patience is not None else (1 if given.quick else 15)
    options, comparisons = Options(given.threads, rounds, patience_s), chosen(given)
    console = Console(width=None if Console().is_terminal else 170)
    begun = datetime.now()
    if given.quick:
        console.print(f"Left out of the quick measurement: {', '.join(map(' '.join, LEFT_OUT_WHEN_QUICK))}")
    imports = [] if given.only else import_times(("keras",), times=2) if given.quick else import_times()
    kinds = [kind for kind in PRODUCTS if any(comparison.numbers == kind for comparison in comparisons)]
    console.print(kinds_text(kinds))
    products = {kind: fastest_products(kind, options, given.limit) for kind in kinds}
    workloads = []
    for comparison in comparisons:
        console.print(f"{comparison.workload.name}: {comparison.workload.about}")
        fastest = products[comparison.numbers][0]
        workloads.append(results_of(comparison, (fastest["library"], fastest["variant"]), options, given.limit))
    complete = not given.only and not given.quick and Path("/proc/self/clear_refs").exists()
    held = memory(options=replace(options, rounds=min(rounds, 5))) if complete else []
    results = {
        "time": begun.isoformat(timespec="seconds"),
        "seconds": (datetime.now() - begun).total_seconds(),
        "machine": machine(),
        "threads": given.threads,
        "rounds": rounds,
        "kernels": kernels(),
        "numbers": kinds,
        "products": [each for kind in kinds for each in products[kind]],
        "imports": imports,
        "memory": held,
        "workloads": workloads,
    }
    console.print(table(results))
    file = write(results)
    draw(results, file.with_suffix(".png"))
    console.print(f"Written to {file}, with a picture beside it, after {results['seconds']:.0f} s")


if __name__ == "__main__":
    main()
