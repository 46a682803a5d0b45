"""Model files and data that are not what `inspect` and `forecast --model` expect: one line, exit code 2."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

import elman as el
from tests.cli.test_cli import run, years  # noqa: F401

TEXT = "groß und größer\n" * 40


@pytest.fixture
def files(tmp_path):
    """Good and bad files of every kind, by name, in the folder that commands run in."""
    net = el.Network(2, [el.GRU(3)]).save(tmp_path / "net.safetensors")
    model = el.LanguageModel(units=4, steps=8, streams=4, epochs=1).fit(TEXT, verbose=0)
    model.save(tmp_path / "text.safetensors")
    whole = net.read_bytes()
    for cut in (0, 4, 8, 100, len(whole) - 1):
        (tmp_path / f"cut{cut}.safetensors").write_bytes(whole[:cut])
    (tmp_path / "noise.safetensors").write_bytes(np.random.default_rng(0).bytes(500))
    (tmp_path / "long.safetensors").write_bytes(b"\xff" * 8 + whole[8:])
    save_file({"a": np.zeros(3)}, tmp_path / "bare.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "years.csv").write_text(years(1900, 1990))
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "other.txt").write_text("ξ\n" * 40, encoding="utf-8")
    (tmp_path / "cp1252.txt").write_bytes(TEXT.encode("cp1252"))
    (tmp_path / "utf16.txt").write_bytes(TEXT.encode("utf-16"))
    (tmp_path / "bytes.txt").write_bytes(bytes(range(256)) * 3)
    (tmp_path / "cut.npy").write_bytes(b"\x93NUMPY\x01\x00")
    np.save(tmp_path / "words.npy", np.array(["a", "b"]))
    np.save(tmp_path / "objects.npy", np.array([None, 1], object), allow_pickle=True)
    return tmp_path


BAD = [
    *(("inspect", f"cut{cut}.safetensors") for cut in (0, 4, 8, 100)),
    ("inspect", "noise.safetensors"),
    ("inspect", "long.safetensors"),
    ("inspect", "bare.safetensors"),
    ("inspect", "folder.safetensors"),
    ("inspect", "years.csv"),
    ("inspect", "."),
    ("inspect", ""),
    ("inspect", "net.safetensors", "--data", "cut.npy"),
    ("inspect", "net.safetensors", "--data", "words.npy"),
    ("inspect", "net.safetensors", "--data", "objects.npy"),
    ("inspect", "net.safetensors", "--data", "."),
    ("inspect", "net.safetensors", "--data", ""),
    ("inspect", "net.safetensors", "--data", "empty"),
    ("inspect", "net.safetensors", "--out", "years.csv"),
    ("inspect", "net.safetensors", "--out", "/proc/x"),
    ("inspect", "text.safetensors", "--data", "other.txt"),
    ("inspect", "text.safetensors", "--data", "bytes.txt"),
    ("inspect", "text.safetensors", "--data", "empty"),
    ("inspect", "text.safetensors", "--data", "."),
    ("forecast", "years.csv", "--model", "net.safetensors"),
    ("forecast", "years.csv", "--model", "text.safetensors"),
    ("forecast", "years.csv", "--model", "bare.safetensors"),
    ("forecast", "years.csv", "--model", "."),
    ("cells", ""),
    ("cells", "--", "-1"),
    ("bench", "--rounds", "0"),
    ("bench", "--threads", "x"),
]


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_one_line_and_exit_code_2(run, files, arguments):  # noqa: F811
    before = sorted(p.name for p in files.iterdir())
    code, out, err = run(*arguments)
    assert code == 2 and not out and "Traceback" not in err
    assert len(err.splitlines()) == 1 or err.startswith("Usage: ")
    assert sorted(p.name for p in files.iterdir()) == before


def test_a_model_of_another_kind_is_named(run, files):  # noqa: F811
    assert "holds a LanguageModel, not a Forecaster" in run("forecast", "years.csv", "--model", "text.safetensors")[2]


@pytest.mark.parametrize("name, note", [("utf16.txt", ""), ("cp1252.txt", "it was read as cp1252")])
def test_a_text_that_is_not_utf8(run, files, name, note):  # noqa: F811
    code, out, _ = run("inspect", "text.safetensors", "--data", name)
    assert code == 0 and f"pieces of {name}" in out and note in out
