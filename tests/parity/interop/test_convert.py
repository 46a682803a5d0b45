"""`elman convert` between every two kinds of files, and all that may be wrong."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import elman as el
from elman import commands_interop

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch")
pytest.importorskip("keras"), pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
OUTS = ("b.safetensors", "b.pt", "b.keras", "b.onnx", "b.c")
X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same network in every kind of file that is read."""
    folder = tmp_path_factory.mktemp("models")
    net = el.Network(3, [el.LSTM(4), el.Dense(2)], seed=1)
    net.save(folder / "a.safetensors")
    for ending in ("pt", "keras", "onnx"):
        commands_interop.convert(folder / "a.safetensors", folder / f"a.{ending}")
    return folder, net(X)


@pytest.mark.parametrize("source", ["a.safetensors", "a.pt", "a.keras", "a.onnx"])
@pytest.mark.parametrize("out", OUTS)
def test_from_every_kind_to_every_kind(files, source, out, tmp_path):
    folder, y = files
    found = commands_interop.convert(folder / source, tmp_path / out)
    assert found.file.is_file() and found.file.stat().st_size > 500
    np.testing.assert_allclose(found.network(X), y, atol=2e-5)
    assert all(report.largest <= 1e-5 for report in found.reports)
    assert len(found.reports) == (source != "a.safetensors") + (out != "b.safetensors")
    if out in ("b.safetensors", "b.pt", "b.keras", "b.onnx"):
        back = commands_interop.convert(tmp_path / out, tmp_path / "c.safetensors").network
        np.testing.assert_allclose(back(X), y, atol=4e-5)


