"""The coupled oscillatory recurrent network."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag, real
from elman.equations import cell, tanh


@cell(initial={"W": "fan_in_uniform", "U_y": "fan_in_uniform", "U_z": "fan_in_uniform"})
def co_rnn(p, x, y, z, *, dt=0.042, gamma=2.7, epsilon=4.7, bias=True):
    """coRNN: a network of coupled, forced and damped oscillators, positions ``y`` and velocities ``z``.

    Steps of length ``dt`` of a differential equation of second order; states and gradients are bounded by the time
    ``T dt`` that a sequence takes, whatever the weights are. For long sequences whose output depends on all of them
    (pixel by pixel, addition over thousands of steps); not for tasks that need states which jump. ``dt``, ``gamma`` and
    ``epsilon`` are to be tuned for each task.

    Parameters ``W`` (H, F), ``U_y U_z`` (H, H), ``b`` (H), the last one not with ``bias=False``; the paper's V, W,
    script W, b. Options ``dt``, ``gamma`` (frequency: the square of it), ``epsilon`` (damping): defaults of the paper's
    sequential MNIST. The damping sees the old velocity, as in the authors' code; the paper leaves it open between the
    old and the new one. Matrices start uniform within 1 / sqrt(fan in), each by its own; the authors' within that of
    all three together. RecurrentLayers.jl starts with dt = 1 and no oscillation or damping.

    Reference: T. K. Rusch and S. Mishra, Coupled oscillatory recurrent neural network (coRNN): an accurate and
    (gradient) stable architecture for learning long time dependencies, ICLR 2021.
    """
    dt, gamma, epsilon = real(dt, "dt", 0), real(gamma, "gamma", 0), real(epsilon, "epsilon", 0, from_low=True)
    force = tanh(plus(p.W @ x + p.U_y @ y + p.U_z @ z, flag(bias, "bias") and p.b))
    z = z + dt * (force - gamma * y - epsilon * z)
    return y + dt * z, z
