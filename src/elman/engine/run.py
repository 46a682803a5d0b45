"""One run of a plan with NumPy: a batch, or a segment of it, through all stages.

All rows of the batch go at once and one step after the other; on each time axis they are sorted by their lengths there,
so that those in use at a step are the first ones. What a run computes is its own, so that several may be under way in
threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from elman.engine.arrays import zeros
from elman.engine.axes import Axis
from elman.engine.interface import Gradients
from elman.engine.plan import Goal, Stage, State
from elman.engine.slots import ONCE, Ref
from elman.engine.steps import Steps
from elman.engine.sums import MatrixGradient, TableGradient, VectorGradient


class Run(Steps):
    """Takes a batch, or a segment of it, through all stages; see `Steps` for its parameters."""

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

    def _set_targets(self) -> None:
        weights = self.batch.weights or (None,) * len(self.plan.goals)
        totals = self.batch.totals or (None,) * len(self.plan.goals)
        for goal, target, given, total in zip(self.plan.goals, self.batch.targets, weights, totals, strict=True):
            number = self.plan.slots[goal.slot].axis
            self.slots[goal.slot][:] = self._here(target, number)
            if goal.target >= 0:
                self._set_weights(goal, self.axes[number], given, total)

    def _set_weights(self, goal: Goal, axis: Axis, weights: np.ndarray | None, total: float | None) -> None:
        share = (np.ones(self.B) if weights is None else np.asarray(weights, np.float64))[axis.order]
        if total is not None:
            pass  # that of the batch of which these rows are a shard
        elif share.ndim == 1:
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
        pairs = zip(self._free, zeros(self._free, self.B, self.dtype), strict=True)
        return [self._axis(s.grads).unsorted(self.slots[s.grads][0]) if s.grads >= 0 else zero for s, zero in pairs]
