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
    started, done = time.perf_counter(), updates.counter()
    rows, borders = arrays.flat_batches(updates.batches, len(data))
    losses, carried = np.zeros(len(borders) - 1), updates.carried
    if carried is not None:
        arrays.one_size(borders)
    for n, (first, end) in enumerate(zip(borders, borders[1:], strict=False)):
        key = 0 if updates.keys is None else int(updates.keys[n])
        found, moments = gradients(parameters, data.rows(rows[first:end], states=carried, key=key), how)
        losses[n] = found.loss
        before = parameters.copy()
        if not np.isfinite(found.loss) or not update(parameters, found.parameters, updates, n):
            return TrainResult(losses[: n + 1], n, False)
        moments.keep_running(before, parameters)
        for kept, value in zip(carried or [], found.states if carried else [], strict=True):
            kept[:] = value
        done[0] = n + 1
        if time.perf_counter() - started > updates.seconds:
            break
    return TrainResult(losses[: done[0]], int(done[0]), True)


def update(parameters: np.ndarray, gradients: np.ndarray, updates: Updates, number: int = 0) -> bool:
    """One of some updates from given gradients, which are changed; False, and nothing is done, if one is not finite."""
    spans, scalars = arrays.flat_spans(updates, len(updates.scalars), len(parameters))
    here = [slice(first, first + size) for first, size, _ in spans]
    mine = gradients if updates.spans is None else np.concatenate([gradients[:0], *(gradients[s] for s in here)])
    norm = _norm(mine) if updates.clip_norm > 0 or updates.norms is not None else 0.0
    if updates.norms is not None:
        updates.norms[number] = norm
    scale = _scale(mine, norm, updates.clip_norm)
    if not np.isfinite(scale):
        return False
    gradients *= parameters.dtype.type(scale)
    for s, group in zip(here, spans[:, 2], strict=True):
        changed = [array[s] for array in (parameters, gradients, *updates.state)]
        run_optimizer(updates.optimizer, changed, scalars[number, group])
    return True


def _norm(gradients: np.ndarray) -> float:
    return float(np.sqrt(np.sum(np.square(gradients, dtype=np.float64))))


def _scale(gradients: np.ndarray, norm: float, clip_norm: float) -> float:
    """What clipping multiplies gradients by; not finite where they are not."""
    if not np.isfinite(gradients).all():
        return np.nan
    if clip_norm <= 0:
        return 1.0
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
