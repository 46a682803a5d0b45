"""Plans as nested tuples of numbers, which the native engine (`native/bind.cpp`) reads by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from elman.engine.plan import (
    Attend,
    AttendBack,
    Elementwise,
    Goal,
    Instruction,
    Lookup,
    Matrix,
    Meeting,
    Move,
    Operand,
    Plan,
    Product,
    Stage,
    State,
    Step,
)
from elman.engine.slots import Ref
from elman.engine.sums import MatrixGradient, TableGradient, VectorGradient
from elman.equations.ops import OPS
from elman.errors import EngineError

_TIMES = {"steps": 0, "states": 1, "pair": 2, "single": 3}
_KINDS = {"slot": 0, "temp": 1, "const": 2, "vector": 3, "array": 4, "scalar": 5, "sum": 6, "moment": 7}
_MOVES = {
    kind: number
    for number, kind in enumerate(
        ("reverse", "shift", "take", "put", "repeat", "share", "sum", "mean", "max", "max_back")
    )
}
Ops = Mapping[str, int]  # the native numbers of operations
ADDITION = 3.0  # of one value, in multiply-adds of a product: how much dearer memory makes it


def plain_plan(plan: Plan, ops: Ops, indices: Mapping[int, int]) -> tuple:
    """The whole plan; `indices` as `elman.engine.indices.whole_numbers` says."""
    programs: list[tuple] = []
    return (
        [(s.width, _TIMES[s.time], s.stage, indices.get(n, 0), s.axis) for n, s in enumerate(plan.slots)],
        [_stage(stage, programs, ops) for stage in plan.stages],
        [_matrix(m) for m in plan.matrices],
        programs,
        [_gradient(g) for g in plan.gradients],
        plan.arena,
        [_ref(r) for r in plan.inputs],
        [_ref(r) for r in plan.outputs],
        [_goal(g) for g in plan.goals],
        list(plan.input_grads),
        plan.root,
        plan.axes,
        plan.moments,
    )


def _ref(ref: Ref) -> tuple[int, int]:
    return ref.slot, ref.offset


def _matrix(matrix: Matrix) -> tuple:
    return list(matrix.segments), matrix.transposed


def _stage(stage: Stage, programs: list[tuple], ops: Ops) -> tuple:
    parts = [[_step(s, programs, ops) for s in part] for part in (stage.before, stage.loop, stage.reverse, stage.after)]
    return (stage.axis, *parts, [_state(s) for s in stage.states], list(stage.clears), _meeting(stage.meets))


def _meeting(m: Meeting | None) -> tuple:
    """A source without a slot says that there is none."""
    m = m or Meeting(Ref(-1), Ref(-1), 0, 0.0)
    numbers = m.place, float(m.epsilon), m.mean, m.variance, float(m.momentum)
    return _ref(m.source), _ref(m.normalised), _ref(m.gradient), *numbers


def _state(s: State) -> tuple:
    return s.width, s.values, s.grads, s.initial, s.initial_grad, s.adds, s.final, s.final_grad


def _goal(goal: Goal) -> tuple:
    return goal.target, goal.weight, goal.value, goal.seed, float(goal.share)


def _step(step: Step, programs: list[tuple], ops: Ops) -> tuple:
    match step:
        case Product(matrix, source, targets, add, bias):
            offsets = [-1 if b is None else b for b in bias]
            return "product", matrix, _ref(source), [_ref(t) for t in targets], add, offsets
        case Lookup(offset, rows, index, target):
            return "lookup", offset, rows, _ref(index), _ref(target)
        case Move(kind, source, target, number, add, of):
            return "move", _MOVES[kind], _ref(source), _ref(target), number, add, _ref(of)
        case Attend():
            return _attend(step)
        case AttendBack(attend, gradient, query, keys, values):
            return "attend_back", _attend(attend), _ref(gradient), _ref(query), _ref(keys), _ref(values)
        case Elementwise(code):
            programs.append(plain_program(code, ops))
            return "elementwise", len(programs) - 1


def _attend(a: Attend) -> tuple:
    return "attend", _ref(a.query), _ref(a.keys), _ref(a.values), _ref(a.target), float(a.scale), a.vector


def plain_program(code: Sequence[Instruction], ops: Ops) -> tuple:
    """Operands, slots first, instructions that name them by number, and how much work a row is."""
    used = dict.fromkeys(o for i in code for o in (i.out, *i.inputs))
    operands = sorted(used, key=lambda o: o.kind != "slot")
    number = {operand: n for n, operand in enumerate(operands)}
    work = ADDITION * sum(OPS[i.op].cost * max(o.width for o in (i.out, *i.inputs)) for i in code)
    return [_operand(o) for o in operands], [_instruction(i, number, ops) for i in code], work


def _operand(o: Operand) -> tuple:
    return _KINDS[o.kind], o.width, _ref(o.ref), o.index, float(o.value)


def _instruction(i: Instruction, number: dict[Operand, int], ops: Ops) -> tuple:
    a, b, c = ([number[o] for o in i.inputs] + [number[i.inputs[0]]] * 2)[:3]
    if i.op not in ops:
        raise EngineError(f"the native engine has no operation {i.op!r}")
    return ops[i.op], number[i.out], a, b, c, float(i.first), float(i.second)


def _gradient(g: MatrixGradient | VectorGradient | TableGradient) -> tuple:
    match g:
        case MatrixGradient():
            return 0, g.offset, g.rows, g.columns, _ref(g.delta), _ref(g.source), g.stage
        case VectorGradient():
            return 1, g.offset, g.width, 1, _ref(g.delta), (-1, 0), g.stage
        case TableGradient():
            return 2, g.offset, g.rows, g.width, _ref(g.delta), _ref(g.index), g.stage
