"""The scheduler: from the equations of a chain of layers to a `Plan`.

For each layer: lower its step (`elman.engine.lower`), split it into what can run for all steps at once and what is
the recurrence, put elementwise values into as few programs as their products allow, fuse products of the same operand,
and give each value a slot or a register. For training the same is done to the backward step; the forward values that it
needs are saved or computed again, whichever costs less (`elman.engine.needs`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from elman.engine.emit import Emitter, Placement
from elman.engine.lower import Lowering, Node, slot_leaf
from elman.engine.needs import ancestors, downstream, needed_symbols, reachable, to_save
from elman.engine.places import Places
from elman.engine.plan import (
    MatrixGradient,
    Plan,
    Ref,
    Reverse,
    Stage,
    State,
    Step,
    TableGradient,
    Time,
    VectorGradient,
)
from elman.equations.differentiate import Backward, Contribution, differentiate
from elman.equations.graph import Graph, ordered
from elman.equations.simplify import simplify
from elman.equations.symbols import Parameter, Symbol, width

DROPOUTS_A_LAYER = 1024  # room for the numbers of one layer's dropouts


@dataclass(frozen=True)
class LayerSpec:
    """A layer to schedule: its bound graph, where its parameters lie, whether it returns its last step only."""

    name: str
    graph: Graph
    offsets: dict[str, int]
    last: bool = False
    reverse: bool = False


@dataclass(frozen=True)
class LossSpec:
    """A loss to schedule: equations of (y, target) with one value a row, and whether its root is taken at the end."""

    graph: Graph
    root: bool = False


def schedule(
    layers: Sequence[LayerSpec],
    features: int,
    parameters: int,
    loss: LossSpec | None = None,
    *,
    input_gradient: bool = False,
) -> Plan:
    """The plan of a network; with a `loss`, of its training."""
    return _Scheduler(layers, features, parameters, loss, input_gradient).plan()


@dataclass
class _Link:
    """What flows between layers: where a layer finds its input, and where it leaves dL/d input."""

    value: Ref
    width: int
    gradient: int = -1
    sequence: bool = True


@dataclass
class _Forward:
    """What the backward step needs to know of a layer's forward step."""

    spec: LayerSpec
    index: int
    link: _Link
    out: _Link
    saved: dict[Symbol, Node] = field(default_factory=dict)
    backward: Backward | None = None
    states: tuple[State, ...] = ()
    before: tuple[Step, ...] = ()
    loop: tuple[Step, ...] = ()
    last: int = -1
    slots: set[int] = field(default_factory=set)  # its own, one row for each step


