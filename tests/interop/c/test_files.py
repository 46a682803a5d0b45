"""The files: weights to the last bit, the same text each time, a main that reads CSV, errors that are returned."""

import re
import shutil
import subprocess

import numpy as np
import pytest

import elman as el
from elman.interop.c.compiled import WARNINGS, compiler
from elman.interop.c.files import Size
from tests.interop.c import networks

CC = compiler()
needs_compiler = pytest.mark.skipif(CC is None, reason="needs a compiler of C")


def built(folder, *flags):
    sources = sorted(path.name for path in folder.glob("*.c"))
    subprocess.run([CC, "-std=c99", "-O1", *WARNINGS, *flags, *sources, "-lm", "-o", "program"], cwd=folder, check=True)
    return folder / "program"


def said(program, text, code=0):
    done = subprocess.run([program], input=text, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def drawn(net):
    """The network with random parameters, no bias zero."""
    for name in net.params:
        net.params[name] = np.random.default_rng(len(name)).normal(size=net.params[name].shape)
    return net


def csv(array):
    return "".join(",".join(f"{v:.9g}" for v in row) + "\n" for row in array)


def numbers(text):
    return np.array([[float(v) for v in line.split(",")] for line in text.splitlines()])


def test_weights_come_back_bit_for_bit(tmp_path):
    net = drawn(el.Network(4, [el.LSTM(11), el.Dense(9)]))
    header, code, _ = el.interop.to_c(net, tmp_path, name="bits")
    found = [np.float32(v) for v in re.findall(r"(-?\d[\d.e+-]*)f\b", code.read_text())]
    assert set(net.arena.tolist()) <= {float(v) for v in found}
    assert f"{4 * net.arena.size:,} bytes of weights" in header.read_text()


def test_the_text_is_the_same_each_time(tmp_path):
    net = networks.special()["normalised"]
    first = [p.read_bytes() for p in el.interop.to_c(net, tmp_path / "a")]
    assert first == [p.read_bytes() for p in el.interop.to_c(net, tmp_path / "b")]
    assert first == [p.read_bytes() for p in el.interop.to_c(el.load(net.save(tmp_path / "net")), tmp_path / "a")]


def test_equations_and_their_names_are_in_the_code(tmp_path):
    _, code, _ = el.interop.to_c(el.Network(3, [el.GRU(8)]), tmp_path)
    text = code.read_text()
    assert " *     z = σ(W_z x + U_z h + b_z)" in text
    assert "z_i = sigmoid(z_sum[i]);" in text and "h[i] = z_i * h[i] + (1.0f - z_i) *" in text


@needs_compiler
def test_main_reads_csv_and_writes_it(tmp_path):
    net, x = el.Network(3, [el.GRU(8), el.Dense(2)]), np.random.default_rng(0).normal(size=(6, 3))
    el.interop.to_c(net, tmp_path, name="steps")
    program = built(tmp_path)
    assert np.allclose(numbers(said(program, "a,b,c\n" + csv(x))), net(x[None])[0], atol=1e-6)
    assert "line 2: expected 3 numbers" in said(program, "1,2,3\n1,2\n", 1)
    assert "line 2: expected 3 numbers" in said(program, "1,2,3\n1,2,3,4\n", 1)


@needs_compiler
def test_main_of_inputs_that_are_called_as_its_own_values(tmp_path):
    net, rng = networks.special()["names of C"], np.random.default_rng(0)
    line, state = rng.normal(size=(4, 2)), rng.normal(size=(4, 1))
    el.interop.to_c(net, tmp_path)
    found = numbers(said(built(tmp_path), csv(np.hstack([line, state])))).reshape(4, 2, 2)
    for k, y in enumerate(net((line[None], state[None]))):
        assert np.allclose(found[:, k], y[0], atol=1e-6)


@needs_compiler
def test_main_of_whole_sequences(tmp_path):
    net, x = networks.special()["bidirectional"], np.random.default_rng(0).normal(size=(5, 2))
    el.interop.to_c(net, tmp_path, max_steps=5)
    program = built(tmp_path)
    assert np.allclose(numbers(said(program, csv(x))), net(x[None])[0], atol=1e-6)
    assert "more than 5 lines" in said(program, csv(x) + "1,2\n", 1)
    assert "no line" in said(program, "", 1)


@needs_compiler
def test_main_of_several_axes_reads_a_file_each(tmp_path):
    def look(source, target):
        return el.Dense(2)(el.attend(el.GRU(3)(target), el.GRU(3)(source)))

    net, rng = el.Network(look, inputs={"source": 2, "target": 1}), np.random.default_rng(0)
    source, target = rng.normal(size=(7, 2)), rng.normal(size=(4, 1))
    el.interop.to_c(net, tmp_path, max_steps=8)
    program = built(tmp_path)
    for name, values in (("source", source), ("target", target)):
        (tmp_path / name).write_text(csv(values))
    done = subprocess.run([program, "source", "target"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert np.allclose(numbers(done.stdout), net((source[None], target[None]))[0], atol=1e-6)


@needs_compiler
def test_an_index_that_is_none_is_an_error(tmp_path):
    el.interop.to_c(networks.special()["embedding"], tmp_path)
    program = built(tmp_path, "-fsanitize=address,undefined")
    for wrong in ("9", "-1", "1.5", "4294967296", "nan"):
        assert "line 2: an index is none" in said(program, f"3\n{wrong}\n", 1)
    assert len(numbers(said(program, "3\n8\n"))) == 2


@needs_compiler
@pytest.mark.skipif(shutil.which("clang") is None, reason="needs clang")
def test_clang_has_no_warning_either(tmp_path):
    for what in ("normalised", "names of C", "bidirectional", "causal convolution", "tied"):
        program, files = networks.in_c(networks.special()[what], "net", math="own")
        (tmp_path / "net.h").write_text(files.header)
        (tmp_path / "net.c").write_text(files.code)
        (tmp_path / "main.c").write_text(files.main)
        flags = ["-std=c99", "-O2", *WARNINGS, "-Wunreachable-code", "-Wconditional-uninitialized"]
        subprocess.run(["clang", *flags, "net.c", "main.c", "-lm"], cwd=tmp_path, check=True)
        assert program.choices.own


@needs_compiler
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a compiler of C++")
def test_the_header_is_one_of_cpp_too(tmp_path):
    el.interop.to_c(networks.special()["embedding"], tmp_path, name="words")
    (tmp_path / "use.cpp").write_text('#include "words.h"\nint use() { words_state s; words_reset(&s); return 0; }\n')
    subprocess.run(["g++", "-Wall", "-Wextra", "-Wpedantic", "-c", "use.cpp"], cwd=tmp_path, check=True)


@needs_compiler
@pytest.mark.parametrize("weights", ["float32", "int8"])
@pytest.mark.parametrize("what", ["lstm", "hyper_lstm", "mlstm", "wide", "causal convolution", "bidirectional"])
def test_ram_and_stack_are_what_is_stated(tmp_path, what, weights):
    program, files = networks.in_c((networks.cells() | networks.special())[what], "net", weights=weights)
    size: Size = files.size
    (tmp_path / "net.h").write_text(files.header)
    (tmp_path / "net.c").write_text(
        f"{files.code}\nextern char unused[sizeof({program.choices.state}) == {size.ram} ? 1 : -1];\n"
    )
    subprocess.run([CC, "-std=c99", "-O1", "-fstack-usage", "-c", "net.c"], cwd=tmp_path, check=True)
    lines = [line.split("\t") for line in (tmp_path / "net.su").read_text().splitlines()]
    used = sum(sorted((int(n) for _, n, _ in lines), reverse=True)[:3])  # a step, its layer, a product
    assert size.stack <= used <= size.stack + 512


def test_a_float64_network_is_of_doubles(tmp_path):
    files = el.interop.to_c(el.Network(2, [el.GRU(3)], dtype="float64"), tmp_path)
    assert "float" not in files[1].read_text() and "double gru_0_h[3];" in files[0].read_text()


def test_delays_are_one_line_of_steps(tmp_path):
    files, report = el.interop.to_c(networks.special()["causal convolution"], tmp_path, return_report=True)
    text = files[0].read_text()
    assert "float delay[4]; " in text.replace("    ", "") or "float delay[4];" in text  # 2 steps of 2 values
    assert "float delay_2[32];" in text  # 8 steps of 4
    assert any("RAM: 164 bytes" in note for note in report.notes)


def test_constants_of_the_caller(tmp_path):
    net = el.Network(2, [el.GRU(3)])
    about = "x = (value - mean) / spread"
    files = el.interop.to_c(net, tmp_path, constants={"mean": [1, 2], "spread": [0.5, 3]}, about=about)
    assert "extern const float net_mean[2];" in files[0].read_text() and about in files[0].read_text()
    assert "const float net_spread[2] = {0.5f, 3.0f};" in files[1].read_text()


def test_no_compiler_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    _, report = el.interop.to_c(el.Network(2, [el.GRU(3)]), tmp_path, return_report=True)
    assert "no compiler of C was found (cc, gcc, clang): nothing was compiled or run" in report.notes
    assert not report.trials
