"""Constants in equations: fixed arrays that lie among the parameters and never change."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, EquationError, ShapeError

MASK = np.random.default_rng(0).random((4, 4)) < 0.5


@el.cell
def sparse(p, x, h):
    mask = el.constant(MASK)
    step = el.constant([0.1, 0.2, 0.3, 0.4])
    return (1 - step) * h + step * el.tanh(p.W @ x + (mask * p.U) @ h + mask.T @ h + el.constant(0.5))


def data():
    rng = np.random.default_rng(1)
    return rng.normal(size=(5, 6, 3)), rng.normal(size=(5, 6, 4))


def test_a_constant_has_the_name_of_its_variable_and_its_value():
    net = el.Network(3, [el.Recurrent(sparse, 4)])
    assert {name: value.shape for name, value in net.params.items()} == {
        "0.W": (4, 3), "0.U": (4, 4), "0.mask": (4, 4), "0.step": (4,)
    }  # fmt: skip
    np.testing.assert_array_equal(net.params["0.mask"], MASK)
    assert net.trainable == ("0.W", "0.U")
    assert "mask * U" in sparse.equations()[0]


def test_training_unfreezing_penalties_and_decay_leave_constants_as_they_are():
    x, y = data()
    net = el.Network(3, [el.Recurrent(sparse, 4)])
    assert net.unfreeze("*") == [] and net.freeze("*.W") == ["0.W"] and net.unfreeze("*") == ["0.W"]
    net.fit(x, y, epochs=3, optimizer=el.AdamW(weight_decay=0.1, groups={"*": {"l2": 0.1}}), verbose=0)
    np.testing.assert_array_equal(net.params["0.mask"], MASK)
    np.testing.assert_array_equal(net.params["0.step"], np.float32([0.1, 0.2, 0.3, 0.4]))


def test_gradients_of_all_else_are_right():
    el.check_gradients(el.Network(3, [el.Recurrent(sparse, 4)], dtype=np.float64))


def test_files_and_pickles_keep_constants(tmp_path):
    x, _ = data()
    net = el.Network(3, [el.Recurrent(sparse, 4)])
    net.save(tmp_path / "net.elman")
    loaded, unpickled = el.load(tmp_path / "net.elman"), pickle.loads(pickle.dumps(net))
    for other in (loaded, unpickled):
        np.testing.assert_array_equal(other(x), net(x))
        assert other.frozen == {"0.mask", "0.step"} and other.unfreeze("*") == []
    cell = pickle.loads(pickle.dumps(el.Cell(lambda p, x, h: h + p.W @ x + el.constant(MASK) @ h)))
    np.testing.assert_array_equal(el.Network(3, [el.Recurrent(cell, 4)]).params["0.constant"], MASK)


def test_a_masked_layer_keeps_what_its_cell_begins_with():
    """Constants, arrays and functions: these were left out, and the layer began otherwise."""
    begin = {"W": np.ones((4, 3)), "U": lambda random, shape: np.full(shape, 2.0)}

    def f(x):
        return el.Recurrent(el.Cell(sparse.function, initial=begin), 4)(x, mask=x[:1])

    params = el.Network(f, inputs={"x": 3}).params
    name = next(n for n in params if n.endswith(".mask")).rpartition(".")[0]
    np.testing.assert_array_equal(params[f"{name}.mask"], MASK)
    assert np.all(params[f"{name}.W"] == 1) and np.all(params[f"{name}.U"] == 2)


def test_constants_between_layers(tmp_path):
    P = np.random.default_rng(0).normal(size=(2, 3))

    def f(x):
        near = el.constant(P) @ x + el.constant([1.0, 2.0])
        return el.Dense(1)(el.concat(near, x))

    net, (x, _) = el.Network(f, inputs={"x": 3}, dtype=np.float64), data()
    both = np.concatenate([x @ P.T + [1, 2], x], -1)
    dense = next(n for n in net.params if n.endswith(".W")).rpartition(".")[0]
    expected = both @ net.params[f"{dense}.W"].T + net.params[f"{dense}.b"]
    np.testing.assert_allclose(net(x), expected, rtol=1e-12, atol=1e-14)
    net.save(tmp_path / "net.elman")
    np.testing.assert_array_equal(el.load(tmp_path / "net.elman")(x), net(x))


def test_a_table_that_is_fixed():
    table = np.arange(12.0).reshape(4, 3)
    net = el.Network(1, [el.Stateless(el.Cell(lambda p, x: p.g * el.constant(table)[x]), initial={"g": 1.0})])
    np.testing.assert_array_equal(net(np.array([[2, 0, 3]]))[0], table[[2, 0, 3]])


def test_outside_of_equations_it_is_the_array():
    np.testing.assert_array_equal(el.constant([1.0, 2.0]), [1.0, 2.0])
    assert el.constant(3) == 3


@pytest.mark.parametrize(
    ("array", "error", "said"),
    [
        (np.zeros((2, 2, 2)), ShapeError, "vector or a matrix"),
        ([], ShapeError, "vector or a matrix"),
        ([np.nan], DataError, "NaN or an infinity"),
        ("text", DataError, "expected numbers"),
        (None, DataError, "expected numbers"),
    ],
)
def test_what_is_no_constant_is_said(array, error, said):
    with pytest.raises(error, match=said):
        el.constant(array)


@pytest.mark.parametrize(
    ("equation", "error", "said"),
    [
        (lambda p, x, h: h + p.W @ x + el.constant(MASK), ShapeError, "used as a vector"),
        (lambda p, x, h: h + p.W @ x + el.constant([1.0, 2.0]) @ h, ShapeError, "used as a matrix"),
        (lambda p, x, h: h + p.W @ x + np.ones(4), EquationError, r"el\.constant\(array\)"),
    ],
)
def test_misuse_is_said_with_the_line(equation, error, said):
    with pytest.raises(error, match=rf"(?s){said}.*test_constants.py"):
        el.Cell(equation).trace()


def test_a_constant_of_another_size_names_the_line():
    with pytest.raises(ShapeError, match=r"(?s)a constant of shape \(4,\).*test_constants.py"):
        el.Network(3, [el.Recurrent(el.Cell(lambda p, x, h: p.W @ x + h * el.constant(np.ones(4))), 5)])


def test_layers_that_do_not_train():
    net = el.Network(3, [el.GRU(4, trainable=False), el.BatchNorm(trainable=False), el.Dense(1)])
    assert net.trainable == ("2.W", "2.b")
    before = net.arena.copy()
    net.fit(np.ones((4, 5, 3)), np.ones((4, 5, 1)), epochs=2, verbose=0)
    changed = [name for name, place in net.params.places.items() if np.any(place.view(before) != net.params[name])]
    assert changed == ["2.W", "2.b"]
    assert net.unfreeze("0.b*") == ["0.b_z", "0.b_r", "0.b_n"]
    vectors = np.random.default_rng(0).normal(size=(7, 2))
    fixed = el.Network(1, [el.Embedding(7, 2, initial={"E": vectors}, trainable=False), el.Dense(1)])
    assert fixed.frozen == {"0.E"}
