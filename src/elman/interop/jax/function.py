"""A network as a pure function of its parameters and inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from elman.engine.slots import ONCE
from elman.engine.stage import Source
from elman.errors import ConversionError, OptionError, ShapeError
from elman.interop.jax import layers
from elman.interop.jax.layers import Read
from elman.interop.jax.steps import Equations, Evaluation
from elman.interop.jax.times import Times
from elman.interop.peers import peer
from elman.network import Network
from elman.network.doors import by_input
from elman.network.flow import Part
from elman.network.freezing import moving_norms
from elman.training.finite import as_lengths

State = list[tuple[Any, ...]]


class Aux(NamedTuple):
    """What a training needs beside the outputs.

    Attributes
    ----------
    state : list of tuples of array (B, H)
        The final states, as Elman returns them.
    moments : dict of str to array
        New running moments of each batch normalisation, by the names of their parameters: ``params | aux.moments``.
    penalty : array, shape ()
        What the network's `ActivityPenalty` layers add to the loss.
    """

    state: State
    moments: dict[str, Any]
    penalty: Any


@dataclass(frozen=True, eq=False)
class JaxFunction:
    """What `to_jax` returns: a network without its parameters; see there.

    Attributes
    ----------
    trainable : tuple of str
        The parameters that Elman's training would change: not constants, what is frozen, running moments.
    dtype : dtype
        Of all numbers.
    """

    net: Network = field(repr=False)  # of its own: nobody changes it
    trainable: tuple[str, ...]
    dtype: np.dtype
    equations: dict[int, Equations] = field(repr=False)
    moving: frozenset[str] = field(repr=False)  # batch normalisations that training takes from the batch

    @classmethod
    def of(cls, net: Network) -> JaxFunction:
        parts = enumerate(net.structure.parts)
        equations = {number: Equations.of(part.graph) for number, part in parts if part.graph is not None}
        moving = frozenset(net.layer_names[number] for number in moving_norms(net))
        return cls(net, net.trainable, net.dtype, equations, moving)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle as the network does: equations as data."""
        return JaxFunction.of, (self.net,)

    def __call__(
        self,
        params: Mapping[str, Any],
        x: Any,
        state: Any = None,
        lengths: Any = None,
        *,
        key: Any = None,
        return_state: bool = False,
        return_aux: bool = False,
    ) -> Any:
        """Run the network; see `elman.interop.to_jax`."""
        if return_state and return_aux:
            raise OptionError("return_aux has the final states, too: leave return_state out")
        self._check(params)
        run = _Run(self, params, self._inputs(x), lengths, key)
        run.begin(self._states(state, run.rows))
        y = self.net.returned(run.outputs())
        if return_aux:
            return y, Aux(self.net.nested_state(run.final), run.moments, run.penalty())
        return (y, self.net.nested_state(run.final)) if return_state else y

    def _check(self, params: Mapping[str, Any]) -> None:
        if self.dtype == np.float64 and not peer("jax").config.jax_enable_x64:
            raise ConversionError(
                "the network computes in float64, and JAX in float32 unless it is told otherwise: "
                'jax.config.update("jax_enable_x64", True) before anything is computed'
            )
        places = self.net.params.places
        if set(params) != set(places):
            odd = sorted(set(params) ^ set(places))[0]
            what = f"there is no parameter {odd!r}" if odd in params else f"the parameter {odd!r} is not there"
            raise OptionError(f"params: {what}; expected those that to_jax returned")
        for name, place in places.items():
            if np.shape(params[name]) != place.shape:
                raise ShapeError(f"params[{name!r}] has shape {np.shape(params[name])}; expected {place.shape}")

    def _inputs(self, x: Any) -> list[Any]:
        doors = self.net.doors
        found = [_shaped(door, one, self.dtype) for door, one in zip(doors, by_input(doors, x), strict=True)]
        for door, one in zip(doors, found, strict=True):
            if len(one) != len(found[0]):
                raise ShapeError(f"{door.name} has {len(one)} rows, {doors[0].name} has {len(found[0])}")
        return found

    def _states(self, state: Any, rows: int) -> list[Any]:
        """The states that the caller gives, layer after layer; zeros where there are none."""
        jnp, sizes = peer("jax").numpy, self.net.state_sizes()
        if state is None:
            return [jnp.zeros((rows, size), self.dtype) for layer in sizes for size in layer]
        if [len(layer) for layer in state] != [len(layer) for layer in sizes]:
            raise ShapeError(
                f"state has {[len(layer) for layer in state]} arrays by layer; the network's recurrent layers have "
                f"{[len(layer) for layer in sizes]}"
            )
        given = [jnp.asarray(s, self.dtype) for layer in state for s in layer]
        for one, size in zip(given, [size for layer in sizes for size in layer], strict=True):
            if one.shape != (rows, size):
                raise ShapeError(f"a state has shape {one.shape}; expected {(rows, size)} = (rows of x, hidden size)")
        return given


def _shaped(door: Any, x: Any, dtype: np.dtype) -> Any:
    """An input as (B, T, F), or (B, F) without time, of the network's dtype; indices stay what they are."""
    jnp, given = peer("jax").numpy, door.given
    array = jnp.asarray(x)
    if array.ndim == 1 + door.steps and given.width == 1:
        array = array[..., None]
    if array.ndim != 2 + door.steps or array.shape[-1] != given.width or 0 in array.shape:
        expected = ("B, T, " if door.steps else "B, ") + str(given.width)
        raise ShapeError(f"{door.name} has shape {jnp.shape(x)}; expected ({expected})")
    return array if door.whole else array.astype(dtype)


class _Run:
    """One call: the values of all parts."""

    def __init__(self, function: JaxFunction, params: Mapping[str, Any], inputs: list[Any], lengths: Any, key: Any):
        self.function, self.net = function, function.net
        self.structure, self.dtype = function.net.structure, function.dtype
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
                free = [not part.initial or s is None for s, _ in self._initial(part)]
                initial = [
                    next(given) if is_free else self.value(source)
                    for is_free, (source, _) in zip(free, self._initial(part), strict=True)
                ]
                value, finals = self._layer(number, part, initial)
                self.final += [final for final, is_free in zip(finals, free, strict=True) if is_free]
            self.made.append(value)
            self.finals.append(finals)

    @staticmethod
    def _initial(part: Part) -> list[tuple[Any, Any]]:
        """What each state of a layer begins with, None where the caller says so."""
        assert part.graph is not None
        states = part.graph.states
        return list(zip(part.initial or (None,) * len(states), states, strict=True))

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
        equations = self.function.equations[number]
        times = self._axis(part.sources[0]) if part.sources else None
        memories = [self.value(s) for s in part.memories]
        read = Read([self.value(s) for s in part.sources], memories, initial, self.rows, times)
        parameters = {name: self.params[self._owned(number, part, name)] for name in equations.graph.parameters}
        if self.key is not None and part.name in self.function.moving:
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
