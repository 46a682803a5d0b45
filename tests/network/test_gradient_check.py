"""The gradient check: sizes that a cell needs, the layer below, cells that use their input outside of products."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.network import gradient_check


@el.cell
def residual(p, x, h):
    return x + el.tanh(p.W @ x + p.U @ h)


@el.cell
def highway(p, x, h):
    """After R. K. Srivastava, K. Greff and J. Schmidhuber, Highway networks, 2015, with a recurrent transform."""
    z = el.sigmoid(p.V @ x + p.T_z @ h)
    return z * x + (1 - z) * el.tanh(p.W @ x + p.U @ h)


@el.cell
def intersection(p, x, y, h):
    """J. Collins, J. Sohl-Dickstein, D. Sussillo, Capacity and trainability in recurrent neural networks, ICLR 2017."""
    candidate = el.relu(p.W_y @ x + p.U_y @ h + p.b_y)
    depth, time = el.sigmoid(p.W_d @ x + p.U_d @ h + p.b_d), el.sigmoid(p.W_t @ x + p.U_t @ h + p.b_t)
    return (
        depth * x + (1 - depth) * candidate,
        time * h + (1 - time) * el.tanh(p.W_h @ x + p.U_h @ h + p.b_h),
    )


@el.cell
def t_gru(p, x, h, last):
    """D. Balduzzi and M. Ghifary, Strongly-typed recurrent neural networks, ICML 2016; `last` is the input before."""
    z = p.V_z @ last + p.W_z @ x + p.b_z
    f = el.sigmoid(p.V_f @ last + p.W_f @ x + p.b_f)
    o = el.tanh(p.V_o @ last + p.W_o @ x + p.b_o)
    return f * h + z * o, x


@el.cell
def t_lstm(p, x, h, c, last):
    """From the same paper."""
    z = p.V_z @ last + p.W_z @ x + p.b_z
    f = el.sigmoid(p.V_f @ last + p.W_f @ x + p.b_f)
    o = el.tanh(p.V_o @ last + p.W_o @ x + p.b_o)
    c = f * c + (1 - f) * z
    return el.tanh(c) * o, c, x


@el.cell
def sru(p, x, h, c):
    """T. Lei, Y. Zhang, S. I. Wang, H. Dai and Y. Artzi, Simple recurrent units, EMNLP 2018."""
    f, r = el.sigmoid(p.W_f @ x + p.v_f * c + p.b_f), el.sigmoid(p.W_r @ x + p.v_r * c + p.b_r)
    c = f * c + (1 - f) * (p.W @ x)
    return r * c + (1 - r) * x, c


@el.cell
def all_in_one(p, x, h, k):
    """A sum that is returned and used, a delta that is dL/dx and that of a product too."""
    a = p.U @ h + p.V @ k + p.W @ x
    return el.gelu(a + p.b) + x, a


OUTSIDE_OF_PRODUCTS = [residual, highway, intersection, t_gru, t_lstm, sru, all_in_one]


@pytest.mark.parametrize("cell", OUTSIDE_OF_PRODUCTS, ids=lambda c: c.name)
def test_cells_that_use_their_input_outside_of_products(cell):
    assert el.check_gradients(cell, samples=8).worst < 1e-7


@pytest.mark.parametrize("cell", [residual, highway, sru], ids=lambda c: c.name)
def test_layers_below_and_above_in_any_direction(cell):
    layers = [el.GRU(4), el.Recurrent(cell, 4, reverse=True), el.Recurrent(cell, 4, return_sequences=False)]
    net = el.Network(3, [*layers, el.Dense(2)], dtype=np.float64, seed=2)
    assert el.check_gradients(net, samples=3).worst < 1e-7


def test_the_layer_below_is_checked_on_every_engine():
    for by_name in el.check_gradients(residual, samples=2).errors.values():
        assert {"0.W", "input", "below/0.W", "below/1.W", "below/state 0.0"} <= set(by_name)


def test_sizes_that_were_asked_for_are_not_changed():
    with pytest.raises(el.ShapeError, match="against 3"):
        el.check_gradients(residual, features=3, units=4)


def test_a_wrong_gradient_is_found(monkeypatch):
    right = gradient_check.Network.backward

    def wrong(self, *args, **options):
        grads, dx, dstate = right(self, *args, **options)
        return grads | {"0.W": grads["0.W"] * 1.001}, dx, dstate

    monkeypatch.setattr(gradient_check.Network, "backward", wrong)
    with pytest.raises(el.TrainingError, match="below/0.W"):
        el.check_gradients(residual)


@pytest.mark.parametrize(
    "wrong",
    [{"net_or_cell": 3}, {"units": 0}, {"units": "4"}, {"features": 0}, {"rows": 0}]
    + [{"steps": -1}, {"samples": 0}, {"tolerance": "small"}, {"tolerance": np.nan}, {"seed": -1}],
)
def test_arguments_that_make_no_sense_are_refused(wrong):
    with pytest.raises(el.OptionError, match=next(iter(wrong)).replace("net_or_cell", "expected a cell")):
        el.check_gradients(**{"net_or_cell": el.cells.gru, **wrong})


def test_a_cell_that_is_as_wide_as_its_input_needs_no_units():
    @el.cell
    def scale(p, x):
        return p.g * x

    assert el.check_gradients(scale).worst < 1e-6
    assert el.check_gradients(scale, features=3).worst < 1e-6


@el.cell(inputs=2)
def of_two_inputs(p, x, y, h):
    return el.tanh(p.W @ x + p.V @ y + p.U @ h)


@el.cell(memory=1)
def of_a_memory(p, x, m, h):
    return el.tanh(p.W @ x + p.U @ h + p.C @ el.attend(p.Q @ h, p.K @ m, m))


@pytest.mark.parametrize("cell", [of_two_inputs, of_a_memory])
def test_a_cell_of_several_values_is_checked_with_an_input_for_each(cell):
    found = el.check_gradients(cell, samples=3)
    assert found.worst < 1e-7
    assert all(" input " in str(found) and name in str(found) for name in (*cell.inputs, *cell.memories))
    assert all(line.split()[-1].endswith(tuple("0123456789")) and "  " in line for line in str(found).splitlines())


@pytest.mark.parametrize("seed", range(4))
def test_a_kink_near_a_value_is_no_wrong_gradient(seed):
    """With some of these seeds a relu's sum lies so near 0 that a difference reaches over it."""
    net = el.Network(1, [el.Dense(8, activation="relu"), el.Dense(8, activation="relu"), el.GRU(2)], seed=seed)
    assert el.check_gradients(net, seed=seed, samples=8).worst < 1e-7


