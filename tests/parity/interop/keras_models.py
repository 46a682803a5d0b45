"""Random models of Keras, drawn by a seed, and models as people write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

L, K = keras.layers, keras.Sequential
ACTIVATIONS = ("tanh", "relu", "sigmoid", "softsign", "elu", "silu", "selu", "hard_tanh", "leaky_relu", "mish")
GATES = ("sigmoid", "sigmoid", "hard_sigmoid", "tanh")


def weighted(model: Any, seed: int = 0) -> Any:
    """A model with weights that are all of some size, variances above 0."""
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        if "seed" in variable.path or variable.path.endswith("rnn_state"):
            continue
        drawn = rng.normal(0, 0.4, variable.shape)
        variable.assign(np.abs(drawn) + 0.5 if "variance" in variable.path else drawn)
    return model


class Drawing:
    """A random model: an input, layers before, between and behind one to three recurrent ones, and an end.

    Keras' own NumPy backend runs no initial states and no stacks of cells, and multiplies in float32; its TensorFlow
    one runs no masked stacks of cells. Stacks compute in float32 whatever they are told.
    """

    def __init__(self, seed: int):
        self.rng = np.random.default_rng((seed, 15))
        self.full = keras.backend.backend() != "numpy"
        self.dtype = "float64" if self.rng.random() < 0.2 and self.full else "float32"
        self.masked = False
        self.steps = int(self.rng.integers(4, 8)) if self.rng.random() < 0.5 else None

    def pick(self, *options: Any) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def model(self) -> Any:
        keras.backend.clear_session()
        inputs, x = self.begin()
        for _ in range(int(self.rng.integers(0, 3))):
            x = self.between(x)
        for _ in range(int(self.rng.integers(0, 3))):
            x = self.between(self.recurrent(x, True))
        x = self.end(inputs, x)
        return weighted(keras.Model(inputs if len(inputs) > 1 else inputs[0], x))

    def begin(self) -> tuple[list[Any], Any]:
        if self.chance(0.35):
            tokens = keras.Input((self.steps,), dtype="int32", name="tokens")
            self.masked = self.chance(0.6)
            return [tokens], L.Embedding(9, 4, mask_zero=self.masked, dtype=self.dtype)(tokens)
        given = keras.Input((self.steps, 3), dtype=self.dtype, name="given")
        self.masked = self.chance(0.4)
        return [given], L.Masking(self.pick(0.0, -1.0), dtype=self.dtype)(given) if self.masked else given

    def between(self, x: Any) -> Any:
        units, dtype = int(self.rng.integers(2, 5)), self.dtype
        made = self.pick(
            L.Dense(units, activation=self.pick(*ACTIVATIONS), use_bias=self.chance(0.7), dtype=dtype),
            L.Dropout(0.2, dtype=dtype),
            L.SpatialDropout1D(0.2, dtype=dtype),
            L.BatchNormalization(scale=self.chance(0.7), center=self.chance(0.7), dtype=dtype),
            L.LayerNormalization(epsilon=1e-4, center=self.chance(0.7), dtype=dtype),
            L.TimeDistributed(L.Dense(units, dtype=dtype), dtype=dtype),
            L.Activation(self.pick(*ACTIVATIONS), dtype=dtype),
            L.LeakyReLU(negative_slope=0.3, dtype=dtype),
            L.Identity(dtype=dtype),
        )
        return made(x)

    def cell(self, kind: str, units: int) -> Any:
        return self.of(kind, units, cell=True)

    def of(self, kind: str, units: int, cell: bool = False, **more: Any) -> Any:
        options = {"activation": self.pick("tanh", *ACTIVATIONS), "use_bias": self.chance(0.8), "dtype": self.dtype}
        if kind != "SimpleRNN":
            options["recurrent_activation"] = self.pick(*GATES)
        if kind == "GRU":
            options["reset_after"] = self.chance(0.5)
        if self.chance(0.25):
            options |= {"dropout": 0.1, "recurrent_dropout": self.pick(0.0, 0.1)}
        return getattr(L, kind + "Cell" * cell)(units, **options, **more)

    def recurrent(self, x: Any, sequences: bool) -> Any:
        kind, units = self.pick("SimpleRNN", "GRU", "LSTM"), int(self.rng.integers(2, 5))
        draw = self.rng.random()
        if draw < 0.2:
            several = self.full and not self.masked and self.dtype == "float32"
            kinds = ("SimpleRNN", "GRU", "LSTM") if several else ("SimpleRNN", "GRU")
            cells = [self.cell(self.pick(*kinds), units + k) for k in range(self.pick(1, 2) if several else 1)]
            zeros = self.chance(0.3) and self.dtype == "float32"
            made = L.RNN(cells if several else cells[0], return_sequences=sequences, dtype=self.dtype,
                         zero_output_for_mask=zeros)  # fmt: skip
            return made(x)
        if draw < 0.5 and not (self.masked and self.dtype == "float64"):
            merge = self.pick("concat", "sum", "mul", "ave")
            return L.Bidirectional(
                self.of(kind, units, return_sequences=sequences), merge_mode=merge, dtype=self.dtype
            )(x)
        return self.of(kind, units, return_sequences=sequences, go_backwards=self.chance(0.2))(x)

    def end(self, inputs: list[Any], x: Any) -> Any:
        draw = self.rng.random()
        if draw < 0.25:
            return L.Dense(2, activation=self.pick("linear", "softmax", "sigmoid"), dtype=self.dtype)(x)
        if draw < 0.4 and self.full:
            return self.decoder(inputs, x)
        if draw < 0.5 and self.steps:
            return L.Dense(2, dtype=self.dtype)(L.Flatten(dtype=self.dtype)(x))
        x = L.GlobalAveragePooling1D(dtype=self.dtype)(x) if draw < 0.65 else self.recurrent(x, False)
        if self.chance(0.4):
            static = keras.Input((2,), dtype=self.dtype, name="static")
            inputs.append(static)
            x = L.Concatenate(dtype=self.dtype)([x, L.Dense(3, activation="relu", dtype=self.dtype)(static)])
        return L.Dense(2, dtype=self.dtype)(x)

    def decoder(self, inputs: list[Any], x: Any) -> Any:
        """A second recurrent layer, which begins with the states of a first one."""
        kind = self.pick("GRU", "LSTM")
        _, *states = self.of(kind, 4, return_state=True)(x)
        other = keras.Input((None, 2), dtype=self.dtype, name="target")
        inputs.append(other)
        y = self.of(kind, 4, return_sequences=True)(other, initial_state=states)
        return L.Dense(3, activation="softmax", dtype=self.dtype)(y)


# --- as people write them -------------------------------------------------------------------------------------


def stock() -> Any:
    """Prices of 60 days, as in many a course."""
    layers = [L.LSTM(5, return_sequences=True), L.Dropout(0.2), L.LSTM(5), L.Dropout(0.2), L.Dense(3), L.Dense(1)]
    return K([keras.Input((60, 1)), *layers])


def reviews() -> Any:
    """Sentiment of padded texts."""
    both = [L.Bidirectional(L.LSTM(3, return_sequences=True)), L.Bidirectional(L.LSTM(3))]
    return K([keras.Input((None,)), L.Embedding(20, 4, mask_zero=True), *both, L.Dense(1, activation="sigmoid")])


def writer() -> Any:
    """Characters, one batch after the other."""
    gru = L.GRU(5, return_sequences=True, stateful=True)
    return K([keras.Input(batch_shape=(2, None)), L.Embedding(12, 4), gru, L.Dense(12)])


def names() -> Any:
    """Named entities, 75 words a sentence."""
    i = keras.Input((75,))
    x = L.Bidirectional(L.LSTM(4, return_sequences=True, recurrent_dropout=0.1))(L.Dropout(0.1)(L.Embedding(30, 5)(i)))
    return keras.Model(i, L.TimeDistributed(L.Dense(5, activation="softmax"))(x))


def sales() -> Any:
    """A series and two ids."""
    series, store, item = keras.Input((30, 4)), keras.Input((1,), name="store id"), keras.Input((1,), name="item")
    ids = [L.Flatten()(L.Embedding(10, 3)(store)), L.Reshape((2,))(L.Embedding(7, 2)(item))]
    h = L.Bidirectional(L.GRU(4, return_sequences=True))(series)
    z = L.concatenate([L.GlobalAveragePooling1D()(h), L.GlobalMaxPooling1D()(h), *ids])
    z = L.BatchNormalization()(L.Dense(6, activation="relu")(z))
    return keras.Model([series, store, item], L.Dense(1)(L.Dropout(0.3)(z)))


def toxic() -> Any:
    """Two outputs, skips between dense layers."""
    words = keras.Input((None,))
    x = L.SpatialDropout1D(0.2)(L.Embedding(50, 6)(words))
    x = L.Bidirectional(L.LSTM(4, return_sequences=True))(x)
    h = L.concatenate([L.GlobalMaxPooling1D()(x), L.GlobalAveragePooling1D()(x)])
    for _ in range(2):
        h = L.add([h, L.Dense(16, activation="relu")(h)])
    return keras.Model(words, [L.Dense(1, activation="sigmoid")(h), L.Dense(6, activation="sigmoid")(h)])


def translation() -> Any:
    """Encoder and decoder of tokens, with Luong's attention."""
    a, b = keras.Input((None,)), keras.Input((None,))
    e, h, c = L.LSTM(5, return_sequences=True, return_state=True)(L.Embedding(11, 4)(a))
    d, _, _ = L.LSTM(5, return_sequences=True, return_state=True)(L.Embedding(12, 4)(b), initial_state=[h, c])
    return keras.Model([a, b], L.Dense(12, activation="softmax")(L.Concatenate()([d, L.Attention()([d, e])])))


