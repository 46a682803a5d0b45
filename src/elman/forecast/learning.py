"""From series to what forecasts start from: networks that learnt them, and what rolling origins say of all methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from elman.cells import as_cell
from elman.data.collection import Collection
from elman.forecast.arguments import within_reach
from elman.forecast.basis import Basis
from elman.forecast.conformal import Calibration, calibrate
from elman.forecast.face import Forecasts
from elman.forecast.fitted import Fitted, histories_of
from elman.forecast.inputs import Encoder
from elman.forecast.methods import Tried, built, combined, tried
from elman.forecast.networks import Networks, Settings, learn, learn_all
from elman.forecast.origins import origins_of_long, rolling_origins
from elman.forecast.rivals import Histories, Rival
from elman.forecast.scale import naive_scales
from elman.forecast.seasonality import Seasons, seasons_found
from elman.training import Callback


def fitted_to(
    forecaster: Forecasts, collection: Collection, seasons: Seasons | None, callbacks: Iterable[Callback]
) -> Fitted:
    """What a forecaster learns of series: networks are judged without the newest values, and learn those in the end.

    Parameters
    ----------
    forecaster : Forecaster
        Whose parameters, or what a search found in place of them, hold.
    collection : Collection
        The series.
    seasons : Seasons, optional
        Theirs; by default they are looked for.
    callbacks : iterable of Callback
        Told how networks learn.
    """
    horizon, methods = int(forecaster.horizon), forecaster.methods_
    encoder = Encoder.of(collection, forecaster.holidays, forecaster.calendar)
    seasons = seasons_found(collection, forecaster.season) if seasons is None else seasons
    histories = histories_of(collection, seasons, encoder)
    origins = rolling_origins(histories.lengths, histories.season, horizon)
    until = np.array([o.max(initial=0) for o in origins])
    settings, networks = _settings(forecaster), Networks()
    if "network" in methods:
        networks = learn(settings, histories, horizon, until, seasons.longer, callbacks)
    basis = _basis(collection, histories, built(methods, networks, seasons.longer), horizon, origins)
    if any(networks.epochs) and not networks.knowing and not networks.interrupted:
        learnt = learn_all(settings, histories, horizon, networks.epochs, seasons.longer, callbacks)
        networks = learnt.completed_by(networks)
    return Fitted(networks, seasons, encoder, basis)


def basis_of(forecaster: Forecasts, collection: Collection) -> Basis:
    """What forecasts of other series start from, by the networks that were learnt; all else is found anew."""
    fitted, horizon = forecaster.fitted, int(forecaster.horizon)
    seasons = seasons_found(within_reach(collection), forecaster.season)
    histories = histories_of(collection, seasons, fitted.encoder)
    origins = rolling_origins(histories.lengths, histories.season, horizon)
    return _basis(collection, histories, fitted.methods(forecaster.methods_), horizon, origins)


def _settings(forecaster: Forecasts) -> Settings:
    used = forecaster.used_params
    return Settings(
        as_cell(used["cell"]),
        int(used["units"]),
        int(used["members"]),
        None if used["epochs"] is None else int(used["epochs"]),
        int(used["batch_size"]),
        used["learning_rate"],
        int(used["seed"]),
    )


def _basis(
    collection: Collection,
    histories: Histories,
    methods: Mapping[str, Rival],
    horizon: int,
    origins: Sequence[np.ndarray],
) -> Basis:
    """Series, with weights of the methods and widths of intervals from what they forecast at origins."""
    attempts = tried(methods, histories, horizon, origins)
    weights = attempts.weights()
    return Basis(collection, histories, weights, _calibration(histories, attempts, weights, horizon))


def _calibration(histories: Histories, attempts: Tried, weights: np.ndarray, horizon: int) -> Calibration | None:
    """How wide intervals are; None where nothing tells it, as no series that changes has an origin."""
    if not np.isfinite(attempts.truth).any():
        return None
    said = combined(attempts.forecasts, weights, attempts.last)
    scale = naive_scales(histories.values, histories.season)
    scale = np.where(np.isfinite(scale), scale, np.nan)
    truth = np.where(np.isfinite(attempts.last)[..., None], attempts.truth, np.nan)
    if not np.isfinite(truth[np.isfinite(scale)]).any():
        return None
    common = int(np.bincount(histories.season).argmax())
    return calibrate(truth, said, scale, origins_of_long(truth.shape[1], horizon), season=common)
