"""What is no cell, or no equation, is refused with an error of Elman's that says what to write instead."""

from __future__ import annotations

import functools
import inspect
import math

import numpy as np
import pytest

import elman as el
from elman.equations import functions


async def waiting(p, x, h):
    return h


def yielding(p, x, h):
    yield h


def with_default(p, x, h, k=2):
    return h * k


NO_CELLS = {
    "number": (3, "a cell is made of a function"),
    "class": (dict, "a cell is made of a function"),
    "cell": (el.cells.gru, "is a cell already"),
    "ufunc": (np.tanh, "tanh"),
    "builtin": (len, r"must take \(p, x, \*states\)"),
    "no arguments": (lambda: 0, "must take"),
    "varargs": (lambda p, *a: a[0], "name every argument"),
    "keywords": (lambda p, x, h, **k: h, "name every argument"),
    "default": (with_default, r"write options after a star: \(p, x, \*states, \*, k=...\)"),
    "async": (waiting, "must return its new states"),
    "generator": (yielding, "must return its new states"),
}


@pytest.mark.parametrize("name", NO_CELLS)
def test_what_is_no_cell(name):
    function, message = NO_CELLS[name]
    with pytest.raises(el.EquationError, match=message):
        el.cell(function)


@pytest.mark.parametrize("inputs", [-1, 1.5, "a", True])
def test_the_number_of_inputs(inputs):
    with pytest.raises(el.OptionError, match="inputs is .*; expected a whole number"):
        el.cell(lambda p, x, h: h, inputs=inputs)


NO_VALUES = {
    "nothing": lambda p, x, h: None,
    "three": lambda p, x, h: (h, h, h),
    "none of none": lambda p, x, h: (),
    "array": lambda p, x, h: np.zeros(3),
    "dict": lambda p, x, h: {"h": h},
    "nested": lambda p, x, h: ((h,),),
    "generator": lambda p, x, h: (i for i in [h]),
    "text": lambda p, x, h: "h",
    "parameters": lambda p, x, h: p,
    "transposed": lambda p, x, h: p.W.T,
    "matrix": lambda p, x, h: (p.W @ x, p.W)[1],
    "NaN": lambda p, x, h: math.nan,
}


@pytest.mark.parametrize("name", NO_VALUES)
def test_what_is_no_value(name):
    with pytest.raises(el.EquationError):
        el.cell(NO_VALUES[name]).trace()


class Called:
    def __call__(self, p, x, h):
        new = el.tanh(p.W @ x + p.U @ h)
        return new * 1

    def step(self, p, x, h):
        new = el.tanh(p.W @ x + p.U @ h)
        return new * 1


def scaled(p, x, h, *, scale=0.0):
    new = el.tanh(p.W @ x + p.U @ h)
    return new * scale


@pytest.mark.parametrize("function", [Called(), Called().step, functools.partial(scaled, scale=1)])
def test_whatever_can_be_called_with_names_is_a_cell(function):
    assert el.cell(function).equations() == ["new = tanh(W x + U h)", "h_t = new"]


def test_what_another_trace_left_behind():
    kept = []

    @el.cell
    def keeps(p, x, h):
        kept.append(x)
        return h + p.W @ x

    keeps.trace()
    with pytest.raises(el.EquationError, match="uses x of another cell or an earlier trace"):
        el.cell(lambda p, x, h: h + p.W @ kept[0]).trace()


@el.cell(inputs=2)
def two_inputs(p, x, y, h):
    return el.tanh(p.W @ x + p.U @ y + h)


@pytest.mark.parametrize(
    "make",
    [
        lambda: el.Network(2, [el.Recurrent(two_inputs, 3)]),
        lambda: el.Network(2, [el.Layer(two_inputs, 3)]),
        lambda: el.Network(2, [el.Stateless(el.cell(lambda p, y, target: el.mean(y - target), inputs=2))]),
        lambda: el.Stateless(scaled),
        lambda: el.Stateless(el.cell(lambda p, x: p.W @ x), -3),
        lambda: el.Recurrent(el.cells.lstm, 3, sizes=[3]),
        lambda: el.Recurrent(el.cells.lstm, 3, sizes={"c": "3"}),
        lambda: el.Recurrent(el.cells.lstm, 3, initial=[1]),
        lambda: el.Dropout("a"),
        lambda: el.LayerNorm(epsilon=-1),
        lambda: el.BatchNorm(momentum="a"),
    ],
)
def test_layers_of_what_fits_no_layer(make):
    with pytest.raises(el.OptionError):
        make()


def test_a_graph_says_how_many_inputs_it_takes():
    with pytest.raises(el.EquationError, match=r"takes 2 inputs \(x, y\), not 1"):
        two_inputs.trace().bind([3], 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda x: el.clip(x, 0, "a"),
        lambda x: el.clip(x, None, 1),
        lambda x: el.clip(x, 0, math.nan),
        lambda x: el.clip(x, x, 1),
        lambda x: el.leaky_relu(x, math.nan),
        lambda x: el.leaky_relu(x, x),
        lambda x: el.elu(x, "a"),
        lambda x: el.dropout(x, 1),
        lambda x: el.dropout(x, x),
    ],
)
def test_numbers_that_an_op_needs(make):
    with pytest.raises((el.OptionError, el.EquationError)):
        el.cell(lambda p, x, h: make(x) + h).trace()


