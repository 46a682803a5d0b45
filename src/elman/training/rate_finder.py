"""`find_rate`: a learning rate from a short training whose rate rises from update to update."""

from __future__ import annotations

import copy
import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import real, whole
from elman.errors import OptionError, TrainingError
from elman.hints import FIT, no_argument
from elman.plots import found_rate
from elman.training.callbacks import Callback
from elman.training.fit import fit
from elman.training.optimizer import Optimizer
from elman.training.optimizers import resolve_optimizer
from elman.training.protocol import Trainable
from elman.training.schedules import Schedule
from elman.training.state import Training

SPAN = 3.0  # how many times the rate, from where to where a fall is measured
DIVERGED = 4.0  # times the least smoothed loss
_NOT_TAKEN = (
    "net x target optimizer epochs callbacks verbose validation_data validation_lengths metrics ranks own_rows "
    "max_seconds"
).split()
_OPTIONS = [name for name in inspect.signature(fit).parameters if name not in _NOT_TAKEN]


@dataclass(frozen=True, eq=False)
class FoundRate:
    """What losses did as the learning rate rose.

    Attributes
    ----------
    rates : array (n,)
        The learning rate of each update.
    losses : array (n,)
        The loss behind each: that of the next update's rows, before it.
    smoothed : array (n,)
        The running mean of the losses, freed of its bias towards the first.
    diverged : float or None
        The first rate behind which the smoothed loss was above the first one and four times the least, or a loss or
        weight was not finite; None if that did not happen.
    width : int
        Over how many updates a fall is measured: so many that the rate trebles, and at least as the mean runs over.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)])
    >>> x, target = el.data.tasks.sine(rows=8, steps=10)
    >>> found = el.find_rate(net, x, target, high=1.0)
    >>> len(found.rates) == len(found.losses)
    True
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    diverged: float | None
    width: int = 1

    @property
    def lowest(self) -> float:
        """The rate behind which the smoothed loss was least."""
        return float(self.rates[np.argmin(self.smoothed)])

    @property
    def suggestion(self) -> float:
        """A tenth of the rate at which the smoothed loss was least: well within what is stable, and not slow.

        Raises
        ------
        TrainingError
            If the loss did not fall at any rate.
        """
        self._check()
        return self.lowest / 10

    @property
    def steepest(self) -> float:
        """The rate at which the smoothed loss fell most within `width` updates, in their middle, before it was least.

        Raises
        ------
        TrainingError
            If the loss did not fall at any rate.
        """
        self._check()
        end, width = int(np.argmin(self.smoothed)) + 1, self.width
        first = width if end > 2 * width else 0  # where the mean is one of few losses it goes up and down with them
        width = min(width, end - 1 - first)
        falls = self.smoothed[first + width : end] - self.smoothed[first : end - width]
        return float(self.rates[first + int(np.argmin(falls)) + width // 2])

    def _check(self) -> None:
        if np.argmin(self.smoothed) == 0:
            raise TrainingError(
                f"the loss fell at no learning rate from {self.rates[0]:g} to {self.rates[-1]:g}: try lower ones, "
                "and look at the scale of inputs and targets"
            )

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses over the rates, with the suggestion; see `elman.plots.found_rate`.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to; new axes by default.

        Returns
        -------
        matplotlib axes
        """
        return found_rate(self, ax=ax)

    def __repr__(self) -> str:
        fell = len(self.smoothed) > 0 and np.argmin(self.smoothed) > 0
        found = f"suggestion={self.suggestion:.3g}, steepest={self.steepest:.3g}" if fell else "the loss did not fall"
        ended = "not reached" if self.diverged is None else f"{self.diverged:.3g}"
        return f"<FoundRate: {found}, diverged={ended}, {len(self.rates)} updates>"


