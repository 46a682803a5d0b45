"""The op table: every op's value on both engines, every derivative rule against central differences."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import elman.equations as eq
from elman.engine import ENGINES, make_engine, native_available
from elman.engine.schedule import LayerSpec, LossSpec, schedule
from elman.equations.ops import OPS
from elman.equations.symbols import build
from tests.engine.calls import forward, gradients

BUILT = [e for e in ENGINES if e != "native" or native_available()]
NUMBERS = {
    "inverse_deviation": (0.2, 0.0),
    "leaky_relu": (0.1, 0.0),
    "elu": (1.3, 0.0),
    "clip": (-0.7, 0.9),
    "dropout": (0.4, 3.0),
    "dropout_once": (0.4, 3.0),
    "spike": (2.0, 0.0),
    "slice": (1.0, 3.0),
    "part": (1.0, 3.0),
    "block_matmul": (1.0, 0.0),
}
EDGES = np.array(
    [0.0, -0.0, 1e-30, 1.0, -1.0, 0.5, -0.31, 3.7, -4.2, 17.0, -17.0, 88.0, -88.0, 700.0, -700.0, 1e4, -1e4]
)
POSITIVE = {"sqrt", "log", "reciprocal", "div", "pow", "log1p", "lgamma", "digamma"}
KINKS = {
    "abs",
    "sign",
    "relu",
    "leaky_relu",
    "elu",
    "clip",
    "maximum",
    "minimum",
    "lt",
    "le",
    "eq",
    "max",
    "where",
    "relu_grad",
}
UNWRITTEN = {"expand", "place", "pad", "accumulate"}  # the scheduler's own
FUSED = {"outer_add", "scale", "dot"}  # what it makes of several, once they are differentiated
BESIDE = {"concat", "slice", "part"}  # see test_vectors
DROPPING = {name for name, row in OPS.items() if row.shape == "dropout"}
STEPS = {"lt", "le", "eq", "sign", "floor"}  # their derivative is zero, not the slope of the jump
ON_PURPOSE = {name for name, row in OPS.items() if not row.slope}  # see test_surrogates
ATTENTION = {"attend": "vmm", "attend_additive": "vmmv", "attend_back": "vvmm", "attend_additive_back": "vvmmv"}
ATTENDING = {name for name, row in OPS.items() if row.shape.startswith("attend")}  # see tests of attention
MADE = {name for name, row in OPS.items() if row.shape in ("matrix", "turn")}  # see test_matrices
WITH_PARAMETER = {name for name, row in OPS.items() if row.role} | ATTENDING | MADE  # no elementwise instructions
ELEMENTWISE = set(OPS) - WITH_PARAMETER
NATIVE = ELEMENTWISE - {"part", "stop_gradient"}  # a part is a slice once sizes are known
SMOOTH = np.array([-17.0, -4.2, -1.0, -0.31, -0.05, 0.013, 0.5, 1.3, 3.7, 17.0])


def cell_of(op):
    """A cell that applies one op to its input (and, for more operands, to shifted copies of it)."""
    first, second = NUMBERS.get(op, (0.0, 0.0))

    def f(p, x):
        operands = [x, x * 0.7 + 0.45, 1.3 - x * 0.6][: OPS[op].arity]
        if op == "normalise":
            operands = [x, build("inverse_deviation", x, first=0.2)]
        if op == "normalise_grad":
            operands[2] = eq.mean(operands[2])
        if op == "pick":
            operands = [x, eq.sum(x * 0)]
        return build(op, *operands, first=first, second=second) * eq.sum(p.s * 0 + 1) / eq.sum(x * 0 + 1)

    return eq.Cell(f)


def value_of(op, x, engine, dtype=np.float64):
    """The bare op on a column of values."""
    first, second = NUMBERS.get(op, (0.0, 0.0))
    cell = eq.Cell(lambda p, x: build(op, *[x, 0.5 * x, 1.0 - x][: OPS[op].arity], first=first, second=second))
    plan = schedule([LayerSpec("0", cell.trace().bind([1], None), {})], 1, 0)
    y, _ = forward(make_engine(plan, dtype, engine), np.zeros(0, dtype), x.reshape(-1, 1, 1).astype(dtype))
    return y[:, 0, 0]


@pytest.mark.skipif(not native_available(), reason="the native engine is not built")
@pytest.mark.parametrize(("dtype", "ulps"), [(np.float32, 8), (np.float64, 16)])
@pytest.mark.parametrize("op", sorted(ELEMENTWISE - UNWRITTEN - BESIDE - DROPPING - {"pick"}))
def test_native_value_is_numpys_at_the_edges(op, dtype, ulps):
    x = np.abs(EDGES) if op in POSITIVE else EDGES
    exact = value_of(op, x.astype(dtype).astype(np.float64), "numpy")
    ours = value_of(op, x, "native", dtype)
    with np.errstate(over="ignore"):
        expected = exact.astype(dtype)
    tiny = np.finfo(dtype).tiny
    condition = 17**2 if op == "gelu" else 1  # erfc(x) magnifies a relative error of x by about x^2
    np.testing.assert_allclose(ours, expected, rtol=condition * ulps * np.finfo(dtype).eps, atol=16 * tiny)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("op", sorted(ELEMENTWISE - UNWRITTEN - FUSED - STEPS - ON_PURPOSE))
def test_derivative_rule_against_central_differences(op, engine):
    width = 3 if OPS[op].shape in ("reduce", "rows", "pick") or op in BESIDE else 1
    graph = cell_of(op).trace().bind([width], width)
    out = graph.outputs[0].dim.value
    loss = LossSpec(eq.Cell(lambda p, y, target: eq.sum(y * target), inputs=2).trace().bind([out, out], None))
    plan = schedule([LayerSpec("0", graph, {"s": 0})], width, width, loss, input_gradient=True)
    machine = make_engine(plan, np.float64, engine)
    x = np.abs(SMOOTH) if op in POSITIVE else SMOOTH
    x = np.stack([x, x[::-1] * 0.37, x * 0.11 - 0.2], -1)[:, :width].reshape(-1, 1, width)
    target = np.random.default_rng(0).normal(size=(len(x), 1, out))

    def loss_of(x):
        return gradients(machine, np.zeros(width), x, target, key=7).loss

    found = gradients(machine, np.zeros(width), x, target, key=7, want_input=True).input
    step = 1e-4
    for i in range(x.size):
        d = np.zeros(x.size)
        d[i] = step * max(1, abs(x.flat[i]) * 0.1)
        d = d.reshape(x.shape)
        h = d.flat[i]
        measured = (8 * (loss_of(x + d) - loss_of(x - d)) - loss_of(x + 2 * d) + loss_of(x - 2 * d)) / (12 * h)
        assert abs(measured - found.flat[i]) <= 1e-7 * max(1, np.abs(found).max()), (op, x.flat[i])


EDGE_POINTS = np.array(
    [0.0, -1e-3, 1e-3, 0.4, -0.7, 0.9, 1.0, -1.0, 12.0, -12.0, 40.0, -40.0, 300.0, -300.0, 1e4, -1e4]
)


def step_at(x):
    return 1e-5 * np.clip(np.abs(x), 1e-3, 1)


def one_sided_slopes(f, x):
    """The slopes of f to the left and to the right of x, of second order."""
    h = step_at(x)
    with np.errstate(all="ignore"):
        return [(-3 * f(x) + 4 * f(x + s * h) - f(x + 2 * s * h)) / (2 * s * h) for s in (-1, 1)]


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize(
    "op", sorted(op for op in ELEMENTWISE - UNWRITTEN - ON_PURPOSE - {"pick"} if OPS[op].shape == "map")
)
def test_derivative_at_the_edges_lies_between_the_one_sided_slopes(op, engine):
    """At 0, at kinks, where it saturates: the derivative is the slope, or (at a kink) between the two."""
    first, second = NUMBERS.get(op, (0.0, 0.0))
    cell = eq.Cell(lambda p, x: build(op, *[x, 0.5 * x, 1.0 - x][: OPS[op].arity], first=first, second=second))
    loss = LossSpec(eq.Cell(lambda p, y, target: eq.sum(y * target), inputs=2).trace().bind([1, 1], None))
    plan = schedule([LayerSpec("0", cell.trace().bind([1], None), {})], 1, 0, loss, input_gradient=True)
    x = EDGE_POINTS[EDGE_POINTS > 0] if op in POSITIVE else EDGE_POINTS
    rows = x.reshape(-1, 1, 1)
    found = gradients(make_engine(plan, np.float64, engine), np.zeros(0), rows, np.ones_like(rows), want_input=True)
    g = found.input[:, 0, 0] * len(x)
    left, right = one_sided_slopes(lambda v: value_of(op, v, engine), x)
    finite = np.isfinite(left) & np.isfinite(right) & (np.maximum(np.abs(left), np.abs(right)) < 1e8)
    rounding = 8 * np.finfo(np.float64).eps * np.maximum(np.abs(x), 1) / step_at(x)  # what rounding does to a slope
    tolerance = (1e-6 + rounding) * np.maximum(1, np.abs(g))
    if op not in STEPS:
        assert np.all((g >= np.minimum(left, right) - tolerance)[finite]), (x, g, left, right)
        assert np.all((g <= np.maximum(left, right) + tolerance)[finite]), (x, g, left, right)
    else:
        assert np.all(g == 0)
    assert finite.sum() >= 5


@pytest.mark.parametrize("op", ["sigmoid", "tanh", "softplus", "silu", "gelu", "elu", "relu"])
def test_gradients_saturate_without_nan(op):
    cell = eq.Cell(lambda p, x: build(op, x, first=1.0))
    loss = LossSpec(eq.Cell(lambda p, y, target: eq.sum(y * target), inputs=2).trace().bind([1, 1], None))
    plan = schedule([LayerSpec("0", cell.trace().bind([1], None), {})], 1, 0, loss, input_gradient=True)
    x = EDGES.reshape(-1, 1, 1)
    for engine in BUILT:
        g = gradients(
            make_engine(plan, np.float64, engine), np.zeros(0), x, np.ones_like(x), want_input=True
        ).input * len(x)
        assert np.all(np.isfinite(g)) and np.all(g >= -0.2) and np.all(g <= 1.2)


@pytest.mark.parametrize("op", sorted(OPS))
def test_every_op_takes_the_operands_that_the_table_says(op):
    row, x = OPS[op], np.full((2, 3), 0.5)
    shapes = {"matmul": (4, 3), "lookup": (4, 3), "matmul_t": (3, 4), "place": (2, 1)}
    first = np.full(shapes.get(op, x.shape), 0.5)
    operands = [first, *[np.zeros((2, 1)) if k == row.index else x for k in range(1, row.arity)]]
    if op in ATTENDING:
        operands = [np.full({"v": (3,), "m": (4, 3)}[kind], 0.5) for kind in ATTENTION[op]]
    if op == "outer_add":
        operands[2] = np.full((2, 9), 0.5)
    assert np.all(np.isfinite(row.of(operands, *NUMBERS.get(op, (0.0, 0.0)), width=3)))
    with pytest.raises(TypeError):
        row.of([*operands, x, x, x], *NUMBERS.get(op, (0.0, 0.0)), width=3)


def test_an_index_does_not_decide_the_precision_of_what_it_picks():
    x, index = np.zeros((2, 3), np.float32), np.zeros((2, 1), np.int64)
    assert eq.pick(x, index).dtype == np.float32


def test_every_native_op_is_in_the_table():
    if not native_available():
        pytest.skip("the native engine is not built")
    import elman._native as native

    assert set(native.ops()) == NATIVE


def test_the_kernels_take_the_operands_that_the_table_says():
    header = (Path(__file__).parents[2] / "native" / "kernels.h").read_text()
    rows = {name: int(arity) for name, arity in re.findall(r"X\((\w+), (\d)\)", header)}
    assert rows == {name: OPS[name].arity for name in NATIVE}


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize(("dtype", "ulps"), [(np.float32, 6), (np.float64, 32)])
@pytest.mark.parametrize("op", ["lgamma", "digamma"])
def test_gamma_functions_are_scipys(op, dtype, ulps, engine):
    special = pytest.importorskip("scipy.special")
    rng = np.random.default_rng(0)
    near = [
        1 + 1e-3 * rng.normal(size=500),
        2 + 1e-3 * rng.normal(size=500),
        np.arange(1.0, 60),
    ]  # zeros, whole numbers
    x = np.concatenate([np.exp(rng.uniform(-60, 60, 2000)), rng.uniform(0, 9, 3000), *near]).astype(dtype)
    expected = {"lgamma": special.gammaln, "digamma": special.digamma}[op](x.astype(np.float64))
    found = value_of(op, x, engine, dtype).astype(np.float64)
    np.testing.assert_allclose(found, expected, rtol=ulps * np.finfo(dtype).eps, atol=8 * np.finfo(np.float64).eps)


@pytest.mark.parametrize("engine", BUILT)
def test_gamma_functions_end_where_they_do(engine):
    x = np.array([0.0, -0.0, np.inf, -1.5, -2.0, np.nan, 1.0, 2.0])
    np.testing.assert_array_equal(value_of("lgamma", x, engine), [*[np.inf] * 3, *[np.nan] * 3, 0, 0])
    found = value_of("digamma", x, engine)
    np.testing.assert_array_equal(found[:6], [-np.inf, -np.inf, np.inf, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(found[6:], [-np.euler_gamma, 1 - np.euler_gamma], rtol=1e-14)
