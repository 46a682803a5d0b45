"""Every network in C gives the engine's numbers, is compiled without a warning, and keeps within its memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import elman as el
from elman.interop.c.compiled import compiler
from elman.interop.proof import prove
from elman.interop.report import Report
from tests.interop.c import networks

pytestmark = pytest.mark.skipif(compiler() is None, reason="needs a compiler of C")
SANITIZERS = ("address", "undefined")


@pytest.fixture(scope="module")
def compiled():
    return networks.together(networks.every())


@pytest.mark.parametrize("what", list(networks.every()))
def test_the_numbers_are_those_of_the_engine(compiled, what):
    net = networks.every()[what]
    report = prove(net, compiled[what], Report("Elman", "C"))
    assert len(report.trials) == (4 if net.state_sizes() else 3)


@pytest.fixture(scope="module")
def written_out():
    return networks.together(networks.cells() | networks.special(), math="own")


@pytest.mark.parametrize("what", [*networks.cells(), *networks.special()])
def test_so_are_they_with_own_functions(written_out, what):
    prove(networks.every()[what], written_out[what], Report("Elman", "C"))


def test_nothing_is_read_or_written_outside_of_arrays():
    """In a process of its own, as the sanitizers are loaded before all else."""
    found = [_library_of(f"lib{name}.so") for name in ("asan", "ubsan")]
    if None in found:
        pytest.skip("needs the sanitizers of gcc")
    environment = {
        **os.environ,
        "LD_PRELOAD": " ".join(filter(None, found)),
        "ASAN_OPTIONS": "detect_leaks=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    command = [sys.executable, "-m", "tests.interop.c.sanitized", os.environ.get("ELMAN_C_COUNT", "1")]
    root = Path(el.__file__).parents[2]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "agree" in done.stdout and "runtime error" not in done.stderr


def _library_of(name: str) -> str | None:
    """Where gcc has a library; None if it has it not."""
    try:
        said = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True).stdout.strip()
    except OSError:
        return None
    return said if os.path.isabs(said) else None
