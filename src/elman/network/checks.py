"""Checks of what users hand to a network, with messages in their terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.engine import ENGINES, default_engine
from elman.equations.graph import Graph
from elman.equations.symbols import width
from elman.errors import OptionError, ShapeError
from elman.network.layers import Layer

__all__ = ["count", "dtype", "engine", "flat_state", "layers", "lengths", "network_input", "seed", "width"]


def count(number: Any, what: str) -> int:
    """A whole number of at least 1."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        raise OptionError(f"{what} must be a whole number of at least 1, got {number!r}")
    return int(number)


def seed(number: Any) -> int:
    """A whole number of at least 0."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0:
        raise OptionError(f"seed must be a whole number of at least 0, got {number!r}")
    return int(number)


def layers(given: Sequence[Layer]) -> list[Layer]:
    """A list of at least one layer."""
    found = list(given)
    for k, layer in enumerate(found):
        if not isinstance(layer, Layer):
            raise OptionError(f"layers[{k}] is {layer!r}; expected a layer, such as GRU(64) or Recurrent(my_cell, 64)")
    if not found:
        raise OptionError("a network needs at least one layer")
    return found


def dtype(given: Any) -> np.dtype:
    """float32 or float64."""
    found = np.dtype(given)
    if found not in (np.float32, np.float64):
        raise OptionError(f"dtype must be float32 or float64, got {found}")
    return found


def engine(name: str | None) -> str:
    """The name of an engine; the default for None."""
    found = default_engine() if name is None else name
    if found not in ENGINES:
        raise OptionError(f"unknown engine {found!r}; there are {', '.join(ENGINES)}")
    return found


def holds_indices(graph: Graph) -> bool:
    """Whether a layer reads its input as an index, and as nothing else."""
    x = graph.inputs[0]
    uses = [(n.op, k) for n in graph.nodes() for k, i in enumerate(n.inputs) if i is x]
    return bool(uses) and x not in graph.outputs and all(use in (("lookup", 1), ("pick", 1)) for use in uses)


def network_input(x: Any, features: int, dtype: np.dtype, indices: bool = False) -> np.ndarray:
    """x as (B, T, F); a (B, T) array is taken as one feature. Indices become int64, if they are whole numbers."""
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise ShapeError(f"x holds {array.dtype}; expected numbers")
    if array.ndim == 2 and features == 1:
        array = array[:, :, None]
    if array.ndim != 3:
        raise ShapeError(f"x has shape {array.shape}; expected (B, T, F) = (batch, time steps, {features} features)")
    if array.shape[2] != features:
        raise ShapeError(
            f"x has {array.shape[2]} features, the network expects {features}; x has shape {array.shape}, "
            f"read as (batch, time steps, features)"
        )
    if 0 in array.shape:
        raise ShapeError(f"x has shape {array.shape}; it needs at least one row and one time step")
    if indices and (array.dtype.kind in "iub" or (array == np.floor(array)).all()):
        dtype = np.dtype(np.int64)  # with others an engine says what is wrong, where they are in use
    return array if array.dtype == dtype else array.astype(dtype)


def lengths(given: Any) -> np.ndarray | None:
    """Lengths as whole numbers."""
    if given is None:
        return None
    found = np.asarray(given)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise ShapeError(f"lengths must be whole numbers, one for each row; got {found.dtype} of shape {found.shape}")
    return found.astype(np.int64)


def flat_state(state: Any, sizes: list[list[int]], rows: int, dtype: np.dtype) -> list[np.ndarray]:
    """States given as [(h, c), (h,), ...] in one list, checked; a lone array or tuple serves a single layer."""
    if isinstance(state, np.ndarray):
        state = [(state,)]
    elif isinstance(state, tuple) and len(sizes) == 1:
        state = [state]
    groups = [(s,) if isinstance(s, np.ndarray) else tuple(s) for s in state]
    if [len(g) for g in groups] != [len(s) for s in sizes]:
        raise ShapeError(
            f"state has {[len(g) for g in groups]} arrays by layer; "
            f"the network's recurrent layers have {[len(s) for s in sizes]}"
        )
    flat = [np.ascontiguousarray(a, dtype=dtype) for g in groups for a in g]
    for array, size in zip(flat, [n for s in sizes for n in s], strict=True):
        if array.shape != (rows, size):
            raise ShapeError(f"a state has shape {array.shape}; expected {(rows, size)} = (rows of x, hidden size)")
    return flat
