"""Every diagnostic leaves weights, random numbers and optimisers as they are, and says the same twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import elman as el

X = np.random.default_rng(0).normal(size=(3, 20, 2))
Y = np.cumsum(X[..., :1], axis=1)

DIAGNOSTICS = {
    "gradient_flow": lambda net: el.insight.gradient_flow(net, X, Y).triangle(),
    "jacobians": lambda net: el.insight.jacobians(net, X, parameters=True)["h/h"],
    "memory": lambda net: el.insight.memory(net, X).to_initial_state,
    "capacity": lambda net: el.insight.memory(net, X).capacity(delays=5, steps=200).by_delay,
    "distances": lambda net: el.insight.distances(net, X, {"a": None, "b": np.ones(5)}, [0, 10])["a", "b"],
    "lyapunov_spectrum": lambda net: el.insight.lyapunov_spectrum(net, steps=50, burn_in=10).exponents,
    "fixed_points": lambda net: el.insight.fixed_points(net, np.random.default_rng(1).normal(size=(10, 5))).points,
    "units": lambda net: el.insight.units(net, X)["z"].mean,
    "equivalence": lambda net: el.insight.equivalence(net, net).largest,
    "trace": lambda net: net.trace(X)["z"],
}


def state_of(net: el.Network, adam: el.Adam) -> dict[str, Any]:
    kept = {name: value.tobytes() for name, value in adam.state_dict().items()}
    random = np.random.get_state()  # noqa: NPY002
    return {
        **kept,
        "weights": net.arena.tobytes(),
        "numbers": (net.updates, net.epochs, net.history),
        "random": (random[1].tobytes(), random[2:]),
    }


@pytest.mark.parametrize("name", DIAGNOSTICS)
def test_it_changes_nothing_and_repeats_itself(name):
    layers = [el.Dropout(0.3), el.GRU(5), el.Dense(1)]
    looked_at, left_alone = (el.Network(2, layers, seed=4) for _ in range(2))
    adams = el.Adam(0.01), el.Adam(0.01)
    for net, adam in zip((looked_at, left_alone), adams, strict=True):
        net.fit(X, Y, optimizer=adam, epochs=2, batch_size=2, verbose=0)
    before = state_of(looked_at, adams[0])
    first, second = DIAGNOSTICS[name](looked_at), DIAGNOSTICS[name](looked_at)
    assert np.array_equal(first, second)
    assert state_of(looked_at, adams[0]) == before
    for net, adam in zip((looked_at, left_alone), adams, strict=True):
        net.fit(X, Y, optimizer=adam, epochs=2, batch_size=2, verbose=0)
    assert np.array_equal(looked_at.arena, left_alone.arena)
