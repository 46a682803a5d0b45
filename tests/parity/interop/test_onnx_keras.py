"""What Keras' own exporter (tf2onnx) writes: LSTM layers agree, loops are refused with advice."""

import contextlib
import io
import os

import numpy as np
import pytest

pytestmark = pytest.mark.parity
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras", reason="Keras is not installed: `make parity` installs it")
pytest.importorskip("tf2onnx", reason="tf2onnx is not installed: `make parity` installs it")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed: `make parity` installs it")

import elman as el  # noqa: E402

K = keras.layers
MODELS = {
    "lstm": lambda: [K.Input((None, 3)), K.LSTM(4, return_sequences=True), K.Dense(2)],
    "both": lambda: [
        K.Input((None,)),
        K.Embedding(9, 5),
        K.Bidirectional(K.LSTM(4, return_sequences=True)),
        K.Bidirectional(K.LSTM(3)),
        K.Dropout(0.1),
        K.Dense(2, activation="softmax"),
    ],
    "fixed": lambda: [K.Input((7, 3)), K.LSTM(4, return_sequences=True), K.LSTM(4), K.Dense(2, activation="relu")],
}


def exported(name, layers, path):
    """The model, and the file of it."""
    model = keras.Sequential(layers())
    rng = np.random.default_rng(len(name))
    x = rng.integers(0, 9, (4, 7)) if name == "both" else rng.normal(size=(4, 7, 3))
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    y = model.predict(x, verbose=0)
    with contextlib.redirect_stdout(io.StringIO()):
        model.export(path, format="onnx", verbose=False)
    return x, y, path


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore")
def test_lstm_layers_agree(name, tmp_path):
    x, y, path = exported(name, MODELS[name], tmp_path / "model.onnx")
    net, report = el.interop.from_onnx(path, return_report=True)
    np.testing.assert_allclose(net(x), y, rtol=0, atol=1e-5)
    assert net.structure.inputs[0].width == x.shape[-1] if x.ndim == 3 else net.indices == 9
    assert "tf2onnx" in report.source


@pytest.mark.filterwarnings("ignore")
def test_loops_are_refused_with_advice(tmp_path):
    _, _, path = exported("gru", lambda: [K.Input((None, 3)), K.GRU(4)], tmp_path / "model.onnx")
    with pytest.raises(el.ConversionError, match=r"\(Loop\) is not read: tf2onnx .*from_keras"):
        el.interop.from_onnx(path)
