"""Layers of Keras that read several values."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from elman.equations import functions as f
from elman.equations.vectors import concat
from elman.interop.keras.cells import keras_additive_attention, keras_attention
from elman.interop.keras.running import numpy_of
from elman.interop.keras.shortening import is_whole
from elman.interop.keras.values import Value
from elman.network.layers import Layer

MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "Add": lambda a, b: a + b,
    "Subtract": lambda a, b: a - b,
    "Multiply": lambda a, b: a * b,
    "Maximum": f.maximum,
    "Minimum": f.minimum,
    "Average": lambda a, b: a + b,
    "Concatenate": concat,
}


def merge(walk: Any, layer: Any, values: Any, **_: Any) -> Value:
    kind, given = type(layer).__name__, list(values)
    _check_alike(walk, layer, given)
    found = reduce(MERGES[kind], [x.flow for x in given])
    found = found / len(given) if kind == "Average" else found
    masks = [x.mask for x in given]
    return _first(given).having(walk.equations(found), mask=_together(walk, layer, masks))


def _first(given: list[Value]) -> Value:
    return next((x for x in given if x.timed), given[0])


def _check_alike(walk: Any, layer: Any, given: list[Value]) -> None:
    if len({x.grid for x in given}) > 1:
        raise walk.refusal(layer, "puts sequences together that were made shorter in different ways")
    if len({x.timed for x in given}) > 1 or len({x.flat for x in given}) > 1:
        raise walk.refusal(layer, "puts sequences and vectors together; RepeatVector before it makes a vector one")
    if type(layer).__name__ == "Concatenate":
        axis = layer.axis
        if axis not in ((-1, 2) if given[0].timed or given[0].flat else (-1, 1)):
            raise walk.refusal(layer, f"concatenates along axis {axis}; along the features, -1, is converted")
    elif len({x.features for x in given}) > 1:
        raise walk.refusal(layer, f"puts values of {', '.join(str(x.features) for x in given)} features together")


def _together(walk: Any, layer: Any, masks: list[Any]) -> Any:
    """Keras' mask of what was merged: a step counts where it counts in any; unmasked values count everywhere."""
    if any(mask is None for mask in masks):
        return None
    return (
        walk.masked(layer, lambda: reduce(f.maximum, [mask.flow for mask in masks]))
        if len(set(masks)) > 1
        else masks[0]
    )


def attention(walk: Any, layer: Any, values: Any, *, use_causal_mask: bool = False, **_: Any) -> Value:
    query, value, *key = list(values)
    if use_causal_mask or getattr(layer, "score_mode", "dot") != "dot":
        raise walk.refusal(
            layer, "has a causal mask or the score_mode 'concat'; dot products of all steps are converted"
        )
    if not all(is_whole(one) for one in (query, value, *key)):
        raise walk.refusal(layer, "attends to a sequence that was made shorter; use padding='same' before it")
    if value.mask is not None and not walk.lengths:
        raise walk.refusal(layer, "attends to masked steps; convert with masks='lengths', and give lengths")
    walk.branches()
    additive = type(layer).__name__ == "AdditiveAttention"

    def make() -> Layer:
        if additive and not layer.use_scale:
            raise walk.refusal(layer, "has use_scale=False; give it the vector of ones, use_scale=True")
        cell = keras_additive_attention if additive else keras_attention.with_options(scaled=bool(layer.use_scale))
        made = Layer(cell)
        found = {"scale": numpy_of(layer.scale).reshape(-1)} if layer.use_scale else {}
        walk.weigh(layer, made, found, "")
        return made

    memories = (value.flow, (key[0] if key else value).flow)
    if getattr(layer, "dropout", 0):
        walk.notes.append(f"{layer.name} drops attention weights in training, which is left out")
    return query.having(walk.apply(walk.known(layer, make), query.flow, *memories))
