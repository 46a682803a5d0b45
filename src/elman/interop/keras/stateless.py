"""Layers of Keras without states in a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from elman.equations import cell
from elman.equations import functions as f
from elman.equations.declared import constant
from elman.equations.vectors import concat
from elman.errors import ConversionError
from elman.interop.keras.activations import activation_of, slope_of
from elman.interop.keras.arrays import conv_to_elman
from elman.interop.keras.running import numpy_of
from elman.interop.keras.shortening import counts, shortened
from elman.interop.keras.values import Value
from elman.network.composites import Conv1D
from elman.network.flow import running
from elman.network.layers import Layer
from elman.network.moves import pool
from elman.network.normalising_layers import BatchNorm, LayerNorm
from elman.network.stateless_layers import Activation, Dense, Embedding, Stateless

LEAST = -1e30  # below what any step has
MOST_STEPS = 512  # that Flatten puts side by side, as each is a move


def dense(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    if x.timed and x.flat:
        raise walk.refusal(layer, "reads a sequence (B, T) as one vector; feed it as (B, T, 1), or as a static vector")
    return x.having(walk.apply(walk.known(layer, lambda: _dense(walk, layer)), x.flow))


def _dense(walk: Any, layer: Any) -> Layer:
    weights = walk.arrays(layer)
    made = Dense(layer.units, activation=activation_of(layer.activation, layer.name), bias=bool(layer.use_bias))
    walk.weigh(layer, made, {"W": weights[0].T} | ({"b": weights[1]} if layer.use_bias else {}), "transposed")
    walk.note_regularizers(layer)
    return made


def embedding(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    def make() -> Layer:
        made = Embedding(layer.input_dim, layer.output_dim)
        walk.weigh(layer, made, {"E": walk.arrays(layer)[0]}, "")
        return made

    if x.features != 1:
        raise walk.refusal(layer, "looks up several indices a step; give it one")
    flow = walk.apply(walk.known(layer, make), x.flow)
    mask = walk.masked(layer, lambda: _counting(layer.input_dim)(x.flow)) if layer.mask_zero else None
    return x.having(flow, mask=mask, flat=not x.timed and x.flat)


def _counting(rows: int) -> Layer:
    """A layer that looks up 0 for the index 0, else 1, so that its input remains an index."""
    table = np.ones((rows, 1))
    table[0] = 0

    @cell
    def counts(p, x):
        """Whether an index is not 0."""
        return constant(table)[x]

    return Stateless(counts)


def masking(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    walk.timed(layer, x)
    mask = walk.masked(layer, lambda: f.max(1 - f.equal(x.flow, float(layer.mask_value))))
    if mask is None:
        return x
    flow = x.flow if layer.mask_value == 0 else walk.equations(f.where(mask.flow, x.flow, 0))
    return x.having(flow, mask=mask)


def dropout(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    shape = getattr(layer, "noise_shape", None)
    if shape is not None and tuple(shape)[1:2] != (1,):
        raise walk.refusal(layer, f"has the noise_shape {shape}; None and (B, 1, F) are converted")
    once = type(layer).__name__ == "SpatialDropout1D" or shape is not None
    return x.having(walk.apply(walk.known(layer, lambda: walk.dropout(layer.rate, once=once)), x.flow))


def noise(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    """What acts in training only and has no layer here."""
    walk.notes.append(
        f"{layer.name} ({type(layer).__name__}) acts in training only and is left out; el.Dropout is what there is"
    )
    return x


def same(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    return x


def activity(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    walk.notes.append(f"{layer.name} adds to the loss in training and is left out; el.ActivityPenalty is what there is")
    return x


def activation(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    function = _function(layer)
    return x.having(walk.apply(walk.known(layer, lambda: Activation(function)), x.flow))


def _function(layer: Any) -> Any:
    kind = type(layer).__name__
    if kind == "Activation":
        return activation_of(layer.activation, layer.name)
    if kind == "ReLU":
        return _relu(layer.max_value, slope_of(layer.negative_slope or 0.0), layer.threshold or 0.0)
    if kind == "LeakyReLU":
        return lambda x: f.leaky_relu(x, slope_of(layer.negative_slope))
    if kind == "ELU":
        return lambda x: f.elu(x, float(layer.alpha))
    if layer.axis not in (-1, 2):
        raise ConversionError(f"{layer.name} is a softmax over axis {layer.axis}; that over the features is converted")
    return "softmax"


def _relu(most: float | None, slope: float, threshold: float) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        if threshold:
            y = f.where(x >= threshold, x, slope * (x - threshold))
        else:
            y = f.leaky_relu(x, slope) if slope else f.relu(x)
        return y if most is None else f.minimum(y, float(most))

    return function


def batch_norm(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    _check_axis(walk, layer, x)

    def make() -> Layer:
        made = BatchNorm(momentum=layer.momentum, epsilon=layer.epsilon)
        arrays = [numpy_of(w) for w in (layer.moving_mean, layer.moving_variance)]
        found = _scaled(walk, layer, made, x.features) | dict(zip(("mean", "variance"), arrays, strict=True))
        walk.weigh(layer, made, found, "")
        return made

    return x.having(walk.apply(walk.known(layer, make), x.flow))


def layer_norm(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    _check_axis(walk, layer, x)
    if getattr(layer, "rms_scaling", False):
        raise walk.refusal(layer, "scales by the root mean square only; write that as an elman.cell")

    def make() -> Layer:
        made = LayerNorm(epsilon=layer.epsilon)
        walk.weigh(layer, made, _scaled(walk, layer, made, x.features), "")
        return made

    return x.having(walk.apply(walk.known(layer, make), x.flow))


def _check_axis(walk: Any, layer: Any, x: Value) -> None:
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    if list(axes) not in ([-1], [2 if x.timed else 1]):
        raise walk.refusal(layer, f"normalises over axis {layer.axis}; that of the features, -1, is converted")


def _scaled(walk: Any, layer: Any, made: Layer, features: int) -> dict[str, Any]:
    """Gain and bias, those that Keras' layer has not held at 1 and 0."""
    found = {"g": np.ones(features), "b": np.zeros(features)}
    for name, theirs, there in (("g", "gamma", layer.scale), ("b", "beta", layer.center)):
        if there:
            found[name] = numpy_of(getattr(layer, theirs))
        else:
            walk.hold(made, name)
    return found


