"""The linear recurrent unit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from elman import checks
from elman.equations import cell, cos, exp, sin

Initial = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def lru_ring(r_min: float = 0.0, r_max: float = 1.0, max_phase: float = 2 * np.pi) -> dict[str, Initial]:
    """Initial values of an `lru` whose eigenvalues lie on a ring of the complex plane, evenly by area.

    Their sizes are those at even shares of the ring's area, where the paper draws them, for the input's scale is to be
    known by size; units of a layer are all alike, so that the order does not matter. Their angles are drawn.

    Parameters
    ----------
    r_min, r_max : float, default 0 and 1
        The ring's radii; for long memory 0.9 and 0.999.
    max_phase : float, default 2 pi
        Angles are uniform from 0 to this; for long memory pi / 10.

    Returns
    -------
    dict of str to function
        ``nu_log theta_log gamma_log``, good as ``initial`` of a layer.

    Raises
    ------
    OptionError
        If not ``0 <= r_min < r_max <= 1``, or the phase is not above 0.

    References
    ----------
    A. Orvieto et al., Resurrecting recurrent neural networks for long sequences, ICML 2023, lemma 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(3, [el.Recurrent(el.cells.lru, 8, initial=el.cells.lru_ring(0.9, 0.999))])
    >>> sizes = np.exp(-np.exp(net.params["0.nu_log"]))
    >>> bool((sizes > 0.9).all() and (sizes < 0.999).all())
    True
    """
    low = checks.real(r_min, "r_min", 0, 1, from_low=True)
    high = checks.real(r_max, "r_max", low, np.nextafter(1.0, 2.0), f"above r_min, which is {low:g}, and at most 1")
    phase = checks.real(max_phase, "max_phase", 0)

    def logs_of(count: int) -> dict[str, np.ndarray]:
        return ring_logs(low**2 + (high**2 - low**2) * (np.arange(count) + 0.5) / count)

    return {
        "nu_log": lambda _, shape: logs_of(*shape)["nu_log"],
        "theta_log": lambda random, shape: np.log(phase * (1 - random.random(shape))),
        "gamma_log": lambda _, shape: logs_of(*shape)["gamma_log"],
    }


def ring_logs(squared: np.ndarray) -> dict[str, np.ndarray]:
    """What an `lru` learns of eigenvalues of these squared sizes, all but their angles; of 0 and 1 what is near it."""
    squared = np.clip(squared, np.finfo(np.float64).tiny, 1.0 - 1e-12)
    return {"nu_log": np.log(-0.5 * np.log(squared)), "gamma_log": 0.5 * np.log1p(-squared)}


def _normal(parts: int) -> Initial:
    """Normal, with a variance of one over the columns and the parts."""
    return lambda random, shape: random.normal(0.0, (parts * shape[1]) ** -0.5, shape)


_MATRICES = {"B_re": _normal(2), "B_im": _normal(2), "C_re": _normal(1), "C_im": _normal(1), "D": _normal(1)}


@cell(initial={**lru_ring(), **_MATRICES})
def lru(p, x, re, im):
    """LRU: a linear recurrence whose matrix is diagonal and complex, so that memory is set by eigenvalues.

    A state is a sum of damped waves, ``lambda = exp(-exp(nu_log) + i exp(theta_log))``; its size is below 1 whatever
    is learnt, so that nothing explodes. No product is left in the time loop but the output's. For long
    sequences: start it with ``initial=lru_ring(0.9, 0.999, pi / 10)``. It is linear: put something nonlinear above it,
    such as a dense layer with a gate, and stack several.

    The states are the real and imaginary parts of N values, N = H or ``sizes={"re": N}``; the output ``y``, of H
    values, is the real part of ``C`` times them and ``D x``. Parameters ``nu_log theta_log gamma_log`` (N): of the
    eigenvalues, and of the scale of the input; ``B_re B_im`` (N, F), ``C_re C_im`` (H, N), ``D`` (H, F). The
    eigenvalues start on a ring, see `lru_ring`, with ``gamma = sqrt(1 - |lambda|^2)``; B normal with variance 1 / 2F, C
    1 / N, D 1 / F.

    The code in the paper's appendix has a vector D, for layers as wide as their input; the paper's equation a matrix.

    Reference: A. Orvieto, S. L. Smith, A. Gu, A. Fernando, C. Gulcehre, R. Pascanu and S. De, Resurrecting recurrent
    neural networks for long sequences, ICML 2023.
    """
    size, angle, gamma = exp(-exp(p.nu_log)), exp(p.theta_log), exp(p.gamma_log)
    a, b = size * cos(angle), size * sin(angle)
    re_new = a * re - b * im + gamma * (p.B_re @ x)
    im_new = b * re + a * im + gamma * (p.B_im @ x)
    return p.C_re @ re_new - p.C_im @ im_new + p.D @ x, re_new, im_new
