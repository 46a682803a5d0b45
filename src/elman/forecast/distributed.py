"""Forecasts of a forecaster whose networks give distributions: means, and quantiles and samples of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.errors import OptionError
from elman.forecast.basis import Basis
from elman.forecast.distribution_networks import DistributionNetworks
from elman.forecast.distributions import Distribution, Normal, StudentT
from elman.forecast.face import Forecasts
from elman.forecast.forecasts import Forecast
from elman.forecast.pointwise import as_level, as_probabilities
from elman.forecast.predicted import Band
from elman.forecast.rivals import Histories
from elman.forecast.uncertainty import lowest_of

NOW = np.array([0])  # the origin at the end


def distributed(
    forecaster: Forecasts,
    basis: Basis,
    histories: Histories,
    steps: int,
    levels: Sequence[float] = (),
    quantiles: Any = None,
    samples: int = 0,
) -> Forecast:
    """What follows the series of a basis; see `elman.forecast.forecasting.forecast`.

    Parameters
    ----------
    forecaster, basis, steps, levels, quantiles, samples
        As there.
    histories : Histories
        The series of the basis, with what is known of the steps ahead.
    """
    made = distribution_of_series(forecaster, histories, steps, NOW)
    lowest = lowest_of(histories, NOW, forecaster.nonnegative)
    mean = made.mean
    raised = int(np.sum(mean < lowest[..., None]))
    bands = {level: (low[:, 0], high[:, 0]) for level, (low, high) in _bands(made, levels, lowest).items()}
    shares = {}
    if quantiles is not None:
        each = as_probabilities(quantiles)
        found = np.maximum(made.quantiles(each), lowest[..., None, None])
        shares = {float(p): found[:, 0, :, k] for k, p in enumerate(each)}
    paths = _paths(made, samples, int(forecaster.seed), lowest) if samples else None
    note = f"{raised} of the {mean.size} values would be below 0, as no value of their series is: they are 0"
    values = np.maximum(mean, lowest[..., None])[:, 0]
    return Forecast.of(basis.collection, values, bands, shares, paths, notes=(note,) * bool(raised))


def distributed_from(
    forecaster: Forecasts, histories: Histories, origins: np.ndarray, levels: Sequence[float]
) -> tuple[np.ndarray, dict[float, Band]]:
    """Means from several origins, (S, K, H), and intervals by level."""
    made = distribution_of_series(forecaster, histories, int(forecaster.horizon), origins)
    lowest = lowest_of(histories, origins, forecaster.nonnegative)
    return np.maximum(made.mean, lowest[..., None]), _bands(made, levels, lowest)


def medians_from(forecaster: Forecasts, histories: Histories, origins: np.ndarray) -> np.ndarray:
    """Medians from several origins, (S, K, H)."""
    made = distribution_of_series(forecaster, histories, int(forecaster.horizon), origins)
    lowest = lowest_of(histories, origins, forecaster.nonnegative)
    return np.maximum(made.quantiles([0.5])[..., 0], lowest[..., None])


def distribution_of_series(
    forecaster: Forecasts, histories: Histories, steps: int, origins: np.ndarray
) -> Distribution:
    """The distributions of the steps ahead, (S, K, H)."""
    networks = forecaster.fitted.networks
    if not isinstance(networks, DistributionNetworks) or not networks.members:
        raise OptionError("no network has learnt a distribution; call fit(data) with distribution first")
    return networks.distribution(histories, steps, origins)


def _bands(made: Distribution, levels: Sequence[float], lowest: np.ndarray) -> dict[float, Band]:
    """Central intervals, each (S, K, H); of counts they may be wider than their level, and need not hold the mean."""
    found = {}
    for level in levels:
        tail = 0.5 - as_level(level) / 200
        low, high = np.moveaxis(np.maximum(made.quantiles([tail, 1 - tail]), lowest[..., None, None]), -1, 0)
        found[level] = (low, high)
    return found


def _paths(made: Distribution, count: int, seed: int, lowest: np.ndarray) -> np.ndarray:
    """Paths (S, M, H) from one origin: demand independent from step to step, what is real with errors that walk.

    A walk's errors k and l steps ahead are correlated by the root of k / l.
    """
    if isinstance(made, Normal | StudentT):
        random = np.random.default_rng(seed)
        steps = made.mean.shape[-1]
        shape = (len(made.mean), count, steps)
        walk = np.cumsum(random.normal(size=shape), axis=2) / np.sqrt(np.arange(1, steps + 1))
        if isinstance(made, StudentT):
            walk = walk * np.sqrt(made.freedom / random.chisquare(np.broadcast_to(made.freedom, shape)))
        found = made.location + made.spread * walk
    else:
        found = np.moveaxis(made.sample(count, seed)[:, 0], -1, 1)
    return np.maximum(found, lowest[..., None])