def masked_translation() -> Any:
    """The same masked, without attention."""
    a, b = keras.Input((None,)), keras.Input((None,))
    _, h, c = L.LSTM(5, return_state=True)(L.Embedding(11, 4, mask_zero=True)(a))
    d = L.LSTM(5, return_sequences=True)(L.Embedding(12, 4, mask_zero=True)(b), initial_state=[h, c])
    return keras.Model([a, b], L.Dense(12, activation="softmax")(d))


def both_directions_begin() -> Any:
    a, b = keras.Input((None, 3)), keras.Input((None, 4))
    _, fh, fc, bh, bc = L.Bidirectional(L.LSTM(5, return_state=True))(a)
    states = [L.Concatenate()([fh, bh]), L.Concatenate()([fc, bc])]
    return keras.Model([a, b], L.Dense(4)(L.LSTM(10, return_sequences=True)(b, initial_state=states)))


def autoencoder() -> Any:
    layers = [L.LSTM(4, activation="relu"), L.RepeatVector(7), L.LSTM(4, activation="relu", return_sequences=True)]
    return K([keras.Input((7, 2)), *layers, L.TimeDistributed(L.Dense(2))])


def horizon() -> Any:
    """Three steps ahead of seven."""
    layers = [L.LSTM(4), L.RepeatVector(3), L.LSTM(4, return_sequences=True), L.TimeDistributed(L.Dense(1))]
    return K([keras.Input((7, 2)), *layers])


