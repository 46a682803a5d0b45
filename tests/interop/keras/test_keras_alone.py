"""What of the crossings to Keras needs no Keras: conventions of weights, and files that are refused."""

import json
import sys
import zipfile

import numpy as np
import pytest

import elman as el
from elman.errors import ConversionError, OptionError
from elman.interop.keras.arrays import recurrent_to_keras, to_elman, to_keras
from elman.interop.keras.files import check_config
from elman.interop.keras.old_files import unfused
from elman.interop.keras.standard import standard, written_as_data


@pytest.mark.parametrize(
    ("kind", "layer"),
    [
        ("simple", el.SimpleRNN(3)),
        ("lstm", el.LSTM(3, bias=False)),
        ("lstm", el.LSTM(3)),
        ("gru", el.GRU(3)),
        ("gru", el.GRU(3, reset_after=False)),
        ("dense", el.Dense(3)),
    ],
)
def test_weights_go_there_and_back_bit_by_bit(kind, layer):
    net = el.Network(2, [layer])
    mine = {name.removeprefix("0."): value for name, value in net.params.items()}
    back = to_elman(kind, to_keras(kind, mine))
    assert back.keys() == mine.keys()
    assert all(np.array_equal(back[name], value) for name, value in mine.items())


def test_the_gates_biases_of_a_gru_are_summed_but_the_candidates():
    bias = np.arange(12.0).reshape(2, 6)
    found = to_elman("gru", [np.zeros((1, 6)), np.zeros((2, 6)), bias])
    assert found["b_z"].tolist() == [6, 8] and found["b_r"].tolist() == [10, 12]
    assert found["b_n"].tolist() == [4, 5] and found["c_n"].tolist() == [10, 11]


def test_gates_lie_as_keras_stacks_them():
    net = el.Network(2, [el.LSTM(3)])
    kernel, _, bias = recurrent_to_keras("lstm", {n[2:]: v for n, v in net.params.items()})
    assert kernel.shape == (2, 12) and np.array_equal(kernel[:, 3:6], net.params["0.W_f"].T)
    assert bias[3:6].tolist() == [1, 1, 1]


def test_cudnn_has_two_biases():
    kernel, recurrent, bias = unfused("CuDNNLSTM", [np.ones((2, 12)), np.ones((3, 12)), np.ones(24)])
    assert kernel.shape == (2, 12) and recurrent.shape == (3, 12) and bias.tolist() == [2] * 12


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        (el.LSTM(4), "lstm"),
        (el.GRU(4, reset_after=False, activation="relu"), "gru"),
        (el.SimpleRNN(4, bias=False), "simple"),
        (el.Dropout(0.3, once=True), "dropout"),
        (el.LayerNorm(epsilon=1e-3), "layer_norm"),
        (el.BatchNorm(), "batch_norm"),
        (el.Activation("softmax"), "activation"),
        (el.Recurrent("peephole_lstm", 4), None),
        (el.Activation("leaky_relu"), None),
    ],
)
def test_which_layers_are_keras_own(layer, kind):
    found = standard(el.Network(3, [layer]).structure.parts[0])
    assert (found.kind if found else None) == kind


def test_equations_of_a_user_are_known_by_what_they_say():
    @el.cell
    def mine(weights, seen, before):
        return el.tanh(weights.W @ seen + weights.U @ before + weights.b)

    part = el.Network(3, [el.Recurrent(mine, 4)]).structure.parts[0]
    assert standard(part).kind == "simple"
    data, widths = written_as_data(part.graph)
    assert len(widths) == len(data["nodes"]) and json.dumps(data)


@pytest.mark.parametrize(
    ("named", "match"),
    [
        ({"class_name": "Lambda", "module": "keras.layers"}, "Lambda"),
        ({"class_name": "__lambda__", "config": {}}, "Lambda"),
        ({"class_name": "Popen", "module": "subprocess"}, r"subprocess.Popen, which is code"),
        (
            {"class_name": "Cell", "module": "elman.interop.keras.layers", "registered_name": "x>Cell"},
            "code of its own",
        ),
    ],
)
def test_configs_with_code_are_refused_wherever_it_stands(named, match):
    config = {"class_name": "Sequential", "module": "keras", "config": {"layers": [{"deep": [named]}]}}
    with pytest.raises(ConversionError, match=match):
        check_config(config, "model.keras")


def test_files_that_are_none(tmp_path):
    with pytest.raises(ConversionError, match="there is no file"):
        el.interop.from_keras(tmp_path / "none.keras")
    (tmp_path / "text.h5").write_text("no model")
    with pytest.raises(ConversionError, match=r"neither a .keras file .* nor an .h5"):
        el.interop.from_keras(tmp_path / "text.h5")
    (tmp_path / "pointer.h5").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(ConversionError, match="git lfs pull"):
        el.interop.from_keras(tmp_path / "pointer.h5")
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as archive:
        archive.writestr("readme", "")
    with pytest.raises(ConversionError, match=r"without config.json and model.weights.h5"):
        el.interop.from_keras(tmp_path / "empty.keras")
    with pytest.raises(OptionError, match="did you mean 'lengths'"):
        el.interop.from_keras("model.keras", masks="length")


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(ConversionError, match=r"needs keras.*elman\[keras\]"):
        el.interop.to_keras(el.Network(1, [el.GRU(2)]))


def test_a_damaged_archive_is_said_to_be_damaged(tmp_path):
    file = tmp_path / "model.keras"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("config.json", "model.weights.h5", "metadata.json"):
            archive.writestr(name, json.dumps({"class_name": "Sequential", "module": "keras"}))
    whole = file.read_bytes()
    for old, new in (
        (b'"Sequential"', b'"Sequentjal"'),
        (b"PK\x03\x04", b"PK\xff\xff"),
        (b"PK\x01\x02", b"PK\xff\xff"),
    ):
        file.write_bytes(whole.replace(old, new, 1))
        with pytest.raises(ConversionError, match="damaged"):
            el.interop.from_keras(file)


def test_a_damaged_hdf5_file_is_said_to_be_damaged(tmp_path):
    h5py = pytest.importorskip("h5py")
    file = tmp_path / "model.h5"
    with h5py.File(file, "w") as content:
        content.attrs["model_config"] = '{"class_name": '
    with pytest.raises(ConversionError, match="damaged"):
        el.interop.from_keras(file)
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(ConversionError, match="damaged"):
        el.interop.from_keras(file)
