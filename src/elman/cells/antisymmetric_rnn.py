"""The antisymmetric recurrent network, plain and gated."""

from __future__ import annotations

from elman.cells.biases import plus
from elman.checks import flag, real
from elman.equations import cell, sigmoid, tanh

_INITIAL = {"W": "lecun_normal", "W_z": "lecun_normal", "U": "lecun_normal"}


@cell(initial={"W": "lecun_normal", "U": "lecun_normal"})
def antisymmetric_rnn(p, x, h, *, epsilon=0.01, gamma=0.01, bias=True):
    """AntisymmetricRNN: a step of an ordinary differential equation that neither forgets nor explodes.

    The recurrent matrix is ``U - U.T``, whose eigenvalues are imaginary, less some diffusion ``gamma``, which Euler's
    method of step ``epsilon`` needs: the Jacobian's eigenvalues lie near the unit circle, so that gradients travel far
    without gates. For long sequences, with few parameters; it can forget only as slowly as ``epsilon gamma``, and a
    state moves by at most ``epsilon`` in a step, so that many steps are needed to reach any value.

    Parameters ``W`` (H, F), ``U`` (H, H), ``b`` (H), the last one not with ``bias=False``; the paper's V_h, W_h, b_h.
    Options ``epsilon`` (step size) and ``gamma`` (diffusion), which the paper tunes between 0.001 and 1. ``W`` starts
    normal with variance 1 / F and ``U`` with 1 / H.

    RecurrentLayers.jl starts with a step of 1 and no diffusion, with which the eigenvalues lie outside the unit circle.

    Reference: B. Chang, M. Chen, E. Haber and E. H. Chi, AntisymmetricRNN: a dynamical system view on recurrent neural
    networks, ICLR 2019.
    """
    epsilon, gamma = real(epsilon, "epsilon", 0), real(gamma, "gamma", 0, from_low=True)
    return h + epsilon * tanh(plus((p.U - p.U.T) @ h - gamma * h + p.W @ x, flag(bias, "bias") and p.b))


@cell(initial=_INITIAL)
def gated_antisymmetric_rnn(p, x, h, *, epsilon=0.01, gamma=0.01, bias=True):
    """AntisymmetricRNN with an input gate, which shares its recurrent matrix with the candidate.

    As `antisymmetric_rnn`, and a gate says how much of a step each unit takes: a unit can hold its value. The paper's
    better one where inputs are noise for most of the time.

    Parameters ``W W_z`` (H, F), ``U`` (H, H), ``b b_z`` (H), the last two not with ``bias=False``; the paper's V_h,
    V_z, W_h, b_h, b_z. Options and initial values as those of `antisymmetric_rnn`.

    Reference: B. Chang, M. Chen, E. Haber and E. H. Chi, AntisymmetricRNN: a dynamical system view on recurrent neural
    networks, ICLR 2019.
    """
    epsilon, gamma, bias = real(epsilon, "epsilon", 0), real(gamma, "gamma", 0, from_low=True), flag(bias, "bias")
    s = (p.U - p.U.T) @ h - gamma * h
    z = sigmoid(plus(s + p.W_z @ x, bias and p.b_z))
    return h + epsilon * z * tanh(plus(s + p.W @ x, bias and p.b))