def waves() -> Any:
    """Dilated causal convolutions below a GRU."""
    i = keras.Input((None, 2))
    x = i
    for dilation in (1, 2, 4):
        x = L.Conv1D(4, 2, padding="causal", dilation_rate=dilation, activation="relu")(x)
    return keras.Model(i, L.GRU(3)(L.Conv1D(4, 3, padding="same")(x)))


def caption() -> Any:
    picture, words = keras.Input((16,)), keras.Input((9,))
    x = L.Dense(6, activation="relu")(L.Dropout(0.5)(picture))
    s = L.LSTM(6)(L.Dropout(0.5)(L.Embedding(20, 5, mask_zero=True)(words)))
    return keras.Model(
        [picture, words], L.Dense(20, activation="softmax")(L.Dense(6, activation="relu")(L.add([x, s])))
    )


def twins() -> Any:
    a, b, shared = keras.Input((None, 3)), keras.Input((None, 3)), L.LSTM(4)
    return keras.Model([a, b], L.Dense(1, activation="sigmoid")(L.Subtract()([shared(a), shared(b)])))


def nested() -> Any:
    encoder = K([keras.Input((None, 3)), L.GRU(4, return_sequences=True), L.Dense(5)])
    f, i = keras.Input((None, 5)), keras.Input((None, 3))
    head = keras.Model(f, L.LSTM(3)(f))
    return keras.Model(i, L.Dense(1)(head(encoder(i))))


