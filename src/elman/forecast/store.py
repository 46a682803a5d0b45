"""A forecaster in a safetensors file: the parameters of its networks, and everything else as JSON in the header.

The first network is stored as `Network.save` stores it; the parameters of network k are called ``memberK/0.W_z`` ...
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from elman import checks
from elman.data.scaling import Scaling
from elman.equations import Cell
from elman.equations.store import to_data
from elman.errors import ElmanError, ModelFileError
from elman.files import write_whole
from elman.forecast.anchor import Anchor
from elman.forecast.face import Forecasts
from elman.forecast.rollout import View
from elman.network import Network
from elman.network.files import describe, read_tensors
from elman.network.kinds import expect
from elman.plain import to_json
from elman.training.rates import rate_from_data, rate_to_data

K = TypeVar("K", bound=Forecasts)
FORMAT = 2  # 1 had no anchor


def save(forecaster: Forecasts, path: str | Path) -> Path:
    """Write a fitted forecaster, complete or not at all."""
    from safetensors.numpy import save as to_bytes

    path = checks.path(path)
    tensors = {
        _prefix(member) + name: np.ascontiguousarray(value)
        for member, network in enumerate(forecaster.networks_)
        for name, value in network.params.items()
    }
    header = {
        "elman": to_json(describe(forecaster.networks_[0]), "network"),
        "forecaster": to_json(_describe(forecaster), "forecaster"),
    }
    write_whole(path, to_bytes(tensors, metadata=header))
    return path


def check_savable(forecaster: Forecasts) -> None:
    """Refuse parameters that no file can hold, before any training.

    Raises
    ------
    OptionError
        Naming the parameter.
    EquationError
        If the cell has equations that no file can hold.
    """
    to_json(_params(forecaster), "forecaster")
    if isinstance(forecaster.cell, Cell):
        to_json(to_data(forecaster.cell), "cell")


def load(path: str | Path, kind: type[K]) -> K:
    """Read what `save` wrote."""
    path = checks.path(path)
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
    prefix = _prefix(member)
    mine = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    return Network.restored(description, parameters={n: value for n, value in mine.items() if "/" not in n})


def _prefix(member: int) -> str:
    return f"member{member}/" if member else ""


def _check(forecaster: Forecasts) -> None:
    if not forecaster.networks_ or forecaster.lookback_ < 1 or forecaster.view_.lag < 0:
        raise ModelFileError("it has no networks, or no lookback")
    first = forecaster.networks_[0]
    if first.inputs != forecaster.view_.features or first.outputs != 1 or not first.sequence_output:
        raise ModelFileError("its networks do not fit its forecaster")
    anchor, reach = forecaster.anchor_, forecaster.lookback_ + forecaster.view_.lost
    if not 1 <= anchor.season <= reach or not 0 <= anchor.weight <= 1:
        raise ModelFileError("its naive forecast makes no sense")
    if len(forecaster.tail_) < forecaster.lookback_ + forecaster.view_.lost or not np.isfinite(forecaster.tail_).all():
        raise ModelFileError("its end of the series is incomplete")


def _describe(forecaster: Forecasts) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "params": _params(forecaster),
        "view": asdict(forecaster.view_),
        "season": forecaster.season_,
        "lookback": forecaster.lookback_,
        "validation": forecaster.validation_,
        "constant": forecaster.constant_,
        "lowest": forecaster.lowest_,
        "anchor": asdict(forecaster.anchor_),
        "best_epochs": forecaster.best_epochs_,
        "tail": forecaster.tail_.tolist(),
    }


def _params(forecaster: Forecasts) -> dict[str, Any]:
    params = forecaster.get_params()
    if isinstance(forecaster.cell, Cell):
        params["cell"] = None  # its equations are in the description of the network
    return params | {"learning_rate": rate_to_data(forecaster.learning_rate)}


def _restore(stored: dict[str, Any], kind: type[K]) -> K:
    if stored["format"] > FORMAT:
        raise ModelFileError(f"its format {stored['format']} is newer than {FORMAT}; install a newer Elman")
    rate = rate_from_data(stored["params"]["learning_rate"])
    forecaster = kind().set_params(**stored["params"] | {"learning_rate": rate})
    view, lowest = stored["view"], stored["lowest"]
    scaling = (view["scaling"]["mean"], view["scaling"]["deviation"])
    forecaster.view_ = View(Scaling(*map(float, scaling)), bool(view["differences"]), int(view["lag"]))
    forecaster.season_, forecaster.lookback_ = stored["season"], int(stored["lookback"])
    forecaster.validation_, forecaster.best_epochs_ = int(stored["validation"]), list(stored["best_epochs"])
    forecaster.constant_, forecaster.lowest_ = bool(stored["constant"]), None if lowest is None else float(lowest)
    anchor = stored.get("anchor", {"season": 1, "weight": 1.0})
    forecaster.anchor_ = Anchor(int(anchor["season"]), float(anchor["weight"]))
    forecaster.tail_ = np.array(stored["tail"], np.float64)
    return forecaster
