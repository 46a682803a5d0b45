"""The layers of a network, each run over its time axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from elman.equations.symbols import width
from elman.interop.jax.steps import Equations, Evaluation, Values
from elman.interop.jax.times import Times
from elman.interop.peers import peer


@dataclass(frozen=True, eq=False)
class Read:
    """What a layer reads.

    Attributes
    ----------
    inputs : list of array
        (B, T, F), or (B, F) of a layer without time.
    memories : list of array, shape (B, S, M)
    initial : list of array, shape (B, H)
    rows : int
        B.
    times : Times or None
        Of its inputs.
    """

    inputs: list[Any]
    memories: list[Any]
    initial: list[Any]
    rows: int
    times: Times | None

    @property
    def lead(self) -> tuple[int, ...]:
        return (self.rows,) if self.times is None else (self.rows, self.times.steps)


def stateless(equations: Equations, how: Evaluation, read: Read) -> Any:
    """A layer without states: what it makes of all steps."""
    values = _begun(equations, how, read)
    (output,) = equations.graph.outputs
    return _wide(values[output], read.lead, width(output), how.dtype)


def recurrent(equations: Equations, how: Evaluation, read: Read, reverse: bool, last: bool) -> tuple[Any, list[Any]]:
    """A layer with states: what it returns, of all steps or at the `last` one, and its final states."""
    jax, graph, times = peer("jax"), equations.graph, read.times
    assert times is not None
    jnp, known = jax.numpy, _begun(equations, how, read)
    fixed = {node: value for node, value in known.items() if node not in set(equations.carried)}
    carried = [jnp.swapaxes(_wide(known[n], read.lead, width(n), None), 0, 1) for n in equations.carried]
    used = None if times.lengths is None else times.used().T

    def step(states: list[Any], now: tuple[Any, ...]) -> tuple[list[Any], Any]:
        number, in_use, here = now
        before = states[len(states) - len(graph.states) :]
        values = {**fixed, **dict(zip(equations.carried, here, strict=True))}
        values |= dict(zip(graph.states, before, strict=True))
        how.run(equations.loop, values, (read.rows,), number)
        made = [_wide(values[o], (read.rows,), width(o), how.dtype) for o in graph.outputs]
        new = made[len(made) - len(states) :]
        if in_use is not None:
            new = [jnp.where(in_use[:, None], a, b) for a, b in zip(new, states, strict=True)]
        return new, None if last else made[0] if graph.has_output else new[0]

    begin = read.initial
    if last and graph.has_output:  # of which the value at the end is wanted: one state more
        begin = [jnp.zeros((read.rows, width(graph.outputs[0])), how.dtype), *begin]
    finals, outputs = jax.lax.scan(step, begin, (jnp.arange(times.steps), used, carried), reverse=reverse)
    states = finals[len(finals) - len(graph.states) :]
    return finals[0] if last else times.held(jnp.swapaxes(outputs, 0, 1)), states


def _begun(equations: Equations, how: Evaluation, read: Read) -> Values:
    """Inputs, memories, and what is computed before the first step."""
    graph = equations.graph
    values: Values = dict(zip([*graph.inputs, *graph.memories], [*read.inputs, *read.memories], strict=True))
    how.run(equations.once, values)
    how.run(equations.before, values, read.lead)
    return values


def _wide(value: Any, lead: Sequence[int], features: int, dtype: Any) -> Any:
    """A value for each row, or row and step, though all have one."""
    found = peer("jax").numpy.broadcast_to(value, (*lead, features))
    return found if dtype is None else found.astype(dtype)


def normalised(batch: dict[str, float], parameters: dict[str, Any], read: Read) -> tuple[Any, dict[str, Any]]:
    """A batch normalisation in training: by the moments of the rows and steps in use; and these moments."""
    jnp = peer("jax").numpy
    (x,), times = read.inputs, read.times
    weights = jnp.ones(x.shape[:-1], x.dtype)
    if times is not None and times.lengths is not None:
        weights = times.used().astype(x.dtype)
    share = (weights / jnp.maximum(weights.sum(), 1))[..., None]
    axes = tuple(range(x.ndim - 1))
    mean = (x * share).sum(axes)
    variance = (jnp.square(x - mean) * share).sum(axes)
    y = parameters["g"] * ((x - mean) / jnp.sqrt(variance + batch["epsilon"])) + parameters["b"]
    return y, {"mean": mean, "variance": variance}