def functions() -> Any:
    i = keras.Input((None, 3))
    h = L.GRU(3, return_sequences=True)(i)
    return keras.Model(i, keras.ops.tanh(h) * 2 + i)


def by_name() -> Any:
    i = keras.Input((None, 2), name="a")
    h = L.LSTM(3)(i)
    return keras.Model({"a": i}, {"y": L.Dense(1)(h), "z": L.Dense(2)(h)})


def apart() -> Any:
    """Directions that are not merged, and such that differ."""
    i = keras.Input((None, 2))
    both = L.Bidirectional(L.LSTM(3, return_sequences=True), merge_mode=None)(L.Masking()(i))
    other = L.GRU(3, return_sequences=True, go_backwards=True)
    x = L.Bidirectional(L.LSTM(3, return_sequences=True), backward_layer=other, merge_mode="mul")(L.Add()(both))
    return keras.Model(i, x)


def standardised() -> Any:
    before = [L.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0]), L.Rescaling(0.5, 1.0)]
    return K([keras.Input((8, 2)), *before, L.GRU(3), L.Dense(1)])


def flat_series() -> Any:
    return K([keras.Input((8,)), L.Reshape((8, 1)), L.SimpleRNN(3), L.Dense(1)])


def flattened() -> Any:
    return K([keras.Input((7, 2)), L.GRU(4, return_sequences=True), L.Flatten(), L.Dense(1)])


def convolved_reviews() -> Any:
    """The example of Keras 2: words, convolved and pooled below an LSTM."""
    layers = [L.Embedding(20, 4), L.Dropout(0.25), L.Conv1D(5, 5, activation="relu"), L.MaxPooling1D(4), L.LSTM(3)]
    return K([keras.Input((100,)), *layers, L.Dense(1, activation="sigmoid")])


def activity() -> Any:
    """Sensors: convolutions, pooled twice, flattened."""
    layers = [L.Conv1D(4, 3, activation="relu"), L.Conv1D(4, 3, activation="relu"), L.Dropout(0.5), L.MaxPooling1D(2)]
    more = [L.Conv1D(3, 3, padding="same"), L.BatchNormalization(), L.AveragePooling1D(3, strides=2), L.Flatten()]
    return K([keras.Input((40, 2)), *layers, *more, L.Dense(6, activation="softmax")])


def branches() -> Any:
    """Kernels of several sizes, each pooled over all steps; strides; both directions."""
    words = keras.Input((None,))
    x = L.Embedding(30, 5)(words)
    found = [L.GlobalMaxPooling1D()(L.Conv1D(3, k, activation="relu")(x)) for k in (2, 3, 4)]
    found.append(L.GlobalAveragePooling1D()(L.Conv1D(3, 2, strides=2, padding="causal")(x)))
    y = L.Bidirectional(L.GRU(3, return_sequences=True))(L.Conv1D(3, 3, strides=3)(x))
    found.append(L.LSTM(2, go_backwards=True)(y))
    return keras.Model(words, L.Dense(2)(L.concatenate(found)))


PEOPLES: dict[str, Callable[[], Any]] = {
    f.__name__: f
    for f in (stock, reviews, writer, names, sales, toxic, translation, masked_translation, both_directions_begin,
              autoencoder, horizon, waves, caption, twins, nested, functions, by_name, apart, standardised, flat_series,
              flattened, convolved_reviews, activity, branches)
}  # fmt: skip
