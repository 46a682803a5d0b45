"""JAX: `jit` of an update, or of a whole epoch with its updates scanned.

How far the loop over time is unrolled is found by trial, save for the plain `jit`: XLA runs a loop that is unrolled
altogether, which pays for short sequences, without the threads that its loops hand work to.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from benchmarks.adapters.jax_models import CELLS, first_weights, loss_of, outputs_of
from benchmarks.adapters.trials import fastest
from jax import lax

from elman.bench.data import before
from elman.bench.mean_losses import outputs_loss
from elman.bench.turns import Run
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


# --- optimisers, updates, epochs -----------------------------------------------------------------------------


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
    return optimised(workload, p, moments, count, gradients), loss / workload.members


def first_state(workload: Workload):
    """(parameters, moments, count) before the first update."""
    parameters = jax.tree.map(jnp.array, first_weights(workload))
    moments = {"sgd": 0, "rmsprop": 1, "adam": 2}[workload.optimizer]
    m, v = zeros_like(parameters) if moments == 2 else (), zeros_like(parameters) if moments else ()
    return parameters, (m, v), jnp.float32(0)


def stacked_batches(workload: Workload):
    """Inputs, targets and lengths, each (updates, B, ...)."""
    x, target = workload.data()
    arrays = ((x, before(target)) if workload.attends else x, target, workload.lengths())

    def stacked(a):
        a = np.int32(a) if a.dtype == np.int64 else a
        return jnp.asarray(a.reshape(workload.updates, workload.batch, *a.shape[1:]))

    return jax.tree.map(stacked, arrays)


def jitted(workload: Workload, unrolls: Sequence[int]) -> Run:
    stacked = stacked_batches(workload)
    batches = [jax.tree.map(lambda a, k=k: a[k], stacked) for k in range(workload.updates)]
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
        return jax.jit(lambda x: outputs_of(workload, unroll, p, x))

    return fastest([partial(begin, compiled(unroll)) for unroll in unrolls])


def streaming(workload: Workload, _: Sequence[int]) -> Run:
    x, target = workload.data()
    p, (inputs, step, count) = first_weights(workload), CELLS[workload.cell]

    @jax.jit
    def call(x, states):
        h, states = step(p, inputs(p, x)[:, 0], states)
        return h @ p["readout"].T + p["readout_b"], states

    def epoch() -> list[np.ndarray]:
        states, outputs = (jnp.zeros((1, workload.hidden)),) * count, []
        for t in range(workload.steps):
            y, states = call(x[:, t : t + 1], states)
            outputs.append(np.asarray(y))
        return outputs

    return Run(epoch, outputs_loss(workload.loss, target[0]))
