"""Clockwork RNN: units tick at their periods, hold between, and see units as slow or slower."""

from __future__ import annotations

import numpy as np

import elman as el
from tests.cells.drawn import inputs, network, step_matrices

cell = el.cells.clockwork_rnn
PERIODS = np.array([1.0, 2, 4, 3])


def test_units_change_at_multiples_of_their_period_only():
    y = network(cell, 4, scale=0.7, initial={"period": PERIODS})
    y.params["0.period"] = PERIODS
    found = y(inputs(24))[0]
    changed = np.diff(found, axis=0, prepend=0) != 0
    for unit, period in enumerate(PERIODS):
        np.testing.assert_array_equal(np.flatnonzero(changed[:, unit]), np.arange(0, 24, period))


def test_units_see_those_that_are_as_slow_or_slower():
    net = network(cell, 4, scale=0.7, initial={"period": PERIODS})
    J = step_matrices(net, inputs(24))[:, :4, :4]
    np.testing.assert_array_equal((J[12] != 0), PERIODS[None, :] >= PERIODS[:, None])  # all tick at step 12
    np.testing.assert_array_equal(J[13, 1:], np.eye(4)[1:])  # all but the first hold


def test_gradients_of_slow_units_pass_through_the_steps_between():
    net = network(cell, 8, scale=0.4, initial={"period": np.full(8, 50.0)})
    J = step_matrices(net, inputs(50))[1:, :8, :8]
    assert (np.eye(8) == J).all()


def test_periods_are_fixed():
    net = el.Network(2, [el.Recurrent(cell, 16), el.Dense(1)])
    assert net.params["0.period"].tolist() == np.repeat(2.0 ** np.arange(8), 2).tolist()
    x = inputs(5, B=4, features=2)
    net.fit(x, x[..., :1], epochs=2, optimizer=el.AdamW(0.1, weight_decay=0.5), verbose=0)
    assert net.params["0.period"].tolist() == np.repeat(2.0 ** np.arange(8), 2).tolist()
