"""JAX: `jit` of an update, or of a whole epoch with its updates scanned; the cells are plain `jax.lax.scan`.

How far the loop over time is unrolled is found by trial, save for the plain `jit`: XLA runs a loop that is unrolled
altogether, which pays for short sequences, without the threads that its loops hand work to.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from benchmarks.adapters.trials import fastest
from jax import lax, nn

from elman.bench.mean_losses import outputs_loss
from elman.bench.turns import Run
from elman.bench.weights import weights
from elman.bench.workload import Workload

UNROLLS = (1, 2, 4)
LONGEST_UNROLLED = 32


def version() -> str:
    return jax.__version__


def prepare(workload: Workload, variant: str, threads: int) -> Run:
    """What an epoch does; XLA's threads are the cores that the process has."""
    unrolls = (1,) if variant == "jit" and workload.task == "training" else unrollings(workload)
    if variant == "scanned":
        return scanned(workload, unrolls)
    return {"training": jitted, "inference": inference, "streaming": streaming}[workload.task](workload, unrolls)


def unrollings(workload: Workload) -> tuple[int, ...]:
    """How many steps of the loop over time may be done in one: a few, or all of a short sequence."""
    return (*UNROLLS, workload.steps) if workload.steps <= LONGEST_UNROLLED else UNROLLS


# --- cells: inputs (B, T, F) to what a step takes, and a step ------------------------------------------------


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


def first_weights(workload: Workload) -> dict[str, np.ndarray]:
    given, H = weights(workload), workload.hidden
    found = {"W": given.input.reshape(-1, workload.features), "U": given.state.reshape(-1, H), "b": given.bias.ravel()}
    found |= {"readout": given.readout, "readout_b": given.readout_bias}
    if workload.cell == "gru":
        found["c_n"] = np.zeros(H, np.float32)
    if workload.cell == "layer_norm_lstm":
        ones = np.ones((4, H), np.float32)
        found |= {"s": ones, "t": ones, "s_c": ones[0], "b_c": np.zeros(H, np.float32)}
    return found | ({"E": given.embedding} if workload.vocabulary else {})


# --- model, loss, optimisers -------------------------------------------------------------------------------


def run(workload: Workload, p, x, unroll=1):
    """All outputs of the recurrent layer (T, B, H)."""
    before, step, count = CELLS[workload.cell]
    x = p["E"][x] if workload.vocabulary else x
    states = (jnp.zeros((len(x), workload.hidden)),) * count

    def body(states, now):
        h, states = step(p, now, states)
        return states, h

    return lax.scan(body, states, jnp.swapaxes(before(p, x), 0, 1), unroll=unroll)[1]


def loss_of(workload: Workload, unroll: int, p, x, target, lengths):
    outputs = run(workload, p, x, unroll)
    if workload.every_step:
        h = jnp.swapaxes(outputs, 0, 1)
    else:
        h = outputs[lengths - 1, jnp.arange(len(x))] if workload.ragged else outputs[-1]
    y = h @ p["readout"].T + p["readout_b"]
    if workload.loss == "mse":
        return jnp.mean((y - target) ** 2)
    return -jnp.mean(jnp.take_along_axis(nn.log_softmax(y), target[..., None], -1))


def zeros_like(p):
    return jax.tree.map(jnp.zeros_like, p)


def optimised(workload: Workload, p, moments, count, gradients):
    """The next parameters, moments and count of updates."""
    rate, each = workload.learning_rate, jax.tree.map
    if workload.optimizer == "sgd":
        return each(lambda w, g: w - rate * g, p, gradients), moments, count
    m, v = moments
    if workload.optimizer == "rmsprop":
        v = each(lambda v, g: 0.9 * v + 0.1 * g * g, v, gradients)
        return each(lambda w, g, v: w - rate * g / jnp.sqrt(v + 1e-14), p, gradients, v), (m, v), count
    count = count + 1
    m = each(lambda m, g: 0.9 * m + 0.1 * g, m, gradients)
    v = each(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradients)
    size, correction = rate / (1 - 0.9**count), 1 / (1 - 0.999**count)
    p = each(lambda w, m, v: w - size * m / (jnp.sqrt(correction * v) + 1e-7), p, m, v)
    return p, (m, v), count


