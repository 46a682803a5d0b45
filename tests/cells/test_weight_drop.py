"""Weight drop: which matrices it drops, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import catalogue, lstm, simple, weight_drop
from elman.errors import OptionError

X = np.random.default_rng(0).normal(size=(2, 5, 3))
NONE_TO_DROP = {"brc", "delta_net", "ind_rnn", "min_gru", "min_lstm", "mlstm", "sru", "t_rnn", "unicornn"}
CELLS = sorted(name for name, cell in catalogue().items() if len(cell.inputs) == 1)


@pytest.mark.parametrize("name", CELLS)
def test_outside_of_training_a_cell_is_as_it_was(name):
    cell = catalogue()[name]
    if name in NONE_TO_DROP:
        with pytest.raises(OptionError, match="multiplies no state by a matrix"):
            weight_drop(cell, 0.5)
        return
    plain, dropped = (el.Network(3, [el.Recurrent(c, 8)], seed=1) for c in (cell, weight_drop(cell, 0.5)))
    assert dropped.params.keys() == plain.params.keys()
    dropped.params.write(plain.arena)
    np.testing.assert_allclose(dropped(X), plain(X), atol=2e-6)


@pytest.mark.parametrize("engine", ["native", "numpy"])
def test_one_mask_of_weights_for_all_steps_and_rows(engine):
    H, rate = 40, 0.3

    @el.cell
    def adds(p, x, h):
        return h * 0 + p.U @ (h * 0 + 1) + 0 * el.sum(x)

    net = el.Network(
        1, [el.Recurrent(weight_drop(adds, rate), H, initial={"U": np.eye(H)})], engine=engine, dtype=np.float64
    )
    _, grads = net.loss_and_grads(np.zeros((3, 4, 1)), np.zeros((3, 4, H)))
    found = np.diag(grads["0.U"])  # dL/dU_kk, of the mean of (mask_k / (1 - rate))^2: 0, or the same for all
    kept = found != 0
    assert 0.5 < kept.mean() < 0.9
    np.testing.assert_allclose(found[kept], 2 / H / (1 - rate) ** 2)


def test_gradients_are_those_of_the_masked_matrices():
    assert el.check_gradients(weight_drop(lstm, 0.4)).worst < 1e-7
    assert el.check_gradients(weight_drop(el.cells.gru, 0.4)).worst < 1e-7


def test_equations_tell_it():
    assert weight_drop(simple, 0.25).equations() == ["h_t = tanh(W x + dropout(U, 0.25) h + b)"]
    assert weight_drop(simple, 0).equations() == simple.equations()


def test_a_file_keeps_it(tmp_path):
    net = el.Network(3, [el.Recurrent(weight_drop(lstm, 0.4), 4)])
    again = el.load(net.save(tmp_path / "net.safetensors"))
    assert again.layers[0].cell.equations() == net.layers[0].cell.equations()
    assert (again(X) == net(X)).all() and (again.params["0.b_f"] == 1).all()


@pytest.mark.parametrize("rate", [1, -0.1, "0.5", None])
def test_rates_that_are_none(rate):
    with pytest.raises(OptionError, match="weight_drop's rate"):
        weight_drop(lstm, rate)
