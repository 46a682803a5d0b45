"""A forecaster in a safetensors file: the parameters of its networks, and everything else as JSON in the header.

The first network is stored as `Network.save` stores it; the parameters of network k are called ``memberK/0.W_z`` ...
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from elman import given
from elman.data.scaling import Scaling
from elman.equations import Cell
from elman.errors import ElmanError, ModelFileError
from elman.forecast.rollout import View
from elman.network import Network
from elman.network.files import describe, read_tensors, write_whole
from elman.network.kinds import expect

if TYPE_CHECKING:
    from elman.forecast.forecaster import Forecaster

FORMAT = 1


def save(forecaster: Forecaster, path: str | Path) -> Path:
    """Write a fitted forecaster, complete or not at all."""
    from safetensors.numpy import save as to_bytes

    tensors = {
        _prefix(member) + name: np.ascontiguousarray(value)
        for member, network in enumerate(forecaster.networks_)
        for name, value in network.params.items()
    }
    header = {"elman": json.dumps(describe(forecaster.networks_[0])), "forecaster": json.dumps(_describe(forecaster))}
    write_whole(Path(path), to_bytes(tensors, metadata=header))
    return Path(path)


def load(path: str | Path, kind: type[Forecaster]) -> Forecaster:
    """Read what `save` wrote."""
    path = given.path(path)
    tensors, header = read_tensors(path)
    expect("Forecaster", header, path)
    try:
        stored = json.loads(header["forecaster"])
        forecaster = _restore(stored, kind)
        forecaster.networks_ = [
            _network(json.loads(header["elman"]), tensors, member) for member in range(len(stored["best_epochs"]))
        ]
        if forecaster.cell is None:
            forecaster.cell = forecaster.networks_[0].layers[0].cell
        _check(forecaster)
    except (ElmanError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(
            f"{path} does not hold a forecaster that this version of Elman can read: {error!r}"
        ) from error
    return forecaster


def _network(description: dict[str, Any], tensors: dict[str, np.ndarray], member: int) -> Network:
    network = Network.restored(description)
    for name in network.params:
        network.params[name] = tensors[_prefix(member) + name]
    return network


def _prefix(member: int) -> str:
    return f"member{member}/" if member else ""


def _check(forecaster: Forecaster) -> None:
    if not forecaster.networks_ or forecaster.lookback_ < 1 or forecaster.view_.lag < 0:
        raise ModelFileError("it has no networks, or no lookback")
    first = forecaster.networks_[0]
    if first.inputs != forecaster.view_.features or first.outputs != 1 or not first.sequence_output:
        raise ModelFileError("its networks do not fit its forecaster")
    if len(forecaster.tail_) < forecaster.lookback_ + forecaster.view_.lost or not np.isfinite(forecaster.tail_).all():
        raise ModelFileError("its end of the series is incomplete")


def _describe(forecaster: Forecaster) -> dict[str, Any]:
    params = forecaster.get_params()
    if isinstance(forecaster.cell, Cell):
        params["cell"] = None  # its equations are in the description of the network
    return {
        "format": FORMAT,
        "params": {name: value.item() if isinstance(value, np.generic) else value for name, value in params.items()},
        "view": asdict(forecaster.view_),
        "season": forecaster.season_,
        "lookback": forecaster.lookback_,
        "validation": forecaster.validation_,
        "constant": forecaster.constant_,
        "lowest": forecaster.lowest_,
        "best_epochs": forecaster.best_epochs_,
        "tail": forecaster.tail_.tolist(),
    }


def _restore(stored: dict[str, Any], kind: type[Forecaster]) -> Forecaster:
    if stored["format"] > FORMAT:
        raise ModelFileError(f"its format {stored['format']} is newer than {FORMAT}; install a newer Elman")
    forecaster = kind().set_params(**stored["params"])
    view, lowest = stored["view"], stored["lowest"]
    scaling = (view["scaling"]["mean"], view["scaling"]["deviation"])
    forecaster.view_ = View(Scaling(*map(float, scaling)), bool(view["differences"]), int(view["lag"]))
    forecaster.season_, forecaster.lookback_ = stored["season"], int(stored["lookback"])
    forecaster.validation_, forecaster.best_epochs_ = int(stored["validation"]), list(stored["best_epochs"])
    forecaster.constant_, forecaster.lowest_ = bool(stored["constant"]), None if lowest is None else float(lowest)
    forecaster.tail_ = np.array(stored["tail"], np.float64)
    return forecaster
