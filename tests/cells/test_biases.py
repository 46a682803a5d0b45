"""Cells without biases: what they are with biases of zero, in fewer parameters."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]
LAYERS = {
    "simple": el.SimpleRNN,
    "gru": el.GRU,
    "gru before": lambda units, **how: el.GRU(units, reset_after=False, **how),
    "lstm": el.LSTM,
}


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("name", LAYERS)
def test_without_biases_it_is_the_cell_whose_biases_are_zero(name, engine):
    with_, without = (
        el.Network(3, [LAYERS[name](5, bias=bias)], dtype=np.float64, engine=engine, seed=4) for bias in (True, False)
    )
    biases = {n for n in with_.params if n.split(".")[1][0] in "bc"}
    assert [n for n in with_.params if n not in biases] == list(without.params)
    for n in with_.params:
        with_.params[n] = 0.0 if n in biases else without.params[n]
    random = np.random.default_rng(0)
    x, along = random.normal(size=(2, 4, 3)), random.normal(size=(2, 4, 5))
    np.testing.assert_allclose(without(x), with_(x), rtol=1e-13)
    one, other = without.backward(x, along)[0], with_.backward(x, along)[0]
    for n in without.params:
        np.testing.assert_allclose(one[n], other[n], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", LAYERS)
def test_its_gradients_are_central_differences(name):
    assert el.check_gradients(LAYERS[name](4, bias=False)).worst < 1e-7


def test_it_is_written_without_them():
    assert el.cells.simple.with_options(bias=False).equations() == ["h_t = tanh(W x + U h)"]
    assert el.cells.gru.with_options(bias=False).equations()[-2:-1] == ["n = tanh(W_n x + r * U_n h)"]


@pytest.mark.parametrize("name", LAYERS)
def test_bias_is_true_or_false(name):
    with pytest.raises(el.OptionError, match="bias"):
        el.Network(3, [LAYERS[name](4, bias=0)])


def test_a_bias_that_is_not_there_cannot_be_initialised():
    with pytest.raises(el.OptionError, match="no parameter 'b_f'"):
        el.Network(3, [el.LSTM(4, bias=False, initial={"b_f": 1.0})])
