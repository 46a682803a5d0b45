"""A network as a pure function of its parameters and inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from elman.errors import ConversionError, OptionError, ShapeError
from elman.interop.jax.run import Plan, Run
from elman.interop.jax.steps import Equations
from elman.interop.peers import peer
from elman.network import Network
from elman.network.doors import by_input
from elman.network.freezing import moving_norms

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
        run = Run(Plan(self.net, self.equations, self.moving), params, self._inputs(x), lengths, key)
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
