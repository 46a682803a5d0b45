"""Calls with parameters of the module: linear layers, embeddings, normalisation, convolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from elman.equations import functions as f
from elman.interop.pytorch.gates import Row
from elman.interop.pytorch.meanings.shapes import featured, features
from elman.interop.pytorch.values import FEATURES, ONE, STEPS, Cannot, Value
from elman.interop.pytorch.watching import Made, Watch
from elman.network.composites import Conv1D
from elman.network.flow import running
from elman.network.layers import Layer, tie
from elman.network.normalising_layers import BatchNorm, LayerNorm
from elman.network.stateless_layers import Dense, Embedding


def array(tensor: Any) -> np.ndarray:
    """A tensor's numbers."""
    found: np.ndarray = tensor.detach().cpu().numpy().copy()
    return found


def stem(name: str) -> str:
    """What the part of a network is called whose parameter a module calls so."""
    return name.rpartition(".")[0].replace(".", "_")


def called(w: Watch, layer: Any, flow: Any, name: str) -> Any:
    """A layer of a flow, under the name that the module has for it."""
    if not name:
        return running().call(layer, [flow], [], None)
    with running().named(name):
        return running().call(layer, [flow], [], None)


def remember(w: Watch, layer: Layer, tensors: dict[str, Any], rows: list[Row], how: str = "") -> None:
    """A layer's parameters, for when the network is there."""
    given = {name: t for name, t in tensors.items() if t is not None}
    names = {name: w.name(t, f"{name} that forward makes") for name, t in given.items()}
    frozen = [r.ours for r in rows if r.theirs in given and not given[r.theirs].requires_grad]
    w.made.append(Made(layer, {n: array(t) for n, t in given.items()}, rows, names, how, frozen))
    made = [name for name, t in given.items() if id(t) not in w.names and t.requires_grad]
    if made:
        w.note(
            f"{names[made[0]]}: it is made of other parameters, as by a weight norm; here it is a parameter of its own"
        )


def linear(w: Watch, value: Value, weight: Any, bias: Any, of: Any = None) -> Value:
    """``weight x + bias``; `of` is the parameter, where `weight` is a view of it."""
    value = featured(value)
    if value.dims[-1:] not in ((FEATURES,), (ONE,)):
        raise Cannot("a linear layer of another axis than the features, such as one over a fixed number of steps")
    named = weight if of is None else of
    key = ("linear", id(named), id(bias))
    if key not in w.layers:
        w.layers[key] = _dense(w, weight, bias, named)
    name = stem(w.name(named, "")) or ("" if of is None else w.name(named, ""))
    return value.map(lambda flow: called(w, w.layers[key], flow, name), (*value.dims[:-1], FEATURES))


def _dense(w: Watch, weight: Any, bias: Any, named: Any) -> Any:
    layer: Any = Dense(weight.shape[0], bias=bias is not None)
    rows = [Row("W", "weight"), *([Row("b", "bias")] if bias is not None else [])]
    table = w.layers.get(("table", id(named)))
    if table is not None:  # it writes with the embedding's vectors
        layer, rows = tie(layer, W=(table, "E")), rows[1:]
    tensors = {"weight": weight, "bias": bias}
    kept = {row.theirs: tensors[row.theirs] for row in rows}
    if named is not weight and "weight" in kept:
        w.names[id(weight)] = w.name(named, "weight")
        w._kept.append(weight)
    remember(w, layer, kept, rows, "tied to the embedding" if table is not None else "")
    w.layers.setdefault(("matrix", id(named)), layer)
    return layer


def _linear(w: Watch, out: Any, x: Any, weight: Any, bias: Any = None) -> Value:
    if not w.knows(x):
        raise Cannot("the weights of a linear layer depend on the input")
    return linear(w, w.value(x), weight, bias)


def _embedding(
    w: Watch, out: Any, x: Any, weight: Any, padding_idx: Any = None, max_norm: Any = None, *_: Any, **__: Any
) -> Value:
    value = w.value(x)
    if max_norm is not None:
        raise Cannot("an embedding with max_norm changes its table as it looks things up: build it without")
    if FEATURES in value.dims and features(value.flow) != 1:
        raise Cannot("an embedding of several indices at once")
    key = ("table", id(weight))
    if key not in w.layers:
        matrix = w.layers.get(("matrix", id(weight)))
        layer = Embedding(*weight.shape)
        if matrix is not None:
            layer = tie(layer, E=(matrix, "W"))
        w.layers[key] = layer
        rows = [] if matrix is not None else [Row("E", "weight")]
        remember(w, layer, {"weight": weight} if rows else {}, rows)
    if padding_idx is not None and padding_idx >= 0:
        w.note(
            f"{w.name(weight, 'embedding')}: padding_idx={padding_idx} has no gradient there; here row {padding_idx} "
            "trains as the others: leave padding out by lengths"
        )
    dims = tuple(d for d in value.dims if d not in (FEATURES, ONE))
    name = stem(w.name(weight, ""))
    return value.map(lambda flow: called(w, w.layers[key], flow, name), (*dims, FEATURES))


def _one_hot(w: Watch, out: Any, x: Any, num_classes: int = -1) -> Value:
    """An embedding whose table is the identity and stays so."""
    if num_classes < 1:
        raise Cannot("one_hot without num_classes has as many features as the batch needs: say how many")
    value, key = w.value(x), ("one_hot", num_classes)
    if key not in w.layers:
        w.layers[key] = Embedding(num_classes, num_classes, trainable=False)
        made = Made(w.layers[key], {"weight": np.eye(num_classes)}, [Row("E", "weight")], {"weight": "one_hot"})
        w.made.append(made)
    dims = tuple(d for d in value.dims if d not in (FEATURES, ONE))
    return value.map(lambda flow: called(w, w.layers[key], flow, "one_hot"), (*dims, FEATURES))


