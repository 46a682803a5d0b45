"""From series to what forecasts start from: networks that learnt them, and what rolling origins say of all methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elman.cells import as_cell
from elman.data.collection import Collection
from elman.forecast.arguments import within_reach
from elman.forecast.basis import Basis
from elman.forecast.conformal import Calibration, calibrate
from elman.forecast.distribution_networks import learn_distribution
from elman.forecast.face import Forecasts
from elman.forecast.fitted import Fitted, histories_of
from elman.forecast.inputs import Encoder
from elman.forecast.methods import built, combined, tried
from elman.forecast.networks import Networks, Settings
from elman.forecast.origins import by_origin, origins_of_long, rolling_origins
from elman.forecast.quantile_networks import learn, learn_all
from elman.forecast.rivals import Histories, Rival
from elman.forecast.scale import naive_scales
from elman.forecast.seasonality import Seasons, seasons_found
from elman.forecast.widths import growth_terms
from elman.training import Callback
from elman.training.limits import parted

FIRST = 0.5  # of the time that networks have: to learn without the newest values
MOST_ERRORS = 4_000_000  # that are kept, of all series together


def fitted_to(
    forecaster: Forecasts,
    collection: Collection,
    seasons: Seasons | None,
    callbacks: Iterable[Callback],
    on_nan: str = "raise",
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
    on_nan : str, default "raise"
        What becomes of a batch that cannot be learnt from.
    """
    horizon, methods, family = int(forecaster.horizon), forecaster.methods_, forecaster.family
    encoder = Encoder.of(collection, forecaster.holidays, forecaster.calendar)
    seasons = seasons_found(collection, forecaster.season) if seasons is None else seasons
    histories = histories_of(collection, seasons, encoder)
    origins = rolling_origins(histories.lengths, histories.season, horizon)
    until = np.array([o.max(initial=0) for o in origins])
    settings, networks, first = _settings(forecaster, on_nan), Networks(), parted(callbacks, FIRST)
    if family is not None:
        family.check(collection)
        networks = learn_distribution(settings, family, histories, horizon, until, seasons.longer, first)
        basis = _basis_of_distribution(collection, histories)
    else:
        if "network" in methods:
            networks = learn(settings, histories, horizon, until, seasons.longer, first)
        basis = _basis(collection, histories, built(methods, networks, seasons.longer), horizon, origins)
    if any(networks.epochs) and not networks.knowing and not networks.interrupted:
        learnt = _learn_all(forecaster, settings, histories, networks.epochs, seasons.longer, callbacks)
        networks = learnt.completed_by(networks)
    return Fitted(networks, seasons, encoder, basis)


def basis_of(forecaster: Forecasts, collection: Collection) -> Basis:
    """What forecasts of other series start from, by the networks that were learnt; all else is found anew."""
    fitted, horizon = forecaster.fitted, int(forecaster.horizon)
    seasons = seasons_found(within_reach(collection), forecaster.season)
    histories = histories_of(collection, seasons, fitted.encoder)
    if forecaster.family is not None:
        forecaster.family.check(collection)
        return _basis_of_distribution(collection, histories)
    origins = rolling_origins(histories.lengths, histories.season, horizon)
    return _basis(collection, histories, fitted.methods(forecaster.methods_), horizon, origins)


def longer_basis(forecaster: Forecasts, collection: Collection, steps: int) -> Basis:
    """What forecasts of the same series start from, now longer by so many steps; nothing is found anew."""
    fitted, basis = forecaster.fitted, forecaster.fitted.basis
    if forecaster.family is not None:
        forecaster.family.check(collection)
    histories = histories_of(collection, Seasons(basis.histories.season, ()), fitted.encoder)
    return replace(basis, collection=collection, histories=histories, appended=basis.appended + steps)


def _settings(forecaster: Forecasts, on_nan: str) -> Settings:
    used = forecaster.used_params
    return Settings(
        as_cell(used["cell"]),
        int(used["units"]),
        int(used["members"]),
        None if used["epochs"] is None else int(used["epochs"]),
        int(used["batch_size"]),
        used["learning_rate"],
        int(used["seed"]),
        on_nan,
    )


def _learn_all(
    forecaster: Forecasts,
    settings: Settings,
    histories: Histories,
    epochs: Sequence[int],
    longer: tuple[int, ...],
    callbacks: Iterable[Callback],
) -> Networks:
    """Networks trained on all values, each for as many epochs as were found to be enough."""
    horizon, family = int(forecaster.horizon), forecaster.family
    if family is None:
        return learn_all(settings, histories, horizon, epochs, longer, callbacks)
    nothing = np.zeros(len(histories.values), np.int64)
    return learn_distribution(settings, family, histories, horizon, nothing, longer, callbacks, epochs)


def _basis_of_distribution(collection: Collection, histories: Histories) -> Basis:
    """Series whose networks, the only method, say themselves how wide intervals are."""
    return Basis(collection, histories, np.ones((len(collection), 1)), None)


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
    truth = np.where(np.isfinite(attempts.last)[..., None], attempts.truth, np.nan)
    known = np.isfinite(truth).any()
    said = combined(attempts.forecasts, weights, attempts.last) if known else np.full(truth.shape, np.nan)
    calibration = _calibration(histories, truth, said, collection.names)
    errors = None if calibration is None else _errors(truth - said, calibration, origins)
    return Basis(collection, histories, weights, calibration, errors=errors)


def _errors(missed: np.ndarray, calibration: Calibration, origins: Sequence[np.ndarray]) -> np.ndarray:
    """Errors of all steps by origin, in units of how errors grow with the step, (S, K H)."""
    series, _, horizon = missed.shape
    growth = growth_terms(horizon) @ calibration.growth
    found = by_origin(missed / growth, origins, max(MOST_ERRORS // (series * horizon), 1))
    return found.reshape(series, -1)


def _calibration(histories: Histories, truth: np.ndarray, said: np.ndarray, names: Sequence[Any]) -> Calibration | None:
    """How wide intervals are; None where nothing tells it, as no series that changes has an origin."""
    scale = naive_scales(histories.values, histories.season)
    scale = np.where(np.isfinite(scale), scale, np.nan)
    if not np.isfinite(truth[np.isfinite(scale)]).any():
        return None
    common = int(np.bincount(histories.season).argmax())
    return calibrate(truth, said, scale, origins_of_long(*truth.shape[1:]), season=common, names=names)
