"""Networks that go out as ONNX and come back: the same layers, the same parameters, the same numbers."""

import numpy as np
import pytest

pytestmark = pytest.mark.parity
onnx = pytest.importorskip("onnx", reason="ONNX is not installed: `make parity` installs it")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed: `make parity` installs it")

import elman as el  # noqa: E402

ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear", "elu", "softplus", "leaky_relu")
OUTPUTS = ("linear", "softmax", "sigmoid", "tanh")


def _recurrent(rng, units, **how):
    kind, activation = int(rng.integers(6)), "tanh" if rng.random() < 0.7 else str(rng.choice(ACTIVATIONS))
    bias, reverse = bool(rng.random() < 0.8), bool(rng.random() < 0.2)
    if kind in (3, 4):
        return el.Recurrent(("peephole_lstm", "cifg")[kind - 3], units, reverse=reverse, **how)
    layer, options = (el.SimpleRNN, el.GRU, el.LSTM)[kind % 3], {"activation": activation, "bias": bias, **how}
    if layer is el.GRU:
        options["reset_after"] = bool(rng.random() < 0.5)
    return el.Bidirectional(layer(units, **options)) if kind == 5 else layer(units, reverse=reverse, **options)


def _drawn(seed):
    rng = np.random.default_rng((seed, 3))
    features, count = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    embedded = bool(rng.random() < 0.3)
    layers = [el.Embedding(7, features)] if embedded else []
    last = bool(rng.random() < 0.4)
    for k in range(count):
        layers.append(_recurrent(rng, int(rng.integers(2, 6)), return_sequences=not (last and k == count - 1)))
        layers += [el.Dropout(0.2)] if rng.random() < 0.2 else []
    if rng.random() < 0.6:
        layers.append(el.Dense(3, activation=str(rng.choice(OUTPUTS)), bias=bool(rng.random() < 0.8)))
    layers += [el.BatchNorm()] if rng.random() < 0.2 else [el.LayerNorm()] if rng.random() < 0.1 else []
    net = el.Network(1 if embedded else features, layers, seed=seed)
    for name, value in net.params.items():
        if "variance" not in name:
            net.params[name] = value + 0.3 * rng.normal(size=value.shape)
    return net, {"lengths": bool(rng.random() < 0.4), "states": bool(rng.random() < 0.7)}


@pytest.mark.parametrize("start", range(0, 100, 10))
def test_out_and_back(start):
    for seed in range(start, start + 10):
        net, how = _drawn(seed)
        back, report = el.interop.from_onnx(el.interop.to_onnx(net, **how), return_report=True)
        assert any("ragged" in t for t in report.trials) == how["lengths"], seed
        assert any("states" in t for t in report.trials) == how["states"], seed
        assert back.state_sizes() == net.state_sizes(), seed
        x = np.random.default_rng(seed).integers(0, 7, (2, 5, net.inputs))
        np.testing.assert_allclose(back(x), net(x), rtol=0, atol=2e-5, err_msg=str(seed))


def test_a_chain_comes_back_with_its_layers_and_parameters():
    layers = [el.GRU(4), el.Bidirectional(el.LSTM(3)), el.SimpleRNN(2, return_sequences=False)]
    net = el.Network(3, [*layers, el.Dense(2, activation="sigmoid")], seed=3)
    back = el.interop.from_onnx(el.interop.to_onnx(net))
    assert back.layer_names == net.layer_names and list(back.params) == list(net.params)
    for name, value in net.params.items():
        np.testing.assert_array_equal(back.params[name], value, err_msg=name)


def test_what_comes_back_can_be_saved_trained_and_written_again(tmp_path):
    net = el.Network(3, [el.Bidirectional(el.LSTM(4, return_sequences=False)), el.Dense(1)])
    back = el.interop.from_onnx(el.interop.to_onnx(net, tmp_path / "a.onnx"))
    back.fit(np.ones((4, 5, 3)), np.ones((4, 1)), epochs=2, verbose=0)
    back.save(tmp_path / "b.safetensors")
    again = el.load(tmp_path / "b.safetensors")
    x = np.ones((2, 4, 3))
    np.testing.assert_array_equal(again(x), back(x))
    np.testing.assert_allclose(el.interop.from_onnx(el.interop.to_onnx(again))(x), back(x), atol=1e-6)


def test_a_scan_is_not_read_back():
    model = el.interop.to_onnx(el.Network(2, [el.Recurrent("lem", 3)]))
    with pytest.raises(el.ConversionError, match=r"node '0/Scan' \(Scan\) is not read: .*keep Elman's own model file"):
        el.interop.from_onnx(model)
