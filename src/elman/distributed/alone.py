"""One rank: what several would compute, on one machine and without MPI."""

from __future__ import annotations

from elman.checks import whole
from elman.training.ranks import SHARDS, Alone, Ranks


def alone(shards: int = SHARDS) -> Ranks:
    """One rank that computes what several ranks with as many shards do, bit for bit, without MPI.

    Parameters
    ----------
    shards : int, default 8
        That each batch is cut into.

    Returns
    -------
    Ranks
        For ``net.fit(ranks=...)``.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)])
    >>> x = np.ones((16, 5, 1))
    >>> history = net.fit(x, x, epochs=2, ranks=el.distributed.alone(shards=4), verbose=0)
    """
    return Alone(whole(shards, "shards"))