def run(folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", "elman", "convert", *words], cwd=folder, capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command_reports(files, tmp_path):
    code, out, err = run(tmp_path, str(files[0] / "a.pt"), "b.onnx")
    assert code == 0 and not err, err
    for part in ("largest differences", "LSTM", "output", "Written to b.onnx"):
        assert part in out, out


CLASSIFIER = {"units": 2, "epochs": 1, "convolution": None, "members": 2}


@pytest.fixture(scope="module")
def folder(files, tmp_path_factory):
    made = tmp_path_factory.mktemp("bad")
    el.SequenceClassifier(**CLASSIFIER).fit(np.zeros((4, 3)), [0, 1, 0, 1]).save(made / "classifier.safetensors")
    el.Network(3, [el.Bidirectional(el.GRU(2))]).save(made / "two_ways.safetensors")
    (made / "junk.pt").write_bytes(b"junk" * 99)
    (made / "junk.onnx").write_bytes(b"\xff" * 99)
    (made / "junk.keras").write_bytes(b"PK" + b"\0" * 99)
    (made / "junk.safetensors").write_bytes(b"\0" * 99)
    (made / "notes.txt").write_text("no model")
    (made / "taken").mkdir()
    torch.save(torch.nn.LSTM(2, 3), made / "pickled.pt")
    torch.save({"a": torch.zeros(3)}, made / "lone.pt")
    (made / "a.pt").write_bytes((files[0] / "a.pt").read_bytes())
    (made / "a.keras").write_bytes((files[0] / "a.keras").read_bytes())
    (made / "a.safetensors").write_bytes((files[0] / "a.safetensors").read_bytes())
    return made


BAD = {
    "no such model": (("nope.pt", "b.onnx"), "there is no model file nope.pt"),
    "a kind that is not read": (("notes.txt", "b.onnx"), "model is notes.txt, whose kind is not known"),
    "a kind that is not written": (("a.pt", "b.h5"), "out is b.h5, whose kind is not known"),
    "no ending": (("a.pt", "b"), "whose kind is not known; expected a file .safetensors"),
    "itself": (("a.pt", "a.pt"), "is the model that is read"),
    "a folder": (("a.pt", "taken/none/b.onnx"), "taken/none"),
    "junk of PyTorch": (("junk.pt", "b.onnx"), "junk.pt"),
    "junk of ONNX": (("junk.onnx", "b.pt"), "junk.onnx"),
    "junk of Keras": (("junk.keras", "b.pt"), "junk.keras"),
    "junk of safetensors": (("junk.safetensors", "b.pt"), "junk.safetensors"),
    "code in a file": (("pickled.pt", "b.onnx"), "pickled.pt"),
    "weights of nothing known": (("lone.pt", "b.onnx"), "a"),
    "a classifier": (("classifier.safetensors", "b.onnx"), "say which, --network 0 to 1"),
    "a network too many": (("classifier.safetensors", "b.onnx", "--network", "2"), "network is 2"),
    "a network of one": (("a.safetensors", "b.onnx", "--network", "0"), "is a network alone"),
    "a network of another framework": (("a.pt", "b.onnx", "--network", "0"), "is none"),
    "a setting without a value": (("a.pt", "b.onnx", "--set", "steps"), "expected NAME=VALUE"),
    "a setting of Elman's": (("a.safetensors", "b.onnx", "--set", "steps=last"), "steps is for a file"),
    "a setting that is none": (("a.pt", "b.onnx", "--set", "stps=last"), "stps"),
    "a tolerance below 0": (("a.pt", "b.onnx", "--tolerance", "-1"), "tolerance"),
    "an unreachable tolerance": (("a.pt", "b.onnx", "--tolerance", "1e-12"), "allow more, tolerance="),
    "what is for modules": (("a.pt", "b.onnx", "--set", "example=1"), "example is nothing that from_torch takes"),
    "layers that are none": (("a.pt", "b.onnx", "--set", "order=a,b"), "order is ['a', 'b']; the layers of the state"),
    "what nothing reads": (("a.pt", "b.onnx", "--set", "nonlinearity=relu"), "with an nn.RNN; this one has"),
    "no such weights": (
        ("a.keras", "b.onnx", "--set", "weights=none.weights.h5"),
        "no file of weights none.weights.h5",
    ),
    "steps of what is no C": (("a.pt", "b.onnx", "--max-steps", "3"), "is for C, and b.onnx is none"),
    "no such folder": (("a.safetensors", "none/b.onnx"), "there is no folder none; make it"),
}


@pytest.mark.parametrize("words, message", BAD.values(), ids=BAD)
def test_what_is_wrong_gets_a_message_and_writes_nothing(folder, words, message, capsys, monkeypatch):
    from elman.cli import main

    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["elman", "convert", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    err = capsys.readouterr().err
    assert ended.value.code == 2 and message in err and "Traceback" not in err, err
    assert not list(folder.glob("b*"))


def test_a_network_of_a_classifier(folder, tmp_path):
    found = commands_interop.convert(folder / "classifier.safetensors", tmp_path / "b.onnx", network=1)
    assert found.reports and found.file.is_file()


def test_c_needs_the_steps_of_what_reads_backwards(folder, tmp_path):
    with pytest.raises(el.ElmanError, match="max_steps"):
        commands_interop.convert(folder / "two_ways.safetensors", tmp_path / "b.c")
    assert commands_interop.convert(folder / "two_ways.safetensors", tmp_path / "b.c", max_steps=9).file.is_file()


def test_a_checkpoint_of_lightning(tmp_path):
    module = torch.nn.Sequential(torch.nn.GRU(3, 4), torch.nn.Linear(4, 2))
    torch.save({"state_dict": {f"model.{k}": v for k, v in module.state_dict().items()}}, tmp_path / "a.ckpt")
    found = commands_interop.convert(tmp_path / "a.ckpt", tmp_path / "b.safetensors", order="0,1", steps="last")
    with torch.no_grad():
        y = module[1](module[0](torch.tensor(X).transpose(0, 1))[1][0])
    np.testing.assert_allclose(found.network(X), y, atol=1e-6)
