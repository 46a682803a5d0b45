"""Biases of gates for memories of a known length."""

from __future__ import annotations

import numpy as np

from elman import checks
from elman.network.initialisers.plain import Initialiser


def chrono(longest: float) -> Initialiser:
    """Biases of gates that keep: ``log(u)``, u uniform in [1, longest - 1]: memories of up to `longest` steps.

    A unit whose keeping gate is ``sigmoid(log(u)) = u / (1 + u)`` forgets as ``exp(-t / (1 + u))``. It is for ``b_f``
    of JANET and ``b_z`` of a GRU; an LSTM has also ``b_i = -b_f``, see `chrono_biases`.

    Parameters
    ----------
    longest : float, above 2
        T_max, the range of dependencies that the task has, in steps.

    Returns
    -------
    Initialiser
        For ``initial=`` of a layer or a cell.

    References
    ----------
    C. Tallec and Y. Ollivier, Can recurrent neural networks warp time?, ICLR 2018.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(8, initial={"b_z": el.initialisers.chrono(100)})])
    >>> bool(0 <= net.params["0.b_z"].min() and net.params["0.b_z"].max() <= np.log(99))
    True
    """
    longest = checks.real(longest, "longest", 2)
    return lambda random, shape: np.log(random.uniform(1.0, longest - 1.0, shape))


def chrono_biases(units: int, longest: float, *, seed: int = 0) -> dict[str, np.ndarray]:
    """The biases of an LSTM's forget and input gates by chrono initialisation: ``b_i = -b_f``, see `chrono`.

    Parameters
    ----------
    units : int
        Hidden size of the LSTM.
    longest : float, above 2
        T_max, as for `chrono`.
    seed : int, default 0
        Fixes what is drawn.

    Returns
    -------
    dict of str to ndarray
        ``b_f`` and ``b_i``, for ``initial=``.

    Examples
    --------
    >>> import elman as el
    >>> layer = el.LSTM(8, initial=el.initialisers.chrono_biases(8, longest=200))
    """
    b_f = chrono(longest)(np.random.default_rng(seed), (checks.whole(units, "units"),))
    return {"b_f": b_f, "b_i": -b_f}
