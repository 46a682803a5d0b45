"""Dilated layers: as many sequences as the dilation, interleaved."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]
RANDOM = np.random.default_rng(0)
CELLS = {name: el.cells.catalogue()[name] for name in ("simple", "gru", "lstm", "mlstm", "lru")}


def pair(name: str, dilation: int, **how) -> tuple[el.Network, el.Network]:
    one, other = (
        el.Network(3, [el.Recurrent(CELLS[name], 4, dilation=d)], dtype=np.float64, seed=1, **how)
        for d in (dilation, 1)
    )
    np.testing.assert_array_equal(one.arena, other.arena)
    return one, other


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("name", CELLS)
def test_it_is_the_cell_on_every_nth_step(name, engine):
    """The paper's figure 2: interleaved sequences that do not see one another."""
    dilated, plain = pair(name, 3, engine=engine)
    x, along = RANDOM.normal(size=(2, 10, 3)), RANDOM.normal(size=(2, 10, 4))
    y, (gradients, dx, _) = dilated(x), dilated.backward(x, along)
    total = dict.fromkeys(plain.params, 0.0)
    for k in range(3):
        np.testing.assert_allclose(y[:, k::3], plain(x[:, k::3]), rtol=1e-12)
        part, part_dx, _ = plain.backward(x[:, k::3], along[:, k::3])
        np.testing.assert_allclose(dx[:, k::3], part_dx, rtol=1e-9, atol=1e-12)
        total = {parameter: total[parameter] + part[parameter] for parameter in total}
    for parameter, value in total.items():
        np.testing.assert_allclose(gradients[parameter], value, rtol=1e-9, atol=1e-12)


def test_the_gradient_takes_a_step_where_it_took_many():
    dilated, plain = pair("simple", 8)
    for net in (dilated, plain):
        net.params["0.U"] = 0.5 * np.eye(4)
    along = np.zeros((1, 17, 4))
    along[:, -1] = 1.0
    x = np.zeros((1, 17, 3))
    near, far = (np.abs(net.backward(x, along)[1][0, 0]).max() for net in (dilated, plain))
    assert near / far == pytest.approx(2.0**14)


def test_files_streams_and_ragged_rows(tmp_path):
    dilated, _ = pair("lstm", 2)
    x, lengths = RANDOM.normal(size=(3, 7, 3)), np.array([7, 3, 5])
    whole = dilated(x, lengths=lengths)
    for row, length in enumerate(lengths):
        np.testing.assert_allclose(whole[row, :length], dilated(x[row : row + 1, :length])[0], rtol=1e-12)
    first, state = dilated(x[:, :3], return_state=True)
    np.testing.assert_allclose(np.concatenate([first, dilated(x[:, 3:], state=state)], 1), dilated(x), rtol=1e-12)
    dilated.save(tmp_path / "net.elman")
    np.testing.assert_array_equal(el.load(tmp_path / "net.elman")(x), dilated(x))
    assert el.check_gradients(dilated)


def test_states_between_have_names_of_their_own():
    @el.cell
    def named(p, x, h, h_2):
        return el.tanh(p.W @ x + h + p.h_3 * h_2), h

    assert el.Recurrent(named, 4, dilation=3).cell.states == ("h", "h__2", "h__3", "h_2", "h_2_2", "h_2_3")
    el.check_gradients(el.Recurrent(named, 4, dilation=3))


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "2", 2**20])
def test_what_is_no_dilation(wrong):
    with pytest.raises(el.OptionError, match="dilation"):
        el.Recurrent(el.cells.gru, 4, dilation=wrong)


def test_what_the_cell_freezes_stays_frozen():
    """A dilated reservoir is not trained, as a plain one is not."""
    net = el.Network(2, [el.Recurrent(el.cells.echo_state, 8, dilation=2), el.Dense(1)])
    before = net.params["0.U"].copy()
    net.fit(RANDOM.normal(size=(4, 6, 2)), np.ones((4, 6, 1)), epochs=1, verbose=0)
    assert net.frozen == {"0.W", "0.U"}
    np.testing.assert_array_equal(net.params["0.U"], before)
