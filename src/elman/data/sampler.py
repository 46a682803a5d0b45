"""Training windows drawn from a function of time or from a recorded series, at random or one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from elman import checks
from elman.data.sources import columns, evaluated, recorded
from elman.data.windows import windows
from elman.errors import DataError, OptionError


class WindowSampler:
    """Windows over a function of time or a recorded series, with targets that lie `horizon` steps ahead.

    Every method returns inputs ``x[b, k] = s(t_b + k)`` and targets ``y[b, k] = s(t_b + k + horizon)`` for
    k = 0 .. steps - 1, or with ``many_to_one=True`` only the last of these targets.

    A function is known at every time, so its random windows begin anywhere, and not only at the points of a grid.

    Parameters
    ----------
    source : callable, array (n,) or (n, F), `Series`, or Series or DataFrame of pandas or polars
        A function takes an array of times and returns as many values, or has a last axis of F features. A data frame's
        columns are features and its index, where it holds numbers or dates, the times.
    start, stop : float
        First and last time of a function.
    points : int
        Steps that a function's times are cut into: ``resolution = (stop - start) / points``.
    times : array (n,), optional
        Times of a recorded series; by default its own, or the row numbers 0 .. n-1.
    inputs, target : column or list of columns, optional
        The features that inputs and targets hold: names of a data frame, else numbers from 0. All by default.
    seed : int, default 0
        Fixes the sequence of random batches.
    dtype : dtype, default float32
        Of x and y. Times are float64, or what the source has.

    Attributes
    ----------
    values : ndarray, shape (n, F)
        The series, or the function at `times`.
    times : ndarray, shape (n,)
    resolution : float or None
        Time between two steps of a function; None for a recorded series.

    Raises
    ------
    DataError
        If the source holds something else than finite numbers, or has too few of them for a window.
    OptionError
        If an option makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> sampler = WindowSampler(np.sin, start=0, stop=10, points=250)
    >>> x, y, t = sampler.next_batch(50, steps=30, return_times=True)
    >>> x.shape, y.shape, t.shape
    ((50, 30, 1), (50, 30, 1), (50, 31))
    >>> x, y = WindowSampler(np.arange(6.0)).windows(steps=3, horizon=2, many_to_one=True)
    >>> x[..., 0].tolist(), y[..., 0].tolist()
    ([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]], [4.0, 5.0])
    """

    times: np.ndarray
    values: np.ndarray

    def __init__(
        self,
        source: Any,
        *,
        start: float | None = None,
        stop: float | None = None,
        points: int | None = None,
        times: np.typing.ArrayLike | None = None,
        inputs: Any = None,
        target: Any = None,
        seed: int = 0,
        dtype: np.typing.DTypeLike = np.float32,
    ):
        self.function: Callable[..., object] | None = source if callable(source) else None
        self.resolution: float | None = None
        names: tuple[Any, ...]
        if self.function is not None:
            self.times, self.resolution = _grid(start, stop, points, times)
            self.values = evaluated(self.function, self.times).astype(dtype)
            names = tuple(range(self.values.shape[1]))
        else:
            _refuse_grid(start, stop, points)
            found = recorded(source, times, dtype)
            self.values, self.times, names = found.values, found.times, found.names
        self._stop = stop
        self._inputs, self._target = columns(inputs, names, "inputs"), columns(target, names, "target")
        self._random = np.random.default_rng(checks.as_seed(seed))

    def __repr__(self) -> str:
        n, features = self.values.shape
        return f"WindowSampler(n={n}, features={features}, times {self.times[0]} to {self.times[-1]})"

    def next_batch(
        self, batch_size: int, steps: int, horizon: int = 1, *, many_to_one: bool = False, return_times: bool = False
    ) -> tuple[np.ndarray, ...]:
        """A batch of windows with random beginnings, other ones at every call.

        Parameters
        ----------
        batch_size : int
            Windows B.
        steps : int
            Steps T of a window.
        horizon : int, default 1
            Steps from an input to its target; 0 for the same time, where `target` names other features.
        many_to_one : bool, default False
            Return only the target of the last step.
        return_times : bool, default False
            Also return the times.

        Returns
        -------
        x : ndarray, shape (B, T, F)
        y : ndarray, shape (B, T, O), or (B, O) with `many_to_one`
        t : ndarray, shape (B, T + horizon)
            With `return_times`: the inputs' times are ``t[:, :steps]``, the targets' ``t[:, horizon:]``.
        """
        length = self._length(steps, horizon)
        count = checks.whole(batch_size, "batch_size")
        if self.function is not None:
            assert self.resolution is not None
            room = self._stop - self.times[0] - (length - 1) * self.resolution
            values, t = self._evaluate(self.times[0] + room * self._random.random(count), length)
        else:
            begins = self._random.integers(0, len(self.values) - length + 1, count)
            values, t = windows(self.values, length)[begins], windows(self.times, length)[begins, :, 0]
        return self._split(values, t, steps, horizon, many_to_one, return_times)

    def windows(
        self, steps: int, horizon: int = 1, *, stride: int = 1, many_to_one: bool = False, return_times: bool = False
    ) -> tuple[np.ndarray, ...]:
        """All windows, one after the other, the last ending with the last value; nothing is copied.

        Parameters
        ----------
        steps, horizon, many_to_one, return_times
            As for `next_batch`.
        stride : int, default 1
            Steps from the beginning of one window to that of the next.

        Returns
        -------
        x : ndarray, shape (N, T, F)
        y : ndarray, shape (N, T, O), or (N, O)
        t : ndarray, shape (N, T + horizon)
            With `return_times`.
        """
        length = self._length(steps, horizon)
        values, t = windows(self.values, length, stride), windows(self.times, length, stride)[..., 0]
        return self._split(values, t, steps, horizon, many_to_one, return_times)

    def window_at(
        self, time: Any, steps: int, horizon: int = 1, *, many_to_one: bool = False, return_times: bool = False
    ) -> tuple[np.ndarray, ...]:
        """The one window that begins at a time; of a recorded series at the first row that is not before it.

        Parameters
        ----------
        time : float or datetime
            Of the first input. A function's window may lie anywhere, also beyond `stop`.
        steps, horizon, many_to_one, return_times
            As for `next_batch`.

        Returns
        -------
        x : ndarray, shape (1, T, F)
        y : ndarray, shape (1, T, O), or (1, O)
        t : ndarray, shape (1, T + horizon)
            With `return_times`.
        """
        length = self._length(steps, horizon)
        if self.function is not None:
            values, t = self._evaluate(np.array([float(time)]), length)
        else:
            first = int(np.searchsorted(self.times, np.asarray(time, self.times.dtype)))
            rows = slice(first, first + length)
            values, t = self.values[None, rows], self.times[None, rows]
            if t.shape[1] < length:
                raise DataError(
                    f"from time {time} the series has {t.shape[1]} values; {steps} steps with a horizon of {horizon} "
                    f"need {length}: begin at {self.times[-length]} or earlier"
                )
        return self._split(values, t, steps, horizon, many_to_one, return_times)

    def _length(self, steps: int, horizon: int) -> int:
        """Values that a window of inputs and targets spans."""
        length = checks.whole(steps, "steps") + checks.whole(horizon, "horizon", least=0)
        if length > len(self.values):
            raise DataError(
                f"the series has {len(self.values)} values; {steps} steps with a horizon of {horizon} need {length}"
            )
        return length

    def _evaluate(self, begins: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
        """The function's windows (B, L, F) and their times (B, L)."""
        assert self.function is not None and self.resolution is not None
        t = begins[:, None] + self.resolution * np.arange(length)
        return evaluated(self.function, t).astype(self.values.dtype), t

    def _split(
        self, values: np.ndarray, t: np.ndarray, steps: int, horizon: int, many_to_one: bool, return_times: bool
    ) -> tuple[np.ndarray, ...]:
        """Inputs and targets of windows (B, T + horizon, F)."""
        x = _features(values[:, :steps], self._inputs)
        y = _features(values[:, -1] if many_to_one else values[:, horizon:], self._target)
        return (x, y, t) if return_times else (x, y)


def _features(values: np.ndarray, chosen: list[int] | None) -> np.ndarray:
    return values if chosen is None else values[..., chosen]


def _grid(start: Any, stop: Any, points: Any, times: Any) -> tuple[np.ndarray, float]:
    """A function's times and the step between them."""
    if times is not None:
        raise OptionError("a function of time is sampled from start to stop at so many points; times are for a series")
    if start is None or stop is None or points is None:
        raise OptionError("a function of time needs start, stop and points, such as start=0, stop=10, points=250")
    for name, value in (("start", start), ("stop", stop)):
        checks.real(value, name, -np.inf)
    if not start < stop:
        raise OptionError(f"start must lie before stop, got start={start!r} and stop={stop!r}")
    resolution = (stop - start) / checks.whole(points, "points")
    return start + resolution * np.arange(points), resolution


def _refuse_grid(*given: Any) -> None:
    if any(g is not None for g in given):
        raise OptionError("start, stop and points are for a function of time; cut a recorded series before sampling it")