class _Scheduler:
    def __init__(
        self, layers: Sequence[LayerSpec], features: int, parameters: int, loss: LossSpec | None, input_gradient: bool
    ):
        self.layers, self.features, self.parameters, self.loss = layers, features, parameters, loss
        self.training = loss is not None
        self.input_gradient = input_gradient
        self.emit = Emitter()
        self.slots, self.new_slot = self.emit.slots, self.emit.new_slot
        self.gradients: list[MatrixGradient | VectorGradient | TableGradient] = []
        self.stages: list[Stage] = []
        self.names: dict[str, Ref] = {}

    # --- the chain ------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        source = Ref(self.new_slot(self.features, "steps", 0, "input"))
        link = _Link(source, self.features)
        if self.training and self.input_gradient:
            link.gradient = self.new_slot(self.features, "steps", 0, "input gradient")
        input_gradient = link.gradient
        done: list[_Forward | _Link] = []
        for spec in self.layers:
            for piece in self._pieces(spec, link):
                done.append(piece)
                link = piece.out
        output, target, weight, value, root = link.value, -1, -1, -1, False
        if self.loss is not None:
            target, weight, value = self._loss(link, done)
            root = self.loss.root
        for index, forward in reversed(list(enumerate(done))):
            assert isinstance(forward, _Forward)
            self.stages[index] = self._backward_stage(forward, weight) if self.training else self.stages[index]
        return Plan(
            tuple(self.slots),
            tuple(self.stages),
            tuple(self.emit.matrices),
            tuple(self.gradients),
            self.parameters,
            source,
            output,
            target,
            weight,
            value,
            input_gradient,
            root,
            self.names,
        )

    def _pieces(self, spec: LayerSpec, link: _Link) -> Iterable[_Forward]:
        """The stages of a layer: itself, between two reversals if it runs backwards in time."""
        if not spec.reverse:
            yield self._forward_stage(spec, link)
            return
        first = self._reversal(link)
        yield first
        middle = self._forward_stage(spec, first.out)
        yield middle
        if not spec.last:
            yield self._reversal(middle.out)

    def _reversal(self, link: _Link) -> _Forward:
        index = len(self.stages)
        out = _Link(Ref(self.new_slot(link.width, "steps", index, "reversed")), link.width)
        graph = Graph("reversal", [], [], [], {}, [])
        forward = _Forward(LayerSpec("reversal", graph, {}), index, link, out)
        forward.before = (Reverse(link.value, out.value),)
        if self.training and link.gradient >= 0:
            out.gradient = self.new_slot(link.width, "steps", index, "reversed gradient")
        self.stages.append(Stage("reversal", True, before=forward.before))
        return forward

    def _loss(self, link: _Link, done: list) -> tuple[int, int, int]:
        assert self.loss is not None
        index, graph = len(self.stages), self.loss.graph
        target = self.new_slot(width(graph.inputs[1]), "steps", index, "target")
        weight = self.new_slot(1, "steps", index, "weight")
        forward = self._forward_stage(LayerSpec("loss", graph, {}), link, extra=[Ref(target)], seed=weight)
        done.append(forward)
        return target, weight, forward.out.value.slot

    # --- forward --------------------------------------------------------------------------------------------

    def _forward_stage(self, spec: LayerSpec, link: _Link, extra: Sequence[Ref] = (), seed: int = -1) -> _Forward:
        graph, index = simplify(spec.graph), len(self.stages)
        forward = _Forward(spec, index, link, _Link(Ref(-1), width(graph.outputs[0]), sequence=link.sequence))
        wants_input = link.gradient >= 0 and not graph.takes_index
        if self.training:
            forward.backward = differentiate(graph, with_inputs=wants_input, differentiable=[0])
        states = [self._state_slot(spec, s, k, index) for k, s in enumerate(graph.states)]
        memo = {s: slot_leaf(Ref(slot), width(s), loop=True) for s, slot in zip(graph.states, states, strict=True)}
        for symbol, ref in zip(graph.inputs, [link.value, *extra], strict=True):
            memo[symbol] = slot_leaf(ref, width(symbol))
        keep = to_save(graph, forward.backward) if forward.backward else set()
        lowering = Lowering(
            graph.nodes(),
            graph.outputs,
            keep=keep,
            memo=memo,
            training=self.training,
            dropout_base=DROPOUTS_A_LAYER * index,
        )
        fixed, outputs = self._outputs(graph, lowering, states, index)
        needed = reachable([*outputs, *(memo[s] for s in keep)])
        first = ancestors(needed, [n for n in needed if not n.loop and not n.is_elementwise])
        before = [n for n in needed if n in first] if graph.states else needed
        loop = [n for n in needed if n not in first] if graph.states else []
        saved = {memo[s] for s in keep}
        places = Places(self.slots, index, fixed, saved, ())
        place = Placement(self.emit, places, spec.offsets)
        forward.before = place.section(before, loop, merged=True)
        forward.loop = place.section(loop, [], merged=False)
        forward.saved = {s: _leaf_of(memo[s], places.refs) for s in keep}
        forward.slots = {s for s in places.free if self.slots[s].time == "steps"}
        forward.states = tuple(State(s.name, width(s), slot) for s, slot in zip(graph.states, states, strict=True))
        self._name_values(spec, graph, memo, places.refs)
        self._output_link(forward, fixed[outputs[0]], states, seed)
        self.stages.append(
            Stage(spec.name, link.sequence, forward.before, forward.loop, states=forward.states, last=forward.last)
        )
        return forward

    def _state_slot(self, spec: LayerSpec, state: Symbol, number: int, index: int) -> int:
        whole = self.training or (number == 0 and not spec.last)
        return self.new_slot(width(state), "states" if whole else "pair", index, state.name)

    def _outputs(
        self, graph: Graph, lowering: Lowering, states: list[int], index: int
    ) -> tuple[dict[Node, Ref], list[Node]]:
        """The nodes of the new states (or the value), each with the place it is written to."""
        fixed: dict[Node, Ref] = {}
        found = []
        slots = states or [self.new_slot(width(graph.outputs[0]), "steps", index, "output")]
        for symbol, slot in zip(graph.outputs, slots, strict=True):
            node = lowering.memo[symbol]
            hoisted = bool(states) and (not node.loop or (node.base is not None and not node.base.loop))
            if node in fixed or not node.inputs or hoisted:
                node = lowering.fresh("copy", [node], width(symbol))
                node.loop = bool(states)
            fixed[node] = Ref(slot, 1 if states else 0)
            found.append(node)
        return fixed, found

    def _name_values(self, spec: LayerSpec, graph: Graph, memo: dict[Symbol, Node], refs: dict[Node, Ref]) -> None:
        for symbol, name in graph.names.items():
            if symbol in memo and memo[symbol] in refs:
                self.names[f"{spec.name}.{name}"] = refs[memo[symbol]]

    def _output_link(self, forward: _Forward, output: Ref, states: list[int], seed: int) -> None:
        """Where the next layer finds this one's output, and leaves its gradient."""
        out, spec, index = forward.out, forward.spec, forward.index
        out.value, out.gradient = output, seed
        if spec.last and states:
            forward.last = self.new_slot(out.width, "single", index, "last")
            out.value, out.sequence = Ref(forward.last), False
        if self.training and seed < 0 and (spec.graph.parameters or forward.link.gradient >= 0):
            time: Time = "single" if forward.last >= 0 else "steps"
            out.gradient = self.new_slot(out.width, time, index, "output gradient")

    # --- backward -------------------------------------------------------------------------------------------

    def _backward_stage(self, forward: _Forward, weight: int) -> Stage:
        stage = self.stages[forward.index]
        if forward.spec.name == "reversal":
            if forward.link.gradient < 0:
                return stage
            back = Reverse(Ref(forward.out.gradient), Ref(forward.link.gradient))
            return Stage("reversal", True, stage.before, after=(back,))
        backward, graph, index = forward.backward, forward.spec.graph, forward.index
        if backward is None or forward.out.gradient < 0:
            return stage
        grads = [self.new_slot(width(s), "pair", index, f"d {s.name}") for s in graph.states]
        lowering = self._lower_backward(forward, backward, grads)
        fixed, results = self._gradient_outputs(forward, backward, lowering, grads)
        deltas = {id(c): self._operands(c, lowering) for c in backward.contributions}
        saved = {n for pair in deltas.values() for n in pair if n is not None and n.inputs}
        needed = reachable([*results, *saved])
        core = set(ancestors(needed, results[: len(grads)])) if grads else set()
        late = (
            downstream(needed, [n for n in needed if n not in core and not n.is_elementwise]) if grads else set(needed)
        )
        held = self._hold_carried(late)
        needed, saved = [*held, *needed], saved | set(held)
        places = Places(self.slots, index, fixed, saved, self._free(forward, deltas.values()))
        place = Placement(self.emit, places, forward.spec.offsets)
        reverse = place.section([n for n in needed if n not in late], list(late), merged=False)
        after = place.section([n for n in needed if n in late], [], merged=True)
        for c in backward.contributions:
            self._gradient(c, deltas[id(c)], places.refs, forward)
        self.names = {name: ref for name, ref in self.names.items() if ref.slot not in places.taken}
        states = tuple(State(s.name, s.width, s.values, g) for s, g in zip(forward.states, grads, strict=True))
        last_grad = forward.out.gradient if forward.last >= 0 else -1
        return Stage(
            stage.name, stage.sequence, stage.before, stage.loop, reverse, after, states, forward.last, last_grad
        )

    def _free(self, forward: _Forward, operands: Iterable[tuple[Node, Node | None]]) -> set[int]:
        """Slots of the forward step that the backward step may write over: those that no gradient is summed from."""
        above = forward.out.gradient
        mine = {above} if self.slots[above].time == "steps" and forward.spec.name != "loss" else set()
        summed = {n.ref.slot for pair in operands for n in pair if n is not None and n.ref is not None}
        return (forward.slots | mine) - summed

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

    def _lower_backward(self, forward: _Forward, backward: Backward, grads: list[int]) -> Lowering:
        graph = forward.spec.graph
        memo: dict[Symbol, Node] = dict(forward.saved)
        for symbol, state in zip(graph.states, forward.states, strict=True):
            memo[symbol] = slot_leaf(Ref(state.values), width(symbol))
        memo[graph.inputs[0]] = slot_leaf(forward.link.value, width(graph.inputs[0]))
        if len(graph.inputs) > 1:
            target = next(i for i, s in enumerate(self.slots) if s.name == "target")
            memo[graph.inputs[1]] = slot_leaf(Ref(target), width(graph.inputs[1]))
        for k, (seed, out) in enumerate(zip(backward.seeds, graph.outputs, strict=True)):
            memo[seed] = self._seed(forward, grads, k, width(out))
        outputs = backward.outputs()
        symbols = ordered(outputs)
        inside = {s for s in [*backward.states, *backward.inputs] if s is not None}
        keep = {c.delta for c in backward.contributions} | {
            c.source for c in backward.contributions if c.source is not None
        }
        return Lowering(
            needed_symbols(symbols, outputs, memo),
            outputs,
            keep=keep,
            memo=memo,
            training=True,
            inside=inside,
            dropout_base=DROPOUTS_A_LAYER * forward.index,
        )

    def _seed(self, forward: _Forward, grads: list[int], number: int, out: int) -> Node:
        """dL/d new state: from the next step, and for the first state also from the layer above."""
        above = slot_leaf(Ref(forward.out.gradient), out) if number == 0 and forward.last < 0 else None
        if not grads:
            assert above is not None
            return above
        carried = slot_leaf(Ref(grads[number], 1), out, loop=True)
        return Lowering.fresh("add", [carried, above], out) if above else carried

    def _gradient_outputs(
        self, forward: _Forward, backward: Backward, lowering: Lowering, grads: list[int]
    ) -> tuple[dict[Node, Ref], list[Node]]:
        """The nodes of dL/d old states and dL/d input, each with the place it is written to."""
        fixed: dict[Node, Ref] = {}
        results = []
        wanted = [
            (s, Ref(g), width(o)) for s, g, o in zip(backward.states, grads, forward.spec.graph.states, strict=True)
        ]
        if forward.link.gradient >= 0:
            wanted.append((backward.inputs[0], Ref(forward.link.gradient), forward.link.width))
        for symbol, ref, wide in wanted:
            node = lowering.memo[symbol] if symbol is not None else lowering.constant(0.0)
            if node in fixed or not node.inputs or (symbol is not None and lowering.uses[symbol] > 1):
                node = lowering.fresh("copy", [node], wide)
            fixed[node] = ref
            results.append(node)
        return fixed, results

    def _operands(self, contribution: Contribution, lowering: Lowering) -> tuple[Node, Node | None]:
        """The nodes of a contribution's delta and source, as values that can lie in a slot."""

        def solid(symbol: Symbol) -> Node:
            node = lowering.memo[symbol]
            passing = node.ref is not None and self.slots[node.ref.slot].time == "pair"
            lies = node.inputs or (node.op == "slot" and not passing)
            return node if lies else lowering.fresh("copy", [node], width(symbol))

        return solid(contribution.delta), solid(contribution.source) if contribution.source is not None else None

    def _gradient(
        self, contribution: Contribution, operands: tuple[Node, Node | None], refs: dict[Node, Ref], forward: _Forward
    ) -> None:
        def ref(node: Node) -> Ref:
            return node.ref if node.ref is not None else refs[node]

        p: Parameter = contribution.parameter
        offset, (delta, source) = forward.spec.offsets[p.name], operands
        if source is None:
            self.gradients.append(VectorGradient(offset, delta.width, ref(delta), forward.index))
        elif p.role == "table":
            rows, columns = forward.spec.graph.shape(p.name)
            self.gradients.append(TableGradient(offset, rows, columns, ref(source), ref(delta), forward.index))
        else:
            self.gradients.append(
                MatrixGradient(offset, delta.width, source.width, ref(delta), ref(source), forward.index)
            )


def _leaf_of(node: Node, refs: dict[Node, Ref]) -> Node:
    """A forward value as the backward step sees it."""
    if node.op in ("const", "vector"):
        return node
    return slot_leaf(node.ref if node.ref is not None else refs[node], node.width)
