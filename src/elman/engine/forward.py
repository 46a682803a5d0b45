"""The forward step of a stage: its equations lowered to nodes, its states and outputs with their slots."""

from __future__ import annotations

from dataclasses import dataclass

from elman.engine.emit import Emitter
from elman.engine.lower import Lowering, Node
from elman.engine.needs import ancestors, reachable, to_save
from elman.engine.plan import State
from elman.engine.slots import Ref
from elman.engine.stage import DROPOUTS_A_LAYER, Forward, leaves_of, remembered
from elman.equations.graph import Graph
from elman.equations.symbols import Symbol, width


@dataclass
class Step:
    """A step of a stage as nodes."""

    memo: dict[Symbol, Node]
    keep: list[Symbol]  # what the way back needs of it
    states: list[int]  # their slots
    fixed: dict[Node, Ref]
    outputs: list[Node]

    @property
    def saved(self) -> set[Node]:
        return {self.memo[symbol] for symbol in self.keep}

    def sections(self, graph: Graph) -> tuple[list[Node], list[Node]]:
        """What can run for all steps at once, before the recurrence, and the recurrence."""
        needed = reachable([*self.outputs, *(self.memo[symbol] for symbol in self.keep)])
        if not graph.states:
            return needed, []
        first = ancestors(needed, [n for n in needed if not n.loop and not n.is_elementwise])
        return [n for n in needed if n in first], [n for n in needed if n not in first]


def step_of(forward: Forward, emit: Emitter, training: bool, drops: bool) -> Step:
    """The nodes of a stage's step, and where its states and outputs are."""
    graph = forward.spec.graph
    states = [_state_slot(forward, emit, k, training) for k in range(len(graph.states))]
    memo = leaves_of(forward, states)
    keep = to_save(graph, forward.backward) if forward.backward else []
    lowering = Lowering(
        graph.nodes(),
        graph.outputs,
        keep=set(keep),
        memo=memo,
        drops=drops,
        memories=remembered(graph, forward.memories),
        dropout_base=DROPOUTS_A_LAYER * forward.index,
    )
    for symbol, name in graph.names.items():
        if symbol in memo and memo[symbol].inputs:
            memo[symbol].name = memo[symbol].name or name
    return Step(memo, keep, states, *_outputs(forward, emit, lowering, states))


def _state_slot(forward: Forward, emit: Emitter, number: int, training: bool) -> int:
    """Of all steps where they are looked at again, else of a step and the one before it."""
    state = forward.spec.graph.states[number]
    whole = training or (number == 0 and not forward.spec.last)
    return emit.new_slot(width(state), "states" if whole else "pair", forward.index, state.name, forward.out.axis)


def _outputs(
    forward: Forward, emit: Emitter, lowering: Lowering, states: list[int]
) -> tuple[dict[Node, Ref], list[Node]]:
    """The nodes of the new states (and the value beside them), each with the place it is written to."""
    graph = forward.spec.graph
    fixed: dict[Node, Ref] = {}
    found = []
    places = [Ref(slot, 1) for slot in states]
    if len(places) < len(graph.outputs):
        name = graph.ends[0] if states else "output"
        places = [Ref(emit.new_slot(width(graph.outputs[0]), "steps", forward.index, name, forward.out.axis)), *places]
    for symbol, place in zip(graph.outputs, places, strict=True):
        node = lowering.memo[symbol]
        hoisted = not node.loop or (node.base is not None and not node.base.loop)
        if node in fixed or not node.inputs or (hoisted and place.offset):
            node = lowering.fresh("copy", [node], width(symbol))
            node.loop = bool(states)
        fixed[node] = place
        found.append(node)
    return fixed, found


def states_of(forward: Forward, slots: list[int]) -> tuple[State, ...]:
    """The states of a stage as the runner keeps them."""
    begins = enumerate(zip(forward.spec.graph.states, slots, forward.initial, strict=True))
    return tuple(
        State(s.name, width(s), slot, initial=link.value.slot if link else -1, inner=k < forward.inner)
        for k, (s, slot, link) in begins
    )
