"""What a forecaster learnt, and the series that it goes on from: all that its forecasts are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from elman.data.collection import Collection
from elman.forecast.basis import Basis
from elman.forecast.inputs import Encoder
from elman.forecast.methods import built
from elman.forecast.networks import Networks
from elman.forecast.rivals import Histories, Rival
from elman.forecast.seasonality import Seasons


@dataclass(frozen=True)
class Fitted:
    """What was learnt, and what forecasts start from.

    Attributes
    ----------
    networks : Networks
        Trained.
    seasons : Seasons
        Of the series that were learnt.
    encoder : Encoder
        How covariates become numbers.
    basis : Basis
        The series that forecasts go on from: those that were learnt, or their newer values.
    """

    networks: Networks
    seasons: Seasons
    encoder: Encoder
    basis: Basis

    def methods(self, names: Sequence[str]) -> dict[str, Rival]:
        """Methods by name, the networks as they were trained."""
        return built(names, self.networks, self.seasons.longer)


def histories_of(
    collection: Collection, seasons: Seasons, encoder: Encoder, horizon: int = 0, future: Any = None
) -> Histories:
    """Values of a collection, and what is known beside them, so many steps ahead too."""
    return replace(seasons.histories(collection), beside=encoder.inputs(collection, horizon, future))
