"""An estimator of sequences in a safetensors file: its networks and its scaling; the rest as JSON in the header."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from elman import checks
from elman.checks import real, shown, whole
from elman.classify.face import Learner
from elman.classify.scaling import Scaling
from elman.equations import Cell
from elman.errors import ModelFileError, OptionError
from elman.files import write_whole
from elman.network import Network
from elman.network.files import describe
from elman.network.kinds import KINDS, expect
from elman.network.members import cell_of, check_storable, member, tensors_of
from elman.plain import to_json
from elman.tensors import to_bytes
from elman.training.rates import rate_from_data, rate_to_data
from elman.untrusted import UNREADABLE, held, list_of, parsed, read_tensors

L = TypeVar("L", bound=Learner)
FORMAT = 1
_ITS_OWN = ("seed", "updates", "epochs")  # what the descriptions of two members differ in
_SCHEMA: dict[str, Any] = {
    "format": int,
    "params": dict,
    "columns": dict,
    "channels": list_of(str),
    "masked": list_of(int),
    "gap": (int, float),
    "unit": str,
    "notes": list_of(str),
    "members": list_of(dict),
    "features": (int, type(None)),
    "learnt": dict,
}


def save(learner: Learner, path: str | Path) -> Path:
    """Write a fitted estimator, complete or not at all."""
    path, members, scaling = checks.model_path(path), learner.networks_, learner.scaling_
    tensors = tensors_of(members) | {"scaling/mean": scaling.mean, "scaling/spread": scaling.spread}
    entry = _entry(type(learner).__name__)
    stored = {
        "format": FORMAT,
        "params": _params(learner),
        "columns": learner._columns,
        "channels": scaling.channels,
        "masked": scaling.masked,
        "gap": scaling.gap,
        "unit": scaling.unit,
        "notes": learner.notes_,
        "members": [{name: getattr(net, name) for name in _ITS_OWN} for net in members],
        "features": getattr(learner, "n_features_in_", None),
        "learnt": learner._learnt(),
    }
    header = {entry: to_json(stored, entry), "elman": to_json(describe(members[0]), "network")}
    write_whole(path, to_bytes(tensors, header))
    return path


def check_savable(learner: Learner) -> None:
    """Refuse parameters that no file can hold, before any training; see `elman.network.members.check_storable`."""
    check_storable(_params(learner), learner.cell, "the estimator")


def load(path: str | Path, kind: type[L]) -> L:
    """Read what `save` wrote."""
    path, name = checks.path(path), kind.__name__
    tensors, header = read_tensors(path)
    expect(name, header, path)
    try:
        stored = held(parsed(header[_entry(name)], f"the {name}"), f"the {name}", _SCHEMA)
        if stored["format"] != FORMAT:
            raise ModelFileError(f"its format is {stored['format']}, and this version of Elman reads {FORMAT}")
        learner = kind()
        _set_params(learner, stored["params"])
        learner.scaling_ = _scaling(stored, tensors)
        learner.networks_ = _members(parsed(header["elman"], "the network"), stored, tensors, learner.threads)
        if learner.cell is None:
            learner.cell = cell_of(learner.networks_[0])
        learner.check_params()
        learner._columns = _columns(stored["columns"])
        learner.notes_ = tuple(checks.text(note, "a note") for note in stored["notes"])
        if stored["features"] is not None:
            learner.n_features_in_ = whole(stored["features"], "features")  # type: ignore[attr-defined]
        learner._restore(stored["learnt"])
    except UNREADABLE as error:
        raise ModelFileError(f"{path} does not hold a {name} that this version of Elman can read: {error}") from error
    return learner


def _entry(name: str) -> str:
    """Of the header, for an estimator of this class."""
    return next(entry for entry, kind in KINDS.items() if kind == name)


# --- parameters ---------------------------------------------------------------------------------------------


def _params(learner: Learner) -> dict[str, Any]:
    params = learner.get_params()
    if isinstance(learner.cell, Cell):
        params["cell"] = None  # its equations are in the description of the network
    if isinstance(learner.random_state, np.random.Generator | np.random.RandomState):
        raise OptionError(
            f"random_state is {shown(learner.random_state)}, which cannot be saved; expected a whole number or None: "
            "set_params(random_state=0) leaves what was learnt as it is"
        )
    params["learning_rate"] = rate_to_data(learner.learning_rate)
    if isinstance(params.get("class_weight"), Mapping):
        given = params["class_weight"]
        params["class_weight"] = [[labels_to_data(np.array([name])), weight] for name, weight in given.items()]
    return params


def _set_params(learner: Learner, stored: dict[str, Any]) -> None:
    params = stored | {"learning_rate": rate_from_data(stored["learning_rate"])}
    if isinstance(params.get("class_weight"), list):
        params["class_weight"] = {
            name: weight for names, weight in params["class_weight"] for name in labels_from_data(names).tolist()
        }
    learner._set_params(params)


def labels_to_data(labels: np.ndarray) -> dict[str, Any]:
    """Labels of any type as plain data.

    Raises
    ------
    OptionError
        If they are no texts, numbers or booleans that JSON can hold.

    Examples
    --------
    >>> labels_to_data(np.array(["run", "walk"]))
    {'dtype': '<U4', 'values': ['run', 'walk']}
    """
    if labels.dtype.kind not in "biufUS" or (labels.dtype.kind == "f" and labels.dtype.itemsize > 8):
        raise OptionError(f"labels of type {labels.dtype} cannot be saved; expected texts, numbers or booleans")
    values = [one.decode("latin-1") if isinstance(one, bytes) else one for one in labels.tolist()]
    return {"dtype": labels.dtype.str, "values": values}


def labels_from_data(data: dict[str, Any]) -> np.ndarray:
    """The labels that `labels_to_data` described.

    Raises
    ------
    ModelFileError
        If they are of another type than it says.
    """
    held(data, "its labels", {"dtype": str, "values": list_of((str, int, float, bool))})
    dtype, values = np.dtype(data["dtype"]), data["values"]
    if dtype.kind not in "biufUS" or dtype.itemsize > _bytes_of(values):
        raise ModelFileError(f"its labels are {shown(values)} of type {dtype}")
    found = np.array([one.encode("latin-1") for one in values] if dtype.kind == "S" else values, dtype)
    if labels_to_data(found)["values"] != values or found.ndim != 1:
        raise ModelFileError(f"its labels are no {dtype}: {shown(values)}")
    return found


def _bytes_of(values: list[Any]) -> int:
    """How many the longest of some labels takes at most."""
    return max((4 * max(len(value), 1) if isinstance(value, str) else 8 for value in values), default=8)


# --- what was learnt ----------------------------------------------------------------------------------------


def _members(
    description: dict[str, Any], stored: dict[str, Any], tensors: Mapping[str, np.ndarray], threads: int | None
) -> list[Network]:
    """The networks, which must take what the scaling makes and return a vector."""
    own = [{name: one[name] for name in _ITS_OWN} for one in stored["members"]]
    members = [member(description | one, tensors, number, threads) for number, one in enumerate(own)]
    if not members:
        raise ModelFileError("it has no network")
    width = _width(stored)
    net = members[0]
    if len(net.doors) != 1 or net.doors[0].whole or net.inputs != width or len(net.ends) != 1 or net.sequence_output:
        raise ModelFileError(f"its networks do not make one vector of sequences of {width} features")
    return members


def _scaling(stored: dict[str, Any], tensors: Mapping[str, np.ndarray]) -> Scaling:
    channels = tuple(checks.text(name, "a channel") for name in stored["channels"])
    masked = tuple(whole(number, "a channel with a mask", 0, len(channels) - 1) for number in stored["masked"])
    mean, spread = tensors["scaling/mean"], tensors["scaling/spread"]
    for array in (mean, spread):
        if array.dtype != np.float64 or array.shape != (len(channels),) or not np.isfinite(array).all():
            raise ModelFileError(f"its scaling is {shown(array)} for {len(channels)} channels")
    if not (spread > 0).all() or len(set(channels)) < len(channels):
        raise ModelFileError("its scaling has no spread, or two channels of one name")
    gap, unit = real(stored["gap"], "the gap", 0, from_low=True), checks.text(stored["unit"], "the unit of times")
    return Scaling(channels, mean, spread, masked, gap, unit)


def _width(stored: dict[str, Any]) -> int:
    return len(stored["channels"]) + len(stored["masked"]) + (stored["gap"] > 0)


def _columns(stored: dict[str, Any]) -> dict[str, Any]:
    """Names of columns, as `fit` was told them."""
    if set(stored) != {"group", "time", "columns", "label"}:
        raise ModelFileError(f"it says of columns {shown(stored)}")
    return dict(stored)
