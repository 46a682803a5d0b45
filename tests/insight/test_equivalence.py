"""Maps that are the same, and maps that are not."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.insight import equivalence


@pytest.mark.parametrize("reset_after", [False, True])
def test_a_gru_that_is_a_simple_cell(reset_after):
    rnn = el.Network(3, [el.SimpleRNN(4)], seed=1)
    weights = [rnn.params[name] for name in ("0.W", "0.U", "0.b")]
    made = el.cells.gru_from_simple(*weights, reset_after=reset_after)
    found = equivalence(rnn, el.Network(3, [el.GRU(4, reset_after=reset_after, initial=made)]))
    assert found.same
    assert "the same map" in str(found)


def test_a_difference_is_found_where_it_is():
    a, b = el.Network(2, [el.GRU(3)], dtype=np.float64), el.Network(2, [el.GRU(3)], dtype=np.float64)
    b.params["0.b_n"] = b.params["0.b_n"] + [0, 1e-3, 0]
    found = equivalence(a, b)
    assert not found.same
    assert 1e-5 < found.largest < 1e-3
    assert equivalence(a, b, tolerance=1e-2).same
    again = equivalence(a, b, states=found.state[None], inputs=found.input[None])
    assert again.largest == pytest.approx(found.largest, rel=1e-9)


def test_maps_between_other_spaces():
    with pytest.raises(el.ShapeError, match="4 and 8 numbers"):
        equivalence(el.Network(2, [el.GRU(4)]), el.Network(2, [el.LSTM(4)]))
    with pytest.raises(el.ShapeError, match="states has shape"):
        equivalence(el.Network(2, [el.GRU(4)]), el.Network(2, [el.GRU(4)]), states=np.zeros((3, 2)))
