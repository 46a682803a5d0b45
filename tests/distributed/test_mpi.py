"""Ranks that are processes of MPI: the bits of one process, and what dies ends all. `make distributed` runs all."""

from __future__ import annotations

import os
import signal
from hashlib import sha256
from pathlib import Path

import pytest

import elman as el
from tests.distributed.launch import needs_mpi, run, started, wait_for, wait_for_end
from tests.distributed.problems import PROBLEMS

pytestmark = needs_mpi
PROGRAM = Path(__file__).parent / "program.py"
long = pytest.mark.skipif("ELMAN_DISTRIBUTED" not in os.environ, reason="takes longer: make distributed")


def expected(name: str) -> str:
    weights, history = PROBLEMS[name](el.distributed.alone())
    return sha256(weights.tobytes() + repr(history).encode()).hexdigest()


@pytest.mark.parametrize(
    ("size", "names"),
    [(2, ["ragged", "own_rows"]), *(pytest.param(size, list(PROBLEMS), marks=long) for size in (1, 2, 3, 8))],
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
        ("memory", 1, "MemoryError"),
        ("stuck", 75, "has waited 4 s for the others"),
    ],
)
def test_a_failure_on_one_rank_is_told_and_ends_all(how, code, message):
    found = run(3, PROGRAM, "fails", how, seconds=40)
    assert found.returncode == code, found.stderr
    assert message in found.stderr
    assert found.stderr.count("Traceback (most recent call last)") <= 2  # one rank's, of an error and its cause
