"""A series: values, times, and where it came from. The series that ship with Elman have names of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from elman import checks
from elman.attributes import SERIES, answering
from elman.checks import nearest
from elman.data.conditions import Where
from elman.data.gaps import Fill, fill_gaps
from elman.data.names import counted
from elman.data.panels import check_repeats
from elman.data.read_times import Notation
from elman.data.readers import Columns, columns_of, series_table
from elman.data.reading import Reading
from elman.data.sentinels import Missing
from elman.data.times import Step, check_missing, check_order, extend, infer_step, positions, without_holes
from elman.errors import DataError

_BUNDLED = Path(__file__).parent / "bundled"


@answering(SERIES)
@dataclass(frozen=True)
class Series:
    """A recorded series without gaps.

    Attributes
    ----------
    name : str
        Of the series: the file's name without its ending, or the name of a bundled series.
    values : ndarray, shape (n,)
        float64, finite.
    times : ndarray, shape (n,)
        Increasing: int64 or float64 numbers, or datetime64[us].
    step : Step
        How the times follow one another.
    target, time : str
        Names of the columns; ``row`` where the file has no times.
    notes : tuple of str
        What was done to the data, for the user.
    notation : Notation
        How its times are written.

    Examples
    --------
    >>> import elman as el
    >>> sunspots = el.data.load_series("sunspots")
    >>> sunspots.name, len(sunspots.values), sunspots.labels(sunspots.future(2))
    ('sunspots', 309, ['2009', '2010'])
    """

    name: str
    values: np.ndarray
    times: np.ndarray
    step: Step
    target: str
    time: str
    notes: tuple[str, ...] = ()
    notation: Notation = field(default_factory=Notation)

    def __len__(self) -> int:
        return len(self.values)

    def future(self, count: int) -> np.ndarray:
        """The `count` times that follow the last.

        Parameters
        ----------
        count : int
            How many.

        Returns
        -------
        ndarray, shape (count,)
        """
        return extend(self.times[-1], self.step, count)

    def labels(self, times: np.ndarray) -> list[str]:
        """Times as texts, written as the series' own are.

        Parameters
        ----------
        times : ndarray
            Of the series' kind.

        Returns
        -------
        list of str
        """
        return self.notation.labels(times)


def bundled() -> list[str]:
    """Names of the series that ship with Elman.

    Returns
    -------
    list of str

    Examples
    --------
    >>> bundled()
    ['co2', 'sunspots']
    """
    return sorted(path.stem for path in _BUNDLED.glob("*.csv"))


def load_series(
    source: str | Path,
    *,
    time: str | Sequence[str] | None = None,
    target: str | None = None,
    fill: Fill = "none",
    sort: bool = False,
    date_format: str | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    where: Where | None = None,
    missing: Missing | None = None,
) -> Series:
    """Read a series from a file, or by the name of a bundled one.

    Parameters
    ----------
    source : str or Path
        A CSV or Parquet file; or ``"sunspots"`` or ``"co2"`` (``"./co2"`` is the file of that name).
    time, target, date_format, dayfirst, decimal, thousands, where, missing : optional
        Which columns and rows, and how they are written; see `elman.data.read_columns`.
    fill : {"none", "linear", "forward"}, default "none"
        What to do about missing values, and about rows missing from regular times; ``none`` refuses them.
    sort : bool, default False
        Sort the rows by time; otherwise times out of order are refused.

    Returns
    -------
    Series

    Raises
    ------
    DataError
        If the file cannot be used as it is; the message says what to do.

    Examples
    --------
    >>> sunspots = load_series("sunspots")
    >>> len(sunspots), int(sunspots.times[-1]), sunspots.future(2)
    (309, 2008, array([2009, 2010]))
    """
    reading = Reading(time, target, fill, sort, date_format, dayfirst, decimal, thousands, where, missing)
    return read_series(source, reading)


def read_series(source: str | Path, reading: Reading) -> Series:
    """Read a series as the options say; see `load_series`."""
    if hasattr(source, "to_numpy"):
        raise DataError(
            f"the source is a {type(source).__name__}, expected the name of a file; a Forecaster learns a column of it "
            "as it is: Forecaster().fit(frame['sales'])"
        )
    ships = str(source) in bundled()
    table = series_table(file_of(source), reading)
    columns = columns_of(table, reading)
    check_repeats(table, columns)
    columns = replace(columns, notes=()) if ships else columns  # nothing that a user could have said otherwise
    return as_series(columns, name_of(source), reading.fill, reading.sort, table.numbers)


def file_of(source: str | Path) -> Path:
    """The file of that name, or of the bundled series that is called so.

    Raises
    ------
    DataError
        If there is neither.
    """
    path = checks.path(source)
    if str(source) in bundled():
        return _BUNDLED / f"{source}.csv"
    if not path.exists() and path.suffix == "":
        raise DataError(
            f"there is no file {path}{nearest(path.name, bundled())}; give a CSV or Parquet file, "
            f"or a series that ships with Elman: {', '.join(bundled())}"
        )
    return path


def name_of(source: str | Path) -> str:
    """The file's name without its ending, or endings as in ``x.csv.gz``."""
    path = Path(source)
    return Path(path.stem).stem if path.suffix in (".gz", ".zst", ".bz2", ".xz", ".zip") else path.stem


def as_series(columns: Columns, name: str, fill: Fill, sort: bool, rows: np.ndarray | None = None) -> Series:
    """Columns as a series: in order, on regular times if they are, without gaps.

    Parameters
    ----------
    columns : Columns
    name : str
        Of the series.
    fill, sort
        As for `load_series`.
    rows : ndarray of int, optional
        What the user calls the rows, for messages.
    """
    values, times, written = columns.values, columns.times, columns.notation.labels
    if times is None:
        times = np.arange(1.0, len(values) + 1)
    check_missing(times, columns.time, rows)
    if sort and columns.times is not None:
        order = np.argsort(times, kind="stable")
        values, times = values[order], times[order]
    check_order(times, columns.time, rows, written)
    step = infer_step(times)
    values, times, inserted = _insert_missing_rows(values, times, step)
    lacking = (
        f" ({counted(inserted, 'rows')} of its times {'is' if inserted == 1 else 'are'} missing)" if inserted else ""
    )
    values, kept, filled = fill_gaps(values, times, fill, f"column {columns.target!r}{lacking}", written)
    notes = (
        *columns.notes,
        _irregular(step),
        f"{counted(inserted, 'missing rows')} {'was' if inserted == 1 else 'were'} inserted" if inserted else "",
        filled,
    )
    told = tuple(n for n in notes if n)
    return Series(
        name, values, _whole(times[kept]), step, columns.target, columns.time or "row", told, columns.notation
    )


def _insert_missing_rows(values: np.ndarray, times: np.ndarray, step: Step) -> tuple[np.ndarray, np.ndarray, int]:
    """Rows that regular times leave out, with NaN for their values."""
    place = positions(times, step)
    missing = int(place[-1]) + 1 - len(times)
    if missing == 0:
        return values, times, 0
    every = np.full(len(times) + missing, np.nan)
    every[place] = values
    return every, without_holes(times, step), missing


def _irregular(step: Step) -> str:
    if step.regular:
        return ""
    return f"the times are not evenly spaced; rows are taken as equal steps, and the forecast's times are {step} apart"


def _whole(times: np.ndarray) -> np.ndarray:
    """Numbers that are all whole as integers."""
    return times.astype(np.int64) if times.dtype.kind == "f" and np.all(times == np.rint(times)) else times
