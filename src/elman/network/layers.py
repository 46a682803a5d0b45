"""Layers: a cell with its sizes. Every layer is a `Layer`; the functions here name the usual ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from elman.cells import gru, lstm, simple
from elman.equations import Cell, Graph, cell, normalise, sqrt
from elman.equations import activation as as_function
from elman.equations import dropout as drop
from elman.equations.functions import fixed_number
from elman.errors import OptionError


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
        Sizes of further states, and rows of parameters, by name, where they differ from `units`.
    initial : dict
        Initial values by parameter name.
    batch : dict, optional
        Of batch normalisation: ``momentum`` and ``epsilon``.
    """

    cell: Cell
    units: int | None = None
    return_sequences: bool = True
    reverse: bool = False
    sizes: dict[str, int] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    batch: dict[str, float] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.cell, Cell):
            raise OptionError(f"a layer needs a cell, got {self.cell!r}; decorate the function with @elman.cell")
        if len(self.cell.inputs) != 1:
            raise OptionError(
                f"{self.cell.name} takes {len(self.cell.inputs)} inputs ({', '.join(self.cell.inputs)}), and a layer "
                "gives one: put the vectors side by side into one input, or use it as a loss"
            )

    def graph(self, features: int) -> Graph:
        """The traced graph with its sizes, for an input of so many features."""
        return self.cell.trace().bind([features], self.units, self.sizes)

    @property
    def last_only(self) -> bool:
        return bool(self.cell.states) and not self.return_sequences


def Recurrent(
    cell: Cell,
    units: int,
    *,
    return_sequences: bool = True,
    reverse: bool = False,
    sizes: dict[str, int] | None = None,
    initial: dict[str, Any] | None = None,
    **options: Any,
) -> Layer:
    """Any cell as a layer.

    Parameters
    ----------
    cell : Cell
        Equations, see `elman.cell`.
    units : int
        Hidden size H.
    return_sequences : bool, default True
        Return (B, T, H), or the last step's (B, H).
    reverse : bool, default False
        Run from the last step to the first.
    sizes : dict, optional
        Sizes of further states by name, where they differ from `units`.
    initial : dict, optional
        Initial values by parameter name: a number, an array, an initialiser or its name.
    **options
        The cell's own options, such as ``activation="relu"``.

    Examples
    --------
    >>> from elman.cells import gru
    >>> Recurrent(gru, 64, reset_after=False).units
    64
    """
    if not isinstance(cell, Cell):
        raise OptionError(f"Recurrent needs a cell, got {cell!r}; decorate the function with @elman.cell")
    if not cell.states:
        raise OptionError(f"{cell.name} has no state; use it with elman.Stateless")
    chosen = cell.with_options(**options) if options else cell
    rows = {name: _positive(n, f"the size of {name}") for name, n in _by_name(sizes, "sizes").items()}
    return Layer(chosen, _positive(units, "units"), return_sequences, reverse, rows, dict(_by_name(initial, "initial")))


def SimpleRNN(units: int, *, activation: str | Callable = "tanh", **more: Any) -> Layer:
    """The simple recurrent layer, ``h = tanh(W x + U h + b)``; see `elman.cells.simple` and `Recurrent`."""
    return Recurrent(simple, units, activation=activation, **more)


def GRU(units: int, *, reset_after: bool = True, **more: Any) -> Layer:
    """The gated recurrent unit; see `elman.cells.gru` and `Recurrent`."""
    return Recurrent(gru, units, reset_after=reset_after, **more)


def LSTM(units: int, **more: Any) -> Layer:
    """Long short-term memory; see `elman.cells.lstm` and `Recurrent`."""
    return Recurrent(lstm, units, **more)


@cell
def dense(p, x, *, activation="linear", bias=True):
    """A layer of neurons without memory, ``f(W x + b)``."""
    return as_function(activation)(p.W @ x + p.b if bias else p.W @ x)


@cell
def embedding(p, x):
    """A learnt vector for each index."""
    return p.E[x]


@cell
def dropout(p, x, *, rate=0.5):
    """Random zeros in training; see `elman.dropout`."""
    return drop(x, rate)


