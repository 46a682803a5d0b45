"""Whatever an option or a fixed parameter of a cell is told: it makes sense, or an error says what was expected."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from tests.cells.networks import of

CELLS = el.cells.catalogue()
OPTIONS = [(name, option) for name, cell in CELLS.items() for option in cell.options]
NEVER = ["x", None, [1], float("nan"), float("inf"), -1, True]
"""What no option is, but a flag, and an activation, which is none with None."""
WHOLE = {"heads", "nu", "order", "depth", "delay", "window", "unfolds"}
ABOVE_0 = {"epsilon", "dt", "tau", "theta", "step", "membrane", "synapse", "threshold", "slope"}


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_what_makes_no_sense_is_told(name, option):
    cell, wrong = CELLS[name], [*NEVER]
    if isinstance(cell.options[option], bool):
        wrong = [w for w in [*wrong, 0, 1] if w is not True]
    elif option == "activation":
        wrong = [w for w in wrong if w is not None]
    wrong += [0, 2.5, 10**9] if option in WHOLE else []
    wrong += [0] if option in ABOVE_0 and (name, option) != ("co_rnn", "epsilon") else []
    for value in wrong:
        with pytest.raises(el.OptionError, match=f"{option}.* is "):
            cell.with_options(**{option: value}).trace()


@pytest.mark.parametrize("name", ["mlstm", "slstm"])
def test_heads_divide_the_units(name):
    with pytest.raises(el.ShapeError, match="heads=3, which must divide the units: 4"):
        of(CELLS[name], 3, 4, heads=3)


@pytest.mark.parametrize("name", ["ctrnn", "dale_rnn"])
def test_a_step_is_not_beyond_the_time_constant(name):
    assert np.isfinite(of(CELLS[name], 3, 4, dt=100.0)(np.ones((1, 2, 3)))).all()
    with pytest.raises(el.OptionError, match="dt is 101 and tau 100; expected a step dt of at most"):
        of(CELLS[name], 3, 4, dt=101)


@pytest.mark.parametrize(
    ("name", "parameter", "wrong", "expected"),
    [("clockwork_rnn", "period", w, "whole numbers from 1 on") for w in (0, -2, 2.5)]
    + [("dale_rnn", "d", w, "1 of units that excite and -1 of those that inhibit") for w in (0, 0.5, -2)],
)
def test_fixed_parameters_have_values_that_make_sense(name, parameter, wrong, expected):
    said = rf"is {wrong} at \[1\]; expected {expected}"
    with pytest.raises(el.OptionError, match=f"the initial value of 0.{parameter} {said}"):
        of(CELLS[name], 3, 3, initial={parameter: [1, wrong, 1]})
    net = of(el.cells.zoneout(CELLS[name], 0.1), 3, 3)
    before = net.params[f"0.{parameter}"].copy()
    with pytest.raises(el.OptionError, match=f"0.{parameter} {said}"):
        net.params[f"0.{parameter}"] = [1, wrong, 1]
    np.testing.assert_array_equal(net.params[f"0.{parameter}"], before)
