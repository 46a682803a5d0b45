"""Small tables of labelled sequences, good and bad."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

HEAD = ["walk", "t", "x", "y", "kind"]
AS_TOLD = ["--group", "walk", "--time", "t", "--label", "kind"]
QUICK = ["--units", "4", "--epochs", "2", "--convolution", "none", "--members", "1"]


def long_table(
    labels: Sequence[object] = ("up", "down") * 6, *, head: Sequence[str] = HEAD, steps: int = 5, labelled: bool = True
) -> str:
    """A row for each case and step; cases labelled "up" rise, others fall."""
    rng = np.random.default_rng(0)
    channels = len(head) - 3
    rows = [",".join(head if labelled else head[:-1])]
    for number, label in enumerate(labels):
        for t in range(steps):
            values = [f"{(t if label == 'up' else -t) + 0.3 * rng.normal():.3f}" for _ in range(channels)]
            rows.append(",".join([f"w{number}", str(t), *values, *([str(label)] if labelled else [])]))
    return "\n".join(rows) + "\n"


def edited(row: int, change: Callable[[list[str]], list[str]]) -> str:
    """The good table with one row changed; row 0 is the header."""
    rows = long_table().splitlines()
    rows[row] = ",".join(change(rows[row].split(",")))
    return "\n".join(rows) + "\n"


ARCHIVE = "@problemName walks\n@timeStamps false\n@univariate true\n@classLabel true up down\n@data\n"


def archive(cases: Sequence[tuple[Sequence[object], str]]) -> str:
    """A file .ts."""
    return ARCHIVE + "".join(f"{','.join(map(str, values))}:{label}\n" for values, label in cases)
