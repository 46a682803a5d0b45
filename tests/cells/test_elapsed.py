"""Times that a cell reads: asked for, never negative, beside something else; and masses and masks that are checked."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from tests.cells.networks import of

X = np.random.default_rng(0).normal(size=(2, 5, 3))
TIMED = ["cfc", "ltc", "ode_lstm", "time_aware_lstm"]


def negative_at(row: int, step: int) -> np.ndarray:
    x = np.abs(X)
    x[row, step, -1] = -0.5
    return x


@pytest.mark.parametrize("name", TIMED)
def test_a_plain_network_has_even_steps(name):
    """All features count as what they are: a permutation of them and of the columns of W changes nothing."""
    cell = el.cells.catalogue()[name]
    assert cell.options["step"] == 1.0
    net = of(cell, 3, 4)
    assert {net.params[n].shape[1] for n in net.params if n.startswith("0.W_f") and name != "cfc"} <= {3}
    assert np.isfinite(net(X)).all()  # negative ones too


@pytest.mark.parametrize("name", TIMED)
def test_a_negative_time_is_told_wherever_it_comes(name, tmp_path):
    net = of(el.cells.catalogue()[name], 3, 4, step="input")
    said = r"x\[1, 3, 2\] is -0.5: expected the time since the step before \(its last feature\), which is at least 0"
    wrong, target = negative_at(1, 3), np.zeros((2, 5, 4))
    for call in (net, lambda x: net.fit(x, target, verbose=0), lambda x: net.backward(x, target), net.trace):
        with pytest.raises(el.DataError, match=said):
            call(wrong)
    net.save(tmp_path / "net.elman")
    with pytest.raises(el.DataError, match=said):
        el.load(tmp_path / "net.elman")(wrong)
    stream = net.stream(rows=2)
    stream(np.abs(X[:, 0]))
    with pytest.raises(el.DataError, match=r"x\[1, 2\] is -0.5"):
        stream(wrong[:, 3])
    assert np.isfinite(net(wrong, lengths=[5, 3])).all()  # it lies behind the row's end


@pytest.mark.parametrize("name", TIMED)
def test_a_time_alone_is_no_input(name):
    with pytest.raises(el.ShapeError, match='step="input" takes the last feature .* needs 2 values, there are 1'):
        of(el.cells.catalogue()[name], 1, 4, step="input")


@pytest.mark.parametrize("step", [0, -1.0, np.nan, np.inf, "now", None, True])
@pytest.mark.parametrize("name", TIMED)
def test_what_is_no_step_is_told(name, step):
    with pytest.raises(
        el.OptionError, match=r"step is .*; expected a number above 0, or 'input', which takes the last"
    ):
        of(el.cells.catalogue()[name], 3, 4, step=step)


def test_the_inverse_decay_begins_at_one():
    with pytest.raises(el.OptionError, match=r"step is 0.5; expected a number of at least 1, or 'input'"):
        of(el.cells.time_aware_lstm, 3, 4, decay="inverse", step=0.5)
    net = of(el.cells.time_aware_lstm, 3, 4, decay="inverse", step="input")
    with pytest.raises(el.DataError, match="which is at least 1"):
        net(0.5 * np.ones((1, 1, 3)))
    assert np.isfinite(net.stream(rows=1)(np.ones((1, 3)))).all()


def test_times_are_checked_in_masked_dilated_reversed_and_zoned_out_layers():
    cell = el.cells.ltc.with_options(step="input")
    held = el.cells.zoneout(cell, 0.1)
    for layer in (el.Recurrent(cell, 4, dilation=2), el.Recurrent(held, 4), el.Bidirectional(el.Recurrent(cell, 4))):
        with pytest.raises(el.DataError, match=r"x\[0, 2, 2\] is -0.5"):
            el.Network(3, [layer])(negative_at(0, 2))
    net = el.Network(lambda x, there: el.Recurrent(cell, 4)(x, mask=there), inputs={"x": 3, "there": 1})
    with pytest.raises(el.DataError, match=r"x\[0, 2, 2\] is -0.5"):
        net((negative_at(0, 2), np.ones((2, 5, 1))))


def test_what_another_layer_makes_is_not_looked_at():
    net = el.Network(3, [el.Dense(3), el.Recurrent("ltc", 4, step="input")])
    assert np.isfinite(net(X)).all()


def test_negative_mass_is_told():
    net = of(el.cells.mc_lstm, (1, 2), 4)
    with pytest.raises(el.DataError, match=r"u\[0, 0, 0\] is -1: expected mass, which is at least 0"):
        net((-np.ones((1, 2, 1)), np.ones((1, 2, 2))))


@pytest.mark.parametrize(
    ("observed", "gap", "said"),
    [(2.0, 1.0, r"v\[0, 0, 0\] is 2: .*which is 0 to 1"), (1.0, -1.0, r"w\[0, 0, 0\] is -1: .*at least 0")],
)
def test_what_a_mask_and_a_gap_are_is_told(observed, gap, said):
    net = of(el.cells.gru_d, (2, 2, 2), 4)
    one = np.ones((1, 2, 2))
    with pytest.raises(el.DataError, match=said):
        net((one, observed * one, gap * one))


def test_one_step_on_arrays_checks_them_too():
    with pytest.raises(el.DataError, match="expected the time since the step before"):
        el.cells.ltc.with_options(step="input")(None, np.array([1.0, -1.0]), np.zeros(2))
