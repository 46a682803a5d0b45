"""Checks of what users hand to a network, with messages in their terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.checks import listed, nearest, numbers, shown, whole
from elman.engine import ENGINES, default_engine
from elman.equations.symbols import width
from elman.errors import DataError, OptionError, ShapeError
from elman.network.composites import Composite
from elman.network.face import Net
from elman.network.layers import Layer
from elman.network.structure import Structure
from elman.network.structure_of_function import of_function
from elman.network.structure_of_layers import of_layers
from elman.training.finite import check_finite

__all__ = [
    "check_results",
    "dtype",
    "engine",
    "flat_state",
    "layers",
    "width",
]


def layers(given: Sequence[Layer]) -> list[Layer]:
    """A list of at least one layer."""
    if isinstance(given, Layer):
        raise OptionError("layers is one layer; expected a list of layers: put it in brackets, layers=[...]")
    found = listed(given, "layers", "layers, such as GRU(64)")
    for k, layer in enumerate(found):
        if not isinstance(layer, Layer | Composite):
            raise OptionError(f"layers[{k}] is {layer!r}; expected a layer, such as GRU(64) or Recurrent(my_cell, 64)")
    if not found:
        raise OptionError("a network needs at least one layer")
    return found


def dtype(given: Any) -> np.dtype:
    """float32 or float64."""
    try:
        found = None if given is None else np.dtype(given)  # of None NumPy makes float64
    except (TypeError, ValueError):
        found = None
    if found is None or found not in (np.float32, np.float64):  # None is equal to float64
        raise OptionError(f"dtype must be float32 or float64, got {given!r}")
    return found


def engine(name: str | None) -> str:
    """The name of an engine; the default for None."""
    found = default_engine() if name is None else name
    if not isinstance(found, str) or found not in ENGINES:
        raise OptionError(f"unknown engine {found!r}{nearest(found, ENGINES)}; there are {', '.join(ENGINES)}")
    return found


def only(what: str, several: Sequence[Any]) -> Any:
    """Of an input or output, where there is one."""
    if len(several) == 1:
        return several[0]
    raise OptionError(f"the network has {len(several)} {what}, and this needs a network with one")


def structure(function: Any, given: Any, inputs: Any) -> Structure:
    """What `Network` is told: a function of sequences and its inputs, or the features and layers of a chain."""
    if given is None and callable(function) and not isinstance(function, Layer | Composite):
        return of_function(function, inputs)
    if given is None and inputs is None and not callable(function) and isinstance(function, list | tuple):
        raise OptionError(
            f"Network got {shown(function)} and no more: the features of the input come first, Network(3, [layers ...])"
        )
    if given is None:
        raise OptionError(
            "a network is Network(features, [layers ...]) or Network(function, inputs={name: features}); got "
            f"{function!r} and no layers"
        )
    if callable(function):
        raise OptionError(
            f"a function came and {shown(given)} as layers: the function of a network calls its layers itself, and "
            "what it takes is said by inputs={name: features}"
        )
    if function is not None and inputs is not None:
        raise OptionError("inputs came twice: Network(features, layers) or Network(inputs=features, layers=layers)")
    features = function if inputs is None else inputs
    if isinstance(features, list | tuple) and features and isinstance(features[0], Layer | Composite):
        raise OptionError("layers came where the features of the input are expected: Network(3, [layers ...])")
    if isinstance(features, list | tuple):
        raise OptionError(
            f"inputs is {shown(features)}; expected a whole number, the features at a step: sequences may have any "
            "number of steps"
        )
    return of_layers(whole(features, "inputs"), layers(given))


def flat_state(state: Any, sizes: list[list[int]], rows: int, dtype: np.dtype, name: str = "state") -> list[np.ndarray]:
    """States given as [(h, c), (h,), ...] in one list, checked; a lone array or tuple serves a single layer."""
    groups = _groups(state, len(sizes), name)
    if [len(g) for g in groups] != [len(s) for s in sizes]:
        raise ShapeError(
            f"{name} has {[len(g) for g in groups]} arrays by layer; "
            f"the network's recurrent layers have {[len(s) for s in sizes]}"
        )
    pairs = [(i, j) for i, group in enumerate(groups) for j in range(len(group))]
    return [_state(groups[i][j], (rows, sizes[i][j]), dtype, f"{name}[{i}][{j}]") for i, j in pairs]


def _state(array: Any, shape: tuple[int, int], dtype: np.dtype, place: str) -> np.ndarray:
    given = numbers(array, place)
    if given.shape != shape:
        raise ShapeError(f"{place} has shape {given.shape}; expected {shape} = (rows of x, hidden size)")
    if given.dtype != dtype:
        with np.errstate(over="ignore"):  # what is too large is infinite then, and found as such
            given = given.astype(dtype)
    found = np.ascontiguousarray(given)
    check_finite(found, place)
    return found


def _groups(state: Any, layers: int, name: str) -> list[tuple[Any, ...]]:
    """The arrays of each layer."""
    if isinstance(state, np.ndarray):
        state = [(state,)]
    elif isinstance(state, tuple) and layers == 1:
        state = [state]
    if not isinstance(state, list | tuple) or not all(isinstance(s, np.ndarray | list | tuple) for s in state):
        raise ShapeError(f"{name} is {type(state).__name__}; expected a list with a tuple of arrays for each layer")
    return [(s,) if isinstance(s, np.ndarray) else tuple(s) for s in state]


def check_results(net: Net, arrays: dict[str, np.ndarray], arena: np.ndarray | None = None) -> None:
    """Raise `DataError` if a result of finite inputs is not finite: for want of a finite parameter, or overflow."""
    wrong = [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if not wrong:
        return
    parameters = net.arena if arena is None else arena
    bad = np.flatnonzero(~np.isfinite(parameters))
    if len(bad):
        raise DataError(
            f"the parameter {net.where(int(bad[0]))} is {parameters[bad[0]]}: load the network again, or give it "
            "finite values"
        )
    name, array = wrong[0], arrays[wrong[0]]
    place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
    raise DataError(
        f"{name}{list(place)} has become {array[place]}, though inputs and parameters are finite: values have grown "
        f"beyond what {net.dtype} holds, or the equations divide by 0; scale the inputs to about 1"
    )
