"""The phased LSTM, in steps and with times of its own."""

from __future__ import annotations

import numpy as np

from elman.cells.biases import plus
from elman.checks import flag, real
from elman.equations import cell, floor, sigmoid, sum, tanh, where


def _periods(random, shape):
    """Between 2.7 and 148 steps, as many around 5 as around 50."""
    return np.exp(random.uniform(1.0, 5.0, shape))


def _shifts(random, shape):
    """Of several periods, so that all phases are about equally frequent."""
    return random.uniform(0.0, 1000.0, shape)


_START = {"tau": _periods, "s": _shifts, "r_on": 0.05}


def _phase(p, t):
    """How far each unit is in its cycle, in [0, 1)."""
    cycles = (t - p.s) / p.tau
    return cycles - floor(cycles)


def _openness(p, phi, leak):
    """The time gate: it opens for half of its time, closes for the other half, and leaks for the rest of the cycle."""
    return where(phi < p.r_on / 2, 2 * phi / p.r_on, where(phi < p.r_on, 2 - 2 * phi / p.r_on, leak * phi))


def _gates(p, x, h, c, peepholes):
    """The LSTM's input and forget gates and its candidate."""
    i = sigmoid(plus(p.W_i @ x + p.U_i @ h, peepholes and p.v_i * c) + p.b_i)
    f = sigmoid(plus(p.W_f @ x + p.U_f @ h, peepholes and p.v_f * c) + p.b_f)
    return i, f, tanh(p.W_g @ x + p.U_g @ h + p.b_g)


def _output_gate(p, x, h, c, peepholes):
    return sigmoid(plus(p.W_o @ x + p.U_o @ h, peepholes and p.v_o * c) + p.b_o)


@cell(initial=_START, frozen=["r_on"])
def phased_lstm(p, x, h, c, t, *, leak=0.001, peepholes=True):
    """Phased LSTM: a gate that opens rhythmically lets each unit change in a small part of its own cycle only.

    Between, a unit holds its state exactly (but for a leak), so that gradients pass unchanged over long times. For
    sequences of a thousand steps or more; for times of one's own, as of events or several sensors, there is
    `timed_phased_lstm`. Not for short sequences, in which units may never open.

    Parameters ``W_k`` (H, F), ``U_k`` (H, H), ``b_k`` (H) for k in i, f, g, o; peepholes ``v_i v_f v_o`` (H), not with
    ``peepholes=False``; ``tau`` (H), the period in steps, ``s`` (H), the shift, and ``r_on`` (H), the share of the
    cycle in which a unit is open, which training leaves at 0.05 unless it is unfrozen. ``tau`` starts as exp of a
    uniform number in (1, 5), as the authors advise, ``s`` uniform in (0, 1000). Option ``leak`` (the paper's alpha),
    which the paper sets to 0 after training. The state ``t`` counts steps from 0. The authors' code adds the shift, the
    paper subtracts it.

    Reference: D. Neil, M. Pfeiffer and S.-C. Liu, Phased LSTM: accelerating recurrent network training for long or
    event-based sequences, NeurIPS 2016.
    """
    peepholes = flag(peepholes, "peepholes")
    phi = _phase(p, t)
    k = _openness(p, phi, real(leak, "leak", 0, 1, from_low=True))
    i, f, g = _gates(p, x, h, c, peepholes)
    c_new = f * c + i * g
    o = _output_gate(p, x, h, c_new, peepholes)
    return k * o * tanh(c_new) + (1 - k) * h, k * c_new + (1 - k) * c, t + 1


@cell(inputs=2, initial=_START, frozen=["r_on"])
def timed_phased_lstm(p, x, time, h, c, *, leak=0.001, peepholes=True):
    """Phased LSTM for inputs that come at times of their own: events, sensors with different rates.

    As `phased_lstm`, with a second input of one feature, the time of each step, in any unit: that of ``tau`` and ``s``.

    Parameters and options as those of `phased_lstm`.

    Reference: D. Neil, M. Pfeiffer and S.-C. Liu, Phased LSTM: accelerating recurrent network training for long or
    event-based sequences, NeurIPS 2016.
    """
    peepholes = flag(peepholes, "peepholes")
    phi = _phase(p, sum(time))
    k = _openness(p, phi, real(leak, "leak", 0, 1, from_low=True))
    i, f, g = _gates(p, x, h, c, peepholes)
    c_new = f * c + i * g
    o = _output_gate(p, x, h, c_new, peepholes)
    return k * o * tanh(c_new) + (1 - k) * h, k * c_new + (1 - k) * c