def test_at_a_kink_any_slope_between_those_of_both_sides_will_do():
    net = el.Network(lambda x: el.Dense(3, activation="relu")(el.shift(x, 1)), inputs=2)  # the first step is 0
    assert el.check_gradients(net).worst < 1e-7


def test_a_wrong_gradient_at_a_kink_is_found(monkeypatch):
    right = gradient_check.Network.backward

    def wrong(self, *args, **options):
        grads, dx, dstate = right(self, *args, **options)
        return grads | {"dense.b": grads["dense.b"] + 100.0}, dx, dstate

    monkeypatch.setattr(gradient_check.Network, "backward", wrong)
    with pytest.raises(el.TrainingError, match="dense.b"):
        el.check_gradients(el.Network(lambda x: el.Dense(3, activation="relu")(el.shift(x, 1)), inputs=2))


def test_one_engine_that_is_wrong_is_found(monkeypatch):
    right = gradient_check.Network.backward

    def wrong(self, *args, **options):
        grads, dx, dstate = right(self, *args, **options)
        return grads | {"0.W": grads["0.W"] * (1.001 if self.engine_name == "numpy" else 1)}, dx, dstate

    monkeypatch.setattr(gradient_check.Network, "backward", wrong)
    with pytest.raises(el.TrainingError, match="numpy"):
        el.check_gradients(el.cells.simple, samples=4)
