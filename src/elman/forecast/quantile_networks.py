"""Direct networks that learn the quantiles of a collection, from where pretrained ones stand or from nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.forecast import pretrained
from elman.forecast.direct import MIDDLE, direct_network, pinball
from elman.forecast.effects import effects_of
from elman.forecast.networks import (
    FEWEST,
    MOST_EPOCHS,
    Networks,
    Settings,
    ahead_of,
    chosen_series,
    covariates_of,
    knows,
    seed_of,
    taught_steps,
)
from elman.forecast.rivals.histories import Histories
from elman.forecast.rows import Rows, quantiles_of, training_rows
from elman.forecast.teaching import judging_series, taught
from elman.forecast.views import ABOUT, Views, views_of
from elman.network import Network
from elman.training import Callback


def learn(
    settings: Settings,
    histories: Histories,
    horizon: int,
    until: np.ndarray,
    seasons: tuple[int, ...] = (),
    callbacks: Iterable[Callback] = (),
) -> Networks:
    """Train networks on all but the last `until` (S,) values of each series, which say when it is enough.

    Parameters
    ----------
    settings : Settings
    histories : Histories
    horizon : int
    until : array of int, shape (S,)
        How many values are held back, 0 where a series is too short for that.
    seasons : tuple of int
        Longer seasons.
    callbacks : iterable of Callback
        Told how the training goes.
    """
    return _learn(settings, histories, horizon, until, seasons, callbacks, None)


def learn_all(
    settings: Settings,
    histories: Histories,
    horizon: int,
    epochs: Sequence[int],
    seasons: tuple[int, ...] = (),
    callbacks: Iterable[Callback] = (),
) -> Networks:
    """Train networks on all values, each for as many epochs as were found to be enough."""
    nothing = np.zeros(len(histories.values), np.int64)
    return _learn(settings, histories, horizon, nothing, seasons, callbacks, epochs)


@dataclass(frozen=True)
class _Quantiles:
    """Quantiles of the values ahead, as a lesson."""

    settings: Settings
    histories: Histories
    views: Views
    horizon: int
    rows: Rows
    judge: _Held | None
    loss: Any = pinball

    @property
    def knows(self) -> bool:
        return knows(self.settings, self.rows)

    @property
    def most_epochs(self) -> int:
        return 0 if self.knows and len(self.histories.values) < FEWEST else MOST_EPOCHS

    def network(self, member: int) -> Network:
        static, beside = covariates_of(self.histories)
        settings, seed = self.settings, seed_of(self.settings, member)
        if settings.pretrained:
            return pretrained.pretrained_network(member, self.horizon, seed, static, **beside)
        about = len(ABOUT) + static
        return direct_network(settings.cell, settings.units, self.horizon, about, seed=seed, **beside)

    def error(self, net: Network) -> float:
        return np.inf if self.judge is None else self.judge.error(net)


def _learn(
    settings: Settings,
    histories: Histories,
    horizon: int,
    until: np.ndarray,
    seasons: tuple[int, ...],
    callbacks: Iterable[Callback],
    epochs: Sequence[int] | None,
) -> Networks:
    chosen = chosen_series(len(histories.values), settings.seed)
    some = histories.rows(chosen)
    effects = effects_of(some, until[chosen])
    some = some if effects is None else effects.taken_from(some)
    views = views_of(some, until[chosen], seasons)
    rows = training_rows(some, views, taught_steps(settings, horizon), until[chosen])
    judge = _Held(some, views, horizon, until[chosen]) if epochs is None else None
    lesson = _Quantiles(settings, some, views, horizon, rows, judge)
    return taught(settings, lesson, Networks(seasons=seasons), callbacks, epochs)


class _Held:
    """The values held back of some series, and what medians of them err by, in units of their series."""

    def __init__(self, histories: Histories, views: Views, horizon: int, until: np.ndarray):
        chosen = judging_series(until)
        self._histories, self._views = histories.rows(chosen), views.take(chosen)
        self._horizon, self._until = horizon, until[chosen]
        self._truth = ahead_of(self._histories, self._until, horizon)

    def error(self, net: Any) -> float:
        """The mean absolute error in units, each value counting alike; infinite if none is known."""
        if not np.isfinite(self._truth).any():
            return np.inf
        made = quantiles_of([net], self._histories, self._views, self._horizon, self._until[:, None])[:, 0, MIDDLE]
        missed = np.abs(made - self._truth) / (self._views.unit * self._level)[:, None]
        return float(np.nanmean(missed))

    @property
    def _level(self) -> np.ndarray:
        last = np.abs(np.nan_to_num(self._truth)).max(1)
        return np.where(self._views.logged, np.maximum(last, 1e-12), 1.0)
