"""Graphs of layers against functional models of Keras, with masks for rows of different lengths: `make parity`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman as el

pytestmark = pytest.mark.parity
pytest.importorskip("keras", reason="Keras is not installed: `make parity` installs it")
pytest.importorskip("tensorflow", reason="TensorFlow, which runs Keras, is not installed: `make parity` installs it")

sys.path.insert(0, str(Path(__file__).parent))

from keras_run import GATES, keras, tf  # noqa: E402

B, T, S, F, H = 4, 6, 5, 3, 4
LENGTHS = {"x": np.array([4, 6, 1, 3]), "y": np.array([5, 2, 3, 1])}
STEPS, WIDTHS = {"x": T, "y": S}, {"x": F, "y": F, "s": 2}
K = keras.layers


@dataclass
class Case:
    """A model of Keras, the same as a function for Elman, and which of their layers are the same."""

    model: Callable[..., Any]  # of inputs and masks
    function: Callable[..., Any]
    layers: dict[str, tuple[str, Any]]  # by Elman's name: the kind, and Keras' layer
    inputs: tuple[str, ...]
    ragged: bool = True


def arrays_of(kind: str, arrays: list[np.ndarray], *, weights: bool) -> dict[str, np.ndarray]:
    """Keras' weights of a layer, or their gradients, by Elman's names; its matrices are transposed."""
    if kind in ("dense", "conv"):  # a kernel is (steps, features, units), the oldest step first
        matrix = arrays[0] if kind == "dense" else np.concatenate(arrays[0][::-1])
        return {"W": matrix.T, "b": arrays[1]}
    if kind in ("additive", "scaled"):
        return {"v" if kind == "additive" else "a": arrays[0].reshape(-1)}
    gates, bias = GATES[kind], arrays[2]
    found = {f"W{g}": a.T for g, a in zip(gates, np.split(arrays[0], len(gates), 1), strict=True)}
    found |= {f"U{g}": a.T for g, a in zip(gates, np.split(arrays[1], len(gates), 1), strict=True)}
    both = np.atleast_2d(bias)
    found |= {f"b{g}": a for g, a in zip(gates, np.split(both[0], len(gates)), strict=True)}
    if len(both) == 2:
        recurrent = dict(zip(gates, np.split(both[1], len(gates)), strict=True))
        found["c_n"] = recurrent["_n"]
        found |= {f"b{g}": found[f"b{g}"] + recurrent[g] for g in ("_z", "_r") if weights}
    return found


def compare(case: Case) -> None:
    random = np.random.default_rng(5)
    shapes = {n: (B, STEPS[n], WIDTHS[n]) if n in STEPS else (B, WIDTHS[n]) for n in case.inputs}
    x = {n: random.normal(size=shape) for n, shape in shapes.items()}
    lengths = {n: LENGTHS[n] if case.ragged else np.full(B, STEPS[n]) for n in case.inputs if n in STEPS}
    masks = {n: tf.constant(np.arange(STEPS[n]) < k[:, None]) for n, k in lengths.items()}
    leaves = {n: tf.constant(a) for n, a in x.items()}
    case.model(leaves, masks)  # makes the weights
    for _, layer in case.layers.values():
        layer.set_weights([random.normal(0, 0.5, w.shape) for w in layer.get_weights()])
    with tf.GradientTape() as tape:
        tape.watch(leaves)
        output = case.model(leaves, masks)
        along = random.normal(size=output.shape)
        if output.ndim == 3:
            along *= (np.arange(output.shape[1]) < lengths["y" if "y" in lengths else "x"][:, None])[..., None]
        total = tf.reduce_sum(output * tf.constant(along))
    weights = {name: [w.value for w in layer.weights] for name, (_, layer) in case.layers.items()}
    of_weights, of_inputs = tape.gradient(total, (weights, leaves))

    named: dict[str, np.ndarray] = {}
    wanted: dict[str, np.ndarray] = {}
    for name, (kind, layer) in case.layers.items():
        named |= {f"{name}.{n}": a for n, a in arrays_of(kind, layer.get_weights(), weights=True).items()}
        gradients = [g.numpy() for g in of_weights[name]]
        wanted |= {f"d {name}.{n}": a for n, a in arrays_of(kind, gradients, weights=False).items()}
    wanted |= {f"d {name}": of_inputs[name].numpy() for name in case.inputs}
    wanted["output"] = np.where(along != 0, output.numpy(), 0)
    for engine in ("numpy", "native"):
        found = elmans(case, engine, named, x, along, lengths if case.ragged else None)
        assert found.keys() == wanted.keys()
        for name, value in wanted.items():
            np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-9, err_msg=f"{engine}: {name}")


def elmans(
    case: Case, engine: str, named: dict[str, np.ndarray], x: dict[str, np.ndarray], along: np.ndarray, lengths: Any
) -> dict[str, np.ndarray]:
    given = {n: el.Static(WIDTHS[n]) if n == "s" else WIDTHS[n] for n in case.inputs}
    net = el.Network(case.function, inputs=given, dtype=np.float64, engine=engine)
    for name, value in named.items():
        net.params[name] = value
    grads, dx, _ = net.backward(x, along, lengths=lengths)
    dx = dx if isinstance(dx, dict) else {case.inputs[0]: dx}
    return {"output": net(x, lengths=lengths)} | {f"d {name}": g for name, g in (grads | dx).items()}


def made(kind: str, units: int = H, **options: Any) -> Any:
    """A layer of Keras that returns all steps."""
    options = {"return_sequences": True, "dtype": "float64", **options}
    if kind.startswith("gru"):
        return K.GRU(units, reset_after=kind == "gru_reset_after", **options)
    return K.LSTM(units, **options) if kind == "lstm" else K.SimpleRNN(units, **options)


ELMAN = {
    "simple_tanh": el.SimpleRNN,
    "gru_reset_after": el.GRU,
    "gru_reset_before": lambda units, **options: el.GRU(units, reset_after=False, **options),
    "lstm": el.LSTM,
}


@pytest.mark.parametrize(
    ("kind", "merge", "theirs"),
    [
        ("lstm", "concat", "concat"),
        ("lstm", "mean", "ave"),
        ("gru_reset_after", "sum", "sum"),
        ("gru_reset_before", "mul", "mul"),
        ("simple_tanh", "mul", "mul"),
    ],
)
def test_bidirectional_with_masks(kind: str, merge: str, theirs: str) -> None:
    both = K.Bidirectional(made(kind), merge_mode=theirs, dtype="float64")
    both.build((B, T, F))
    case = Case(
        lambda x, m: both(x["x"], mask=m["x"]),
        lambda x: el.Bidirectional(ELMAN[kind](H), merge=merge)(x),
        {"bidirectional.forward": (kind, both.forward_layer), "bidirectional.backward": (kind, both.backward_layer)},
        ("x",),
    )
    compare(case)


def test_encoder_and_decoder() -> None:
    """Two inputs with masks of their own, states of the encoder as the decoder's, a softmax at every step."""
    encoder, decoder = made("lstm", return_state=True), made("lstm")
    dense = K.Dense(5, activation="softmax", dtype="float64")

    def model(x: Any, m: Any) -> Any:
        _, *states = encoder(x["x"], mask=m["x"])
        return dense(decoder(x["y"], mask=m["y"], initial_state=states))

    def function(x: Any, y: Any) -> Any:
        e = el.LSTM(H)(x)
        d = el.LSTM(H)(y, state=e.final)
        return el.Dense(5, activation="softmax")(d)

    compare(
        Case(model, function, {"e": ("lstm", encoder), "d": ("lstm", decoder), "dense": ("dense", dense)}, ("x", "y"))
    )