@cell(initial={"g": 1.0})
def layer_norm(p, x, *, epsilon=1e-5):
    """Features brought to mean 0 and variance 1 in each row, then scaled by ``g`` and shifted by ``b``.

    Reference: J. L. Ba, J. R. Kiros and G. E. Hinton, Layer normalization, arXiv 1607.06450 (2016).
    """
    return p.g * normalise(x, epsilon) + p.b


@cell(initial={"g": 1.0, "variance": 1.0})
def batch_norm(p, x, *, epsilon=1e-5):
    """Batch normalisation with the running mean and variance, as it is outside of training; see `BatchNorm`."""
    return p.g * ((x - p.mean) / sqrt(p.variance + epsilon)) + p.b


@cell
def scale_and_shift(p, x):
    """What is left of batch normalisation in training, once the values are normalised."""
    return p.g * x + p.b


@cell
def activation_layer(p, x, *, activation="relu"):
    """An activation as a layer."""
    return as_function(activation)(x)


def Stateless(cell: Cell, units: int | None = None, *, initial: dict[str, Any] | None = None, **options: Any) -> Layer:
    """Any cell without states as a layer; `units` where the width does not follow from the input."""
    if not isinstance(cell, Cell):
        raise OptionError(f"Stateless needs a cell, got {cell!r}; decorate the function with @elman.cell")
    if cell.states:
        raise OptionError(f"{cell.name} has states {', '.join(cell.states)}; use it with elman.Recurrent")
    chosen = cell.with_options(**options) if options else cell
    units = None if units is None else _positive(units, "units")
    return Layer(chosen, units, initial=dict(_by_name(initial, "initial")))


def Dense(
    units: int, *, activation: str | Callable = "linear", bias: bool = True, initial: dict | None = None
) -> Layer:
    """``f(W x + b)`` at every step: W (units, F), b (units)."""
    return Stateless(dense, _positive(units, "units"), initial=initial, activation=activation, bias=bias)


def Embedding(vocabulary: int, units: int, *, initial: dict | None = None) -> Layer:
    """A learnt vector of `units` values for each index 0 .. vocabulary - 1; the input is the index, (B, T)."""
    sizes = {"E": _positive(vocabulary, "vocabulary")}
    return Layer(embedding, _positive(units, "units"), sizes=sizes, initial=dict(_by_name(initial, "initial")))


def Dropout(rate: float) -> Layer:
    """In training each value is zero with probability `rate`, the rest scaled by 1 / (1 - rate)."""
    if not 0 <= fixed_number(rate, "dropout's rate") < 1:
        raise OptionError(f"dropout's rate must be in [0, 1), got {rate}")
    return Stateless(dropout, rate=float(rate))


def LayerNorm(*, epsilon: float = 1e-5) -> Layer:
    """Layer normalisation over the features, with gain and bias."""
    if not fixed_number(epsilon, "layer normalisation's epsilon") > 0:
        raise OptionError(f"layer normalisation's epsilon must be above 0, got {epsilon}")
    return Stateless(layer_norm, epsilon=float(epsilon))


def BatchNorm(*, momentum: float = 0.9, epsilon: float = 1e-5) -> Layer:
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

    Notes
    -----
    Of a sequence all steps are one sample (T. Cooijmans et al., 2017, normalise each step by itself). Rows meet in this
    layer, so training goes through the network in parts and computes what is before such a layer twice; `LayerNorm`
    costs less, and is the usual choice in recurrent networks.

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
    if not 0 <= fixed_number(momentum, "batch normalisation's momentum") < 1:
        raise OptionError(f"batch normalisation's momentum must be in [0, 1), got {momentum}")
    if not fixed_number(epsilon, "batch normalisation's epsilon") > 0:
        raise OptionError(f"batch normalisation's epsilon must be above 0, got {epsilon}")
    layer = Stateless(batch_norm, epsilon=float(epsilon))
    return replace(layer, batch={"momentum": float(momentum), "epsilon": float(epsilon)})


def Activation(activation: str | Callable) -> Layer:
    """An activation as a layer of its own."""
    return Stateless(activation_layer, activation=activation)


def _by_name(values: Mapping[str, Any] | None, what: str) -> Mapping[str, Any]:
    if not isinstance(values, Mapping | None):
        raise OptionError(f"{what} must be a dict by name, got {values!r}")
    return values or {}


def _positive(number: int, what: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise OptionError(f"{what} must be a whole number of at least 1, got {number!r}")
    return number
