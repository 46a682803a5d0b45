"""The command and what it needs."""

from __future__ import annotations

import importlib.util
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

import elman as el
from elman.lab import serving
from elman.lab.results import Results
from elman.lab.serving import serve
from tests.lab.problems import asked, wait_for


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else real(name))
    with pytest.raises(el.OptionError, match=r"pip install 'elman\[lab\]'"):
        serve(browser=False)


def test_the_command_serves_this_computer_only_and_ends_on_ctrl_c():
    pytest.importorskip("uvicorn")
    code = "from elman.cli import main; main()"
    command = [sys.executable, "-c", code, "lab", "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    address = re.search(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", process.stdout.readline()).group()
    assert b"Elman" in urllib.request.urlopen(address).read()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(address[:-2] + "/")
    process.send_signal(2)
    assert process.wait(20) in (0, 130)
    assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly_while_a_page_listens(number):
    pytest.importorskip("uvicorn")
    command = [sys.executable, "-c", "from elman.cli import main; main()", "lab", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = re.search(r"http://\S+", process.stdout.readline()).group()
        body = {**asked().fields, "steps": 40, "rows": 512}
        headers = {"content-type": "application/json", "x-session": "a-session-of-this-test"}
        request = urllib.request.Request(f"{address}api/train", json.dumps(body).encode(), headers)
        assert b'"task": "adding"' in urllib.request.urlopen(request).read().replace(b'":"', b'": "')
        stream = urllib.request.urlopen(f"{address}api/events?session=a-session-of-this-test")
        assert stream.readline().startswith(b"data: ")
        process.send_signal(number)
        stream.read()  # to its proper end
        assert process.wait(60) in (128 + number, -number)
        said = process.stderr.read()
        assert "Traceback" not in said and "ERROR" not in said


def test_pages_that_go_without_a_word_do_not_end_it():
    pytest.importorskip("uvicorn")
    command = [sys.executable, "-c", "from elman.cli import main; main()", "lab", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = re.search(r"http://\S+", process.stdout.readline()).group()
        host, path = address.split("/")[2], "/" + address.split("/", 3)[3]
        headers = {"content-type": "application/json", "x-session": "a-session-of-this-test"}
        request = urllib.request.Request(f"{address}api/train", json.dumps(asked().fields).encode(), headers)
        urllib.request.urlopen(request).read()
        for what in ["api/events?session=a-session-of-this-test", "static/vendor/katex.min.js", "api/cell/gru"] * 40:
            with socket.create_connection(tuple(host.split(":"))) as page:  # and gone, before there is an answer
                page.sendall(f"GET {path}{what} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode() * 3)
        wait_for(lambda: process.poll() is not None or answers(address), 60)
        process.terminate()
        assert process.wait(60) in (143, -signal.SIGTERM)
        assert "Traceback" not in process.stderr.read()


def answers(address):
    """Whether it has the time: 503 while very many ask."""
    try:
        return urllib.request.urlopen(address).status == 200
    except OSError:
        return False


def test_of_two_labs_that_begin_at_the_same_moment_each_has_a_port(monkeypatch):
    """Both may be bound to a port, of which one can listen."""
    rival = socket.socket()
    rival.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    rival.bind(("127.0.0.1", 0))
    port = rival.getsockname()[1]

    class Late(socket.socket):
        def listen(self, *given):
            if self.getsockname()[1] == port:
                rival.listen()
            super().listen(*given)

    monkeypatch.setattr(serving.socket, "socket", Late)
    monkeypatch.setattr(serving, "PORT", port)
    with rival, serving._bound(None) as mine:
        assert mine.getsockname()[1] != port
        with pytest.raises(el.OptionError, match="cannot be had"):
            serving._bound(port)


def test_who_connects_once_the_address_is_told_is_not_refused(monkeypatch):
    pytest.importorskip("uvicorn")
    connected = []

    def ready(address):
        host, _, port = address.split("/")[2].partition(":")
        connected.append(socket.create_connection((host, int(port))))

    monkeypatch.setattr(serving, "_run", lambda *given: None)
    serve(0, browser=False, ready=ready)
    connected[0].close()


def test_a_port_that_is_taken_is_told():
    pytest.importorskip("uvicorn")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(el.OptionError, match="cannot be had"):
            serve(other.getsockname()[1], browser=False)


def test_a_folder_shows_its_own_files_only(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "run" / "report.html").write_text("<h1>x</h1>")
    (tmp_path / "run" / "model.safetensors").write_text("")
    (tmp_path / "run" / "link.json").symlink_to(tmp_path / "secret.json")
    results = Results(tmp_path / "run")
    assert [file["name"] for file in results.listed()["files"]] == ["report.html", "model.safetensors"]
    assert [results.file(name) for name in ("../secret.json", "link.json", "model.safetensors")] == [None] * 3
    assert results.model("report.html") is None and results.model("../run/model.safetensors") is None
    content, kind, policy = results.file("report.html")
    assert content == b"<h1>x</h1>" and kind.startswith("text/html") and "sandbox" in policy
    (tmp_path / "empty").mkdir()
    for wrong in (tmp_path / "nothing", tmp_path / "empty"):
        with pytest.raises(el.OptionError):
            Results(wrong)


def loaded(module, names):
    """Which of these another module loads."""
    code = f"import sys, {module}; print([m for m in {names} if m in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip()


def test_lab_loads_with_nothing_heavy():
    assert loaded("elman.lab", ("starlette", "uvicorn", "numpy", "matplotlib", "duckdb")) == "[]"


def test_the_page_is_served_before_anything_can_compute():
    pytest.importorskip("starlette")
    assert loaded("elman.lab.app", ("numpy", "elman.checks", "elman.network", "webbrowser")) == "[]"


def test_what_the_page_begins_with_needs_neither_data_nor_networks():
    module = "elman.lab.tasks, elman.lab.reading"
    assert loaded(module, ("elman.data", "elman.network", "elman.engine", "elman.insight", "matplotlib")) == "[]"
