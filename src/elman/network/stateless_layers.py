"""Layers without states: what they return of a step depends on that step alone."""

from __future__ import annotations

from typing import Any

from elman.checks import flag, real, whole
from elman.equations import Cell
from elman.equations.trace import Option
from elman.errors import OptionError
from elman.hints import LAYERS, hinted
from elman.network.layer_cells import (
    activation_layer,
    dense,
    dropout,
    embedding,
    increasing_layer,
)
from elman.network.layer_checks import (
    Function,
    function_of,
)
from elman.network.layers import Layer


def Stateless(
    cell: Cell,
    units: int | None = None,
    *,
    initial: dict[str, Any] | None = None,
    trainable: bool = True,
    **options: Option,
) -> Layer:
    """Any cell without states as a layer; `units` where the width does not follow from the input.

    Parameters
    ----------
    cell : Cell
        Equations without a state.
    units : int, optional
        Width of what it returns; it may be left out where that follows from the input.
    initial : dict, optional
        Initial values by parameter name: a number, an array, an initialiser or its name.
    trainable : bool, default True
        Whether training changes its parameters; `Network.unfreeze` has it do so later.
    **options
        The cell's own options.

    Returns
    -------
    Layer

    Examples
    --------
    >>> import elman as el
    >>> @el.cell
    ... def gated(p, x):
    ...     return el.sigmoid(p.G @ x) * (p.W @ x)
    >>> el.Network(3, [el.Stateless(gated, 4)]).params["0.G"].shape
    (4, 3)
    """
    if not isinstance(cell, Cell):
        raise OptionError(f"Stateless needs a cell, got {cell!r}; decorate the function with @elman.cell")
    if cell.states:
        raise OptionError(f"{cell.name} has states {', '.join(cell.states)}; use it with elman.Recurrent")
    chosen = cell.with_options(**options) if options else cell
    return Layer(chosen, units, initial={} if initial is None else initial, trainable=trainable)


@hinted(LAYERS)
def Dense(
    units: int,
    *,
    activation: Function = "linear",
    bias: bool = True,
    initial: dict[str, Any] | None = None,
    trainable: bool = True,
) -> Layer:
    """``f(W x + b)`` at every step: W (units, F), b (units).

    Parameters
    ----------
    units : int
        Width of what it returns.
    activation : str or callable, default linear
        f, one of `elman.equations.ACTIVATIONS` or a function of equations.
    bias : bool, default True
        Whether there is a ``b``.
    initial : dict, optional
        Initial values by parameter name: a number, an array, an initialiser or its name.
    trainable : bool, default True
        Whether training changes its parameters; `Network.unfreeze` has it do so later.

    Returns
    -------
    Layer

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(3, [el.GRU(4), el.Dense(2, activation="sigmoid")])
    >>> net(np.ones((2, 5, 3))).shape
    (2, 5, 2)
    """
    how: dict[str, Any] = {"activation": function_of(activation), "bias": flag(bias, "bias")}
    return Stateless(dense, whole(units, "units"), initial=initial, trainable=trainable, **how)


@hinted(LAYERS)
def Embedding(vocabulary: int, units: int, *, initial: dict[str, Any] | None = None, trainable: bool = True) -> Layer:
    """A learnt vector of `units` values for each index 0 .. vocabulary - 1; the input is the index, (B, T).

    Vectors that others have learnt are ``Embedding(V, H, initial={"E": vectors}, trainable=False)``.

    Parameters
    ----------
    vocabulary : int
        How many indices there are, V.
    units : int
        Width of a vector, H.
    initial : dict, optional
        Initial values by parameter name: a number, an array, an initialiser or its name.
    trainable : bool, default True
        Whether training changes its parameters; `Network.unfreeze` has it do so later.

    Returns
    -------
    Layer

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.Embedding(50, 8), el.GRU(4)])
    >>> net([[3, 1, 4], [1, 5, 9]]).shape
    (2, 3, 4)
    """
    sizes, initial = {"E": whole(vocabulary, "vocabulary")}, {} if initial is None else initial
    return Layer(embedding, whole(units, "units"), sizes=sizes, initial=initial, trainable=trainable)


@hinted(LAYERS)
def Dropout(rate: float, *, once: bool = False) -> Layer:
    """In training each value is zero with probability `rate`, the rest scaled by 1 / (1 - rate).

    With `once` a unit is zero at all steps of a sequence or at none (Gal and Ghahramani, 2016: variational dropout).

    Parameters
    ----------
    rate : float
        The probability, in [0, 1).
    once : bool, default False
        Whether a sequence has one mask for all of its steps.

    Returns
    -------
    Layer

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(3, [el.GRU(4), el.Dropout(0.2), el.Dense(1)])
    >>> net(np.ones((2, 5, 3))).shape
    (2, 5, 1)
    """
    rate = real(rate, "dropout's rate", 0, 1, from_low=True)
    return Stateless(dropout, rate=rate, once=flag(once, "dropout's once"))


def Activation(activation: Function) -> Layer:
    """An activation as a layer of its own.

    Parameters
    ----------
    activation : str or callable
        One of `elman.equations.ACTIVATIONS`, or a function of equations.

    Returns
    -------
    Layer

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(3, [el.Dense(4), el.Activation("relu")])
    >>> net(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """
    return Stateless(activation_layer, activation=function_of(activation))


def Increasing(parts: int) -> Layer:
    """Features of which each part is above the one before, so that quantiles do not cross.

    The middle part stays as it is; from it up and down steps of softplus are summed.

    Parameters
    ----------
    parts : int
        How many parts the features have, such as quantiles; that many must divide their number.

    Returns
    -------
    Layer

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Dense, GRU, Increasing, Network
    >>> from elman.training import quantile_loss
    >>> net = Network(1, [GRU(8, return_sequences=False), Dense(3 * 12), Increasing(3)])  # 3 quantiles of 12 steps
    >>> x, target = np.random.default_rng(0).normal(size=(20, 30, 1)), np.ones((20, 12))
    >>> history = net.fit(x, target, loss=quantile_loss([0.1, 0.5, 0.9]), epochs=1, verbose=0)
    >>> low, median, high = np.split(net(x), 3, axis=-1)
    >>> bool((low < median).all() and (median < high).all())
    True
    """
    return Stateless(increasing_layer, parts=whole(parts, "parts"))
