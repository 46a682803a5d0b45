"""Plans written by hand, so that the native engine is tested without the scheduler."""

from __future__ import annotations

from elman.engine.plan import (
    Elementwise,
    Goal,
    Instruction,
    Lookup,
    Matrix,
    Move,
    Operand,
    OptimizerProgram,
    Plan,
    Product,
    Stage,
    State,
)
from elman.engine.slots import ONCE, Ref, Slot
from elman.engine.sums import MatrixGradient, TableGradient, VectorGradient


class Slots:
    """Collects slots and names them."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.names: dict[str, Ref] = {}

    def __call__(self, name: str, width: int, stage: int, time: str = "steps", axis: int = 0) -> int:
        self.slots.append(Slot(width, time, stage, name, axis))
        self.names[name] = Ref(len(self.slots) - 1)
        return len(self.slots) - 1

    def at(self, name: str, offset: int = 0) -> Operand:
        slot = self.names[name].slot
        return Operand("slot", self.slots[slot].width, Ref(slot, offset))


def temp(width: int, index: int) -> Operand:
    return Operand("temp", width, index=index)


def const(value: float) -> Operand:
    return Operand("const", 0, value=value)


def op(name: str, out: Operand, *inputs: Operand, first: float = 0.0, second: float = 0.0) -> Instruction:
    return Instruction(name, out, inputs, first, second)


def tanh_rnn(F: int, H: int, O: int, *, last=False, root=False, reverse=False, dropout=0.0, twice=False) -> Plan:
    """h_t = tanh(W x_t + U h_{t-1} + b), y = V h + c, mean squared error; the arena holds W U b V c."""
    W, U, b, V, c = 0, H * F, H * F + H * H, H * F + H * H + H, H * F + H * H + H + O * H
    s = Slots()
    x, a, h = s("x", F, 0), s("a", H, 0), s("h", H, 0, "states")
    dh, dout, da, dx = s("dh", H, 0, "states"), s("dout", H, 0), s("da", H, 0), s("dx", F, 0)
    xr, dxr = s("xr", F, 0), s("dxr", F, 0)
    last_h, dlast = s("last", H, 0, axis=ONCE), s("dlast", H, 0, axis=ONCE)
    axis = ONCE if last else 0
    y, dy = s("y", O, 1, axis=axis), s("dy", O, 1, axis=axis)
    target, weight, value, _ = (
        s(name, n, 2, axis=axis) for name, n in zip("target weight value d".split(), (O, 1, 1, O), strict=True)
    )
    source = Ref(xr if reverse else x)
    dsource = Ref(dxr if reverse else dx)
    top = Ref(last_h) if last else Ref(h, 1)
    drop = (op("dropout", s.at("a"), s.at("a"), first=dropout, second=3.0),) if dropout else ()
    drop_back = (op("dropout", s.at("da"), s.at("da"), first=dropout, second=3.0),) if dropout else ()
    add_out = () if last else (op("add", temp(H, 0), s.at("dh", 1), s.at("dout")),)
    g = s.at("dh", 1) if last else temp(H, 0)
    rnn = Stage(
        "rnn",
        0,
        before=(Move("reverse", Ref(x), Ref(xr)),) * reverse + (Product(0, source, (Ref(a),), bias=(b,)),),
        loop=(
            Product(1, Ref(h), (Ref(a),), add=True),
            Elementwise((*drop, op("tanh", s.at("h", 1), s.at("a")))),
        ),
        reverse=(
            Elementwise((*add_out, op("tanh_grad", s.at("da"), g, s.at("h", 1)), *drop_back)),
            Product(2, Ref(da), (Ref(dh),)),
        ),
        after=(Product(3, Ref(da), (dsource,)),) + (Move("reverse", Ref(dxr), Ref(dx)),) * reverse,
        states=(State("h", H, h, dh, final=last_h if last else -1, final_grad=dlast if last else -1),),
    )
    dense = Stage(
        "dense",
        axis,
        before=(Product(4, top, (Ref(y),), bias=(c,)),),
        after=(Product(5, Ref(dy), (Ref(dlast if last else dout),)),),
    )
    loss = Stage(
        "mse",
        axis,
        before=(
            Elementwise(
                (
                    op("sub", s.at("d"), s.at("y"), s.at("target")),
                    op("square", temp(O, 0), s.at("d")),
                    op("mean", s.at("value"), temp(O, 0)),
                )
            ),
        ),
        after=(
            Elementwise(
                (
                    op("expand", temp(O, 0), s.at("weight")),
                    op("mul", temp(O, 0), temp(O, 0), s.at("d")),
                    op("mul", s.at("dy"), temp(O, 0), const(2.0 / O)),
                )
            ),
        ),
    )
    return Plan(
        slots=tuple(s.slots),
        stages=(rnn, dense, loss),
        matrices=(
            Matrix(((W, H, F),)),
            Matrix(((U, H, H),)),
            Matrix(((U, H, H),), transposed=True),
            Matrix(((W, H, F),), transposed=True),
            Matrix(((V, O, H),)),
            Matrix(((V, O, H),), transposed=True),
        ),
        gradients=(
            MatrixGradient(W, H, F, Ref(da), source, 0),
            MatrixGradient(U, H, H, Ref(da), Ref(h), 0),
            *(VectorGradient(b, H, Ref(da), 0),) * (1 + twice),
            MatrixGradient(V, O, H, Ref(dy), top, 1),
            VectorGradient(c, O, Ref(dy), 1),
        ),
        parameters=c + O,
        inputs=(Ref(x),),
        outputs=(Ref(y),),
        goals=(Goal(target, weight, value),),
        input_grads=(dx,),
        root=root,
        names=s.names,
    )


def embedding(symbols: int, C: int) -> Plan:
    """Softmax cross entropy of C scores, e = table[x] + offset for each symbol; the arena holds table, offset."""
    s = Slots()
    x, e, y, de = s("x", 1, 0), s("e", C, 0), s("y", C, 0), s("de", C, 0)
    target, weight, value = s("target", 1, 1), s("weight", 1, 1), s("value", 1, 1)
    s("p", C, 1)
    layer = Stage(
        "embedding",
        0,
        before=(
            Lookup(0, symbols, Ref(x), Ref(e)),
            Elementwise((op("add", s.at("y"), s.at("e"), Operand("vector", C, index=symbols * C)),)),
        ),
    )
    loss = Stage(
        "softmax_cross_entropy",
        0,
        before=(
            Elementwise(
                (
                    op("max", temp(1, 0), s.at("y")),
                    op("expand", temp(C, 1), temp(1, 0)),
                    op("sub", temp(C, 1), s.at("y"), temp(C, 1)),
                    op("exp", temp(C, 2), temp(C, 1)),
                    op("sum", temp(1, 3), temp(C, 2)),
                    op("log", temp(1, 4), temp(1, 3)),
                    op("pick", temp(1, 5), temp(C, 1), s.at("target")),
                    op("sub", s.at("value"), temp(1, 4), temp(1, 5)),
                    op("expand", temp(C, 6), temp(1, 3)),
                    op("div", s.at("p"), temp(C, 2), temp(C, 6)),
                )
            ),
        ),
        after=(
            Elementwise(
                (
                    op("expand", temp(C, 0), s.at("weight")),
                    op("mul", temp(C, 0), temp(C, 0), s.at("p")),
                    op("place", temp(C, 1), s.at("weight"), s.at("target")),
                    op("sub", s.at("de"), temp(C, 0), temp(C, 1)),
                )
            ),
        ),
    )
    return Plan(
        slots=tuple(s.slots),
        stages=(layer, loss),
        matrices=(),
        gradients=(
            TableGradient(0, symbols, C, Ref(x), Ref(de), 0),
            VectorGradient(symbols * C, C, Ref(de), 0),
        ),
        parameters=symbols * C + C,
        inputs=(Ref(x),),
        outputs=(Ref(y),),
        goals=(Goal(target, weight, value),),
        names=s.names,
    )


def _array(index: int) -> Operand:
    return Operand("array", 1, index=index)


def _scalar(index: int) -> Operand:
    return Operand("scalar", 0, index=index)


SGD = OptimizerProgram(
    (
        op("mul", temp(1, 0), _array(1), _scalar(0)),
        op("sub", _array(0), _array(0), temp(1, 0)),
    ),
    states=0,
    scalars=1,
)

# m = 0.9 m + g; p = p - rate m
MOMENTUM = OptimizerProgram(
    (
        op("mul", _array(2), _array(2), const(0.9)),
        op("add", _array(2), _array(2), _array(1)),
        op("mul", temp(1, 0), _array(2), _scalar(0)),
        op("sub", _array(0), _array(0), temp(1, 0)),
    ),
    states=1,
    scalars=1,
)
