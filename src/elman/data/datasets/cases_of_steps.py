"""Cases of a table whose rows are steps: which rows are one case, and whether they lie together."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.data.database import quoted
from elman.data.datasets.stretches import Table
from elman.errors import DataError


def in_order(table: Table, key_column: str, time_column: str | None) -> bool:
    """Whether the steps of each case follow one another, in order of time."""
    key = quoted(key_column)
    time = "NULL" if time_column is None else quoted(time_column)
    steps = f"SELECT {key} AS k, {time} AS t, lag({key}) OVER () AS before, lag({time}) OVER () AS earlier"
    late = "k = before AND t < earlier"
    counts = f"count(*) FILTER (k IS DISTINCT FROM before), count(DISTINCT k), count(*) FILTER ({late})"
    nulls = "count(*) FILTER (k IS NULL), count(*) FILTER (t IS NULL)"
    query = f"SELECT {counts}, {nulls} FROM ({steps} FROM {table.all_rows})"
    runs, keys, out_of_order, *without = table.ask(query)[0]
    for name, count in zip((key_column, time_column), without, strict=True):
        if name is not None and count:
            raise DataError(f"column {name!r} has {count} rows without a value; expected one in each")
    return runs <= keys and not out_of_order


def runs_of(table: Table, key_column: str) -> tuple[list[Any], np.ndarray]:
    """The key of each case, and where each begins, and the last one ends."""
    runs = table.ask(
        f"SELECT k, count(*) FROM (SELECT {quoted(key_column)} AS k, row_number() OVER () AS n FROM "
        f"{table.all_rows}) GROUP BY k ORDER BY min(n)"
    )
    begins = np.concatenate([[0], np.cumsum([count for _, count in runs], dtype=np.int64)])
    return [key for key, _ in runs], begins
