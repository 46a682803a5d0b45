"""Zoneout: in training units stay as they were at some steps, else states are the mean of old and new."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import lstm, simple, t_lstm, zoneout
from elman.engine import ENGINES, native_available
from elman.errors import OptionError
from tests.cells.dynamics import data

BUILT = [e for e in ENGINES if e != "native" or native_available()]
T, H = 50, 200


@el.cell
def counter(p, x, h):
    """Each step that is not left out adds ``a``."""
    return h + p.a * el.sum(x)


@el.cell
def both(p, x, h, c):
    c = c + p.a * el.sum(x)
    return h + p.b * el.sum(x), c


def moves(engine, cell=counter, seed=0, **rates):
    """How many of T steps each unit has moved at, in training: what the sum of last states is per unit of ``a``."""
    net = el.Network(1, [el.Recurrent(zoneout(cell, **rates), H, return_sequences=False)], engine=engine, seed=seed)
    x = np.ones((1, T, 1))
    return net, net.loss_and_grads(x, np.zeros((1, H)), lambda y, target: el.sum(y))[1]


@pytest.mark.parametrize("engine", BUILT)
def test_a_unit_stays_as_it_was_at_some_steps(engine):
    net, grads = moves(engine, rate=0.3)
    steps = grads["0.a"]
    np.testing.assert_allclose(steps, steps.round(), atol=1e-4)  # each step is one, or none
    assert abs(steps.mean() - 0.7 * T) < 4 * np.sqrt(0.21 * T / H) and abs(steps.var() - 0.21 * T) < 5
    net.params["0.a"] = np.ones(H)
    np.testing.assert_allclose(net(np.ones((1, T, 1))), 0.7 * T, rtol=1e-5)  # their mean, outside of training


@pytest.mark.skipif(not native_available(), reason="the native engine is not built")
def test_both_engines_hold_the_same_units():
    np.testing.assert_allclose(moves("numpy", rate=0.3)[1]["0.a"], moves("native", rate=0.3)[1]["0.a"], atol=1e-4)


def test_states_have_masks_of_their_own():
    """The output of the first state counts; the other's mask does not move with it."""

    @el.cell
    def beside(p, x, h, c):
        return h + c, h + p.a * el.sum(x), c + p.b * el.sum(x)

    grads = moves(None, beside, rate=0.5)[1]
    assert abs(np.corrcoef(grads["0.a"], grads["0.b"])[0, 1]) < 0.25


def test_gradients_of_the_means_are_exact():
    assert el.check_gradients(zoneout(lstm, c=0.5, h=0.05)).worst < 1e-7
    assert el.check_gradients(zoneout(t_lstm, c=0.2)).worst < 1e-7


def test_a_rate_of_zero_changes_nothing():
    x = data()
    plain, zoned = (el.Network(3, [el.Recurrent(c, 4)], seed=0) for c in (lstm, zoneout(lstm, 0.0)))
    np.testing.assert_array_equal(plain(x), zoned(x))
    assert zoneout(lstm, 0.0).equations() == lstm.equations()


def test_what_a_cell_drops_itself_has_other_masks():
    @el.cell
    def dropped(p, x, h):
        return h + el.dropout(p.a, 0.5) * el.sum(x)

    held, moved = moves(None, dropped, rate=0.5)[1]["0.a"], moves(None, dropped, rate=0.0)[1]["0.a"]
    assert abs(held.mean() - T / 2) < 3 and abs(moved.mean() - T) < 3


def test_an_lstm_makes_its_output_of_the_new_cell_state():
    said = zoneout(lstm, c=0.5, h=0.05).equations()
    assert "new_h = o * tanh(new_c)" in said and "c_t = c + 0.5 * dropout(new_c - c, 0.5)" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs a rate"),
        ({"g": 0.1}, "no state g"),
        ({"h": 1.0}, "rate of h"),
        ({"rate": -0.1}, "rate of h"),
        ({"rate": True}, "rate of h"),
    ],
)
def test_wrong_rates_are_refused(given, said):
    with pytest.raises(OptionError, match=said):
        zoneout(simple, **given)


def test_it_is_saved_with_its_equations(tmp_path):
    net = el.Network(3, [el.Recurrent(zoneout(lstm, c=0.5), 4)])
    net.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(el.load(tmp_path / "m.safetensors")(data()), net(data()))
    assert (net.params["0.b_f"] == 1).all()


@pytest.mark.parametrize(("name", "kept"), [("echo_state", {"0.W", "0.U"}), ("dale_rnn", {"0.d"})])
def test_what_the_cell_freezes_stays_frozen(name, kept, tmp_path):
    net = el.Network(2, [el.Recurrent(zoneout(el.cells.catalogue()[name], 0.1), 8), el.Dense(1)])
    net.save(tmp_path / "model.safetensors")
    assert net.frozen == el.load(tmp_path / "model.safetensors").frozen == kept


def test_a_count_of_steps_is_not_held():
    """Between whole numbers no unit of a clockwork network would ever tick."""
    held, named = (zoneout(el.cells.clockwork_rnn, **rates) for rates in ({"rate": 0.1}, {"y": 0.1}))
    assert held.equations() == named.equations()
    with pytest.raises(OptionError, match="the state t of clockwork_rnn counts steps and cannot be held"):
        zoneout(el.cells.clockwork_rnn, t=0.1)


def test_options_come_before_it():
    with pytest.raises(OptionError, match=r"\['bias'\] cannot change; choose them before"):
        el.Recurrent(zoneout(lstm, 0.1), 8, bias=False)
