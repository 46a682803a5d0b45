"""Times one training update of Elman and its peers: `make bench`, or `python -m benchmarks.run --help`.

Every contender runs in a process of its own, with the same number of threads, and they take turns within one run,
one epoch each, so that a change of the machine's speed meets all of them. Between turns nothing runs, so that
no one's threads still spin while another is timed. A figure is the median over the rounds, with the lowest and highest;
a ratio is the median of the rounds' ratios, followed by the ratio of the lowest times, which other work on the
machine disturbs least. The peak is NumPy's float32 matrix product, taken before and after.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import os
import platform
import time
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from benchmarks.workloads import WORKLOADS, Workload

RESULTS = Path(__file__).parent / "results"
WARM_UP_S = 0.5
PAUSE_S = 0.05
PROCESSES = multiprocessing.get_context("spawn")


@dataclass
class Contender:
    """One library with one cell on one workload, in its own process."""

    adapter: str
    cell: str
    connection: Connection
    process: multiprocessing.Process
    version: str = ""
    missing: str = ""
    ms: list[float] = field(default_factory=list)  # an update's milliseconds, by round
    losses: list[float] = field(default_factory=list)  # mean loss of each timed epoch


def start(target, *arguments) -> tuple[Connection, multiprocessing.Process]:
    """Runs a function in a fresh process, with one end of a connection as its first argument."""
    here, there = PROCESSES.Pipe()
    process = PROCESSES.Process(target=target, args=(there, *arguments), daemon=True)
    process.start()
    there.close()
    return here, process


def serve(connection: Connection, adapter: str, workload: Workload, cell: str, threads: int) -> None:
    """The contender's process: prepares, warms up, then runs an epoch whenever it is told to."""
    try:
        library = importlib.import_module(f"benchmarks.adapters.{adapter}_adapter")
    except ImportError as error:
        connection.send(("missing", str(error)))
        return
    epoch = library.prepare(workload, cell, threads)
    begin = time.perf_counter()
    while time.perf_counter() - begin < WARM_UP_S:
        epoch()
    connection.send(("ready", library.version()))
    while connection.recv():
        begin = time.perf_counter()
        loss = epoch()
        connection.send(((time.perf_counter() - begin) * 1e3 / workload.updates, loss))


def peak(connection: Connection) -> None:
    """The peak's process: GFLOP/s of NumPy's float32 product, the best of many."""
    import numpy as np

    n, best = 1536, 0.0
    a, b = np.ones((n, n), np.float32), np.ones((n, n), np.float32)
    out = np.empty_like(a)
    for _ in range(30):
        begin = time.perf_counter()
        np.matmul(a, b, out=out)
        best = max(best, 2 * n**3 / (time.perf_counter() - begin) / 1e9)
    connection.send(best)


def measure_peak() -> float:
    connection, process = start(peak)
    gflops = connection.recv()
    process.join()
    return gflops


def measure(workload: Workload, rounds: int, threads: int) -> list[Contender]:
    """All contenders of a workload, in turns."""
    contenders = []
    for adapter, cell in workload.cells:
        contender = Contender(adapter, cell, *start(serve, adapter, workload, cell, threads))
        state, text = contender.connection.recv()
        contender.version, contender.missing = (text, "") if state == "ready" else ("", text)
        contenders.append(contender)
    present = [contender for contender in contenders if not contender.missing]
    for _ in range(rounds):
        for contender in present:
            time.sleep(PAUSE_S)
            contender.connection.send(True)
            ms, loss = contender.connection.recv()
            contender.ms.append(ms)
            contender.losses.append(loss)
    for contender in present:
        contender.connection.send(False)
    for contender in contenders:
        contender.process.join()
    return contenders


def ratios(contender: Contender, first: Contender) -> list[float]:
    """How many times the first one's time the contender took, by round."""
    return [theirs / ours for theirs, ours in zip(contender.ms, first.ms, strict=True)] if first.ms else []