def test_repeated_vector() -> None:
    """An autoencoder, with another input that has no time beside what is repeated."""
    encoder, decoder = made("gru_reset_after", return_sequences=False), made("simple_tanh")

    def model(x: Any, m: Any) -> Any:
        z = K.Concatenate(dtype="float64")([encoder(x["x"]), x["s"]])
        return decoder(K.RepeatVector(T, dtype="float64")(z))

    def function(x: Any, s: Any) -> Any:
        e = el.GRU(H, return_sequences=False)(x)
        return el.SimpleRNN(H)(el.repeat(el.concat(e, s), x))

    layers = {"e": ("gru_reset_after", encoder), "simple": ("simple_tanh", decoder)}
    compare(Case(model, function, layers, ("x", "s"), ragged=False))


@pytest.mark.parametrize("how", ["mean", "max"])
def test_pools(how: str) -> None:
    """The mean knows masks; Keras' maximum does not."""
    rnn, dense = made("gru_reset_before"), K.Dense(2, activation="tanh", dtype="float64")
    mean, largest = K.GlobalAveragePooling1D(dtype="float64"), K.GlobalMaxPooling1D(dtype="float64")

    def model(x: Any, m: Any) -> Any:
        h = rnn(x["x"], mask=m["x"])
        return dense(mean(h, mask=m["x"]) if how == "mean" else largest(h))

    def function(x: Any) -> Any:
        h = el.GRU(H, reset_after=False)(x)
        return el.Dense(2, activation="tanh")(el.pool(h, how))

    layers = {"h": ("gru_reset_before", rnn), "dense": ("dense", dense)}
    compare(Case(model, function, layers, ("x",), ragged=how == "mean"))


