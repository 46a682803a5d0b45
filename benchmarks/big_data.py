"""Data larger than memory should be: `python -m benchmarks.big_data`, or `make big-data`.

A small network is trained for an epoch on generated rows of float32 (10 GB of them, unless `--generated` says
otherwise) that are nowhere but in the batches that are under way, and on rows of float16 in a file that is mapped, in
their order, fully shuffled and shuffled by blocks (4 GB, `--mapped`; the file is removed afterwards), and on a Parquet
file (1 GB of numbers, `--scanned`). Each is a process of its own, which says the most memory that it ever held, Python
and all libraries included.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

STEPS, FEATURES, ROWS = 64, 32, 1024  # of a batch
MOST_MB = 500
GB = 10**9


@dataclass(frozen=True)
class Peak:
    """What a training took.

    Attributes
    ----------
    what : str
    gigabytes : float
        As they came, before any conversion.
    before_mb, peak_mb : float
        The most memory that the process ever held, before the training and at its end.
    seconds : float
    loss : float
        Of the epoch.
    """

    what: str
    gigabytes: float
    before_mb: float
    peak_mb: float
    seconds: float
    loss: float

    def __str__(self) -> str:
        rate = self.gigabytes * 1000 / self.seconds
        return (
            f"{self.what:28} {self.gigabytes:6.2f} GB  {self.peak_mb:5.0f} MB  {self.seconds:6.1f} s  {rate:5.0f} MB/s"
        )


def batches(count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """So many batches of rows that are made as they are asked for."""
    random = np.random.default_rng(0)
    for _ in range(count):
        x = random.standard_normal((ROWS, STEPS, FEATURES), dtype=np.float32)
        yield x, x[:, -1, :1]


def generated(gigabytes: float, file: str) -> Peak:
    """An epoch of batches of a generator."""
    count = max(round(gigabytes * GB / (ROWS * STEPS * FEATURES * 4)), 1)
    return _trained("generator", count * ROWS, 4, batches(count), steps_per_epoch=count)


def mapped(gigabytes: float, file: str) -> Peak:
    """An epoch of the rows of a map in their order."""
    x = np.load(file, mmap_mode="r")
    return _trained("memory map", len(x), 2, x, _targets(len(x)), shuffle=False, batch_size=ROWS)


def shuffled(gigabytes: float, file: str) -> Peak:
    """An epoch of the rows of a map in an order at random."""
    x = np.load(file, mmap_mode="r")
    return _trained("memory map, shuffled", len(x), 2, x, _targets(len(x)), batch_size=ROWS)


def blocks(gigabytes: float, file: str) -> Peak:
    """An epoch of the rows of a map, mixed by blocks."""
    from elman.data import Rows

    x = np.load(file, mmap_mode="r")
    return _trained("memory map, by blocks", len(x), 2, Rows(x, _targets(len(x)), shuffle="blocks"), batch_size=ROWS)


def scanned(gigabytes: float, file: str) -> Peak:
    """An epoch of a Parquet file whose rows are cases, lists of numbers, mixed by blocks."""
    from elman.data import scan

    found = scan(file, [f"c{k}" for k in range(FEATURES)], "y")
    return _trained("Parquet file, by blocks", len(found), 4, found, batch_size=ROWS)


def _targets(rows: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((rows, 1), dtype=np.float32)


def _trained(what: str, rows: int, itemsize: int, *data: object, **options: object) -> Peak:
    import elman as el

    net = el.Network(FEATURES, [el.GRU(8, return_sequences=False), el.Dense(1)])
    before, begun = _held(), time.perf_counter()
    history = net.fit(*data, epochs=1, verbose=0, **options)
    seconds = time.perf_counter() - begun
    return Peak(what, rows * STEPS * FEATURES * itemsize / GB, before, _held(), seconds, history["loss"][0])


def _held() -> float:
    """The most memory that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def write_map(gigabytes: float, file: str) -> None:
    """A file of rows of float16, written some at a time."""
    count = max(round(gigabytes * GB / (ROWS * STEPS * FEATURES * 2)), 1)
    array = np.lib.format.open_memmap(file, "w+", np.float16, (count * ROWS, STEPS, FEATURES))
    for k, (x, _) in enumerate(batches(count)):
        array[k * ROWS : (k + 1) * ROWS] = x
    array.flush()


def write_table(gigabytes: float, file: str) -> None:
    """A Parquet file of rows that are cases, written by DuckDB."""
    import duckdb

    rows = max(round(gigabytes * GB / (STEPS * FEATURES * 4)), ROWS)
    lists = f"list_transform(range({STEPS}), lambda t: (random() - 0.5)::FLOAT)"
    columns = ", ".join(f"{lists} AS c{k}" for k in range(FEATURES))
    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as database:
        query = f"SELECT {columns}, random()::FLOAT AS y FROM range({rows})"
        database.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet, ROW_GROUP_SIZE 8192)")


def apart(work: Callable[[float, str], object], gigabytes: float, file: str) -> Any:
    """What a function of it returns, from a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (gigabytes, file))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generated", type=float, default=10.0, help="GB of generated rows")
    parser.add_argument("--mapped", type=float, default=4.0, help="GB of the mapped file")
    parser.add_argument("--scanned", type=float, default=1.0, help="GB of numbers in the Parquet file")
    parser.add_argument("--folder", help="where files are written; they are removed again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        array, table = str(Path(folder) / "x.npy"), str(Path(folder) / "x.parquet")
        apart(write_map, given.mapped, array)
        apart(write_table, given.scanned, table)
        works = [(generated, given.generated, ""), (scanned, given.scanned, table)]
        works[1:1] = [(train, given.mapped, array) for train in (mapped, shuffled, blocks)]
        found = []
        for work in works:
            found.append(apart(*work))
            print(found[-1], flush=True)
    most = max(one.peak_mb for one in found)
    print(f"at most {most:.0f} MB")
    sys.exit(most > MOST_MB)


if __name__ == "__main__":
    main()
