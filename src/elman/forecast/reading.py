"""A direct network read at some steps only: all that goes from step to step runs along, its head where it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from elman.engine.stage import Source
from elman.forecast.direct import head_of
from elman.network import Network
from elman.network.pieces import Fed, follow, piece, reads
from elman.network.structure import Structure

AT_ONCE = 250_000  # numbers that the body may make in one call


class Reader:
    """A direct network in two.

    The `body` reads series and makes what the head and all that depends on it read; the `head` makes of that, at any
    step, what the network makes there. The head has more outputs than all else together, and of a row mostly few steps
    are asked.
    """

    def __init__(self, net: Network):
        whole = net.structure
        seam = _seam(whole, head_of(net))
        given = {s: Fed(f"read {k}", whole.features(s), whole.axis(s)) for k, s in enumerate(seam)}
        parts = piece(whole, seam), piece(whole, whole.outputs, given)
        options: dict[str, Any] = {
            "dtype": net.dtype,
            "engine": net.engine_name,
            "threads": net.threads,
            "known": net.params,
        }
        self.body, self.head = (Network.of_structure(part, **options) for part in parts)
        self._version = -1
        self._width = sum(whole.features(source) for source in seam)

    def follow(self, net: Network) -> None:
        """Take over the parameters that the network has now."""
        if self._version != net.params.version:
            follow(self.body, net)
            follow(self.head, net)
            self._version = net.params.version

    def at(
        self, inputs: Mapping[str, np.ndarray], lengths: np.ndarray, row: np.ndarray, step: np.ndarray
    ) -> np.ndarray:
        """Outputs at some steps (A,) of rows (A,), which rise, (A, O)."""
        per = max(AT_ONCE // (inputs["series"].shape[1] * self._width), 1)
        read = []
        for start in range(0, len(lengths), per):
            stop = start + per
            batch: Any = {name: value[start:stop] for name, value in inputs.items()}
            asked = slice(*np.searchsorted(row, (start, stop)))
            made = self.body(batch, lengths=lengths[start:stop])
            every = made if isinstance(made, tuple) else (made,)
            read.append([each[row[asked] - start, step[asked]] for each in every])
        fed = tuple(np.concatenate(each)[:, None] for each in zip(*read, strict=True))
        return self.head(fed if len(fed) > 1 else fed[0])[:, 0]


_readers: WeakKeyDictionary[Network, Reader] = WeakKeyDictionary()


def outputs_at(
    net: Network, inputs: Mapping[str, np.ndarray], lengths: np.ndarray, row: np.ndarray, step: np.ndarray
) -> np.ndarray:
    """What a direct network makes at some steps of rows, to rounding as it makes all.

    Parameters
    ----------
    net : Network
    inputs : dict of str to ndarray
        As the network takes them, of B rows.
    lengths : ndarray of int, shape (B,)
    row, step : ndarray of int, shape (A,)
        Which rows, each not below the one before it, and which of their steps.

    Returns
    -------
    ndarray, shape (A, O)
    """
    reader = _readers.get(net)
    if reader is None:
        reader = _readers[net] = Reader(net)
    reader.follow(net)
    return reader.at(inputs, lengths, row, step)


def _seam(whole: Structure, head: str) -> list[Source]:
    """What the head, and all that depends on it, read of the rest of a network."""
    number = next(k for k, part in enumerate(whole.parts) if part.name == head)
    behind = {number}
    for k, part in enumerate(whole.parts):
        if any(source.number in behind for source in reads(part)):
            behind.add(k)
    read = [source for k in sorted(behind) for source in reads(whole.parts[k])]
    return list(dict.fromkeys(source for source in read if source.number not in behind))
