"""Random graphs of layers: any cells, moves through time, edges to initial states, several inputs, axes and outputs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

import elman.equations as eq
from elman.cells import catalogue
from elman.engine.interface import Batch
from elman.engine.plan import Plan
from elman.engine.schedule import schedule
from elman.engine.slots import ONCE
from elman.engine.stage import InputSpec, LayerSpec, LossSpec, MoveSpec, NormSpec, Source
from elman.equations.graph import Graph
from tests.engine.zoo import squared_error

N = 3  # the width of everything, so that anything may read anything


@eq.cell
def dense(p, x):
    return eq.tanh(p.W @ x + p.b)


@eq.cell(inputs=2)
def added(p, a, b):
    return a + b


@eq.cell(inputs=2)
def gated(p, a, b):
    return eq.sigmoid(p.W @ a) * b + a


@eq.cell(inputs=2)
def recurrent(p, a, b, h):
    return eq.tanh(p.W @ a + p.V @ b + p.U @ h) + a * b


@eq.cell
def passing(p, x):
    return x


@eq.cell
def normalising(p, x):
    """Of what is normalised over the batch."""
    return p.g * x + p.b


@eq.cell(inputs=0)
def learnt(p):
    return 1 * p.b


@eq.cell(memory=1)
def looking(p, x, m):
    return eq.attend(p.Q @ x, m, m) + x


@eq.cell(memory=1)
def remembering(p, x, m, h):
    c = eq.attend(h, m, m, scale=0.7)
    return eq.tanh(p.W @ x + p.U @ h + p.C @ c)


@eq.cell(memory=2)
def aligning(p, x, keys, values, h):
    c = eq.attend(p.Q @ h, keys, values, vector=p.v)
    return eq.tanh(p.W @ x + p.U @ h + p.C @ c)


CELLS = {
    "looking": looking,
    "remembering": remembering,
    "aligning": aligning,
    "dense": dense,
    "passing": passing,
    "normalising": normalising,
    "simple": catalogue()["simple"],
    "gru": catalogue()["gru"],
    "lstm": catalogue()["lstm"],
    "added": added,
    "gated": gated,
    "recurrent": recurrent,
    "learnt": learnt,
}
STATELESS = [name for name, cell in CELLS.items() if not cell.states]
AS_WIDE_AS_READ = ("passing", "added", "normalising")
MOVES = ("reverse", "shift", "take", "sum", "mean", "max")


@dataclass(frozen=True)
class Drawn:
    """A layer: a cell's name, or a move."""

    what: str | MoveSpec
    sources: tuple[Source, ...]
    initial: tuple[Source | None, ...] = ()
    last: bool = False
    reverse: bool = False
    memories: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Axes of the inputs, layers, and which of them are outputs."""

    inputs: tuple[int, ...]
    layers: tuple[Drawn, ...]
    outputs: tuple[int, ...]

    @property
    def goes_in_segments(self) -> bool:
        """Whether it can go through time in pieces."""
        moves = any(isinstance(layer.what, MoveSpec) or layer.reverse for layer in self.layers)
        begun = any(s is not None for layer in self.layers for s in layer.initial)
        attends = any(layer.memories for layer in self.layers)
        return not moves and not begun and not attends and max(self.inputs) == 0

    def plan(self, *, seeded: bool = False, **more) -> Plan:
        specs, offset = [], 0
        for number, layer in enumerate(self.layers):
            spec, offset = _spec(layer, f"{number}", offset)
            specs.append(spec)
        inputs = [InputSpec(N, axis) for axis in self.inputs]
        losses = [] if seeded else [self._loss(share) for share in range(1, len(self.outputs) + 1)]
        return schedule(specs, inputs, offset, losses, outputs=self.outputs, seeded=seeded, input_gradient=True, **more)

    def _loss(self, share: int) -> LossSpec:
        return LossSpec(squared_error.trace().bind([N, N], None), share=float(share))


def _spec(layer: Drawn, name: str, offset: int) -> tuple[LayerSpec, int]:
    if isinstance(layer.what, MoveSpec):
        nothing = Graph(name, [], [], [], {}, [])
        return LayerSpec(name, nothing, {}, sources=layer.sources, move=layer.what), offset
    units = None if layer.what in AS_WIDE_AS_READ else N
    graph = CELLS[layer.what].trace().bind([N] * len(layer.sources), units, memories=[N] * len(layer.memories))
    offsets = {}
    for parameter in graph.parameters:
        offsets[parameter] = offset
        offset += int(np.prod(graph.shape(parameter)))
    reads = layer.sources, layer.initial, layer.memories
    norm = NormSpec(0.1) if layer.what == "normalising" else None
    return LayerSpec(name, graph, offsets, layer.last, layer.reverse, *reads, norm=norm), offset


class _Drawing:
    """A graph in the making: what may be read, by its time axis."""

    def __init__(self, draw, inputs: tuple[int, ...]):
        self.draw = draw
        self.found = [(Source(~k), axis) for k, axis in enumerate(inputs)]
        self.layers: list[Drawn] = []

    def pick(self, axis: int) -> Source:
        return self.draw(st.sampled_from([source for source, a in self.found if a == axis]))

    def add(self, layer: Drawn, axis: int) -> None:
        number = len(self.layers)
        self.layers.append(layer)
        self.found.append((Source(number), axis))
        if isinstance(layer.what, str) and CELLS[layer.what].states:
            self.found += [(Source(number, k), ONCE) for k in range(len(CELLS[layer.what].states))]

    def move(self) -> None:
        kind = self.draw(st.sampled_from(MOVES))
        if any(axis == ONCE for _, axis in self.found) and self.draw(st.booleans()):
            axis = self.draw(st.sampled_from(sorted({a for _, a in self.found} - {ONCE})))
            self.add(Drawn(MoveSpec("repeat", axis=axis), (self.pick(ONCE),)), axis)
            return
        axis = self.draw(st.sampled_from(sorted({a for _, a in self.found} - {ONCE})))
        number = self.draw(st.integers(-3, 3))
        self.add(
            Drawn(MoveSpec(kind, number), (self.pick(axis),)),
            axis if kind in ("reverse", "shift") else ONCE,
        )

    def layer(self, cells: list[str]) -> None:
        axis = self.draw(st.sampled_from(sorted({a for _, a in self.found})))
        name = self.draw(st.sampled_from([c for c in cells if axis != ONCE or c in STATELESS]))
        cell = CELLS[name]
        sources = tuple(self.pick(axis) for _ in cell.inputs)
        axis = axis if cell.inputs else ONCE
        axes = sorted({a for _, a in self.found} - {ONCE})
        memories = tuple(self.pick(self.draw(st.sampled_from(axes))) for _ in cell.memories[:1]) * len(cell.memories)
        if not cell.states:
            self.add(Drawn(name, sources, memories=memories), axis)
            return
        once = any(a == ONCE for _, a in self.found)
        begins = [once and self.draw(st.booleans()) for _ in cell.states]
        initial = tuple(self.pick(ONCE) if begin else None for begin in begins)
        last, reverse = self.draw(st.booleans()), self.draw(st.booleans())
        self.add(Drawn(name, sources, initial, last, reverse, memories), ONCE if last else axis)


@st.composite
def graphs(draw, axes: int = 2, simple: bool = False) -> Problem:
    """A problem of at most so many time axes; `simple` is without moves and edges to initial states."""
    inputs = tuple(draw(st.sampled_from([(0,), (0, 0), (0, ONCE), (0, 1), (0, 1, ONCE), (0, 1, 0)][: 3 * axes])))
    drawing = _Drawing(draw, inputs)
    for _ in range(draw(st.integers(1, 6))):
        if not simple and draw(st.integers(0, 2)) == 0:
            drawing.move()
        else:
            drawing.layer([name for name, cell in sorted(CELLS.items()) if not simple or not cell.memories])
    layers = tuple(drawing.layers)
    if simple:
        layers = tuple(replace(d, initial=(), reverse=False) for d in layers)
    read = {s.number for d in layers for s in (*d.sources, *d.initial, *d.memories) if s is not None}
    return Problem(inputs, layers, tuple(n for n in range(len(layers)) if n not in read))


def data(plan: Plan, B: int, steps: tuple[int, ...], seed: int, ragged: bool) -> tuple[np.ndarray, Batch]:
    """Random parameters and a batch; `steps` are those of each axis."""
    random = np.random.default_rng(seed)

    def array(slot: int) -> np.ndarray:
        axis, wide = plan.slots[slot].axis, plan.slots[slot].width
        return random.normal(size=(B, wide) if axis == ONCE else (B, steps[axis], wide))

    states = [random.normal(size=(B, s.width)) for s in plan.free_states]
    return random.normal(0, 0.7, plan.parameters), Batch(
        tuple(array(place.slot) for place in plan.inputs),
        tuple(array(goal.slot) for goal in plan.goals),
        tuple(random.integers(0, steps[k] + 1, B) if ragged else None for k in range(plan.axes)),
        tuple(random.uniform(0.5, 1.5, B) for _ in plan.goals) if plan.losses else (),
        states,
        [random.normal(size=s.shape) for s in states],
    )


def with_state_gradients(loss: float, finals: list[np.ndarray], batch: Batch) -> float:
    """What the gradients of a run are those of: the loss, and the final states along their gradients."""
    return loss + sum(float(np.sum(g * s)) for g, s in zip(batch.state_gradients or [], finals, strict=True))
