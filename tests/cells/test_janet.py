"""JANET holds its state as long as its forget bias says, and can write more than it forgets."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.cells import janet
from elman.errors import OptionError
from tests.cells.dynamics import along, data, layer, put


@pytest.mark.parametrize("T", [10, 200])
def test_a_bias_of_log_T_minus_one_holds_for_T_steps(T):
    """What is left after T steps is 1/e, as of an exponential with time constant T."""
    net = put(layer(janet, beta=0), W_f=0, U_f=0, b_f=np.log(T - 1), U_c=0, b_c=0)
    c = along(net, np.zeros((1, T, 3)), np.ones((1, 4)))["c"]
    np.testing.assert_allclose(c[0, -1], (1 - 1 / T) ** T, rtol=1e-12)
    np.testing.assert_allclose(c[0, -1], np.exp(-1), rtol=1 / T)


def test_beta_writes_more_than_is_forgotten():
    x = np.repeat(3 * np.sign(data(20, 1)), 50, axis=1)
    most = {beta: np.abs(along(layer(janet, beta=beta), x)["c"]).max() for beta in (0, 1)}
    assert most[0] <= 1 < most[1]


def test_initial_values_and_options():
    net = el.Network(3, [el.Recurrent(janet, 4)])
    assert (net.params["0.b_f"] == 1).all() and not net.params["0.b_c"].any()
    assert set(el.Network(3, [el.Recurrent(janet, 4, bias=False)]).params) == {"0.W_f", "0.U_f", "0.W_c", "0.U_c"}
    with pytest.raises(OptionError, match="beta"):
        el.Network(3, [el.Recurrent(janet, 4, beta=-1)])
