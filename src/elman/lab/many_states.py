"""Dynamics of very many states: what can be had without the Jacobians of every search and of every step."""

from __future__ import annotations

import numpy as np

from elman.insight.fixed_points import FixedPoints
from elman.insight.lyapunov import Spectrum, spectrum_of
from elman.insight.system import System

RUNS, STEPS = 8, 600  # runs that may settle, and for how long
SETTLED, SLOW = 1e-6, 1e-3  # norms of a step at a fixed point, and at a slow one
APART = 1e-3
MOST_NUMBERS = 1_500_000  # in the Jacobians whose eigenvalues are computed
EXPONENTS, BURN_IN, ALONG = 8, 100, 300


def settled_points(system: System, states: np.ndarray, drive: np.ndarray) -> FixedPoints:
    """Where runs from zeros and from some states settle under a constant input: no saddles, where nothing settles."""
    chosen = states[np.unique(np.linspace(0, len(states) - 1, RUNS - 1).astype(int))]
    start = np.concatenate([np.zeros((1, system.n)), chosen])
    s = system.after(start, np.broadcast_to(drive, (len(start), STEPS, system.F)))
    s = s[np.isfinite(s).all(axis=1)]
    residuals = np.linalg.norm(system.step(s, np.broadcast_to(drive, (len(s), system.F))) - s, axis=1)
    kept = _different(s, residuals)[: max(1, MOST_NUMBERS // system.n**2)]
    s, residuals = s[kept], residuals[kept]
    jacobians = system.jacobian(s, np.broadcast_to(drive, (len(s), system.F)))[0]
    eigenvalues = np.linalg.eigvals(jacobians).astype(complex).reshape(len(s), system.n)
    order = np.argsort(-np.abs(eigenvalues), axis=1, kind="stable")
    eigenvalues = np.take_along_axis(eigenvalues, order, axis=1)
    return FixedPoints(s, residuals, eigenvalues, np.ones(len(s), int), residuals > SETTLED, chosen, system.parts)


def _different(s: np.ndarray, residuals: np.ndarray) -> list[int]:
    """The places of points that are nearly still, each once."""
    found: list[int] = []
    for k in np.argsort(residuals, kind="stable"):
        new = all(np.linalg.norm(s[k] - s[other]) > APART for other in found)
        if residuals[k] <= SLOW and new:
            found.append(int(k))
    return found


def leading_exponents(system: System, drive: np.ndarray) -> Spectrum:
    """The first Lyapunov exponents: directions carried backward along a trajectory, which grow as those forward do.

    A step backward is a product with the transposed Jacobian, which needs one run for each direction and not one for
    each state; a matrix and its transpose have the same singular values.
    """
    steps = np.ascontiguousarray(np.broadcast_to(drive, (1, BURN_IN + ALONG + BURN_IN, system.F)))
    along = system.trajectory(steps, np.random.default_rng(0).uniform(-0.5, 0.5, (1, system.n)))[0, BURN_IN:]
    count = min(EXPONENTS, system.n)
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(system.n, count)))[0]
    x, grown = np.broadcast_to(drive, (count, 1, system.F)), []
    for s in along[-2::-1]:
        pulled = system.pull_back(np.repeat(s[None], count, axis=0), x, np.ascontiguousarray(Q.T))
        Q, R = np.linalg.qr(pulled.T)
        grown.append(np.log(np.maximum(np.abs(np.diag(R)), np.finfo(float).tiny)))
    return spectrum_of(np.array(grown[BURN_IN:]), np.ones(ALONG))
