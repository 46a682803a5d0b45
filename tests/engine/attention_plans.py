"""Plans with attention, written by hand."""

from __future__ import annotations

from elman.engine.plan import Attend, AttendBack, Elementwise, Goal, Matrix, Operand, Plan, Product, Stage, State
from elman.engine.slots import Ref, Slot
from elman.engine.sums import MatrixGradient
from tests.engine.hand_plans import const, op

WIDE = 5  # of queries and keys


class Places:
    """Collects slots; each has an axis and a stage."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []

    def __call__(self, width: int, axis: int, stage: int = 0, time: str = "steps") -> Ref:
        self.slots.append(Slot(width, time, stage, axis=axis))
        return Ref(len(self.slots) - 1)

    def operand(self, ref: Ref, offset: int = 0) -> Operand:
        return Operand("slot", self.slots[ref.slot].width, Ref(ref.slot, offset))


def looked_up(axis: int, additive: bool, axes: int = 2) -> Plan:
    """y = what x attends to in keys m and values v of another axis, or of its own; the arena holds the vector."""
    s = Places()
    x, m, v = s(WIDE, 0), s(WIDE, axis), s(3, axis)
    y, seed, dx, dm, dv = s(3, 0), s(3, 0), s(WIDE, 0), s(WIDE, axis), s(3, axis)
    attend = Attend(x, m, v, y, 0.7, 0 if additive else -1)
    stage = Stage(
        "attend",
        0,
        before=(attend,),
        after=(AttendBack(attend, seed, dx, dm, dv),),
        clears=(dm.slot, dv.slot),
    )
    return Plan(
        slots=tuple(s.slots),
        stages=(stage,),
        matrices=(),
        gradients=(),
        parameters=WIDE,
        inputs=(x, m, v),
        outputs=(y,),
        goals=(Goal(seed=seed.slot),),
        input_grads=(dx.slot, dm.slot, dv.slot),
        axes=axes,
    )


def recurrent(axis: int, additive: bool, axes: int = 2) -> Plan:
    """h = tanh(x + U h + what h attends to in m); the arena holds U and the vector."""
    s, H = Places(), WIDE
    x, m = s(H, 0), s(H, axis)
    a, c, h = s(H, 0, 0), s(H, 0, 0), s(H, 0, 0, "states")
    seed, da, dq, dh, dm = s(H, 0), s(H, 0), s(H, 0), s(H, 0, 0, "states"), s(H, axis)
    attend = Attend(h, m, m, c, 0.5, H * H if additive else -1)
    at = s.operand
    stage = Stage(
        "recurrent",
        0,
        loop=(
            Product(0, h, (a,)),
            attend,
            Elementwise(
                (
                    op("add", at(a), at(a), at(x)),
                    op("add", at(a), at(a), at(c)),
                    op("tanh", at(h, 1), at(a)),
                )
            ),
        ),
        reverse=(
            Elementwise((op("add", at(da), at(seed), at(dh, 1)), op("tanh_grad", at(da), at(da), at(h, 1)))),
            Product(1, da, (dh,)),
            AttendBack(attend, da, dq, dm, dm),
            Elementwise((op("add", at(dh), at(dh), at(dq)),)),
        ),
        states=(State("h", H, h.slot, dh.slot),),
        clears=(dm.slot,),
    )
    return Plan(
        slots=tuple(s.slots),
        stages=(stage,),
        matrices=(Matrix(((0, H, H),)), Matrix(((0, H, H),), transposed=True)),
        gradients=(MatrixGradient(0, H, H, da, h, 0),),
        parameters=H * H + H,
        inputs=(x, m),
        outputs=(Ref(h.slot, 1),),
        goals=(Goal(seed=seed.slot),),
        input_grads=(da.slot, dm.slot),
        axes=axes,
    )


def to_itself(together: bool) -> Plan:
    """k = W x, and y = what x attends to in k: in one stage or, as an engine needs no care to run it, in two."""
    s, H, last = Places(), WIDE, 0 if together else 1
    x, k, y = s(H, 0), s(H, 0), s(H, 0, last)
    seed, dq, dk, dx = s(H, 0, last), s(H, 0, last), s(H, 0, last), s(H, 0)
    attend = Attend(x, k, k, y, 0.3)
    at = s.operand
    keys = Product(0, x, (k,))
    back = AttendBack(attend, seed, dq, dk, dk)
    keys_back = (
        Product(1, dk, (dx,)),
        Elementwise((op("mul", at(dx), at(dx), const(1.0)), op("add", at(dx), at(dx), at(dq)))),
    )
    stages = (
        (Stage("self", 0, before=(keys, attend), after=(back, *keys_back), clears=(dk.slot,)),)
        if together
        else (
            Stage("keys", 0, before=(keys,), after=keys_back),
            Stage("attend", 0, before=(attend,), after=(back,), clears=(dk.slot,)),
        )
    )
    return Plan(
        slots=tuple(s.slots),
        stages=stages,
        matrices=(Matrix(((0, H, H),)), Matrix(((0, H, H),), transposed=True)),
        gradients=(MatrixGradient(0, H, H, dk, x, 0),),
        parameters=H * H,
        inputs=(x,),
        outputs=(y,),
        goals=(Goal(seed=seed.slot),),
        input_grads=(dx.slot,),
    )
