"""Standings: where a training stands, as arrays and JSON in one file, and a training that goes on from there.

The file is a model file: `elman.load` reads the network in it. Names with a slash are of the training:
``optimizer/m``, ``carried/0``, ``history/loss``, ``callback/2/weights``.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from elman.checks import shown
from elman.errors import ModelFileError, OptionError
from elman.plain import to_json
from elman.tensors import to_bytes
from elman.training.optimizer import Optimizer
from elman.training.protocol import Trainable
from elman.untrusted import UNREADABLE, check_tensor, count, held, list_of, parsed, read_tensors

ENTRY = "checkpoint"
NUMBER = "float"  # the key of a number that JSON has not
OPTIMIZER, CARRIED, EPOCH, HISTORY, CALLBACK = "optimizer/", "carried/", "epoch/", "history/", "callback/"
FORMAT = 1

States = list[tuple[str, Mapping[str, Any]]]
"""Of each callback the name of its class, and what it remembers."""


@dataclass(frozen=True)
class Standing:
    """A training at some update, or any network with its optimiser.

    Attributes
    ----------
    arrays : dict of str to ndarray
    said : dict
        All else, as JSON.
    header : dict of str to str
        Of the network, as in a model file.
    """

    arrays: dict[str, np.ndarray]
    said: dict[str, Any]
    header: dict[str, str]

    @classmethod
    def of_network(cls, net: Trainable, optimizer: Optimizer) -> Standing:
        """A network and what its optimiser remembers."""
        arrays = {name: _part(net, name) for name in net.params.places}
        arrays |= {f"{OPTIMIZER}{name}": array for name, array in optimizer.state.items()}
        said = {"optimizer": type(optimizer).__name__, "updates": optimizer.updates}
        return cls(arrays, said, net.file_header())

    def to_bytes(self) -> bytes:
        """As a safetensors file."""
        return to_bytes(self.arrays, {**self.header, ENTRY: to_json(self.said, "the checkpoint")})

    @classmethod
    def read(cls, path: Path) -> Standing:
        """What a file holds.

        Raises
        ------
        ModelFileError
            If it cannot be read, or holds no checkpoint.
        """
        arrays, header = read_tensors(path)
        if ENTRY not in header or "elman" not in header:
            raise ModelFileError(f"{path} holds no checkpoint; el.load reads models")
        said = parsed(header[ENTRY], f"the entry {ENTRY} of {path}")
        return cls(arrays, said, {name: text for name, text in header.items() if name != ENTRY})

    def named(self, prefix: str) -> dict[str, np.ndarray]:
        """The arrays whose names begin with a prefix, without it."""
        return {name.removeprefix(prefix): a for name, a in self.arrays.items() if name.startswith(prefix)}

    @property
    def network(self) -> dict[str, Any]:
        """What the file says of the network."""
        found = parsed(self.header["elman"], "the description of the network")
        if not isinstance(found, dict):
            raise ModelFileError("the description of the network is no object")
        return found

    def values(self, net: Trainable) -> np.ndarray:
        """The parameters as the network's flat array (P,), each of which has to be there."""
        found = np.array(net.arena)
        mine = {name: array for name, array in self.arrays.items() if "/" not in name}
        if mine.keys() != net.params.places.keys():
            other = sorted(mine.keys() ^ net.params.places.keys())[0]
            raise ModelFileError(f"the parameter {other!r} is in the file or in the network, and not in both")
        for name, place in net.params.places.items():
            array = check_tensor(mine[name], name, place.shape, net.dtype)
            found[place.offset : place.offset + place.size] = array.ravel()
        return found

    def optimizer_states(self, net: Trainable, optimizer: Optimizer) -> dict[str, np.ndarray]:
        """What the optimiser remembers; nothing of one that was not used yet."""
        found = self.named(OPTIMIZER)
        expected = optimizer.names_like(found)
        if set(found) != set(expected) and (found or self.said["updates"]):
            raise ModelFileError(f"the optimizer remembers {sorted(found)}; expected {sorted(expected)}")
        return {name: check_tensor(a, f"{OPTIMIZER}{name}", net.arena.shape, net.dtype) for name, a in found.items()}


