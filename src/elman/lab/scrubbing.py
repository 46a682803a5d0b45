"""Scrub: every named value of a network at every step of a sequence, and what a poke of a state does to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.errors import OptionError
from elman.lab.asked import Asked
from elman.lab.looking import _softmax, packed
from elman.lab.tasks import Data
from elman.network import Network


def scrubbed(net: Network, data: Data, asked: Asked) -> dict[str, Any]:
    """The values of one held sequence, and where a poke is asked for the difference that it makes.

    Parameters
    ----------
    net : Network
        Which answers at every step; one recurrent layer and a dense one.
    data : Data
    asked : Asked
        ``row``; ``poke`` with ``step`` (counted from 0), ``state``, ``unit``, ``amount``.
    """
    row = asked.whole("row", 0, 0, len(data.x_held) - 1)
    x = data.x_held[row : row + 1]
    names = [state.name for state in net.graphs[0].states]
    values = _values(net, x, names)
    poke = asked.inner("poke")
    return {
        "row": row,
        "rows": len(data.x_held),
        "steps": x.shape[1],
        "states": names,
        "input": {"names": list(data.inputs), **packed(x[0])},
        "target": _target(data, row),
        "output": {"names": list(data.targets), **packed(_said(values.pop("y"), data)[0])},
        "values": [
            {"name": name, "state": name in names, "width": value.shape[-1], **packed(value[0])}
            for name, value in values.items()
        ],
        "poke": None if poke is None else _poked(net, data, x, names, poke),
    }


def _said(y: np.ndarray, data: Data) -> np.ndarray:
    return _softmax(y) if data.classes else 1 / (1 + np.exp(-y)) if data.loss == "binary_cross_entropy" else y


def _target(data: Data, row: int) -> dict[str, Any]:
    """The target at each step, or at the last one: classes by their numbers."""
    target = np.atleast_1d(data.y_held[row])
    kind = "classes" if data.classes else "numbers"
    return {"kind": kind, "every_step": data.every_step, **packed(target.astype(np.float32))}


def _values(net: Network, x: np.ndarray, names: list[str], state: Any = None) -> dict[str, np.ndarray]:
    """Every named value (1, T, width): those of the cell in the order of its equations, then what the network says."""
    found = net.trace(x, state)
    layer, last = net.layer_names[0], net.layer_names[-1]
    inside = {key.removeprefix(f"{layer}."): value for key, value in found.items() if key.startswith(f"{layer}.")}
    ordered = {name: inside[name] for name in names} | {n: v for n, v in inside.items() if n not in names}
    if "y" in ordered:  # the cell's own output, which the dense layer reads
        ordered["output"] = ordered.pop("y")
    return {**ordered, "y": found[f"{last}.y"]}


def _poked(net: Network, data: Data, x: np.ndarray, names: list[str], poke: Asked) -> dict[str, Any]:
    """What changes where a state is changed behind a step."""
    step = poke.whole("step", 0, 0, x.shape[1] - 2)
    state = poke.one_of("state", names)
    sizes = net.state_sizes()[0]
    unit = poke.whole("unit", 0, 0, sizes[names.index(state)] - 1)
    amount = poke.real("amount", 0.5, -1e3, 1e3)
    if amount == 0:
        raise OptionError("a poke of 0 changes nothing: give another amount")
    plain = _values(net, x, names)
    states = [plain[name][:, step].astype(net.dtype).copy() for name in names]
    states[names.index(state)][0, unit] += amount
    after = _values(net, x[:, step + 1 :], names, [tuple(states)])
    differences = {}
    for name, value in after.items():
        whole = np.zeros_like(plain[name])
        whole[:, step + 1 :] = value - plain[name][:, step + 1 :]
        if name == state:
            whole[0, step, unit] = amount
        differences[name] = whole[0]
    y = plain["y"].copy()
    y[:, step + 1 :] = after["y"]
    size = np.sqrt(sum(np.square(differences[name].astype(np.float64)).sum(axis=-1) for name in names))
    differences.pop("y")
    return {
        "step": step,
        "state": state,
        "unit": unit,
        "amount": amount,
        "size": packed(size),
        "output": packed(_said(y, data)[0]),
        "values": {name: packed(value) for name, value in differences.items()},
    }
