"""The backward step of a stage: what must wait for the recurrence and what need not, and which sums are gradients.

Gradients of matrices and tables are summed over all steps after the loop, from slots. Those of vectors are summed in
the recurrence where they can be, by the program that computes what is summed: nothing has to be stored for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from elman.engine.emit import Emitter, Placement
from elman.engine.lower import Lowering, Node, slot_leaf
from elman.engine.needs import ancestors, downstream, needed_symbols, reachable
from elman.engine.places import Places
from elman.engine.plan import Stage, State
from elman.engine.slots import Ref
from elman.engine.stage import DROPOUTS_A_LAYER, Forward, remembered
from elman.engine.sums import MatrixGradient, TableGradient, VectorGradient
from elman.equations.differentiate import Backward, Contribution
from elman.equations.graph import ordered
from elman.equations.symbols import Parameter, Symbol, width
from elman.errors import EngineError


@dataclass(frozen=True)
class Summed:
    """A gradient that is summed from slots after the loop."""

    parameter: Parameter
    delta: Node
    source: Node | None

    @property
    def nodes(self) -> list[Node]:
        return [self.delta] if self.source is None else [self.delta, self.source]


class BackwardStage:
    """Makes the backward step of a stage.

    Afterwards `gradients` are those that are summed from slots, and `taken` the slots of the forward step written over.
    """

    def __init__(self, emit: Emitter, forward: Forward, backward: Backward, drops: bool, frozen: Collection[int]):
        self.emit, self.slots = emit, emit.slots
        self.forward, self.backward, self.graph = forward, backward, forward.spec.graph
        self.drops, self.frozen = drops, frozen
        axis = forward.out.axis
        self.grads = [emit.new_slot(width(s), "pair", forward.index, f"d {s.name}", axis) for s in self.graph.states]
        self.clears = self._clears()
        self.lowering = self._lower()
        self.gradients: list[MatrixGradient | VectorGradient | TableGradient] = []
        self.taken: set[int] = set()

    def stage(self, before: Stage) -> Stage:
        """The stage with its backward step."""
        offsets, contributions = self.forward.spec.offsets, self.backward.contributions
        wanted = [c for c in contributions if offsets[c.parameter.name] not in self.frozen]
        summed = [self._summed(c) for c in wanted if c.source is not None]
        vectors = [c for c in wanted if c.source is None]
        effects = [self.lowering.memo[symbol] for symbol in self.backward.effects]
        others = [n for s in summed for n in s.nodes] + [self.lowering.memo[c.delta] for c in vectors] + effects
        fixed, results = self._results(others)
        late = self._late(results, others)
        held = self._hold_carried(late)
        within = [c for c in vectors if self.grads and self.lowering.memo[c.delta] not in late]
        totals = [self._total(c) for c in within]
        summed += [self._summed(c) for c in vectors if c not in within]
        saved = dict.fromkeys([*held, *(n for s in summed for n in s.nodes if n.inputs)])
        needed = reachable([*results, *saved, *totals, *effects])
        places = Places(self.slots, self.forward.index, self.forward.out.axis, fixed, set(saved), self._free(summed))
        place = Placement(self.emit, places, self.forward.spec.offsets)
        reverse = place.section([n for n in needed if n not in late], list(late), merged=False)
        after = place.section([n for n in needed if n in late], [], merged=True)
        self._check_summed(summed, places)
        self.gradients = [self._gradient(s, places) for s in summed]
        self.taken = places.taken
        return replace(before, reverse=reverse, after=after, states=self._states(), clears=self.clears)

    def _clears(self) -> tuple[int, ...]:
        """Where gradients of memories are added up, or is that of an output beside the states, and nobody has begun."""
        summed = [*self.forward.memories, *([self.forward.out] if self.graph.has_output else [])]
        new = {link.gradient: link for link in summed if link.gradient >= 0 and not link.begun}
        for link in new.values():
            link.begun = True
        return tuple(new)

    def _states(self) -> tuple[State, ...]:
        """The states with the places of their gradients, and with what these are added to."""
        return tuple(self._state(*found) for found in enumerate(zip(self.forward.states, self.grads, strict=True)))

    def _state(self, number: int, found: tuple[State, int]) -> State:
        state, grads = found
        final, initial = self.forward.finals.get(number), self.forward.initial[number]
        state = replace(state, grads=grads, final_grad=final.gradient if final and final.begun else -1)
        if initial is None or not initial.learns:
            return state
        state = replace(state, initial_grad=initial.gradient, adds=initial.begun)
        initial.begun = True
        return state

    # --- nodes ----------------------------------------------------------------------------------------------

    def _lower(self) -> Lowering:
        forward, graph = self.forward, self.graph
        memo: dict[Symbol, Node] = dict(forward.saved)
        for symbol, state in zip(graph.states, forward.states, strict=True):
            memo[symbol] = slot_leaf(Ref(state.values), width(symbol))
        for symbol, link in zip(graph.inputs, forward.links, strict=True):
            memo[symbol] = slot_leaf(link.value, width(symbol))
        memo |= {symbol: slot_leaf(Ref(-1), width(symbol)) for symbol in graph.memories}
        for k, (seed, out) in enumerate(zip(self.backward.seeds, graph.outputs, strict=True)):
            memo[seed] = self._seed(k, width(out))
        outputs = self.backward.outputs()
        contributions = self.backward.contributions
        return Lowering(
            needed_symbols(ordered(outputs), outputs, memo),
            outputs,
            keep={s for c in contributions for s in (c.delta, c.source) if s is not None},
            memo=memo,
            drops=self.drops,
            memories=remembered(graph, forward.memories),
            inside={s for s in [*self.backward.states, *self.backward.inputs] if s is not None},
            dropout_base=DROPOUTS_A_LAYER * forward.index,
        )

    def _seed(self, number: int, out: int) -> Node:
        """dL/d new state: from the next step, and for what is the output also, or only, from the layer above."""
        read = number == 0 and self.forward.out.begun
        above = slot_leaf(Ref(self.forward.out.gradient), out) if read else None
        state = number - (len(self.graph.outputs) - len(self.grads))
        if state < 0:
            assert above is not None
            return above
        carried = slot_leaf(Ref(self.grads[state], 1), out, loop=True)
        return Lowering.fresh("add", [carried, above], out) if above else carried

    def _results(self, others: list[Node]) -> tuple[dict[Node, Ref], list[Node]]:
        """The nodes of dL/d old states and dL/d input, each with the place it is written to.

        Those places are written over soon, by the next step or the stage below. So what `others` need too is copied:
        its own place is its own.
        """
        fixed: dict[Node, Ref] = {}
        results = []
        states = zip(self.backward.states, self.grads, self.graph.states, strict=True)
        wanted = [(self._found(symbol), Ref(g), width(o)) for symbol, g, o in states] + self._of_inputs()
        nodes = [node for node, *_ in wanted]
        used = {*others, *(i for n in reachable([*nodes, *others]) for i in n.inputs)}
        for node, (_, ref, wide) in zip(nodes, wanted, strict=True):
            if node in fixed or not node.inputs or node in used:
                node = Lowering.fresh("copy", [node], wide)
            fixed[node] = ref
            results.append(node)
        return fixed, results

    def _found(self, symbol: Symbol | None) -> Node:
        return self.lowering.constant(0.0) if symbol is None else self.lowering.memo[symbol]

    def _of_inputs(self) -> list[tuple[Node, Ref, int]]:
        """dL/d each input that has a gradient, together with what others that read it, and were first, have left."""
        sums: dict[int, Node] = {}
        widths: dict[int, int] = {}
        for symbol, link in zip(self.backward.inputs, self.forward.links, strict=True):
            if not link.learns or symbol is None:
                continue
            if link.begun and link.gradient not in sums:
                sums[link.gradient] = slot_leaf(Ref(link.gradient), link.width)
            node, before = self._found(symbol), sums.get(link.gradient)
            sums[link.gradient] = node if before is None else self.lowering.make("add", [before, node], link.width)
            widths[link.gradient], link.begun = link.width, True
        return [(node, Ref(slot), widths[slot]) for slot, node in sums.items()]

    # --- gradients of parameters ----------------------------------------------------------------------------

    def _total(self, c: Contribution) -> Node:
        """The sum of a vector's delta over all rows and steps, in one op with a product that serves nothing else."""
        delta = self.lowering.memo[c.delta]
        factors = (delta, self.lowering.constant(1.0))
        if delta.op == "mul" and self.lowering.uses[c.delta] == 1:
            factors = (delta.inputs[0], delta.inputs[1])
        return Node("accumulate", factors, width(c.parameter), loop=True, parameter=c.parameter)

    def _summed(self, c: Contribution) -> Summed:
        return Summed(c.parameter, self._solid(c.delta), None if c.source is None else self._solid(c.source))

    def _solid(self, symbol: Symbol) -> Node:
        """The node of a value that can lie in a slot, one row for each step."""
        node = self.lowering.memo[symbol]
        passing = node.ref is not None and self.slots[node.ref.slot].time == "pair"
        lies = node.inputs or (node.op == "slot" and not passing)
        return node if lies else Lowering.fresh("copy", [node], width(symbol))

    def _gradient(self, summed: Summed, places: Places) -> MatrixGradient | VectorGradient | TableGradient:
        p, delta, source = summed.parameter, summed.delta, summed.source
        offset, stage = self.forward.spec.offsets[p.name] + p.start, self.forward.index
        if source is None:
            return VectorGradient(offset, delta.width, places.ref(delta), stage)
        if p.role == "table":
            rows, columns = self.graph.shape(p.name)
            return TableGradient(offset, rows, columns, places.ref(source), places.ref(delta), stage)
        return MatrixGradient(offset, delta.width, source.width, places.ref(delta), places.ref(source), stage)

    def _check_summed(self, summed: list[Summed], places: Places) -> None:
        """Raise where a gradient would be summed from a place that is written over before that."""
        for n in (n for s in summed for n in s.nodes):
            slot = places.ref(n).slot
            theirs = {link.gradient for link in self.forward.links}
            if self.slots[slot].time == "pair" or (n.ref is None and slot in theirs):
                raise EngineError(f"stage {self.forward.index}: a gradient is summed from slot {slot}, which forgets")

    # --- when and where -------------------------------------------------------------------------------------

    def _late(self, results: list[Node], others: list[Node]) -> set[Node]:
        """What nothing in the recurrence waits for: products that it does not need, and what is computed from them."""
        needed = reachable([*results, *others])
        if not self.grads:
            return set(needed)
        core = ancestors(needed, results[: len(self.grads)])
        return downstream(needed, [n for n in needed if n not in core and not n.is_elementwise])

    def _hold_carried(self, late: set[Node]) -> list[Node]:
        """Copies, one for each step, of what `late` nodes would read from slots that forget."""
        copies: dict[Ref, Node] = {}

        def held(node: Node) -> Node:
            if node.ref is None or self.slots[node.ref.slot].time != "pair":
                return node
            return copies.setdefault(node.ref, Lowering.fresh("copy", [node], node.width))

        for n in late:
            n.inputs = tuple(held(i) for i in n.inputs)
            n.products = tuple((matrix, transposed, held(source)) for matrix, transposed, source in n.products)
        return list(copies.values())

    def _free(self, summed: Iterable[Summed]) -> set[int]:
        """Slots of the forward step that the backward step may write over: those that no gradient is summed from."""
        above = self.forward.out.gradient
        mine = {above} if self.forward.out.begun and self.forward.spec.name != "loss" else set()
        used = {n.ref.slot for s in summed for n in s.nodes if n.ref is not None}
        return (self.forward.slots | mine) - used