def convolution(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    walk.timed(layer, x)
    (stride,), (dilation,), (size,) = layer.strides, layer.dilation_rate, layer.kernel_size
    if layer.groups != 1 or layer.data_format != "channels_last":
        raise walk.refusal(
            layer, f"has groups={layer.groups} and {layer.data_format}; 1 and channels_last are converted"
        )
    if layer.padding == "same" and stride != 1:
        raise walk.refusal(
            layer, f"has padding='same' and strides={stride}, so that the steps it sees depend on their number; "
            "padding='causal' or 'valid' is converted"
        )  # fmt: skip

    def make() -> Conv1D:
        function = activation_of(layer.activation, layer.name)
        causal, apart = layer.padding != "same", dilation * x.grid.every
        made = Conv1D(layer.filters, size, causal, apart, function, bool(layer.use_bias))
        weights = walk.arrays(layer)
        found = {"W": conv_to_elman(weights[0])} | ({"b": weights[1]} if layer.use_bias else {})
        walk.weigh(layer, made.dense, found, "the newest step first")  # type: ignore[attr-defined]
        return made

    known = (layer, f"every {x.grid.every}")
    counted = None if layer.padding == "valid" else counts(walk, x)
    with walk.aside("kept"):
        flow = x.flow if counted is None else walk.equations(f.where(counted.flow, x.flow, 0))
    made = walk.apply(walk.known(known, make), flow)
    if layer.padding == "valid" and size > 1 or stride > 1:
        walk.branches()
        return shortened(walk, x, (size - 1) * dilation * (layer.padding == "valid"), stride, made)
    return x.having(made, mask=x.mask if layer.supports_masking else None)


def average(walk: Any, layer: Any, x: Value, *, mask: Any = None, **_: Any) -> Value:
    x = _pooled(walk, layer, walk.with_mask(x, mask))
    used = x.mask or counts(walk, x)
    if used is None:
        return Value(pool(x.flow, "mean"), flat=bool(layer.keepdims))
    total = pool(walk.equations(f.where(used.flow, x.flow, 0)), "sum")
    return Value(walk.equations(total / pool(used.flow, "sum")), flat=bool(layer.keepdims))


def largest(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    x = _pooled(walk, layer, x)
    if x.mask is None and walk.lengths:
        walk.notes.append(f"{layer.name} looks at all steps in Keras, masked ones too; here at each row's own")
    used = counts(walk, x)
    flow = x.flow if used is None else walk.equations(f.where(used.flow, x.flow, LEAST))
    return Value(pool(flow, "max"), flat=bool(layer.keepdims))


def _pooled(walk: Any, layer: Any, x: Value) -> Value:
    walk.branches()
    walk.timed(layer, x)
    if layer.data_format != "channels_last":
        raise walk.refusal(layer, "pools over channels_first; channels_last is converted")
    return x


def flatten(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    """All steps side by side; nothing where there is one."""
    if not x.timed:
        return x.having(x.flow, flat=False)
    if x.steps is None or x.steps > MOST_STEPS:
        count = "an open number of" if x.steps is None else x.steps
        raise walk.refusal(
            layer, f"puts {count} steps side by side, at most {MOST_STEPS} of a known number are converted: "
            "GlobalAveragePooling1D or a recurrent layer without return_sequences gathers any number"
        )  # fmt: skip
    walk.branches()
    walk.bound(x, layer)
    steps = [running().move("take", x.flow, x.grid.first + k * x.grid.every) for k in range(x.steps)]
    return Value(walk.equations(_halved(steps)))


def _halved(parts: list[Any]) -> Any:
    """Side by side, as a tree, so that nothing nests deeply."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return concat(_halved(parts[:middle]), _halved(parts[middle:]))


def reshape(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    target = tuple(layer.target_shape)
    if x.timed and x.flat and target[-1:] == (1,) and len(target) == 2:  # (B, T) as (B, T, 1)
        return x.having(x.flow, flat=False)
    if x.timed and not x.flat and len(target) == 2 and target[1] in (x.features, -1) and target[0] in (x.steps, -1):
        return x
    if x.timed and len(target) == 1:
        return flatten(walk, layer, x)
    if not x.timed and len(target) == 1:
        return x.having(x.flow, flat=False)
    if not x.timed and len(target) == 2 and target[0] == 1:
        return x.having(x.flow, flat=True)
    raise walk.refusal(
        layer, f"makes {target} of {'steps' if x.timed else 'a vector'}, which mixes steps and features: shape the "
        "data before, (B, T, F), and begin the model behind it"
    )  # fmt: skip


def repeat_vector(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    """One vector at so many steps: those of an input that has as many, else of an input of its own."""
    walk.branches()
    if x.timed:
        raise walk.refusal(layer, "repeats a sequence; one vector a row is converted")
    return Value(running().move("repeat", x.flow, axis=walk.paced(layer, layer.n).axis), steps=layer.n)


def time_distributed(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    inner = layer.layer
    if type(inner).__name__ == "Flatten" and x.timed:
        return x
    if type(inner).__name__ not in PER_STEP:
        raise walk.refusal(layer, f"runs {type(inner).__name__} at each step; {', '.join(PER_STEP)} are converted")
    return walk.call(inner, [walk.timed(layer, x)], {})


PER_STEP = ("Dense", "Dropout", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "BatchNormalization",
            "LayerNormalization", "Sequential", "Functional")  # fmt: skip


def rescaling(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    return x.having(walk.equations(x.flow * float(numpy_of(layer.scale)) + float(numpy_of(layer.offset))))


def normalization(walk: Any, layer: Any, x: Value, **_: Any) -> Value:
    mean, variance = (numpy_of(a).astype(np.float64).reshape(-1) for a in (layer.mean, layer.variance))
    if layer.invert or mean.size not in (1, x.features):
        raise walk.refusal(layer, "inverts, or normalises over another axis than the features")
    deviation = np.maximum(np.sqrt(variance), 1e-7)
    wide = [np.broadcast_to(a, (x.features,)).copy() for a in (mean, deviation)]
    return x.having(walk.apply(Stateless(_standardised(*wide)), x.flow))


def _standardised(mean: np.ndarray, deviation: np.ndarray) -> Any:
    @cell
    def standardised(p, x):
        """In units of its deviation."""
        return (x - constant(mean)) / constant(deviation)

    return standardised
