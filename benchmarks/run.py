"""Times one training update of Elman and its peers: `make bench`, or `python -m benchmarks.run --help`.

The contenders take turns (`benchmarks.turns`), so that a change of the machine's speed meets all of them. A time is
the median over the rounds, with the lowest and highest. A ratio is the median of the rounds' ratios, with theirs,
and beside it the ratio of the lowest times. "of sgemm" is the arithmetic of the matrix products of an update by its
time, as a share of the speed of NumPy's float32 matrix product, which takes turns too (and is no upper bound).
The loss is that of the second epoch: everyone has learnt from as many updates by then, if from other first weights.

On Linux `chrt -r 5 python -m benchmarks.run`, which root may do, keeps a busy machine from disturbing the turns.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.adapters import numpy_adapter
from benchmarks.turns import Contender, measure
from benchmarks.workloads import WORKLOADS, Workload

RESULTS = Path(__file__).parent / "results"


def summary(workload: Workload, contenders: list[Contender]) -> list[dict[str, Any]]:
    """The results of a workload as plain data, one entry a contender."""
    *contenders, sgemm = contenders
    entries = []
    for contender in contenders:
        entry = {"workload": workload.name, "library": contender.adapter, "cell": contender.cell}
        if contender.missing:
            entries.append(entry | {"missing": contender.missing})
        else:
            entries.append(
                entry | times(contender) | compared(contender, contenders[0]) | used(contender, sgemm, workload)
            )
    gflops = [numpy_adapter.flops() / (ms * 1e6) for ms in sgemm.ms]
    entry = {"workload": workload.name, "library": sgemm.adapter, "cell": sgemm.cell}
    return [*entries, entry | times(sgemm) | {"gflops": median(gflops), "rounds_gflops": gflops}]


def times(contender: Contender) -> dict[str, Any]:
    """What was measured of a contender."""
    return {
        "version": contender.version,
        "ms": median(contender.ms),
        "rounds_ms": contender.ms,
        "loss": contender.loss,
        "disturbed_rounds": contender.disturbed,
        "disturbance": [turn.disturbance for turn in contender.turns],
    }


def compared(contender: Contender, first: Contender) -> dict[str, Any]:
    """How many times the first contender's time another takes."""
    if first.missing:
        return {}
    ratios = [theirs / ours for theirs, ours in zip(contender.ms, first.ms, strict=True)]
    return {"ratio": median(ratios), "rounds_ratio": ratios, "ratio_of_lowest": min(contender.ms) / min(first.ms)}


def used(contender: Contender, sgemm: Contender, workload: Workload) -> dict[str, float]:
    """How much of the machine a contender uses, by NumPy's matrix product in the same rounds."""
    work = workload.flops() / numpy_adapter.flops()
    fractions = [work * product / ms for product, ms in zip(sgemm.ms, contender.ms, strict=True)]
    return {"fraction_of_sgemm": median(fractions)}


def processor() -> str:
    """The processor's name, where the system tells it."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def write(results: dict[str, Any]) -> Path:
    """The results as JSON, in a file of this run's own."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{results['time'].replace(':', '')}.json"
    beside = file.with_suffix(".part")
    beside.write_text(json.dumps(results, indent=1))
    beside.rename(file)
    return file


def table(results: dict[str, Any]) -> Any:
    """The results for the eye."""
    from rich.table import Table

    shown = Table(
        title=f"One training update, float32, {results['threads']} threads, {results['rounds']} rounds, "
        f"{results['processor']}"
    )
    shown.add_column("workload")
    shown.add_column("library, cell")
    for heading in (
        "ms (lowest - highest)",
        "times first (lowest - highest)",
        "of lowest",
        "of sgemm",
        "loss",
        "disturbed",
    ):
        shown.add_column(heading, justify="right")
    entries = results["entries"]
    for entry, before in zip(entries, [None, *entries], strict=False):
        new = before is None or before["workload"] != entry["workload"]
        if new:
            shown.add_section()
        shown.add_row(entry["workload"] if new else "", f"{entry['library']}, {entry['cell']}", *_figures(entry))
    return shown


def _figures(entry: dict[str, Any]) -> tuple[str, ...]:
    """The figures of one row of the table."""
    if "missing" in entry:
        return (f"missing: {entry['missing']}",)
    disturbed, rounds = entry["disturbed_rounds"], len(entry["rounds_ms"])
    disturbance = f"{disturbed} of {rounds}" if disturbed else ""
    if "gflops" in entry:
        return (f"{entry['gflops']:.0f} GFLOP/s", "", "", "", "", disturbance)
    return (
        _with_spread(entry["ms"], entry["rounds_ms"]),
        _with_spread(entry["ratio"], entry["rounds_ratio"]) if "ratio" in entry else "",
        f"{entry['ratio_of_lowest']:.2f}" if "ratio" in entry else "",
        f"{entry['fraction_of_sgemm']:.0%}",
        f"{entry['loss']:.3f}",
        disturbance,
    )


def _with_spread(typical: float, rounds: list[float]) -> str:
    return f"{typical:.2f} ({min(rounds):.2f} - {max(rounds):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Time training updates.")
    parser.add_argument("--only", default="", metavar="TEXT", help="only workloads whose name has TEXT in it")
    parser.add_argument("--rounds", type=int, default=9, help="turns of every contender")
    parser.add_argument("--threads", type=int, default=2, help="threads of every contender")
    parser.add_argument(
        "--patience", type=float, default=30, help="seconds a workload may spend on repeating disturbed turns"
    )
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(options.threads)

    from rich.console import Console

    console = Console(width=None if Console().is_terminal else 160)
    entries = []
    for workload in WORKLOADS:
        if options.only.lower() in workload.name.lower():
            console.print(f"{workload.name} ...")
            entries += summary(workload, measure(workload, options.rounds, options.threads, options.patience))
    results = {
        "time": datetime.now().isoformat(timespec="seconds"),
        "processor": processor(),
        "threads": options.threads,
        "rounds": options.rounds,
        "entries": entries,
    }
    console.print(table(results))
    if any(entry.get("disturbed_rounds") for entry in entries):
        console.print(
            "Other programs ran in some rounds (disturbed): run again on an idle machine for figures to go by."
        )
    console.print(f"Written to {write(results)}")


if __name__ == "__main__":
    main()
