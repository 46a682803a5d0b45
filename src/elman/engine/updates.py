"""Updates one by one, for engines that have gradients but no native loop of training."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from elman.engine import arrays
from elman.engine.plan import Gradients, Operand, OptimizerProgram, TrainResult
from elman.equations.ops import OPS


def train(
    gradients: Callable[..., Gradients],
    parameters: np.ndarray,
    x: np.ndarray,
    target: np.ndarray,
    batches: arrays.Batches,
    optimizer: OptimizerProgram,
    state: list[np.ndarray],
    scalars: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    lengths: np.ndarray | None = None,
    clip_norm: float = 0.0,
    keys: np.ndarray | None = None,
    carry_states: bool = False,
    states: list[np.ndarray] | None = None,
    seconds: float = np.inf,
    memory: str = "normal",
    truncate: int | None = None,
    updated: Callable[[np.ndarray], None] = lambda parameters: None,
) -> TrainResult:
    """One update for each batch of row numbers; stops before one whose loss or gradient is not finite.

    With `carry_states` each batch begins with the final states of the one before, the first with `states`, which
    are updated in place. `updated` is told of the parameters after each update.
    """
    started, done = time.perf_counter(), 0
    batches = arrays.split(batches)
    losses = np.zeros(len(batches))
    carried = states if carry_states else None
    for n, rows in enumerate(batches):
        found = gradients(
            parameters,
            x[rows],
            target[rows],
            weights=None if weights is None else weights[rows],
            lengths=None if lengths is None else lengths[rows],
            states=carried,
            key=0 if keys is None else int(keys[n]),
            memory=memory,
            truncate=truncate,
        )
        losses[n] = found.loss
        norm = float(np.sqrt(np.sum(np.square(found.parameters, dtype=np.float64)))) if clip_norm > 0 else 0.0
        if not np.isfinite([found.loss, norm]).all() or not np.isfinite(found.parameters).all():
            return TrainResult(losses[: n + 1], n, False)
        if norm > clip_norm:
            found.parameters *= parameters.dtype.type(clip_norm / norm)
        run_optimizer(optimizer, [parameters, found.parameters, *state], scalars[n])
        updated(parameters)
        if carry_states:
            carried = found.states
            for kept, value in zip(states or [], carried, strict=False):
                kept[:] = value
        done = n + 1
        if time.perf_counter() - started > seconds:
            break
    return TrainResult(losses[:done], done, True)


def run_optimizer(program: OptimizerProgram, state: list[np.ndarray], scalars: np.ndarray) -> None:
    """Run an optimiser's equations on the flat arrays: parameters, gradients, its state."""
    dtype = state[0].dtype
    temps: dict[int, np.ndarray] = {}

    def value(o: Operand) -> np.ndarray:
        if o.kind == "array":
            return state[o.index]
        if o.kind == "temp":
            return temps[o.index]
        return np.asarray(scalars[o.index] if o.kind == "scalar" else o.value, dtype)

    for instruction in program.code:
        operands = [value(i) for i in instruction.inputs]
        result = OPS[instruction.op].of(operands, instruction.first, instruction.second)
        if instruction.out.kind == "array":
            state[instruction.out.index][:] = result
        else:
            temps[instruction.out.index] = np.array(result, dtype)
