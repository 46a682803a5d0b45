"""Outputs behind a row's end: zeros, or its last step's output again."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]
RANDOM = np.random.default_rng(0)
X, LENGTHS = RANDOM.normal(size=(4, 6, 3)), np.array([6, 2, 0, 4])


@pytest.mark.parametrize("memory", ["normal", "low"])
@pytest.mark.parametrize("engine", BUILT)
def test_the_last_output_is_repeated(engine, memory):
    net = el.Network(3, [el.GRU(4), el.Dense(2)], dtype="float64", engine=engine)
    zeros, state = net(X, lengths=LENGTHS, memory=memory, return_state=True)
    y, same = net(X, lengths=LENGTHS, memory=memory, return_state=True, padding="last")
    for row, length in enumerate(LENGTHS):
        assert np.array_equal(y[row, :length], zeros[row, :length])
        assert not zeros[row, length:].any()
        assert length == 0 or (y[row, length:] == zeros[row, length - 1]).all()
    assert all(map(np.array_equal, state[0], same[0])) and not y[2].any()
    assert np.array_equal(net(X, padding="last"), net(X))


def test_of_several_outputs_on_their_own_axes():
    def network(a, b):
        h, g = el.GRU(3)(a), el.GRU(2)(b)
        return {"a": el.Dense(2)(h), "b": g, "end": el.pool(h, "mean")}

    net = el.Network(network, inputs={"a": 3, "b": 3}, dtype="float64")
    lengths = {"a": LENGTHS, "b": np.array([1, 5, 3, 2])}
    zeros, y = (net((X, X[:, :5]), lengths=lengths, padding=padding) for padding in ("zero", "last"))
    assert np.array_equal(y["end"], zeros["end"])
    for name in ("a", "b"):
        for row, length in enumerate(lengths[name]):
            assert np.array_equal(y[name][row, :length], zeros[name][row, :length])
            assert length == 0 or (y[name][row, length:] == zeros[name][row, length - 1]).all()
    alone = net((X, X[:, :5]), lengths={"a": LENGTHS}, padding="last")
    assert np.array_equal(alone["b"], net((X, X[:, :5]))["b"]) and np.array_equal(alone["a"], y["a"])


@pytest.mark.parametrize("wrong", ["lasts", None, 0, True, ["last"], np.zeros(2)])
def test_what_is_no_padding(wrong):
    with pytest.raises(el.OptionError, match=r"padding is .*expected 'zero' or 'last'"):
        el.Network(3, [el.GRU(4)])(X, padding=wrong)


def test_it_is_refused_where_nothing_is_returned_behind_an_end():
    net = el.Network(3, [el.GRU(4, return_sequences=False), el.Dense(2)])
    with pytest.raises(el.OptionError, match="outputs of all steps, and the network returns none"):
        net(X, lengths=LENGTHS, padding="last")
