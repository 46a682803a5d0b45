"""Several networks in one file: the first as `Network.save` stores it, names of the others as ``member1/gru.W_z``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from elman.equations import Cell
from elman.equations.store import to_data
from elman.network.network import Network
from elman.plain import to_json


def tensors_of(members: Sequence[Network]) -> dict[str, np.ndarray]:
    """The parameters of networks by the names that they have in a file.

    Examples
    --------
    >>> from elman.network import Dense, Network
    >>> list(tensors_of([Network(1, [Dense(1)]), Network(1, [Dense(1)])]))
    ['0.W', '0.b', 'member1/0.W', 'member1/0.b']
    """
    return {
        _prefix(number) + name: np.ascontiguousarray(value)
        for number, network in enumerate(members)
        for name, value in network.params.items()
    }


def member(
    description: dict[str, Any], tensors: Mapping[str, np.ndarray], number: int, threads: int | None = None
) -> Network:
    """One of the networks of a file, by its number and what `elman.network.files.describe` said of it."""
    prefix = _prefix(number)
    mine = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    parameters = {name: value for name, value in mine.items() if "/" not in name}
    return Network.restored(description, threads=threads, parameters=parameters)


def check_storable(params: Mapping[str, Any], cell: Any, what: str) -> None:
    """Refuse parameters of an estimator that no file can hold.

    Raises
    ------
    OptionError
        Naming the parameter.
    EquationError
        If the cell is one of the user's own with equations that no file can hold.
    """
    to_json(params, what)
    if isinstance(cell, Cell):
        to_json(to_data(cell), "cell")


def cell_of(network: Network) -> Any:
    """The cell of the layer that reads: the last with states."""
    return [layer.cell for layer in network.layers if layer.cell.states][-1]


def _prefix(number: int) -> str:
    return f"member{number}/" if number else ""
