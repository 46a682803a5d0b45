"""One run of a network in JAX: the values of all of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.engine.slots import ONCE
from elman.engine.stage import Source
from elman.errors import OptionError, ShapeError
from elman.interop.jax import layers
from elman.interop.jax.layers import Read
from elman.interop.jax.steps import Equations, Evaluation
from elman.interop.jax.times import Times
from elman.interop.peers import peer
from elman.network import Network
from elman.network.flow import Part
from elman.training.finite import as_lengths


@dataclass(frozen=True, eq=False)
class Plan:
    """What is run.

    Attributes
    ----------
    net : Network
        Its parameters are not looked at.
    equations : dict of int to Equations
        By the number of the part.
    moving : frozenset of str
        Batch normalisations that training takes from the batch.
    """

    net: Network
    equations: dict[int, Equations]
    moving: frozenset[str]


class Run:
    """One call: the values of all parts."""

    def __init__(self, plan: Plan, params: Mapping[str, Any], inputs: list[Any], lengths: Any, key: Any):
        self.plan, self.net = plan, plan.net
        self.structure, self.dtype = plan.net.structure, plan.net.dtype
        jnp = peer("jax").numpy
        self.params = {name: jnp.asarray(params[name], self.dtype) for name in self.net.params.places}
        self.key, self.rows = key, len(inputs[0])
        self.times = self._times(inputs, lengths)
        axes = [door.given.axis for door in self.net.doors]
        self.inputs = [x if a == ONCE else self.times[a].begun(x) for a, x in zip(axes, inputs, strict=True)]
        self.made: list[Any] = []
        self.finals: list[list[Any]] = []
        self.final: list[Any] = []  # of the states that the caller may give
        self.moments: dict[str, Any] = {}

    def _times(self, inputs: list[Any], lengths: Any) -> dict[int, Times]:
        steps: dict[int, int] = {}
        for door, x in zip(self.net.doors, inputs, strict=True):
            if door.steps and steps.setdefault(door.given.axis, x.shape[1]) != x.shape[1]:
                raise ShapeError(
                    f"{door.name} has {x.shape[1]} time steps, and {steps[door.given.axis]} are expected of an input "
                    "that the network puts together with another step by step"
                )
        given = self._lengths(lengths, steps)
        return {axis: Times(T, given.get(axis)) for axis, T in steps.items()}

    def _lengths(self, lengths: Any, steps: Mapping[int, int]) -> dict[int, Any]:
        if lengths is None:
            return {}
        if not isinstance(lengths, Mapping):
            if len(steps) > 1:
                raise OptionError(
                    f"lengths: the network has several time axes; give a dict of them by input, such as "
                    f"{{{self.net.doors[0].given.name!r}: lengths}}"
                )
            return {axis: self._checked(lengths, T) for axis, T in steps.items()}
        known = {door.given.name: door.given.axis for door in self.net.doors if door.steps}
        found: dict[int, Any] = {}
        for name, one in lengths.items():
            if name not in known:
                raise OptionError(f"lengths of {name!r}, no input with time steps; there are {', '.join(known)}")
            if known[name] in found:
                raise OptionError(f"lengths came twice for inputs that share their steps: leave out those of {name}")
            if one is not None:
                found[known[name]] = self._checked(one, steps[known[name]])
        return found

    def _checked(self, lengths: Any, steps: int) -> Any:
        """Lengths (B,): looked at where they are known, and not while they are traced."""
        jax = peer("jax")
        if not isinstance(lengths, jax.core.Tracer):
            return jax.numpy.asarray(as_lengths(np.asarray(lengths), self.rows, steps), np.int32)
        if lengths.shape != (self.rows,):
            raise ShapeError(f"lengths has shape {lengths.shape}, expected ({self.rows},), one for each row of x")
        return lengths.astype(np.int32)

    # --- parts ----------------------------------------------------------------------------------------------

    def begin(self, states: Sequence[Any]) -> None:
        """Run all parts."""
        given = iter(states)
        for number, part in enumerate(self.structure.parts):
            finals: list[Any] = []
            if part.graph is None:
                value = self._moved(number, part)
            else:
                begins = part.initial or (None,) * len(part.graph.states)
                initial = [next(given) if source is None else self.value(source) for source in begins]
                value, finals = self._layer(number, part, initial)
                self.final += [final for final, source in zip(finals, begins, strict=True) if source is None]
            self.made.append(value)
            self.finals.append(finals)

    def value(self, source: Source) -> Any:
        if source.number < 0:
            return self.inputs[~source.number]
        return self.made[source.number] if source.state < 0 else self.finals[source.number][source.state]

    def _axis(self, source: Source) -> Times | None:
        axis = self.structure.axis(source)
        return None if axis == ONCE else self.times[axis]

    def _moved(self, number: int, part: Part) -> Any:
        assert part.move is not None
        axis = self.structure.axes[number]
        times = self.times[axis] if part.move.kind == "repeat" else self._axis(part.sources[0])
        assert times is not None
        return times.moved(part.move.kind, part.move.number, self.value(part.sources[0]))

    def _layer(self, number: int, part: Part, initial: list[Any]) -> tuple[Any, list[Any]]:
        equations = self.plan.equations[number]
        times = self._axis(part.sources[0]) if part.sources else None
        memories = [self.value(s) for s in part.memories]
        read = Read([self.value(s) for s in part.sources], memories, initial, self.rows, times)
        parameters = {name: self.params[self._owned(number, part, name)] for name in equations.graph.parameters}
        if self.key is not None and part.name in self.plan.moving:
            value, moments = layers.normalised(part.layer.batch, parameters, read)
            self._keep(number, part, moments)
            return value, []
        how = Evaluation(parameters, self.dtype, self.net.products is not None, self._used(part), self._key(number))
        if not equations.graph.states:
            return layers.stateless(equations, how, read), []
        return layers.recurrent(equations, how, read, part.layer.reverse, part.layer.last_only)

    def _keep(self, number: int, part: Part, moments: dict[str, Any]) -> None:
        """Running moments with those of this batch, one layer after the other where several share them."""
        momentum = part.layer.batch["momentum"]
        for kind, moment in moments.items():
            name = self._owned(number, part, kind)
            before = self.moments.get(name, self.params[name])
            self.moments[name] = peer("jax").lax.stop_gradient(momentum * before + (1 - momentum) * moment)

    def _owned(self, number: int, part: Part, name: str) -> str:
        """The name of a layer's parameter, which may be another's."""
        owner, theirs = part.tied.get(name, (number, name))
        return f"{self.structure.parts[owner].name}.{theirs}"

    def _used(self, part: Part) -> dict[Any, Any]:
        assert part.graph is not None
        axes = [self._axis(source) for source in part.memories]
        used = [None if times is None or times.lengths is None else times.used() for times in axes]
        return dict(zip(part.graph.memories, used, strict=True))

    def _key(self, number: int) -> Any:
        return None if self.key is None else peer("jax").random.fold_in(self.key, number)

    # --- what comes of it -----------------------------------------------------------------------------------

    def outputs(self) -> list[Any]:
        found = []
        for source in self.structure.outputs:
            times, value = self._axis(source), self.value(source)
            found.append(value if times is None else times.zero_behind(value))
        return found

    def penalty(self) -> Any:
        """The mean over rows and steps in use of what activities cost."""
        jnp = peer("jax").numpy
        total = jnp.zeros((), self.dtype)
        for number, part in enumerate(self.structure.parts):
            if part.layer is not None and part.layer.penalty:
                values, how, times = self.made[number], part.layer.penalty, self._axis(Source(number))
                cost = (how["l1"] * jnp.abs(values) + how["l2"] * jnp.square(values)).sum(-1, keepdims=True)
                if times is None:
                    total += cost.mean()
                else:
                    count = self.rows * times.steps if times.lengths is None else jnp.maximum(times.lengths.sum(), 1)
                    total += times.zero_behind(cost).sum() / count
        return total
