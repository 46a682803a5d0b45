"""Direct networks as a method, and what all of them are asked: how they start, what they read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from elman.cells import gru
from elman.equations import Cell
from elman.forecast import pretrained
from elman.forecast.direct import MIDDLE
from elman.forecast.rivals.histories import Histories
from elman.forecast.rows import Rows, quantiles_of
from elman.forecast.views import ABOUT, views_of
from elman.network import Network

MOST_SERIES = 4096  # that networks learn from; of more, as many are drawn
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


def ahead_of(histories: Histories, until: np.ndarray, horizon: int) -> np.ndarray:
    """What came after each series without its last `until` values, (S, H); NaN where nothing is known."""
    columns = (histories.values.shape[1] - until)[:, None] + np.arange(horizon)
    inside = columns < histories.values.shape[1]
    found = np.take_along_axis(histories.values, np.minimum(columns, histories.values.shape[1] - 1), 1)
    return np.where(inside, found, np.nan)
