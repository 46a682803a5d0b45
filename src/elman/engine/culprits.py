"""Culprits: which value of a batch was the first that is not finite, among those that spoilt its loss or gradient.

A batch is run once more by the NumPy engine, which notes of each row of each value what spoilt it: an instruction whose
operands were all finite and whose result is not is a culprit, any other result has that of its operands. So an infinity
that leads to nothing, such as one that is divided by, is not blamed. Rows are told apart, as they do not meet but where
a batch is normalised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.engine import moves
from elman.engine.axes import Axis
from elman.engine.interface import AS_A_WHOLE, Batch, How
from elman.engine.meetings import Moments
from elman.engine.plan import Attend, AttendBack, Elementwise, Goal, Lookup, Move, Operand, Plan, Product, Stage
from elman.engine.reference import NumpyEngine
from elman.engine.run import Run
from elman.engine.segments import Segment
from elman.engine.slots import ONCE, Ref

_PARTS = ("before", "loop", "reverse", "after")
MOST = 3_000_000  # instructions that are run one by one, each for all rows: about a minute


@dataclass(frozen=True)
class Culprit:
    """The first value that was not finite.

    Attributes
    ----------
    layer : str
        Whose equations it belongs to; ``loss`` for those of the loss.
    name : str
        What they call it; empty where they do not.
    op : str
        What made it, such as ``mul``.
    back : bool
        Whether it was on the way back, where gradients are computed.
    step : int or None
        From 0; None of what has no time.
    row : int
        Of the batch, from 0.
    value : float
    feature : int
        Which of its components.
    """

    layer: str
    name: str
    op: str
    back: bool
    step: int | None
    row: int
    value: float
    feature: int


def culprit(
    plan: Plan, dtype: Any, products: str | None, parameters: np.ndarray, batch: Batch, how: How = AS_A_WHOLE
) -> Culprit | None:
    """What spoils the loss of a batch, or, where that is finite, its gradient; None if nothing does, or it is too long.

    Parameters
    ----------
    plan : Plan
        Of a training.
    dtype, products
        As for `NumpyEngine`.
    parameters : array (P,)
    batch : Batch
    how : How
    """
    if _work(plan, batch) > MOST:
        return None
    engine = _Engine(plan, dtype, products=products)
    with np.errstate(all="ignore"):
        for way in dict.fromkeys((AS_A_WHOLE, how)):  # as a whole all of it is known at once
            engine.runs = []
            found = engine.gradients(parameters, batch, way)
            blamed = [run.blamed(loss=not np.isfinite(found.loss)) for run in engine.runs]
            named = next((one for one in blamed if one is not None), None)
            if named is not None or not np.isfinite(found.loss):
                return named
    return None


def _work(plan: Plan, batch: Batch) -> int:
    """How many instructions a run takes, about."""
    steps = max((x.shape[1] for x in batch.inputs if x.ndim == 3), default=1)
    parts = [getattr(stage, part) for stage in plan.stages for part in _PARTS]
    return steps * sum(len(step.code) if isinstance(step, Elementwise) else 1 for part in parts for step in part)


class _Engine(NumpyEngine):
    """The NumPy engine, whose runs note culprits."""

    runs: list[_Watched]

    def _run(self, parameters: np.ndarray, batch: Batch, moments: Moments, states: Any, segment: Segment) -> Run:
        run = _Watched(self._intake, self._factor, parameters, batch, states, segment, moments)
        self.runs.append(run)
        return run


class _Watched(Run):
    """A run that notes of each row of each slot who spoilt it: a number of `culprits`, 0 where it is finite."""

    def __init__(self, *what: Any):
        super().__init__(*what)
        self.culprits: list[Culprit] = []
        self._spoilt = [np.zeros(slot.shape[:2], np.int32) for slot in self.slots]
        self._first = np.zeros(self.B, np.int32)  # the first culprit of each row of the batch
        self._sums: list[int] = []  # culprits of gradients that are added up on the way
        self._names = {ref: name for name, ref in self.plan.names.items()}
        self._backwards = _backwards(self.plan)
        self._stage: Stage | None = None
        self._part = ""

    def _run(self, steps: Iterable[Any], axis: Axis, times: Iterable[int]) -> None:
        for stage in self.plan.stages:
            for part in _PARTS:
                if getattr(stage, part) is steps:
                    self._stage, self._part = stage, part
        super()._run(steps, axis, times)

    # --- who is to blame --------------------------------------------------------------------------------------

    def blamed(self, *, loss: bool) -> Culprit | None:
        """The first of those that spoilt the loss, or else the gradient of a parameter."""
        found = self._of_goals() if loss else self._of_gradients()
        return self.culprits[min(found) - 1] if found else None

    def _of_goals(self) -> list[int]:
        found: list[int] = []
        for goal in self.plan.goals:
            found += self._of_goal(goal) if goal.target >= 0 else []
        return found

    def _of_goal(self, goal: Goal) -> list[int]:
        counts = self.slots[goal.weight][..., 0] > 0
        spoilt = self._spoilt[goal.value]
        return [int(n) for n in np.unique(spoilt[counts & (spoilt > 0)])]

    def _of_gradients(self) -> list[int]:
        found = set(self._sums)
        for gradient in self.plan.gradients:
            axis = self.axes[self.plan.stages[gradient.stage].axis]
            for ref in (gradient.delta, getattr(gradient, "source", None)):
                if ref is not None:
                    found |= {int(n) for t in range(axis.steps) for n in self._known(ref, t, axis.active(t))}
        return sorted(n for n in found if n > 0)

    # --- what spoils what -------------------------------------------------------------------------------------

    def _blame(self, ref: Ref, t: int, n: int) -> np.ndarray:
        rows = self._spoilt[ref.slot]
        return rows[(t + ref.offset) % len(rows), :n]

    def _note(self, value: np.ndarray, before: Sequence[np.ndarray], axis: Axis, t: int, what: tuple[str, str]) -> Any:
        """Who spoilt each row of a result (n, width): who spoilt an operand, or this very instruction.

        `before` are what its operands say; -1 of one that is not finite, and nothing says why.
        """
        bad = ~np.isfinite(value).all(axis=1)
        found = np.zeros(len(value), np.int32)
        for row in np.flatnonzero(bad).tolist():
            here = axis.order[row]
            known = [int(one[row]) for one in before if one[row]]
            earlier = min((n for n in known if n > 0), default=0) or (int(self._first[here]) if known else 0)
            found[row] = earlier or self._new(value[row], axis, t, row, what)
            self._first[here] = self._first[here] or found[row]
        return found

    def _new(self, value: np.ndarray, axis: Axis, t: int, position: int, what: tuple[str, str]) -> int:
        assert self._stage is not None
        feature = int(np.flatnonzero(~np.isfinite(value))[0])
        step: int | None = None
        if axis is not self.axes[ONCE]:
            step = t + int(axis.firsts[position])
            step = int(axis.whole[position]) - 1 - step if self._stage in self._backwards else step
        back, row = self._part in ("reverse", "after"), int(axis.order[position])
        name, op = what
        self.culprits.append(Culprit(self._stage.name, name, op, back, step, row, float(value[feature]), feature))
        return len(self.culprits)

    def _named(self, ref: Ref) -> str:
        """What the equations call what lies in a slot, on the way forward."""
        if self._part in ("reverse", "after"):
            return ""
        name = self._names.get(ref, "")
        if name:
            assert self._stage is not None
            return name.removeprefix(f"{self._stage.name}.")
        return next((s.name for s in self._stage.states if s.values == ref.slot), "") if self._stage else ""

    # --- the instructions -------------------------------------------------------------------------------------

    def _known(self, ref: Ref, t: int, n: int) -> np.ndarray:
        """What an operand says of its rows; -1 where one is not finite and nothing says why."""
        blame, value = self._blame(ref, t, n), self._at(ref, t, n)
        if value.dtype.kind != "f":
            return blame
        return np.where(np.isfinite(value).all(axis=1), 0, np.where(blame > 0, blame, -1))

    def _product(self, step: Product, t: int, n: int) -> None:
        axis = self._axis(step.targets[0].slot)
        source = self._known(step.source, t, n)
        before = [[source, self._known(target, t, n).copy()] if step.add else [source] for target in step.targets]
        super()._product(step, t, n)
        for target, known in zip(step.targets, before, strict=True):
            what = self._named(target), "matrix product"
            self._blame(target, t, n)[:] = self._note(self._at(target, t, n), known, axis, t, what)

    def _lookup(self, step: Lookup, t: int, n: int) -> None:
        super()._lookup(step, t, n)
        what = self._named(step.target), "lookup"
        found = self._note(self._at(step.target, t, n), [], self._axis(step.target.slot), t, what)
        self._blame(step.target, t, n)[:] = found

    def _attend(self, step: Attend, axis: Axis, t: int, n: int) -> None:
        before = [self._known(step.query, t, n), *(self._of_all_steps(r, axis, n) for r in (step.keys, step.values))]
        super()._attend(step, axis, t, n)
        what = self._named(step.target), "attention"
        self._blame(step.target, t, n)[:] = self._note(self._at(step.target, t, n), before, axis, t, what)

    def _attend_back(self, step: AttendBack, axis: Axis, t: int, n: int) -> None:
        attend = step.attend
        before = [self._known(ref, t, n) for ref in (attend.query, step.gradient)]
        before += [self._of_all_steps(ref, axis, n) for ref in (attend.keys, attend.values)]
        super()._attend_back(step, axis, t, n)
        if step.query_grad.slot >= 0:
            value = self._at(step.query_grad, t, n)
            self._blame(step.query_grad, t, n)[:] = self._note(value, before, axis, t, ("", "attention"))
        for ref in (step.keys_grad, step.values_grad):
            if ref.slot >= 0:
                self._all_steps(ref, axis, n, _earliest(np.stack(before)))

    def _of_all_steps(self, ref: Ref, axis: Axis, n: int) -> np.ndarray:
        """What spoilt any step of each of the first rows of an axis, in a memory of another one."""
        memory = self._axis(ref.slot)
        places = np.argsort(memory.order)[axis.order[:n]]
        return _earliest(self._spoilt[ref.slot][:, places])

    def _all_steps(self, ref: Ref, axis: Axis, n: int, found: np.ndarray) -> None:
        memory = self._axis(ref.slot)
        places = np.argsort(memory.order)[axis.order[:n]]
        here = self._spoilt[ref.slot]
        here[:, places] = np.where(here[:, places] > 0, here[:, places], found)

    def _move(self, step: Move) -> None:
        target, rows = self._axis(step.target.slot), self._moved(step)
        super()._move(step)
        for t in range(target.steps):
            n = target.active(t)
            before = [rows[t, :n], *([self._blame(step.target, t, n).copy()] if step.add else [])]
            value = self._at(step.target, t, n)
            self._blame(step.target, t, n)[:] = self._note(value, before, target, t, ("", step.kind))

    def _moved(self, step: Move) -> np.ndarray:
        """What a move's operand says, (steps, B), where its result is."""
        source, target = self._axis(step.source.slot), self._axis(step.target.slot)
        found, blame = np.zeros((target.steps, self.B), np.int32), self._spoilt[step.source.slot]
        kind: Any = "repeat" if step.kind == "share" else step.kind
        for a, b in zip(np.argsort(source.order), np.argsort(target.order), strict=True):
            here, steps = blame[step.source.offset : step.source.offset + source.lengths[a], a], target.lengths[b]
            one_to_one = kind in ("reverse", "shift", "take", "put", "repeat") and len(here)
            found[:steps, b] = (
                moves.moved(kind, here[:, None], steps, step.number)[:, 0] if one_to_one else _earliest(here[:, None])
            )
        return found

    def _elementwise(self, step: Elementwise, axis: Axis, t: int, n: int) -> None:
        temps: dict[int, np.ndarray] = {}
        blames: dict[int, np.ndarray] = {}
        for i in step.code:
            inputs = [self._operand(o, temps, t, n) for o in i.inputs]
            before = [self._said(o, value, blames, t, n) for o, value in zip(i.inputs, inputs, strict=True)]
            value = self._value(i, inputs, axis, t, n)
            name = i.name or (self._named(i.out.ref) if i.out.kind == "slot" else "")
            blame = self._note(value, before, axis, t, (name, i.op))
            if i.out.kind == "temp":
                temps[i.out.index], blames[i.out.index] = value, blame
            elif i.out.kind == "sum":
                self.sums[i.out.index : i.out.index + i.out.width] += value.sum(0)
                self._sums += [int(number) for number in np.unique(blame) if number]
            else:
                self._at(i.out.ref, t, n)[:] = value
                self._blame(i.out.ref, t, n)[:] = blame

    def _said(self, operand: Operand, value: np.ndarray, blames: dict[int, np.ndarray], t: int, n: int) -> np.ndarray:
        if operand.kind == "slot":
            return self._known(operand.ref, t, n)
        if operand.kind == "temp":
            return blames[operand.index]
        return np.full(n, 0 if np.isfinite(value).all() else -1)  # a parameter, or what all rows found out


