"""Learning rates that change as training goes on: functions of the update's number, counted from 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import is_number, numbers, real, shown
from elman.errors import OptionError


class Schedule:
    """A learning rate for each update; subclasses give `rate`.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> class Halving(el.training.Schedule):
    ...     def rate(self, step):
    ...         return 0.1 * 0.5 ** (step // 100)
    >>> Halving().rate(np.array([0, 100, 200])).tolist()
    [0.1, 0.05, 0.025]
    >>> optimizer = el.Adam(Halving())
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate of update `step` (0 is the first); an array of steps gives an array of rates."""
        steps = numbers(step, "step").astype(np.float64)
        if not (steps >= 0).all():
            raise OptionError(f"step is {shown(step)}; expected the numbers of updates, from 0")
        rates = self.rate(steps)
        return float(rates) if np.ndim(step) == 0 else rates

    def rate(self, step: np.ndarray) -> np.ndarray:
        """The learning rates of some updates.

        Parameters
        ----------
        step : ndarray of int, shape (n,)
            Their numbers, from 0.

        Returns
        -------
        ndarray of float, shape (n,)
        """
        raise NotImplementedError


Rate = float | Schedule | Callable[[int], float]


@dataclass(frozen=True)
class ConstantRate(Schedule):
    """The same rate for every update.

    Parameters
    ----------
    value : float
        The rate.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> el.ConstantRate(0.01).rate(np.arange(3)).tolist()
    [0.01, 0.01, 0.01]
    """

    value: float

    def __post_init__(self) -> None:
        _not_negative(self, "value")

    def rate(self, step: np.ndarray) -> np.ndarray:
        return np.full(np.shape(step), self.value, np.float64)


@dataclass(frozen=True)
class CosineDecay(Schedule):
    """Half a cosine from `initial` to `final`, and `final` from then on.

    ``final + (initial - final) (1 + cos(pi min(step, steps) / steps)) / 2``

    Parameters
    ----------
    initial : float
        Rate of the first update.
    steps : int
        How many updates the decay takes.
    final : float, default 0
        Rate after them.

    References
    ----------
    I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017 (without restarts).

    Examples
    --------
    >>> CosineDecay(0.1, steps=100)(50)
    0.05
    """

    initial: float
    steps: int
    final: float = 0.0

    def __post_init__(self) -> None:
        _not_negative(self, "initial", "final")
        _positive(self, "steps")

    def rate(self, step: np.ndarray) -> np.ndarray:
        share = np.minimum(step / self.steps, 1)
        return self.final + (self.initial - self.final) * 0.5 * (1 + np.cos(np.pi * share))


@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    """A smooth decay by `factor` every `steps` updates, ``initial factor^(step / steps)``.

    Parameters
    ----------
    initial : float
        Rate of the first update.
    steps : int
        Updates until the rate is ``factor * initial``.
    factor : float, default 0.1
        What the rate is multiplied with.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> el.ExponentialDecay(0.1, steps=10).rate(np.array([0, 5, 10])).round(4).tolist()
    [0.1, 0.0316, 0.01]
    """

    initial: float
    steps: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        _not_negative(self, "initial", "factor")
        _positive(self, "steps")

    def rate(self, step: np.ndarray) -> np.ndarray:
        return self.initial * self.factor ** (step / self.steps)


@dataclass(frozen=True)
class StepDecay(Schedule):
    """A rate that drops by `factor` after every `steps` updates, ``initial factor^floor(step / steps)``.

    Parameters
    ----------
    initial : float
        Rate of the first update.
    steps : int
        Updates between two drops.
    factor : float, default 0.1
        What the rate is multiplied with.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> el.StepDecay(0.1, steps=10).rate(np.array([0, 9, 10])).round(4).tolist()
    [0.1, 0.1, 0.01]
    """

    initial: float
    steps: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        _not_negative(self, "initial", "factor")
        _positive(self, "steps")

    def rate(self, step: np.ndarray) -> np.ndarray:
        return self.initial * self.factor ** np.floor(step / self.steps)


@dataclass(frozen=True)
class WarmUp(Schedule):
    """A linear rise in `steps` updates to the first rate of another schedule, which then begins.

    Adam's first steps are large for the little it knows of the gradients; a warm-up makes them small.

    Parameters
    ----------
    steps : int
        Updates of the rise: rates ``1/steps, 2/steps, ..., 1`` of the schedule's first.
    then : float, Schedule or callable
        What follows.

    Examples
    --------
    >>> WarmUp(4, CosineDecay(0.1, steps=100))([0, 1, 3, 4]).round(3).tolist()
    [0.025, 0.05, 0.1, 0.1]
    """

    steps: int
    then: Rate

    def __post_init__(self) -> None:
        _positive(self, "steps")
        as_schedule(self.then, "then")

    def rate(self, step: np.ndarray) -> np.ndarray:
        then = as_schedule(self.then, "then")
        first = then.rate(np.zeros(()))
        return np.where(step < self.steps, first * (step + 1) / self.steps, then.rate(np.maximum(step - self.steps, 0)))


@dataclass(frozen=True)
class _Plain(Schedule):
    """Any function of one step number."""

    function: Callable[[int], float]

    def rate(self, step: np.ndarray) -> np.ndarray:
        values = [self.function(int(s)) for s in np.ravel(step)]
        wrong = [v for v in values if not is_number(v)]
        if wrong:
            raise OptionError(f"the learning rate's function returned {wrong[0]!r}; expected a number of at least 0")
        flat = [float(v) for v in values]
        return np.array(flat, np.float64).reshape(np.shape(step))


def as_schedule(rate: Any, name: str = "learning_rate") -> Schedule:
    """A schedule as it is; a number as a `ConstantRate`; a function of one step number as a schedule.

    Raises
    ------
    OptionError
        If it is none of these, or a number that is negative or not finite.
    """
    if isinstance(rate, Schedule):
        return rate
    if callable(rate):
        return _Plain(rate)
    return ConstantRate(real(rate, name, 0, expected="of at least 0, or a schedule", from_low=True))


def _not_negative(schedule: Schedule, *names: str) -> None:
    for name in names:
        value = getattr(schedule, name)
        real(value, f"{type(schedule).__name__}: {name}", 0, from_low=True)
        object.__setattr__(schedule, name, plain(value))


def _positive(schedule: Schedule, name: str) -> None:
    value = getattr(schedule, name)
    real(value, f"{type(schedule).__name__}: {name}", 1, expected="of at least 1 (updates)", from_low=True)
    object.__setattr__(schedule, name, plain(value))


def plain(value: Any) -> Any:
    """NumPy's numbers as Python's, which can be written to a file; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def check_rate(rate: Any) -> None:
    """Refuse a learning rate that teaches nothing.

    Raises
    ------
    OptionError
    """
    as_schedule(rate)
    if np.isscalar(rate) and rate == 0:
        raise OptionError(f"learning_rate is {rate!r}; expected a number above 0")
