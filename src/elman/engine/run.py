"""One run of a plan with NumPy: a batch, or a segment of it, through all stages.

All rows of the batch go at once and one step after the other, sorted by length, so that those in use at a step are the
first ones. What a run computes is its own, so that several may be under way in threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from elman.engine import arrays
from elman.engine.indices import as_indices
from elman.engine.interface import Batch, Gradients
from elman.engine.masks import dropout_keeps
from elman.engine.plan import (
    Elementwise,
    Instruction,
    Lookup,
    MatrixGradient,
    Operand,
    Plan,
    Product,
    Ref,
    Reverse,
    Stage,
    Step,
    TableGradient,
    VectorGradient,
)
from elman.engine.segments import Segment
from elman.equations.ops import OPS

Factor = Callable[[np.ndarray], np.ndarray]


class Run:
    """The slots of one run.

    Parameters
    ----------
    plan : Plan
        What to run.
    dtype : dtype
        Of all numbers, but those of `indices`.
    indices : dict of int to int
        See `elman.engine.indices.whole_numbers`.
    factor : function
        What is done to the operands of products.
    parameters : array (P,)
        The parameter arena.
    batch : Batch
        All of its steps.
    states : list of arrays (B, width) or None
        Those before the segment.
    segment : Segment
        Which steps.
    """

    def __init__(
        self,
        plan: Plan,
        dtype: np.dtype,
        indices: dict[int, int],
        factor: Factor,
        parameters: np.ndarray,
        batch: Batch,
        states: Sequence[np.ndarray] | None,
        segment: Segment,
    ):
        self.plan, self.dtype, self._factor, self.cast = plan, dtype, factor, dtype.type
        self.parameters, self.batch, self.key = parameters, batch, int(batch.key)
        x, lengths = batch.x, batch.lengths
        self.B, self.steps, self.T, self.segment = len(x), x.shape[1], segment.steps, segment
        whole = np.full(self.B, x.shape[1]) if lengths is None else lengths
        self.order = np.argsort(-whole, kind="stable")
        self.whole_lengths = whole[self.order]
        self.firsts, self.lengths = segment.spans(self.whole_lengths, self.steps)
        self.slots = [
            np.zeros(
                (self._rows(slot.time, plan.stages[slot.stage]), self.B, slot.width),
                np.int64 if number in indices else dtype,
            )
            for number, slot in enumerate(plan.slots)
        ]
        self.sums = np.zeros(plan.parameters, dtype)  # what programs add up
        self.slots[plan.input.slot][:] = self._here(x)
        for s, initial in zip(_states(plan), states or arrays.zeros(plan, self.B, dtype), strict=True):
            self.slots[s.values][0] = initial[self.order]

    def with_steps(self, whole: np.ndarray, here: np.ndarray) -> np.ndarray:
        """The output of all segments so far, (B, T, O), with that of this one, (B, steps, O)."""
        if here.ndim == 2:
            return here
        whole = whole if whole.size else np.zeros((self.B, self.steps, here.shape[2]), self.dtype)
        for b, first, count in zip(self.order, self.firsts, self.lengths, strict=True):
            whole[b, first : first + count] = here[b, :count]
        return whole

    def gradients(self, state_gradients) -> Gradients:
        """Forward and backward through all stages."""
        self._set_target()
        self.forward(self.plan.stages)
        self._backward(state_gradients)
        outcome = Gradients(self._loss(), self._parameter_gradients(), self.output(), self.final_states())
        if self.plan.input_grad >= 0:
            outcome.input = self._unpack(self._values(Ref(self.plan.input_grad)), sequence=True)
        outcome.initial_states = self._initial_gradients()
        return outcome

    def _here(self, values: np.ndarray) -> np.ndarray:
        """The steps of this segment, (steps, B, n), rows sorted, of an array (B, T, n)."""
        steps = np.minimum(self.firsts + np.arange(self.T)[:, None], self.steps - 1)  # (steps, B); past the end: any
        return values[self.order, steps]

    def _rows(self, time: str, stage: Stage) -> int:
        steps = self.T if stage.sequence else 1
        return {"steps": steps, "states": steps + 1, "pair": 2, "single": 1}[time]

    def _active(self, stage: Stage, t: int) -> int:
        """How many rows, of those sorted by length, are still in use at step t."""
        return int(np.count_nonzero(self._length(stage) > t))

    def _steps(self, stage: Stage) -> range:
        return range(self.T if stage.sequence else 1)

    def _length(self, stage: Stage) -> np.ndarray:
        """How many steps each row has here: where a stage has one, the last segment does it."""
        return self.lengths if stage.sequence else np.full(self.B, int(self.segment.ends))

    def forward(self, stages: Iterable[Stage]) -> None:
        for stage in stages:
            for steps in (stage.before, stage.loop):
                self._run(steps, stage, self._steps(stage))
            if stage.last >= 0:
                self.slots[stage.last][0] = self._at_end(stage, stage.states[0].values)

    def _backward(self, state_gradients) -> None:
        given = iter(state_gradients or [])
        starts = [next(given, None) for _ in _states(self.plan)]
        for stage in reversed(self.plan.stages):
            mine, starts = starts[len(starts) - len(stage.states) :], starts[: len(starts) - len(stage.states)]
            for number, (s, start) in enumerate(zip(stage.states, mine, strict=True)):
                if s.grads >= 0:
                    self._start_gradient(stage, number, s.grads, start)
            self._run(stage.reverse, stage, reversed(self._steps(stage)))
            self._run(stage.after, stage, self._steps(stage))

    def _start_gradient(self, stage: Stage, number: int, slot: int, start: np.ndarray | None) -> None:
        """dL/d final state, at the end of each row."""
        value = np.zeros_like(self.slots[slot][0]) if start is None else start[self.order].astype(self.dtype)
        if number == 0 and stage.last_grad >= 0 and self.segment.ends:
            value = value + self.slots[stage.last_grad][0]
        rows = self.slots[slot]
        rows[self._length(stage) % len(rows), np.arange(self.B)] = value

    def _at_end(self, stage: Stage, slot: int) -> np.ndarray:
        rows = self.slots[slot]
        return rows[self._length(stage) % len(rows), np.arange(self.B)]

    def _run(self, steps: Iterable[Step], stage: Stage, times: Iterable[int]) -> None:
        steps = tuple(steps)
        for step in steps:
            if isinstance(step, Reverse):
                self._reverse(step, stage)
        for t in times:
            n = self._active(stage, t)
            for step in steps:
                if isinstance(step, Product):
                    self._product(step, t, n)
                elif isinstance(step, Lookup):
                    self._lookup(step, t, n)
                elif isinstance(step, Elementwise):
                    self._elementwise(step, stage, t, n)

    def _number(self, stage: Stage, t: int) -> int:
        """The number of a step in the whole sequence."""
        return t + (self.segment.start if stage.sequence else 0)

    def _at(self, ref: Ref, t: int, n: int) -> np.ndarray:
        rows = self.slots[ref.slot]
        return rows[(t + ref.offset) % len(rows), :n]

    def _product(self, step: Product, t: int, n: int) -> None:
        matrix, source = self.plan.matrices[step.matrix], self._factor(self._at(step.source, t, n))
        for k, (segment, target) in enumerate(zip(matrix.segments, step.targets, strict=True)):
            w = self._factor(self._matrix(*segment))
            value = source @ w if matrix.transposed else source @ w.T
            out = self._at(target, t, n)
            if step.add:
                out += value
            else:
                bias = step.bias[k] if step.bias else None
                out[:] = value if bias is None else value + self.parameters[bias : bias + out.shape[1]]

    def _matrix(self, offset: int, rows: int, columns: int) -> np.ndarray:
        return self.parameters[offset : offset + rows * columns].reshape(rows, columns)

    def _lookup(self, step: Lookup, t: int, n: int) -> None:
        out = self._at(step.target, t, n)
        index = as_indices(self._at(step.index, t, n), step.rows, None, "index")[:, 0]
        out[:] = self._matrix(step.offset, step.rows, out.shape[1])[index]

    def _reverse(self, step: Reverse, stage: Stage) -> None:
        source, target = self.slots[step.source.slot], self.slots[step.target.slot]
        for b, length in enumerate(self._length(stage)):
            first = step.source.offset
            target[step.target.offset : step.target.offset + length, b] = source[first : first + length, b][::-1]

    def _elementwise(self, step: Elementwise, stage: Stage, t: int, n: int) -> None:
        temps: dict[int, np.ndarray] = {}
        with np.errstate(all="ignore"):
            for instruction in step.code:
                inputs = [self._operand(i, temps, t, n) for i in instruction.inputs]
                out, value = instruction.out, self._value(instruction, inputs, stage, t, n)
                if out.kind == "temp":
                    temps[out.index] = value
                elif out.kind == "sum":
                    self.sums[out.index : out.index + out.width] += value.sum(0)
                else:
                    self._at(out.ref, t, n)[:] = value

    def _operand(self, operand: Operand, temps: dict[int, np.ndarray], t: int, n: int) -> np.ndarray:
        if operand.kind == "slot":
            return self._at(operand.ref, t, n)
        if operand.kind == "temp":
            return temps[operand.index]
        if operand.kind == "const":
            return np.asarray(operand.value, self.dtype)
        return self.parameters[operand.index : operand.index + operand.width]

    def _value(self, instruction: Instruction, inputs: list[np.ndarray], stage: Stage, t: int, n: int) -> np.ndarray:
        row, wide = OPS[instruction.op], (n, instruction.out.width)
        if row.index is not None:
            inputs[row.index] = as_indices(inputs[row.index], max(instruction.inputs[0].width, wide[1]), None, "class")
        if row.shape == "dropout":
            number, step = int(instruction.second), self._number(stage, t)
            keep = dropout_keeps(self.key, number, step, self.order[:n], wide[1], instruction.first)
            return np.where(keep, inputs[0] * self.cast(1 / (1 - instruction.first)), 0).astype(self.dtype)
        value = row.of(inputs, instruction.first, instruction.second, wide[1])
        return np.broadcast_to(value, wide).astype(self.dtype)

    # --- loss and gradients ---------------------------------------------------------------------------------

    def _set_target(self) -> None:
        target = self.batch.target
        assert target is not None
        self.slots[self.plan.goal][:] = self._here(target) if self.plan.sequence else target[None, self.order]
        if self.plan.target >= 0:
            self._set_weights(self.plan.stages[-1], self.batch.weights)

    def _set_weights(self, stage: Stage, weights: np.ndarray | None) -> None:
        share = (np.ones(self.B) if weights is None else np.asarray(weights, np.float64))[self.order]
        if share.ndim == 1:
            total = float(np.sum(share * (self.whole_lengths if stage.sequence else 1)))
        else:
            total = float(np.sum(share, where=np.arange(self.steps) < self.whole_lengths[:, None]))
        for t in self._steps(stage):
            n = self._active(stage, t)
            here = share[:n] if share.ndim == 1 else share[np.arange(n), self.firsts[:n] + t]
            self.slots[self.plan.weight][t, :n, 0] = here / total if total else 0

    def _loss(self) -> float:
        if self.plan.target < 0:
            return 0.0
        weight, value = self.slots[self.plan.weight], self.slots[self.plan.value]
        return float(np.sum(np.where(weight > 0, weight, 0).astype(np.float64) * np.where(weight > 0, value, 0)))

    def _values(self, ref: Ref) -> np.ndarray:
        """All steps of a slot, t = 0 first."""
        stage = self.plan.stages[self.plan.slots[ref.slot].stage]
        return np.stack([self._at(ref, t, self.B) for t in self._steps(stage)])

    def _parameter_gradients(self) -> np.ndarray:
        out = self.sums.copy()
        for g in self.plan.gradients:
            stage = self.plan.stages[g.stage]
            used = [(t, self._active(stage, t)) for t in self._steps(stage)]
            delta = np.concatenate([self._at(g.delta, t, n) for t, n in used])
            if isinstance(g, VectorGradient):
                out[g.offset : g.offset + g.width] += delta.sum(0)
            elif isinstance(g, MatrixGradient):
                source = np.concatenate([self._at(g.source, t, n) for t, n in used])
                out[g.offset : g.offset + g.rows * g.columns] += (self._factor(delta).T @ self._factor(source)).ravel()
            elif isinstance(g, TableGradient):
                index = np.concatenate([self._at(g.index, t, n) for t, n in used]).astype(np.int64)[:, 0]
                np.add.at(out[g.offset : g.offset + g.rows * g.width].reshape(g.rows, g.width), index, delta)
        return out

    # --- back to the user's order -----------------------------------------------------------------------------

    def _unsorted(self, rows: np.ndarray) -> np.ndarray:
        out = np.empty_like(rows)
        out[self.order] = rows
        return out

    def _unpack(self, values: np.ndarray, sequence: bool) -> np.ndarray:
        """(T, B, n) sorted to (B, T, n) in the user's order; zero past a row's end; (B, n) for a single step."""
        if not sequence:
            return self._unsorted(values[0])
        used = np.arange(self.T)[:, None] < self.lengths
        return self._unsorted(np.swapaxes(np.where(used[:, :, None], values, 0), 0, 1))

    def output(self) -> np.ndarray:
        sequence = self.plan.sequence
        values = self._values(self.plan.output) if sequence else self._at(self.plan.output, 0, self.B)[None]
        return self._unpack(values, sequence)

    def final_states(self) -> list[np.ndarray]:
        return [self._unsorted(self._at_end(stage, s.values)) for stage in self.plan.stages for s in stage.states]

    def _initial_gradients(self) -> list[np.ndarray]:
        """dL/d initial states; 0 of states that no parameter needs it of."""
        zeros = arrays.zeros(self.plan, self.B, self.dtype)
        pairs = zip(_states(self.plan), zeros, strict=True)
        return [self._unsorted(self.slots[s.grads][0]) if s.grads >= 0 else zero for s, zero in pairs]


def _states(plan: Plan):
    return [s for stage in plan.stages for s in stage.states]
