"""Vectors beside one another and their parts: values, gradients, sizes, how they are written and stored."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available
from elman.equations.store import from_data, to_data

BUILT = [e for e in ENGINES if e != "native" or native_available()]
WIDTHS = [1, 2, 3, 7, 8, 16, 17, 33, 70]


def one_layer(function, features, units=None, *, engine="numpy", dtype=np.float64, sizes=None):
    cell = el.cell(function)
    layer = el.Recurrent(cell, units, sizes=sizes) if cell.states else el.Stateless(cell, units)
    return el.Network(features, [layer], engine=engine, dtype=dtype, seed=3)


def plainly(function, x, **arrays):
    """The function on arrays (B, T, F), with parameters that are."""
    return function(type("P", (), arrays)(), x)


CASES = {
    "concat": lambda p, x: el.concat(x, el.tanh(x), x * x),
    "concat numbers": lambda p, x: el.concat(1, x, el.sum(x), 0.5),
    "slice": lambda p, x: x[..., 1:4] * x[..., 2:5],
    "from the end": lambda p, x: x[..., -3:] - x[..., -4:-1],
    "both sides": lambda p, x: el.tanh(x[..., 1:-2]) * x[..., 2:-1],
    "one value": lambda p, x: x[..., 2:3] * x + x[..., -1:],
    "all": lambda p, x: x[..., :] + x[..., 0:],
    "of parts": lambda p, x: el.concat(x[..., 3:], x[..., :3])[..., 1:-1],
    "the same twice": lambda p, x: el.concat(x[..., :2], x[..., 1:], x[..., :2] ** 2),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("name", CASES)
def test_values_are_numpys(name, engine, dtype):
    for width in (5, 8, 21):
        x = np.random.default_rng(width).normal(size=(3, 2, width)).astype(dtype)
        found = one_layer(CASES[name], width, engine=engine, dtype=dtype)(x)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, plainly(CASES[name], x), rtol=16 * np.finfo(dtype).eps, atol=1e-30)


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_central_differences(name):
    random = np.random.default_rng(0)
    net = el.Network(3, [el.Dense(6), el.Stateless(el.cell(CASES[name])), el.Dense(2)], dtype=np.float64)
    assert el.check_gradients(net, random.normal(size=(2, 3, 3)), random.normal(size=(2, 3, 2)))


@pytest.mark.parametrize("engine", BUILT)
def test_split_is_numpys(engine):
    x = np.random.default_rng(0).normal(size=(2, 3, 12))
    for parts in (1, 2, 3, 4, 12):
        net = one_layer(lambda p, x, *, n=parts: el.concat(*reversed(el.split(x, n))), 12, engine=engine)
        np.testing.assert_array_equal(net(x), np.concatenate(np.split(x, parts, -1)[::-1], -1))


@pytest.mark.skipif(not native_available(), reason="the native engine is not built")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_native_engine_copies_rows_of_any_widths(dtype):
    random = np.random.default_rng(1)
    for a in WIDTHS:
        for b in WIDTHS:
            net = one_layer(lambda p, x, *, a=a: el.concat(x[a:], x[:a]), a + b, engine="native", dtype=dtype)
            x = random.normal(size=(5, 2, a + b)).astype(dtype)
            np.testing.assert_array_equal(net(x), np.roll(x, -a, -1))
            _, dx, _ = net.backward(x, x)
            np.testing.assert_array_equal(dx, np.roll(x, a, -1))


def fused_lstm(p, x, h, c):
    """LSTM whose gates are one product."""
    i, f, g, o = el.split(p.W @ el.concat(x, h) + p.b, 4)
    c = el.sigmoid(f) * c + el.sigmoid(i) * el.tanh(g)
    return el.sigmoid(o) * el.tanh(c), c


@pytest.mark.parametrize("engine", BUILT)
def test_gates_of_one_product_are_those_of_many(engine):
    fused, usual = (
        el.Network(3, [layer], dtype=np.float64, engine=engine, seed=1)
        for layer in (el.Recurrent(el.cell(fused_lstm), 5), el.LSTM(5))
    )
    names = [(n, g) for n in "WU" for g in "ifgo"]
    usual.params["0.b_f"] = 0.3
    w = {name: np.concatenate([usual.params[f"0.{name}_{g}"] for g in "ifgo"]) for name in "WUb"}
    fused.params["0.W"], fused.params["0.b"] = np.concatenate([w["W"], w["U"]], 1), w["b"]
    random = np.random.default_rng(2)
    x, along = random.normal(size=(4, 6, 3)), random.normal(size=(4, 6, 5))
    np.testing.assert_allclose(fused(x), usual(x), rtol=1e-12)
    one, other = fused.backward(x, along), usual.backward(x, along)
    np.testing.assert_allclose(one[1], other[1], rtol=1e-10, atol=1e-12)
    for n, g in names:
        rows, columns = slice("ifgo".index(g) * 5, "ifgo".index(g) * 5 + 5), slice(0, 3) if n == "W" else slice(3, 8)
        np.testing.assert_allclose(one[0]["0.W"][rows, columns], other[0][f"0.{n}_{g}"], rtol=1e-10, atol=1e-12)


def test_the_gradient_of_parts_is_put_together_without_zeros():
    net = el.Network(3, [el.Recurrent(el.cell(fused_lstm), 5), el.Dense(1)])
    assert "pad(" not in net.explain("mse")


def test_a_missing_part_has_the_rest():
    def f(p, x, h):
        return el.concat(p.W @ x, el.tanh(p.V @ h))

    net = one_layer(f, 3, 8, sizes={"V": 6})
    assert net.params["0.W"].shape == (2, 3) and net.params["0.V"].shape == (6, 8)


def test_a_vector_parameter_is_a_part_and_has_parts():
    net = one_layer(lambda p, x: el.concat(x, p.b)[1:] + p.c[:-1], 3, sizes=None, units=4)
    assert net.params["0.b"].shape == (4,) and net.params["0.c"].shape == (7,)


WRONG = {
    r"x\[:9\] needs 9 values, there are 3 \(the features of x\)": lambda p, x, h: p.W @ x[:9] + h,
    r"x\[-4:\] needs 4 values": lambda p, x, h: p.W @ x[-4:] + h,
    r"4 \(the size of h.* against 7 \(concat\(h, x\)\)": lambda p, x, h: el.concat(h, x),
    r"x\[1:-3\]: 3 .* -1 values are left": lambda p, x, h: h + p.W @ x[1:-3],
    r"4 .* against 2 \(x\[1:3\]\)": lambda p, x, h: h + x[1:3],
    r"split\(h, 3\): 4": lambda p, x, h: el.concat(*el.split(h, 3)),
    "`sizes=` does": lambda p, x, h: el.concat(p.W @ x, p.V @ h),
    "has no values": lambda p, x, h: h + x[2:1],
    "count both from the same side": lambda p, x, h: h + p.W @ x[-2:3],
    "its step is 1": lambda p, x, h: h + p.W @ x[::2],
    "whole numbers, got 1.5": lambda p, x, h: h + p.W @ x[1.5:],
    "a range can be taken": lambda p, x, h: h * x[0],
    "concat takes one vector or more": lambda p, x, h: el.concat([h, x]),
    "split's number of parts": lambda p, x, h: el.concat(*el.split(h, 0)),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_does_not_fit_is_said_with_the_users_line(message):
    with pytest.raises(el.ElmanError, match=message) as raised:
        one_layer(WRONG[message], 3, 4)
    if "number of parts" not in message:
        assert "test_vectors.py" in str(raised.value)


def test_on_arrays_too_little_is_an_error():
    with pytest.raises(el.ShapeError, match="split"):
        el.split(np.zeros((2, 5)), 2)
    with pytest.raises(el.ShapeError):
        el.concat(np.zeros((2, 3)), np.zeros((4, 3)))


def written(p, x, h):
    return el.tanh(el.concat(p.W @ (x + 1)[1:], el.split(h, 2)[0], 1)[:-1]) + h


def test_how_they_are_written():
    cell = el.cell(written)
    assert cell.equations() == ["h_t = tanh([W (x + 1)[1:]; split(h, 2)[0]; 1][:-1]) + h"]
    assert "[W (x_{t} + 1)[1:]; \\operatorname{split}(h_{t-1}, 2)[0]; 1][:-1]" in cell.latex()


def test_they_are_stored_and_traced(tmp_path):
    net = el.Network(3, [el.Recurrent(el.cell(written), 4, sizes={"W": 2})], dtype=np.float64)
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    net.save(tmp_path / "m.elman")
    again = el.load(tmp_path / "m.elman")
    np.testing.assert_array_equal(again(x), net(x))
    assert again.layers[0].cell.equations() == net.layers[0].cell.equations()
    np.testing.assert_allclose(net.trace(x)["0.h"], net(x), rtol=1e-12)


@pytest.mark.parametrize("numbers", [[0.5, 2.0], [float("nan"), 2.0], [1e300, 0.0]])
def test_a_file_with_ends_that_are_no_whole_numbers_is_refused(numbers):
    data = to_data(el.cell(lambda p, x: x[1:3]))
    row = next(r for r in data["nodes"] if r[0] == "slice")
    row[2:4] = numbers
    with pytest.raises(el.ModelFileError):
        from_data(data)


@pytest.mark.parametrize("parts", [0.0, -2.0, 1e9])
def test_a_file_with_an_impossible_number_of_parts_is_refused(parts):
    data = to_data(el.cell(lambda p, x: el.split(x, 2)[0]))
    next(r for r in data["nodes"] if r[0] == "part")[3] = parts
    with pytest.raises(el.ModelFileError, match=r"\(part\) cannot have the numbers"):
        from_data(data)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("places", [0, 1, 2, -1, -3, 4])
def test_roll_is_numpys(places, engine):
    x = np.random.default_rng(0).normal(size=(2, 3, 5))
    net = one_layer(lambda p, x: el.roll(x, places), 5, engine=engine)
    np.testing.assert_array_equal(net(x), np.roll(x, places, -1))
    np.testing.assert_array_equal(el.roll(x, places), np.roll(x, places, -1))
    np.testing.assert_array_equal(net.backward(x, x)[1], np.roll(x, -places, -1))


def test_roll_by_as_much_as_there_is_is_an_error():
    with pytest.raises(el.ShapeError, match="roll|slice"):
        el.roll(np.zeros(3), 3)
    with pytest.raises(el.ShapeError, match=r"x\[-7:\] needs 7 values, there are 3 "):
        one_layer(lambda p, x: el.roll(x, 7), 3)
    with pytest.raises(el.OptionError, match="roll's number of places"):
        el.roll(np.zeros(3), 0.5)


@pytest.mark.parametrize("steps", [2, 3, 6])
def test_a_shift_register_of_inputs_is_as_wide_as_they_are_together(steps):
    """No equation says how wide a part is: two sums for one width do, ``steps a`` and ``F + (steps - 1) a``."""

    @el.cell
    def delay(p, x, h, past):
        parts = el.split(past, steps)
        return p.W @ parts[-1] + p.b, el.concat(x, *parts[:-1])

    net = el.Network(3, [el.Recurrent(delay, 5)], dtype=np.float64)
    x = np.random.default_rng(0).normal(size=(2, 9, 3))
    assert net.state_sizes() == [[5, 3 * steps]]
    np.testing.assert_allclose(net(x)[:, steps:], x[:, :-steps] @ net.params["0.W"].T, atol=1e-12)
