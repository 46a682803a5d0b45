"""Scans: tables in Parquet and CSV files that are trained on while they are read."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from elman import checks
from elman.data.datasets.asked_columns import Names, by_name, files_of, flat, plain
from elman.data.datasets.cases_of_steps import in_order, runs_of
from elman.data.datasets.columns_laid import laid, one_of_each, stacked, steps_of
from elman.data.datasets.dataset import AHEAD
from elman.data.datasets.raw import Raw
from elman.data.datasets.rewriting import marks_of_missing, small, write_sorted
from elman.data.datasets.rows import RowDataset
from elman.data.datasets.stretches import Column, Table
from elman.data.sentinels import as_missing
from elman.errors import DataError, ElmanError, OptionError, ShapeError

BLOCK_BYTES, POOL_BYTES = 12 << 20, 48 << 20


def scan(
    files: Any,
    inputs: Names,
    target: Names = None,
    *,
    label: str | None = None,
    key: str | None = None,
    time: str | None = None,
    sample_weight: str | None = None,
    missing: Any = None,
    block: int | None = None,
    pool: int | None = None,
    ahead: int = AHEAD,
) -> Scan:
    """Parquet and CSV files as a dataset, read a part at a time.

    A row is a whole case, whose sequences are lists of numbers in its columns; or, with `key`, a row is a step, and
    rows of one key are a case. Parquet files are read in stretches of their row groups. CSV files are first written
    once as Parquet files in a temporary folder, their types decided by all of their rows, so that each epoch reads
    numbers and not texts; the same is done with steps that are not together, case after case and in order of time: they
    are sorted, in no more memory than else.

    Parameters
    ----------
    files : str, Path or list of these
        Files, or patterns as ``"part-*.parquet"``, whose files come in the order of their names. What a file is is seen
        from its bytes: Parquet, else CSV (which may be compressed by gzip, if its name ends so).
    inputs : str, list of str, or dict of these by input
        Columns that the network reads. Lists: x[n, t] has the t-th value of each, whose lists are equally long in a
        row, or all values of one column with a list of F values for each step. Numbers: with `key` x[n, t] has those of
        a step; without, x[n] has those of the row, (N, columns). A network with several inputs takes a dict.
    target : str, list of str, or dict of these by output, optional
        Columns that it learns. With `key` they are targets of each step.
    label : str, optional
        With `key`, the column whose one value in all rows of a case is the target of that case.
    key : str, optional
        The column that says which steps are one case.
    time : str, optional
        With `key`, the column that steps of a case are in order of; by default they are as they come.
    sample_weight : str, optional
        The column that a row's weight is in; with `key` and `label` that of the case's first row.
    missing : str, number or list, optional
        Values in CSV files that stand for a missing one, beside empty ones and ``NA NaN null``.
    block : int, optional
        Cases that are read together, and permuted together where it is shuffled (see `Rows`): by default a row group of
        the file if that has no more than 24 MiB, else 12 MiB.
    pool : int, optional
        Blocks that are in memory together, whose cases are permuted; by default about 48 MiB, two at least.
    ahead : int, default 2
        As for `Rows`.

    Returns
    -------
    Scan
        Of N cases, in the order of the files; where steps had to be sorted, in the order of the keys.

    Raises
    ------
    DataError
        If a file is missing or no table, lacks a column, or a column holds something else than numbers: which. A
        missing value is named with its file, row and column when it is read; `fit`'s ``missing="skip"`` leaves missing
        targets out.
    OptionError
        If an option makes no sense.

    Examples
    --------
    >>> import elman as el
    >>> _ = open("rooms.csv", "w").write("room,hour,warm,cold,open\\n" + "\\n".join(
    ...     f"{room},{hour},{hour % 5},{(hour + room) % 7},{hour % 2}" for room in range(20) for hour in range(6)))
    >>> rooms = el.data.scan("rooms.csv", ["warm", "cold"], "open", key="room", time="hour")
    >>> rooms
    Scan(20 cases of 1 file)
    >>> net = el.Network(2, [el.GRU(4), el.Dense(1)])
    >>> net.fit(rooms, loss="binary_cross_entropy", epochs=2, verbose=0).epochs
    2
    """
    return Scan(
        files, inputs, target, label, key, time, sample_weight, missing=missing, block=block, pool=pool, ahead=ahead
    )


class Scan(RowDataset):
    """Cases in files; see `scan`, which makes it.

    Parameters
    ----------
    files, inputs, target, label, key, time, sample_weight, missing, block, pool, ahead
        As for `scan`.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> import pandas as pd
    >>> pd.DataFrame({"a": range(8), "y": range(8)}).to_csv("rows.csv", index=False)
    >>> isinstance(el.data.scan("rows.csv", ["a"], "y"), el.data.Scan)
    True
    """

    mixes = "blocks"

    def __init__(
        self,
        files: Any,
        inputs: Names,
        target: Names,
        label: str | None,
        key: str | None,
        time: str | None,
        sample_weight: str | None,
        *,
        missing: Any,
        block: int | None,
        pool: int | None,
        ahead: int,
    ):
        super().__init__(ahead)
        self.files: list[Path] = files_of(files)
        self.key, self._time, self._label, self._weight = key, time, label, sample_weight
        self._inputs, self._target = by_name(inputs, "inputs"), by_name(label if target is None else target, "target")
        self._check_options(target)
        self._names = [str(file) for file in self.files]
        self._sorted = False
        marks = (*as_missing(missing), *marks_of_missing())
        self._table = self._open(marks)
        self._begins: np.ndarray | None = None
        self._keys: list[Any] = []
        if key is not None:
            self._find_cases(key)
        if not len(self):
            raise DataError(f"{self._names[0]} has no rows; expected at least one")
        steps = 1 if self._begins is None else max(len(self._table) // len(self), 1)
        self._bytes = self._table.bytes_a_row() * steps
        self.block = self._usual_block() if block is None else checks.whole(block, "block")
        self.pool = max(POOL_BYTES // (self.block * self._bytes), 2) if pool is None else checks.whole(pool, "pool")

    def _usual_block(self) -> int:
        """Rows of a row group, which takes as long to be read as a part of it; of larger ones rows of some bytes."""
        usual = max(BLOCK_BYTES // self._bytes, 1)
        largest = int(np.diff(self._table.row_groups).max(initial=1))
        return largest if self._begins is None and largest <= 2 * usual else usual

    def _check_options(self, target: Names) -> None:
        if self._label is not None and target is not None:
            raise OptionError("target is of each step and label of each case: give one of them")
        for name, given in (("time", self._time), ("label", self._label)):
            if given is not None and self.key is None:
                raise OptionError(f"{name}={given!r} goes with key, the column that says which steps are one case")

    def __len__(self) -> int:
        return len(self._table) if self._begins is None else len(self._begins) - 1

    def __repr__(self) -> str:
        count = len(self.files)
        return f"Scan({len(self)} cases of {count} file{'s' * (count != 1)})"

    @property
    def bytes_a_row(self) -> int:
        """About how much memory a row takes."""
        return self._bytes

    @property
    def _columns(self) -> list[str]:
        return [*flat(self._inputs), *self._goals]

    @property
    def _goals(self) -> list[str]:
        """Columns of targets and weights; where there are none, those of inputs."""
        return [*flat(self._target), *([] if self._weight is None else [self._weight])] or flat(self._inputs)

    # --- files -----------------------------------------------------------------------------------------------

    def _open(self, marks: Sequence[str]) -> Table:
        """The table of all files, after those that are no Parquet files were written as such."""
        keys = [name for name in (self.key, self._time) if name is not None]
        columns = [*self._columns, *keys]
        found: list[Path] = []
        for file in self.files:
            found.append(small(file, columns, marks, lambda: self._folder / f"{len(found)}.parquet"))
        table = Table(found, self._columns, self._names, keys)
        if self._time is not None:
            table.check_order(self._time)
        return table

    @property
    def _folder(self) -> Path:
        """Where files of one's own lie, for as long as this object is there."""
        if not hasattr(self, "_temporary"):
            self._temporary = tempfile.TemporaryDirectory(prefix="elman-")
            weakref.finalize(self, self._temporary.cleanup)
        return Path(self._temporary.name)

    # --- cases of steps --------------------------------------------------------------------------------------

    def _find_cases(self, key: str) -> None:
        """Where each case begins, after steps that are not together were sorted."""
        if not in_order(self._table, key, self._time):
            self._sort()
        self._keys, self._begins = runs_of(self._table, key)

    def _sort(self) -> None:
        """Write the steps case after case, in order of time, to a file of one's own."""
        keys = [name for name in (self.key, self._time) if name is not None]
        made = self._folder / "sorted.parquet"
        write_sorted(self._table, [*self._columns, *keys], keys, made, self._names)
        self._table = Table([made], self._columns, [self._names[0] if len(self.files) == 1 else "the files"], keys)
        self._sorted = True

    # --- rows ------------------------------------------------------------------------------------------------

    def borders(self) -> np.ndarray:
        """Where blocks begin, which are those of the files where they have any, and where the last one ends.

        Returns
        -------
        ndarray of int
        """
        if self._begins is not None:
            return super().borders()
        groups = self._table.row_groups
        inside = [np.arange(a, b, self.block) for a, b in zip(groups[:-1], groups[1:], strict=True)]
        return np.concatenate([*inside, groups[-1:]])

    def read(self, rows: np.ndarray, inputs: bool = True) -> Raw:
        first, end = int(rows.min()), int(rows.max()) + 1
        wanted = self._columns if inputs else self._goals
        steps = None
        if self._begins is None:
            found = self._table.read(first, end, wanted)
        else:
            found = self._table.read(int(self._begins[first]), int(self._begins[end]), wanted)
            steps = np.diff(self._begins[first : end + 1])
            found = {name: Column(column.values, steps) for name, column in found.items()}
        raw = self._made(found, inputs, first)
        return raw if len(rows) == end - first else raw[rows - first]

    def _made(self, found: dict[str, Column], inputs: bool, first: int) -> Raw:
        def place(row: int) -> str:
            return self._place(first + row)

        x = {name: stacked(found, columns, place) for name, columns in self._inputs.items()} if inputs else {}
        if self._label is not None:
            target = one_of_each(found[self._label], self._label, place)
        else:
            target = plain({name: stacked(found, c, place) for name, c in self._target.items()})
        weight = None
        if self._weight is not None:
            column = found[self._weight]
            weight = one_of_each(column, self._weight, place) if self._label is not None else laid(column)
        return Raw(plain(x) if inputs else None, target, self._lengths(found), weight)

    def _lengths(self, found: dict[str, Column]) -> Any:
        """Steps of each row, or of each input where these differ."""
        if self._begins is not None:
            every = np.diff(self._begins)
            steps = next(iter(found.values())).lengths
            return None if (every == every[0]).all() else steps
        known = steps_of(found, self._inputs) or steps_of(found, self._target)
        if not known:
            return None
        first = next(iter(known.values()))
        return first if all(np.array_equal(steps, first) for steps in known.values()) else known

    # --- what is said of them --------------------------------------------------------------------------------

    def _place(self, row: int, step: int = 0) -> str:
        """What calls a case, and where its step lies."""
        if self._begins is None:
            return self._in_file(row)
        where = "" if self._sorted else f" ({self._in_file(int(self._begins[row]) + step)})"
        return f"{self.key} {self._keys[row]}, step {step}{where}"

    def _in_file(self, row: int) -> str:
        file = int(np.searchsorted(self._table.starts, row, side="right")) - 1
        return f"{self._table.names[file]}, row {row - int(self._table.starts[file])}"

    def told(self, error: ElmanError, rows: np.ndarray) -> ElmanError:
        told = super().told(error, rows)
        target = self._target.get("")
        if not isinstance(error, ShapeError) or self.key is None or self._label is not None or target is None:
            return told
        name = target if isinstance(target, str) else target[0]
        return type(error)(
            f"{told}. With key={self.key!r} a target is one of each step; if {name!r} has one value for a case, give "
            f"label={name!r} in place of target"
        )

    def _told_at(self, error: ElmanError, name: str, row: int, rest: list[int], says: str) -> ElmanError:
        column = self._column_of(name, rest)
        where = [self._place(row, rest[0] if rest and self._begins is not None and not self._label_is(name) else 0)]
        where += [f"step {rest[0]}"] if rest and self._begins is None and len(rest) > 1 else []
        where += [f"column {column!r}"] if column else []
        return type(error)(f"{', '.join(where)}: {name}{[row, *rest]} {says}")

    def _label_is(self, name: str) -> bool:
        return self._label is not None and name.endswith("target")

    def _column_of(self, name: str, rest: Sequence[int]) -> str:
        """The column that a value is from, as messages call its array."""
        bare = name.rpartition(": ")[2]
        said = name.rpartition("output ")[2].partition(":")[0]
        given: Any = self._inputs.get("" if bare == "x" else bare)
        if bare == "target":
            given = self._target.get(said if said in self._target else "")
        if bare == "sample_weight":
            given = self._weight
        if given is None or isinstance(given, str):
            return given or ""
        feature = rest[-1] if rest and rest[-1] < len(given) else 0
        return given[feature if len(given) > 1 else 0]
