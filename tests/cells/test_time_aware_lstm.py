"""T-LSTM: only the short-term part of the memory fades with time."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import time_aware_lstm
from tests.cells.networks import of

RANDOM = np.random.default_rng(0)


def kept(net: el.Network, time: float, c: np.ndarray) -> np.ndarray:
    """What is left of a cell state after a time, before the gates."""
    return net.trace(np.array([[[1.0, 1.0, time]]]), state=[(np.zeros_like(c), c)])["kept"][0, 0]


def test_without_time_passing_it_is_an_lstm():
    timed, plain = of(time_aware_lstm, 4, 5, step="input"), of(el.cells.lstm, 3, 5)
    assert (timed.params["0.b_f"] == 1).all()
    for name in plain.params:
        plain.params[name] = timed.params[name]
    x = RANDOM.normal(size=(2, 6, 3))
    np.testing.assert_allclose(timed(np.concatenate([x, np.zeros((2, 6, 1))], -1)), plain(x), rtol=1e-10)


@pytest.mark.parametrize(("decay", "share"), [("log", lambda t: 1 / np.log(np.e + t)), ("inverse", lambda t: 1 / t)])
def test_the_short_term_part_fades_and_the_rest_stays(decay, share):
    net, c = of(time_aware_lstm, 3, 5, decay=decay, step="input"), RANDOM.normal(size=(1, 5))
    net.params["0.b_d"] = RANDOM.normal(size=5)
    short = np.tanh(net.params["0.W_d"] @ c[0] + net.params["0.b_d"])
    for time in (1.0, 10.0, 1e3):
        np.testing.assert_allclose(kept(net, time, c), c[0] - short * (1 - share(time)), rtol=1e-10)


def test_what_it_refuses():
    for wrong in ({"decay": "exp"}, {"step": -1.0}):
        with pytest.raises(el.OptionError, match=next(iter(wrong))):
            of(time_aware_lstm, 3, 4, **wrong)