def summary(workload: Workload, contenders: list[Contender], gflops: float) -> list[dict]:
    """The results of a workload as plain data, one entry a contender."""
    entries = []
    for contender in contenders:
        entry = {"workload": workload.name, "library": contender.adapter, "cell": contender.cell}
        entries.append(entry)
        if contender.missing:
            entry["missing"] = contender.missing
            continue
        typical = median(contender.ms)
        entry |= {"version": contender.version, "ms": typical, "rounds_ms": contender.ms, "losses": contender.losses}
        entry["fraction_of_peak"] = workload.flops() / (typical * 1e6) / gflops
        by_round = ratios(contender, contenders[0])
        if by_round:
            lowest = min(contender.ms) / min(contenders[0].ms)
            entry |= {"ratio": median(by_round), "ratio_of_lowest": lowest, "rounds_ratio": by_round}
    return entries


def processor() -> str:
    """The processor's name, where the system tells it."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def write(results: dict) -> Path:
    """The results as JSON, in a file of this run's own."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{results['time'].replace(':', '')}.json"
    beside = file.with_suffix(".part")
    beside.write_text(json.dumps(results, indent=1))
    beside.rename(file)
    return file


def table(results: dict):
    """The results for the eye."""
    from rich.table import Table

    title = (
        f"One update, float32, {results['threads']} threads, {results['rounds']} rounds; "
        f"peak {results['peak_gflops']:.0f} GFLOP/s on {results['processor']}; load {results['load']:.1f} at the start"
    )
    shown = Table(title=title)
    shown.add_column("workload")
    shown.add_column("library, cell")
    for heading in (
        "ms (lowest - highest)",
        "x first (lowest - highest)",
        "of lowest",
        "of peak",
        "loss, first to last",
    ):
        shown.add_column(heading, justify="right")
    previous = ""
    for entry in results["entries"]:
        name = entry["workload"] if entry["workload"] != previous else ""
        previous = entry["workload"]
        shown.add_row(name, f"{entry['library']}, {entry['cell']}", *figures(entry))
    return shown


def figures(entry: dict) -> tuple[str, ...]:
    """The figures of one row of the table."""
    if "missing" in entry:
        return (f"missing: {entry['missing']}", "", "", "", "")

    def with_spread(typical: float, rounds: list[float], digits: int) -> str:
        return f"{typical:.{digits}f} ({min(rounds):.{digits}f} - {max(rounds):.{digits}f})"

    ratio = with_spread(entry["ratio"], entry["rounds_ratio"], 2) if "ratio" in entry else ""
    return (
        with_spread(entry["ms"], entry["rounds_ms"], 2),
        ratio,
        f"{entry['ratio_of_lowest']:.2f}" if "ratio" in entry else "",
        f"{entry['fraction_of_peak']:.0%}",
        f"{entry['losses'][0]:.3f} to {entry['losses'][-1]:.3f}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Time training updates.")
    parser.add_argument("--only", default="", metavar="TEXT", help="only workloads whose name has TEXT in it")
    parser.add_argument("--rounds", type=int, default=9, help="turns of every contender")
    parser.add_argument("--threads", type=int, default=2, help="threads of every contender")
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(options.threads)

    from rich.console import Console

    console = Console(width=None if Console().is_terminal else 150)
    load = os.getloadavg()[0]
    gflops, measured = measure_peak(), []
    for workload in WORKLOADS:
        if options.only.lower() in workload.name.lower():
            console.log(workload.name)
            measured.append((workload, measure(workload, options.rounds, options.threads)))
    gflops = max(gflops, measure_peak())
    results = {
        "time": datetime.now().isoformat(timespec="seconds"),
        "processor": processor(),
        "threads": options.threads,
        "rounds": options.rounds,
        "load": load,
        "peak_gflops": gflops,
        "entries": [entry for workload, contenders in measured for entry in summary(workload, contenders, gflops)],
    }
    console.print(table(results))
    console.print(f"Written to {write(results)}")


if __name__ == "__main__":
    main()
