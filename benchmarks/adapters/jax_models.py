"""The models of the workloads in JAX: cells as plain `jax.lax.scan`, parameters as dictionaries."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax, nn

from elman.bench.weights import Weights, attention, weights
from elman.bench.workload import Workload


def affine(p, x):
    """The products of all inputs, in one, (B, T, G H)."""
    return x @ p["W"].T + p["b"]


def simple(activation, p, x, states):
    h = activation(x + states[0] @ p["U"].T)
    return h, (h,)


def gru(p, x, states):
    h = states[0]
    (xz, xr, xn), (hz, hr, hn) = jnp.split(x, 3, -1), jnp.split(h @ p["U"].T, 3, -1)
    z, r = nn.sigmoid(xz + hz), nn.sigmoid(xr + hr)
    h = z * h + (1 - z) * jnp.tanh(xn + r * (hn + p["c_n"]))
    return h, (h,)


def lstm(p, x, states):
    h, c = states
    i, f, g, o = jnp.split(x + h @ p["U"].T, 4, -1)
    c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
    h = nn.sigmoid(o) * jnp.tanh(c)
    return h, (h, c)


def oscillator(p, x, states):
    h, v = states
    k, d, f = jnp.split(x + h @ p["U"].T, 3, -1)
    v = nn.sigmoid(d) * v + nn.sigmoid(k) * (jnp.tanh(f) - h)
    h = h + 0.5 * v
    return h, (h, v)


def normalise(x):
    centred = x - x.mean(-1, keepdims=True)
    return centred * lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5)


def normalised_inputs(p, x):
    products = (x @ p["W"].T).reshape(*x.shape[:2], 4, -1)
    return p["s"] * normalise(products) + p["b"].reshape(4, -1)


def layer_norm_lstm(p, x, states):
    h, c = states
    products = normalise((h @ p["U"].T).reshape(len(h), 4, -1))
    i, f, g, o = jnp.moveaxis(x + p["t"] * products, 1, 0)
    c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
    h = nn.sigmoid(o) * jnp.tanh(p["s_c"] * normalise(c) + p["b_c"])
    return h, (h, c)


CELLS = {  # what is done beforehand for all inputs, the step, the number of states
    "relu": (affine, partial(simple, nn.relu), 1),
    "tanh": (affine, partial(simple, jnp.tanh), 1),
    "gru": (affine, gru, 1),
    "lstm": (affine, lstm, 2),
    "oscillator": (affine, oscillator, 2),
    "layer_norm_lstm": (normalised_inputs, layer_norm_lstm, 2),
}


# --- parameters ----------------------------------------------------------------------------------------------


def first_weights(workload: Workload) -> dict:
    if workload.members > 1:
        members = [of_layer(workload, weights(workload, k)) for k in range(workload.members)]
        return jax.tree.map(lambda *each: np.stack(each), *members)
    found = of_layer(workload, weights(workload))
    if workload.bidirectional or workload.attends:
        found["second"] = of_layer(workload, weights(workload, 1))
    return found | (vars(attention(workload)) if workload.attends else {})


def of_layer(workload: Workload, given: Weights) -> dict[str, np.ndarray]:
    """Of a recurrent layer, and of what stands before and behind it."""
    H = workload.hidden
    found = {"W": given.input.reshape(-1, workload.features), "U": given.state.reshape(-1, H), "b": given.bias.ravel()}
    found |= {"readout": given.readout, "readout_b": given.readout_bias}
    if workload.cell == "gru":
        found["c_n"] = np.zeros(H, np.float32)
    if workload.cell == "layer_norm_lstm":
        ones = np.ones((4, H), np.float32)
        found |= {"s": ones, "t": ones, "s_c": ones[0], "b_c": np.zeros(H, np.float32)}
    return found | ({"E": given.embedding} if workload.vocabulary else {})


# --- from inputs to losses -----------------------------------------------------------------------------------


def run(workload: Workload, p, x, unroll=1, states=None, reverse=False):
    """All outputs of a recurrent layer (T, B, H)."""
    before, step, count = CELLS[workload.cell]
    x = p["E"][x] if workload.vocabulary else x
    states = (jnp.zeros((len(x), workload.hidden)),) * count if states is None else states

    def body(states, now):
        h, states = step(p, now, states)
        return states, h

    return lax.scan(body, states, jnp.swapaxes(before(p, x), 0, 1), unroll=unroll, reverse=reverse)[1]


def outputs_of(workload: Workload, unroll: int, p, x, lengths=None):
    """What is read out: (B, T, O), or (B, O) of the last step."""
    if workload.attends:
        h = attending(workload, unroll, p, *x)
    elif workload.bidirectional:
        there, back = run(workload, p, x, unroll), run(workload, p["second"], x, unroll, reverse=True)
        h = jnp.concatenate((there[-1], back[0]), axis=1)
    else:
        states = run(workload, p, x, unroll)
        last = states[lengths - 1, jnp.arange(len(x))] if workload.ragged else states[-1]
        h = jnp.swapaxes(states, 0, 1) if workload.every_step else last
    return h @ p["readout"].T + p["readout_b"]


def attending(workload: Workload, unroll: int, p, source, before):
    """A decoder that begins where the encoder ended and attends to what it saw: (B, T, H)."""
    memory = run(workload, p, source, unroll)
    states = run(workload, p["second"], before, unroll, states=(memory[-1],))
    queries = (states @ p["query"].T + p["query_bias"]) / np.sqrt(workload.hidden).astype(np.float32)
    fits = nn.softmax(jnp.einsum("tbh,sbh->bts", queries, memory))
    states = jnp.swapaxes(states, 0, 1)
    found = jnp.einsum("bts,sbh->bth", fits, memory)
    return jnp.tanh(jnp.concatenate((states, found), axis=2) @ p["joined"].T + p["joined_bias"])


def loss_of(workload: Workload, unroll: int, p, x, target, lengths):
    """The sum of the losses of all members, which is what their gradients are of."""
    if workload.members == 1:
        return loss_of_one(workload, unroll, p, x, target, lengths)
    of_member = partial(loss_of_one, workload, unroll)
    return jax.vmap(of_member, in_axes=(0, None, None, None))(p, x, target, lengths).sum()


def loss_of_one(workload: Workload, unroll: int, p, x, target, lengths):
    y = outputs_of(workload, unroll, p, x, lengths)
    if workload.loss == "mse":
        return jnp.mean((y - target) ** 2)
    return -jnp.mean(jnp.take_along_axis(nn.log_softmax(y), target[..., None], -1))
