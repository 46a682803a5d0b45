"""One run of a plan with NumPy: a batch, or a segment of it, through all stages.

All rows of the batch go at once and one step after the other; on each time axis they are sorted by their lengths there,
so that those in use at a step are the first ones. What a run computes is its own, so that several may be under way in
threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from elman.engine import moves
from elman.engine.arrays import Intake, zeros
from elman.engine.axes import Axis
from elman.engine.indices import as_indices
from elman.engine.interface import Batch, Gradients
from elman.engine.masks import dropout_keeps
from elman.engine.meetings import Moments
from elman.engine.plan import (
    ONCE,
    Attend,
    AttendBack,
    Elementwise,
    Goal,
    Instruction,
    Lookup,
    MatrixGradient,
    Move,
    Operand,
    Product,
    Ref,
    Slot,
    Stage,
    State,
    Step,
    TableGradient,
    VectorGradient,
)
from elman.engine.segments import Segment
from elman.equations import attention
from elman.equations.ops import OPS

Factor = Callable[[np.ndarray], np.ndarray]


class Run:
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
        self.parameters, self.batch, self.key, self.moments = parameters, batch, int(batch.key), moments
        self.B, self.segment, self.steps = len(batch), segment, intake.steps(batch.inputs)
        self.axes = self._axes()
        self.slots = [
            np.zeros((self._rows(slot), self.B, slot.width), np.int64 if number in intake.indices else dtype)
            for number, slot in enumerate(plan.slots)
        ]
        self.sums = np.zeros(plan.parameters, dtype)  # what programs add up
        for place, x in zip(plan.inputs, batch.inputs, strict=True):
            self.slots[place.slot][:] = self._here(x, plan.axis(place))
        for s, initial in zip(plan.free_states, states or zeros(plan, self.B, dtype), strict=True):
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

    def with_steps(self, whole: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        """The outputs of all segments so far, (B, T, O), with those of this one, (B, steps, O)."""
        found = []
        for number, here in enumerate(self.outputs()):
            if here.ndim == 2:
                found.append(here)
                continue
            axis = self.axes[0]
            sums = whole[number] if whole else np.zeros((self.B, self.steps[0], here.shape[2]), self.dtype)
            for b, first, count in zip(axis.order, axis.firsts, axis.lengths, strict=True):
                sums[b, first : first + count] = here[b, :count]
            found.append(sums)
        return tuple(found)

    def gradients(self, state_gradients) -> Gradients:
        """Forward and backward through all stages."""
        self._set_targets()
        self.forward(self.plan.stages)
        self._backward(self.plan.stages, state_gradients)
        outcome = Gradients(self._loss(), self._parameter_gradients(), self.outputs(), self.final_states())
        outcome.inputs = self._input_gradients()
        outcome.initial_states = self.initial_gradients()
        return outcome

    def rehearse(self, number: int, state_gradients=None, *, back: bool) -> None:
        """As far as the meeting of a stage, on the way to it or back, for what these rows have to say there."""
        stages = self.plan.stages
        if back:
            self._set_targets()
        self.forward(stages if back else stages[:number])
        if back:
            self._backward(stages[number + 1 :], state_gradients)
        self._speak(stages[number], back)

    def _meet(self, stage: Stage, back: bool) -> None:
        meets = stage.meets
        if meets is None or self.moments.knows(meets, back) or (back and meets.gradient.slot < 0):
            return
        self._speak(stage, back)
        self.moments.close(meets, back)

    def _speak(self, stage: Stage, back: bool) -> None:
        """Add what the rows of this run have to say at a meeting."""
        meets, axis = stage.meets, self.axes[stage.axis]
        assert meets is not None
        if back:
            self.moments.add_back(meets, self._in_use(meets.gradient, axis), self._in_use(meets.normalised, axis))
        else:
            self.moments.add(meets, self._in_use(meets.source, axis))

    def _in_use(self, ref: Ref, axis: Axis) -> np.ndarray:
        """The rows of all steps that are in use, one behind the other."""
        return np.concatenate([self._at(ref, t, axis.active(t)) for t in range(axis.steps)])

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

    def forward(self, stages: Iterable[Stage]) -> None:
        for stage in stages:
            self._meet(stage, False)
            axis = self.axes[stage.axis]
            for s in stage.states:
                if s.initial >= 0:
                    self.slots[s.values][0] = self.slots[s.initial][0, axis.order]
            for steps in (stage.before, stage.loop):
                self._run(steps, axis, range(axis.steps))
            for s in stage.states:
                if s.final >= 0:
                    self.slots[s.final][0, axis.order] = self._at_end(axis, s.values)

    def _backward(self, stages: Sequence[Stage], state_gradients) -> None:
        starts = dict(zip((s.values for s in self.plan.free_states), state_gradients or [], strict=False))
        for stage in reversed(stages):
            self._meet(stage, True)
            axis = self.axes[stage.axis]
            for slot in stage.clears:
                self.slots[slot][:] = 0
            for s in stage.states:
                if s.grads >= 0:
                    self._start_gradient(axis, s, starts.get(s.values))
            self._run(stage.reverse, axis, reversed(range(axis.steps)))
            self._run(stage.after, axis, range(axis.steps))
            for s in stage.states:
                if s.initial_grad >= 0:
                    value = axis.unsorted(self.slots[s.grads][0])
                    self.slots[s.initial_grad][0] = value + self.slots[s.initial_grad][0] if s.adds else value

    def _start_gradient(self, axis: Axis, state: State, start: np.ndarray | None) -> None:
        """dL/d final state, at the end of each row."""
        rows = self.slots[state.grads]
        value = np.zeros_like(rows[0]) if start is None else start[axis.order].astype(self.dtype)
        if state.final_grad >= 0 and self.segment.ends:
            value = value + self.slots[state.final_grad][0, axis.order]
        rows[axis.lengths % len(rows), np.arange(self.B)] = value

    def _at_end(self, axis: Axis, slot: int) -> np.ndarray:
        rows = self.slots[slot]
        return rows[axis.lengths % len(rows), np.arange(self.B)]

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
            if source.lengths[a] and target.lengths[b]:
                values = self._of_row(step.source, source, a)
                of = None if step.of.slot < 0 else self._of_row(step.of, target, b)
                rows = self._of_row(step.target, target, b)
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
            keep = dropout_keeps(self.key, number, step, axis.order[:n], wide[1], instruction.first)
            return np.where(keep, inputs[0] * self.cast(1 / (1 - instruction.first)), 0).astype(self.dtype)
        value = row.of(inputs, instruction.first, instruction.second, wide[1])
        return np.broadcast_to(value, wide).astype(self.dtype)

    # --- loss and gradients ---------------------------------------------------------------------------------

    def _number(self, axis: Axis, t: int) -> int:
        """The number of a step in the whole sequence."""
        return t + (0 if axis is self.axes[ONCE] or self.plan.axes > 1 else self.segment.start)

    def _set_targets(self) -> None:
        weights = self.batch.weights or (None,) * len(self.plan.goals)
        for goal, target, given in zip(self.plan.goals, self.batch.targets, weights, strict=True):
            number = self.plan.slots[goal.slot].axis
            self.slots[goal.slot][:] = self._here(target, number)
            if goal.target >= 0:
                self._set_weights(goal, self.axes[number], given)

    def _set_weights(self, goal: Goal, axis: Axis, weights: np.ndarray | None) -> None:
        share = (np.ones(self.B) if weights is None else np.asarray(weights, np.float64))[axis.order]
        if share.ndim == 1:
            total = float(np.sum(share * axis.whole))
        else:
            total = float(np.sum(share, where=np.arange(share.shape[1]) < axis.whole[:, None]))
        for t in range(axis.steps):
            n = axis.active(t)
            here = share[:n] if share.ndim == 1 else share[np.arange(n), axis.firsts[:n] + t]
            self.slots[goal.weight][t, :n, 0] = goal.share * here / total if total else 0

    def _loss(self) -> float:
        return sum(self._loss_of(goal) for goal in self.plan.goals if goal.target >= 0)

    def _loss_of(self, goal: Goal) -> float:
        weight, value = self.slots[goal.weight], self.slots[goal.value]
        return float(np.sum(np.where(weight > 0, weight, 0).astype(np.float64) * np.where(weight > 0, value, 0)))

    def _values(self, ref: Ref) -> np.ndarray:
        """All steps of a slot, t = 0 first."""
        return np.stack([self._at(ref, t, self.B) for t in range(self._axis(ref.slot).steps)])

    def _parameter_gradients(self) -> np.ndarray:
        out = self.sums.copy()
        for g in self.plan.gradients:
            axis = self.axes[self.plan.stages[g.stage].axis]
            delta = self._in_use(g.delta, axis)
            if isinstance(g, VectorGradient):
                out[g.offset : g.offset + g.width] += delta.sum(0)
            elif isinstance(g, MatrixGradient):
                source = self._in_use(g.source, axis)
                out[g.offset : g.offset + g.rows * g.columns] += (self._factor(delta).T @ self._factor(source)).ravel()
            elif isinstance(g, TableGradient):
                index = self._in_use(g.index, axis).astype(np.int64)[:, 0]
                np.add.at(out[g.offset : g.offset + g.rows * g.width].reshape(g.rows, g.width), index, delta)
        return out

    # --- back to the user's order -----------------------------------------------------------------------------

    def _unpack(self, ref: Ref) -> np.ndarray:
        """A value in the batch's order: (B, T, n), zero past a row's end, or (B, n) of one step."""
        axis, values = self._axis(ref.slot), self._values(ref)
        if axis is self.axes[ONCE]:
            return values[0]
        used = np.arange(axis.steps)[:, None] < axis.lengths
        return axis.unsorted(np.swapaxes(np.where(used[:, :, None], values, 0), 0, 1))

    def outputs(self) -> tuple[np.ndarray, ...]:
        return tuple(self._unpack(place) for place in self.plan.outputs)

    def final_states(self) -> list[np.ndarray]:
        return [self._axis(s.values).unsorted(self._at_end(self._axis(s.values), s.values)) for s in self._free]

    @property
    def _free(self) -> tuple[State, ...]:
        return self.plan.free_states

    def _input_gradients(self) -> tuple[np.ndarray, ...]:
        """dL/d inputs; 0 of those that have none."""
        wanted = zip(self.plan.input_grads, self.plan.inputs, strict=False)
        return tuple(self._unpack(Ref(slot)) if slot >= 0 else 0 * self._unpack(place) for slot, place in wanted)

    def initial_gradients(self) -> list[np.ndarray]:
        """dL/d initial states; 0 of states that no parameter needs it of."""
        pairs = zip(self._free, zeros(self.plan, self.B, self.dtype), strict=True)
        return [self._axis(s.grads).unsorted(self.slots[s.grads][0]) if s.grads >= 0 else zero for s, zero in pairs]
