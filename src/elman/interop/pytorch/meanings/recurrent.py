"""Recurrent layers and cells, packed sequences, and the states that both begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from elman.equations.vectors import concat
from elman.interop.pytorch.gates import ORDERS, rows_of
from elman.interop.pytorch.meanings.arithmetic import known_vector
from elman.interop.pytorch.meanings.layers import array, remember, stem
from elman.interop.pytorch.recurrent import recurrent_layer
from elman.interop.pytorch.values import FEATURES, ONE, ROWS, STACK, STEPS, Cannot, Value
from elman.interop.pytorch.watching import Watch
from elman.network.flow import running
from elman.network.layers import Layer
from elman.network.stateless_layers import Dropout

NAMED = {"lstm": "LSTM", "gru": "GRU", "rnn_tanh": "RNN", "rnn_relu": "RNN"}


_FED_BACK = (
    "a cell's input or state is not that of the step before in a loop over all steps, as where outputs are fed back: "
    "such a loop is Network.generate here"
)


class Swapped(Cannot):
    """Rows stand where steps are expected."""


@dataclass
class Stack:
    """The layers of a recurrent module, direction after direction."""

    kind: str
    layers: list[Layer]
    both: bool
    dropout: float
    name: str

    def run(self, x: Any, begins: Sequence[Sequence[Any]]) -> tuple[Any, list[tuple[Any, ...]]]:
        """The outputs, and the final states of each layer and direction."""
        finals: list[tuple[Any, ...]] = []
        ways, count = 1 + self.both, len(self.layers) // (1 + self.both)
        for number in range(count):
            name = self.name if count == 1 else f"{self.name}_{number}"
            mine = self.layers[number * ways : number * ways + ways]
            x, ends = self._one(x, mine, begins[number * ways : number * ways + ways], name)
            finals += ends
            if self.dropout and number + 1 < count:
                with running().named(f"{name}_dropout"):
                    x = running().call(Dropout(self.dropout), [x], [], None)
        return x, finals

    def _one(self, x: Any, mine: list[Layer], begins: Any, name: str) -> tuple[Any, list[tuple[Any, ...]]]:
        tracing = running()
        with tracing.named(name):
            if not self.both:
                y = tracing.call(mine[0], [x], [], begins[0])
                return y, [y.states()]
            made = []
            for way, layer, begin in zip(("forward", "backward"), mine, begins, strict=True):
                with tracing.named(way):
                    made.append(tracing.call(layer, [x], [], begin))
            y = tracing.flow(concat(*made))
        tracing.parts[y.where.number].spare = True  # the final states alone may be read
        return y, [one.states() for one in made]


def _recurrent(kind: str) -> Callable[..., Any]:
    """Of a whole sequence, packed or not."""
    which = NAMED[kind]

    def meaning(w: Watch, out: Any, x: Any, *args: Any) -> Any:
        packed = isinstance(args[0], torch.Tensor) and not w.knows(args[0]) and args[0].dtype == torch.int64
        hx, weights, bias, layers, dropout, _, both = args[1:] if packed else args[:-1]
        first = False if packed else args[-1]
        value = w.value(x)
        begins = hx if which == "LSTM" else (hx,)
        stack = _stack_of(w, which, kind, weights, bias, layers, dropout, both, begins)
        dims = value.dims if packed else _check_dims(w, value, first)
        states = [_begins(w, one, len(stack.layers)) for one in begins]
        flow, finals = stack.run(value.flow, [_state(group) for group in zip(*states, strict=True)])
        around = [d for d in dims if d != STEPS and d != FEATURES]
        ends = [
            Value((STACK, *around, FEATURES), tuple(f[k] for f in finals), (len(finals),), is_final=True)
            for k in range(len(begins))
        ]
        found = Value((*dims[:-1], FEATURES), (flow,))
        return [found, *ends]

    return meaning


def _check_dims(w: Watch, value: Value, batch_first: bool) -> tuple[str, ...]:
    if value.step is not None:
        raise Cannot("a recurrent layer runs over a single step")
    dims = value.dims
    rows, steps = (0, 1) if batch_first else (1, 0)
    if len(dims) == 2:
        rows, steps = -1, 0
    if dims[-1] not in (FEATURES, ONE):
        raise Swapped(f"a recurrent layer reads axes {dims}: the features come last")
    w.is_alone |= rows >= 0 and dims[rows] == ONE
    if dims[steps] != STEPS or (rows >= 0 and dims[rows] not in (ROWS, ONE)):
        said = "batch_first=True" if batch_first else "batch_first=False"
        raise Swapped(f"a recurrent layer with {said} reads axes {dims[0]}, {dims[1]} (B rows, T steps)")
    return dims


def _stack_of(
    w: Watch, which: str, kind: str, weights: Any, bias: bool, layers: int, dropout: float, both: bool, begins: Any
) -> Stack:
    """The layers that these tensors make, once for each module."""
    key = ("recurrent", id(weights[0]))
    if key not in w.layers:
        hidden, ways = weights[0].shape[0] // {"LSTM": 4, "GRU": 3, "RNN": 1}[which], 1 + both
        each = len(weights) // (layers * ways)
        projection = weights[each - 1].shape[0] if each in (3, 5) else 0
        made = []
        for number in range(layers * ways):
            mine = list(weights[number * each : (number + 1) * each])
            layer = recurrent_layer(
                which, hidden, bias=bias, nonlinearity=kind.removeprefix("rnn_"), projection=projection
            )
            layer = replace(layer, reverse=bool(both and number % 2))
            _remember(w, layer, which, mine, bias, projection > 0)
            made.append(layer)
        name = stem(w.name(weights[0], "")) or which.lower()
        w.layers[key] = Stack(which, made, both, dropout, name)
    found: Stack = w.layers[key]
    return found


def _remember(w: Watch, layer: Layer, kind: str, tensors: list[Any], bias: bool, projected: bool) -> None:
    names = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if bias else []), *(["weight_hr"] if projected else [])]
    rows = rows_of(kind, bias=bias or projected, projected=projected, ending="")
    given = dict(zip(names, tensors, strict=True))
    remember(w, layer, given, rows, ORDERS[kind])
    if projected and not bias:
        zeros = np.zeros(tensors[0].shape[0], array(tensors[0]).dtype)
        w.made[-1].tensors |= {"bias_ih": zeros, "bias_hh": zeros}
        w.made[-1].frozen += [r.ours for r in rows if r.ours.startswith("b")]
        w.note(f"{w.name(tensors[0], 'lstm')}: it has no biases; here b is 0 and frozen")


def _state(group: Sequence[Any]) -> Any:
    return None if all(one is None for one in group) else tuple(group)


def _begins(w: Watch, given: Any, count: int) -> list[Any]:
    """What the states of each layer and direction begin with; None for zeros, and for what the caller gives."""
    if w.knows(given):
        value = w.value(given)
        if value.is_given:
            return [None] * count
        if value.step is not None and value.run is not None:
            raise Cannot(_FED_BACK)
        if STEPS in value.dims or value.step is not None or len(value.flows) != count:
            raise Cannot(f"{count} states begin with axes {value.dims}")
        return list(value.flows)
    whole = given.reshape(count, -1, given.shape[-1])
    return [_fixed_state(w, one, given) for one in whole]


def _fixed_state(w: Watch, rows: Any, given: Any) -> Any:
    """A state that is the same in each row: zeros, or learnt."""
    own = given.requires_grad and (not given.is_leaf or id(given) in w.names)
    if not own and not rows.any():
        return None
    if not torch.equal(rows, rows[:1].expand_as(rows)):
        raise Cannot(
            "states begin with numbers that differ from row to row, as torch.randn makes them: begin with zeros, with "
            "an nn.Parameter that is the same for all rows, or take them as an argument of forward"
        )
    return known_vector(w, rows[0], given if own else None, alone=True)


# --- packed sequences -----------------------------------------------------------------------------------------------


def _pack(w: Watch, out: Any, x: Any, lengths: Any, batch_first: bool) -> Any:
    value = w.value(x)
    wanted = (ROWS, STEPS, FEATURES) if batch_first else (STEPS, ROWS, FEATURES)
    if value.dims[:2] != wanted[:2]:
        raise Swapped(f"pack_padded_sequence with batch_first={batch_first} reads axes {value.dims}")
    if w.lengths is None or lengths.tolist() != sorted(w.lengths, reverse=True):
        raise Cannot("a sequence is packed by lengths that are no argument of forward: take them as `lengths`")
    w.packs = True
    return [value, None]


def _pad_packed(w: Watch, out: Any, x: Any, sizes: Any, batch_first: bool, *_: Any) -> Any:
    value = w.value(x)
    dims = (ROWS, STEPS) if batch_first else (STEPS, ROWS)
    return [value.with_dims([*dims, *value.dims[2:]]), None]


# --- cells in a loop over the steps -----------------------------------------------------------------------------------


@dataclass(eq=False)
class Run:
    """A cell that goes through a sequence, step by step."""

    flow: Any
    last: int
    pace: int
    states: int


def _cell(kind: str) -> Callable[..., Any]:
    which = NAMED[kind.removesuffix("_cell")]

    def meaning(w: Watch, out: Any, x: Any, hx: Any, *tensors: Any) -> Any:
        value = w.value(x)
        if value.step is None or not w.loops:
            raise Cannot("a cell reads something that is not a step of a sequence")
        begins = hx if which == "LSTM" else (hx,)
        run = _run_of(w, kind, which, value, begins, tensors)
        if which == "LSTM":
            return [_stepped(w, value, run, k) for k in range(2)]
        return _stepped(w, value, run, 0)

    meaning.is_cell = meaning.of_steps = True  # type: ignore[attr-defined]
    return meaning


def _run_of(w: Watch, kind: str, which: str, value: Value, begins: Any, tensors: Sequence[Any]) -> Run:
    step, last = value.step, w.sizes[STEPS] - 1
    assert step is not None
    key = ("run", id(tensors[0]), id(value.flow))
    if step in (0, last) and key not in w.layers:
        reverse = step == last and last > 0
        layer = _cell_layer(w, kind, which, tensors, reverse)
        states = [_begins(w, one, 1)[0] for one in begins]
        with running().named(stem(w.name(tensors[0], "")) or which.lower()):
            flow = running().call(layer, [value.flow], [], _state(states))
        w.layers[key] = Run(flow, step, -1 if reverse else 1, len(begins))
        return w.layers[key]  # type: ignore[no-any-return]
    run = w.layers.get(key)
    own = [w.value(one).run for one in begins if w.knows(one)]
    mine = run is not None and own == [(run, k) for k in range(run.states)]
    before = [w.value(one).step for one in begins if w.knows(one)]
    if run is None or not mine or set(before) != {run.last} or step != run.last + run.pace:
        raise Cannot(_FED_BACK)
    run.last = step
    return run  # type: ignore[no-any-return]


def _cell_layer(w: Watch, kind: str, which: str, tensors: Sequence[Any], reverse: bool) -> Layer:
    key = ("cell", id(tensors[0]), reverse)
    if key not in w.layers:
        bias = len(tensors) > 2 and tensors[2] is not None
        hidden = tensors[1].shape[-1]
        activation = kind.removesuffix("_cell").removeprefix("rnn_")
        layer = recurrent_layer(which, hidden, bias=bias, nonlinearity=activation)
        w.layers[key] = replace(layer, reverse=reverse)
        _remember(w, w.layers[key], which, [t for t in tensors if t is not None], bias, False)
    return w.layers[key]  # type: ignore[no-any-return]


def _stepped(w: Watch, value: Value, run: Run, state: int) -> Value:
    """A state after a step; one that is no output is known at the end only."""
    dims = (*(d for d in value.dims if d not in (FEATURES, ONE)), FEATURES)
    if state == 0:
        return Value(dims, (run.flow,), step=value.step, run=(run, state))
    at_end = run.last == (w.sizes[STEPS] - 1 if run.pace > 0 else 0)
    if at_end:
        return Value(dims, (run.flow.states()[state],), run=(run, state))
    return Value(dims, (), step=value.step, run=(run, state))


MEANINGS: dict[str, Callable[..., Any]] = {
    **{kind: _recurrent(kind) for kind in NAMED},
    **{f"{kind}_cell": _cell(f"{kind}_cell") for kind in NAMED},
    "_pack_padded_sequence": _pack,
    "_pad_packed_sequence": _pad_packed,
}
