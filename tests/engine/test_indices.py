"""Indices are whole numbers, of any size, and refused with their place before anything changes."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available
from elman.errors import DataError

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
WRONG = [9, -1, 2.5, np.nan]
BEYOND = 2**24  # a float32 counts so far


def model(engine: str) -> el.Network:
    return el.Network(1, [el.Embedding(9, 3), el.GRU(4), el.Dense(9)], seed=0, engine=engine)


@engines
def test_the_row_beyond_what_a_float32_counts_is_looked_up(engine):
    net = el.Network(1, [el.Embedding(BEYOND + 8, 1)], seed=0, engine=engine)
    table = net.params["0.E"]
    table[BEYOND : BEYOND + 8] = np.arange(8).reshape(table[BEYOND : BEYOND + 8].shape)
    x = BEYOND + np.arange(8).reshape(1, 8)
    assert net(x).ravel().tolist() == [*range(8)]


@engines
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_index_is_refused_with_its_place(engine, wrong):
    x = np.ones((3, 4))
    x[1, 2] = wrong
    with pytest.raises(DataError, match=r"1, 2"):
        model(engine)(x)


@engines
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("where", ["x", "target"])
def test_a_wrong_index_in_the_middle_of_an_epoch_changes_nothing(engine, wrong, where):
    net = model(engine)
    before = net.arena.copy()
    data = {"x": np.ones((12, 4)), "target": np.ones((12, 4))}
    data[where][7, 2] = wrong
    with pytest.raises(DataError, match=r"7, 2"):
        net.fit(*data.values(), loss="softmax_cross_entropy", batch_size=2, epochs=2, verbose=0, shuffle=False)
    np.testing.assert_array_equal(net.arena, before)


@engines
@pytest.mark.parametrize("wrong", WRONG)
def test_a_stream_refuses_a_wrong_index_and_keeps_its_state(engine, wrong):
    stream = model(engine).stream()
    stream(np.array([[3]]))
    before = [np.array(s) for group in stream.state for s in group]
    with pytest.raises(DataError):
        stream(np.array([[wrong]]))
    after = [s for group in stream.state for s in group]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
