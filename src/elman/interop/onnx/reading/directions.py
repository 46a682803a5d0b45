"""RNN, GRU and LSTM nodes: their axes, weights and states."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.onnx.reading.axes import FEATURES, Atom, Dim, Filled, Lengths, Node, Tensor
from elman.interop.onnx.reading.call import Call, Operators, Reading, array_in, node_of, tensor_in
from elman.interop.onnx.reading.recurrent import DIRECTIONS, GATES, Weights, direction, functions
from elman.interop.onnx.reading.slices import picked
from elman.interop.report import Mapped


def _recurrent(i: Reading, call: Call) -> Any:
    """One layer for each direction, and what the node makes of them: all steps, final states."""
    op, how = call.node.op_type, call.attributes
    named = how.get("direction", b"forward").decode("utf8", "replace")
    if named not in DIRECTIONS:
        raise ConversionError(f"its direction is {named!r}; expected one of {', '.join(DIRECTIONS)}")
    batch_first = bool(how.get("layout", 0))
    x, time, batch = _sequence(call, batch_first)
    weights = _weights(op, call, x, len(DIRECTIONS[named]))
    _lengths(i, call, time)
    made = []
    for number, (reverse, mine) in enumerate(zip(DIRECTIONS[named], weights, strict=True)):
        found = direction(op, mine, how)
        states = 2 if op == "LSTM" else 1
        begins = tuple(_initial(call, 5 + k, number, mine.units, batch_first) for k in range(states))
        layer = found.make(reverse=reverse)
        timed = (batch, time)
        node = Node(
            "layer", (node_of(x),), mine.units, timed, call.where, layer, found.arrays, begins, (found,), time=time
        )
        made.append(node)
        what = f"{op}, {named}"[: None if len(weights) == 1 else len(op)] + (
            "" if len(weights) == 1 else ", backward" if reverse else ", forward"
        )
        i.mapped.append(Mapped(call.where, layer.cell.name, f"{what}: {found.how}"))
    return _made_by(made, op, batch_first, time, batch)


def _sequence(call: Call, batch_first: bool) -> tuple[Any, Atom, Atom]:
    x = tensor_in(call[0])
    if len(x.dims) != 3 or x.dims[2].only != FEATURES:
        raise ConversionError(
            "its input has no axes of time, batch and features, in this order: its features do not come last"
        )
    if x.grid.size != 1 or not all(isinstance(d.only, Atom) for d in x.dims[:2]):
        raise ConversionError(
            "it runs over an axis that is neither time nor batch, such as that of layers, or of one step: give it a "
            "sequence"
        )
    first, second = (d.only for d in x.dims[:2])
    time, batch = (second, first) if batch_first else (first, second)
    time.be("time"), batch.be("batch")
    return x.nodes[0], time, batch


def _weights(op: str, call: Call, x: Any, directions: int) -> list[Weights]:
    W, R = array_in(call[1], "W"), array_in(call[2], "R")
    gates, units = len(GATES[op]), R.shape[-1] if R.ndim == 3 else 0
    shapes: dict[str, tuple[np.ndarray, tuple[int, ...]]] = {
        "W": (W, (directions, gates * units, x.features)),
        "R": (R, (directions, gates * units, units)),
    }
    B = None if call[3] is None else _zeros_or_array(call[3], "B", (directions, 2 * gates * units), W.dtype)
    P = None if call[7] is None else _zeros_or_array(call[7], "P", (directions, 3 * units), W.dtype)
    shapes |= {} if B is None else {"B": (B, (directions, 2 * gates * units))}
    shapes |= {} if P is None else {"P": (P, (directions, 3 * units))}
    for name, (array, wanted) in shapes.items():
        if array.shape != wanted or not units or array.dtype.kind != "f":
            raise ConversionError(f"its {name} has the shape {array.shape}; expected {wanted} of numbers")
    if int(call.get("hidden_size", units)) != units:
        raise ConversionError(f"its hidden_size is {call.get('hidden_size')}, and R is for {units}")
    chosen = functions(op, call.attributes, directions)
    return [
        Weights(W[k], R[k], None if B is None else B[k], None if P is None else P[k], chosen[k])
        for k in range(directions)
    ]


def _zeros_or_array(value: Any, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    return np.full(shape, value.number, dtype) if isinstance(value, Filled) else array_in(value, name)


def _lengths(i: Reading, call: Call, time: Atom) -> None:
    value = call[4]
    if value is None:
        return
    if isinstance(value, Lengths):
        i.lengths.setdefault(value.name, []).append(time)
        return
    size = time.root().size
    if isinstance(value, np.ndarray) and size is not None and (value == size).all():
        return
    raise ConversionError("its sequence_lens are no input of the model: make them one, or leave them out")


def _initial(call: Call, k: int, direction: int, units: int, batch_first: bool) -> Any:
    """What a state begins with."""
    value = call[k]
    if value is None or (isinstance(value, Filled) and value.number == 0):
        return None
    if isinstance(value, Filled):
        return np.full(units, value.number)
    if isinstance(value, np.ndarray):
        return _constant_state(value, direction, units, batch_first)
    tensor = tensor_in(value, "its initial state")
    axis = 1 if batch_first else 0
    if len(tensor.dims) != 3 or not isinstance(tensor.dims[axis].only, int) or tensor.features != units:
        raise ConversionError("its initial state has no axes of direction, batch and units")
    return picked(tensor, axis, np.asarray(direction), call.where).nodes[0]


def _constant_state(value: np.ndarray, direction: int, units: int, batch_first: bool) -> np.ndarray | None:
    if not value.any():
        return None
    rows = np.moveaxis(value, 1, 0) if batch_first and value.ndim == 3 else value
    if rows.ndim != 3 or rows.shape[2] != units or not (rows == rows[:, :1]).all():
        raise ConversionError("its initial state is a constant that differs by row: make it an input")
    return rows[direction, 0]


def _made_by(made: list[Node], op: str, batch_first: bool, time: Atom, batch: Atom) -> tuple[Tensor, ...]:
    grid = np.empty(len(made), object)
    grid[:] = made
    axes = {"t": Dim((time,)), "d": Dim((0,)), "b": Dim((batch,)), "f": Dim((FEATURES,))}
    units = made[0].features
    all_steps = Tensor(tuple(axes[k] for k in ("btdf" if batch_first else "tdbf")), grid, units)
    order = tuple(axes[k] for k in ("bdf" if batch_first else "dbf"))
    found = [all_steps]
    for k in range(2 if op == "LSTM" else 1):
        finals = Tensor(order, grid, units).map(
            lambda n, k=k: Node("final", (n,), units, (batch,), n.where, option=k)  # type: ignore[misc]
        )
        found.append(finals)
    return tuple(found)


OPERATORS: Operators = {
    "RNN": _recurrent,
    "GRU": _recurrent,
    "LSTM": _recurrent,
}
