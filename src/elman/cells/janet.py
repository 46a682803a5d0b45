"""The LSTM with only a forget gate."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag, real
from elman.equations import cell, sigmoid, tanh


@cell(initial={"b_f": 1.0})
def janet(p, x, c, *, beta=1.0, bias=True):
    """JANET, "just another network": an LSTM of which only the forget gate is left, and whose output is its state.

    Half the parameters of the LSTM, and as good where a signal has to be held for long, as in the copy and adding tasks
    and in images read pixel by pixel; less so where what is stored must be hidden from the output for a time, for
    there is no output gate. With ``beta`` above 0 more is written than is forgotten, so that the state can count.

    Parameters ``W_f U_f b_f`` of the gate and ``W_c U_c b_c`` of the candidate; matrices (H, F) and (H, H), biases (H),
    which are not there with ``bias=False``. ``beta`` is how far the gate that writes is above the one that forgets, 1
    in the paper, 0 for a plain coupling.

    The forget bias starts at 1. The paper draws it by the longest dependency that is expected, of T steps: chrono
    initialisation, the initialiser `chrono`: ``initial={"b_f": chrono(T)}``.

    Reference: J. van der Westhuizen and J. Lasenby, The unreasonable effectiveness of the forget gate, arXiv
    1804.04849 (2018), eq. 4.
    """
    bias, beta = flag(bias, "bias"), real(beta, "beta", 0, from_low=True)
    s = plus(p.W_f @ x + p.U_f @ c, bias and p.b_f)
    n = tanh(plus(p.W_c @ x + p.U_c @ c, bias and p.b_c))
    return sigmoid(s) * c + (1 - sigmoid(s - beta)) * n
