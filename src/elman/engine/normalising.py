"""The stage that normalises over the rows of a batch, and its way back (Ioffe and Szegedy 2015, section 3)."""

from __future__ import annotations

from dataclasses import replace

from elman.engine.plan import MOMENTS, Elementwise, Instruction, Meeting, Operand, Stage
from elman.engine.slots import Ref
from elman.engine.stage import Link, NormSpec


def meeting_of(norm: NormSpec, offsets: dict[str, int], source: Ref, normalised: Ref, place: int) -> Meeting:
    """The meeting of a stage that normalises `source`; its moments lie from `place` on."""
    mean, variance = (offsets[name] if name else -1 for name in (norm.mean, norm.variance))
    return Meeting(source, normalised, place, norm.epsilon, mean=mean, variance=variance, momentum=norm.momentum)


def normalised(name: str, axis: int, meets: Meeting, wide: int) -> Stage:
    """``y = (x - mean) / deviation``."""
    x, y, centred = _slot(meets.source, wide), _slot(meets.normalised, wide), _temp(0, wide)
    code = (
        Instruction("sub", centred, (x, _moment(meets, "mean", wide))),
        Instruction("mul", y, (centred, _moment(meets, "inverse deviation", wide))),
    )
    return Stage(name, axis, before=(Elementwise(code),), meets=meets)


def normalised_back(stage: Stage, gradient: Ref, link: Link) -> Stage:
    """``dL/dx = (dL/dy - mean of dL/dy - y * mean of (y dL/dy)) / deviation``, added to what `link` has begun."""
    assert stage.meets is not None
    wide, meets = link.width, replace(stage.meets, gradient=gradient)
    out, first, second = _slot(Ref(link.gradient), wide), _temp(0, wide), _temp(1, wide)
    mean, along, scale = (_moment(meets, m, wide) for m in (*MOMENTS[3:], "inverse deviation"))
    last = Instruction("fma", out, (first, scale, out)) if link.begun else Instruction("mul", out, (first, scale))
    code = (
        Instruction("mul", first, (_slot(meets.normalised, wide), along)),
        Instruction("sub", second, (_slot(gradient, wide), first)),
        Instruction("sub", first, (second, mean)),
        last,
    )
    return replace(stage, after=(Elementwise(code),), meets=meets)


def _slot(ref: Ref, wide: int) -> Operand:
    return Operand("slot", wide, ref)


def _temp(index: int, wide: int) -> Operand:
    return Operand("temp", wide, index=index)


def _moment(meets: Meeting, name: str, wide: int) -> Operand:
    return Operand("moment", wide, index=meets.place + MOMENTS.index(name) * wide)
