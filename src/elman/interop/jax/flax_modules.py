"""Modules of flax, read: what of them are layers, and which parameters are theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.jax.flax_cells import CELLS, Options, Piece, Tree, leaf, piece_of
from elman.interop.jax.flax_functions import function_like, merge_like
from elman.interop.peers import peer
from elman.network import Activation, Bidirectional, Dense, Dropout, Embedding, LayerNorm
from elman.network.composites import MERGES
from elman.network.layers import Layer
from elman.network.moves import pool, reverse

LAST = "last"  # what stands in a list of modules for lambda x: x[:, -1]


@dataclass(frozen=True, eq=False)
class Block:
    """A module as a part of a network.

    Attributes
    ----------
    kind : {"rnn", "bidirectional", "dense", "embed", "norm", "function", "dropout", "last"}
    module : object
        flax's.
    params : mapping
        Of a module of linen.
    pieces : list of Piece
        What has parameters.
    chain : Layer or Composite, or None
        What it is in a list of layers; None where that has no word for it.
    call : function
        What it makes of a flow.
    features : int
        That it reads; 0 for any.
    notes : tuple of str
    last : bool
        Whether its last step is all that is read.
    """

    kind: str
    module: Any
    params: Tree | None
    pieces: list[Piece]
    chain: Any
    call: Callable[[Any], Any]
    features: int = 0
    notes: tuple[str, ...] = ()
    last: bool = False


def is_linen(module: Any) -> bool:
    return isinstance(module, peer("flax.linen").Module)


def is_nnx(module: Any) -> bool:
    return isinstance(module, peer("flax.nnx").Module)


def blocks_of(model: Any, params: Any) -> list[Block]:
    """What a model is made of: a module, a `Sequential`, or a list of modules with theirs."""
    modules, trees, places = _listed(model, params)
    found: list[Block] = []
    for module, tree, place in zip(modules, trees, places, strict=True):
        found.append(_block(module, tree, place))
        if found[-1].kind == LAST:
            found[-2:] = _with_last(found[-2:])
    if not any(block.pieces for block in found):
        raise ConversionError("flax: the model has no module with parameters")
    return found


def _with_last(pair: list[Block]) -> list[Block]:
    """A recurrent layer of which the last step is wanted returns that alone."""
    if len(pair) < 2 or pair[0].kind != "rnn" or pair[0].chain is None or pair[0].chain.reverse:
        return pair
    layer = replace(pair[0].chain, return_sequences=False)
    pieces = [replace(pair[0].pieces[0], layer=layer)]
    return [replace(pair[0], pieces=pieces, chain=layer, call=layer, last=True)]


def _listed(model: Any, params: Any) -> tuple[list[Any], list[Any], list[str]]:
    nn, nnx = peer("flax.linen"), peer("flax.nnx")
    inner = unwrapped(params)
    if isinstance(model, nnx.Module):
        several = isinstance(model, nnx.Sequential)
        modules = list(model.layers) if several else [model]
        return modules, [None] * len(modules), _places(modules, several)
    if isinstance(model, nn.Sequential):
        return list(model.layers), _trees(model.layers, inner), _places(model.layers, True)
    if isinstance(model, list | tuple):
        trees = list(params) if isinstance(params, list | tuple) else _trees(model, inner)
        if len(trees) != len(model):
            raise ConversionError(f"flax: {len(model)} modules and {len(trees)} params: give one for each, or None")
        modules = [filled(m, t) if is_nnx(m) else m for m, t in zip(model, trees, strict=True)]
        return modules, [unwrapped(t) for t in trees], _places(modules, True)
    return [model], [inner], [""]


def unwrapped(tree: Any) -> Any:
    """Parameters of linen without the name of their collection."""
    return tree["params"] if isinstance(tree, Mapping) and "params" in tree else tree


def _places(modules: Sequence[Any], numbered: bool) -> list[str]:
    return [f"layers_{k}" * numbered for k in range(len(modules))]


def _trees(modules: Sequence[Any], params: Any) -> list[Any]:
    """The parameters of each module, by the name that `Sequential` gives it; None of what has none."""
    given = {} if params is None else params
    return [given.get(f"layers_{k}") for k in range(len(modules))]


def filled(module: Any, state: Any) -> Any:
    """A module of nnx, with the values of a state where one is given."""
    if state is None:
        return module
    nnx = peer("flax.nnx")
    found = nnx.clone(module)
    nnx.update(found, state)
    return found


# --- one module -----------------------------------------------------------------------------------------------


def _block(module: Any, tree: Any, where: str) -> Block:
    kind = type(module).__name__
    flax = is_linen(module) or is_nnx(module)
    if isinstance(module, str) and module == LAST:
        return Block(LAST, module, None, [], None, lambda x: pool(x, "last"))
    if not flax and callable(module):
        return _activation(module, where or "the function")
    if flax and kind in CELLS:
        return _recurrent(module, tree, where, where)
    reader = _READERS.get(kind) if flax else None
    if reader is None:
        raise ConversionError(
            f"flax: {where or 'the model'} is a {kind}; known are {', '.join((*_READERS, *CELLS))}, functions, and "
            f"{LAST!r} for x[:, -1]. Of a module of your own give a list of its parts in the order in which it calls "
            "them, and a list of their parameters"
        )
    return reader(module, tree, where)


def _activation(function: Callable[[Any], Any], where: str) -> Block:
    layer = Activation(function_like(function, where))
    return Block("function", function, None, [], layer, layer)


def _rnn(module: Any, tree: Any, where: str) -> Block:
    inner = None if tree is None else tree.get("cell", tree)
    block = _recurrent(module.cell, inner, f"{where}.cell".lstrip("."), where)
    (piece,) = block.pieces
    layer = replace(piece.layer, reverse=bool(module.reverse))
    turned = bool(module.reverse and not module.keep_order)
    notes = ["time_major: the network takes (B, T, F)"] if module.time_major else []
    notes += ["return_carry: the states are returned with return_state=True"] if module.return_carry else []
    notes += ["values of reverse=True come from the last step to the first, as there"] if turned else []
    return replace(
        block,
        module=module,
        params=tree,
        pieces=[replace(piece, layer=layer)],
        chain=None if turned else layer,
        call=(lambda x: reverse(layer(x))) if turned else layer,
        notes=tuple(notes),
    )


def _recurrent(cell: Any, tree: Any, where: str, place: str) -> Block:
    """A cell, to be run over time."""
    kind = type(cell).__name__
    if kind not in CELLS:
        raise ConversionError(f"flax: {where or 'the cell'} is a {kind}; known are {', '.join(CELLS)}")
    tree = _nested(cell, where) if is_nnx(cell) else _given(tree, where)
    piece = piece_of(kind, tree, _options(cell, where), where)
    first = next(iter(piece.weights.values()))  # a matrix (H, F)
    _check_carry(cell, place, len(first))
    _check_dtype(cell, first.dtype, where)
    features = first.shape[1]
    return Block("rnn", cell, tree, [piece], piece.layer, piece.layer, features)


def _options(cell: Any, where: str) -> Options:
    named = f"{where}.".lstrip(".")
    gate = function_like(cell.gate_fn, f"{named}gate_fn") if hasattr(cell, "gate_fn") else "sigmoid"
    residual, reset = bool(getattr(cell, "residual", False)), bool(getattr(cell, "reset_gate", True))
    return Options(function_like(cell.activation_fn, f"{named}activation_fn"), gate, residual, reset)


def _given(tree: Any, where: str) -> Tree:
    if not isinstance(tree, Mapping):
        raise ConversionError(
            f"flax: there are no parameters of {where or 'the module'}: give params, as its init returned them"
        )
    return tree


def _nested(cell: Any, where: str) -> Tree:
    """The parameters of a cell of nnx, as linen has them: a matrix for each gate."""
    kind = type(cell).__name__
    if kind == "LSTMCell":
        names = {"ii": "ii", "if": "if_", "ig": "ig", "io": "io", "hi": "hi", "hf": "hf", "hg": "hg", "ho": "ho"}
        return {name: _of_linear(getattr(cell, theirs)) for name, theirs in names.items()}
    i, h = _of_linear(cell.dense_i), _of_linear(cell.dense_h)
    if kind == "SimpleCell":
        return {"i": i, "h": h}
    gates = "ifgo" if kind == "OptimizedLSTMCell" else "rzn"
    found = {f"i{k}": part for k, part in zip(gates, _parts(i, len(gates)), strict=True)}
    found |= {f"h{k}": part for k, part in zip(gates, _parts(h, len(gates)), strict=True)}
    if kind == "GRUCell" and "bias" not in found["hn"]:  # nnx has none there
        found["hn"]["bias"] = np.zeros_like(found["in"]["bias"])
    return found


def _of_linear(linear: Any) -> dict[str, np.ndarray]:
    found = {"kernel": np.asarray(linear.kernel[...])}
    bias = getattr(linear, "bias", None)
    return found if bias is None or bias[...] is None else found | {"bias": np.asarray(bias[...])}


def _parts(linear: dict[str, np.ndarray], count: int) -> list[dict[str, np.ndarray]]:
    split = {name: np.split(value, count, axis=-1) for name, value in linear.items()}
    return [{name: parts[k] for name, parts in split.items()} for k in range(count)]


def _check_carry(cell: Any, where: str, units: int) -> None:
    """Both sides begin with zeros where no state is given."""
    begins = getattr(cell, "carry_init", None)
    if begins is None:
        return
    jax = peer("jax")
    if np.asarray(begins(jax.random.key(0), (1, units), np.float32)).any():
        raise ConversionError(
            f"flax: {where or 'the cell'} has a carry_init that is not zero; a network begins with zeros: leave it "
            "out, and give the states with each call, net(x, state=...)"
        )


def _check_dtype(module: Any, dtype: np.dtype, where: str) -> None:
    given = getattr(module, "dtype", None)
    if given is not None and np.dtype(given) != dtype:
        raise ConversionError(
            f"flax: {where or 'the module'} computes in {np.dtype(given)} and has parameters of {dtype}; a network has "
            "one type: make the module with dtype=None, or of its parameters' dtype"
        )


def _bidirectional(module: Any, tree: Any, where: str) -> Block:
    names = ("forward_rnn", "backward_rnn")
    shared = module.forward_rnn is module.backward_rnn
    trees = [None if tree is None else tree.get(name) for name in names]
    if shared:
        trees[1] = trees[0]
    halves = []
    for name, inner in zip(names, trees, strict=True):
        rnn = getattr(module, name)
        if type(rnn).__name__ != "RNN":
            raise ConversionError(f"flax: {where}.{name} is a {type(rnn).__name__}; expected an RNN".replace(" .", " "))
        halves.append(_rnn(rnn, inner, f"{where}.{name}".lstrip(".")).pieces[0])
    there, back = (replace(p, layer=replace(p.layer, reverse=k > 0)) for k, p in enumerate(halves))
    merge = merge_like(module.merge_fn, where or "the model")
    if merge != "concat" and there.layer.units != back.layer.units:
        raise ConversionError(f"flax: {where or 'the model'} merges {there.layer.units} with {back.layer.units} values")
    alike = _equations(there.layer) == _equations(back.layer)

    def both(x: Any) -> Any:
        return MERGES[merge](there.layer(x), back.layer(x))

    chain = Bidirectional(there.layer, merge) if alike else None
    notes = ["time_major: the network takes (B, T, F)"] if module.time_major else []
    notes += ["return_carry: the states are returned with return_state=True"] if module.return_carry else []
    notes += ["both directions had the same parameters there; here each has its own"] if shared else []
    features = next(iter(there.weights.values())).shape[1]
    return Block("bidirectional", module, tree, [there, back], chain, chain or both, features, tuple(notes))


def _equations(layer: Layer) -> tuple[Any, ...]:
    return layer.cell.name, layer.cell.options, layer.units


def _dense(module: Any, tree: Any, where: str) -> Block:
    tree = _of_linear(module) if is_nnx(module) else _given(tree, where)
    bias = "bias" in tree
    names = {"W": "kernel", "b": "bias"} if bias else {"W": "kernel"}
    weights = {name: leaf(tree, theirs, where) for name, theirs in names.items()}
    _check_dtype(module, weights["W"].dtype, where)
    layer = Dense(len(weights["W"]), bias=bias)
    piece = Piece(layer, weights, _theirs(names, where))
    return Block("dense", module, tree, [piece], layer, layer, weights["W"].shape[1])


def _embed(module: Any, tree: Any, where: str) -> Block:
    tree = {"embedding": np.asarray(module.embedding[...])} if is_nnx(module) else _given(tree, where)
    table = leaf(tree, "embedding", where)
    _check_dtype(module, table.dtype, where)
    layer = Embedding(*table.shape)
    piece = Piece(layer, {"E": table}, _theirs({"E": "embedding"}, where))
    return Block("embed", module, tree, [piece], layer, layer, 1)


def _norm(module: Any, tree: Any, where: str) -> Block:
    if is_nnx(module):
        values = {name: getattr(module, name) for name in ("scale", "bias")}
        tree = {name: np.asarray(value[...]) for name, value in values.items() if value is not None}
    names = {"g": "scale", "b": "bias"}
    weights = {name: leaf(_given(tree, where), theirs, where) for name, theirs in names.items()}
    _check_dtype(module, weights["g"].dtype, where)
    layer = LayerNorm(epsilon=float(module.epsilon))
    return Block("norm", module, tree, [Piece(layer, weights, _theirs(names, where))], layer, layer, len(weights["g"]))


def _dropout(module: Any, tree: Any, where: str) -> Block:
    layer = Dropout(float(module.rate))
    note = "dropout: in training each value has a mask of its own"
    if tuple(module.broadcast_dims):
        raise ConversionError(
            f"flax: {where or 'a Dropout'} has broadcast_dims, which a layer here has not: see Dropout"
        )
    return Block("dropout", module, None, [], layer, layer, notes=(note,))


def _theirs(names: Mapping[str, str], where: str) -> dict[str, str]:
    return {name: f"{where}.{theirs}".lstrip(".") for name, theirs in names.items()}


_READERS: dict[str, Callable[[Any, Any, str], Block]] = {
    "RNN": _rnn,
    "Bidirectional": _bidirectional,
    "Dense": _dense,
    "Linear": _dense,
    "Embed": _embed,
    "LayerNorm": _norm,
    "Dropout": _dropout,
}
