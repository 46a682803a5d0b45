"""Ranks that are processes of MPI: the bits of one process, and what dies ends all. `make distributed` runs all."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

import elman as el
from tests.distributed.launch import is_open_mpi, needs_mpi, run, started, wait_for, wait_for_end
from tests.distributed.problems import PROBLEMS

pytestmark = needs_mpi
PROGRAM, HOSTS = (Path(__file__).parent / name for name in ("program.py", "hosts.sh"))
long = pytest.mark.skipif("ELMAN_DISTRIBUTED" not in os.environ, reason="takes longer: make distributed")


def expected(name: str) -> str:
    weights, history = PROBLEMS[name](el.distributed.alone())
    return sha256(weights.tobytes() + repr(history).encode()).hexdigest()


@pytest.mark.parametrize(
    ("size", "names"),
    [(2, ["ragged", "own_rows", "wide"]), *(pytest.param(size, list(PROBLEMS), marks=long) for size in (1, 2, 3, 8))],
)
def test_any_number_of_processes_gives_the_bits_of_one(size, names):
    found = run(size, PROGRAM, "problems", *names)
    assert found.returncode == 0, found.stderr
    assert dict(line.split() for line in found.stdout.splitlines()) == {name: expected(name) for name in names}


@long
@pytest.mark.parametrize("killed", [0, 1])
def test_a_rank_that_is_killed_ends_all_and_the_checkpoint_goes_on(tmp_path, killed):
    whole, file = tmp_path / "whole.safetensors", tmp_path / "run.safetensors"
    bits = run(2, PROGRAM, "long", str(whole), "40").stdout
    process = started(3, PROGRAM, "long", str(file), "40", "slow")
    wait_for(file)
    os.kill(int(Path(f"{file}.{killed}.pid").read_text()), signal.SIGKILL)
    _, said = process.communicate(timeout=30)
    assert process.returncode != 0, said
    for rank in range(3):
        wait_for_end(int(Path(f"{file}.{rank}.pid").read_text()))
    done = el.load(file).epochs
    assert 0 < done < 40
    assert run(1, PROGRAM, "long", str(file), str(done + 3)).returncode == 0
    assert run(8, PROGRAM, "long", str(file), "40").stdout == bits


@long
@pytest.mark.parametrize(
    ("how", "code", "message"),
    [
        ("data", 1, "rank 1:\nTraceback"),
        ("own", 1, "LookupError: a file is not there"),
        ("memory", 1, "MemoryError|of memory are needed at once"),  # of Python, or of the engine, which asks for more
        ("stuck", 75, "has waited 4 s for the others"),
    ],
)
def test_a_failure_on_one_rank_is_told_and_ends_all(how, code, message):
    found = run(3, PROGRAM, "fails", how, seconds=40)
    assert found.returncode == code, found.stderr
    assert re.search(message, found.stderr)
    assert found.stderr.count("Traceback (most recent call last)") <= 2  # one rank's, of an error and its cause


# --- hosts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def hosts():
    """Three network namespaces as hosts."""
    if is_open_mpi():
        pytest.skip("hosts.sh knows the launcher of MPICH")
    made = subprocess.run([HOSTS, "up", "3"], capture_output=True, text=True)
    if made.returncode != 0:
        subprocess.run([HOSTS, "down", "3"], capture_output=True)
        pytest.skip(f"no network namespaces here: {made.stderr.strip()}")
    yield [str(HOSTS), "run"]
    subprocess.run([HOSTS, "down", "3"], check=True, capture_output=True)


def sent(host: int) -> int:
    """Bytes."""
    shown = subprocess.run(
        ["ip", "-n", f"elman{host}", "-j", "-s", "link", "show", "eth0"], capture_output=True, check=True
    )
    return int(json.loads(shown.stdout)[0]["stats64"]["tx"]["bytes"])


@long
def test_hosts_give_the_bits_of_one(hosts):
    for size in (2, 3):
        found = run(size, PROGRAM, "problems", *PROBLEMS, by=hosts)
        assert found.returncode == 0, found.stderr
        assert dict(line.split() for line in found.stdout.splitlines()) == {name: expected(name) for name in PROBLEMS}
    assert min(sent(host) for host in range(3)) > 200_000  # over the wire


@long
@pytest.mark.parametrize("killed", ["rank", "host"])
def test_a_host_that_dies_ends_all_and_the_checkpoint_goes_on(hosts, tmp_path, killed):
    whole, file = tmp_path / "whole.safetensors", tmp_path / "run.safetensors"
    bits = run(2, PROGRAM, "long", str(whole), "40").stdout
    process = started(3, PROGRAM, "long", str(file), "40", "slow", by=hosts)
    wait_for(file)
    numbers = [int(Path(f"{file}.{rank}.pid").read_text()) for rank in range(3)]
    if killed == "rank":
        os.kill(numbers[2], signal.SIGKILL)
    else:
        subprocess.run(["ip", "-n", "elman2", "link", "set", "eth0", "down"], check=True)
    for number in numbers:
        wait_for_end(number, 60)
    if killed == "host":  # the ranks find out by themselves; mpirun goes on to wait for the host's answer
        process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode != 0, said
    assert killed == "rank" or "has waited 8 s for the others" in said
    assert 0 < el.load(file).epochs < 40
    assert run(8, PROGRAM, "long", str(file), "40").stdout == bits
