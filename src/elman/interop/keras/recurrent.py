"""Recurrent layers of Keras in a network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from elman.equations.vectors import split
from elman.errors import ConversionError
from elman.interop.keras.activations import activation_of
from elman.interop.keras.arrays import ORDER, recurrent_to_elman
from elman.interop.keras.cells import keras_gru, keras_lstm, keras_simple
from elman.interop.keras.shortening import counts, is_whole
from elman.interop.keras.values import Value
from elman.network.composites import MERGES, Bidirectional
from elman.network.layers import Layer
from elman.network.moves import pool, reverse
from elman.network.recurrent_layers import GRU, LSTM, Recurrent, SimpleRNN

CELLS = {"SimpleRNNCell": "simple", "GRUCell": "gru", "LSTMCell": "lstm"}
MERGED = {"concat": "concat", "sum": "sum", "ave": "mean", "mul": "mul"}
_PLAIN = {"simple": SimpleRNN, "gru": GRU, "lstm": LSTM}
_OTHER = {"simple": keras_simple, "gru": keras_gru, "lstm": keras_lstm}


def recurrent(walk: Any, layer: Any, x: Value, *, initial_state: Any = None, mask: Any = None, **_: Any) -> Any:
    """`SimpleRNN`, `GRU`, `LSTM` and `RNN` of cells."""
    x, carried = _mask_seen(walk, layer, x, initial_state, mask)
    cells = _cells_of(layer)
    begins = _grouped(_listed(initial_state), cells)
    flow, finals = x.flow, []
    for number, (cell, begin) in enumerate(zip(cells, begins, strict=True)):
        last = number == len(cells) - 1
        ours = walk.known((layer, number), lambda k=number, c=cell, z=last: _made(walk, layer, c, k, z))
        flow = _called(walk, layer, ours, cell, flow, _flow_of(walk, x), begin)
        finals += list(flow.states())
    found = replace(_oriented(walk, layer, flow, x), mask=carried if layer.return_sequences else None)
    if not layer.return_state:
        return found
    walk.branches()
    return [found, *(Value(state) for state in finals)]


def _mask_seen(walk: Any, layer: Any, x: Value, begins: Any, mask: Any) -> tuple[Value, Any]:
    """What a recurrent layer reads with the mask that it sees, and the mask that goes on from there."""
    x = walk.with_mask(walk.timed(layer, x), mask)
    if begins is None or mask is not None or x.mask is None:
        return x, x.mask
    walk.notes.append(
        f"{layer.name} begins with states it is given, and Keras 3 does not hand it the mask then: it runs through "
        "masked steps there, and does here. To have it skip them call it with mask=... in Keras"
    )
    return replace(x, mask=None), x.mask


def _cells_of(layer: Any) -> list[Any]:
    cells = list(getattr(layer.cell, "cells", [layer.cell]))
    for cell in cells:
        if type(cell).__name__ not in CELLS or not type(cell).__module__.startswith("keras."):
            raise ConversionError(
                f"{layer.name} is an RNN over {type(cell).__name__}, a cell that is not Keras' own: its equations are "
                "code, which is not read. Write them as an elman.cell, and copy its weights"
            )
    return cells


def _flow_of(walk: Any, x: Value) -> Any:
    """The mask of the steps that a recurrent layer takes: Keras' own, or of those that are there in Keras."""
    used = x.mask or counts(walk, x)
    return None if used is None else used.flow


def _listed(states: Any) -> list[Value]:
    if states is None:
        return []
    flat = states if isinstance(states, list | tuple) else [states]
    return [one for state in flat for one in (_listed(state) if isinstance(state, list | tuple) else [state])]


def _grouped(states: list[Value], cells: list[Any]) -> list[Any]:
    """The given initial states by cell."""
    if not states:
        return [None] * len(cells)
    found, left = [], list(states)
    for cell in cells:
        count = 2 if type(cell).__name__ == "LSTMCell" else 1
        found.append(tuple(one.flow for one in left[:count]))
        left = left[count:]
    return found


