"""Many small problems of nonlinear least squares at once, each parameter between two bounds."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

Residuals = Callable[[np.ndarray, np.ndarray], np.ndarray]
Products = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

STEP = 1e-6  # of a finite difference
BLOCK = 32  # steps that are summed at once
GAIN = 1e-4  # a step that lowers the squares by less is the last one


def least_squares(
    residuals: Residuals,
    x: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    rounds: int = 20,
    products: Products | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Parameters of the least sum of squares near `x`, by the method of Levenberg and Marquardt.

    The derivatives are finite differences, computed beside the residuals themselves as further candidates. A parameter
    at a bound that the squares push it over is left out of a step. A problem whose steps gain no more is done.

    Parameters
    ----------
    residuals : callable
        Of parameters (P, C, R'), C candidates for each of R' problems, and the numbers of these problems among all,
        (R',); gives (T, C, R'). What is not finite is worse than all else.
    x, low, high : array, shape (P, R)
        Where each problem starts, and its bounds; a parameter whose bounds are equal is fixed.
    rounds : int, default 20
        At most how many steps.
    products : callable, optional
        Of candidates (P, 1 + P, R'), the numbers of their problems, and how far each candidate is from the first,
        (P, R'): sums over time of the products of all pairs of the first one's residuals and the slopes of the others',
        (R', 1 + P, 1 + P); by default those of the residuals.

    Returns
    -------
    x : ndarray, shape (P, R)
    squares : ndarray, shape (R,)

    References
    ----------
    D. W. Marquardt, An algorithm for least-squares estimation of nonlinear parameters, SIAM Journal 11 (1963).
    """
    products = products or functools.partial(products_of, residuals)
    x, problems = np.clip(x, low, high), np.arange(x.shape[1])
    best, squares = x.copy(), np.full(len(problems), np.inf)
    trial, damping = x.copy(), np.full(len(problems), 1e-2)
    normal, slope = np.zeros((len(problems), len(x), len(x))), np.zeros((len(problems), len(x)))
    for _ in range(rounds):
        at = trial[:, problems]
        found, matrix, gradient = _linearised(products, at, low[:, problems], high[:, problems], problems)
        better = found < squares[problems]
        gained = better & ~(found > (1 - GAIN) * squares[problems])
        taken = problems[better]
        squares[taken], best[:, taken] = found[better], at[:, better]
        normal[taken], slope[taken] = matrix[better], gradient[better]
        damping[problems] *= np.where(better, 0.2, 8.0)
        going = np.where(better, gained & (found > 0), damping[problems] < 1e4) & np.isfinite(squares[problems])
        problems = problems[going]
        if not len(problems):
            break
        bounds = low[:, problems], high[:, problems]
        step = _step(best[:, problems], normal[problems], slope[problems], damping[problems], *bounds)
        trial[:, problems] = np.clip(best[:, problems] + step, *bounds)
    return best, squares


def _linearised(
    products: Products, x: np.ndarray, low: np.ndarray, high: np.ndarray, problems: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum of squares (R,), matrix ``J J'`` (R, P, P) and gradient ``J r`` (R, P) at x."""
    count = len(x)
    size = STEP * np.maximum(np.abs(x), 1e-2)
    size = np.where(x + size > high, -size, size)
    size = np.where(low == high, 0.0, size)
    candidates = np.repeat(x[:, None], count + 1, axis=1)  # (P, 1 + P, R)
    candidates[np.arange(count), np.arange(count) + 1] += size
    found = products(candidates, problems, size)
    usable = np.isfinite(found).all((1, 2))
    found[~usable] = 0
    return np.where(usable, found[:, 0, 0], np.inf), found[:, 1:, 1:], found[:, 1:, 0]


def products_of(residuals: Residuals, candidates: np.ndarray, problems: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Sums over time of the products of residuals and of their slopes, (R, 1 + P, 1 + P)."""
    found = residuals(candidates, problems)  # (T, 1 + P, R)
    found[:, 1:] = (found[:, 1:] - found[:, :1]) / np.where(size == 0, 1.0, size)
    return _products(found)


def _products(rows: np.ndarray) -> np.ndarray:
    """Sums over time of the products of all pairs, (R, P, P), of (T, P, R).

    Summed in blocks of fixed size, one after the other, so that zeros behind the end of a problem change no digit.
    """
    rows = np.pad(rows, [(0, -len(rows) % BLOCK), (0, 0), (0, 0)])
    blocks = np.ascontiguousarray(rows.reshape(-1, BLOCK, *rows.shape[1:]).transpose(0, 3, 2, 1))  # (T / 32, R, P, 32)
    return np.add.reduce(blocks @ blocks.transpose(0, 1, 3, 2), axis=0)


def _step(
    x: np.ndarray, matrix: np.ndarray, gradient: np.ndarray, damping: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """The damped step of each problem, (P, R), of the parameters that are free to move."""
    held = ((x <= low) & (gradient.T >= 0)) | ((x >= high) & (gradient.T <= 0))
    free = ~held.T  # (R, P)
    matrix = matrix * (free[:, :, None] & free[:, None, :])
    diagonal = np.einsum("rpp->rp", matrix)
    scale = np.where(free & (diagonal > 0), diagonal, 1.0)
    damped = matrix + (damping[:, None] * scale + 1e-12 * scale + ~free)[..., None] * np.eye(len(x))
    return np.linalg.solve(damped, -(gradient * free)[..., None])[..., 0].T
