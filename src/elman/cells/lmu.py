"""The Legendre memory unit."""

from __future__ import annotations

import numpy as np

from elman import checks
from elman.cells.polynomials import legendre_delay, zero_order_hold
from elman.equations import activation as as_function
from elman.equations import cell, constant, sum

MOST = 4096  # coefficients: a matrix of their square is made


def _lecun(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    bound = np.sqrt(3 / shape[0])
    return random.uniform(-bound, bound, shape)


@cell(initial={"e_x": _lecun, "e_h": _lecun})
def lmu(p, x, h, m, *, order=4, theta=4.0, activation="tanh"):
    """LMU: a memory that holds the last `theta` steps of one signal ``u``, as its Legendre coefficients, and reads it.

    The memory is a linear system that is derived, not learnt: it delays ``u`` by any time up to `theta`, the better the
    larger the `order`, about one coefficient for each half period of the fastest wave that matters. For long windows:
    the paper has an order of 256 for 784 steps. ``u`` is one value, read from the input, the state and the memory.

    Parameters ``e_x`` (F), ``e_h`` (H), ``e_m`` (order); ``W`` (H, F), ``U`` (H, H), ``V`` (H, order), of input, state
    and memory; constants ``A`` (order, order) and ``B`` (order): the paper's, discretised with zero-order hold. The
    encoders ``e_x`` and ``e_h`` start uniform with variance one over their width, ``e_m`` at 0.

    keras-lmu of today leaves out by default what goes back into the memory, ``e_h`` and ``e_m``, and the input beside
    it, ``W``; the paper has all three. Order and theta by default are those of the paper's Mackey-Glass experiment.

    Reference: A. R. Voelker, I. Kajić and C. Eliasmith, Legendre memory units: continuous-time representation in
    recurrent neural networks, NeurIPS 2019.
    """
    order, theta = checks.whole(order, "order", most=MOST), checks.real(theta, "theta", 0)
    A, B = map(constant, zero_order_hold(*legendre_delay(order, theta)))
    u = sum(p.e_x * x) + sum(p.e_h * h) + sum(p.e_m * m)
    m = A @ m + B * u
    return as_function(activation)(p.W @ x + p.U @ h + p.V @ m), m