def _made(walk: Any, layer: Any, cell: Any, number: int, last: bool) -> Layer:
    """Elman's layer for a cell of Keras, with its weights."""
    sequences = layer.return_sequences or not last or _zeroes(layer)
    inner = _inner_dropout(layer, cell, number)
    made = layer_of(cell, layer.name, sequences, layer.go_backwards, inner)
    kind = CELLS[type(cell).__name__]
    names = {"use_bias": cell.use_bias}
    walk.weigh(layer, made, recurrent_to_elman(kind, walk.arrays(cell)), ORDER[kind] + _convention(kind, cell))
    walk.notes += _notes(layer, cell, names)
    return made


def _convention(kind: str, cell: Any) -> str:
    if kind != "gru":
        return ""
    return ", reset after the product" if cell.reset_after else ", reset before the product"


def _notes(layer: Any, cell: Any, _: Any) -> list[str]:
    found = []
    if layer.stateful:
        found.append(
            f"{layer.name} is stateful: here states go from call to call by y, state = net(x, state=state, "
            "return_state=True), or by net.stream()"
        )
    for name in ("kernel_regularizer", "recurrent_regularizer", "bias_regularizer"):
        if getattr(cell, name, None) is not None:
            found.append(f"{layer.name}: its {name} is left out; net.fit has weight_decay")
    return found


def _inner_dropout(layer: Any, cell: Any, number: int) -> dict[str, float]:
    """Dropout that the recurrence has inside; that of the input alone is a layer before it."""
    if cell.recurrent_dropout or number or getattr(layer, "_both", False):
        rates = {"dropout": cell.dropout, "recurrent_dropout": cell.recurrent_dropout}
        return rates if any(rates.values()) else {}
    return {}


def layer_of(cell: Any, name: str, sequences: bool, backwards: bool, inner: dict[str, float]) -> Layer:
    """Elman's own layer where that has the same equations, else one of Keras' form of the cell."""
    kind = CELLS[type(cell).__name__]
    options: dict[str, Any] = {"activation": activation_of(cell.activation, name), "bias": cell.use_bias}
    options |= {"reset_after": cell.reset_after} if kind == "gru" else {}
    how: dict[str, Any] = {"return_sequences": sequences, "reverse": backwards}
    gates = "sigmoid" if kind == "simple" else activation_of(cell.recurrent_activation, name)
    if gates == "sigmoid" and not inner:
        return _PLAIN[kind](cell.units, **options, **how)
    options |= {} if kind == "simple" else {"recurrent_activation": gates}
    options |= inner
    return Recurrent(_OTHER[kind], cell.units, **options, **how)


def _zeroes(layer: Any) -> bool:
    return bool(getattr(layer, "zero_output_for_mask", False))


def _called(walk: Any, layer: Any, ours: Layer, cell: Any, flow: Any, mask: Any, begin: Any) -> Any:
    if cell.dropout and not _has_dropout(ours):
        with walk.aside("dropout"):
            flow = walk.apply(walk.known((layer, "dropout"), lambda: walk.dropout(cell.dropout, once=True)), flow)
    return walk.apply(ours, flow, state=begin, mask=mask)


def _has_dropout(ours: Layer) -> bool:
    return bool(ours.cell.options.get("dropout") or ours.cell.options.get("recurrent_dropout"))


def _oriented(walk: Any, layer: Any, flow: Any, x: Value) -> Value:
    """What Keras returns: backwards in time where it goes so, zeros where the mask ends if it is told to."""
    if _zeroes(layer) and x.mask is not None:
        with walk.aside("masked"):
            flow = walk.equations(x.mask.flow * flow)
        if not layer.return_sequences:
            walk.branches()
            return Value(pool(flow, "first" if layer.go_backwards else "last"))
    elif _zeroes(layer) and not layer.return_sequences:
        walk.branches()
        return Value(pool(flow, "first" if layer.go_backwards else "last"))
    if not layer.return_sequences:
        return Value(flow)
    if layer.go_backwards:
        if not is_whole(x):
            raise walk.refusal(layer, "turns a sequence that was made shorter; use padding='same' before it")
        walk.branches()
        flow = reverse(flow)
    return x.having(flow, flat=False)


