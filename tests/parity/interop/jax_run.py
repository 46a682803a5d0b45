"""What JAX makes of networks: values and all gradients, op by op (compiling each would take most of the time)."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from tests.graph_problems import Problem, given_to

import elman as el
from elman.interop.jax.function import JaxFunction


def listed(y: Any) -> list[Any]:
    return list(y.values()) if isinstance(y, dict) else list(y) if isinstance(y, tuple) else [y]


def arrays(net: el.Network) -> dict[str, Any]:
    return {name: jnp.asarray(np.array(value)) for name, value in net.params.items()}


def differentiated(
    net: el.Network, params: Any, x: Any, along: Any, state: Any, along_states: Any, lengths: Any
) -> Any:
    """Outputs, final states, and the gradients of their weighted sum for parameters, inputs by name, and states."""
    function = JaxFunction.of(net)
    whole = {door.given.name for door in net.doors if door.whole}
    indices = {name: value for name, value in x.items() if name in whole}

    def total(params: Any, numbers: Any, state: Any) -> Any:
        y, final = function(params, {**numbers, **indices}, state, lengths, return_state=True)
        value = sum((a * w).sum() for a, w in zip(listed(y), along, strict=True))
        pairs = zip(jax.tree.leaves(final), jax.tree.leaves(along_states), strict=True)
        return value + sum((a * w).sum() for a, w in pairs), (listed(y), final)

    numbers = {name: jnp.asarray(value) for name, value in x.items() if name not in whole}
    with jax.disable_jit():
        (_, (y, final)), grads = jax.value_and_grad(total, argnums=(0, 1, 2), has_aux=True)(params, numbers, state)
    return y, final, *grads


def graph_results(p: Problem) -> dict[str, Any]:
    """What `tests.graph_problems.elman_results` finds, but for the losses."""
    net = p.graph.network("numpy")
    x, lengths = given_to(net, p)
    params = {name: jnp.asarray(p.arrays[name]) for name in net.params}
    state, along_states = ([tuple(a[n] for n in names) for names in p.state_names] for a in (p.arrays, p.along_states))
    y, final, of_params, of_inputs, of_states = differentiated(net, params, x, p.along, state, along_states, lengths)
    names = [name for group in p.state_names for name in group]
    found = {f"output {k}": value for k, value in enumerate(y)}
    found |= {f"final {n}": s for n, s in zip(names, jax.tree.leaves(final), strict=True)}
    found |= {f"d {n}": g for n, g in (of_params | of_inputs).items()}
    return found | {f"d {n}": g for n, g in zip(names, jax.tree.leaves(of_states), strict=True)}