def find_rate(
    net: Trainable,
    x: Any,
    target: Any,
    *,
    optimizer: str | Optimizer = "adam",
    low: float = 1e-6,
    high: float = 10.0,
    updates: int = 100,
    smoothing: float = 0.9,
    **options: Any,
) -> FoundRate:
    """Find a learning rate: train a copy of the network while the rate rises, and see where the loss falls.

    The rate of update k of n is ``low (high / low)^(k / (n - 1))``. It ends early where training diverges. The network,
    its optimiser and their states stay as they are.

    Parameters
    ----------
    net : Network
        As training shall begin.
    x, target
        As for `Network.fit`.
    optimizer : str or Optimizer, default "adam"
        What it shall be trained by; its own learning rate is not used. Groups follow by their `rate_factor`; a group
        with a learning rate of its own keeps that.
    low, high : float, default 1e-6 and 10
        The first and the last rate.
    updates : int, default 100
        How many rates.
    smoothing : float, default 0.9
        Share of the running mean of losses that is kept from update to update, in [0, 1).
    **options
        Those of `Network.fit` that say how rows are learnt from: ``loss batch_size shuffle lengths sample_weight`` ...

    Returns
    -------
    FoundRate
        Its `suggestion` is a tenth of the rate at which the smoothed loss was least, `steepest` where it fell fastest
        per factor of the rate; `plot` shows both.

    Raises
    ------
    ShapeError, DataError, OptionError
        As for `Network.fit`.

    References
    ----------
    L. N. Smith, Cyclical learning rates for training neural networks, arXiv:1506.01186 (2015), WACV 2017, section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> x = np.random.default_rng(0).normal(size=(64, 5, 1))
    >>> net = el.Network(1, [el.GRU(8, return_sequences=False), el.Dense(1)])
    >>> found = el.find_rate(net, x, x.sum(axis=1))
    >>> 1e-3 < found.suggestion < 1 and net.updates == 0
    True
    """
    unknown = set(options) - set(_OPTIONS)
    if unknown:
        known = {"optimizer", "low", "high", "updates", "smoothing", *_OPTIONS}
        raise no_argument(
            "find_rate", {name: options[name] for name in options if name in unknown}, known, FIT | _HINTS
        )
    low, high = real(low, "low", 0), real(high, "high", 0)
    if low >= high:
        raise OptionError(f"low is {low:g} and high is {high:g}; expected a higher one, such as 1e-6 and 10")
    updates, smoothing = whole(updates, "updates", least=3), real(smoothing, "smoothing", 0, 1, from_low=True)
    ramp = _Ramp(low, (high / low) ** (1 / (updates - 1)))
    rising = resolve_optimizer(optimizer).fresh()
    rising.learning_rate, rising.average = ramp, None
    losses = _train(copy.deepcopy(net), x, target, rising, _Watch(updates, smoothing), options)
    behind = np.array(losses[1:])
    rates = ramp(np.arange(len(behind)))
    finite = np.isfinite(behind)
    smoothed = _smoothed(behind[finite], smoothing)
    over = _diverged(smoothed)
    diverged = rates[finite][over] if over is not None else None if finite.all() else rates[~finite][0]
    width = max(round(1 / (1 - smoothing)), round(np.log(SPAN) / np.log(ramp.factor)), 1)
    return FoundRate(rates[finite], behind[finite], smoothed, None if diverged is None else float(diverged), width)


_HINTS = dict.fromkeys(("epochs",), "updates says how many learning rates are tried") | dict.fromkeys(
    ("callbacks", "verbose", "metrics", "validation_data", "validation_lengths"),
    "it is of a training, and this is none",
)


@dataclass(frozen=True)
class _Ramp(Schedule):
    """``low factor^step``."""

    low: float
    factor: float

    def rate(self, step: np.ndarray) -> np.ndarray:
        return self.low * self.factor**step


class _Watch(Callback):
    """Keeps the loss of each update, and ends the training when there are enough, or it has diverged."""

    adds_logs = False

    def __init__(self, updates: int, smoothing: float):
        self.losses: list[float] = []  # the first is behind no update
        self.most: int = updates + 1
        self._kept, self._mean, self._least, self._first = smoothing, 0.0, np.inf, np.inf

    def on_batch_end(self, training: Training) -> None:
        self.losses.append(float(training.losses[-1]))
        number = len(self.losses) - 1
        if number:
            self._mean = self._kept * self._mean + (1 - self._kept) * self.losses[-1]
            smoothed = self._mean / (1 - self._kept**number)
            self._least = min(self._least, smoothed)
            self._first = smoothed if number == 1 else self._first
            training.stop = number + 1 >= self.most or smoothed > max(DIVERGED * self._least, self._first)


def _train(
    net: Trainable, x: Any, target: Any, optimizer: Optimizer, watch: _Watch, options: dict[str, Any]
) -> list[float]:
    """The losses of all updates; of one that was not finite, infinity."""
    try:
        with np.errstate(over="ignore"):  # of losses that are about to be infinite
            fit(net, x, target, optimizer=optimizer, epochs=watch.most, callbacks=[watch], verbose=0, **options)
    except TrainingError:
        return [*watch.losses, np.inf]
    return watch.losses


def _smoothed(losses: np.ndarray, kept: float) -> np.ndarray:
    """The running means, each freed of its bias towards the first."""
    found, mean = np.zeros(len(losses)), 0.0
    for number, loss in enumerate(losses):
        mean = kept * mean + (1 - kept) * loss
        found[number] = mean / (1 - kept ** (number + 1))
    return found


def _diverged(smoothed: np.ndarray) -> int | None:
    """The first place where the smoothed loss is above the first, and so many times the least before it."""
    if not len(smoothed):
        return None
    over = np.flatnonzero(smoothed > np.maximum(DIVERGED * np.minimum.accumulate(smoothed), smoothed[0]))
    return int(over[0]) if len(over) else None
