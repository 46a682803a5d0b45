"""The clockwork recurrent network."""

from __future__ import annotations

import numpy as np

from elman.cells.biases import plus
from elman.cells.options import whole_from_one
from elman.checks import flag
from elman.equations import activation as as_function
from elman.equations import cell, equal, floor, where

MODULES = 8  # of a new network; the paper has 7 to 9


def _powers_of_two(random, shape):
    """1, 2, 4 ... in groups of equal size."""
    units = shape[0]
    groups = min(MODULES, units)
    return 2.0 ** (np.arange(units) * groups // units)


@cell(initial={"period": _powers_of_two}, frozen=["period"], valid={"period": whole_from_one})
def clockwork_rnn(p, x, y, t, *, activation="tanh", bias=True):
    """Clockwork RNN: modules of units that tick at different rates; the slow ones keep what the fast ones forget.

    A unit of period T is computed at the steps 0, T, 2 T ... and holds its value between. It sees units that are as
    slow or slower. For series with several time scales, such as audio and motion, where it does as an LSTM with fewer
    parameters in use; not where events come at any time, which slow modules may miss. Here every step computes all
    units: the paper's saving of time is not made.

    Parameters ``W`` (H, F), ``U`` (H, H) of which half does not count, ``b`` (H), the last one not with ``bias=False``;
    ``period`` (H), which training leaves as it is: eight modules of equal size with periods 1, 2, 4 ... 128, others by
    ``initial={"period": periods}``, a whole number for each unit, in any order. The state ``t`` counts steps from 0.

    Reference: J. Koutnik, K. Greff, F. Gomez and J. Schmidhuber, A clockwork RNN, ICML 2014.
    """
    slower = p.period[None, :] >= p.period[:, None]
    ticks = equal(p.period * floor(t / p.period), t)
    new = as_function(activation)(plus(p.W @ x + (slower * p.U) @ y, flag(bias, "bias") and p.b))
    return where(ticks, new, y), t + 1