def update(workload: Workload, unroll: int, training, batch):
    """One update of (parameters, moments, count); the batch is (x, target, lengths)."""
    p, moments, count = training
    loss, gradients = jax.value_and_grad(partial(loss_of, workload, unroll))(p, *batch)
    return optimised(workload, p, moments, count, gradients), loss


def first_state(workload: Workload):
    """(parameters, moments, count) before the first update."""
    parameters = {name: jnp.array(value) for name, value in first_weights(workload).items()}
    moments = {"sgd": 0, "rmsprop": 1, "adam": 2}[workload.optimizer]
    m, v = zeros_like(parameters) if moments == 2 else (), zeros_like(parameters) if moments else ()
    return parameters, (m, v), jnp.float32(0)


def stacked_batches(workload: Workload):
    """Inputs, targets and lengths, each (updates, B, ...)."""
    arrays = (*workload.data(), workload.lengths())
    arrays = tuple(np.int32(a) if a.dtype == np.int64 else a for a in arrays)
    return tuple(jnp.asarray(a.reshape(workload.updates, workload.batch, *a.shape[1:])) for a in arrays)


def jitted(workload: Workload, unrolls: Sequence[int]) -> Run:
    stacked = stacked_batches(workload)
    batches = [tuple(a[k] for a in stacked) for k in range(workload.updates)]
    if workload.ragged:  # to the longest row of each batch; a shape of its own is compiled for each
        batches = [(x[:, : int(lengths.max())], target, lengths) for x, target, lengths in batches]

    def begin(compiled) -> Run:
        training = first_state(workload)

        def epoch() -> float:
            nonlocal training
            losses = []
            for batch in batches:
                training, loss = compiled(training, batch)
                losses.append(loss)
            return float(np.mean(jax.device_get(losses)))

        return Run(epoch)

    compiled = [jax.jit(partial(update, workload, unroll), donate_argnums=0) for unroll in unrolls]
    return fastest([partial(begin, each) for each in compiled])


def scanned(workload: Workload, unrolls: Sequence[int]) -> Run:
    stacked = stacked_batches(workload)

    def whole_epoch(unroll: int, training, data):
        return lax.scan(partial(update, workload, unroll), training, data)

    def begin(compiled) -> Run:
        training = first_state(workload)

        def epoch() -> float:
            nonlocal training
            training, losses = compiled(training, stacked)
            return float(losses.mean())

        return Run(epoch)

    compiled = [jax.jit(partial(whole_epoch, unroll), donate_argnums=0) for unroll in unrolls]
    return fastest([partial(begin, each) for each in compiled])


# --- inference: the weights are constants of the compiled function -------------------------------------------


def inference(workload: Workload, unrolls: Sequence[int]) -> Run:
    x, target = workload.data()
    p = first_weights(workload)
    batches = [jnp.asarray(x[k : k + workload.batch]) for k in range(0, len(x), workload.batch)]

    def begin(call) -> Run:
        return Run(lambda: [np.asarray(call(batch)) for batch in batches], outputs_loss(workload.loss, target))

    def compiled(unroll: int):
        return jax.jit(lambda x: run(workload, p, x, unroll)[-1] @ p["readout"].T + p["readout_b"])

    return fastest([partial(begin, compiled(unroll)) for unroll in unrolls])


def streaming(workload: Workload, _: Sequence[int]) -> Run:
    x, target = workload.data()
    p, (before, step, count) = first_weights(workload), CELLS[workload.cell]

    @jax.jit
    def call(x, states):
        h, states = step(p, before(p, x)[:, 0], states)
        return h @ p["readout"].T + p["readout_b"], states

    def epoch() -> list[np.ndarray]:
        states, outputs = (jnp.zeros((1, workload.hidden)),) * count, []
        for t in range(workload.steps):
            y, states = call(x[:, t : t + 1], states)
            outputs.append(np.asarray(y))
        return outputs

    return Run(epoch, outputs_loss(workload.loss, target[0]))
