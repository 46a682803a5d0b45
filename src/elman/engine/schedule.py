"""The scheduler: from the equations of a graph of layers to a `Plan`.

For each layer: lower its step (`elman.engine.lower`), split it into what can run for all steps at once and what is
the recurrence, put elementwise values into as few programs as their products allow, fuse products of the same operand,
and give each value a slot or a register. For training the same is done to the backward step; the forward values that it
needs are saved or computed again, whichever costs less (`elman.engine.needs`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from elman.engine.backward import BackwardStage
from elman.engine.emit import Emitter, Placement
from elman.engine.forward import states_of, step_of
from elman.engine.functions import scheduled
from elman.engine.lower import Node
from elman.engine.normalising import meeting_of, normalised, normalised_back
from elman.engine.places import Places
from elman.engine.plan import MOMENTS, Function, Goal, Move, Plan, Stage
from elman.engine.slots import ONCE, Ref
from elman.engine.stage import (
    REVERSAL,
    Forward,
    InputSpec,
    LayerSpec,
    Link,
    LossSpec,
    MoveSpec,
    NormSpec,
    Source,
    as_source,
    axis_after,
    leaf_of,
    moved_back,
    without_equations,
)
from elman.engine.sums import MatrixGradient, TableGradient, VectorGradient
from elman.equations.differentiate import differentiate
from elman.equations.graph import Graph
from elman.equations.matrices import split
from elman.equations.simplify import simplify
from elman.equations.symbols import Symbol, width
from elman.errors import EngineError


def schedule(
    layers: Sequence[LayerSpec],
    inputs: int | Sequence[InputSpec],
    parameters: int,
    losses: LossSpec | Sequence[LossSpec] | None = None,
    *,
    outputs: Sequence[Source | int] | None = None,
    seeded: bool = False,
    input_gradient: bool = False,
    dropout: bool = True,
    frozen: Collection[int] = (),
) -> Plan:
    """The plan of a network; with a loss of each output of its training; `seeded`, of the way back.

    In both dropout drops, unless it is told not to. `inputs` may be the features of a single one; `outputs` are those
    of the last layer by default; `frozen` are offsets of parameters whose gradients are left out, and stay 0. Those of
    the others keep their bits: what is computed for them is differentiated and lowered as if all were wanted.
    """
    given = [InputSpec(inputs)] if isinstance(inputs, int) else list(inputs)
    wanted = [len(layers) - 1] if outputs is None else outputs
    aims = [losses] if isinstance(losses, LossSpec) else list(losses or [])
    places = [as_source(source) for source in wanted]
    return _Scheduler(layers, given, places, parameters, aims, seeded, input_gradient, dropout, frozen).plan()


class _Scheduler:
    def __init__(
        self,
        layers: Sequence[LayerSpec],
        inputs: Sequence[InputSpec],
        outputs: Sequence[Source],
        parameters: int,
        losses: Sequence[LossSpec],
        seeded: bool,
        input_gradient: bool,
        dropout: bool,
        frozen: Collection[int],
    ):
        self.inputs, self.outputs, self.losses = inputs, outputs, losses
        self.seeded, self.training = seeded, seeded or bool(losses)
        self.drops = self.training and dropout
        self.input_gradient, self.frozen = input_gradient, frozenset(frozen)
        self.parameters = self.arena = parameters
        self.functions: list[Function] = []
        self.layers = [self._without_functions(spec) for spec in layers]
        self.emit = Emitter()
        self.slots, self.new_slot = self.emit.slots, self.emit.new_slot
        self.gradients: list[MatrixGradient | VectorGradient | TableGradient] = []
        self.stages: list[Stage] = []
        self.done: list[Forward] = []
        self.names: dict[str, Ref] = {}
        self.moments = 0

    def _without_functions(self, spec: LayerSpec) -> LayerSpec:
        """A layer to which matrices that are made of parameters are parameters."""
        graph, made = split(spec.graph)
        offsets = dict(spec.offsets)
        for one in made:
            function = scheduled(one, offsets, self.arena, schedule, training=self.training, drops=self.drops)
            self.functions.append(function)
            offsets[one.name] = self.arena
            if all(view.offset in self.frozen for view in function.reads):
                self.frozen |= {self.arena}
            self.arena += one.rows * one.columns
        return replace(spec, graph=graph, offsets=offsets) if made else spec

    # --- the graph ------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        self._check_read()
        self.given = [self._input(k, spec) for k, spec in enumerate(self.inputs)]
        self.made: list[tuple[Forward, Link]] = []  # of each layer, the stage with its states, and its output
        for number, spec in enumerate(self.layers):
            links = [self._link(source) for source in spec.reads(number)]
            self.made.append(self._layer(spec, links))
        links = [self._link(source) for source in self.outputs]
        goals = self._goals(links) if self.training else []
        for forward in reversed(self.done if self.training else []):
            self.stages[forward.index] = self._backward_stage(forward)
        return Plan(
            tuple(self.slots),
            tuple(self.stages),
            tuple(self.emit.matrices),
            tuple(self.gradients),
            self.parameters,
            tuple(link.value for link in self.given),
            tuple(link.value for link in links),
            tuple(goals),
            tuple(link.gradient if link.begun else -1 for link in self.given) if self.input_gradient else (),
            any(loss.root for loss in self.losses),
            1 + max(spec.axis for spec in self.inputs),
            self.names,
            tuple(self.functions),
        )

    def _check_read(self) -> None:
        """Every layer must be read or be an output: what serves nothing is not computed in silence."""
        read = {s.number for number, spec in enumerate(self.layers) for s in spec.reads(number)}
        read |= {as_source(s).number for spec in self.layers for s in spec.initial if s is not None}
        read |= {as_source(s).number for spec in self.layers for s in spec.memories}
        read |= {s.number for s in self.outputs}
        for number, spec in enumerate(self.layers):
            if number not in read:
                raise EngineError(f"layer {number} ({spec.name}) is read by no other")

    def _input(self, number: int, spec: InputSpec) -> Link:
        name = f" {number}" * (len(self.inputs) > 1)
        link = Link(Ref(self.new_slot(spec.width, "steps", 0, f"input{name}", spec.axis)), spec.width, axis=spec.axis)
        if self.training and self.input_gradient:
            link.gradient = self.new_slot(spec.width, "steps", 0, f"input{name} gradient", spec.axis)
            link.learns = True
        return link

    def _link(self, source: Source) -> Link:
        """Where a layer finds what it reads."""
        if source.number < 0:
            return self.given[~source.number]
        forward, out = self.made[source.number]
        return out if source.state < 0 else self._final(forward, source.state + forward.inner)

    def _final(self, forward: Forward, number: int) -> Link:
        """The final value of a state, which the runner then keeps."""
        if number not in forward.finals:
            state = forward.states[number]
            link = Link(Ref(self._once(state.width, forward.index, f"final {state.name}")), state.width, axis=ONCE)
            if self.training and self._matters(forward):
                link.gradient = self._once(state.width, forward.index, f"final {state.name} gradient")
                link.learns = forward.out.learns
            forward.finals[number] = link
            states = list(forward.states)
            states[number] = replace(state, final=link.value.slot)
            forward.states = tuple(states)
            self.stages[forward.index] = replace(self.stages[forward.index], states=forward.states)
        return forward.finals[number]

    def _once(self, width: int, stage: int, name: str) -> int:
        return self.new_slot(width, "steps", stage, name, ONCE)

    def _layer(self, spec: LayerSpec, links: list[Link]) -> tuple[Forward, Link]:
        """The stages of a layer: itself, between reversals if it runs backwards in time."""
        if spec.move is not None:
            (link,) = links
            forward = self._moved(spec.name, spec.move, link)
            return forward, forward.out
        if spec.norm is not None:
            links, spec = [self._normalised(spec, spec.norm, link) for link in links], replace(spec, norm=None)
        initial = [None if s is None else self._link(as_source(s)) for s in spec.initial]
        links = [self._moved("reversal", REVERSAL, link).out for link in links] if spec.reverse else links
        memories = [self._link(as_source(s)) for s in spec.memories]
        forward = self._forward_stage(spec, links, initial, memories, inner=spec.last and spec.graph.has_output)
        if spec.last:
            return forward, self._final(forward, 0)
        return forward, self._moved("reversal", REVERSAL, forward.out).out if spec.reverse else forward.out

    def _moved(self, name: str, move: MoveSpec, link: Link) -> Forward:
        index, axis = len(self.stages), axis_after(move, link)
        out = Link(Ref(self.new_slot(link.width, "steps", index, f"{move.kind}", axis)), link.width, axis=axis)
        forward = Forward(without_equations(name, move=move), index, [link], out)
        forward.before = (Move(move.kind, link.value, out.value, move.number),)
        if self.training and link.gradient >= 0:
            out.gradient = self.new_slot(link.width, "steps", index, f"{move.kind} gradient", axis)
            out.learns = link.learns
        self.stages.append(Stage(name, axis, before=forward.before))
        self.done.append(forward)
        return forward

    def _normalised(self, spec: LayerSpec, norm: NormSpec, link: Link) -> Link:
        """A stage before which the rows of the batch meet."""
        index, axis, wide = len(self.stages), link.axis, link.width
        out = Link(Ref(self.new_slot(wide, "steps", index, f"{spec.name} normalised", axis)), wide, axis=axis)
        if self.training and link.gradient >= 0:
            out.gradient = self.new_slot(wide, "steps", index, f"{spec.name} normalised gradient", axis)
            out.learns = link.learns
        meets = meeting_of(norm, spec.offsets, link.value, out.value, self.moments)
        self.moments += len(MOMENTS) * wide
        self.stages.append(normalised(spec.name, axis, meets, wide))
        self.done.append(Forward(without_equations(spec.name, norm=norm), index, [link], out))
        return out

    def _goals(self, links: list[Link]) -> list[Goal]:
        if self.seeded:
            return [Goal(seed=self._seed(link)) for link in links]
        return [self._loss(loss, link) for loss, link in zip(self.losses, links, strict=True)]

    def _seed(self, link: Link) -> int:
        """The slot of dL/d an output, which the caller gives."""
        if link.begun:
            raise EngineError("an output is given out twice: each needs a layer of its own")
        if link.gradient < 0:
            link.gradient = self.new_slot(link.width, "steps", 0, "output gradient", link.axis)
        link.begun = True
        return link.gradient

    def _loss(self, loss: LossSpec, link: Link) -> Goal:
        index, wide = len(self.stages), width(loss.graph.inputs[1])
        target = self.new_slot(wide, "steps", index, "target", link.axis)
        weight = self.new_slot(1, "steps", index, "weight", link.axis)
        links = [link, Link(Ref(target), wide, axis=link.axis)]
        forward = self._forward_stage(LayerSpec("loss", loss.graph, {}), links, seed=weight)
        return Goal(target, weight, forward.out.value.slot, share=loss.share)

    # --- forward --------------------------------------------------------------------------------------------

    def _forward_stage(
        self,
        spec: LayerSpec,
        links: list[Link],
        initial: Sequence[Link | None] = (),
        memories: Sequence[Link] = (),
        seed: int = -1,
        inner: bool = False,
    ) -> Forward:
        forward = self._begun(spec, links, initial, memories, seed, inner)
        graph, index, axis = forward.spec.graph, forward.index, forward.out.axis
        step = step_of(forward, self.emit, self.training, self.drops)
        before, loop = step.sections(graph)
        places = Places(self.slots, index, axis, step.fixed, step.saved, ())
        place = Placement(self.emit, places, spec.offsets)
        forward.before = place.section(before, loop, merged=True)
        forward.loop = place.section(loop, [], merged=False)
        forward.saved = {s: leaf_of(step.memo[s], places.refs) for s in step.keep}
        forward.slots = {s for s in places.free if self.slots[s].time == "steps"}
        forward.states = states_of(forward, step.states)
        self._name_values(spec, graph, step.memo, places.refs)
        forward.out.value = step.fixed[step.outputs[0]]
        forward.out.learns = self._learns(forward)
        if self.training and seed < 0 and self._matters(forward) and not spec.last:
            forward.out.gradient = self.new_slot(forward.out.width, "steps", index, "output gradient", axis)
        self.stages.append(Stage(spec.name, axis, forward.before, forward.loop, states=forward.states))
        self.done.append(forward)
        return forward

    def _begun(
        self,
        spec: LayerSpec,
        links: list[Link],
        initial: Sequence[Link | None],
        memories: Sequence[Link],
        seed: int,
        inner: bool,
    ) -> Forward:
        """What a stage reads, and its backward step in training."""
        graph = simplify(spec.graph.with_output_as_state() if inner else spec.graph)
        spec, index = replace(spec, graph=graph), len(self.stages)
        axis = links[0].axis if links else ONCE
        if any(link.axis != axis for link in links):
            raise EngineError(f"layer {spec.name} reads what has the steps of one time axis beside those of another")
        forward = Forward(spec, index, links, Link(Ref(-1), width(graph.outputs[0]), seed, axis, seed >= 0))
        forward.inner, forward.memories = int(inner), list(memories)
        forward.initial = [*[None] * inner, *initial] if initial else [None] * len(graph.states)
        if any(link.axis == ONCE for link in memories):
            raise EngineError(f"layer {spec.name} attends to what has one step")
        if self.training:
            wanted = [k for k, link in enumerate(links) if link.gradient >= 0]
            attended = [k for k, link in enumerate(memories) if link.gradient >= 0]
            forward.backward = differentiate(graph, differentiable=wanted, memories=attended)
        return forward

    def _matters(self, forward: Forward) -> bool:
        """Whether a layer has parameters, or reads what has a gradient."""
        return bool(forward.spec.graph.parameters) or any(link.gradient >= 0 for link in forward.read)

    def _learns(self, forward: Forward) -> bool:
        """Whether a layer has parameters that are not frozen, or reads what depends on such."""
        offsets = [forward.spec.offsets[name] for name in forward.spec.graph.parameters]
        return not self.frozen.issuperset(offsets) or any(link.learns for link in forward.read)

    def _name_values(self, spec: LayerSpec, graph: Graph, memo: dict[Symbol, Node], refs: dict[Node, Ref]) -> None:
        for symbol, name in graph.names.items():
            if symbol in memo and memo[symbol] in refs:
                self.names[f"{spec.name}.{name}"] = refs[memo[symbol]]

    # --- backward -------------------------------------------------------------------------------------------

    def _backward_stage(self, forward: Forward) -> Stage:
        stage = self.stages[forward.index]
        if forward.spec.move is not None or forward.spec.norm is not None:
            return self._passed_back(stage, forward)
        if forward.backward is None or not self._is_wanted(forward):
            return stage
        backward = BackwardStage(self.emit, forward, forward.backward, self.drops, self.frozen)
        stage = backward.stage(stage)
        self.gradients += backward.gradients
        self.names = {name: ref for name, ref in self.names.items() if ref.slot not in backward.taken}
        return stage

    def _is_wanted(self, forward: Forward) -> bool:
        """Whether a gradient comes to a layer that passes any on."""
        return forward.out.learns and (bool(forward.states) or forward.out.begun)

    def _passed_back(self, stage: Stage, forward: Forward) -> Stage:
        """The way back of a stage without equations."""
        link, out = forward.links[0], forward.out
        if not link.learns or not out.begun:
            return stage
        if forward.spec.move is None:
            stage = normalised_back(stage, Ref(out.gradient), link)
        else:
            back = moved_back(forward.spec.move, link.value)
            move = replace(back, source=Ref(out.gradient), target=Ref(link.gradient), add=link.begun)
            stage = replace(stage, after=(move,))
        link.begun = True
        return stage
