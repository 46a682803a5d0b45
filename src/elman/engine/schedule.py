"""The scheduler: from the equations of a chain of layers to a `Plan`.

For each layer: lower its step (`elman.engine.lower`), split it into what can run for all steps at once and what is
the recurrence, put elementwise values into as few programs as their products allow, fuse products of the same operand,
and give each value a slot or a register. For training the same is done to the backward step; the forward values that it
needs are saved or computed again, whichever costs less (`elman.engine.needs`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from elman.engine.backward import BackwardStage
from elman.engine.emit import Emitter, Placement
from elman.engine.lower import Lowering, Node, slot_leaf
from elman.engine.needs import ancestors, reachable, to_save
from elman.engine.places import Places
from elman.engine.plan import (
    Elementwise,
    Instruction,
    MatrixGradient,
    Operand,
    Plan,
    Ref,
    Reverse,
    Stage,
    State,
    TableGradient,
    Time,
    VectorGradient,
)
from elman.engine.stage import DROPOUTS_A_LAYER, Forward, LayerSpec, Link, LossSpec, leaf_of
from elman.equations.differentiate import differentiate
from elman.equations.graph import Graph
from elman.equations.simplify import simplify
from elman.equations.symbols import Symbol, width
from elman.errors import EngineError


def schedule(
    layers: Sequence[LayerSpec],
    features: int,
    parameters: int,
    loss: LossSpec | None = None,
    *,
    seeded: bool = False,
    input_gradient: bool = False,
    dropout: bool = True,
) -> Plan:
    """The plan of a network; with a `loss`, of its training, or `seeded`, of the way back from any dL/d output.

    In both dropout drops, unless it is told not to.
    """
    return _Scheduler(layers, features, parameters, loss, seeded, input_gradient, dropout).plan()


class _Scheduler:
    def __init__(
        self,
        layers: Sequence[LayerSpec],
        features: int,
        parameters: int,
        loss: LossSpec | None,
        seeded: bool,
        input_gradient: bool,
        dropout: bool,
    ):
        self.layers, self.features, self.parameters, self.loss = layers, features, parameters, loss
        self.seeded, self.training = seeded, seeded or loss is not None
        self.drops = self.training and dropout
        self.input_gradient = input_gradient
        self.emit = Emitter()
        self.slots, self.new_slot = self.emit.slots, self.emit.new_slot
        self.gradients: list[MatrixGradient | VectorGradient | TableGradient] = []
        self.stages: list[Stage] = []
        self.names: dict[str, Ref] = {}

    # --- the chain ------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        source = Ref(self.new_slot(self.features, "steps", 0, "input"))
        link = given = Link(source, self.features)
        if self.training and self.input_gradient:
            given.gradient = self.new_slot(self.features, "steps", 0, "input gradient")
        done: list[Forward] = []
        outs: list[Link] = []
        for number, spec in enumerate(self.layers):
            sources = (number - 1,) if spec.sources is None else spec.sources
            done += self._pieces(spec, [given if s < 0 else outs[s] for s in sources])
            link = done[-1].out
            outs.append(link)
        self._check_read()
        output, target, weight, value, root = link.value, -1, -1, -1, False
        if self.loss is not None:
            target, weight, value = self._loss(link, done)
            root = self.loss.root
        for index, forward in reversed(list(enumerate(done)) if self.training else []):
            self.stages[index] = self._backward_stage(forward)
        self._check_begun(given)
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
            link.gradient if self.seeded else -1,
            given.gradient,
            root,
            self.names,
        )

    def _check_read(self) -> None:
        """Every layer but the last one must be read: what serves nothing is not computed in silence."""
        read = {s for n, spec in enumerate(self.layers) for s in ((n - 1,) if spec.sources is None else spec.sources)}
        for number in range(len(self.layers) - 1):
            if number not in read:
                raise EngineError(f"layer {number} ({self.layers[number].name}) is read by no other")

    def _check_begun(self, given: Link) -> None:
        if given.gradient >= 0 and not given.begun:
            raise EngineError("no layer has a gradient of the input: schedule it without one")

    def _pieces(self, spec: LayerSpec, links: list[Link]) -> Iterable[Forward]:
        """The stages of a layer: itself, between reversals if it runs backwards in time."""
        if not spec.reverse:
            yield self._forward_stage(spec, links)
            return
        turned = [self._reversal(link) for link in links]
        yield from turned
        middle = self._forward_stage(spec, [forward.out for forward in turned])
        yield middle
        if not spec.last:
            yield self._reversal(middle.out)

    def _reversal(self, link: Link) -> Forward:
        index = len(self.stages)
        out = Link(Ref(self.new_slot(link.width, "steps", index, "reversed")), link.width)
        graph = Graph("reversal", [], [], [], {}, [])
        forward = Forward(LayerSpec("reversal", graph, {}), index, [link], out)
        forward.before = (Reverse(link.value, out.value),)
        if self.training and link.gradient >= 0:
            out.gradient = self.new_slot(link.width, "steps", index, "reversed gradient")
        self.stages.append(Stage("reversal", True, before=forward.before))
        return forward

    def _loss(self, link: Link, done: list) -> tuple[int, int, int]:
        assert self.loss is not None
        index, graph = len(self.stages), self.loss.graph
        target = self.new_slot(width(graph.inputs[1]), "steps", index, "target")
        weight = self.new_slot(1, "steps", index, "weight")
        links = [link, Link(Ref(target), width(graph.inputs[1]), sequence=link.sequence)]
        forward = self._forward_stage(LayerSpec("loss", graph, {}), links, seed=weight)
        done.append(forward)
        return target, weight, forward.out.value.slot

    # --- forward --------------------------------------------------------------------------------------------

    def _forward_stage(self, spec: LayerSpec, links: list[Link], seed: int = -1) -> Forward:
        spec = replace(spec, graph=simplify(spec.graph))
        graph, index, sequence = spec.graph, len(self.stages), links[0].sequence
        if any(link.sequence != sequence for link in links):
            raise EngineError(f"layer {spec.name} reads what has steps beside what has one step")
        forward = Forward(spec, index, links, Link(Ref(-1), width(graph.outputs[0]), sequence=sequence))
        if self.training:
            wanted = [] if graph.takes_index else [k for k, link in enumerate(links) if link.gradient >= 0]
            forward.backward = differentiate(graph, differentiable=wanted)
        states = [self._state_slot(spec, s, k, index) for k, s in enumerate(graph.states)]
        memo = {s: slot_leaf(Ref(slot), width(s), loop=True) for s, slot in zip(graph.states, states, strict=True)}
        for symbol, link in zip(graph.inputs, links, strict=True):
            memo[symbol] = slot_leaf(link.value, width(symbol))
        keep = to_save(graph, forward.backward) if forward.backward else []
        lowering = Lowering(
            graph.nodes(),
            graph.outputs,
            keep=set(keep),
            memo=memo,
            drops=self.drops,
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
        forward.saved = {s: leaf_of(memo[s], places.refs) for s in keep}
        forward.slots = {s for s in places.free if self.slots[s].time == "steps"}
        forward.states = tuple(State(s.name, width(s), slot) for s, slot in zip(graph.states, states, strict=True))
        self._name_values(spec, graph, memo, places.refs)
        self._output_link(forward, fixed[outputs[0]], states, seed)
        self.stages.append(
            Stage(spec.name, sequence, forward.before, forward.loop, states=forward.states, last=forward.last)
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

    def _output_link(self, forward: Forward, output: Ref, states: list[int], seed: int) -> None:
        """Where the next layer finds this one's output, and leaves its gradient."""
        out, spec, index = forward.out, forward.spec, forward.index
        out.value, out.gradient = output, seed
        if spec.last and states:
            forward.last = self.new_slot(out.width, "single", index, "last")
            out.value, out.sequence = Ref(forward.last), False
        matters = spec.graph.parameters or any(link.gradient >= 0 for link in forward.links)
        if self.training and seed < 0 and matters:
            time: Time = "single" if forward.last >= 0 else "steps"
            out.gradient = self.new_slot(out.width, time, index, "output gradient")

    # --- backward -------------------------------------------------------------------------------------------

    def _backward_stage(self, forward: Forward) -> Stage:
        stage = self.stages[forward.index]
        if forward.spec.name == "reversal":
            return self._reversed_back(stage, forward)
        if forward.backward is None or forward.out.gradient < 0:
            return stage
        backward = BackwardStage(self.emit, forward, forward.backward, self.drops)
        stage = backward.stage(stage)
        self.gradients += backward.gradients
        self.names = {name: ref for name, ref in self.names.items() if ref.slot not in backward.taken}
        return stage

    def _reversed_back(self, stage: Stage, forward: Forward) -> Stage:
        link, above = forward.links[0], Ref(forward.out.gradient)
        if link.gradient < 0:
            return stage
        if not link.begun:
            link.begun = True
            return replace(stage, after=(Reverse(above, Ref(link.gradient)),))
        turned = Ref(self.new_slot(link.width, "steps", forward.index, "reversed gradient"))
        there, more = (Operand("slot", link.width, ref) for ref in (Ref(link.gradient), turned))
        return replace(stage, after=(Reverse(above, turned), Elementwise((Instruction("add", there, (there, more)),))))
