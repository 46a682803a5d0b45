"""The cells of flax as layers: which equations they are, and where their matrices go.

Where flax has the equations of a cell of Elman's that is taken; the others are written here as flax has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.equations import activation as as_function
from elman.equations import cell
from elman.errors import ConversionError
from elman.network import GRU, LSTM, Recurrent, SimpleRNN
from elman.network.layers import Layer

Weights = dict[str, np.ndarray]
Tree = Mapping[str, Any]  # parameters of a module, nested as flax.linen has them


@dataclass(frozen=True, eq=False)
class Piece:
    """A layer with its parameters.

    Attributes
    ----------
    layer : Layer
    weights : dict of str to ndarray
        By their names in the equations.
    theirs : dict of str to str
        Of each of them what it is called in flax.
    how : str
        The convention.
    swapped : bool
        Whether flax has its states the other way round.
    """

    layer: Layer
    weights: Weights
    theirs: dict[str, str]
    how: str = ""
    swapped: bool = False


@cell
def residual_simple(p, x, h, *, activation="tanh"):
    """flax's SimpleCell with ``residual=True``: the state is added before the activation.

    Reference: B. Yue, J. Fu and J. Liang, Residual recurrent neural networks for learning sequential representations,
    Information 9 (2018).
    """
    return as_function(activation)(p.W @ x + p.U @ h + p.b + h)


@cell
def minimal_gated(p, x, h, *, activation="tanh", gate="sigmoid", reset=True):
    """flax's MGUCell: as a GRU's with ``reset_after=True`` its gate is applied behind the product, or not at all.

    The gate keeps the old state, where the paper's lets the candidate in.
    """
    f = as_function(gate)(p.W_f @ x + p.U_f @ h + p.b_f)
    seen = f * (p.U_n @ h + p.c_n) if reset else p.U_n @ h
    n = as_function(activation)(p.W_n @ x + p.b_n + seen)
    return (1 - f) * n + f * h


@cell
def gated_gru(p, x, h, *, activation="tanh", gate="sigmoid"):
    """A GRU with ``reset_after=True`` whose gates have another function than the sigmoid."""
    z = as_function(gate)(p.W_z @ x + p.U_z @ h + p.b_z)
    r = as_function(gate)(p.W_r @ x + p.U_r @ h + p.b_r)
    n = as_function(activation)(p.W_n @ x + p.b_n + r * (p.U_n @ h + p.c_n))
    return z * h + (1 - z) * n


@cell
def gated_lstm(p, x, h, c, *, activation="tanh", gate="sigmoid"):
    """An LSTM whose gates have another function than the sigmoid."""
    i = as_function(gate)(p.W_i @ x + p.U_i @ h + p.b_i)
    f = as_function(gate)(p.W_f @ x + p.U_f @ h + p.b_f)
    g = as_function(activation)(p.W_g @ x + p.U_g @ h + p.b_g)
    o = as_function(gate)(p.W_o @ x + p.U_o @ h + p.b_o)
    c = f * c + i * g
    return o * as_function(activation)(c), c


@dataclass(frozen=True)
class Options:
    """What flax's cells may be told, in Elman's functions."""

    activation: Any
    gate: Any = "sigmoid"
    residual: bool = False
    reset: bool = True


def piece_of(kind: str, tree: Tree, options: Options, where: str) -> Piece:
    """A cell of flax, by the name of its class, as a layer; `where` is its place in the parameters."""
    make, names, how = CELLS[kind]
    if kind == "MGUCell" and not options.reset:
        names = {name: place for name, place in names.items() if name != "c_n"}
    weights = {name: leaf(tree, place, where) for name, place in names.items()}
    units = len(next(iter(weights.values())))
    theirs = {name: ".".join(filter(None, (where, place))) for name, place in names.items()}
    return Piece(make(units, options), weights, theirs, how, swapped="LSTM" in kind)


def leaf(tree: Tree, place: str, where: str) -> np.ndarray:
    """One parameter: a kernel as a matrix (out, in)."""
    value: Any = tree
    for step in place.split("."):
        if not isinstance(value, Mapping) or step not in value:
            has = ", ".join(map(str, value)) if isinstance(value, Mapping) else type(value).__name__
            raise ConversionError(
                f"flax: the parameters {where or 'given'} have no {place!r}, but {has or 'nothing'}: give those that "
                "the module's init returned, or that it was trained to"
            )
        value = value[step]
    array = np.asarray(value)
    if array.dtype not in (np.float32, np.float64):
        raise ConversionError(
            f"flax: {where}.{place} is {array.dtype}; a network computes in float32 or float64: convert the parameters "
            "first, jax.tree.map(lambda a: a.astype('float32'), params)"
        )
    return array.T if place.endswith("kernel") else array


def _simple(units: int, options: Options) -> Layer:
    if options.residual:
        return Recurrent(residual_simple, units, activation=options.activation)
    return SimpleRNN(units, activation=options.activation)


def _lstm(units: int, options: Options) -> Layer:
    if options.gate == "sigmoid":
        return LSTM(units, activation=options.activation)
    return Recurrent(gated_lstm, units, activation=options.activation, gate=options.gate)


def _gru(units: int, options: Options) -> Layer:
    if options.gate == "sigmoid":
        return GRU(units, activation=options.activation)
    return Recurrent(gated_gru, units, activation=options.activation, gate=options.gate)


def _mgu(units: int, options: Options) -> Layer:
    how: Any = {"activation": options.activation, "gate": options.gate, "reset": options.reset}
    return Recurrent(minimal_gated, units, **how)


def _of_gates(gates: str, biases: str) -> dict[str, str]:
    """The matrices of gates, and their biases, which stand beside those of the input or of the state."""
    names = {f"W_{k}": f"i{k}.kernel" for k in gates} | {f"U_{k}": f"h{k}.kernel" for k in gates}
    return names | {f"b_{k}": f"{biases}{k}.bias" for k in gates}


_LSTM = (_lstm, _of_gates("ifgo", "h"), "gates i f g o; the carry is (c, h)")
CELLS: dict[str, tuple[Callable[[int, Options], Layer], dict[str, str], str]] = {
    "SimpleCell": (_simple, {"W": "i.kernel", "U": "h.kernel", "b": "i.bias"}, ""),
    "GRUCell": (_gru, {**_of_gates("zrn", "i"), "c_n": "hn.bias"}, "reset after the product; z keeps the old state"),
    "MGUCell": (_mgu, {**_of_gates("fn", "i"), "c_n": "hn.bias"}, "reset after the product; f keeps the old state"),
    "LSTMCell": _LSTM,
    "OptimizedLSTMCell": _LSTM,
}
