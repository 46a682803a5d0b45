"""Windows over many series that lie one behind the other in an array: none is copied before its batch comes."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman import checks
from elman.data.datasets.dataset import AHEAD
from elman.data.datasets.raw import Raw
from elman.data.datasets.rows import POOL, RowDataset, _mixing
from elman.data.datasets.stores import store_of
from elman.errors import DataError, ElmanError, OptionError, ShapeError


class SeriesWindows(RowDataset):
    """Windows that never cross from one series into the next.

    Window n begins at a step t_n of the array: ``x[n, k] = values[t_n + k, inputs]`` and ``y[n, k] = values[t_n + k +
    horizon, target]`` for k = 0 .. steps - 1, or with ``many_to_one=True`` the last of these only. The last window of
    each series ends with its last value, and others begin `stride` steps before one another. Windows are numbered
    series after series.

    Parameters
    ----------
    values : array, memory map or data set of a file (n, F), or (n,)
        All series, one behind the other, of any type of numbers.
    borders : array of int (S + 1,)
        Where each of S series begins, and where the last one ends: 0 first, n last, ascending.
    steps : int
        Steps of a window.
    horizon : int, default 1
        How far ahead of its input a target lies.
    stride : int, default 1
        Steps from the start of one window to the start of the next.
    inputs, target : list of int, optional
        The features that inputs and targets hold; all by default.
    many_to_one : bool, default False
        Whether a window has one target, that of its last step.
    shuffle, pool, ahead
        As for `Rows`; a block is one that is read at once there, and here neighbouring windows.
    block : int, default 4096
        Windows of a block.

    Attributes
    ----------
    short : int
        How many series are shorter than a window and its horizon, and give none.

    Raises
    ------
    DataError
        If no series is long enough.
    ShapeError, OptionError
        If borders do not fit the array, or an option makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> values, borders = np.arange(10.0), [0, 6, 10]
    >>> windows = el.data.SeriesWindows(values, borders, steps=3)
    >>> len(windows), windows.starts.tolist()
    (4, [0, 1, 2, 6])
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)])
    >>> net.fit(windows, epochs=2, batch_size=2, verbose=0).epochs
    2
    """

    def __init__(
        self,
        values: Any,
        borders: Any,
        *,
        steps: int,
        horizon: int = 1,
        stride: int = 1,
        inputs: Any = None,
        target: Any = None,
        many_to_one: bool = False,
        shuffle: str | None = None,
        block: int = 4096,
        pool: int = POOL,
        ahead: int = AHEAD,
    ):
        super().__init__(ahead)
        self._values = store_of(values, "values")
        if len(self._values.shape) not in (1, 2):
            raise ShapeError(f"values has shape {self._values.shape}; expected (n, F), or (n,) of one feature")
        self.steps: int = checks.whole(steps, "steps")
        self.horizon: int = checks.whole(horizon, "horizon", 0)
        self.stride: int = checks.whole(stride, "stride")
        self.many_to_one: bool = checks.flag(many_to_one, "many_to_one")
        features = (*self._values.shape, 1)[1]
        self._inputs, self._target = _features(inputs, features, "inputs"), _features(target, features, "target")
        self.borders_of_series: np.ndarray = _borders(borders, self._values.shape[0])
        self.mixes = _mixing(shuffle, [self._values])
        self.block, self.pool = checks.whole(block, "block"), checks.whole(pool, "pool")
        lengths = np.diff(self.borders_of_series)
        self._counts = np.maximum((lengths - self.steps - self.horizon) // self.stride + 1, 0)
        self._ends = np.cumsum(self._counts)
        self.short: int = int((self._counts == 0).sum())
        if not self._ends[-1]:
            raise DataError(
                f"the longest of {len(lengths)} series has {lengths.max()} values; a window of {self.steps} steps "
                f"and a "
                f"target {self.horizon} ahead need {self.steps + self.horizon}"
            )

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __repr__(self) -> str:
        return f"SeriesWindows({len(self)} windows of {self.steps} steps over {len(self._counts)} series)"

    @property
    def bytes_a_row(self) -> int:
        """About how much memory a row takes."""
        return self.steps * (len(self._inputs) + len(self._target)) * max(self._values.dtype.itemsize, 4)

    @property
    def starts(self) -> np.ndarray:
        """The step t_n at which each window begins."""
        return self._starts(np.arange(len(self)))

    def _series(self, windows: np.ndarray) -> np.ndarray:
        return np.searchsorted(self._ends, windows, side="right")

    def _starts(self, windows: np.ndarray) -> np.ndarray:
        series = self._series(windows)
        left = self._ends[series] - 1 - windows  # windows behind it, in its series
        return self.borders_of_series[series + 1] - self.horizon - self.steps - left * self.stride

    def read(self, rows: np.ndarray, inputs: bool = True) -> Raw:
        starts = self._starts(rows)
        first, end = int(starts.min()), int(starts.max()) + self.steps + self.horizon
        near = end - first <= 4 * len(rows) * max(self.steps, self.stride)  # neighbours: read what lies between as well
        places = starts[:, None] + np.arange(self.steps)
        ahead = places[:, -1] + self.horizon if self.many_to_one else places + self.horizon
        if near or not self._values.at_random:
            values = self._columns(self._values.read(np.arange(first, end)))
            x, y = values[places - first][..., self._inputs], values[ahead - first][..., self._target]
        else:
            x, y = (self._columns(self._values.read(at.ravel())).reshape(*at.shape, -1) for at in (places, ahead))
            x, y = x[..., self._inputs], y[..., self._target]
        return Raw(x if inputs else None, y)

    @staticmethod
    def _columns(values: np.ndarray) -> np.ndarray:
        return values[:, None] if values.ndim == 1 else values

    def _told_at(self, error: ElmanError, name: str, row: int, rest: list[int], says: str) -> ElmanError:
        """In terms of the array and of a series."""
        window = np.array([row])
        series, place = int(self._series(window)[0]), int(self._starts(window)[0])
        of_target = name.startswith("target")
        if of_target:
            place += self.horizon + (self.steps - 1 if self.many_to_one else rest[0])
        else:
            place += rest[0]
        columns = self._target if of_target else self._inputs
        feature = [int(columns[rest[-1]])] if len(rest) > (0 if of_target and self.many_to_one else 1) else []
        begin = int(self.borders_of_series[series])
        file = f"{self._values.file}, " if self._values.file else ""
        return type(error)(f"{file}series {series}, step {place - begin}: values{[place, *feature]} {says}")


def _features(given: Any, count: int, name: str) -> list[int]:
    if given is None:
        return list(range(count))
    found = [given] if isinstance(given, int | np.integer) else checks.listed(given, name, "features")
    for one in found:
        checks.whole(one, f"one of {name}", 0, count - 1)
    if not found:
        raise OptionError(f"{name} is empty; expected features 0..{count - 1}")
    return [int(one) for one in found]


def _borders(given: Any, count: int) -> np.ndarray:
    found = checks.numbers(given, "borders")
    if found.ndim != 1 or len(found) < 2 or found.dtype.kind not in "iu":
        raise OptionError(
            f"borders is {checks.shown(given)}; expected whole numbers (S + 1,): where each series begins"
        )
    found = found.astype(np.int64)
    wrong = np.flatnonzero(np.diff(found) < 0)
    if len(wrong):
        raise OptionError(
            f"borders[{wrong[0] + 1}] is {found[wrong[0] + 1]}, less than the one before; expected ascending"
        )
    if found[0] != 0 or found[-1] != count:
        raise ShapeError(f"borders go from {found[0]} to {found[-1]}; expected 0 to {count}, the steps of values")
    return found
