"""The cells that learn in a training of the lab, each as a network with an optimiser of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from elman.cells import cell_from_text
from elman.equations import Cell
from elman.errors import ElmanError
from elman.lab.asked import Asked
from elman.lab.limits import OPTIMIZERS, SECONDS_A_SLICE
from elman.lab.reading import checked
from elman.lab.tasks import Data
from elman.network import Dense, Network, Recurrent
from elman.training import SGD, Adam, Callback, RMSProp
from elman.training.optimizer import Optimizer
from elman.training.state import Training

MADE: dict[str, Callable[..., Optimizer]] = dict(zip(OPTIMIZERS, (Adam, RMSProp, SGD), strict=True))
CLIP = 1.0  # the norm of a gradient


@dataclass(frozen=True)
class Settings:
    """What the page chose."""

    seed: int = 0
    rate: float = 0.005
    optimizer: str = "adam"
    batch_size: int = 32

    @classmethod
    def of(cls, asked: Asked) -> Settings:
        return cls(
            asked.whole("seed", 0, 0, 2**31 - 1),
            asked.real("rate", 0.005, 0.0, 10.0),
            asked.one_of("optimizer", OPTIMIZERS, "adam"),
            asked.whole("batch_size", 32, 1, 1024),
        )


class _Stop(Callback):
    """Ends an epoch that is long once the page wants it; the network is then as it was before that epoch."""

    def __init__(self, wanted: Callable[[], bool]):
        self.wanted: Callable[[], bool] = wanted
        self._before: np.ndarray = np.empty(0)

    def on_epoch_begin(self, training: Training) -> None:
        self._before = training.net.arena.copy()

    def on_progress(self, training: Training) -> None:
        training.stop = training.stop or (self.wanted() and training.batch < training.batches)

    def on_epoch_end(self, training: Training) -> None:
        training.stop = training.stop or self.wanted()

    def on_train_end(self, training: Training) -> None:
        if training.stop and training.batch < training.batches:
            training.net.params.restore(self._before)


@dataclass(eq=False)
class Member:
    """One of the cells that learn."""

    text: str
    cell: Cell
    units: int
    net: Network
    optimizer: Optimizer
    losses: list[float] = field(default_factory=list)
    rates: list[tuple[int, float]] = field(default_factory=list)  # (epochs, rate), in order
    seconds: float = 0.0
    error: str = ""
    slice: int = 1

    @classmethod
    def made(cls, text: str, units: int, data: Data, settings: Settings) -> Member:
        cell = cell_from_text(text)
        checked(cell, data.x.shape[-1], units)
        layers = [Recurrent(cell, units, return_sequences=data.every_step), Dense(data.outputs)]
        net = Network(data.x.shape[-1], layers, seed=settings.seed)
        optimizer = MADE[settings.optimizer](settings.rate, clip_norm=CLIP)
        return cls(text, cell, units, net, optimizer)

    def learn(self, data: Data, settings: Settings, rate: float, most: int, stop: Callable[[], bool]) -> list[float]:
        """Some epochs: as many as take about `SECONDS_A_SLICE`; their losses."""
        epochs, begun = max(1, min(self.slice, most)), time.perf_counter()
        self.optimizer.learning_rate = rate
        try:
            history = self.net.fit(
                data.x,
                data.y,
                loss=data.loss,
                optimizer=self.optimizer,
                batch_size=settings.batch_size,
                epochs=epochs,
                callbacks=[_Stop(stop)],
                verbose=0,
            )
        except ElmanError as error:
            self.error = str(error)
            return []
        took = time.perf_counter() - begun
        self.seconds += took
        self.slice = max(1, min(64, int(epochs * SECONDS_A_SLICE / max(took, 1e-6))))
        found = [float(loss) for loss in history.history.get("loss", [])]
        self.losses += found
        self._remember(len(found), rate)
        return found

    def _remember(self, epochs: int, rate: float) -> None:
        if self.rates and self.rates[-1][1] == rate:
            self.rates[-1] = (self.rates[-1][0] + epochs, rate)
        elif epochs:
            self.rates.append((epochs, rate))
