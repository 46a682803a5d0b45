"""Updates one by one, for engines that have gradients but no native loop of training."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from elman.engine import arrays
from elman.engine.interface import Batch, Gradients, How, TrainResult, Updates
from elman.engine.meetings import Moments
from elman.engine.plan import Operand, OptimizerProgram
from elman.equations.ops import OPS


def train(
    gradients: Callable[[np.ndarray, Batch, How], tuple[Gradients, Moments]],
    parameters: np.ndarray,
    data: Batch,
    updates: Updates,
    how: How,
) -> TrainResult:
    """What `Engine.train` says."""
    started, done = time.perf_counter(), 0
    rows, borders = arrays.flat_batches(updates.batches, len(data))
    losses, carried = np.zeros(len(borders) - 1), updates.carried
    spans, scalars = arrays.flat_spans(updates, len(losses), len(parameters))
    here = [slice(first, first + size) for first, size, _ in spans]
    if carried is not None:
        arrays.one_size(borders)
    for n, (first, end) in enumerate(zip(borders, borders[1:], strict=False)):
        key = 0 if updates.keys is None else int(updates.keys[n])
        found, moments = gradients(parameters, data.rows(rows[first:end], states=carried, key=key), how)
        losses[n] = found.loss
        mine = (
            found.parameters
            if updates.spans is None
            else np.concatenate([found.parameters[:0], *(found.parameters[s] for s in here)])
        )
        scale = _scale(found.loss, mine, updates.clip_norm)
        if not np.isfinite(scale):
            return TrainResult(losses[: n + 1], n, False)
        found.parameters *= parameters.dtype.type(scale)
        before = parameters.copy()
        for s, group in zip(here, spans[:, 2], strict=True):
            changed = [array[s] for array in (parameters, found.parameters, *updates.state)]
            run_optimizer(updates.optimizer, changed, scalars[n, group])
        moments.keep_running(before, parameters)
        for kept, value in zip(carried or [], found.states if carried else [], strict=True):
            kept[:] = value
        done = n + 1
        if time.perf_counter() - started > updates.seconds:
            break
    return TrainResult(losses[:done], done, True)


def _scale(loss: float, gradients: np.ndarray, clip_norm: float) -> float:
    """What clipping multiplies gradients by; not finite where they, or the loss, are not."""
    if not np.isfinite(loss) or not np.isfinite(gradients).all():
        return np.nan
    norm = float(np.sqrt(np.sum(np.square(gradients, dtype=np.float64)))) if clip_norm > 0 else 0.0
    return np.nan if not np.isfinite(norm) else clip_norm / norm if norm > clip_norm else 1.0


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