def _layer_norm(
    w: Watch, out: Any, x: Any, shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Value:
    value = w.value(x)
    if len(shape) != 1 or value.dims[-1] != FEATURES:
        raise Cannot("layer normalisation over more than the features")
    if weight is None:
        return value.map(lambda flow: f.normalise(flow, eps))
    key = ("layer_norm", id(weight), eps)
    if key not in w.layers:
        w.layers[key] = LayerNorm(epsilon=eps)
        tensors = {"weight": weight, "bias": torch.zeros_like(weight) if bias is None else bias}
        rows = [Row("g", "weight"), Row("b", "bias")]
        if bias is None:
            w.note(f"{w.name(weight, 'layer_norm')}: it has no bias; here b is 0 and frozen")
        remember(w, w.layers[key], tensors, rows)
    name = stem(w.name(weight, ""))
    return value.map(lambda flow: called(w, w.layers[key], flow, name))


def _batch_norm(
    w: Watch,
    out: Any,
    x: Any,
    mean: Any,
    variance: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Value:
    value = w.value(x)
    if training or mean is None:
        raise Cannot("batch normalisation without running moments: a row's result would depend on the others")
    if len(value.dims) < 2 or value.dims[1] != FEATURES:
        raise Cannot(f"batch normalisation over axes {value.dims}: it is over the second one, the features")
    key = ("batch_norm", id(mean))
    if key not in w.layers:
        layer = BatchNorm(momentum=1 - (0.1 if momentum is None else momentum), epsilon=eps)
        w.layers[key] = layer
        tensors = {"weight": torch.ones_like(mean) if weight is None else weight}
        tensors |= {"bias": torch.zeros_like(mean) if bias is None else bias, "mean": mean, "variance": variance}
        rows = [Row("g", "weight"), Row("b", "bias"), Row("mean", "mean"), Row("variance", "variance")]
        remember(w, layer, tensors, rows)
        w.made[-1].frozen[:] = [] if weight is None or weight.requires_grad else ["g", "b"]
        w.note("batch normalisation keeps a running variance divided by n - 1 there, by n here, once it is trained on")
    name = stem(w.name(mean, ""))
    return value.map(lambda flow: called(w, w.layers[key], flow, name))


# --- convolution ----------------------------------------------------------------------------------------------------


def _pad(w: Watch, out: Any, x: Any, pad: Any, mode: str = "constant", value: Any = None) -> Value:
    """Zeros before and behind the steps, for a convolution."""
    given = w.value(x)
    if mode != "constant" or value not in (None, 0, 0.0) or len(pad) != 2 or given.dims[-1] != STEPS:
        raise Cannot("padding is with zeros, before and behind the steps of (B, F, T)")
    before, behind = given.padding
    return Value(given.dims, given.flows, given.stack, padding=(before + pad[0], behind + pad[1]))


def _conv1d(
    w: Watch,
    out: Any,
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Value:
    value = w.value(x)
    units, width, kernel = weight.shape
    stride, dilation = (_number(n) for n in (stride, dilation))
    if value.dims[-2:] != (FEATURES, STEPS) or stride != 1 or groups != 1:
        raise Cannot("a convolution is over the steps of (B, F, T), with stride 1 and groups 1")
    reach = (kernel - 1) * dilation
    own = _padding(padding, reach)
    before, behind = value.padding[0] + own[0], value.padding[1] + own[1]
    over = reach if (before, behind) == (reach, reach) else 0  # steps more, which the next slice takes away
    causal = (before, behind - over) == (reach, 0)
    if not causal and (before, behind) != (reach // 2, reach - reach // 2):
        raise Cannot(
            f"a convolution with {before} zeros before and {behind} behind: here it sees {reach} steps back "
            f"(padding={reach} on the left) or is centred (padding='same')"
        )
    key = ("conv", id(weight), causal)
    if key not in w.layers:
        w.layers[key] = Conv1D(units, kernel, causal=causal, dilation=dilation, bias=bias is not None)
        order = array(weight)[:, :, ::-1].transpose(0, 2, 1).reshape(units, kernel * width)  # the latest step first
        rows = [Row("W", "weight"), *([Row("b", "bias")] if bias is not None else [])]
        layer = w.layers[key].dense
        remember(w, layer, {"weight": weight, "bias": bias}, rows, "the latest step first")
        w.made[-1].tensors["weight"] = order
    name = stem(w.name(weight, ""))

    def convolved(flow: Any) -> Any:
        with running().named(name or running().place_name("conv1d")):
            return w.layers[key](flow)

    plain = Value(value.dims, value.flows, value.stack)
    return replace(plain.map(convolved), padding=(0, over))


def _number(given: Any) -> int:
    return int(given[0]) if isinstance(given, tuple | list) else int(given)


def _padding(padding: Any, reach: int) -> tuple[int, int]:
    if isinstance(padding, str):
        return (reach // 2, reach - reach // 2) if padding == "same" else (0, 0)
    return _number(padding), _number(padding)


MEANINGS: dict[str, Callable[..., Any]] = {
    "linear": _linear,
    "embedding": _embedding,
    "one_hot": _one_hot,
    "layer_norm": _layer_norm,
    "batch_norm": _batch_norm,
    "pad": _pad,
    "conv1d": _conv1d,
}
