"""The echo state network's reservoir."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag, real
from elman.equations import activation as as_function
from elman.equations import cell


def _within_one(random, shape):
    return random.uniform(-1.0, 1.0, shape)


@cell(initial={"W": _within_one, "U": "reservoir", "b": _within_one}, frozen=["W", "U", "b"])
def echo_state(p, x, h, *, leak=1.0, activation="tanh", bias=False):
    """The echo state network: a random reservoir that is never trained; only a readout of it is, in closed form.

    `elman.fit_readout` fits the readout, a ``Dense`` layer behind it, by ridge regression, in one pass through the
    data. For chaotic and other smooth series where thousands of models are to be fitted, or little time is; not for
    discrete memories or long gaps: its memory capacity is at most H, and fades.

    Parameters ``W`` (H, F), ``U`` (H, H), and ``b`` (H) with ``bias=True``; the paper's W_in, W. Training leaves them
    as they are. ``U`` is sparse (a tenth) with spectral radius 0.9, others by ``initial={"U":
    el.initialisers.reservoir(1.1, 0.05)}``; ``W`` and ``b`` are uniform in (-1, 1), and their scale sets how nonlinear
    the reservoir is. Option ``leak``, in (0, 1]: the share of the new state (Jaeger et al., Neural Networks 20, 2007).

    Reference: H. Jaeger, The "echo state" approach to analysing and training recurrent neural networks, GMD report 148,
    2001.
    """
    leak = real(leak, "leak", 0, 1 + 2**-52, "in (0, 1]")
    new = as_function(activation)(plus(p.W @ x + p.U @ h, flag(bias, "bias") and p.b))
    return new if leak == 1 else (1 - leak) * h + leak * new
