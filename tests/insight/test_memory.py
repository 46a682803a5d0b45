"""Memory against closed forms, numerical differences and runs from several starts."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.insight import distances, memory
from elman.insight.system import System
from tests.insight.test_jacobians import layers_of, numerical


def rotation(units: int, decay: float = 1.0) -> el.Network:
    """A linear network that hands its input from unit to unit: it remembers exactly `units` of them."""
    net = el.Network(1, [el.SimpleRNN(units, activation="linear")], dtype=np.float64)
    net.params["0.U"] = decay * np.eye(units, k=-1)
    net.params["0.W"] = np.eye(units, 1)
    net.params["0.b"] = 0
    return net


@pytest.mark.parametrize("name", ["gru", "lstm", "invented", "stack"])
def test_gains_are_those_of_numerical_derivatives(name):
    net = el.Network(2, layers_of(name), seed=2, dtype=np.float64)
    net.params.write(np.random.default_rng(0).normal(0, 0.7, net.arena.size))
    x = np.random.default_rng(1).normal(size=(1, 5, 2))
    system, found = System(net), memory(net, x)
    start = numerical(lambda v: system.trajectory(x, v[None])[0, -1], np.zeros(system.n))
    assert found.to_initial_state[-1] == pytest.approx(np.sqrt(np.mean(np.sum(start**2, axis=0))), rel=1e-6)
    lag = 2
    by_input = []
    for t in range(lag, 5):
        moved = numerical(lambda v, t=t: system.trajectory(with_input(x, t - lag, v))[0, t + 1], x[0, t - lag])
        by_input.append(np.sqrt(np.mean(np.sum(moved**2, axis=0))))
    assert found.to_input(lag) == pytest.approx(np.mean(by_input), rel=1e-6)


def with_input(x: np.ndarray, t: int, v: np.ndarray) -> np.ndarray:
    changed = x.copy()
    changed[0, t] = v
    return changed


def test_a_delay_line_remembers_as_many_inputs_as_it_has_units():
    found = memory(rotation(6), np.zeros((1, 12, 1)))
    assert np.allclose(found.by_lag[:6], 1)
    assert np.allclose(found.by_lag[6:], 0)
    capacity = found.capacity(delays=12)
    assert np.allclose(capacity.by_delay[:5], 1, atol=1e-6)  # the sixth unit holds the input of five steps ago
    assert capacity.by_delay[6:].max() < 0.02
    assert capacity.total == pytest.approx(5, abs=0.1)


def test_what_is_forgotten_and_what_is_held():
    x = np.random.default_rng(0).normal(size=(4, 40, 5))
    scale = {n: np.random.default_rng(1).uniform(-0.5, 0.5, shape) for n, shape in (("W", (8, 5)), ("U", (8, 8)))}
    forgets = memory(el.Network(5, [el.SimpleRNN(8, initial=scale)]), x)
    holds = memory(el.Network(5, [el.GRU(8, initial=el.cells.gru_holding(8, 5))]), x)
    assert forgets.horizon < 15 < holds.horizon == 40
    assert np.allclose(holds.to_initial_state, 1)


def test_runs_from_several_starts():
    net, random = el.Network(5, [el.GRU(8, initial=el.cells.gru_holding(8, 5))]), np.random.default_rng(0)
    starts = {"zeros": None, "a": random.normal(size=(3, 8)), "b": [(random.normal(size=(3, 8)),)]}
    found = distances(net, random.normal(size=(3, 10, 5)), starts, [0, 4, 10])
    assert set(found) == {("zeros", "a"), ("zeros", "b"), ("a", "b")}
    assert np.allclose(found["zeros", "a"], np.linalg.norm(starts["a"], axis=1), atol=1e-6)
    with pytest.raises(el.OptionError, match="steps has 11"):
        distances(net, np.zeros((3, 10, 5)), starts, [11])


def test_characters_have_no_derivative():
    found = memory(el.Network(1, [el.Embedding(5, 3), el.GRU(4)]), np.zeros((1, 6)))
    assert len(found.to_initial_state) == 6
    for call in (lambda: found.to_input(1), found.capacity):
        with pytest.raises(el.OptionError, match="index"):
            call()


def test_the_picture_has_both_lines():
    assert len(memory(rotation(3), np.zeros((1, 8, 1))).plot().lines) == 3
