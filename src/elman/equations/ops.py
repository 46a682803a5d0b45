"""The op table: one row an op, everything there is to know about it.

A row holds the op's name (also that of its native kernel), its NumPy value, its derivative rule, and how it is
written (``{0}`` an operand, ``{first}`` one of its numbers). Adding an op is adding a row here and one in
``native/kernels.h``; what is more than an expression is a function of `op_values` or `op_rules`.

The derivative rule of ``y = op(*x)`` is ``rule(o, g, y, *x)``: the gradients of the operands, in order, given ``g``,
the gradient of ``y``. ``o.name(...)`` builds op `name`; a rule may give None for an operand without gradient. Of a
matrix or a table it gives what a step contributes, the pair (delta, source), which is summed over all steps at once.
Widths that were broadcast are summed back by the caller.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.equations import attention
from elman.equations import op_rules as rules
from elman.equations import op_values as values

ADD, MUL, NEG, APPLY, POWER, ATOM = 1, 2, 3, 4, 5, 9  # how tightly a notation binds


@dataclass(frozen=True)
class Op:
    """One row of the table."""

    name: str
    arity: int
    value: Callable[..., np.ndarray]  # called with the operands, then `numbers` of (first, second)
    rule: Callable[..., tuple[Any, ...]] | None
    latex: str
    text: str
    binds: int = ATOM
    shape: str = "map"  # map: all widths alike; reduce: n -> 1; expand: 1 -> n; the rest: see `symbols` and kernels.h
    numbers: int = 0
    cost: float = 1  # of one value, in additions, roughly; infinite for what is never computed a second time
    role: str = ""  # what the first operand is, where that is no vector: a parameter that is a matrix or a table
    whole: bool = False  # whether its numbers are places
    slope: bool = True  # whether the rule gives the slope of the value, and not what serves better on purpose
    in_place: bool = True  # whether the result may lie where an operand lies
    index: int | None = None  # which operand is a whole number, the place of something

    def of(self, operands: Iterable[Any], first: float = 0.0, second: float = 0.0, width: int = 1) -> np.ndarray:
        """The value in NumPy; `width` is that of the result, for the ops that widen."""
        widened = {"width": width} if self.shape in WIDENS else {}
        return self.value(*operands, *(first, second)[: self.numbers], **widened)


WIDENS = ("expand", "place", "pad")  # the result is wider than the operands say


def _f(name: str, arity: int, latex: str, text: str, value: Any, rule: Any, **more: Any) -> Op:
    return Op(name, arity, value, rule, latex, text, **more)


# fmt: off
_ROWS = [
    # name, operands, LaTeX, plain text, value, derivative rule
    _f("copy", 1, "{0}", "{0}", lambda x: x, lambda o, g, y, x: (g,)),
    _f("add", 2, "{0} + {1}", "{0} + {1}", np.add, lambda o, g, y, a, b: (g, g), binds=ADD),
    _f("sub", 2, "{0} - {1}", "{0} - {1}", np.subtract, lambda o, g, y, a, b: (g, -g), binds=ADD),
    _f("mul", 2, r"{0} \odot {1}", "{0} * {1}", np.multiply,
       lambda o, g, y, a, b: (g * b, g * a), binds=MUL),
    _f("div", 2, r"\frac{{{0}}}{{{1}}}", "{0} / {1}", np.divide,
       lambda o, g, y, a, b: (g / b, -(g * y / b)), binds=MUL, cost=4),
    _f("neg", 1, "-{0}", "-{0}", np.negative, lambda o, g, y, x: (-g,), binds=NEG),
    _f("pow", 2, "{0}^{{{1}}}", "{0}**{1}", np.power,
       lambda o, g, y, a, b: (g * b * o.pow(a, b - 1), o.where(o.eq(a, 0), 0, g * y * o.log(a))), binds=POWER, cost=40),
    _f("abs", 1, r"\lvert {0} \rvert", "|{0}|", np.abs, lambda o, g, y, x: (g * o.sign(x),)),
    _f("sign", 1, r"\operatorname{{sign}}({0})", "sign({0})", np.sign, lambda o, g, y, x: (None,)),
    _f("floor", 1, r"\lfloor {0} \rfloor", "floor({0})", np.floor, lambda o, g, y, x: (None,)),
    _f("square", 1, "{0}^2", "{0}²", np.square, lambda o, g, y, x: (2 * g * x,), binds=POWER),
    _f("sqrt", 1, r"\sqrt{{{0}}}", "√({0})", np.sqrt, lambda o, g, y, x: (0.5 * g / y,), cost=6),
    _f("reciprocal", 1, r"\frac{{1}}{{{0}}}", "1 / {0}", lambda x: 1 / x,
       lambda o, g, y, x: (-(g * o.square(y)),), binds=MUL, cost=4),
    _f("exp", 1, r"\exp({0})", "exp({0})", np.exp, lambda o, g, y, x: (g * y,), cost=6),
    _f("log", 1, r"\log({0})", "log({0})", np.log, lambda o, g, y, x: (g / x,), cost=12),
    _f("log1p", 1, r"\log(1 + {0})", "log(1 + {0})", np.log1p, lambda o, g, y, x: (g / (1 + x),), cost=16),
    _f("sin", 1, r"\sin({0})", "sin({0})", np.sin, lambda o, g, y, x: (g * o.cos(x),), cost=8),
    _f("cos", 1, r"\cos({0})", "cos({0})", np.cos, lambda o, g, y, x: (-(g * o.sin(x)),), cost=8),
    _f("erf", 1, r"\operatorname{{erf}}({0})", "erf({0})", values.erf,
       lambda o, g, y, x: (g * (2 / math.sqrt(math.pi)) * o.exp(-o.square(x)),), cost=20),
    _f("lgamma", 1, r"\log\Gamma({0})", "log Γ({0})", values.lgamma, lambda o, g, y, x: (g * o.digamma(x),), cost=30),
    _f("digamma", 1, r"\psi({0})", "ψ({0})", values.digamma, lambda o, g, y, x: (g * rules.trigamma(o, x),), cost=40),
    # activations
    _f("sigmoid", 1, r"\sigma({0})", "σ({0})", values.sigmoid, lambda o, g, y, x: (o.sigmoid_grad(g, y),), cost=8),
    _f("tanh", 1, r"\tanh({0})", "tanh({0})", np.tanh, lambda o, g, y, x: (o.tanh_grad(g, y),), cost=8),
    _f("relu", 1, r"\operatorname{{relu}}({0})", "relu({0})", lambda x: np.where(x <= 0, 0, x).astype(x.dtype),
       lambda o, g, y, x: (o.relu_grad(g, y),)),
    _f("leaky_relu", 1, r"\operatorname{{leaky\,relu}}({0}, {first})", "leaky_relu({0}, {first})",
       lambda x, slope: np.where(x > 0, x, slope * x).astype(x.dtype),
       lambda o, g, y, x: (o.where(o.lt(0, x), g, y.first * g),), numbers=1),
    _f("elu", 1, r"\operatorname{{elu}}({0}, {first})", "elu({0}, {first})",
       lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))).astype(x.dtype),
       lambda o, g, y, x: (g * o.where(o.lt(0, x), 1, y + y.first),), numbers=1, cost=8),
    _f("softplus", 1, r"\operatorname{{softplus}}({0})", "softplus({0})", values.softplus,
       lambda o, g, y, x: (g * o.sigmoid(x),), cost=24),
    _f("silu", 1, r"\operatorname{{silu}}({0})", "silu({0})", lambda x: x * values.sigmoid(x),
       lambda o, g, y, x: (g * (o.sigmoid(x) + y * (1 - o.sigmoid(x))),), cost=12),
    _f("gelu", 1, r"\operatorname{{gelu}}({0})", "gelu({0})",
       lambda x: (0.5 * x * values.erfc(-x * math.sqrt(0.5))).astype(x.dtype),
       lambda o, g, y, x: (g * (rules.normal_cdf(o, x) + x * rules.normal_density(o, x)),), cost=24),
    # choice; the gradient goes to the operand that was chosen
    _f("clip", 1, r"\operatorname{{clip}}({0}, {first}, {second})", "clip({0}, {first}, {second})",
       lambda x, low, high: np.clip(x, low, high),
       lambda o, g, y, x: (g * o.le(y.first, x) * o.le(x, y.second),), numbers=2),
    _f("maximum", 2, r"\max({0}, {1})", "max({0}, {1})", np.maximum,
       lambda o, g, y, a, b: (o.where(o.le(b, a), g, 0), o.where(o.le(b, a), 0, g))),
    _f("minimum", 2, r"\min({0}, {1})", "min({0}, {1})", np.minimum,
       lambda o, g, y, a, b: (o.where(o.le(a, b), g, 0), o.where(o.le(a, b), 0, g))),
    _f("lt", 2, r"[{0} < {1}]", "[{0} < {1}]", lambda a, b: np.less(a, b) * 1.0,
       lambda o, g, y, a, b: (None, None)),
    _f("le", 2, r"[{0} \le {1}]", "[{0} ≤ {1}]", lambda a, b: np.less_equal(a, b) * 1.0,
       lambda o, g, y, a, b: (None, None)),
    _f("eq", 2, r"[{0} = {1}]", "[{0} = {1}]", lambda a, b: np.equal(a, b) * 1.0,
       lambda o, g, y, a, b: (None, None)),
    _f("where", 3, r"({0}\;?\;{1} : {2})", "({0} ? {1} : {2})", lambda c, a, b: np.where(c != 0, a, b),
       lambda o, g, y, c, a, b: (None, o.where(c, g, 0), o.where(c, 0, g))),
    # a gradient that is not the slope; an engine computes no `stop_gradient`, it reads the operand
    _f("spike", 1, r"\operatorname{{spike}}({0}, {first})", "spike({0}, {first})",
       lambda x, slope: np.where(np.isnan(x), x, x > 0).astype(x.dtype),
       lambda o, g, y, x: (g * o.square(o.reciprocal(1 + y.first * o.abs(x))),), numbers=1, slope=False),
    _f("stop_gradient", 1, r"\operatorname{{stop\,gradient}}({0})", "stop_gradient({0})", np.positive,
       lambda o, g, y, x: (None,), slope=False, cost=0),
    # over the features of a row
    _f("sum", 1, r"\operatorname{{sum}}({0})", "sum({0})", lambda x: x.sum(-1, keepdims=True),
       lambda o, g, y, x: (g,), shape="reduce"),
    _f("mean", 1, r"\operatorname{{mean}}({0})", "mean({0})", lambda x: x.mean(-1, keepdims=True),
       lambda o, g, y, x: (g * rules.share(x),), shape="reduce"),
    _f("max", 1, r"\max({0})", "max({0})", lambda x: x.max(-1, keepdims=True),
       lambda o, g, y, x: (rules.max_share(o, g, y, x),), shape="reduce"),
    _f("pick", 2, "{0}[{1}]", "{0}[{1}]", values.pick, lambda o, g, y, x, i: (o.place(g, i, like=x), None),
       shape="pick", index=1),
    # beside one another: the gradients of slices are padded with zeros, that of a concatenation is sliced
    _f("concat", 2, "[{0}; {1}]", "[{0}; {1}]", values.concat,
       lambda o, g, y, a, b: (o.slice(g, second=a.dim.value, like=a), o.slice(g, first=a.dim.value, like=b)),
       shape="concat"),
    _f("slice", 1, "{0}[{first}:{second}]", "{0}[{first}:{second}]", values.slice_of,
       rules.padded, shape="slice", numbers=2, whole=True),
    _f("part", 1, r"\operatorname{{split}}({0}, {second})[{first}]", "split({0}, {second})[{first}]", values.part_of,
       rules.padded, shape="part", numbers=2, whole=True),
    _f("inverse_deviation", 1, r"\frac{{1}}{{\sqrt{{\operatorname{{var}}({0}) + {first}}}}}",
       "1 / √(var({0}) + {first})",
       lambda x, epsilon: 1 / np.sqrt(x.var(-1, keepdims=True) + epsilon),
       lambda o, g, y, x: (-g * o.square(y) * o.normalise(x, y) * rules.share(x),), shape="reduce", numbers=1, cost=2),
    # the second operand is the first one's inverse deviation, and the rule is that of both together
    _f("normalise", 2, r"({0} - \operatorname{{mean}}({0})) {1}", "({0} - mean({0})) * {1}",
       lambda x, r: (x - x.mean(-1, keepdims=True)) * r,
       lambda o, g, y, x, r: (o.normalise_grad(g, y, r), None), binds=MUL, shape="rows", cost=2),
    # matrices that are one vector, row after row
    _f("outer", 2, r"{0} \otimes {1}", "{0} ⊗ {1}", values.outer,
       lambda o, g, y, a, b: (o.matvec(g, b, like=a), o.vecmat(a, g, like=b)), binds=NEG, shape="outer"),
    _f("matvec", 2, "{0} {1}", "{0} {1}", values.matvec,
       lambda o, g, y, m, b: (o.outer(g, b, like=m), o.vecmat(g, m, like=b)),
       binds=APPLY, shape="matvec", cost=2, in_place=False),
    _f("vecmat", 2, r"{1}^\top {0}", "{1}ᵀ {0}", values.vecmat,
       lambda o, g, y, a, m: (o.matvec(m, g, like=a), o.outer(a, g, like=m)),
       binds=APPLY, shape="matvec", cost=2, in_place=False),
    # with a parameter that is no vector; an engine has an instruction of its own for each
    _f("matmul", 2, "{0} {1}", "{0} {1}", lambda w, x: x @ w.T,
       lambda o, g, y, w, x: ((g, x), o.matmul_t(w, g, like=x)),
       binds=APPLY, shape="product", role="matrix", cost=math.inf),
    _f("matmul_t", 2, r"{0}^\top {1}", "{0}ᵀ {1}", lambda w, x: x @ w,
       lambda o, g, y, w, x: ((x, g), o.matmul(w, g, like=x)),
       binds=APPLY, shape="product", role="matrix", cost=math.inf),
    # matrices made of parameters; `matrices` makes of each a function of its rows, which an engine runs before all else
    _f("matrix", 1, "{0}", "{0}", lambda m: m, None, shape="matrix", cost=math.inf),
    _f("transpose", 1, r"{0}^\top", "{0}ᵀ", lambda m: np.swapaxes(m, -1, -2), None, shape="matrix", cost=math.inf),
    _f("column", 1, r"{0} \mathbf{{1}}^\top", "{0}[:, None]", lambda v: v[..., :, None], None,
       binds=APPLY, shape="turn", cost=math.inf),
    _f("row", 1, r"\mathbf{{1}} {0}^\top", "{0}[None, :]", lambda v: v[..., None, :], None,
       binds=APPLY, shape="turn", cost=math.inf),
    # a block-diagonal matrix; `simplify` makes a product of each block, which has a rule
    _f("block_matmul", 2, r"\operatorname{{blocks}}({0}, {first}) {1}", "blocks({0}, {first}) {1}",
       values.block_matmul, None, binds=APPLY, shape="blocks", role="matrix", numbers=1, whole=True, cost=math.inf),
    _f("lookup", 2, "{0}[{1}]", "{0}[{1}]", values.look_up, lambda o, g, y, table, i: ((g, i), None),
       shape="lookup", role="table", index=1, cost=math.inf),
    # over the steps of a memory, which lies on a time axis of its own; the first number is the scale, 0 for 1/sqrt(n).
    # The gradients of keys, values and the vector are added up beside that of the query, by one instruction
    _f("attend", 3, r"\operatorname{{attend}}({0}, {1}, {2}, {first})", "attend({0}, {1}, {2}, {first})",
       attention.attend,
       lambda o, g, y, q, k, v: (o.attend_back(g, q, k, v, first=y.first, like=q), None, None),
       shape="attend", numbers=1, cost=math.inf),
    _f("attend_additive", 4, r"\operatorname{{attend}}({0}, {1}, {2}; {3})", "attend({0}, {1}, {2}; {3})",
       attention.attend_additive,
       lambda o, g, y, q, k, v, w: (o.attend_additive_back(g, q, k, v, w, like=q), None, None, None),
       shape="attend", cost=math.inf),
    _f("attend_back", 4, r"\partial \operatorname{{attend}}({1}, {2}, {3}, {first}) {0}",
       "d attend({1}, {2}, {3}, {first}) {0}", values.attend_back,
       None, shape="attend_back", numbers=1, cost=math.inf),
    _f("attend_additive_back", 5, r"\partial \operatorname{{attend}}({1}, {2}, {3}; {4}) {0}",
       "d attend({1}, {2}, {3}; {4}) {0}", values.attend_additive_back, None, shape="attend_back", cost=math.inf),
    # in training only: which values are dropped an engine decides, by the key of the update
    _f("dropout", 1, r"\operatorname{{dropout}}({0}, {first})", "dropout({0}, {first})", lambda x, rate: np.positive(x),
       lambda o, g, y, x: (o.dropout(g, first=y.first, second=y.second),), shape="dropout", numbers=1, cost=30),
    _f("dropout_once", 1, r"\operatorname{{dropout}}_{{\mathrm{{once}}}}({0}, {first})", "dropout({0}, {first}, once)",
       lambda x, rate: np.positive(x), lambda o, g, y, x: (o.dropout_once(g, first=y.first, second=y.second),),
       shape="dropout", numbers=1, cost=30),
    # what the traced equations do not write themselves: the engine runs these
    _f("expand", 1, "{0}", "{0}", values.expand, lambda o, g, y, x: (g,), shape="expand"),
    _f("accumulate", 2, r"\sum {0} \odot {1}", "sum({0} * {1})", np.multiply, None, shape="accumulate"),
    _f("outer_add", 3, r"{2} + {0} \otimes {1}", "{2} + {0} ⊗ {1}", lambda a, b, m: m + values.outer(a, b), None,
       binds=ADD, shape="outer_add"),
    _f("scale", 2, "{0} {1}", "{0} * {1}", lambda x, s: x * s, None, binds=MUL, shape="scale"),
    _f("dot", 2, r"{0}^\top {1}", "{0}ᵀ {1}", lambda a, b: (a * b).sum(-1, keepdims=True), None,
       binds=MUL, shape="dot"),
    _f("place", 2, "{0}[{1}]", "{0}[{1}]", values.place, lambda o, g, y, x, i: (o.pick(g, i), None),
       shape="place", index=1),
    _f("pad", 1, r"\operatorname{{pad}}({0}, {first})", "pad({0}, {first})", values.pad,
       lambda o, g, y, x: (o.slice(g, first=y.first, second=y.first + x.dim.value, like=x),),
       shape="pad", numbers=1, whole=True),
    _f("sigmoid_grad", 2, r"{0} {1} (1 - {1})", "{0} {1} (1 - {1})", lambda g, s: g * s * (1 - s),
       lambda o, h, y, g, s: (o.sigmoid_grad(h, s), h * g * (1 - 2 * s)), binds=MUL),
    _f("tanh_grad", 2, r"{0} (1 - {1}^2)", "{0} (1 - {1}²)", lambda g, t: g * (1 - t * t),
       lambda o, h, y, g, t: (o.tanh_grad(h, t), -2 * h * g * t), binds=MUL),
    _f("relu_grad", 2, r"{0} [{1} > 0]", "{0} [{1} > 0]", lambda g, r: np.where(r > 0, g, 0),
       lambda o, h, y, g, r: (o.relu_grad(h, r), None), binds=MUL),
    _f("normalise_grad", 3, r"({0} - \operatorname{{mean}}({0}) - {1} \operatorname{{mean}}({0} {1})) {2}",
       "({0} - mean({0}) - {1} * mean({0} * {1})) * {2}",
       lambda g, y, r: (g - g.mean(-1, keepdims=True) - y * (g * y).mean(-1, keepdims=True)) * r,
       lambda o, h, d, g, y, r: (o.normalise_grad(h, y, r), -r * (h * o.mean(g * y) + g * o.mean(h * y)),
                                 o.sum(h * d) / r), binds=MUL, shape="rows", cost=3),
    _f("fma", 3, "{0} {1} + {2}", "{0} * {1} + {2}", lambda a, b, c: a * b + c,
       lambda o, g, y, a, b, c: (g * b, g * a, g), binds=ADD),
    _f("blend", 3, "{0} {1} + (1 - {0}) {2}", "{0} * {1} + (1 - {0}) * {2}", lambda z, a, b: z * a + (1 - z) * b,
       lambda o, g, y, z, a, b: (g * (a - b), g * z, g * (1 - z)), binds=ADD),
]
# fmt: on

OPS: dict[str, Op] = {row.name: row for row in _ROWS}
LEAF = Op("", 0, np.positive, None, "", "", shape="leaf")  # an input, a state, a parameter, a number: what no op made


def row_of(node: Any) -> Op:
    """The row of a node's op."""
    return OPS.get(node.op, LEAF)
