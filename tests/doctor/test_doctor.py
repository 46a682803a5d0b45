"""The doctor: here nothing is wrong, and of what may be broken it says what it is and what to do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

import pytest

from elman.doctor import diagnose, findings, installation, settings, surroundings, trying
from elman.doctor.findings import Diagnosis, Finding, impersonal, looked
from elman.doctor.trying import Tried
from elman.engine import native
from elman.engine.threads import default_threads


def by_name(found):
    return {one.name: one for one in found}


def outcome(**said):
    return Tried([said], "", "")


@pytest.fixture(scope="module")
def whole():
    """All that the doctor says here, its test included."""
    return diagnose()


def test_nothing_is_wrong_here(whole):
    assert whole.healthy, [(one.name, one.text) for one in whole.wrong]
    assert whole.verdict == "Nothing is wrong." and list(whole.sections)[-1] == "Self-test"


def test_the_test_is_made(whole):
    tests = by_name(whole.sections["Self-test"])
    assert list(tests) == list(trying.TESTS) and all(one.state == "ok" for one in tests.values())
    assert tests["products"].value["NumPy"] > 0 and "same bits" in tests["resuming"].text


def test_the_engine_is_the_one_that_computes(whole):
    engine = by_name(whole.sections["Engine"])
    if native.available():
        assert native.instruction_set() in engine["instruction sets"].text and engine["native"].value
    assert engine["threads"].value == default_threads()


def test_it_names_nobody(whole, monkeypatch):
    text = json.dumps(whole.plain())
    assert os.path.expanduser("~") + "/" not in text and os.uname().nodename not in text


def test_packages_and_extras(whole):
    packages = by_name(whole.sections["Packages"])
    assert packages["numpy"].text == metadata.version("numpy") and "elman[lab]" in packages


def test_its_json_is_plain(whole):
    plain = json.loads(json.dumps(whole.plain(), allow_nan=False))
    assert plain["healthy"] and plain["sections"]["Elman"]["version"]["value"] == metadata.version("elman")


# --- what is broken -----------------------------------------------------------------------------------------


def test_a_look_that_fails_is_a_finding():
    def look():
        yield Finding("first", "is there")
        raise RuntimeError("and then")

    found = looked("second", look)
    assert [one.state for one in found] == ["ok", "wrong"] and found[1].text == "RuntimeError: and then"


@pytest.mark.parametrize(
    ("tried", "state", "said", "advice"),
    [
        (Tried([], "ended by SIGILL", ""), "wrong", "ended by SIGILL", "ELMAN_ISA=generic"),
        (Tried([], "ended by SIGSEGV", ""), "wrong", "ended by SIGSEGV", "report it"),
        (Tried([], "ended with code 1", "ImportError: numpy"), "wrong", "ImportError: numpy", "report it"),
        (Tried([], "no answer within 30 s", ""), "wrong", "no answer", "report it"),
    ],
)
def test_an_engine_that_ends_its_process(monkeypatch, tried, state, said, advice):
    monkeypatch.setattr(trying, "_tried", lambda *_: tried)
    (found,) = trying.engine()
    assert found.state == state and said in found.text and advice in found.advice


FACTS = {"native": True, "built": True, "why": "", "isas": ["avx2"], "isa": "avx2", "isa_error": "", "blas": "2.0"}
FACTS |= {"threads": 2, "threads_error": "", "default": "native"}


@pytest.mark.parametrize(
    ("facts", "name", "state", "said"),
    [
        ({"native": False, "why": "undefined symbol: x", "isas": []}, "native", "wrong", "undefined symbol"),
        ({"native": False, "built": False, "isas": []}, "native", "note", "was not built"),
        ({"isa": None, "isa_error": "ELMAN_ISA is mmx"}, "ELMAN_ISA", "wrong", "mmx"),
        ({"threads": None, "threads_error": "ELMAN_THREADS is 'x'"}, "threads", "wrong", "ELMAN_THREADS"),
    ],
)
def test_an_engine_that_is_not_as_it_may_be(monkeypatch, facts, name, state, said):
    monkeypatch.setattr(trying, "_tried", lambda *_: outcome(**FACTS | facts))
    found = by_name(trying.engine())[name]
    assert found.state == state and said in found.text


def test_a_test_on_which_the_process_ends(monkeypatch):
    lines = [{"name": "engines"}, {"name": "engines", "text": "alike", "state": "ok"}, {"name": "gradients"}]
    monkeypatch.setattr(trying, "_tried", lambda *_: Tried(lines, "ended by SIGILL", ""))
    found = by_name(trying.self_test())
    assert found["engines"].state == "ok" and found["gradients"].state == found["files"].state == "wrong"
    assert "SIGILL" in found["gradients"].text and "not reached" in found["files"].text


@pytest.mark.parametrize("content", [b"", b"\x7fELF and no more", b"no library"])
def test_a_native_module_that_is_no_library(tmp_path, content):
    """The whole command, in a copy of the package whose module is broken."""
    import shutil

    import elman

    package = tmp_path / "site" / "elman"
    source = Path(elman.__file__).parent
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("_native*", "__pycache__", "lab", "forecast"))
    suffix = next(iter(__import__("importlib.machinery").machinery.EXTENSION_SUFFIXES))
    (package / f"_native{suffix}").write_bytes(content)
    venv.create(tmp_path / "venv", with_pip=False)  # where no file of an installation finds another module
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    paths = [tmp_path / "site", *(p for p in sys.path if Path(p).name in ("site-packages", "dist-packages"))]
    code = "from elman.doctor.trying import engine; print([(one.name, one.state, one.text) for one in engine()])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    told = subprocess.run([python, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert not told.stderr and "('native', 'wrong', 'cannot be loaded" in told.stdout


# --- settings -----------------------------------------------------------------------------------------------


@pytest.fixture
def bare(monkeypatch):
    for name in [*settings.OURS, *settings.OTHERS, *(name for name in os.environ if name.startswith("ELMAN_"))]:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_no_setting(bare):
    assert [one.name for one in settings.settings()] == ["variables"]


@pytest.mark.parametrize(
    ("name", "value", "state", "said"),
    [
        ("ELMAN_ENGINE", "numpy", "note", "slower"),
        ("ELMAN_ENGINE", "cuda", "wrong", "native or numpy"),
        ("ELMAN_THREADS", "2", "ok", ""),
        ("ELMAN_THREADS", "many", "wrong", "whole number"),
        ("ELMAN_THREDS", "2", "note", "did you mean ELMAN_THREADS?"),
        ("ELMAN_DATA", "/not/there", "note", "no such folder"),
        ("OMP_NUM_THREADS", "1", "ok", ""),
    ],
)
def test_settings(bare, name, value, state, said):
    bare.setenv(name, value)
    found = by_name(settings.settings())[name]
    assert found.state == state and said in found.advice


def test_values_that_are_folders_are_not_told(bare):
    bare.setenv("ELMAN_DATA", "/home/someone/secret")
    assert "secret" not in by_name(settings.settings())["ELMAN_DATA"].text


# --- files and packages -------------------------------------------------------------------------------------


def test_a_file_that_is_missing_or_empty(monkeypatch, tmp_path):
    monkeypatch.setattr(installation, "ELMAN", tmp_path)
    (found,) = installation.files()
    assert found.state == "wrong" and "elman/lab/static/index.html" in found.value and "reinstall" in found.advice


def test_a_file_that_was_changed(monkeypatch, tmp_path):
    (tmp_path / "elman").mkdir()
    (tmp_path / "elman/checks.py").write_text("changed")
    dist = tmp_path / "elman-0.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: elman\nVersion: 0\n")
    (dist / "RECORD").write_text("elman/checks.py,sha256=AAAA,7\nelman/gone.py,sha256=AAAA,1\n")
    monkeypatch.setattr(installation.metadata, "distribution", lambda name: metadata.Distribution.at(dist))
    monkeypatch.setattr(installation, "ELMAN", tmp_path / "elman")
    (found,) = installation.files()
    assert found.state == "wrong" and {"elman/checks.py", "elman/gone.py"} <= set(found.value)


@pytest.mark.parametrize(
    ("installed", "least", "state"),
    [("2.4.1", "1.26", "ok"), ("1.25", "1.26", "wrong"), (None, "1.26", "wrong"), ("1.26.0rc1", "1.26", "ok")],
)
def test_packages_that_are_too_old_or_not_there(monkeypatch, installed, least, state):
    def version(name):
        if installed is None:
            raise metadata.PackageNotFoundError(name)
        return installed

    monkeypatch.setattr(installation.metadata, "version", version)
    assert installation._package("numpy", least).state == state


def test_requirements_of_this_platform(monkeypatch):
    lines = [
        "numpy>=1.26",
        "tensorflow-cpu>=2.18; (sys_platform == 'linux' and platform_machine == 'x86_64') and extra == 'keras'",
        "tensorflow>=2.18; (sys_platform != 'linux' or platform_machine != 'x86_64') and extra == 'keras'",
    ]
    monkeypatch.setattr(installation.metadata, "requires", lambda name: lines)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert installation._required() == {"": [("numpy", "1.26")], "keras": [("tensorflow-cpu", "2.18")]}
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert installation._required()["keras"] == [("tensorflow", "2.18")]


# --- the machine --------------------------------------------------------------------------------------------


def test_memory_and_time_that_a_group_has(monkeypatch, tmp_path):
    group = tmp_path / "job"
    group.mkdir()
    (group / "memory.max").write_text(str(1 << 30))
    (group / "memory.current").write_text(str(900 << 20))
    monkeypatch.setattr(surroundings, "quota", lambda: 0.5)
    monkeypatch.setattr(surroundings, "_groups", lambda controller: iter([group]))
    found = by_name(surroundings.memory())["memory"]
    assert found.state == "note" and "limited to 1.0 GiB" in found.text
    cores = by_name(surroundings.processor())["cores"]
    assert cores.value["quota"] == 0.5 and cores.text.endswith("as it has the time of 0.5")


def test_a_folder_that_cannot_be_written(monkeypatch, tmp_path):
    monkeypatch.setattr(surroundings.tempfile, "gettempdir", lambda: str(tmp_path / "no"))
    found = by_name(surroundings.folders())
    assert found["temporary files"].state == "wrong" and "TMPDIR" in found["temporary files"].advice


def test_impersonal_texts(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setattr(findings, "_user", lambda: "ann")
    said = {
        "/home/ann/x": "~/x",
        "/home/anna": "/home/anna",
        "in '/home/ann'": "in '~'",
        "/scratch/ann/y": "/scratch/USER/y",
    }
    assert {text: impersonal(text) for text in said} == said


# --- the command --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state, code", [("ok", 0), ("note", 0), ("wrong", 1)])
def test_the_command_and_its_exit_code(monkeypatch, capsys, state, code):
    import elman.doctor
    from elman.cli import main

    found = Diagnosis({"Elman": [Finding("version", "0.1.0"), Finding("files", "some " * 40, state, "do this")]})
    monkeypatch.setattr(elman.doctor, "diagnose", lambda **_: found)
    monkeypatch.setattr(sys, "argv", ["elman", "doctor"])
    monkeypatch.setenv("COLUMNS", "60")
    with pytest.raises(SystemExit) as end:
        main()
    out = capsys.readouterr().out
    assert end.value.code == code and "-> do this" in " ".join(out.split()) and max(map(len, out.splitlines())) <= 60
    assert bool(re.search("WRONG: some", out)) == (state == "wrong")
