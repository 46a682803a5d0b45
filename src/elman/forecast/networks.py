"""Direct networks that learn a collection, from where pretrained ones stand or from nothing, as a method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from elman.cells import gru
from elman.equations import Cell
from elman.forecast import pretrained
from elman.forecast.direct import MIDDLE, direct_network, pinball
from elman.forecast.effects import effects_of
from elman.forecast.rivals.histories import Histories
from elman.forecast.rows import Rows, quantiles_of, training_rows
from elman.forecast.views import ABOUT, Views, views_of
from elman.network import Network, each, fit_many
from elman.training import Adam, Callback, CosineDecay
from elman.training.standing import check_array
from elman.training.state import Training
from elman.untrusted import check_tensor, count, held

MOST_SERIES = 4096  # that networks learn from; of more, as many are drawn
UPDATES = {True: 100, False: 600}  # of a network that knows what it reads, and of one that does not
STEPS = {True: 500_000, False: 800_000}  # of series, at most, that one learns from, the same ones counted anew
FEWEST_ROWS = 4  # of an update
JUDGED, LOOKS = 512, 8  # series that judge epochs, and how often they do at most
RATES = {True: 5e-4, False: 2e-3}
FEWEST = 20  # series that a pretrained network learns more from
MOST_EPOCHS = 300


@dataclass(frozen=True)
class Settings:
    """What users say of networks.

    Attributes
    ----------
    cell, units, members, epochs, batch_size, learning_rate, seed
        As of `Forecaster`; None where it is left open.
    on_nan
        As of its `fit`.
    """

    cell: Cell = gru
    units: int = 64
    members: int = 3
    epochs: int | None = None
    batch_size: int = 32
    learning_rate: Any = None
    seed: int = 0
    on_nan: str = "raise"

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
        return replace(self, members=members, epochs=epochs)

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


class Lesson(Protocol):
    """What networks learn from a collection, and how that is judged.

    Attributes
    ----------
    histories : Histories
        The series.
    rows : Rows
        What they learn from.
    loss : callable
    most_epochs : int
        That series of this number teach anything in.
    knows : bool
        Whether new ones know already what there is to read.
    """

    @property
    def histories(self) -> Histories: ...

    @property
    def rows(self) -> Rows: ...

    @property
    def loss(self) -> Any: ...

    @property
    def most_epochs(self) -> int: ...

    @property
    def knows(self) -> bool: ...

    def network(self, member: int) -> Network:
        """A new one."""
        ...

    def error(self, net: Network) -> float:
        """What it errs by on the values held back; infinite if none is known."""
        ...


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


def taught(
    settings: Settings,
    lesson: Lesson,
    found: Networks,
    callbacks: Iterable[Callback] = (),
    epochs: Sequence[int] | None = None,
) -> Networks:
    """Networks that have learnt a lesson, put into `found`; each for the epochs given, or until it errs more."""
    found.knowing = lesson.knows
    networks = [lesson.network(member) for member in range(settings.members)]
    wanted = [_epochs(settings, lesson) if epochs is None else epochs[k] for k in range(len(networks))]
    judges = [_Judge(lesson.error if epochs is None else None) for _ in networks]
    learning = [k for k, many in enumerate(wanted) if many and lesson.rows.weight.any()]
    try:
        _train(settings, lesson, [(networks[k], wanted[k], judges[k]) for k in learning], callbacks)
    except KeyboardInterrupt:
        found.interrupted = True
        if epochs is None and not _usable(judges, judged=True):
            raise  # no network has begun: there is nothing to forecast with
    kept = range(len(networks)) if not found.interrupted else _usable(judges, epochs is None)
    for k in kept:
        found.members.append(networks[k])
        found.epochs.append(judges[k].end(networks[k]) if k in learning else 0)
        networks[k].release_engines()
    return found


def _usable(judges: Sequence[_Judge], judged: bool) -> list[int]:
    """Which networks are of use after Ctrl-C: those that began, with the best weights so far.

    Where nothing is judged nothing says how good a network is that learnt half: those before the first such one.
    """
    if judged:
        return [k for k, judge in enumerate(judges) if judge.began]
    return list(range(next((k for k, judge in enumerate(judges) if not judge.ended), len(judges))))


def chosen_series(count: int, seed: int) -> np.ndarray:
    """Which of so many series networks learn from."""
    if count <= MOST_SERIES:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:MOST_SERIES])


def seed_of(settings: Settings, member: int) -> int:
    """Of the weights that a member starts with."""
    return settings.seed * settings.members + member


def covariates_of(histories: Histories) -> tuple[int, dict[str, Any]]:
    """How many numbers are known of a series, and of each step."""
    inputs = histories.beside
    if inputs is None:
        return 0, {}
    return inputs.static.shape[1], {"known": inputs.known.shape[2], "past": inputs.past.shape[2]}


def taught_steps(settings: Settings, horizon: int) -> int:
    """How many steps ahead networks forecast by themselves."""
    return min(horizon, pretrained.HORIZON) if settings.pretrained else horizon


def knows(settings: Settings, rows: Rows) -> bool:
    """Whether networks know already what there is to read: they were pretrained, and there are no covariates."""
    return settings.pretrained and rows.about.shape[1] == len(ABOUT) and rows.beside is None


def _epochs(settings: Settings, lesson: Lesson) -> int:
    """Most epochs: so many that there are enough updates, and not too many steps."""
    if settings.epochs is not None:
        return settings.epochs
    updates = -(-len(lesson.rows.series) // _batch(settings, lesson.rows))
    if not updates:
        return 0
    steps = int(lesson.rows.lengths.sum())
    enough = max(min(-(-UPDATES[lesson.knows] // updates), STEPS[lesson.knows] // steps), 3)
    return min(enough, lesson.most_epochs)


def _batch(settings: Settings, rows: Rows) -> int:
    """Rows of an update: of few series fewer than the user said, so that an epoch has several updates."""
    return min(settings.batch_size, max(len(rows.series) // 8, FEWEST_ROWS))


def _train(
    settings: Settings,
    lesson: Lesson,
    learning: Sequence[tuple[Network, int, _Judge]],
    callbacks: Iterable[Callback],
) -> None:
    """Train networks, each for so many epochs, side by side."""
    rows, batch = lesson.rows, _batch(settings, lesson.rows)

    def optimizer(epochs: int) -> Adam:
        updates = epochs * -(-len(rows.series) // batch)
        given = settings.learning_rate
        return Adam(CosineDecay(RATES[lesson.knows], updates) if given is None else given, clip_norm=1.0)

    fit_many(
        [net for net, _, _ in learning],
        rows.inputs,
        rows.target,
        lengths=rows.lengths,
        sample_weight=rows.weight,
        loss=lesson.loss,
        optimizer=each([optimizer(epochs) for _, epochs, _ in learning]),
        batch_size=batch,
        epochs=each([epochs for _, epochs, _ in learning]),
        callbacks=each([[judge, *callbacks] for _, _, judge in learning]),
        verbose=0,
        on_nan=settings.on_nan,
        stop_on_error=True,
    )


class _Judge(Callback):
    """``training.logs["forecast_error"]``: what forecasts of the values held back err by; and which epoch was best.

    Attributes
    ----------
    began, ended : bool
        Whether the training began, and whether it ended by itself.
    epoch : int
        The best, of those that were judged; 0 is before the first.
    """

    def __init__(self, error: Callable[[Network], float] | None):
        self._error = error
        self.began: bool = False
        self.ended: bool = False
        self.epoch: int = 0

    def on_train_begin(self, training: Training) -> None:
        self.began = True
        self._every = -(-training.epochs // LOOKS)
        if self._error is not None:
            self._weights = training.net.arena.copy()
            self._best = self._error(training.net)  # type: ignore[arg-type]

    def on_epoch_end(self, training: Training) -> None:
        if training.epoch % self._every == 0 or training.epoch == training.epochs:
            error = self._look(training)
            if np.isfinite(error):
                training.logs["forecast_error"] = error

    def _look(self, training: Training) -> float:
        """Judge the weights as they are, and keep them if they are the best so far."""
        if self._error is None:
            return np.inf
        error = self._error(training.net)  # type: ignore[arg-type]
        if error < self._best or not np.isfinite(self._best):
            self._best, self.epoch, self._weights = error, training.epoch, training.net.arena.copy()
        return error

    def on_train_end(self, training: Training) -> None:
        self.ended = not (training.interrupted or training.failed)
        if self.ended and training.stop:  # between two looks, as when its time is up
            self._look(training)
        self._learnt = max(training.history.epochs, 1)  # fewer than it should have where its time was up

    def state_dict(self) -> dict[str, Any]:
        if self._error is None:
            return {}
        return {"epoch": self.epoch, "best": np.array(self._best, np.float64), "weights": self._weights}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        held(dict(stored), "a judge of forecasts", {"epoch": count, "best": np.ndarray, "weights": np.ndarray})
        best = check_array(stored["best"], "the best error", (), np.float64)
        self._weights = check_tensor(stored["weights"], "the best weights", self._weights.shape, self._weights.dtype)
        self._best, self.epoch = float(best), stored["epoch"]

    def end(self, net: Network) -> int:
        """Put the best weights back, and say of which epoch they are; of a network that nothing judged, the last."""
        if self._error is None:
            return self._learnt
        net.params.restore(self._weights)
        return self.epoch


def judging_series(until: np.ndarray) -> np.ndarray:
    """Which series judge: of those of which something is held back, not too many."""
    judging = np.flatnonzero(until)
    return judging[:: -(-len(judging) // JUDGED) or 1]


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


def ahead_of(histories: Histories, until: np.ndarray, horizon: int) -> np.ndarray:
    """What came after each series without its last `until` values, (S, H); NaN where nothing is known."""
    columns = (histories.values.shape[1] - until)[:, None] + np.arange(horizon)
    inside = columns < histories.values.shape[1]
    found = np.take_along_axis(histories.values, np.minimum(columns, histories.values.shape[1] - 1), 1)
    return np.where(inside, found, np.nan)