@el.cell(memory=1)
def looked_up(p, x, m, *, how="plain"):
    """Keras' attention: of dot products that nothing scales, or one number does; additive, without matrices."""
    if how == "additive":
        return el.attend(x, m, m, vector=p.v)
    return el.attend(x if how == "plain" else el.scalar(p.a) * x, m, m, scale=1.0)


@pytest.mark.parametrize("how", ["plain", "scaled", "additive"])
def test_attention(how: str) -> None:
    """Attention between two sequences, each with a mask."""
    source, target = made("gru_reset_after"), made("gru_reset_after")
    attention: Any = K.Attention(use_scale=how == "scaled", dtype="float64")
    attention = K.AdditiveAttention(use_scale=True, dtype="float64") if how == "additive" else attention

    def model(x: Any, m: Any) -> Any:
        memory, query = source(x["x"], mask=m["x"]), target(x["y"], mask=m["y"])
        found = attention([query, memory], mask=[m["y"], m["x"]])
        return K.Concatenate(dtype="float64")([query, found])

    def function(x: Any, y: Any) -> Any:
        m, q = el.GRU(H)(x), el.GRU(H)(y)
        found = el.Layer(looked_up.with_options(how=how))(q, m)
        return el.concat(q, found)

    layers = {"m": ("gru_reset_after", source), "q": ("gru_reset_after", target)}
    layers |= {} if how == "plain" else {"found": (how, attention)}
    compare(Case(model, function, layers, ("x", "y")))


@pytest.mark.parametrize(
    ("kernel", "causal", "dilation"),
    [(1, True, 1), (3, True, 1), (2, True, 2), (3, False, 1), (2, False, 1), (4, False, 2)],
)
def test_convolutions(kernel: int, causal: bool, dilation: int) -> None:
    padding = "causal" if causal else "same"
    conv = K.Conv1D(H, kernel, padding=padding, dilation_rate=dilation, activation="tanh", dtype="float64")
    rnn = made("gru_reset_after")

    def function(x: Any) -> Any:
        c = el.Conv1D(H, kernel, causal=causal, dilation=dilation, activation="tanh")(x)
        return el.GRU(H)(c)

    layers = {"c": ("conv", conv), "gru": ("gru_reset_after", rnn)}
    compare(Case(lambda x, m: rnn(conv(x["x"])), function, layers, ("x",), ragged=False))


def test_states_from_an_input_without_time() -> None:
    begin, rnn = K.Dense(H, activation="tanh", dtype="float64"), made("gru_reset_after")

    def function(x: Any, s: Any) -> Any:
        h0 = el.Dense(H, activation="tanh")(s)
        h = el.GRU(H)(x, state=h0)
        return h + el.repeat(h0, x)

    def model(x: Any, m: Any) -> Any:
        h0 = begin(x["s"])
        return rnn(x["x"], mask=m["x"], initial_state=h0) + K.RepeatVector(T, dtype="float64")(h0)

    layers = {"h0": ("dense", begin), "h": ("gru_reset_after", rnn)}
    compare(Case(model, function, layers, ("x", "s")))