def check_array(array: Any, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array of a file, if it has this shape and dtype; its numbers may be what they like.

    Raises
    ------
    ModelFileError
    """
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != np.dtype(dtype):
        raise ModelFileError(f"{name} is {shown(array)}; expected shape {shape} of {np.dtype(dtype)}")
    return array


def different(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> str | None:
    """The first name whose values differ."""
    return next((name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)), None)


def _part(net: Trainable, name: str) -> np.ndarray:
    place = net.params.places[name]
    return np.asarray(net.arena[place.offset : place.offset + place.size]).reshape(place.shape)


def versions() -> dict[str, str]:
    """Of what a training depends on."""
    return {"elman": version("elman"), "numpy": np.__version__, "python": platform.python_version()}


# --- callbacks ------------------------------------------------------------------------------------------------


def put_callbacks(states: States, arrays: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """What callbacks remember: arrays among the arrays, the rest as JSON."""
    said = []
    for number, (kind, state) in enumerate(states):
        inside = {name: value for name, value in state.items() if isinstance(value, np.ndarray)}
        arrays |= {f"{CALLBACK}{number}/{name}": value for name, value in inside.items()}
        said.append({"kind": kind, "said": {n: _put(v) for n, v in state.items() if n not in inside}})
    return said


def _put(value: Any) -> Any:
    """A value whose numbers may be infinite, or NaN, which JSON has not: those as ``{"float": "inf"}``."""
    if isinstance(value, float | np.floating) and not np.isfinite(value):
        return {NUMBER: str(float(value))}
    if isinstance(value, Mapping):
        return {name: _put(one) for name, one in value.items()}
    return [_put(one) for one in value] if isinstance(value, list | tuple) else value


def _taken(value: Any) -> Any:
    if isinstance(value, dict):
        number = str(value.get(NUMBER))
        only = len(value) == 1 and number in ("inf", "-inf", "nan")
        return float(number) if only else {name: _taken(one) for name, one in value.items()}
    return [_taken(one) for one in value] if isinstance(value, list) else value


def taken_callbacks(standing: Standing) -> States:
    """What `put_callbacks` wrote."""
    found: States = []
    for number, one in enumerate(standing.said["callbacks"]):
        found.append((one["kind"], {**_taken(one["said"]), **standing.named(f"{CALLBACK}{number}/")}))
    return found


def matched(states: States, callbacks: list[Any]) -> list[tuple[Any, Mapping[str, Any]]]:
    """Each callback that remembers something, with what it remembered; those of one class in their order.

    Raises
    ------
    OptionError
        If what remembers something is not there any more, or was not there then.
    """
    left = [(kind, state) for kind, state in states if state]
    found = []
    for callback in callbacks:
        kind = type(callback).__name__
        number = next((k for k, (other, _) in enumerate(left) if other == kind), None)
        if number is not None:
            found.append((callback, left.pop(number)[1]))
        elif callback.state_dict():
            raise OptionError(f"there is a callback {kind} that the run had not: leave it out, or begin anew")
    if left:
        raise OptionError(f"the run had a callback {left[0][0]} that is not there now: give it, or begin anew")
    return found


# --- a training -----------------------------------------------------------------------------------------------

_SCHEMA = {
    "format": int,
    "optimizer": str,
    "updates": count,
    "changed": dict,
    "epoch": count,
    "batch": count,
    "inside": bool,
    "stopped": bool,
    "why_stopped": str,
    "ended": bool,
    "skipped": count,
    "why_skipped": str,
    "seconds": (int, float),
    "callbacks": list_of(dict),
    "history": list_of(str),
    "fingerprint": dict,
    "versions": dict,
    "arithmetic": str,
}


def check_schema(standing: Standing, path: Any) -> None:
    """Refuse what no training wrote, before anything is taken from it.

    Raises
    ------
    ModelFileError
    """
    try:
        said = held(standing.said, "the checkpoint", _SCHEMA)
        if said["format"] > FORMAT:
            raise ModelFileError(f"its format {said['format']} is newer than {FORMAT}; install a newer Elman")
        for one in said["callbacks"]:
            held(one, "a callback", {"kind": str, "said": dict})
    except UNREADABLE as error:
        raise ModelFileError(
            f"{path} is no checkpoint of a training that this version can go on from: {error}"
        ) from error
