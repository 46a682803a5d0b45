"""Random networks as their users write them: functions of sequences, drawn as rows and written out as Python.

A graph is a list of rows (what, operands, a layer, options) over values, which are sequences of two time axes or one
vector a row. `RandomGraph.source` is what Elman runs; a reference goes through the rows and never sees Elman's layers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import elman as el

VECTOR = -1  # the axis of what has no time
INDICES = 5  # rows of an embedding's table
INPUTS = {  # axis and width
    "x": (0, 3),
    "u": (0, 2),
    "y": (1, 3),
    "tokens": (1, 1),
    "s": (VECTOR, 3),
    "kind": (VECTOR, 1),
    "gate": (0, 1),
    "here": (0, 1),
    "there": (1, 1),
}
OF_INDICES, MASKS = ("tokens", "kind"), ("here", "there")
WIDTHS = (2, 3, 4)
BESIDE = (
    1_000_000  # graphs of seeds from here on have layers with an output beside the state; others stay what they were
)


@el.cell(inputs=2)
def gapped(p, x, gap, h):
    """Two inputs: a gate that sees the second one only."""
    a = el.sigmoid(p.A @ gap + p.a)
    return a * h + (1 - a) * el.tanh(p.W @ x + p.U @ h)


@el.cell
def projecting(p, x, h):
    """An output beside the state, of a width of its own."""
    new = el.tanh(p.W @ x + p.U @ h)
    return p.V @ new + p.D @ h, new


@el.cell(memory=1)
def reading(p, x, m, h):
    """Attends to a memory by dot products, which no parameter but the query's knows."""
    c = el.attend(p.Q @ h, m, m)
    return el.tanh(p.W @ x + p.U @ h + p.V @ c + p.b)


@el.cell(memory=1)
def aligning(p, x, m, h, s):
    """Additive attention, whose keys and values are the memory's through matrices; two states."""
    c = el.attend(p.Q @ h + p.R @ x, p.K @ m, p.M @ m, vector=p.v)
    s = 0.5 * s + el.tanh(p.C @ c)
    return el.tanh(p.W @ x + p.U @ s), s


@el.cell(memory=2)
def glancing(p, x, keys, values):
    """No states, two memories."""
    return el.tanh(p.W @ x + p.C @ el.attend(p.Q @ x, p.K @ keys, values, scale=0.7))


# By kind: how a layer is written, its inputs, memories and states.
LAYERS: dict[str, tuple[str, int, int, int]] = {
    "simple": ("el.SimpleRNN({units}{options})", 1, 0, 1),
    "gru": ("el.GRU({units}{options})", 1, 0, 1),
    "gru_before": ("el.GRU({units}, reset_after=False{options})", 1, 0, 1),
    "lstm": ("el.LSTM({units}{options})", 1, 0, 2),
    "gapped": ("el.Recurrent(gapped, {units}{options})", 2, 0, 1),
    "projecting": ("el.Recurrent(projecting, {units}, sizes={{'output': 3}}{options})", 1, 0, 1),
    "reading": ("el.Recurrent(reading, {units}{options})", 1, 1, 1),
    "aligning": ("el.Recurrent(aligning, {units}, sizes={{'Q': 3, 'M': 2, 's': {units}}}{options})", 1, 1, 2),
    "glancing": ("el.Layer(glancing, {units}, sizes={{'Q': 3}})", 1, 2, 0),
    "dense": ("el.Dense({units}, activation='tanh')", 1, 0, 0),
    "linear": ("el.Dense({units})", 1, 0, 0),
    "unbiased": ("el.Dense({units}, bias=False)", 1, 0, 0),
    "layer_norm": ("el.LayerNorm()", 1, 0, 0),
    "embedding": (f"el.Embedding({INDICES}, {{units}})", 1, 0, 0),
    "conv": ("el.Conv1D({units}{options})", 1, 0, 0),
    "written": (f"el.Dense({INDICES})", 1, 0, 0),
    "additive": ("el.AdditiveAttention(3)", 1, 1, 0),
}
RECURRENT = ("simple", "gru", "gru_before", "lstm")
BOTH = (*RECURRENT, "gapped", "reading", "aligning")
ONE = {  # equations of one value, and whether its width becomes 1
    "tanh": ("el.tanh({0})", False),
    "sigmoid": ("el.sigmoid({0})", False),
    "relu": ("el.relu({0})", False),
    "softmax": ("el.softmax({0})", False),
    "square": ("el.square({0})", False),
    "half": ("0.5 * {0}", False),
    "one minus": ("1 - {0}", False),
    "roll": ("el.roll({0}, 1)", False),
    "sum": ("el.sum({0})", True),
    "first": ("{0}[:1]", True),
    "last of it": ("{0}[-1:]", True),
    "positive": ("({0} > 0)", False),
    "abs": ("el.abs({0})", False),
}
TWO = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "maximum": "el.maximum({0}, {1})",
    "div": "{0} / (el.square({1}) + 1.5)",
}
POOLS = ("mean", "max", "sum", "last", "first", "attention")


