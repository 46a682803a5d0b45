"""Describe: a plan as lines of text, for people."""

from __future__ import annotations

from elman.engine.plan import (
    Attend,
    AttendBack,
    Elementwise,
    Function,
    Instruction,
    Lookup,
    Move,
    Operand,
    Plan,
    Product,
    Step,
    View,
)
from elman.engine.slots import ONCE, Ref
from elman.engine.sums import MatrixGradient, TableGradient, VectorGradient
from elman.equations.ops import OPS


def describe(plan: Plan, parameters: dict[int, str] | None = None) -> str:
    """Every instruction of a plan as text.

    Parameters
    ----------
    plan : Plan
        What to describe.
    parameters : dict of int to str, optional
        Names of parameters by their offset in the arena; offsets stand for those that have none.

    Returns
    -------
    str
        ``s3[t]`` is slot 3 at step t, ``r0`` a register of an elementwise program.
    """
    return "\n".join(_Writer(plan, parameters or {}).lines())


class _Writer:
    def __init__(self, plan: Plan, parameters: dict[int, str]):
        self.plan: Plan = plan
        self.parameters = parameters | {function.place: function.name for function in plan.functions}

    def lines(self) -> list[str]:
        lines = [line for function in self.plan.functions for line in self._function(function)]
        for stage in self.plan.stages:
            lines.append(f"stage {stage.name}")
            if stage.meets is not None:
                lines.append(f"  meeting  moments of {self._ref(stage.meets.source)} over t, b")
            for part in ("before", "loop", "reverse", "after"):
                for step in getattr(stage, part):
                    lines += [f"  {part:<8} {line}" for line in self._step(step)]
        return lines + ["gradients", *(f"  {self._gradient(g)}" for g in self.plan.gradients)]

    def _function(self, function: Function) -> list[str]:
        """The plan of a matrix that is made of parameters."""
        reads = ", ".join(f"input {k} = {self._view(view)}" for k, view in enumerate(function.reads))
        lines = _Writer(function.plan, {}).lines()
        return [f"once {function.name} ({function.rows} rows; {reads})", *(f"  {line}" for line in lines)]

    def _view(self, view: View) -> str:
        name = self._name(view.offset)
        if view.along_columns == 1 and view.along_rows != 1:
            return f"a row of {name}" if view.along_rows else f"{name} for all rows"
        return f"a row of {name}'" if view.along_columns != 1 else f"a value of {name}"

    def _step(self, step: Step) -> list[str]:
        if isinstance(step, Elementwise):
            return [self._instruction(i) for i in step.code]
        if isinstance(step, Product):
            return self._product(step)
        if isinstance(step, Lookup):
            return [f"{self._ref(step.target)} = {self._name(step.offset)}[{self._ref(step.index)}]"]
        if isinstance(step, Move):
            return [self._move(step)]
        return [self._attend(step) if isinstance(step, Attend) else self._attend_back(step)]

    def _move(self, step: Move) -> str:
        said = {
            "reverse": "in reverse",
            "shift": f"shifted by {step.number}",
            "max_back": f"where {self._ref(step.of)}",
        }
        numbered = f" {step.number}" if step.kind in ("take", "put") else ""
        how = said.get(step.kind, f"by {step.kind}{numbered}")
        return f"{self._ref(step.target)} {'+=' if step.add else '='} {self._ref(step.source)} {how}"

    def _attend(self, step: Attend) -> str:
        operands = ", ".join(self._ref(r) for r in (step.query, step.keys, step.values))
        return f"{self._ref(step.target)} = attend({operands})"

    def _attend_back(self, step: AttendBack) -> str:
        wanted = [r for r in (step.query_grad, step.keys_grad, step.values_grad) if r.slot >= 0]
        return f"{', '.join(map(self._ref, wanted))} = gradients of {self._attend(step.attend)}"

    def _product(self, step: Product) -> list[str]:
        matrix = self.plan.matrices[step.matrix]
        lines = []
        for k, (segment, target) in enumerate(zip(matrix.segments, step.targets, strict=True)):
            name = self._name(segment[0]) + ("'" if matrix.transposed else "")
            bias = f" + {self._name(offset)}" if step.bias and (offset := step.bias[k]) is not None else ""
            lines.append(f"{self._ref(target)} {'+=' if step.add else '='} {name} {self._ref(step.source)}{bias}")
        return lines

    def _instruction(self, i: Instruction) -> str:
        if i.op == "accumulate":
            factors = [self._operand(o) for o in i.inputs if (o.kind, o.value) != ("const", 1.0)]
            return f"d {self._name(i.out.index)} += sum over t, b of {' * '.join(factors)}"
        row = OPS[i.op]
        numbers = [f"{n:g}" for n in (i.first, i.second)[: row.numbers]]
        return f"{self._operand(i.out)} = {i.op}({', '.join([*(self._operand(o) for o in i.inputs), *numbers])})"

    def _operand(self, o: Operand) -> str:
        if o.kind == "slot":
            return self._ref(o.ref)
        if o.kind == "const":
            return f"{o.value:g}"
        if o.kind == "moment":
            return f"m{o.index}"
        return f"r{o.index}" if o.kind == "temp" else self._name(o.index)

    def _gradient(self, g: MatrixGradient | VectorGradient | TableGradient) -> str:
        name = f"d {self._name(g.offset)}"
        if isinstance(g, VectorGradient):
            return f"{name} += sum over t, b of {self._ref(g.delta)}"
        if isinstance(g, MatrixGradient):
            return f"{name} += sum over t, b of {self._ref(g.delta)} {self._ref(g.source)}'"
        return f"{name}[{self._ref(g.index)}] += {self._ref(g.delta)} for all t, b"

    def _name(self, offset: int) -> str:
        below = max((o for o in self.parameters if o <= offset), default=None)  # a block begins within a parameter
        name = f"p{offset}" if below is None else self.parameters[below]
        return f"{name}+{offset - below}" if below is not None and below != offset else name

    def _ref(self, ref: Ref) -> str:
        slot = self.plan.slots[ref.slot]
        time = "" if slot.time == "single" or slot.axis == ONCE else f"{'tuvw'[slot.axis % 4]}"
        step = f"[{time}{'+1' if ref.offset else ''}]" if time else ""
        return f"{slot.name.replace(' ', '_') or f's{ref.slot}'}{step}"
