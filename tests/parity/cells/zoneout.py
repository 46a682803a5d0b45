"""Krueger et al. 2017, in use: a state is the mean of the old and the new one; of an LSTM, h of the new c."""

import torch
from tests.parity.cells import reference
from tests.parity.cells.lstm import gers
from tests.parity.cells.mgu import whole


@reference("lstm", zoneout={"h": 0.05, "c": 0.5})
def of_lstm(p, x, h, c):
    new_h, new_c = gers(p, x, h, c, torch.tanh)
    return 0.05 * h + 0.95 * new_h, 0.5 * c + 0.5 * new_c


@reference("mgu", zoneout={"h": 0.25})
def of_mgu(p, x, h):
    return 0.25 * h + 0.75 * whole(p, x, h)
