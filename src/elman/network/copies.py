"""Copies of a network in float64, for what looks at it closely."""

from __future__ import annotations

import numpy as np

from elman.network.network import Network
from elman.network.structure import Structure


def in_float64(net: Network, structure: Structure | None = None, engine: str | None = None) -> Network:
    """A network, or one of other layers, in float64, with parameters as training begins with them."""
    return net.of_structure(
        net.structure if structure is None else structure,
        seed=net.seed,
        dtype=np.float64,
        engine=engine or net.engine_name,
        threads=net.threads,
        known=net.params,
    )
