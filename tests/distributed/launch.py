"""Programs under mpirun, where there is one."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

MPIRUN = shutil.which("mpirun", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
needs_mpi = pytest.mark.skipif(
    MPIRUN is None or importlib.util.find_spec("mpi4py") is None,
    reason="needs mpi4py and mpirun: pip install elman[mpi]",
)
ROOT = Path(__file__).parent.parent.parent


def is_open_mpi() -> bool:
    said = subprocess.run([str(MPIRUN), "--version"], capture_output=True, text=True).stdout
    return "Open MPI" in said


def command(size: int, by: Sequence[str]) -> list[str]:
    """What starts so many ranks, more than there are cores if need be; `by` something else than mpirun."""
    if by:
        return [*by, str(size)]
    return [str(MPIRUN), *(["--allow-run-as-root", "--oversubscribe"] if is_open_mpi() else []), "-n", str(size)]


def started(size: int, program: Path, *arguments: str, by: Sequence[str] = ()) -> subprocess.Popen[str]:
    path = f"{Path(str(MPIRUN)).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path}
    line = [*command(size, by), sys.executable, str(program), *arguments]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def run(
    size: int, program: Path, *arguments: str, by: Sequence[str] = (), seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    """Its exit code and what it said; it fails the test if it does not end."""
    process = started(size, program, *arguments, by=by)
    out, said = process.communicate(timeout=seconds)
    return subprocess.CompletedProcess(process.args, process.returncode, out, said)


def wait_for(path: Path, seconds: float = 60) -> None:
    """Until a file is there."""
    for _ in range(int(seconds * 50)):
        if path.exists():
            return
        time.sleep(0.02)
    raise TimeoutError(path)


def wait_for_end(process: int, seconds: float = 20) -> None:
    """Until a process runs no more; mpirun may end before it."""
    for _ in range(int(seconds * 50)):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.02)
    raise TimeoutError(f"process {process} still runs")
