"""From flax: a network of its cells, and what stands around them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np

from elman.checks import flag, shown
from elman.checks import whole as as_whole
from elman.errors import ConversionError
from elman.interop.jax.flax_modules import Block, blocks_of, filled, is_nnx
from elman.interop.jax.flax_run import Model
from elman.interop.peers import OURS, called, peer
from elman.interop.proof import prove
from elman.interop.report import Mapped, Report
from elman.network import Network


@overload
def from_flax(
    model: Any,
    params: Any = ...,
    *,
    features: int | None = ...,
    tolerance: float | None = ...,
    return_report: Literal[False] = ...,
) -> Network: ...
@overload
def from_flax(
    model: Any,
    params: Any = ...,
    *,
    features: int | None = ...,
    tolerance: float | None = ...,
    return_report: Literal[True],
) -> tuple[Network, Report]: ...
def from_flax(
    model: Any,
    params: Any = None,
    *,
    features: int | None = None,
    tolerance: float | None = None,
    return_report: bool = False,
) -> Any:
    """A network of what was made and trained with flax.

    Parameters
    ----------
    model : module, or list of modules
        Of flax.linen or flax.nnx: a cell (`SimpleCell`, `GRUCell`, `MGUCell`, `LSTMCell`, `OptimizedLSTMCell`), an
        `RNN` of one, a `Bidirectional` of two, `Dense` or `Linear`, `Embed`, `LayerNorm`, `Dropout`; a `Sequential`, or
        a list of these in the order in which they are called, in which functions such as ``jax.nn.relu`` may stand, and
        ``"last"`` for ``lambda x: x[:, -1]``.
    params : dict, or list of dict, optional
        Of linen what ``model.init`` returned, with its "params" or without; of a list of modules one for each, None of
        what has none. Of nnx the module has them, unless a state is given (``nnx.split(model)[1]``).
    features : int, optional
        Of the input, where no matrix says it.
    tolerance : float, optional
        The largest difference that is allowed; by default 1e-5, in float64 1e-10.
    return_report : bool, default False
        Also return a `Report`: what became what, and how far both sides differ.

    Returns
    -------
    Network
        float32, or float64 as the parameters are. It takes (B, T, F), or (B, T) where an `Embed` is first.

    Raises
    ------
    ConversionError
        If flax is not installed, what it has cannot be said here, or both sides differ.

    Notes
    -----
    With lengths flax computes on behind the ends of rows; here values are 0 there. A cell of nnx's GRU has no bias of
    the recurrent product: ``c_n`` is 0, and training would change it (`Network.freeze`).

    References
    ----------
    J. Heek et al., Flax: a neural network library and ecosystem for JAX, 2024.

    Examples
    --------
    >>> import flax.linen as nn  # doctest: +SKIP
    >>> model = nn.Sequential([nn.RNN(nn.GRUCell(8)), nn.Dense(1)])  # doctest: +SKIP
    >>> net = el.interop.from_flax(model, model.init(jax.random.key(0), x))  # doctest: +SKIP
    """
    flag(return_report, "return_report")
    peer("flax")
    if is_nnx(model):
        model, params = filled(model, params), None
    blocks = blocks_of(model, params)
    net = _network(blocks, _features(blocks, features), _dtype(blocks))
    mapped = _fill(net, blocks)
    notes = tuple(dict.fromkeys(note for block in blocks for note in block.notes))
    report = Report(called("flax", "flax"), OURS, mapped, notes=notes)
    report = prove(net, Model(blocks, model, params), report, tolerance=tolerance)
    return (net, report) if return_report else net


def _features(blocks: Sequence[Block], given: int | None) -> int:
    """Of the input: what the first matrix says."""
    said = next((block.features for block in blocks if block.features), None)
    if said is None and given is None:
        raise ConversionError("flax: no module says how many features the input has: give features")
    if given is not None and said not in (None, as_whole(given, "features")):
        raise ConversionError(f"flax: features={shown(given)}, and the first matrix has {said} columns: leave it out")
    return said or as_whole(given, "features")


def _dtype(blocks: Sequence[Block]) -> np.dtype:
    found = {value.dtype for block in blocks for piece in block.pieces for value in piece.weights.values()}
    if len(found) > 1:
        raise ConversionError(
            "flax: some parameters are float32 and others float64; a network has one type: convert them first, "
            "jax.tree.map(lambda a: a.astype('float32'), params)"
        )
    return found.pop()


def _network(blocks: Sequence[Block], features: int, dtype: np.dtype) -> Network:
    """A chain, where a list of layers says it."""
    if all(block.chain is not None for block in blocks):
        return Network(features, [block.chain for block in blocks], dtype=dtype)

    def in_turn(x: Any) -> Any:
        return functools.reduce(lambda made, block: block.call(made), blocks, x)

    return Network(in_turn, inputs={"x": features}, dtype=dtype)


def _fill(net: Network, blocks: Sequence[Block]) -> tuple[Mapped, ...]:
    """Write the parameters of each piece to the layer that it became: both are in the order of the calls."""
    pieces = [piece for block in blocks for piece in block.pieces]
    names = [name for name, graph in zip(net.layer_names, net.graphs, strict=True) if graph.parameters]
    mapped = []
    for name, piece in zip(names, pieces, strict=True):
        for parameter, value in piece.weights.items():
            net.params[f"{name}.{parameter}"] = value
            mapped.append(Mapped(piece.theirs[parameter], f"{name}.{parameter}", piece.how))
    return tuple(mapped)
