"""Direct networks that learn a collection, from where pretrained ones stand or from nothing, as a method."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman.cells import gru
from elman.equations import Cell
from elman.forecast import pretrained
from elman.forecast.direct import MIDDLE, direct_network, pinball
from elman.forecast.effects import effects_of
from elman.forecast.rivals.histories import Histories
from elman.forecast.rows import Rows, quantiles_of, training_rows
from elman.forecast.views import ABOUT, Views, views_of
from elman.network import Network
from elman.training import Adam, Callback, CosineDecay
from elman.training.state import Training

MOST_SERIES = 4096  # that networks learn from; of more, as many are drawn
UPDATES = {True: 100, False: 600}  # of a network that knows what it reads, and of one that does not
STEPS = {True: 500_000, False: 800_000}  # of series, at most, that one learns from, the same ones counted anew
FEWEST_ROWS = 4  # of an update
JUDGED, LOOKS = 512, 8  # series that judge epochs, and how often they do at most
RATES = {True: 5e-4, False: 2e-3}
FEWEST = 20  # series that a pretrained network learns more from


@dataclass(frozen=True)
class Settings:
    """What users say of networks.

    Attributes
    ----------
    cell, units, members, epochs, batch_size, learning_rate, seed
        As of `Forecaster`; None where it is left open.
    """

    cell: Cell = gru
    units: int = 64
    members: int = 3
    epochs: int | None = None
    batch_size: int = 32
    learning_rate: Any = None
    seed: int = 0

    @property
    def pretrained(self) -> bool:
        """Whether networks start from pretrained ones."""
        return pretrained.fits(self.cell, self.units)


@dataclass
class Networks:
    """Trained networks, as a rival of simpler methods.

    Attributes
    ----------
    members : list of Network
    epochs : list of int
        How long each learnt.
    seasons : tuple of int
        Seasons that are longer than those of the histories.
    interrupted : bool
        Whether Ctrl-C ended the training.
    knowing : bool
        Whether they knew what they read before they learnt this collection: the last values change little then.
    """

    members: list[Network] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)
    seasons: tuple[int, ...] = ()
    interrupted: bool = False
    knowing: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return "network"

    def completed_by(self, others: Networks) -> Networks:
        """These, and of those that Ctrl-C came before the others."""
        done = len(self.members)
        members, epochs = [*self.members, *others.members[done:]], [*self.epochs, *others.epochs[done:]]
        return Networks(members, epochs, self.seasons, self.interrupted)

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Medians, (S, K, H), as `Rival` says."""
        return self.quantiles(histories, horizon, origins)[:, :, MIDDLE]

    def quantiles(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Quantiles, (S, K, Q, H); series are looked at as they were before the earliest origin."""
        views = views_of(histories, int(np.max(origins)), self.seasons)
        return quantiles_of(self.members, histories, views, horizon, origins)


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


def _learn(
    settings: Settings,
    histories: Histories,
    horizon: int,
    until: np.ndarray,
    seasons: tuple[int, ...],
    callbacks: Iterable[Callback],
    epochs: Sequence[int] | None,
) -> Networks:
    chosen = _chosen(len(histories.values), settings.seed)
    some = histories.rows(chosen)
    effects = effects_of(some, until[chosen])
    some = some if effects is None else effects.taken_from(some)
    views = views_of(some, until[chosen], seasons)
    rows = training_rows(
        some, views, min(horizon, pretrained.HORIZON) if settings.pretrained else horizon, until[chosen]
    )
    judge = _Judge(some, views, horizon, until[chosen]) if epochs is None else None
    found = Networks(seasons=seasons, knowing=_knows(settings, rows))
    for member in range(settings.members):
        net = _new(settings, some, horizon, member)
        wanted = _epochs(settings, rows, len(chosen)) if epochs is None else epochs[member]
        try:
            learnt = _train(net, settings, rows, wanted, judge, callbacks) if wanted and rows.weight.any() else 0
        except KeyboardInterrupt:
            found.interrupted = True
            if judge is None:  # nothing says how good a network is that learnt half
                break
            learnt = judge.end(net)
        net.release_engines()
        found.members.append(net)
        found.epochs.append(learnt)
        if found.interrupted:
            break
    return found


def _chosen(count: int, seed: int) -> np.ndarray:
    if count <= MOST_SERIES:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:MOST_SERIES])


def _new(settings: Settings, histories: Histories, horizon: int, member: int) -> Network:
    seed = settings.seed * settings.members + member
    inputs = histories.beside
    static = 0 if inputs is None else inputs.static.shape[1]
    beside = {} if inputs is None else {"known": inputs.known.shape[2], "past": inputs.past.shape[2]}
    if settings.pretrained:
        return pretrained.pretrained_network(member, horizon, seed, static, **beside)
    return direct_network(settings.cell, settings.units, horizon, len(ABOUT) + static, seed=seed, **beside)


def _epochs(settings: Settings, rows: Rows, series: int) -> int:
    """Most epochs: so many that there are enough updates, and not too many steps."""
    if settings.epochs is not None:
        return settings.epochs
    knows = _knows(settings, rows)
    if knows and series < FEWEST:
        return 0
    updates = -(-len(rows.series) // _batch(settings, rows))
    steps = max(int(rows.lengths.sum()), 1)
    return int(np.clip(min(-(-UPDATES[knows] // updates), STEPS[knows] // steps), 3, 300))


def _batch(settings: Settings, rows: Rows) -> int:
    """Rows of an update: of few series fewer than the user said, so that an epoch has several updates."""
    return min(settings.batch_size, max(len(rows.series) // 8, FEWEST_ROWS))


def _knows(settings: Settings, rows: Rows) -> bool:
    """Whether networks know already what there is to read: they were pretrained, and there are no covariates."""
    return settings.pretrained and rows.about.shape[1] == len(ABOUT) and rows.beside is None


def _train(
    net: Network, settings: Settings, rows: Rows, epochs: int, judge: _Judge | None, callbacks: Iterable[Callback]
) -> int:
    """Train a network; of the epochs after each of which it was judged, the best one's weights stay."""
    batch = _batch(settings, rows)
    updates = epochs * -(-len(rows.series) // batch)
    rate = (
        CosineDecay(RATES[_knows(settings, rows)], updates)
        if settings.learning_rate is None
        else settings.learning_rate
    )
    if judge is not None:
        judge.begin(net, epochs)
    net.fit(
        rows.inputs,
        rows.target,
        lengths=rows.lengths,
        sample_weight=rows.weight,
        loss=pinball,
        optimizer=Adam(rate, clip_norm=1.0),
        batch_size=batch,
        epochs=epochs,
        callbacks=[*([] if judge is None else [judge]), *callbacks],
        verbose=0,
    )
    return epochs if judge is None else judge.end(net)


class _Judge(Callback):
    """``training.logs["forecast_error"]``: what forecasts of the values held back err by, in units of their series."""

    def __init__(self, histories: Histories, views: Views, horizon: int, until: np.ndarray):
        judging = np.flatnonzero(until)
        self._rows = judging[:: -(-len(judging) // JUDGED) or 1]
        self._histories, self._views = histories.rows(self._rows), views.take(self._rows)
        self._horizon, self._until = horizon, until[self._rows]
        self._truth = _ahead_of(self._histories, self._until, horizon)

    def begin(self, net: Network, epochs: int) -> None:
        """Before the first epoch."""
        self._every = -(-epochs // LOOKS)
        self._best, self._epoch, self._weights = np.inf, 0, net.arena.copy()
        self._best = self.error(net)

    def on_epoch_end(self, training: Training) -> None:
        if training.epoch % self._every and training.epoch != training.epochs:
            return
        error = self.error(training.net)
        if np.isfinite(error):
            training.logs["forecast_error"] = error
        if error < self._best or not np.isfinite(self._best):
            self._best, self._epoch, self._weights = error, training.epoch, training.net.arena.copy()

    def end(self, net: Network) -> int:
        """Put the best weights back, and say of which epoch they are."""
        net.params.restore(self._weights)
        return self._epoch

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


def _ahead_of(histories: Histories, until: np.ndarray, horizon: int) -> np.ndarray:
    """What came after each series without its last `until` values, (S, H); NaN where nothing is known."""
    columns = (histories.values.shape[1] - until)[:, None] + np.arange(horizon)
    inside = columns < histories.values.shape[1]
    found = np.take_along_axis(histories.values, np.minimum(columns, histories.values.shape[1] - 1), 1)
    return np.where(inside, found, np.nan)
