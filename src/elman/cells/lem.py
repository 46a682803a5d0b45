"""Long expressive memory."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag, real
from elman.equations import cell, sigmoid, tanh


@cell(initial={f"{kind}_{of}": "hidden_uniform" for kind in "WUb" for of in "12zy"})
def lem(p, x, y, z, *, dt=1.0, bias=True):
    """LEM: two states whose steps in time are learnt and depend on the input and the state: many time scales at once.

    As strong as an LSTM where sequences are short and rich, and much stronger where they are long; as many parameters
    as an LSTM. With ``dt`` at most 1 states stay within (-1, 1), and gradients do not explode.

    Parameters ``W_k`` (H, F), ``U_k`` (H, H), ``b_k`` (H) for k in 1, 2 (the two steps in time), z, y (the two states);
    no ``b`` with ``bias=False``. The paper's V_1 V_2 V_z V_y, W_1 W_2 W_z W_y, b_1 b_2 b_z b_y; ``U_y`` multiplies z.
    Option ``dt``, the longest step. All start uniform within 1 / sqrt(H), as in the authors' code, which names its step
    1 what is the paper's second one.

    Reference: T. K. Rusch, S. Mishra, N. B. Erichson and M. W. Mahoney, Long expressive memory for sequence modeling,
    ICLR 2022.
    """
    dt, bias = real(dt, "dt", 0), flag(bias, "bias")
    dt_1 = dt * sigmoid(plus(p.W_1 @ x + p.U_1 @ y, bias and p.b_1))
    dt_2 = dt * sigmoid(plus(p.W_2 @ x + p.U_2 @ y, bias and p.b_2))
    z = (1 - dt_1) * z + dt_1 * tanh(plus(p.W_z @ x + p.U_z @ y, bias and p.b_z))
    return (1 - dt_2) * y + dt_2 * tanh(plus(p.W_y @ x + p.U_y @ z, bias and p.b_y)), z
