"""The losses of a network step by step: what each leaves directly in the states, what each step's parameters get."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from elman.engine import make_engine
from elman.engine.interface import Batch, Engine
from elman.engine.schedule import schedule
from elman.engine.slots import ONCE
from elman.engine.stage import LayerSpec, Source
from elman.insight.looking import makers
from elman.insight.system import System
from elman.network import Activation, Network
from elman.network.copies import in_float64
from elman.network.engines import loss_spec
from elman.network.pieces import Fed, follow, owner, piece
from elman.network.stepwise import hindrance
from elman.training.examples import Judged
from elman.training.protocol import Aim

EVERY = slice(None)


class StepLosses:
    """The loss of each step by itself, of a network that is looked at.

    What is made of the states, up to the outputs, is a network of its own here, the readout, which has the states at
    all steps as inputs.

    Parameters
    ----------
    system : System
        What is looked at.
    judged : sequence of Judged
        The targets and the loss of each output.
    inputs : sequence of arrays
        Those of the network.
    steps : int
        Of the states.

    Attributes
    ----------
    steps : ndarray of int
        The steps that have a loss; an output without time has it at the last one.
    """

    def __init__(self, system: System, judged: Sequence[Judged], inputs: Sequence[np.ndarray], steps: int):
        self.system, self.T, self.B = system, steps, len(inputs[0])
        self.judged = [replace(j, loss=replace(j.loss, root=False)) for j in judged]
        self.root = any(j.loss.root for j in judged)  # taken at the very end
        self.given = {one.name: a for one, a in zip(system.whole.structure.inputs, inputs, strict=True)}
        self.net, self.states = _readout(system)
        self.follow()
        structure = system.whole.structure
        axis, ends = structure.axis(structure.parts[system.view.numbers[0]].sources[0]), system.whole.ends
        self.every = any(end.sequence_output for end in ends)
        lengths = [j.target.shape[1] for j, end in zip(judged, ends, strict=True) if end.sequence_output]
        self.count = max(lengths, default=steps)
        self.steps = np.arange(self.count)[slice(None) if self.every else slice(-1, None)]
        alike = {end.axis for end in ends}
        self.backwards = system.view.reverse and alike == {axis}  # the losses' steps, too
        self.hindrance = hindrance(self.net.structure)
        self.stepwise = not self.hindrance and alike in ({axis}, {ONCE})
        self._engines = [_loss_engine(self.net, j, end.outputs) for j, end in zip(self.judged, ends, strict=True)]

    def follow(self) -> None:
        """Take over the parameters that the system has now."""
        follow(self.net, self.system.whole)

    # --- the readout ----------------------------------------------------------------------------------------

    def _inputs(self, s: np.ndarray, steps: slice = EVERY) -> tuple[np.ndarray, ...]:
        """What the readout reads, for states (B, T, n) in the order of the layers."""
        found = []
        for door in self.net.doors:
            name = door.given.name
            array = s[:, :, self.states[name]] if name in self.states else self.given[name]
            found.append(np.ascontiguousarray(array[:, steps] if door.steps else array))
        return tuple(found)

    def _seeds(self, inputs: tuple[np.ndarray, ...]) -> tuple[list[np.ndarray], float]:
        """The gradient of each row's, and each step's, own loss with respect to the outputs, and the whole loss."""
        outputs, _ = self.net.engine().forward(self.net.arena, Batch(inputs), version=self.net.params.version)
        seeds, total = [], 0.0
        for judged, engine, y in zip(self.judged, self._engines, outputs, strict=True):
            target = judged.target if y.ndim == 3 else judged.target[:, None]
            y = np.ascontiguousarray(y if y.ndim == 3 else y[:, None])
            found = engine.gradients(np.zeros(0), Batch.of(y, target[:, -y.shape[1] :]), want_input=True)
            seed = found.input * (judged.share * y.shape[0] * y.shape[1])
            seeds.append(seed if judged.target.ndim == 3 else seed[:, 0])
            total += judged.share * found.loss
        return seeds, total

    def _pulled(self, inputs: tuple[np.ndarray, ...], seeds: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """dL/d states (B, T, n), and dL/d parameters of the readout, from dL/d outputs."""
        batch = Batch(inputs, tuple(map(np.ascontiguousarray, seeds)))
        found = self.net.differentiator.gradients(
            self.net.arena, batch, want_input=True, version=self.net.params.version
        )
        named = {door.given.name: g for door, g in zip(self.net.doors, found.inputs, strict=True)}
        reached = {name: named[name] for name in self.states if name in named}
        steps = max((g.shape[1] for g in reached.values()), default=self.T)
        s = np.zeros((self.B, steps, self.system.n))
        for name, gradient in reached.items():
            s[:, :, self.states[name]] = gradient
        return s, found.parameters

    # --- what the losses leave ------------------------------------------------------------------------------

    def direct(self, s: np.ndarray) -> np.ndarray:
        """What each loss leaves directly in the states (B, T, n): (B, M, T, n), of the M steps that have one.

        Where a loss depends on the states of its own step only, (B, T, n), of each step its own.
        """
        s = self._in_time(s)
        if self.stepwise:
            return self._in_time(self._direct_stepwise(s))
        inputs = self._inputs(s)
        seeds, _ = self._seeds(inputs)
        times = self.count - 1 - self.steps if self.backwards else self.steps
        found = [self._in_time(self._pulled(inputs, [self._at(g, t) for g in seeds])[0]) for t in times]
        return np.stack(found, axis=1)

    def _at(self, seed: np.ndarray, step: int) -> np.ndarray:
        """The gradient of one step's loss alone."""
        kept = np.zeros_like(seed)
        if seed.ndim == 3:
            kept[:, step : step + 1] = seed[:, step : step + 1]
        elif step == (0 if self.backwards else self.count - 1):
            kept[...] = seed
        return kept

    def _judged(self) -> slice:
        """The steps that have a loss, where each depends on the states of its own step."""
        return EVERY if self.every else slice(-1, None)

    def _direct_stepwise(self, s: np.ndarray) -> np.ndarray:
        steps, out = self._judged(), np.zeros_like(s)
        inputs = self._inputs(s, steps)
        found = self._pulled(inputs, self._seeds(inputs)[0])[0]
        out[:, steps] = found[:, steps]
        return out

    def _in_time(self, s: np.ndarray) -> np.ndarray:
        """Between the order in which the layers take the steps, and that of the sequence."""
        return s[:, ::-1] if self.system.view.reverse else s

    def whole(self, s: np.ndarray) -> tuple[float, np.ndarray]:
        """The whole loss without its root, and what it leaves directly in the states (B, T, n)."""
        inputs = self._inputs(self._in_time(s))
        seeds, total = self._seeds(inputs)
        shared = [seed / np.prod(seed.shape[:-1]) for seed in seeds]
        return total, self._in_time(self._pulled(inputs, shared)[0])

    def by_parameter(
        self, s: np.ndarray, x: np.ndarray, gradients: np.ndarray, total: float
    ) -> tuple[float, dict[str, np.ndarray]]:
        """The whole loss, and each parameter's gradient by the step at which it was used, (T, *shape).

        From the gradients (B, T, n) of the whole loss with respect to the states after each step. Of a readout that
        does not go step by step there are none, and none of what it shares with the layers that are looked at.
        """
        net = self.system.net
        stepping = np.stack(
            [
                self.system.gradients(self.system.pulled(x[:, t : t + 1], s[:, t], gradients[:, t])).parameters
                for t in range(self.T)
            ]
        )
        found = self._named(net, stepping, {part.name for part in makers(net.structure)})
        behind = self._named(
            self.net, self._readouts(s[:, 1:]) if self.stepwise else np.zeros((1, self.net.arena.size))
        )
        for name, value in behind.items():
            if self.stepwise:
                found[name] = found[name] + value if name in found else value
            else:  # what it is used for there is of no step
                found.pop(name, None)
        if self.root:
            total = float(np.sqrt(total))
            found = {name: value * (0.5 / total if total > 0 else 0.0) for name, value in found.items()}
        order = [name for name in self.system.whole.params.places if name in found]
        return total, {name: found[name] for name in order}

    def _readouts(self, s: np.ndarray) -> np.ndarray:
        """The gradient of the readout's parameters at each step (T, P), which has its own loss."""
        found, steps = np.zeros((self.T, self.net.arena.size)), range(self.T)[self._judged()]
        inputs = self._inputs(self._in_time(s), self._judged())
        seeds, _ = self._seeds(inputs)
        share = 1 / (self.B * len(steps))
        for number, t in enumerate(steps):
            here = slice(number, number + 1)
            now = tuple(a[:, here] if door.steps else a for door, a in zip(self.net.doors, inputs, strict=True))
            found[t] = self._pulled(now, [(g[:, here] if g.ndim == 3 else g) * share for g in seeds])[1]
        return found[::-1] if self.system.view.reverse else found

    def _named(self, net: Network, flat: np.ndarray, layers: Collection[str] | None = None) -> dict[str, np.ndarray]:
        """Parameters of some layers, or of all, by their names in the whole network."""
        found: dict[str, np.ndarray] = {}
        for name, place in net.params.places.items():
            if layers is not None and name.rpartition(".")[0] not in layers:
                continue
            value = flat[:, place.offset : place.offset + place.size].reshape(-1, *place.shape)
            kept = owner(self.system.whole.structure, name)
            found[kept] = found[kept] + value if kept in found else value
        return found


