"""The steps of one run of a plan with NumPy: where values lie, and what each instruction does to them.

On each time axis the rows of the batch are sorted by their lengths there, so that those in use at a step are the first
ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from elman.engine import moves
from elman.engine.arrays import Intake, zeros
from elman.engine.axes import Axis
from elman.engine.indices import as_indices
from elman.engine.interface import Batch
from elman.engine.masks import dropout_keeps
from elman.engine.meetings import Moments
from elman.engine.plan import Attend, AttendBack, Elementwise, Instruction, Lookup, Move, Operand, Product, Step
from elman.engine.segments import Segment
from elman.engine.slots import ONCE, Ref, Slot
from elman.equations import attention
from elman.equations.ops import OPS

Factor = Callable[[np.ndarray], np.ndarray]


class Steps:
    """The slots of one run.

    Parameters
    ----------
    intake : Intake
        Of the plan that is run.
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
    moments : Moments
        What the batch has found out; what it has not, this run's rows do among themselves.
    """

    def __init__(
        self,
        intake: Intake,
        factor: Factor,
        parameters: np.ndarray,
        batch: Batch,
        states: Sequence[np.ndarray] | None,
        segment: Segment,
        moments: Moments,
    ):
        plan, dtype = intake.plan, intake.dtype
        self.plan, self.dtype, self._factor, self.cast = plan, dtype, factor, dtype.type
        self.parameters = np.asarray(parameters)  # without the counting of writes, which costs at each use
        self.batch, self.key, self.moments = batch, int(batch.key), moments
        self.B, self.segment, self.steps = len(batch), segment, intake.steps(batch.inputs)
        self.axes = self._axes()
        self.slots = [
            np.zeros((self._rows(slot), self.B, slot.width), np.int64 if number in intake.indices else dtype)
            for number, slot in enumerate(plan.slots)
        ]
        self.sums = np.zeros(plan.arena, dtype)  # what programs add up
        for place, x in zip(plan.inputs, batch.inputs, strict=True):
            self.slots[place.slot][:] = self._here(x, plan.axis(place))
        for s, initial in zip(plan.free_states, states or zeros(plan.free_states, self.B, dtype), strict=True):
            self.slots[s.values][0] = initial[self._axis(s.values).order]

    def _axes(self) -> dict[int, Axis]:
        """All time axes; only a plan with a single one goes through time in segments."""
        lengths = self.batch.lengths or (None,) * self.plan.axes
        found = {ONCE: Axis.once(self.B, self.segment.ends)}
        for number, (T, used) in enumerate(zip(self.steps, lengths, strict=True)):
            segment = self.segment if self.plan.axes == 1 else Segment(0, T, True)
            found[number] = Axis.of(self.B, T, used, segment)
        return found

    def _axis(self, slot: int) -> Axis:
        return self.axes[self.plan.slots[slot].axis]

    def _here(self, values: np.ndarray, number: int) -> np.ndarray:
        """The steps of this run, (steps, B, n), rows sorted, of an array (B, T, n), or (B, n) of one step."""
        axis = self.axes[number]
        if number == ONCE:
            return values[None, axis.order]
        steps = axis.firsts + np.arange(axis.steps)[:, None]  # (steps, B)
        return values[axis.order, np.minimum(steps, values.shape[1] - 1)]  # past the end: any

    def _rows(self, slot: Slot) -> int:
        steps = self.axes[slot.axis].steps
        return {"steps": steps, "states": steps + 1, "pair": 2, "single": 1}[slot.time]

    def _run(self, steps: Iterable[Step], axis: Axis, times: Iterable[int]) -> None:
        """Steps at all times, between the moves among them."""
        times = list(times)
        together: list[Step] = []
        for step in steps:
            if isinstance(step, Move):
                self._at_times(together, axis, times)
                together = []
                self._move(step)
            else:
                together.append(step)
        self._at_times(together, axis, times)

    def _at_times(self, steps: list[Step], axis: Axis, times: list[int]) -> None:
        for t in times if steps else ():
            n = axis.active(t)
            for step in steps:
                if isinstance(step, Product):
                    self._product(step, t, n)
                elif isinstance(step, Lookup):
                    self._lookup(step, t, n)
                elif isinstance(step, Elementwise):
                    self._elementwise(step, axis, t, n)
                elif isinstance(step, Attend):
                    self._attend(step, axis, t, n)
                elif isinstance(step, AttendBack):
                    self._attend_back(step, axis, t, n)

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

    def _move(self, step: Move) -> None:
        """Row by row, as in `elman.engine.moves`."""
        source, target = self._axis(step.source.slot), self._axis(step.target.slot)
        here, there = np.argsort(source.order), np.argsort(target.order)
        for a, b in zip(here, there, strict=True):
            values, rows = self._of_row(step.source, source, a), self._of_row(step.target, target, b)
            of = None if step.of.slot < 0 else self._of_row(step.of, target, b)
            found = moves.moved(step.kind, values, len(rows), step.number, of)
            rows[:] = rows + found if step.add else found

    def _of_row(self, ref: Ref, axis: Axis, position: int) -> np.ndarray:
        """All steps (L, n) of the row at a position."""
        return self.slots[ref.slot][ref.offset : ref.offset + axis.lengths[position], position]

    def _memory(self, step: Attend, axis: Axis, position: int) -> tuple[np.ndarray, np.ndarray]:
        """The keys and values (S, n) that the row at a position of `axis` attends to."""
        memory = self._axis(step.keys.slot)
        place = int(np.flatnonzero(memory.order == axis.order[position])[0])
        return self._of_row(step.keys, memory, place), self._of_row(step.values, memory, place)

    def _vector(self, step: Attend) -> np.ndarray | None:
        width = self.plan.slots[step.query.slot].width
        return None if step.vector < 0 else self.parameters[step.vector : step.vector + width]

    def _attend(self, step: Attend, axis: Axis, t: int, n: int) -> None:
        query, target = self._at(step.query, t, n), self._at(step.target, t, n)
        for row in range(n):
            keys, values = self._memory(step, axis, row)
            target[row] = attention.shares(query[row], keys, step.scale, self._vector(step)) @ values

    def _attend_back(self, step: AttendBack, axis: Axis, t: int, n: int) -> None:
        attend, vector = step.attend, self._vector(step.attend)
        query, gradient = self._at(attend.query, t, n), self._at(step.gradient, t, n)
        memory = self._axis(attend.keys.slot)
        for row in range(n):
            keys, values = self._memory(attend, axis, row)
            found = attention.back(gradient[row], query[row], keys, values, attend.scale, vector)
            if step.query_grad.slot >= 0:
                self._at(step.query_grad, t, n)[row] = found.query
            place = int(np.flatnonzero(memory.order == axis.order[row])[0])
            for ref, share in ((step.keys_grad, found.keys), (step.values_grad, found.values)):
                if ref.slot >= 0:
                    self._of_row(ref, memory, place)[:] += share
            if vector is not None:
                self.sums[attend.vector : attend.vector + len(vector)] += found.vector

    def _elementwise(self, step: Elementwise, axis: Axis, t: int, n: int) -> None:
        temps: dict[int, np.ndarray] = {}
        with np.errstate(all="ignore"):
            for instruction in step.code:
                inputs = [self._operand(i, temps, t, n) for i in instruction.inputs]
                out, value = instruction.out, self._value(instruction, inputs, axis, t, n)
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
        if operand.kind == "moment":
            return self.moments.values[operand.index : operand.index + operand.width].astype(self.dtype)
        return self.parameters[operand.index : operand.index + operand.width]

    def _value(self, instruction: Instruction, inputs: list[np.ndarray], axis: Axis, t: int, n: int) -> np.ndarray:
        row, wide = OPS[instruction.op], (n, instruction.out.width)
        if row.index is not None:
            inputs[row.index] = as_indices(inputs[row.index], max(instruction.inputs[0].width, wide[1]), None, "class")
        if row.shape == "dropout":
            number, step = int(instruction.second), None if row.name == "dropout_once" else self._number(axis, t)
            keep = dropout_keeps(self.key, number, step, axis.order[:n] + self.batch.first, wide[1], instruction.first)
            return np.where(keep, inputs[0] * self.cast(1 / (1 - instruction.first)), 0).astype(self.dtype)
        value = row.of(inputs, instruction.first, instruction.second, wide[1])
        return (value if value.shape == wide else np.broadcast_to(value, wide)).astype(self.dtype)

    # --- loss and gradients ---------------------------------------------------------------------------------

    def _number(self, axis: Axis, t: int) -> int:
        """The number of a step in the whole sequence."""
        return t + (0 if axis is self.axes[ONCE] or self.plan.axes > 1 else self.segment.start)
