"""Layers that normalise."""

from __future__ import annotations

from dataclasses import replace

from elman.network.layer_cells import (
    batch_norm,
    layer_norm,
)
from elman.network.layer_checks import (
    check_batch,
    epsilon_of,
)
from elman.network.layers import Layer
from elman.network.stateless_layers import Stateless


def LayerNorm(*, epsilon: float = 1e-5, trainable: bool = True) -> Layer:
    """Layer normalisation over the features, with gain and bias.

    Parameters
    ----------
    epsilon : float, default 1e-5
        Added to the variance.
    trainable : bool, default True
        Whether training changes gain and bias.

    Returns
    -------
    Layer

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(3, [el.GRU(4), el.LayerNorm()])
    >>> net(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """
    return Stateless(layer_norm, epsilon=epsilon_of(epsilon, "layer normalisation"), trainable=trainable)


def BatchNorm(*, momentum: float = 0.9, epsilon: float = 1e-5, trainable: bool = True) -> Layer:
    """Each feature brought to mean 0 and variance 1 over the batch, then scaled by ``g`` and shifted by ``b``.

    In training the mean and the variance are those of the rows and steps in use of the batch, and the gradient goes
    through them. Everywhere else, in validation too, they are running means of these, the parameters ``mean`` and
    ``variance``, which no optimiser changes: a row's result does not depend on its batch there.

    Parameters
    ----------
    momentum : float, default 0.9
        After each update ``mean = momentum * mean + (1 - momentum) * mean of the batch``, and so the variance.
    epsilon : float, default 1e-5
        Added to the variance.
    trainable : bool, default True
        Otherwise training leaves all four parameters as they are, and uses the running moments.

    Returns
    -------
    Layer

    Notes
    -----
    Of a sequence all steps are one sample (T. Cooijmans et al., 2017, normalise each step by itself), and each row and
    step counts alike, whatever its weight in the loss. With ``memory="low"`` and with `truncate` the moments are those
    of all steps too: each such layer then costs one more run forward and one more back. In recurrent networks
    `LayerNorm` is the usual choice.

    References
    ----------
    S. Ioffe and C. Szegedy, Batch normalization: accelerating deep network training by reducing internal covariate
    shift, ICML 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import BatchNorm, Dense, GRU, Network
    >>> net = Network(3, [GRU(8), BatchNorm(), Dense(1)])
    >>> history = net.fit(np.ones((4, 5, 3)), np.ones((4, 5, 1)), epochs=1, verbose=0)
    >>> net.params["1.mean"].shape
    (8,)
    """
    check_batch({"momentum": momentum, "epsilon": epsilon})
    layer = Stateless(batch_norm, epsilon=float(epsilon), trainable=trainable)
    return replace(layer, batch={"momentum": float(momentum), "epsilon": float(epsilon)})