def bidirectional(walk: Any, layer: Any, x: Value, *, initial_state: Any = None, mask: Any = None, **_: Any) -> Any:
    """Both directions of a recurrent layer, merged."""
    x, _ = _mask_seen(walk, layer, x, initial_state, mask)
    there, back = layer.forward_layer, layer.backward_layer
    for one in (there, back):
        if not hasattr(one, "cell") or len(_cells_of(one)) != 1:
            raise ConversionError(
                f"{layer.name} is Bidirectional over {type(one).__name__}: a recurrent layer with one cell is "
                "converted; make one Bidirectional for each of several cells, one on the other"
            )
    if there.go_backwards:
        raise ConversionError(f"{layer.name}: its forward layer goes backwards; swap the two directions")
    begins = _listed(initial_state)
    half = len(begins) // 2
    states = [tuple(b.flow for b in part) or None for part in (begins[:half], begins[half:])]
    if _is_composite(layer) and not begins:
        return _composite(walk, layer, x)
    walk.branches()
    flows = [_direction(walk, layer, one, k, x, states[k]) for k, one in enumerate((there, back))]
    return _merged(walk, layer, x, flows)


def _is_composite(layer: Any) -> bool:
    """Whether both directions are of the same kind, so that `elman.Bidirectional` says it."""
    a, b = (one.cell for one in (layer.forward_layer, layer.backward_layer))
    names = ("units", "activation", "recurrent_activation", "use_bias", "reset_after", "dropout", "recurrent_dropout")
    alike = type(a) is type(b) and all(getattr(a, n, None) == getattr(b, n, None) for n in names)
    return alike and layer.merge_mode is not None


def _direction(walk: Any, layer: Any, one: Any, number: int, x: Value, begin: Any) -> Any:
    ours = walk.known((layer, number), lambda: _made_of(walk, layer, one))
    return walk.apply(ours, x.flow, state=begin, mask=_flow_of(walk, x))


def _made_of(walk: Any, layer: Any, one: Any) -> Layer:
    cell = one.cell
    inner = {"dropout": cell.dropout, "recurrent_dropout": cell.recurrent_dropout}
    inner = inner if any(inner.values()) else {}
    made = layer_of(cell, one.name, layer.return_sequences, one.go_backwards, inner)
    kind = CELLS[type(cell).__name__]
    walk.weigh(layer, made, recurrent_to_elman(kind, walk.arrays(cell)), ORDER[kind] + _convention(kind, cell))
    walk.notes += _notes(one, cell, None)
    return made


def _composite(walk: Any, layer: Any, x: Value) -> Any:
    both = walk.known(layer, lambda: _composed(walk, layer))
    flow = walk.apply(both, x.flow, mask=_flow_of(walk, x))
    found = _with_zeros(walk, layer, x, flow)
    if not layer.return_state:
        return found
    walk.branches()
    halves = [split(state, 2) for state in flow.states()]
    return [found, *(Value(walk.equations(a)) for a, _ in halves), *(Value(walk.equations(b)) for _, b in halves)]


def _composed(walk: Any, layer: Any) -> Bidirectional:
    there = _made_of(walk, layer, layer.forward_layer)
    back = _made_of(walk, layer, layer.backward_layer)
    both = Bidirectional(there, merge=MERGED[layer.merge_mode])
    walk.move_weights(back, both.backward)  # type: ignore[attr-defined]
    return both


def _with_zeros(walk: Any, layer: Any, x: Value, flow: Any) -> Value:
    """Where the mask ends Keras has zeros in both directions, if all steps are returned."""
    if not layer.return_sequences:
        return Value(flow)
    if x.mask is not None:
        with walk.aside("masked"):
            flow = walk.equations(x.mask.flow * flow)
    return x.having(flow, flat=False)


def _merged(walk: Any, layer: Any, x: Value, flows: list[Any]) -> Any:
    mode = layer.merge_mode
    if mode is None:
        found = [_with_zeros(walk, layer, x, flow) for flow in flows]
    else:
        found = [_with_zeros(walk, layer, x, walk.equations(MERGES[MERGED[mode]](*flows)))]
    if not layer.return_state:
        return found if mode is None else found[0]
    return [*found, *(Value(state) for flow in flows for state in flow.states())]
