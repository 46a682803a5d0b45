"""Layers: a cell with its sizes. Every layer is a `Layer`; the functions here name the usual ones."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any

from elman.attributes import LAYER, answering, unchangeable
from elman.cells import as_cell, gru, lstm, simple
from elman.checks import flag, instance, real, shown, whole
from elman.equations import Cell, Graph
from elman.equations.trace import Option
from elman.errors import OptionError
from elman.hints import LAYERS, hinted
from elman.network.dilation import dilated
from elman.network.flow import running
from elman.network.layer_cells import (
    activation_layer,
    batch_norm,
    dense,
    dropout,
    embedding,
    increasing_layer,
    layer_norm,
)
from elman.network.layer_checks import (
    Function,
    by_name,
    check_batch,
    check_moments,
    checked_penalty,
    epsilon_of,
    function_of,
)
from elman.network.masks import masked


@unchangeable("net.freeze('0.*') and net.unfreeze('0.*') say which parameters train")
@answering(LAYER)
@dataclass(frozen=True)
class Layer:
    """A cell with its sizes and what it returns.

    Attributes
    ----------
    cell : Cell
        The equations.
    units : int or None
        Size of the first state (of the value, without states); None where it follows from the input.
    return_sequences : bool
        Whether every step is returned, or the last only.
    reverse : bool
        Whether time runs backwards.
    sizes : dict
        Sizes of further states, of an output beside them (``"output"``), and rows of parameters, by name, where they
        differ from `units`.
    initial : dict
        Initial values by parameter name.
    batch : dict, optional
        Of batch normalisation: ``momentum`` and ``epsilon``.
    tied : dict
        Parameters that are those of another layer; see `tie`.
    origin : Layer, optional
        What this is another form of, with the same parameters.
    trainable : bool
        Whether training changes its parameters from the beginning; see `elman.Network.freeze`.
    penalty : dict, optional
        On what it returns: ``l1`` and ``l2``; see `ActivityPenalty`.

    Examples
    --------
    >>> import elman as el
    >>> layer = el.GRU(8, return_sequences=False)
    >>> layer
    <Layer gru(reset_after=True, activation='tanh', bias=True), units=8, return_sequences=False>
    >>> layer.cell.name, layer.units, layer.last_only
    ('gru', 8, True)
    """

    cell: Cell
    units: int | None = None
    return_sequences: bool = True
    reverse: bool = False
    sizes: dict[str, int] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    batch: dict[str, float] | None = None
    tied: dict[str, tuple[Layer, str]] = field(default_factory=dict)
    origin: Layer | None = None
    trainable: bool = True
    penalty: dict[str, float] | None = None

    def __post_init__(self) -> None:
        """What a user's argument or a model file says is checked here, whichever function made the layer."""
        if not isinstance(self.cell, Cell):
            raise OptionError(f"a layer needs a cell, got {self.cell!r}; decorate the function with @elman.cell")
        if self.units is not None:
            object.__setattr__(self, "units", whole(self.units, "units"))
        sizes = {name: whole(size, f"sizes[{name!r}]") for name, size in by_name(self.sizes, "sizes").items()}
        object.__setattr__(self, "sizes", sizes)
        object.__setattr__(self, "initial", by_name(self.initial, "initial"))
        instance(self.origin, (Layer, type(None)), "origin", "a layer")
        for name, whose in by_name(self.tied, "tied").items():
            if not (isinstance(whose, tuple) and [*map(type, whose)] == [Layer, str]):
                raise OptionError(f"{name} is tied to {shown(whose)}; expected (layer, name of its parameter)")
        for name in ("return_sequences", "reverse", "trainable"):
            flag(getattr(self, name), name)
        if self.batch is not None:
            check_batch(self.batch)
        if self.penalty is not None:
            object.__setattr__(self, "penalty", checked_penalty(self.penalty))

    def __repr__(self) -> str:
        """Its cell with the options, and what is not as it is by default."""
        options = ", ".join(f"{name}={value!r}" for name, value in self.cell.options.items())
        told = {each.name: getattr(self, each.name) for each in fields(self)[1:]}
        usual = {each.name: {} if each.default is MISSING else each.default for each in fields(self)}
        own = "".join(f", {name}={value!r}" for name, value in told.items() if value != usual[name])
        return f"<Layer {self.cell.name}({options}){own}>"

    def __call__(self, *inputs: Any, state: Any = None, mask: Any = None) -> Any:
        """The layer in the equations of a network; see `elman.Network`.

        Parameters
        ----------
        *inputs
            What its cell takes: its inputs, then its memories.
        state : value or tuple of values, optional
            What its states begin with, vectors without time such as another layer's ``.final``; None among several for
            one that begins with zeros, or what the caller gives.
        mask : sequence of one feature, optional
            Of a recurrent layer: where it is 0 the step is left out, and the states, so also what is returned, stay as
            they were. (An output beside the states is kept as one state more of the network, 0 at first.)

        Returns
        -------
        value
            A sequence, or with ``return_sequences=False`` the last step.
        """
        count, memories = len(self.cell.inputs), len(self.cell.memories)
        if len(inputs) != count + memories:
            names = ", ".join((*self.cell.inputs, *self.cell.memories)) or "none"
            how = (
                f"; in the function of a network it is called with them: layer({names})" if count > len(inputs) else ""
            )
            raise OptionError(f"{self.cell.name} takes {count + memories} values ({names}), got {len(inputs)}{how}")
        if mask is None:
            return running().call(self, inputs[:count], inputs[count:], state)
        if not self.cell.states:
            raise OptionError(f"{self.cell.name} has no states to hold: leave mask out, or multiply by it")
        return running().call(self._masked, (*inputs[:count], mask), inputs[count:], state)

    @functools.cached_property
    def _masked(self) -> Layer:
        return replace(self, cell=masked(self.cell), origin=self)

    def graph(self, features: int | Sequence[int], memories: Sequence[int] = ()) -> Graph:
        """The traced graph with its sizes, for inputs, and memories, of so many features.

        Parameters
        ----------
        features : int, or sequence of int
            Widths of its inputs.
        memories : sequence of int
            Widths of its memories.

        Returns
        -------
        Graph
        """
        wide = [features] if isinstance(features, int) else features
        found = self.cell.trace().bind(wide, self.units, self.sizes, memories)
        if self.batch is not None:
            check_moments(found)
        return found

    @property
    def last_only(self) -> bool:
        """Whether it returns the last step's value, one vector a row."""
        return bool(self.cell.states) and not self.return_sequences


def tie(layer: Layer, **parameters: tuple[Layer, str]) -> Layer:
    """The same layer with parameters that are another layer's.

    Parameters
    ----------
    layer : Layer
        What gets them.
    **parameters : (Layer, str)
        The other layer, which the network calls before, and its parameter, of the same shape.

    Returns
    -------
    Layer

    References
    ----------
    O. Press and L. Wolf, Using the output embedding to improve language models, EACL 2017.

    Examples
    --------
    >>> import elman as el
    >>> def write(tokens):
    ...     embedding = el.Embedding(50, 16)
    ...     h = el.GRU(16)(embedding(tokens))
    ...     return el.tie(el.Dense(50), W=(embedding, "E"))(h)
    >>> el.Network(write, inputs=1).params["embedding.E"].shape
    (50, 16)
    """
    if not isinstance(layer, Layer):
        raise OptionError(f"tie needs a layer, such as Dense(3), got {layer!r}")
    return replace(layer, tied={**layer.tied, **parameters})


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
