"""Every network in C gives the engine's numbers, is compiled without a warning, and keeps within its arrays."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from elman.interop.c.compiled import compiler
from elman.interop.proof import prove, trials
from elman.interop.report import Report
from tests.interop.c import networks

pytestmark = pytest.mark.skipif(compiler() is None, reason="needs a compiler of C")
COUNT = int(
    os.environ.get("ELMAN_C_COUNT", "1")
)  # of random cells of each kind; there are twice as many graphs and chains


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """By network, what is wrong with it; in a process of its own, as sanitizers are loaded before all else."""
    folder = tmp_path_factory.mktemp("agreement")
    libraries = [_library_of(f"lib{name}.so") for name in ("asan", "ubsan")]
    sanitized = all(libraries)
    loaded = {"LD_PRELOAD": " ".join(map(str, libraries)), "ASAN_OPTIONS": "detect_leaks=0"} if sanitized else {}
    command = [sys.executable, "-m", "tests.interop.c.agreeing", str(COUNT), str(folder / "found"), str(int(sanitized))]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, env=os.environ | loaded, cwd=root, capture_output=True, text=True, timeout=3000)
    assert done.returncode == 0 and "runtime error" not in done.stderr, done.stderr[-3000:]
    return json.loads((folder / "found").read_text())


def _library_of(name: str) -> str | None:
    """Where gcc has a library; None if it has it not."""
    try:
        said = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True).stdout.strip()
    except OSError:
        return None
    return said if os.path.isabs(said) else None


@pytest.mark.parametrize("what", list(networks.every(COUNT)))
def test_the_numbers_are_those_of_the_engine(found, what):
    assert found[what] == "agrees"


WITH_OWN = ("gru", "lstm", "lmu", "mlstm", "lif", "unicornn", "ltc", "phased_lstm", "gru_d", *networks.special())


@pytest.fixture(scope="module")
def own():
    every = networks.every(COUNT)
    return networks.together({what: every[what] for what in WITH_OWN}, math="own")


@pytest.mark.parametrize("what", WITH_OWN)
def test_so_are_they_with_own_functions(own, what):
    net = networks.every(COUNT)[what]
    prove(net, own[what], Report("Elman", "C"), trials(net, most=networks.MOST_STEPS))


def test_what_sums_up_or_looks_back_has_a_step():
    chains = networks.drawn_chains(20)
    for net in (*chains.values(), networks.special()["causal convolution"], networks.special()["attention pool"]):
        program, files = networks.in_c(net, "net")
        assert "int net_step(net_state *state, const" in files.header and not program.choices.max_steps