def _readout(system: System) -> tuple[Network, dict[str, slice]]:
    """The network from the states to the outputs, and which of the n numbers each of its inputs is."""
    structure = system.whole.structure
    given: dict[Source, Fed] = {}
    states: dict[str, slice] = {}
    parts, end = iter(system.parts.values()), 0 if system.view.reverse else -1
    for number in system.view.numbers:
        part = structure.parts[number]
        assert part.graph is not None
        axis = structure.axis(part.sources[0])
        for k, state in enumerate(part.graph.states):
            here, name = next(parts), f"{part.name}.{state.name}"
            states[name] = here
            fed = Fed(name, here.stop - here.start, axis, end)
            given[Source(number, k)] = fed
            if not k:
                given[Source(number)] = fed if structure.axes[number] == ONCE else replace(fed, take=None)
    return in_float64(system.whole, piece(structure, structure.outputs, given)), states


def _loss_engine(net: Network, judged: Judged, outputs: int) -> Engine:
    """An engine of a loss alone."""
    linear = LayerSpec("readout", Activation("linear").graph(outputs), {})
    loss = loss_spec(Aim(judged.loss, judged.width), outputs)
    plan = schedule([linear], outputs, 0, loss, input_gradient=True, dropout=False)
    return make_engine(plan, net.dtype, net.engine_name, net.threads)
