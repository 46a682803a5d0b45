"""Recurrent layers: cells with states as layers."""

from __future__ import annotations

from typing import Any

from elman.cells import as_cell, gru, lstm, simple
from elman.checks import flag, whole
from elman.equations import Cell
from elman.equations.trace import Option
from elman.errors import OptionError
from elman.hints import LAYERS, hinted
from elman.network.dilation import dilated
from elman.network.layer_checks import (
    Function,
    function_of,
)
from elman.network.layers import Layer


def Recurrent(
    cell: Cell | str,
    units: int,
    *,
    return_sequences: bool = True,
    reverse: bool = False,
    sizes: dict[str, int] | None = None,
    initial: dict[str, Any] | None = None,
    trainable: bool = True,
    dilation: int = 1,
    **options: Option,
) -> Layer:
    """Any cell as a layer.

    Parameters
    ----------
    cell : Cell or str
        Equations, see `elman.cell`, or the name of a built-in cell, see `elman.cells.catalogue`.
    units : int
        Hidden size H.
    return_sequences : bool, default True
        Return (B, T, H), or the last step's (B, H).
    reverse : bool, default False
        Run from the last step to the first.
    sizes : dict, optional
        Sizes of further states by name, where they differ from `units`, or of a parameter's rows, where the cell leaves
        them open; ``"output"`` is an output beside the states.
    initial : dict, optional
        Initial values by parameter name: a number, an array, an initialiser or its name.
    trainable : bool, default True
        Whether training changes its parameters; `Network.unfreeze` has it do so later.
    dilation : int, default 1
        How many steps ago the state is that a step follows on [1]_: every step of ``dilation=4`` goes on from four
        steps ago, so that what is long ago is four times nearer. The states between are kept as further states
        ``h_2``, ``h_3`` and ``h_4``; parameters are the same. Layers of dilations 1, 2, 4, ... see all times.
    **options
        The cell's own options, such as ``activation="relu"``.

    Returns
    -------
    Layer

    References
    ----------
    .. [1] S. Chang et al., Dilated recurrent neural networks, NeurIPS 2017.

    Examples
    --------
    >>> from elman.cells import gru
    >>> Recurrent(gru, 64, reset_after=False).units
    64
    >>> Recurrent("lstm", 64).cell.states
    ('h', 'c')
    >>> [Recurrent(gru, 64, dilation=n).cell.states for n in (1, 2)]
    [('h',), ('h', 'h_2')]
    """
    cell = as_cell(cell)
    if not cell.states:
        raise OptionError(f"{cell.name} has no state; use it with elman.Stateless")
    chosen = dilated(cell.with_options(**options) if options else cell, dilation)
    sizes, initial = {} if sizes is None else sizes, {} if initial is None else initial
    return Layer(chosen, whole(units, "units"), return_sequences, reverse, sizes, initial, trainable=trainable)


def _how(return_sequences: bool, reverse: bool, initial: dict[str, Any] | None, trainable: bool) -> dict[str, Any]:
    """What every recurrent layer may be told."""
    return {"return_sequences": return_sequences, "reverse": reverse, "initial": initial, "trainable": trainable}


@hinted(LAYERS)
def SimpleRNN(
    units: int,
    *,
    activation: Function = "tanh",
    bias: bool = True,
    return_sequences: bool = True,
    reverse: bool = False,
    initial: dict[str, Any] | None = None,
    trainable: bool = True,
) -> Layer:
    """The simple recurrent layer, ``h = tanh(W x + U h + b)``; see `elman.cells.simple` and `Recurrent`.

    Parameters
    ----------
    units : int
        Hidden size H.
    activation : str or callable, default tanh
        f, one of `elman.equations.ACTIVATIONS` or a function of equations.
    bias : bool, default True
        Whether there are biases.
    return_sequences : bool, default True
        Return (B, T, H), or the last step's (B, H).
    reverse : bool, default False
        Run from the last step to the first.
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
    >>> net = el.Network(3, [el.SimpleRNN(4, activation="relu")])
    >>> net(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """
    how = _how(return_sequences, reverse, initial, trainable)
    return Recurrent(simple, units, activation=function_of(activation), bias=flag(bias, "bias"), **how)


@hinted(LAYERS)
def GRU(
    units: int,
    *,
    reset_after: bool = True,
    activation: Function = "tanh",
    bias: bool = True,
    return_sequences: bool = True,
    reverse: bool = False,
    initial: dict[str, Any] | None = None,
    trainable: bool = True,
) -> Layer:
    """The gated recurrent unit; see `elman.cells.gru` and `Recurrent`.

    Parameters
    ----------
    units : int
        Hidden size H.
    reset_after : bool, default True
        Whether the reset gate acts behind the recurrent product, as in PyTorch, Keras and cuDNN, or before it, as in
        the paper.
    activation : str or callable, default tanh
        Of the candidate.
    bias : bool, default True
        Whether there are biases.
    return_sequences : bool, default True
        Return (B, T, H), or the last step's (B, H).
    reverse : bool, default False
        Run from the last step to the first.
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
    >>> net = el.Network(3, [el.GRU(4, return_sequences=False)])
    >>> net(np.ones((2, 5, 3))).shape
    (2, 4)
    """
    how = _how(return_sequences, reverse, initial, trainable)
    return Recurrent(
        gru,
        units,
        activation=function_of(activation),
        bias=flag(bias, "bias"),
        reset_after=flag(reset_after, "reset_after"),
        **how,
    )


@hinted(LAYERS)
def LSTM(
    units: int,
    *,
    activation: Function = "tanh",
    bias: bool = True,
    return_sequences: bool = True,
    reverse: bool = False,
    initial: dict[str, Any] | None = None,
    trainable: bool = True,
) -> Layer:
    """Long short-term memory; see `elman.cells.lstm` and `Recurrent`.

    Parameters
    ----------
    units : int
        Hidden size H.
    activation : str or callable, default tanh
        Of the candidate and of the cell state on its way out.
    bias : bool, default True
        Whether there are biases.
    return_sequences : bool, default True
        Return (B, T, H), or the last step's (B, H).
    reverse : bool, default False
        Run from the last step to the first.
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
    >>> net = el.Network(3, [el.LSTM(4)])
    >>> net(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """
    how = _how(return_sequences, reverse, initial, trainable)
    return Recurrent(lstm, units, activation=function_of(activation), bias=flag(bias, "bias"), **how)
