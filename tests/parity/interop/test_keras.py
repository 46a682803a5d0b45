"""Models of Keras as networks and networks as models of Keras: `make parity`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman as el
from elman.errors import ConversionError
from elman.interop import from_keras, to_keras, weights_from_keras

pytestmark = pytest.mark.parity
pytest.importorskip("keras", reason="Keras is not installed: `make parity` installs it")
pytest.importorskip("tensorflow", reason="TensorFlow, which runs Keras, is not installed: `make parity` installs it")

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402
from tests.parity.interop.keras_models import PEOPLES, stock, weighted  # noqa: E402

L, K = keras.layers, keras.Sequential
ROOT = Path(__file__).parents[3]
SHARE = float(os.environ.get("ELMAN_MATRIX", "0.2"))  # of the configurations; above 1 for more of them


def matrix(backend: str, which: str, first: int, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.parity.interop.keras_matrix", which, str(first), str(round(count * SHARE))]
    quiet = {
        "KERAS_BACKEND": backend,
        "OMP_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    done = subprocess.run(command, env={**os.environ, **quiet}, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("backend", "which", "first", "count"),
    [("numpy", "from", 0, 65), ("tensorflow", "from", 65, 35), ("numpy", "to", 0, 102)],
)
def test_random_configurations(backend: str, which: str, first: int, count: int) -> None:
    """Each proves itself; here is seen that none was refused, and how far any is apart."""
    found = matrix(backend, which, first, count)
    wrong = {name: one["error"] for name, one in found.items() if "error" in one}
    assert not wrong and len(found) > round(count * SHARE) - 3  # of networks, as many of each of three kinds
    assert all(one["largest"] <= one["tolerance"] and one["trials"] for one in found.values())


@pytest.mark.parametrize("name", PEOPLES)
def test_models_as_people_write_them(name: str) -> None:
    model = weighted(PEOPLES[name]())
    net, report = from_keras(model, return_report=True)
    assert report.largest <= 1e-5 and report.trials and report.mapped and net.arena.any()


def test_a_chain_is_one() -> None:
    net = from_keras(weighted(stock()))
    assert net.structure.is_chain
    assert [layer.cell.name for layer in net.layers] == ["lstm", "dropout", "lstm", "dropout", "dense", "dense"]


@pytest.mark.parametrize("name", ["reviews", "masked_translation", "caption"])
def test_masks_as_lengths(name: str) -> None:
    """The network has no masks, and agrees on rows that are padded at their ends."""
    net, report = from_keras(weighted(PEOPLES[name]()), masks="lengths", return_report=True)
    assert any("lengths" in note for note in report.notes) and any("ragged" in trial for trial in report.trials)
    assert not any("mask" in name for name in net.layer_names)


# --- files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("name", ["stock", "reviews", "sales", "nested"])
def test_files(name: str, ending: str, tmp_path: Path) -> None:
    model = weighted(PEOPLES[name]())
    model.save(tmp_path / f"model{ending}")
    net, direct = from_keras(tmp_path / f"model{ending}"), from_keras(model)
    assert np.array_equal(net.arena, direct.arena) and len(net.arena)


def test_weights_of_a_file(tmp_path: Path) -> None:
    model, other = weighted(stock(), 1), weighted(stock(), 2)
    other.save_weights(tmp_path / "other.weights.h5")
    net = from_keras(model, weights=tmp_path / "other.weights.h5")
    assert np.array_equal(net.arena, from_keras(other).arena)
    with pytest.raises(ConversionError, match="do not fit"):
        from_keras(weighted(PEOPLES["waves"]()), weights=tmp_path / "other.weights.h5")
    with pytest.raises(ConversionError, match=r"weights alone|neither"):
        from_keras(tmp_path / "other.weights.h5")


def old_file(path: Path, model: Any, config: dict[str, Any], version: str) -> Path:
    """A file as an older Keras wrote it: the layers' weights beside a config of its own."""
    import h5py

    model.save(path)
    with h5py.File(path, "r+") as content:
        content.attrs["model_config"] = json.dumps(config)
        content.attrs["keras_version"] = version
    return path


def layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, "trainable": True, **config}}


def test_a_file_of_keras_2_0(tmp_path: Path) -> None:
    """A list of layers, the first with the shape of the input, and another hard sigmoid."""
    model = weighted(K([keras.Input((7, 2)), L.LSTM(3, recurrent_activation="hard_sigmoid"), L.Dense(1)]))
    lstm = layer("LSTM", "lstm_1", batch_input_shape=[None, 7, 2], units=3, recurrent_activation="hard_sigmoid",
                 implementation=0, dropout=0.0, recurrent_dropout=0.0)  # fmt: skip
    config = {"class_name": "Sequential", "config": [lstm, layer("Dense", "dense_1", units=1)]}
    net, report = from_keras(old_file(tmp_path / "old.h5", model, config, "2.0.2"), return_report=True)
    assert any("0.2 x + 0.5" in note for note in report.notes)
    x = np.random.default_rng(0).normal(size=(3, 7, 2)).astype(np.float32)
    w, u, b = (a.astype(np.float64) for a in model.layers[0].get_weights())
    h, c = np.zeros((3, 3)), np.zeros((3, 3))
    for t in range(7):  # by hand
        i, f, g, o = np.split(x[:, t] @ w + h @ u + b, 4, axis=1)
        i, f, o = (np.clip(0.2 * a + 0.5, 0, 1) for a in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
    dense = model.layers[1].get_weights()
    np.testing.assert_allclose(net(x), h @ dense[0] + dense[1], atol=1e-6)


def test_initial_states_as_keras_2_wrote_them(tmp_path: Path) -> None:
    a, b = keras.Input((None, 3)), keras.Input((None, 2))
    _, *states = L.LSTM(4, return_state=True)(a)
    model = weighted(keras.Model([a, b], L.LSTM(4, return_sequences=True)(b, initial_state=states)))
    options = {"units": 4, "time_major": False, "return_state": False, "recurrent_activation": "sigmoid"}
    first = layer("LSTM", "lstm", **{**options, "return_state": True})
    second = layer("LSTM", "lstm_1", **options, return_sequences=True)
    layers = [
        {**layer("InputLayer", "a", batch_input_shape=[None, None, 3]), "name": "a", "inbound_nodes": []},
        {**layer("InputLayer", "b", batch_input_shape=[None, None, 2]), "name": "b", "inbound_nodes": []},
        {**first, "name": "lstm", "inbound_nodes": [[["a", 0, 0, {}]]]},
        {**second, "name": "lstm_1", "inbound_nodes": [[["b", 0, 0, {}], ["lstm", 0, 1, {}], ["lstm", 0, 2, {}]]]},
    ]
    ends = {"input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["lstm_1", 0, 0]]}
    config = {"class_name": "Model", "config": {"name": "model", "layers": layers, **ends}}
    net = from_keras(old_file(tmp_path / "old.h5", model, config, "2.4.0"))
    assert np.array_equal(np.sort(net.arena), np.sort(from_keras(model).arena))


def test_an_archive_of_keras_2_on_windows(tmp_path: Path) -> None:
    """Options that are no more, another name of the input's shape, and weights at paths with backslashes."""
    import h5py

    model = weighted(K([keras.Input((6, 2)), L.LSTM(3), L.Dense(1)]))
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        (tmp_path / "weights.h5").write_bytes(archive.read("model.weights.h5"))
        config = json.loads(archive.read("config.json"))
    first, lstm, *_ = config["config"]["layers"]
    first["config"] = {
        "batch_input_shape": [None, 6, 2],
        "dtype": "float32",
        "sparse": False,
        "ragged": False,
        "name": "x",
    }
    lstm["config"]["time_major"] = False
    with h5py.File(tmp_path / "weights.h5", "r+") as content:
        content.move("layers/lstm/cell", "layers\\lstm\\cell")
        content.move("layers/dense", "layers\\dense")
        del content["layers"]
    with zipfile.ZipFile(tmp_path / "old.keras", "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "2.15.0"}))
        archive.writestr("config.json", json.dumps(config))
        archive.write(tmp_path / "weights.h5", "model.weights.h5")
    with pytest.raises(Exception, match=r"time_major|batch_input_shape|could not be loaded"):
        keras.saving.load_model(tmp_path / "old.keras")
    assert np.array_equal(from_keras(tmp_path / "old.keras").arena, from_keras(model).arena)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_layers_of_cudnn(kind: str, tmp_path: Path) -> None:
    """Their files hold each gate's matrices turned, and both biases."""
    import h5py

    model = weighted(K([keras.Input((5, 2)), getattr(L, kind)(3), L.Dense(1)]))
    path = tmp_path / "old.h5"
    fused = layer(f"CuDNN{kind}", "rnn", batch_input_shape=[None, 5, 2], units=3, return_sequences=False)
    config = {"class_name": "Sequential", "config": {"layers": [fused, layer("Dense", "dense_1", units=1)]}}
    old_file(path, model, config, "2.2.4")
    with h5py.File(path, "r+") as content:
        weights = content["model_weights"]
        name = str(np.asarray(weights.attrs["layer_names"]).astype(str)[0])
        weights.move(name, "rnn")
        names = ["rnn", *np.asarray(weights.attrs["layer_names"]).astype(str)[1:]]
        weights.attrs["layer_names"] = np.array(names, "S")
        group = weights["rnn"]
        for one in np.asarray(group.attrs["weight_names"]).astype(str):
            value = as_cudnn(np.asarray(group[one]), one, 4 if kind == "LSTM" else 3)
            del group[one]
            group[one] = value
    np.testing.assert_allclose(from_keras(path).arena, from_keras(model).arena, atol=1e-7)


def as_cudnn(value: np.ndarray, name: str, gates: int) -> np.ndarray:
    """A weight of Keras' own layer as CuDNN's has it."""
    if "bias" in name:
        return np.concatenate([0.25 * value, 0.75 * value]) if gates == 4 else value.reshape(-1)
    parts = np.hsplit(value, gates)
    return np.hstack([k.T if "recurrent" in name else k.T.reshape(k.shape, order="C") for k in parts])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"class_name": "Lambda", "module": "keras.layers"}, "Lambda layer, which is code"),
        ({"class_name": "system", "module": "os"}, "os.system, which is code"),
        ({"class_name": "Mine", "module": "my_layers", "registered_name": "mine>Mine"}, "my_layers.Mine"),
    ],
)
def test_files_with_code_are_refused_before_keras_sees_them(change: dict[str, Any], match: str, tmp_path: Path) -> None:
    weighted(stock()).save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"][1] |= change
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(tmp_path / "changed.keras", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(ConversionError, match=match):
        from_keras(tmp_path / "changed.keras")


# --- what cannot be said --------------------------------------------------------------------------------------


class Own(keras.layers.Layer):
    def call(self, x: Any) -> Any:
        return x * 2


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = L.LSTM(3)

    def call(self, x: Any) -> Any:
        return self.lstm(x)


def series(*layers: Any) -> Any:
    return K([keras.Input((8, 2)), *layers])


REFUSED = {
    "lambda": (lambda: series(L.LSTM(3), L.Lambda(lambda x: x * 2)), "lambda.*its function is code"),
    "a layer of one's own": (lambda: series(L.LSTM(3), Own()), "own.*class of its own.*elman.cell"),
    "a subclass": (lambda: _called(Subclassed()), "Subclassed is a class of its own.*functional"),
    "not built": (lambda: K([L.LSTM(3)]), "not built.*keras.Input"),
    "a layer": (lambda: L.LSTM(3), "is a layer: give a model"),
    "no sequence": (lambda: K([keras.Input((4,)), L.Dense(3)]), "vectors.*no sequence"),
    "strides": (lambda: series(L.Conv1D(3, 2, strides=2, padding="same"), L.GRU(2)), "strides"),
    "a shorter sequence": (lambda: series(L.Conv1D(3, 2), L.GRU(2, return_sequences=True)), "shorter than its input"),
    "groups": (lambda: series(L.Conv1D(4, 2, groups=2, padding="causal"), L.GRU(2)), "groups=2"),
    "permuted": (lambda: series(L.Permute((2, 1)), L.GRU(2)), "steps of features"),
    "heads": (lambda: _heads(), "several heads"),
    "an activation of one's own": (lambda: series(L.LSTM(3, activation=lambda x: x)), "activation '<lambda>'"),
    "vectors with sequences": (lambda: _mixed(), "RepeatVector"),
}


def _called(model: Any) -> Any:
    model(np.zeros((1, 4, 2), np.float32))
    return model


def _heads() -> Any:
    i = keras.Input((8, 4))
    return keras.Model(i, L.MultiHeadAttention(2, 2)(i, i))


def _mixed() -> Any:
    i, s = keras.Input((8, 2)), keras.Input((2,))
    return keras.Model([i, s], L.Add()([L.LSTM(2, return_sequences=True)(i), L.Reshape((1, 2))(s)]))


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_advice(name: str) -> None:
    make, match = REFUSED[name]
    with pytest.raises(ConversionError, match=match):
        from_keras(make())


# --- to Keras -------------------------------------------------------------------------------------------------


def attending(source: Any, target: Any) -> Any:
    memory = el.Bidirectional(el.GRU(3))(source)
    h = el.Recurrent("peephole_lstm", 6)(target)
    return el.Dense(2)(el.concat(h, el.attend(h, memory)))


@el.cell
def dropping(p, x, h):
    """Drops values of the state and of the matrix, the same at all steps, and of the input anew at each."""
    u = el.dropout(p.U, 0.3)
    return el.tanh(p.W @ el.dropout(x, 0.2) + u @ el.dropout(h, 0.2, once=True) + p.b)


def tied(tokens: Any) -> Any:
    table = el.Embedding(11, 4)
    h = el.LSTM(4)(table(tokens))
    return el.tie(el.Dense(11), W=(table, "E"))(h)


NETS = {
    "standard": lambda: el.Network(2, [el.LSTM(4), el.BatchNorm(), el.GRU(3, reset_after=False), el.Dense(2)]),
    "own equations": lambda: el.Network(2, [el.Recurrent("layer_norm_lstm", 4), el.Recurrent("mgu", 4)]),
    "indices": lambda: el.Network(1, [el.Embedding(9, 3), el.Bidirectional(el.LSTM(2)), el.Dense(2)]),
    "attention": lambda: el.Network(attending, inputs={"source": 2, "target": 3}),
    "tied": lambda: el.Network(tied, inputs=1),
    "dropout inside": lambda: el.Network(2, [el.Recurrent(dropping, 3), el.Dropout(0.4, once=True)]),
}


@pytest.mark.parametrize("name", NETS)
def test_files_of_to_keras_come_back(name: str, tmp_path: Path) -> None:
    """As a model of Keras, with the same weights, which go back to a network bit by bit."""
    net = NETS[name]()
    model, report = to_keras(net, return_report=True)
    assert report.largest <= 1e-5
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert "lambda" not in archive.read("config.json").decode().lower()
    again = keras.saving.load_model(tmp_path / "model.keras")
    other = NETS[name]()
    other.params.write(0.5)
    weights_from_keras(other, again)
    assert other.arena.tobytes() == net.arena.tobytes()


@pytest.mark.parametrize("name", NETS)
def test_a_step_of_training_is_the_same(name: str) -> None:
    """Gradients of a sum of the outputs, weighed, by both."""
    import tensorflow as tf

    net = NETS[name]()
    model = to_keras(net)
    rng = np.random.default_rng(3)
    shapes = [(3, 5, door.given.width) for door in net.doors]
    x = [
        rng.integers(0, d.indices, s) if d.whole else rng.normal(size=s) for d, s in zip(net.doors, shapes, strict=True)
    ]
    given = [tf.constant(a.reshape(a.shape[: len(t.shape)]), t.dtype) for a, t in zip(x, model.inputs, strict=True)]
    learnt = model.trainable_variables
    with tf.GradientTape() as tape:
        y = model(given if len(given) > 1 else given[0], training=False)
        along = rng.normal(size=y.shape)
        total = tf.reduce_sum(y * tf.constant(along, y.dtype))
    for variable, gradient in zip(learnt, tape.gradient(total, [v.value for v in learnt]), strict=True):
        variable.assign_sub(0.1 * tf.convert_to_tensor(gradient))
    grads, *_ = net.backward(tuple(x) if len(x) > 1 else x[0], along)
    wanted = {place: net.params[place] - 0.1 * g * (1 + both_biases(net, place)) for place, g in grads.items()}
    weights_from_keras(net, model)
    for place, value in wanted.items():
        if not place.endswith((".mean", ".variance")):
            np.testing.assert_allclose(net.params[place], value, atol=2e-5, err_msg=place)


def both_biases(net: el.Network, place: str) -> bool:
    """Whether a bias comes twice in Keras, so that a step moves both."""
    part, name = place.rsplit(".", 1)
    return name in ("b_z", "b_r") and f"{part}.c_n" in net.params


def test_it_trains_there() -> None:
    net = el.Network(1, [el.Recurrent("mgu", 6, return_sequences=False), el.Dense(1)])
    model = to_keras(net)
    model.compile(keras.optimizers.Adam(0.02), "mse")
    x = np.random.default_rng(0).normal(size=(64, 6, 1)).astype(np.float32)
    losses = model.fit(x, x.sum(1), epochs=25, verbose=0, batch_size=32).history["loss"]
    assert losses[-1] < 0.3 * losses[0]
    np.testing.assert_allclose(weights_from_keras(net, model)(x), model.predict(x, verbose=0), atol=1e-5)


def test_dropout_inside_acts_in_training_only() -> None:
    model = to_keras(NETS["dropout inside"]())
    x = np.ones((2, 4, 2), np.float32)
    assert np.array_equal(model(x), model(x)) and not np.array_equal(model(x, training=True), model(x, training=True))


def test_states_go_in_and_out() -> None:
    net = NETS["standard"]()
    model, report = to_keras(net, states=True, return_report=True)
    assert len(model.inputs) == 4 and len(model.outputs) == 4 and "states that were drawn" in report.trials


def test_frozen_parameters_stay() -> None:
    net = el.Network(2, [el.LSTM(3), el.Recurrent("peephole_lstm", 2), el.Dense(1)])
    net.freeze("0.*"), net.freeze("1.U_*")
    model = to_keras(net)
    frozen = sum(net.params[name].size for name in net.frozen)
    assert sum(np.size(v) for v in model.non_trainable_variables if "seed" not in v.path) == frozen


def test_a_model_of_another_network_is_refused() -> None:
    with pytest.raises(ConversionError, match="it is none that to_keras made"):
        weights_from_keras(NETS["own equations"](), to_keras(NETS["standard"]()))
    with pytest.raises(ConversionError, match="keras.saving.load_model"):
        weights_from_keras(NETS["standard"](), "model.keras")


def test_no_weights_at_all(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="there is no file of weights"):
        from_keras(weighted(PEOPLES["reviews"]()), weights=tmp_path / "none.weights.h5")


def test_there_and_back_and_there() -> None:
    """What came from Keras and goes back has Keras' own layers, masks too."""
    model = weighted(PEOPLES["reviews"]())
    back = to_keras(from_keras(model))
    kinds = [type(one).__name__ for one in back.layers]
    assert kinds.count("LSTM") == 4 and "Embedding" in kinds