@dataclass(frozen=True)
class Row:
    """What makes a value: operands are numbers of earlier values, `state` those that states begin with."""

    what: str
    operands: tuple[int, ...] = ()
    layer: int = -1
    option: Any = None
    state: tuple[int | None, ...] | None = None
    mask: int | None = None
    embedded: int | None = None  # the value of the embedding whose table a tied layer writes with

    @property
    def reads(self) -> set[int]:
        return {k for k in (*self.operands, *(self.state or ()), self.mask) if k is not None}


@dataclass
class LayerOf:
    """A layer object, for inputs and memories of some widths."""

    kind: str
    units: int
    widths: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)
    both: str = ""  # the merge of a bidirectional one

    @property
    def text(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        inner = LAYERS[self.kind][0].format(units=self.units, options=options)
        return f"el.Bidirectional({inner}, merge={self.both!r})" if self.both else inner

    @property
    def states(self) -> int:
        return LAYERS[self.kind][3]

    @property
    def reads(self) -> int:
        return LAYERS[self.kind][1]

    @property
    def outputs(self) -> int:
        return {"projecting": 3}.get(self.kind, self.units) * (2 if self.both == "concat" else 1)


@dataclass
class RandomGraph:
    """Values are the inputs, then one for each row; `axes` and `widths` are theirs."""

    inputs: list[str]
    rows: list[Row]
    layers: dict[int, LayerOf]
    axes: list[int]
    widths: list[int]
    outputs: list[int]
    by_name: bool

    def name(self, number: int) -> str:
        return self.inputs[number] if number < len(self.inputs) else f"v{number}"

    def first_call(self, layer: int) -> int:
        """The value that a layer object made first, whose name its parameters have."""
        return next(k for k, row in enumerate(self.rows, len(self.inputs)) if row.layer == layer)

    def tied(self, number: int) -> int | None:
        """The layer that a tied one's matrix is of: the nearest one called before whose matrix fits, if any."""
        mine = self.layers[self.rows[number - len(self.inputs)].layer]
        for row in reversed(self.rows[: number - len(self.inputs)]):
            other = self.layers.get(row.layer)
            if (
                other
                and row.what not in ("tied", "written")
                and other.kind in ("dense", "linear")
                and (other.units, other.widths) == (mine.units, mine.widths)
            ):
                return row.layer
        return None

    @property
    def source(self) -> str:
        lines = [f"l{k} = {layer.text}" for k, layer in self.layers.items() if k < 1000]
        lines += [f"v{k} = {self._text(k, row)}" for k, row in enumerate(self.rows, len(self.inputs))]
        names = [self.name(k) for k in self.outputs]
        found = ", ".join(f"{n!r}: {n}" for n in names) if self.by_name else ", ".join(names)
        lines.append(f"return {{{found}}}" if self.by_name else f"return {found}")
        return f"def network({', '.join(self.inputs)}):\n" + "".join(f"    {line}\n" for line in lines)

    def _text(self, number: int, row: Row) -> str:
        names = [self.name(k) for k in row.operands]
        if row.embedded is not None:
            tied = f"W=(l{self.rows[row.embedded - len(self.inputs)].layer}, 'E')"
            return f"el.tie({self.layers[row.layer].text}, {tied})({names[0]})"
        if row.layer >= 0:
            other = self.tied(number) if row.what == "tied" else None
            made = self.layers[row.layer].text if row.what == "tied" else f"l{row.layer}"
            made = made if other is None else f"el.tie({made}, W=(l{other}, 'W'))"
            return f"{made}({', '.join(names)}{self._state(row)})"
        if row.what in ONE:
            return ONE[row.what][0].format(*names)
        if row.what in TWO:
            return TWO[row.what].format(*names)
        if row.what == "final":
            return f"{names[0]}.final" if row.option is None else f"{names[0]}.final[{row.option}]"
        if row.what == "attend":
            return f"el.attend({', '.join(names)}, scale={row.option!r})"
        option = "" if row.option is None else f"{row.option!r}"
        return f"el.{row.what}({', '.join(filter(None, [*names, option]))})"

    def _state(self, row: Row) -> str:
        mask = "" if row.mask is None else f", mask={self.name(row.mask)}"
        if row.state is None:
            return mask
        given = ["None" if k is None else self.name(k) for k in row.state]
        return (f", state=({', '.join(given)},)" if len(given) > 1 else f", state={given[0]}") + mask

    def network(self, engine: str, **options: Any) -> el.Network:
        scope: dict[str, Any] = {"el": el, "gapped": gapped, "reading": reading, "projecting": projecting}
        scope |= {"aligning": aligning, "glancing": glancing}
        exec(compile(self.source, "<random graph>", "exec"), scope)
        static = {name: el.Static(INPUTS[name][1]) if INPUTS[name][0] == VECTOR else INPUTS[name][1] for name in INPUTS}
        inputs = {name: static[name] for name in self.inputs}
        return el.Network(scope["network"], inputs=inputs, **{"dtype": np.float64, "engine": engine, **options})


def draw(seed: int) -> RandomGraph:
    """A graph of three to about a dozen rows, of which all serve an output."""
    return _Drawing(np.random.default_rng((seed, 2)), seed >= BESIDE).graph()


class _Drawing:
    def __init__(self, random: np.random.Generator, beside: bool):
        self.random = random
        self.recurrent = (*RECURRENT, "projecting", "projecting") if beside else RECURRENT
        self.inputs = list(INPUTS)
        self.axes = [axis for axis, _ in INPUTS.values()]
        self.widths = [width for _, width in INPUTS.values()]
        self.rows: list[Row] = []
        self.layers: list[LayerOf] = []

    def graph(self) -> RandomGraph:
        for name in OF_INDICES:
            self._layer(["embedding"], self.inputs.index(name))
        makers: list[tuple[float, Callable[[], None]]] = [
            (0.3, self._recurrent),
            (0.08, self._both),
            (0.1, self._reading),
            (0.1, self._plain),
            (0.05, self._shared),
            (0.05, self._tied),
            (0.03, self._written),
            (0.08, self._move),
            (0.08, self._pool),
            (0.07, self._attend),
            (0.04, self._learnt),
            (0.1, self._one),
            (0.12, self._two),
            (0.06, self._concat),
        ]
        chances = np.array([chance for chance, _ in makers])
        for _ in range(int(self.random.integers(4, 20))):
            makers[int(self.random.choice(len(makers), p=chances / chances.sum()))][1]()
        return self._pruned()

    # --- what makes rows

    def _add(self, row: Row, axis: int, width: int) -> int:
        self.rows.append(row)
        self.axes.append(axis)
        self.widths.append(width)
        return len(self.axes) - 1

    def _layer(self, kinds: Any, x: int | None = None, **options: Any) -> int:
        x = self._any() if x is None else x
        kind = str(self.random.choice(list(kinds)))
        operands = self._operands(kind, x)
        widths = tuple(self.widths[k] for k in operands)
        units = {"layer_norm": widths[0], "additive": widths[-1]}.get(kind) or self._width()
        self.layers.append(LayerOf(kind, units, widths, options))
        return self._call(len(self.layers) - 1, operands)

    def _operands(self, kind: str, x: int) -> list[int]:
        reads, memories = LAYERS[kind][1:3]
        others = [self._like(x) for _ in range(reads - 1)]
        return [x, *others, *(self._memories(memories) if memories else [])]

    def _call(self, number: int, operands: list[int]) -> int:
        layer = self.layers[number]
        axis = next((self.axes[k] for k in operands[: layer.reads] if self.axes[k] != VECTOR), VECTOR)
        if layer.options.get("return_sequences") is False:
            axis = VECTOR
        row = Row("layer", tuple(operands), number)
        if layer.states:
            held = layer.kind != "projecting"  # with a mask its output would be one state more
            mask = self._mask(self.axes[operands[0]]) if held else None
            row = replace(row, state=self._begins(layer), mask=mask)
        made = self._add(row, axis, layer.outputs)
        if layer.states and self.random.random() < 0.5:
            which = int(self.random.integers(layer.states)) if layer.states > 1 else None
            self._add(Row("final", (made,), option=which), VECTOR, layer.units * (2 if layer.both else 1))
        return made

    def _recurrent(self) -> None:
        kinds = (*self.recurrent, "gapped")
        self._layer(kinds, self._sequence(), **self._ways())

    def _ways(self) -> dict[str, Any]:
        options = {"reverse": True} if self.random.random() < 0.3 else {}
        return options | ({"return_sequences": False} if self.random.random() < 0.15 else {})

    def _both(self) -> None:
        x, options = self._sequence(), {"return_sequences": False} if self.random.random() < 0.2 else {}
        kinds = self.recurrent if "projecting" in self.recurrent else BOTH
        kind, merge = str(self.random.choice(kinds)), str(self.random.choice(["concat", "sum", "mean", "mul"]))
        operands = self._operands(kind, x)
        self.layers.append(LayerOf(kind, self._width(), tuple(self.widths[k] for k in operands), options, merge))
        self._call(len(self.layers) - 1, operands)

    def _reading(self) -> None:
        kinds = ("reading", "aligning", "glancing", "additive")
        kind = str(self.random.choice(kinds))
        self._layer([kind], self._sequence(), **(self._ways() if LAYERS[kind][3] else {}))

    def _plain(self) -> None:
        kind = str(self.random.choice(["dense", "dense", "linear", "unbiased", "layer_norm", "conv"]))
        if kind != "conv":
            self._layer([kind], self._any(lambda k: self.widths[k] > 1))
            return
        how = {"kernel": int(self.random.choice([1, 2, 2, 3, 3, 7])), "causal": bool(self.random.random() < 0.6)}
        self._layer([kind], self._sequence(), **how, dilation=int(self.random.integers(1, 3)))

    def _shared(self) -> None:
        """A layer that was called before, of something else of the same widths."""
        number = int(self.random.integers(len(self.layers)))
        layer = self.layers[number]
        tied = any(row.what in ("tied", "written") and row.layer == number for row in self.rows)  # made where called
        if tied or layer.kind == "embedding" or len(layer.widths) > 1:
            return
        sequence = layer.states or layer.kind == "conv"
        fitting = [k for k, w in enumerate(self.widths) if w == layer.widths[0] and self._usable(k)]
        fitting = [k for k in fitting if self.axes[k] != VECTOR] if sequence else fitting
        if fitting:
            self._call(number, [int(self.random.choice(fitting))])

    def _tied(self) -> None:
        found = [k for k, layer in enumerate(self.layers) if layer.kind in ("dense", "linear")]
        if not found:
            return
        other = self.layers[int(self.random.choice(found))]
        fitting = [k for k, w in enumerate(self.widths) if w == other.widths[0] and self._usable(k)]
        self.layers.append(LayerOf("linear", other.units, other.widths))
        x = int(self.random.choice(fitting))
        self._add(Row("tied", (x,), len(self.layers) - 1), self.axes[x], other.units)

    def _written(self) -> None:
        """What an embedding read is written with its table."""
        tables = [k for k, row in enumerate(self.rows, len(self.inputs)) if self._kind(row) == "embedding"]
        table = int(self.random.choice(tables))
        fitting = [k for k, w in enumerate(self.widths) if w == self.widths[table] and self._usable(k)]
        x = int(self.random.choice(fitting))
        self.layers.append(LayerOf("written", INDICES, (self.widths[x],)))
        self._add(Row("written", (x,), len(self.layers) - 1, embedded=table), self.axes[x], INDICES)

    def _kind(self, row: Row) -> str:
        return self.layers[row.layer].kind if row.layer >= 0 else ""

    def _move(self) -> None:
        x = self._sequence()
        if self.random.random() < 0.4:
            self._add(Row("reverse", (x,)), self.axes[x], self.widths[x])
        elif self.random.random() < 0.7:
            steps = int(self.random.choice([-5, -2, -1, 1, 2, 5]))
            self._add(Row("shift", (x,), option=steps), self.axes[x], self.widths[x])
        else:
            vector, like = self._any(lambda k: self.axes[k] == VECTOR), self.axes.index(self.axes[x])  # an input
            self._add(Row("repeat", (vector, like)), self.axes[x], self.widths[vector])

    def _pool(self) -> None:
        x = self._sequence()
        self._add(Row("pool", (x,), option=str(self.random.choice(POOLS))), VECTOR, self.widths[x])

    def _attend(self) -> None:
        keys = self._sequence()
        values = [self._like(keys, exact=True)] if self.random.random() < 0.5 else []
        query = self._any(lambda k: self.widths[k] == self.widths[keys])
        scale = None if self.random.random() < 0.6 else 0.8
        width = self.widths[values[0] if values else keys]
        self._add(Row("attend", (query, keys, *values), option=scale), self.axes[query], width)

    def _learnt(self) -> None:
        self._add(Row("learnt", option=(units := self._width())), VECTOR, units)

    def _one(self) -> None:
        what, x = str(self.random.choice(list(ONE))), self._any(lambda k: self.widths[k] > 1)
        self._add(Row(what, (x,)), self.axes[x], 1 if ONE[what][1] else self.widths[x])

    def _two(self) -> None:
        a = self._any()
        b = self._like(a, lambda k: self.widths[k] in (1, self.widths[a]))
        self._together(str(self.random.choice(list(TWO))), a, b, self.widths[a])

    def _concat(self) -> None:
        a, b = (a := self._any()), self._like(a)
        if self.widths[a] + self.widths[b] <= 8:
            self._together("concat", a, b, self.widths[a] + self.widths[b])

    def _together(self, what: str, a: int, b: int, width: int) -> None:
        self._add(Row(what, (a, b)), max(self.axes[a], self.axes[b]), width)

    # --- what they choose among

    def _usable(self, k: int) -> bool:
        return not (k < len(self.inputs) and self.inputs[k] in (*OF_INDICES, *MASKS))

    def _any(self, fits: Callable[[int], bool] = lambda k: True) -> int:
        """A value, the newer ones more often."""
        fitting = [k for k in range(len(self.axes)) if self._usable(k) and fits(k)]
        return int(self.random.choice(fitting if self.random.random() < 0.4 else fitting[-4:]))

    def _sequence(self) -> int:
        return self._any(lambda k: self.axes[k] != VECTOR)

    def _like(self, x: int, fits: Callable[[int], bool] = lambda k: True, exact: bool = False) -> int:
        """A value on the same axis, or without time unless that shall be exact; of no time any axis serves."""
        axis = self.axes[x]
        return self._any(lambda k: (self.axes[k] == axis or (not exact and VECTOR in (axis, self.axes[k]))) and fits(k))

    def _memories(self, count: int) -> list[int]:
        first = self._sequence()
        return [first, *(self._like(first, exact=True) for _ in range(count - 1))]

    def _width(self) -> int:
        return int(self.random.choice(WIDTHS))

    def _mask(self, axis: int) -> int | None:
        """What leaves steps out, mostly an input that is 0 or 1; of no time all steps of a row, or none."""
        if self.random.random() < 0.75:
            return None
        given = self.inputs.index(MASKS[axis])
        fitting = [
            k for k, w in enumerate(self.widths) if w == 1 and self.axes[k] in (axis, VECTOR) and self._usable(k)
        ]
        return given if not fitting or self.random.random() < 0.7 else int(self.random.choice(fitting))

    def _begins(self, layer: LayerOf) -> tuple[int | None, ...] | None:
        if self.random.random() < 0.5:
            return None
        wide = layer.units * (2 if layer.both else 1)
        fitting = [k for k, w in enumerate(self.widths) if w == wide and self.axes[k] == VECTOR]
        found = [int(self.random.choice(fitting)) if fitting else None for _ in range(layer.states)]
        found = [k if self.random.random() < 0.7 else None for k in found]
        return None if all(k is None for k in found) else tuple(found)

    # --- what is used

    def _pruned(self) -> RandomGraph:
        """The rows that some outputs need, numbered anew."""
        before = len(self.inputs)
        count = int(self.random.choice([1, 1, 2, 3]))
        made = np.arange(before, len(self.axes))
        outputs = sorted({int(k) for k in self.random.choice(made[-5:], count)})
        needed: set[int] = set()
        for k in reversed(range(len(self.axes))):
            if k in outputs or k in needed:
                needed |= {k} | (self.rows[k - before].reads if k >= before else set())
        if not any(k < before and self.axes[k] != VECTOR for k in needed):
            return self._grown()
        kept = sorted(needed)
        new = {old: number for number, old in enumerate(kept)}
        rows = [_renumbered(self.rows[k - before], new) for k in kept if k >= before]
        layers = {row.layer: self.layers[row.layer] for row in rows if row.layer >= 0}
        inputs = [self.inputs[k] for k in kept if k < before]
        axes, widths = [self.axes[k] for k in kept], [self.widths[k] for k in kept]
        by_name = bool(self.random.random() < 0.3)
        return RandomGraph(inputs, rows, layers, axes, widths, [new[k] for k in outputs], by_name)

    def _grown(self) -> RandomGraph:
        """Nothing with time steps is needed: draw on."""
        self._two()
        self._recurrent()
        return self._pruned()


def _renumbered(row: Row, new: dict[int, int]) -> Row:
    state = None if row.state is None else tuple(None if k is None else new[k] for k in row.state)
    mask, embedded = (new.get(-1 if k is None else k) for k in (row.mask, row.embedded))  # an unread table is no part
    operands = tuple(new[k] for k in row.operands)
    return replace(row, operands=operands, state=state, mask=mask, embedded=embedded)
