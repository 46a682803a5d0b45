"""Statistics of units whose values are known."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.insight import units


def test_gates_that_are_open_shut_and_between():
    initial = {"W_z": 0.0, "U_z": 0.0, "b_z": np.array([9.0, -9.0, 0.0])}
    net = el.Network(1, [el.GRU(3, initial=initial), el.Dense(2)])
    found = units(net, np.random.default_rng(0).normal(size=(4, 20, 1)))["z"]
    assert found.saturated_high.tolist() == [1, 0, 0]
    assert found.saturated_low.tolist() == [0, 1, 0]
    assert found.saturated == pytest.approx(2 / 3)
    assert found.dead.tolist() == [0, 1, 2]  # no gate looks at anything
    assert "33% low and 33% high, 3 of 3 units dead" in str(found)


def test_relu_units_that_never_fire_are_dead():
    net = el.Network(2, [el.SimpleRNN(3, activation="relu", initial={"b": np.array([-50.0, 1.0, 0.0])})])
    found = units(net, np.random.default_rng(0).normal(size=(4, 20, 2)))["h"]
    assert found.dead.tolist() == [0]
    assert found.saturated_low[0] == 1
    assert 0 < found.saturated_low[2] < 1
    assert not found.saturated_high.any()


def test_numbers_are_those_of_the_trace():
    net, x = el.Network(2, [el.LSTM(3), el.GRU(2)]), np.random.default_rng(0).normal(size=(4, 20, 2))
    found, steps = units(net, x, margin=0.2), net.trace(x)
    assert set(found) == set(steps)
    o = steps["0.o"].reshape(-1, 3)
    assert np.allclose(found["0.o"].saturated_high, np.mean(o >= 0.8, axis=0))
    assert np.allclose(found["0.o"].mean, o.mean(axis=0), atol=1e-6)
    assert not found["0.c"].saturated_low.any()  # c has no ends
    with pytest.raises(el.OptionError, match="margin"):
        units(net, x, margin=0.7)


def test_a_report_of_a_network_with_a_reversing_layer_holds_what_can_be_said_of_it():
    net = el.Network(2, [el.GRU(3), el.GRU(3, reverse=True), el.Dense(1)])
    found = el.insight.report(net, np.random.default_rng(0).normal(size=(2, 6, 2)))
    titles = [section.title for section in found.sections]
    assert titles[:4] == ["What it is", "Units", "Dynamics", "Gradient flow of 0"] and "Memory of 1" in titles
    assert "layer 1 (gru) runs in reverse" in found.sections[2].text
    assert {"0.h", "1.h"} <= set(found.sections[1].numbers)
    assert "runs in reverse" in found.html() and "runs in reverse" in found.json()
