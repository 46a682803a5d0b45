"""Linear systems that keep their past as coefficients of Legendre polynomials: A and B of ``dm/dt = A m + B u``."""

from __future__ import annotations

import math

import numpy as np

from elman import checks
from elman.errors import DataError, ShapeError

SQUARINGS = 3  # the exponential's argument is brought below 2**-3 by halving; ten terms are then exact


def hippo_legs(order: int) -> tuple[np.ndarray, np.ndarray]:
    """HiPPO-LegS: A and B of ``dm/dt = (A m + B u) / t``, which keeps the whole past, scaled to [0, 1].

    ``A[n, k] = -sqrt((2 n + 1) (2 k + 1))`` below the diagonal, ``-(n + 1)`` on it, 0 above; ``B[n] = sqrt(2 n + 1)``.
    State-space layers (S4) take the same A without the 1 / t.

    Parameters
    ----------
    order : int
        N, how many polynomials.

    Returns
    -------
    A : ndarray, shape (N, N)
    B : ndarray, shape (N,)

    References
    ----------
    A. Gu, T. Dao, S. Ermon, A. Rudra and C. Re, HiPPO: recurrent memory with optimal polynomial projections,
    NeurIPS 2020, theorem 2.

    Examples
    --------
    >>> hippo_legs(3)[0].round(2).tolist()
    [[-1.0, 0.0, 0.0], [-1.73, -2.0, 0.0], [-2.24, -3.87, -3.0]]
    """
    n = np.arange(checks.whole(order, "order"))
    B = np.sqrt(2 * n + 1.0)
    return np.diag(-n - 1.0) - np.tril(np.outer(B, B), -1), B


def legendre_delay(order: int, window: float) -> tuple[np.ndarray, np.ndarray]:
    """The Legendre memory unit's A and B: a window of the past slides along, as polynomials of degree below `order`.

    ``A[i, j] = (2 i + 1) / window * (-1 if i < j else (-1)**(i - j + 1))``, ``B[i] = (2 i + 1) (-1)**i / window``. The
    input `s` steps ago is ``sum over i of P_i(2 s / window - 1) m[i]`` with the Legendre polynomials P.

    Parameters
    ----------
    order : int
        N, how many polynomials.
    window : float, above 0
        theta, the length of the window, in steps.

    Returns
    -------
    A : ndarray, shape (N, N)
    B : ndarray, shape (N,)
        Of continuous time; `zero_order_hold` makes them those of steps.

    References
    ----------
    A. R. Voelker, I. Kajic and C. Eliasmith, Legendre memory units: continuous-time representation in recurrent neural
    networks, NeurIPS 2019.

    Examples
    --------
    >>> import elman as el
    >>> A, B = el.initialisers.legendre_delay(4, 100)
    >>> A.shape, B.shape
    ((4, 4), (4,))
    """
    i = np.arange(checks.whole(order, "order"))
    window = checks.real(window, "window", 0)
    above = i[:, None] < i[None, :]
    A = np.where(above, -1.0, -((-1.0) ** (i[:, None] - i[None, :])))
    scale = (2 * i + 1.0) / window
    return scale[:, None] * A, scale * (-1.0) ** i


def zero_order_hold(A: np.typing.ArrayLike, B: np.typing.ArrayLike, step: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """A linear system in steps of time, in each of which its input is constant; exact.

    Parameters
    ----------
    A, B : arrays (N, N), (N,)
        Of ``dm/dt = A m + B u``.
    step : float, default 1
        The time between two steps.

    Returns
    -------
    arrays (N, N), (N,)
        Of ``m[t] = A m[t - 1] + B u[t]``.

    Raises
    ------
    ShapeError
        If A and B are not those of one system.
    DataError
        If they are not finite, or what they grow to in a step is not.

    Examples
    --------
    >>> A, B = zero_order_hold([[-1.0]], [1.0], step=0.5)
    >>> round(float(A[0, 0]), 6), round(float(B[0]), 6)  # exp(-0.5) and 1 - exp(-0.5)
    (0.606531, 0.393469)
    """
    A, B = checks.floats(A, "A", finite=True), checks.floats(B, "B", finite=True)
    N = len(B) if B.ndim == 1 else 0
    if not N or A.shape != (N, N):
        raise ShapeError(f"A and B have shapes {A.shape} and {B.shape}; expected (N, N) and (N,)")
    both = np.zeros((N + 1, N + 1))
    both[:N, :N], both[:N, N] = A, B
    with np.errstate(over="ignore", invalid="ignore"):
        found = _exponential(checks.real(step, "step", 0) * both)
    if not checks.all_finite(found):
        raise DataError(f"the system grows beyond what float64 holds in a step of {step:g}; take shorter steps")
    return found[:N, :N], found[:N, N]


def _exponential(M: np.ndarray) -> np.ndarray:
    """exp(M) by scaling and squaring (Moler and Van Loan, SIAM Review 45, 2003)."""
    halvings = max(0, math.ceil(math.log2(max(float(np.linalg.norm(M, 1)), 1e-300))) + SQUARINGS)
    M = M / 2.0**halvings
    term = found = np.eye(len(M))
    for k in range(1, 11):
        term = term @ M / k
        found = found + term
    for _ in range(halvings):
        found = found @ found
    return found
