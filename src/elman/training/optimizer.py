"""What every optimiser is: equations of a parameter ``w``, its gradient ``g`` and what it remembers between updates.

An optimiser of your own is a dataclass with `equations`, and `scalars` where a number changes with the update::

    @dataclass(eq=False, repr=False)
    class SignSGD(Optimizer):
        def equations(self, w, g, *, rate):
            return w - rate * el.sign(g)
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any

import numpy as np

from elman.attributes import OPTIMIZER, answering
from elman.checks import instance, real
from elman.engine.plan import OptimizerProgram
from elman.equations import clip, sign
from elman.errors import OptionError
from elman.training.averages import SHARE, Average
from elman.training.groups import Grouping, Groups, Settings, checked, group
from elman.training.optimizer_state import Remembering
from elman.training.program import trace_program
from elman.training.protocol import Trainable
from elman.training.schedules import Rate, Schedule, as_schedule, plain

_KEPT = frozenset({"updates", "state", "_network", "_traced", "_shown"})  # what it remembers, no hyperparameters
_NOT_IN_EQUATIONS = frozenset({"groups", "average"})  # but for that there are some
_KEEP, _L1, _L2 = "group: keep", "group: l1", "group: l2"  # scalars that no equations' argument is called
_NEEDED = {_KEEP: "weight_decay", _L1: "l1", _L2: "l2"}  # which settings need them
_USUAL = Settings()


@functools.lru_cache(maxsize=256)
def _arguments_of(equations: Callable[..., Any]) -> list[tuple[str, Any]]:
    """Name and kind of each argument after ``self``."""
    return [(q.name, q.kind) for q in inspect.signature(equations).parameters.values()][1:]


@answering(OPTIMIZER)
@dataclass(eq=False, repr=False)
class Optimizer(Remembering):
    """What every optimiser has: a learning rate, clipping, and its state.

    After a training it holds its state, so that a second training with the same object goes on where the first ended.

    Parameters
    ----------
    learning_rate : float, Schedule or function of the update's number (from 0)
        The size of an update.
    clip_norm : float, optional
        Largest norm of the gradient of all parameters together, which is scaled down to it (before `clip_value`).
    clip_value : float, optional
        Largest absolute value of each parameter's gradient.
    groups : dict of dict, optional
        Settings of parameters by patterns of their names, as in
        ``{"*.E": {"rate_factor": 0.1}, "*.W*": {"weight_decay": 0.01}}``; see `elman.training.groups`.
    average : EMA or SWA, optional
        Keep an average of the weights, with which epochs are judged and the training ends. At the end of each epoch the
        network has its averaged weights, while validation, metrics and callbacks (the best epoch of `EarlyStopping`,
        files) look at it; the next epoch goes on from its own, and so does a further training with this object, unless
        somebody has changed the weights meanwhile. Batch normalisation then has the moments of the training data with
        averaged weights, which takes a run over it. After an error or Ctrl-C within an epoch the network has its own
        weights. Frozen parameters are not averaged.

    Attributes
    ----------
    updates : int
        Done so far.
    state : dict of str to array (P,)
        What is remembered, by its name in the equations.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)])
    >>> x, target = el.data.tasks.sine(rows=8, steps=10)
    >>> optimizer = el.RMSProp(el.StepDecay(1e-2, steps=5), clip_norm=1.0, groups={"*.b": {"rate_factor": 0.5}})
    >>> history = net.fit(x, target, optimizer=optimizer, epochs=3, verbose=0)
    >>> optimizer.updates, sorted(optimizer.state)
    (3, ['v'])
    """

    learning_rate: Rate = 0.01
    _: KW_ONLY
    clip_norm: float | None = None
    clip_value: float | None = None
    groups: Groups | None = None
    average: Average | None = None

    def __post_init__(self) -> None:
        self._traced: tuple[dict[str, Any], OptimizerProgram] | None = None
        for field in fields(self):
            setattr(self, field.name, plain(getattr(self, field.name)))
        self.reset()
        self.check()

    def equations(self, w: Any, g: Any, *states: Any, **scalars: Any) -> Any:
        """The new parameter and the new states, from the old ones, the gradient and the update's numbers.

        Parameters
        ----------
        w, g : symbols
            A parameter and its gradient.
        *states : symbols
            What is remembered, in the order of ``state_names``.
        **scalars : symbols
            What `scalars` gives.

        Returns
        -------
        symbol, or tuple of symbols
            The new parameter, then the new states.
        """
        raise NotImplementedError

    def scalars(self, rate: np.ndarray, step: np.ndarray) -> dict[str, Any]:
        """The numbers of some updates by name, from their learning rates and their numbers (1 is the first).

        Parameters
        ----------
        rate, step : ndarray, shape (n,)
            Of n updates.

        Returns
        -------
        dict of str to ndarray or float
        """
        return {"rate": rate}

    def check(self) -> None:
        """Raise `OptionError` for a hyperparameter that makes no sense."""
        as_schedule(self.learning_rate)
        for name in ("clip_norm", "clip_value"):
            if getattr(self, name) is not None:
                self._within(name, 0, from_low=False)
        if self.groups is not None:
            self.groups = checked(self.groups, type(self).__name__)
        if self.average is not None:
            expected = "an average, such as el.EMA(0.999) or el.SWA()"
            instance(self.average, Average, f"{type(self).__name__}: average", expected)

    def settings(self, shape: tuple[int, ...]) -> Settings:
        """How a parameter of this shape is treated where no group says otherwise.

        Parameters
        ----------
        shape : tuple of int
            Of the parameter.

        Returns
        -------
        Settings
        """
        return _USUAL

    def grouping(self, net: Trainable) -> Grouping:
        """The parameters of a network that an update changes, and their settings.

        Parameters
        ----------
        net : Network
            Whose parameters it changes.

        Returns
        -------
        Grouping
        """
        matrix, vector = self.settings((1, 1)), self.settings((1,))
        if not self.groups and not net.frozen and matrix == vector:
            return Grouping(None, [matrix])
        return group(net, self.groups or {}, self.settings)

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of what is remembered: the arguments of `equations` after ``w`` and ``g``."""
        return self._arguments(inspect.Parameter.POSITIONAL_OR_KEYWORD)[2:]

    def program(self) -> OptimizerProgram:
        """The equations, clipping included, as an engine runs them; traced again when a hyperparameter has changed.

        Returns
        -------
        OptimizerProgram
        """
        found = self._hyperparameters()
        if found is None:
            return self._trace()
        if self._traced is None or self._traced[0] != found:
            self._traced = (found, self._trace())
        return self._traced[1]

    def _hyperparameters(self) -> dict[str, Any] | None:
        """All numbers and names that the equations may use; None when there is more, whose changes go unseen."""
        others = _KEPT | _NOT_IN_EQUATIONS
        found = {name: value for name, value in vars(self).items() if name not in others}
        found["extras"] = " ".join(self._extras)
        plain = (int, float, str, np.number, Schedule, type(None))
        return found if all(isinstance(value, plain) for value in found.values()) else None

    def _trace(self) -> OptimizerProgram:
        def clipped(w: Any, g: Any, *states: Any, **scalars: Any) -> Any:
            extras = {name: scalars.pop(name) for name in self._extras if name != SHARE}
            bound = self.clip_value
            g = g if bound is None else clip(g, -bound, bound)
            g = g + extras[_L2] * w if _L2 in extras else g
            g = g + extras[_L1] * sign(w) if _L1 in extras else g
            return self.equations(extras[_KEEP] * w if _KEEP in extras else w, g, *states, **scalars)

        def averaged(w: Any, g: Any, *states: Any, **scalars: Any) -> Any:
            *states, mean = states  # type: ignore[assignment]
            share = scalars.pop(SHARE)
            found = clipped(w, g, *states, **scalars)
            w, *states = found if isinstance(found, tuple | list) else (found,)  # type: ignore[assignment]
            return w, *states, mean + share * (w - mean)

        equations = clipped if self.average is None else averaged
        return trace_program(equations, self._remembered, self._scalar_names(), type(self).__name__)

    @property
    def _extras(self) -> list[str]:
        """The scalars that settings need beside those of the equations."""
        given = [self.settings((1, 1)), self.settings((1,))]
        given += [Settings(**settings) for settings in (self.groups or {}).values()]
        share = [] if self.average is None else [SHARE]
        if given == [_USUAL, _USUAL]:  # as most optimisers are, asked at each call
            return share
        return share + [scalar for scalar, setting in _NEEDED.items() if any(getattr(each, setting) for each in given)]

    def table(self, count: int, settings: Sequence[Settings] | None = None) -> np.ndarray:
        """The scalars of the next updates, (count, scalars); (count, groups, scalars) with the groups' settings.

        Parameters
        ----------
        count : int
            How many updates.
        settings : sequence of Settings, optional
            Of groups of parameters.

        Returns
        -------
        ndarray
        """
        if settings is None:
            return self._table(count, self.settings((1, 1)))
        return np.stack([self._table(count, each) for each in settings], axis=1)

    def _table(self, count: int, settings: Settings) -> np.ndarray:
        steps = np.arange(self.updates, self.updates + count)
        rate = self.learning_rate if settings.learning_rate is None else settings.learning_rate
        rates = as_schedule(rate)(steps) * settings.rate_factor
        wrong = np.flatnonzero(~(np.isfinite(rates) & (rates >= 0)))
        if len(wrong):
            raise OptionError(
                f"learning_rate is {rates[wrong[0]]} for update {steps[wrong[0]]}; expected a number of at least 0"
            )
        values = self.scalars(rates, steps + 1.0)
        if self.average is not None:
            values[SHARE] = self.average.share(steps + 1)
        values = {**values, _KEEP: 1 - rates * settings.weight_decay, _L1: settings.l1, _L2: 2 * settings.l2}
        names = self._scalar_names()
        if set(names) - set(values):
            raise OptionError(f"{type(self).__name__}.scalars gives no {sorted(set(names) - set(values))[0]!r}")
        found = np.empty((count, len(names)))
        for number, name in enumerate(names):
            found[:, number] = values[name]
        return found

    def rate(self, step: int) -> float:
        """The learning rate of an update, by its number from 0.

        Parameters
        ----------
        step : int
            Its number.

        Returns
        -------
        float
        """
        return float(as_schedule(self.learning_rate)(step))

    def fresh(self) -> Optimizer:
        """A new optimiser with the same hyperparameters that remembers nothing.

        Returns
        -------
        Optimizer
        """
        return type(self)(**{f.name: getattr(self, f.name) for f in fields(self) if f.init})

    def __repr__(self) -> str:
        """The hyperparameters that differ from the defaults."""
        given = [(f.name, getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) != f.default]
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in given)})"

    def _within(self, name: str, low: float, high: float = np.inf, *, from_low: bool = True) -> None:
        real(getattr(self, name), f"{type(self).__name__}: {name}", low, high, from_low=from_low)

    def _arguments(self, kind: Any) -> tuple[str, ...]:
        return tuple(name for name, each in _arguments_of(type(self).equations) if each == kind)

    def _scalar_names(self) -> tuple[str, ...]:
        return (*self._arguments(inspect.Parameter.KEYWORD_ONLY), *self._extras)
