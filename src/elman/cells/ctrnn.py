"""The continuous-time recurrent network, in steps of Euler's method."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.cells.options import euler_share
from elman.checks import flag
from elman.equations import activation as as_function
from elman.equations import cell


@cell
def ctrnn(p, x, v, *, dt=20.0, tau=100.0, activation="sigmoid", bias=True):
    """The continuous-time recurrent network (CTRNN): leaky units that integrate the rates of one another.

    ``tau dv/dt = -v + U f(v) + W x + b``, in steps of ``dt``: small networks of it follow any trajectory. For
    models of neural circuits and evolved controllers, where it is the usual one. The leak bounds its memory to about
    ``tau / dt`` steps unless the connections hold it.

    Parameters ``W`` (H, F), ``U`` (H, H), ``b`` (H), the last one not with ``bias=False``. Options ``dt`` and ``tau``,
    in the same unit of time (20 and 100 milliseconds, as is usual), ``dt`` at most ``tau``, and ``activation``. What it
    returns are the rates ``r``, its state are the potentials ``v``. Many libraries take the rate of the sum, ``h = (1 -
    a) h + a f(U h + W x + b)``, which is another equation (of the same fixed points' rates if f is applied to them).

    Reference: K. Funahashi and Y. Nakamura, Approximation of dynamical systems by continuous time recurrent neural
    networks, Neural Networks 6 (1993).
    """
    f, alpha = as_function(activation), euler_share(dt, tau)
    v = (1 - alpha) * v + alpha * plus(p.U @ f(v) + p.W @ x, flag(bias, "bias") and p.b)
    r = f(v)
    return r, v
