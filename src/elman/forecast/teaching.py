"""How networks of a forecaster are taught: how long, at which rates, and which of their epochs is the best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from elman.forecast.networks import Networks, Settings
from elman.forecast.rivals.histories import Histories
from elman.forecast.rows import Rows
from elman.network import Network, each, fit_many
from elman.training import Adam, Callback, CosineDecay
from elman.training.standing import check_array
from elman.training.state import Training
from elman.untrusted import check_tensor, count, held

UPDATES = {True: 100, False: 600}  # of a network that knows what it reads, and of one that does not
STEPS = {True: 500_000, False: 800_000}  # of series, at most, that one learns from, the same ones counted anew
FEWEST_ROWS = 4  # of an update
JUDGED, LOOKS = 512, 8  # series that judge epochs, and how often they do at most
RATES = {True: 5e-4, False: 2e-3}


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
