"""A forecaster in a safetensors file: networks, and the series that it goes on from; the rest as JSON in the header.

The networks are stored as `elman.network.members` does.
Arrays of the series and of what was found for them are called ``series/values`` ...
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from elman import checks
from elman.checks import whole
from elman.equations import Cell
from elman.errors import ModelFileError
from elman.files import write_whole
from elman.forecast.basis import Basis
from elman.forecast.conformal import Calibration
from elman.forecast.distribution_networks import networks_of
from elman.forecast.face import Forecasts
from elman.forecast.fitted import Fitted
from elman.forecast.inputs import Encoder
from elman.forecast.seasonality import Seasons
from elman.forecast.stored_checks import (
    check_calibration,
    check_collection,
    check_encoder,
    check_errors,
    check_seasons,
    check_weights,
)
from elman.forecast.stored_series import arrays_of, described, described_encoder, restored, restored_encoder
from elman.network.files import describe
from elman.network.kinds import expect
from elman.network.members import cell_of, check_storable, member, tensors_of
from elman.plain import to_json
from elman.tensors import to_bytes
from elman.training.rates import rate_from_data, rate_to_data
from elman.untrusted import UNREADABLE, held, list_of, parsed, read_tensors

F = TypeVar("F", bound=Forecasts)
FORMAT = 3  # 1 and 2 held networks that fed their forecasts back
_SCHEMA: dict[str, Any] = {
    "format": int,
    "params": dict,
    "epochs": list_of(int),
    "best_params": dict,
    "longer": list_of(int),
    "season_notes": list_of(str),
    "collection": dict,
    "inputs": dict,
    "calibration": (list, type(None)),
}
_CALIBRATION = ("sigma", "growth", "level", "shape")


def save(forecaster: Forecasts, path: str | Path) -> Path:
    """Write a fitted forecaster, complete or not at all."""
    path = checks.model_path(path)
    networks, arrays = forecaster.fitted.networks, _arrays(forecaster)
    tensors = tensors_of(networks.members)
    header = {"forecaster": to_json(_describe(forecaster), "forecaster")}
    if networks.members:
        header["elman"] = to_json(describe(networks.members[0]), "network")
    write_whole(path, to_bytes(tensors | {f"series/{n}": a for n, a in arrays.items()}, header))
    return path


def check_savable(forecaster: Forecasts) -> None:
    """Refuse parameters that no file can hold, before any training; see `elman.network.members.check_storable`."""
    check_storable(_params(forecaster), forecaster.cell, "forecaster")


def load(path: str | Path, kind: type[F]) -> F:
    """Read what `save` wrote."""
    path = checks.path(path)
    tensors, header = read_tensors(path)
    expect("Forecaster", header, path)
    try:
        stored = held(parsed(header["forecaster"], "the forecaster"), "the forecaster", _SCHEMA, {"appended": int})
        if stored["format"] != FORMAT:
            raise ModelFileError(f"its format is {stored['format']}, and this version of Elman reads {FORMAT}")
        rate = rate_from_data(stored["params"]["learning_rate"])
        forecaster = kind()._set_params(stored["params"] | {"learning_rate": rate})
        forecaster.best_params_, forecaster.trials_ = dict(stored["best_params"]), []
        network = parsed(header["elman"], "the network") if stored["epochs"] else {}
        members = [member(network, tensors, k) for k in range(len(stored["epochs"]))]
        if bool(members) != ("network" in forecaster.methods_):
            raise ModelFileError(f"it has {len(members)} networks for the methods {', '.join(forecaster.methods_)}")
        if forecaster.cell is None and members:
            forecaster.cell = cell_of(members[0])
        longer = tuple(whole(m, "a longer season", 2) for m in stored["longer"])
        seasons = Seasons(tensors["series/season"], longer, tuple(stored["season_notes"]))
        epochs = [whole(n, "an epoch", 0) for n in stored["epochs"]]
        networks = networks_of(forecaster.family, members, epochs, seasons.longer)
        arrays = {name.removeprefix("series/"): a for name, a in tensors.items() if name.startswith("series/")}
        encoder = restored_encoder(stored["inputs"])
        forecaster.restore(Fitted(networks, seasons, encoder, _basis(stored, arrays, encoder)))
        forecaster.check_params()
        _check(forecaster)
    except UNREADABLE as error:
        raise ModelFileError(
            f"{path} does not hold a forecaster that this version of Elman can read: {error}"
        ) from error
    return forecaster


def _check(forecaster: Forecasts) -> None:
    """Refuse what does not go together."""
    fitted = forecaster.fitted
    basis, seasons, count = fitted.basis, fitted.seasons, len(fitted.basis.collection)
    methods = len(fitted.methods(forecaster.methods_))
    check_collection(basis.collection)
    check_seasons(seasons.first, seasons.longer, count)
    check_weights(basis.weights, count, methods)
    if basis.errors is not None:
        check_errors(basis.errors, count)
    if basis.calibration is not None:
        check_calibration(basis.calibration, count)


def _describe(forecaster: Forecasts) -> dict[str, Any]:
    fitted = forecaster.fitted
    calibration = fitted.basis.calibration
    return {
        "format": FORMAT,
        "params": _params(forecaster),
        "epochs": forecaster.epochs_,
        "best_params": forecaster.best_params_,
        "longer": list(forecaster.seasons_),
        "season_notes": list(fitted.seasons.notes),
        "collection": described(fitted.basis.collection),
        "inputs": described_encoder(fitted.encoder),
        "appended": fitted.basis.appended,
        "calibration": None if calibration is None else list(calibration.notes),
    }


def _params(forecaster: Forecasts) -> dict[str, Any]:
    params = forecaster.get_params()
    del params["n_jobs"]  # of a machine, not of a model
    if isinstance(forecaster.cell, Cell):
        params["cell"] = None  # its equations are in the description of the network
    if forecaster.family is not None:
        params["distribution"] = forecaster.family.name
    if params["methods"] is not None and not isinstance(params["methods"], str):
        params["methods"] = list(params["methods"])
    return params | {
        "learning_rate": None if forecaster.learning_rate is None else rate_to_data(forecaster.learning_rate)
    }


def _arrays(forecaster: Forecasts) -> dict[str, np.ndarray]:
    basis = forecaster.fitted.basis
    found = arrays_of(basis.collection) | {
        "season": forecaster.fitted.seasons.first.astype(np.int64),
        "found_season": basis.histories.season.astype(np.int64),
        "weights": basis.weights,
    }
    if basis.errors is not None:
        found["errors"] = basis.errors
    if basis.calibration is not None:
        found |= {name: np.asarray(getattr(basis.calibration, name), float) for name in _CALIBRATION}
    return found


def _basis(stored: dict[str, Any], arrays: dict[str, np.ndarray], encoder: Encoder) -> Basis:
    collection = restored(stored["collection"], arrays)
    check_encoder(encoder, collection)
    check_seasons(arrays["found_season"], (), len(collection))
    calibration = None
    if stored["calibration"] is not None:
        calibration = Calibration(**{name: arrays[name] for name in _CALIBRATION}, notes=tuple(stored["calibration"]))
    steps = whole(stored.get("appended", 0), "the number of steps appended", 0)
    histories = Seasons(arrays["found_season"], ()).histories(collection)
    beside = encoder.inputs(collection, 0)
    errors = arrays.get("errors")
    return Basis(collection, replace(histories, beside=beside), arrays["weights"], calibration, steps, errors)