def _earliest(blame: np.ndarray) -> np.ndarray:
    """The smallest number of a culprit along the first axis; 0 where there is none."""
    known = np.where(blame > 0, blame, np.iinfo(np.int32).max).min(axis=0, initial=np.iinfo(np.int32).max)
    return np.where(known == np.iinfo(np.int32).max, 0, known).astype(np.int32)


def _backwards(plan: Plan) -> list[Stage]:
    """The stages whose steps are those of their rows from the end to the beginning."""
    turned = {place.slot: False for place in plan.inputs}
    found = []
    for stage in plan.stages:
        steps = [*stage.before, *stage.loop]
        read = [slot for step in steps for slot in _reads(step) if slot in turned]
        here = any(turned[slot] for slot in read)
        if here:
            found.append(stage)
        flips = any(isinstance(step, Move) and step.kind == "reverse" for step in steps)
        turned |= {slot: here != flips for step in steps for slot in _writes(step) if slot not in turned}
    return found


def _reads(step: Any) -> list[int]:
    if isinstance(step, Elementwise):
        return [o.ref.slot for i in step.code for o in i.inputs if o.kind == "slot"]
    if isinstance(step, Product | Move):
        return [step.source.slot]
    return [step.index.slot if isinstance(step, Lookup) else step.query.slot]


def _writes(step: Any) -> list[int]:
    if isinstance(step, Elementwise):
        return [i.out.ref.slot for i in step.code if i.out.kind == "slot"]
    return [ref.slot for ref in step.targets] if isinstance(step, Product) else [step.target.slot]
