"""Stream: an estimator that is told of sequences step by step, and says at each what it thinks by then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import numpy as np

from elman import checks
from elman.classify.face import Learner
from elman.data.cases import SECONDS, Cases
from elman.data.names import listed
from elman.data.pandas_index import is_column
from elman.errors import DataError, OptionError, ShapeError
from elman.network import Network
from elman.network.prefixes import hindrance_of_prefixes, prefix_network


class SequenceStream:
    """What an estimator thinks of sequences while they come, step by step; made by `stream`.

    The answers are those of `predict_proba_over_time`, or `predict_over_time`. Where no step of the networks sees those
    behind it (``bidirectional=False``), a step costs the same however many there were; else everything that came is
    read again at each step.

    Parameters
    ----------
    learner : Learner
        A fitted estimator.
    rows : int, default 1
        Sequences side by side.

    Attributes
    ----------
    rows : int
    steps : int
        How many came since the beginning.
    constant : bool
        Whether a step costs the same however many there were.

    Examples
    --------
    >>> import elman as el
    >>> X = [sign * np.linspace(0, 1, 9)[:, None] for sign in (1, -1) for _ in range(8)]
    >>> model = el.SequenceClassifier(units=4, bidirectional=False, epochs=2).fit(X, ["up"] * 8 + ["down"] * 8)
    >>> stream = model.stream()
    >>> answers = [stream.push(step) for step in X[0]]
    >>> answers[-1].shape, bool(np.allclose(answers[-1], model.predict_proba(X[:1])[0]))
    ((2,), True)
    """

    steps: int
    _last: np.ndarray | None
    _before: np.ndarray | None
    _dated: bool  # whether the times are dates

    def __init__(self, learner: Learner, rows: int = 1):
        self._learner, self.rows = learner, checks.whole(rows, "rows", most=10**7)
        networks = learner.networks_
        self.constant = not any(hindrance_of_prefixes(net.structure) for net in networks)
        made: Any = _Stepping if self.constant else _Rereading
        self._runs = [made(net, self.rows) for net in networks]
        self.reset()

    def push(self, step: Any, time: Any = None) -> np.ndarray:
        """Take one step of each sequence.

        Parameters
        ----------
        step : array, shape (F,) or (rows, F), or mapping by channel
            Values as in training, NaN where one is missing; (F,) for a single sequence. Of a dict, or a row of a data
            frame, they are found by their names.
        time : datetime, float, or array (rows,) of them, optional
            When the step was, if the times that were learnt were uneven: a date and time, or a number in their unit,
            counted from any beginning; the same kind at each step.

        Returns
        -------
        ndarray
            Of a classifier the probabilities (C,) or (rows, C), of a regressor the number () or (rows,), as of the
            sequences up to here.

        Raises
        ------
        ShapeError, DataError, OptionError
            If the step does not fit; the stream is as it was before then.
        """
        values = self._values(step)
        times = self._times(time)
        cases = self._cases(values, times)
        x = self._learner.scaling_.inputs(cases)[:, -1]
        outputs = np.stack([one.push(x) for one in self._runs]).astype(np.float64)
        self.steps, self._last, self._before, self._dated = self.steps + 1, values, times, _is_dated(time)
        answers = self._learner._judged(outputs)
        found: np.ndarray = answers[0] if np.ndim(step) < 2 else answers
        return found

    def reset(self) -> None:
        """Forget what came: the next step is the first."""
        for one in self._runs:
            one.reset()
        self.steps, self._last, self._before, self._dated = 0, None, None, False

    def _values(self, step: Any) -> np.ndarray:
        """One step, (rows, F)."""
        channels = len(self._learner.scaling_.channels)
        values = checks.floats(self._in_order(step), "step")
        expected = [(self.rows, channels)] + [(channels,)] * (self.rows == 1)
        if values.shape not in expected and not (values.ndim == 0 and self.rows == channels == 1):
            raise ShapeError(
                f"step has shape {values.shape}; expected {' or '.join(map(str, expected))}: "
                f"{self.rows} sequence{'s' * (self.rows > 1)}, channels {', '.join(self._learner.scaling_.channels)}"
            )
        if np.isinf(values).any():
            raise DataError("step holds an infinite value; expected numbers, NaN where one is missing")
        return values.reshape(self.rows, channels)

    def _in_order(self, step: Any) -> Any:
        """Values by channel in the order that was learnt; an array as it is."""
        if not isinstance(step, Mapping) and not (is_column(step) and hasattr(step, "index")):
            return step
        names, channels = list(step.keys()), self._learner.scaling_.channels
        if set(names) == set(channels):
            return [step[name] for name in channels]
        if isinstance(step, Mapping):
            raise DataError(f"step has the channels {listed(map(repr, names))}; expected {listed(map(repr, channels))}")
        return step

    def _times(self, time: Any) -> np.ndarray | None:
        """When the step was, (rows,)."""
        uneven = self._learner.scaling_.gap > 0
        if uneven != (time is not None):
            raise OptionError(
                "the training cases had uneven times, how long a step took is an input: give push(step, time=...)"
                if uneven
                else "the training cases had no uneven times, so that time is no input: leave it out"
            )
        if time is None:
            return None
        times = self._counted(time)
        if times.shape not in ((), (self.rows,)):
            raise ShapeError(
                f"time has shape {times.shape}; expected a number, or ({self.rows},), one for each sequence"
            )
        times = np.broadcast_to(times, self.rows)
        if self._before is not None and self._dated != _is_dated(time):
            kinds = ("a date", "a number") if self._dated else ("a number", "a date")
            raise DataError(f"time is {checks.shown(time)}, {kinds[1]}, and was {kinds[0]} at the step before")
        if self._before is not None and (times <= self._before).any():
            row = int(np.argmax(times <= self._before))
            raise DataError(f"time is {times[row]:g} after {self._before[row]:g}; expected later times at each step")
        return times

    def _counted(self, time: Any) -> np.ndarray:
        """Times as numbers in the unit that was learnt."""
        unit, given = self._learner.scaling_.unit, np.asarray(time)
        if given.dtype == object and all(hasattr(one, "isoformat") for one in given.flat):
            given = np.array([_moment(one) for one in given.flat]).reshape(given.shape)
        if given.dtype.kind != "M":
            return checks.floats(time, "time", finite=True)
        if unit not in SECONDS or np.isnat(given).any():
            raise DataError(
                f"time is {checks.shown(time)}; expected {'known times' if unit else 'a number, as learnt'}"
            )
        found: np.ndarray = given.astype("datetime64[us]").astype(np.int64) / (1e6 * SECONDS[unit])
        return found

    def _cases(self, values: np.ndarray, times: np.ndarray | None) -> Cases:
        """The step behind the one before it, as cases, so that it is made an input as theirs are."""
        pair = [values] if self._last is None else [self._last, values]
        moments = None if times is None else [times] if self._before is None else [self._before, times]
        return Cases(
            np.stack(pair, axis=1),
            np.full(self.rows, len(pair)),
            self._learner.scaling_.channels,
            None if moments is None else np.stack(moments, axis=1),
            self._learner.scaling_.unit,
            names=tuple(range(self.rows)),
        )

    def __repr__(self) -> str:
        cost = "constant" if self.constant else "growing"
        return f"<SequenceStream: {self.rows} rows, {self.steps} steps so far, {cost} cost of a step>"


def _is_dated(time: Any) -> bool:
    """Whether a time is a date, or an array of dates."""
    given = np.asarray(time)
    return given.dtype.kind == "M" or (given.dtype == object and all(hasattr(one, "isoformat") for one in given.flat))


def _moment(time: Any) -> np.datetime64:
    """A date and time of Python or pandas; of one with an offset that of Greenwich."""
    if getattr(time, "tzinfo", None) is not None:
        time = time.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(time.isoformat()[:26], "us")


class _Stepping:
    """A network that goes from step to step."""

    def __init__(self, net: Network, rows: int):
        self._stream = prefix_network(net).stream(rows)

    def push(self, x: np.ndarray) -> np.ndarray:
        found: np.ndarray = self._stream(x)
        return found

    def reset(self) -> None:
        self._stream.reset()


class _Rereading:
    """A network that reads everything again at each step."""

    _steps: int
    _seen: np.ndarray

    def __init__(self, net: Network, rows: int):
        self._net, self._rows = net, rows
        self.reset()

    def push(self, x: np.ndarray) -> np.ndarray:
        if self._steps == self._seen.shape[1]:
            self._seen = np.concatenate([self._seen, np.empty_like(self._seen)], axis=1)
        self._seen[:, self._steps] = x
        found: np.ndarray = self._net(self._seen[:, : self._steps + 1])
        self._steps += 1
        return found

    def reset(self) -> None:
        self._steps = 0
        self._seen = np.empty((self._rows, 16, self._net.inputs), self._net.dtype)
