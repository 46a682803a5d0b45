"""Commands in pipes, on full disks, and on terminals of any encoding and width."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import elman as el
from tests.cli.test_cli import QUICK

HERE = {k: v for k, v in os.environ.items() if k not in ("PYTHONIOENCODING", "NO_COLOR", "COLUMNS", "LC_ALL", "LANG")}
ENDED = (0, -signal.SIGPIPE) if hasattr(signal, "SIGPIPE") else (0,)
SALES = "Jahr,Größe €\n" + "".join(f"{y},{10 + np.sin(y):.3f}\n" for y in range(1900, 1990))


def elman(*arguments, cwd=None, stdout=subprocess.PIPE, **environment):
    command = [sys.executable, "-m", "elman", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, stdout=stdout, stderr=subprocess.PIPE, env=HERE | environment)


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="without pipes that break")
@pytest.mark.parametrize("arguments", [("cells",), ("--help",), ("forecast", "--help"), ("--version",)])
def test_a_reader_that_has_seen_enough_ends_a_command_quietly(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    ended = elman(*arguments, stdout=writer)
    os.close(writer)
    assert ended.returncode in ENDED and not ended.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="without pipes that break")
def test_another_pipe_or_socket_that_nobody_reads_ends_no_command():
    code = """if True:
        import os, socket
        from elman.cli.terminal import streams
        with streams():
            reader, writer = os.pipe()
            os.close(reader)
            one, other = socket.socketpair()
            other.close()
            for send in (lambda: os.write(writer, b"x"), lambda: one.send(b"x")):
                try:
                    send()
                except BrokenPipeError:
                    print("told", flush=True)
    """
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "told\ntold\n", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="without a device that is always full")
@pytest.mark.parametrize("arguments", [("cells",), ("--help",)])
def test_a_full_disk_is_one_line(arguments):
    with open("/dev/full", "w") as full:
        ended = elman(*arguments, stdout=full)
    assert ended.returncode == 2
    assert ended.stderr.decode().startswith("elman: the output cannot be written: ") and ended.stderr.count(b"\n") == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "cp437"])
def test_a_cell_on_terminals_of_any_encoding(encoding):
    ended = elman("cells", "gru", PYTHONIOENCODING=encoding)
    text = ended.stdout.decode(encoding)
    assert ended.returncode == 0 and not ended.stderr
    assert f"z = {'sigmoid' if encoding in ('ascii', 'cp1252', 'latin-1') else 'σ'}(W_z x" in text
    assert "\\u" not in text  # every character of ours is written out where it is not there


def test_a_cell_where_the_locale_is_c():
    ended = elman("cells", "gru", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert ended.returncode == 0 and ended.stdout.isascii()


@pytest.mark.parametrize("encoding, shown", [("ascii", rb"Gr\xf6\xdfe \u20ac"), ("utf-8", "Größe €".encode())])
def test_a_forecast_names_the_columns_in_any_encoding_and_width(tmp_path, encoding, shown):
    (tmp_path / "sales.csv").write_text(SALES, encoding="utf-8")
    options = ("--time", "Jahr", "--horizon", 3, *QUICK)
    ended = elman("forecast", "sales.csv", *options, cwd=tmp_path, PYTHONIOENCODING=encoding, COLUMNS="20")
    assert ended.returncode == 0 and b"Traceback" not in ended.stderr
    assert b"Forecast of " + shown in ended.stdout
    row = next(line for line in ended.stdout.decode(encoding).splitlines() if re.match(r"\W+drift", line))
    assert len(re.findall(r"\d\.\d\d", row)) == 4  # a narrow terminal loses no figure


def test_a_terminal_without_colours_gets_no_escapes():
    pty = pytest.importorskip("pty")
    seen = {}
    for name, environment in (("usual", {"TERM": "xterm"}), ("none", {"NO_COLOR": "1"}), ("dumb", {"TERM": "dumb"})):
        leader, follower = pty.openpty()
        elman("cells", "simple", stdout=follower, **environment)
        seen[name] = b"\x1b[" in os.read(leader, 4096)
        os.close(leader), os.close(follower)
    assert seen == {"usual": True, "none": False, "dumb": False}


def test_samples_of_a_text_that_the_output_cannot_show(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    monkeypatch.setattr(sys, "stdout", out)
    el.LanguageModel(units=4, steps=8, streams=4, epochs=1).fit("größer € als " * 20, samples=20, verbose=0)
    out.flush()
    assert b"--- epoch 1: loss" in out.buffer.getvalue()
