"""Saved models go out as C: a network, a language model, a classifier; what cannot be said is refused by name."""

import subprocess
import sys

import numpy as np
import pytest

import elman as el
from elman.commands_export import export_c
from elman.interop.c.compiled import compiler

needs_compiler = pytest.mark.skipif(compiler() is None, reason="needs a compiler of C")
CASES = np.random.default_rng(0).normal(loc=[5, -3], scale=[2, 0.1], size=(24, 12, 2))
CLASSES = np.where(CASES[:, :, 0].mean(1) > 5, "high", "low")


def classifier(path, **how):
    learner = el.SequenceClassifier(units=4, convolution=None, epochs=1, verbose=0, **{"members": 1, **how})
    learner.fit(CASES, CLASSES).save(path)
    return learner


@needs_compiler
def test_a_network_by_its_files_name(tmp_path):
    file = el.Network(3, [el.GRU(4)]).save(tmp_path / "pump 2.safetensors")
    found = export_c(file, tmp_path / "out")
    assert [p.name for p in found.files] == ["pump_2.h", "pump_2.c", "main.c"] and found.report.largest < 1e-6


@needs_compiler
def test_a_language_model(tmp_path):
    text = "to be or not to be, " * 40
    model = el.LanguageModel(units=8, steps=8, streams=4, epochs=1).fit(text, verbose=0)
    file = model.save(tmp_path / "words.safetensors")
    (tmp_path / "text").write_text(text)
    found = export_c(file, tmp_path / "out" / "words.c", weights="int8", data=tmp_path / "text")
    assert "logits of the next, of 8." in found.files[0].read_text()
    assert any("int8 weights on the data given" in note for note in found.report.notes)
    assert "words_step(words_state *state, const int32_t *tokens" in found.files[0].read_text().replace(
        "*x,", "*tokens,"
    )


@needs_compiler
def test_a_classifier_with_its_scaling(tmp_path):
    learner = classifier(tmp_path / "cls.safetensors")
    header, code, main = export_c(tmp_path / "cls.safetensors", tmp_path / "out", name="judge", max_steps=12).files
    assert "as (value - mean) / spread" in header.read_text() and "classes high, low" in header.read_text()
    subprocess.run([compiler(), "-O1", "judge.c", "main.c", "-lm", "-o", "judge"], cwd=tmp_path / "out", check=True)
    scaled = (CASES[0] - learner.scaling_.mean) / learner.scaling_.spread
    lines = "".join(",".join(f"{v:.9g}" for v in row) + "\n" for row in scaled)
    said = subprocess.run([tmp_path / "out" / "judge"], input=lines, capture_output=True, text=True, check=True).stdout
    logits = np.array([float(v) for v in said.strip().split(",")])
    assert np.allclose(logits, learner.networks_[0](scaled[None])[0], atol=1e-5)
    assert f"judge_mean[2] = {{{np.float32(learner.scaling_.mean[0])!s}f" in code.read_text()


def test_what_is_more_than_one_network_is_refused(tmp_path):
    classifier(tmp_path / "two.safetensors", members=2)
    with pytest.raises(el.ConversionError, match="a SequenceClassifier of 2 networks.* members=1"):
        export_c(tmp_path / "two.safetensors", tmp_path / "out")
    series = np.sin(np.arange(120) / 3)
    el.Forecaster(horizon=4, units=4, epochs=1, members=1).fit(series).save(tmp_path / "sea.safetensors")
    with pytest.raises(el.ConversionError, match=r"is a forecaster, .*to_c\(forecaster.networks_\[0\], ...\)"):
        export_c(tmp_path / "sea.safetensors", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_model(tmp_path):
    with pytest.raises(el.errors.ModelFileError):
        export_c(tmp_path / "none.safetensors", tmp_path / "out")


@needs_compiler
def test_from_the_command_line(tmp_path):
    el.Network(2, [el.Bidirectional(el.GRU(3))]).save(tmp_path / "net.safetensors")
    command = [sys.executable, "-m", "elman", "export", "net.safetensors", "--c", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "runs in reverse" in done.stderr and not (tmp_path / "out").exists()
    command += ["--max-steps", "9", "--math", "own", "--no-main"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and "multiply-adds for a sequence of 9 steps" in done.stdout, done.stderr
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["net.c", "net.h"]


def test_what_is_none_of_elmans_is_converted_first(tmp_path):
    (tmp_path / "a.pt").write_bytes(b"PK")
    with pytest.raises(el.ModelFileError, match="elman convert .*a.pt net.safetensors"):
        export_c(tmp_path / "a.pt", tmp_path / "out")
    file = el.Network(3, [el.GRU(4)]).save(tmp_path / "net.safetensors")
    with pytest.raises(el.OptionError, match="data is for weights='int8'"):
        export_c(file, tmp_path / "out", data="none.csv")
    with pytest.raises(el.OptionError, match="give a folder with --c"):
        export_c(file, file)
    assert not (tmp_path / "out").exists()
