"""Traces against the engines' outputs and the equations by hand."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el

X = np.random.default_rng(0).normal(size=(3, 6, 2))


def sigmoid(v: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-v))


def test_the_gates_of_a_gru_are_its_equations():
    net = el.Network(2, [el.GRU(4, reset_after=False)], dtype=np.float64)
    p, steps = {name[2:]: value for name, value in net.params.items()}, net.trace(X)
    before = np.concatenate([np.zeros((3, 1, 4)), steps["h"][:, :-1]], axis=1)
    z = sigmoid(X @ p["W_z"].T + before @ p["U_z"].T + p["b_z"])
    r = sigmoid(X @ p["W_r"].T + before @ p["U_r"].T + p["b_r"])
    n = np.tanh(X @ p["W_n"].T + (r * before) @ p["U_n"].T + p["b_n"])
    for name, value in (("z", z), ("r", r), ("n", n)):
        assert np.allclose(steps[name], value, atol=1e-12)


@pytest.mark.parametrize("last", [False, True])
def test_a_stack_with_layers_of_all_kinds(last):
    layers = [el.Dense(3, activation="tanh"), el.LSTM(4), el.Dropout(0.5), el.LayerNorm()]
    layers += [el.GRU(3, reverse=True, return_sequences=not last), el.Dense(2)]
    net = el.Network(2, layers, dtype=np.float64)
    steps, y = net.trace(X), net(X)
    assert np.allclose(steps["5.y"][:, 0] if last else steps["5.y"], y, atol=1e-12)
    assert {"1.i", "1.f", "1.g", "1.o", "1.c", "1.h", "4.z"} <= set(steps)
    assert "h" not in steps


def test_characters():
    net = el.Network(1, [el.Embedding(5, 3), el.GRU(4), el.Dense(5)], dtype=np.float64)
    x = np.random.default_rng(0).integers(0, 5, (2, 7))
    assert np.allclose(net.trace(x)["2.y"], net(x), atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"return_sequences": False}, {"reverse": True}])
def test_an_empty_row_has_no_steps(options):
    def pooled(x, u):
        h = el.LSTM(3, **options)(x)
        memory = el.Bidirectional(el.GRU(2))(u)
        return el.concat(h, el.AdditiveAttention(2)(el.pool(x, "max"), memory))

    net = el.Network(pooled, inputs={"x": 2, "u": 1}, dtype=np.float64)
    random = np.random.default_rng(0)
    x = {"x": random.normal(size=(4, 5, 2)), "u": random.normal(size=(4, 3, 1))}
    lengths = {"x": [5, 0, 0, 2], "u": [0, 3, 0, 1]}
    state = [tuple(random.normal(size=(4, n)) for n in sizes) for sizes in net.state_sizes()]
    steps, y = net.trace(x, state=state, lengths=lengths), net(x, state=state, lengths=lengths)
    np.testing.assert_allclose(steps["concat.y"].reshape(y.shape), y, rtol=1e-12, atol=1e-14)
    assert not steps["h.h"][1].any() and not steps["memory.forward.h"][0].any()
