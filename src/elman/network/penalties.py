"""Penalties on activities, as layers that pass on what they read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from elman.engine.stage import Source
from elman.equations import cell
from elman.network.ends import end_of
from elman.network.layers import Layer
from elman.network.stateless_layers import Stateless
from elman.network.structure import Structure
from elman.training.penalties import Penalty


@cell
def activity_penalty(p, x):
    """What came in; see `ActivityPenalty`."""
    return x


def ActivityPenalty(l1: float = 0.0, l2: float = 0.0) -> Layer:
    """A penalty on what the layer before returns, which is passed on as it is: Keras' ``activity_regularizer``.

    In training ``l1 * sum |h| + l2 * sum h^2``, the sums over the features, is added to the loss: the mean over the
    rows of a batch and all of their steps in use, each of which counts alike, whatever its weight in the loss.

    Parameters
    ----------
    l1 : float, default 0
        What absolute values count: it makes many of them 0.
    l2 : float, default 0
        What squares count: it makes them small.

    Returns
    -------
    Layer

    Notes
    -----
    The ``loss`` of `Network.fit`, `train_on_batch` and `Network.loss_and_grads` has the penalty; `Network.evaluate` and
    ``val_loss`` have not, they say how well the network fits. Keras takes the sum over the steps of a sequence, padded
    ones too, where this is their mean: its numbers are those of here divided by the number of steps. Penalties on
    weights are settings of an optimiser, see `elman.training.groups`.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import ActivityPenalty, Dense, GRU, Network
    >>> net = Network(3, [GRU(8), ActivityPenalty(l2=0.01), Dense(1)])
    >>> x, target = np.ones((4, 5, 3)), np.ones((4, 5, 1))
    >>> loss, _ = net.loss_and_grads(x, target)
    >>> loss > net.evaluate(x, target)
    True
    """
    return replace(Stateless(activity_penalty), penalty={"l1": l1, "l2": l2})


def penalised(structure: Structure) -> list[Source]:
    """The values that have a penalty."""
    return [Source(k) for k, part in enumerate(structure.parts) if part.layer is not None and part.layer.penalty]


def penalties_of(structure: Structure, dtype: np.dtype) -> tuple[Penalty, ...]:
    """Of each of them what it counts."""
    found = []
    for source in penalised(structure):
        part = structure.parts[source.number]
        found.append(Penalty(end_of(structure, source, part.name, dtype), **part.layer.penalty))
    return tuple(found)
