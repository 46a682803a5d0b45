"""Recurrent weights of chosen eigenvalues: a sparse reservoir, a ring inside the unit circle."""

from __future__ import annotations

import numpy as np

from elman import checks
from elman.cells.lru import ring_logs
from elman.errors import ShapeError
from elman.network.initialisers.plain import Initialiser

ABOVE_1 = float(np.nextafter(1, 2))


def reservoir(spectral_radius: float = 0.9, density: float = 0.1) -> Initialiser:
    """A sparse random matrix whose largest eigenvalue has a given modulus: the reservoir of an echo state network.

    The weights that are there are uniform in (-1, 1). At most `spectral_radius` below 1 lets the reservoir forget its
    beginning in most cases; the closer to 1, the longer its memory.

    Parameters
    ----------
    spectral_radius : float, default 0.9
        The largest modulus of an eigenvalue.
    density : float, in (0, 1], default 0.1
        The share of weights that are not 0; each unit has one at least.

    Returns
    -------
    Initialiser
        For ``initial=`` of a layer or a cell.

    References
    ----------
    H. Jaeger, The "echo state" approach to analysing and training recurrent neural networks, GMD report 148, 2001.

    Examples
    --------
    >>> U = reservoir(0.8, 0.2)(np.random.default_rng(0), (50, 50))
    >>> round(float(abs(np.linalg.eigvals(U)).max()), 6), float((U != 0).mean()) < 0.25
    (0.8, True)
    """
    spectral_radius = checks.real(spectral_radius, "spectral_radius", 0)
    density = checks.real(density, "density", 0, ABOVE_1, "in (0, 1]")

    def draw(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ShapeError(f"a reservoir is a square matrix, got a parameter of shape {shape}")
        there = random.random(shape) < density
        there |= _cycle(random, len(there))
        weights = np.where(there, random.uniform(-1.0, 1.0, shape), 0.0)
        return weights * (spectral_radius / np.abs(np.linalg.eigvals(weights)).max())

    return draw


def _cycle(random: np.random.Generator, units: int) -> np.ndarray:
    """One connection to each unit, in a cycle through all of them: no reservoir is without an eigenvalue but 0."""
    order = random.permutation(units)
    found = np.zeros((units, units), bool)
    found[order, np.roll(order, 1)] = True
    return found


def ring(
    units: int, *, low: float = 0.0, high: float = 1.0, most_phase: float = 2 * np.pi, seed: int = 0
) -> dict[str, np.ndarray]:
    """Eigenvalues of a linear recurrent unit, uniform in a ring of the complex plane inside the unit circle.

    They are ``exp(-exp(nu_log) + i exp(theta_log))``; the closer to the circle, the longer is their memory. Inputs are
    scaled by ``exp(gamma_log) = sqrt(1 - |eigenvalue|**2)``, which keeps the variance of the state about that of its
    input. Sizes and angles are drawn; `elman.cells.lru_ring` spaces the sizes evenly, for any number of units.

    Parameters
    ----------
    units : int
        How many.
    low, high : float, 0 <= low < high <= 1
        The ring's radii; the paper's tasks of long memory take 0.9 and 0.999.
    most_phase : float, default 2 pi
        Phases are uniform between 0 and this; a small one makes slow oscillations.
    seed : int, default 0

    Returns
    -------
    dict of str to ndarray, shape (units,)
        ``nu_log``, ``theta_log``, ``gamma_log``, good as ``initial`` of an `elman.cells.lru`.

    References
    ----------
    A. Orvieto et al., Resurrecting recurrent neural networks for long sequences, ICML 2023, lemma 3.2 and appendix A.

    Examples
    --------
    >>> found = ring(100, low=0.9, high=0.999)
    >>> radius = np.exp(-np.exp(found["nu_log"]))
    >>> bool(radius.min() >= 0.9 and radius.max() <= 0.999)
    True
    """
    low = checks.real(low, "low", 0, 1, from_low=True)
    high = checks.real(high, "high", low, ABOVE_1, f"above low, {low:g}, and at most 1")
    most_phase = checks.real(most_phase, "most_phase", 0)
    random = np.random.default_rng(seed)
    u, v = random.uniform(size=(2, checks.whole(units, "units")))
    return {**ring_logs(low**2 + (1.0 - u) * (high**2 - low**2)), "theta_log": np.log(most_phase * (1.0 - v))}