@pytest.mark.parametrize(
    "make",
    [
        lambda: el.tanh("a"),
        lambda: el.tanh(None),
        lambda: el.tanh(1j),
        lambda: el.tanh([[1], [1, 2]]),
        lambda: el.maximum(np.zeros(3), np.zeros(4)),
        lambda: el.max(np.zeros((2, 0))),
        lambda: el.pick(np.zeros((1, 2)), np.array([[7]])),
    ],
)
def test_arrays_that_an_op_cannot_take(make):
    with pytest.raises(el.EquationError):
        make()


def test_functions_take_lists_and_numbers_too():
    assert el.max([1, 2, 3]) == 3 and el.tanh(0.0) == 0 and el.where([1, 0], 1, 2).tolist() == [1, 2]
    assert el.tanh(np.zeros(2, np.float32)).dtype == np.float32 and el.tanh(np.zeros(2, int)).dtype == np.float64


@pytest.mark.parametrize(
    "function", [f for n, f in vars(functions).items() if inspect.isfunction(f) and n[0] != "_" and n in dir(el)]
)
def test_functions_say_what_they_take(function):
    assert function.__doc__ and "return" in function.__annotations__
    assert set(inspect.signature(function).parameters) < set(function.__annotations__)


@pytest.mark.parametrize(
    ("power", "text"),
    [(2.0, "x²"), (np.int64(2), "x²"), (0.5, "√(x)"), (1, "x"), (np.float64(3), "x * x * x"), (True, "x")],
)
def test_whole_powers_are_products_whatever_their_type(power, text):
    written = el.cell(lambda p, x, h: x**power + h).equations()
    assert written == [f"h_t = {text} + h"]


def test_a_power_may_be_a_symbol():
    net = el.Network(2, [el.Recurrent(el.cell(lambda p, x, h: x**h + h), 2)], dtype=np.float64)
    out = net(np.array([[[2.0, 3.0]]]), state=np.array([[3.0, 2.0]]))
    np.testing.assert_allclose(out[0, 0], [11.0, 11.0])


@pytest.mark.parametrize("engine", [e for e in ("numpy", "native") if e == "numpy" or el.engine.native_available()])
def test_an_infinite_number_masks(engine):
    @el.cell
    def masked(p, x, h):
        return el.softmax(el.where(x > 0, p.W @ x, -math.inf)) + 0 * h

    net = el.Network(3, [el.Recurrent(masked, 3)], engine=engine)
    out = net(np.array([[[1.0, -1.0, 2.0]]]))[0, 0]
    assert out[1] == 0 and out.sum() == pytest.approx(1)
    assert masked.equations()[0].count("-inf") == 1 and r"-\infty" in masked.latex()


@pytest.mark.parametrize("engine", [e for e in ("numpy", "native") if e == "numpy" or el.engine.native_available()])
@pytest.mark.parametrize("power", [0, 1, 1.5, 3])
def test_the_slope_of_a_power_at_zero(power, engine):
    cell = el.cell(lambda p, x: x**power)
    net = el.Network(1, [el.Stateless(cell)], dtype=np.float64, engine=engine)
    _, slope, _ = net.backward(np.zeros((1, 1, 1)), np.ones((1, 1, 1)))
    assert slope.item() == (power == 1)


def test_the_slope_of_a_power_that_is_a_symbol():
    cell = el.cell(lambda p, x, h: p.b**x + h)
    net = el.Network(2, [el.Recurrent(cell, 2)], dtype=np.float64)
    net.params["0.b"] = [0.0, 2.0]
    _, slope, _ = net.backward(np.ones((1, 1, 2)), np.ones((1, 1, 2)))
    np.testing.assert_allclose(slope[0, 0], [0.0, 2 * math.log(2)])


def test_a_parameter_called_like_a_state_or_an_input_is_refused():
    @el.cell
    def twice(p, x, h):
        return el.tanh(p.W @ x + p.h @ h)

    @el.cell
    def shifted(p, x):
        return x + p.x

    with pytest.raises(el.EquationError, match="h is a state and p.h a parameter"):
        twice.equations()
    with pytest.raises(el.EquationError, match="x is an input and p.x a parameter"):
        el.Network(2, [el.Stateless(shifted)])


def test_units_that_nothing_follows_are_refused():
    @el.cell
    def scale(p, x):
        return p.g * x

    with pytest.raises(el.ShapeError, match="units=7, which nothing in it follows: its output has 3"):
        el.Network(3, [el.Stateless(scale, 7)])
    assert el.Network(3, [el.Stateless(scale, 3)]).outputs == el.Network(3, [el.Stateless(scale)]).outputs == 3
    with pytest.raises(el.ShapeError, match="units=4, which nothing in it follows: its output has 5"):
        el.Network(3, [el.Recurrent(el.cells.gru, 4, sizes={"h": 5})])


def test_a_parameter_that_serves_nothing_is_refused():
    """It was trained in vain, and the file could not be read."""

    @el.cell
    def forgotten(p, x, h):
        gate = el.sigmoid(p.V @ x + p.c)  # noqa: F841
        return el.tanh(p.W @ x + p.U @ h)

    with pytest.raises(el.EquationError, match=r"forgotten uses p\.V, p\.c for nothing that it returns"):
        el.Network(2, [el.Recurrent(forgotten, 3)])
