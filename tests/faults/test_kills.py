"""Writers that are killed: nothing before is lost, nothing is half, no folder is of two runs, and nothing stays."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

KILLS = int(os.environ.get("ELMAN_KILLS", "4"))  # of each writer; `make faults` takes more
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


ALL = ("network", "folder", "log", "checkpoint", "sweep", "locked")


@pytest.mark.parametrize("name", ALL if "ELMAN_FAULTS" in os.environ else ALL[:3])
def test_kills(name):
    code = "from tests.faults.test_kills import kill_often; kill_often()"
    memory = Path("/dev/shm")  # the disk is as the system sees it, and survives a process in any case
    with tempfile.TemporaryDirectory(
        dir=None if "ELMAN_FAULTS" in os.environ or not os.access(memory, os.W_OK) else memory
    ) as folder:
        run(code, name, folder)


def run(code, name, folder):
    found = subprocess.run(
        [sys.executable, "-c", code, name, folder, str(KILLS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=580,
    )
    assert found.returncode == 0, found.stdout[-2000:] + found.stderr[-4000:]
    print(found.stdout)


def kill_often() -> None:
    """In a process of its own, as it forks: write, kill, look, and again."""
    from elman.files import write_whole
    from tests.faults.writers import WRITERS, strays

    name, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    writer, seed = WRITERS[name], random.Random(name)
    (folder / "mine").write_bytes(b"keep")
    writer.write(folder, 1)
    begun = time.perf_counter()
    for version in range(2, 7):
        writer.write(folder, version)
    each = (time.perf_counter() - begun) / 5
    left = cut = 0
    known = 6
    for number in range(count):
        ready, told = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(ready)
            write_on(writer, folder, known, told)
        os.close(told)
        os.read(ready, 1)
        time.sleep(seed.uniform(0, 3 * each))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        said = last_of(ready) or known
        left += bool(strays(folder))
        if number % 2 or name == "log":  # a reader first, or else a writer
            found = writer.read(folder)
            assert found in (said, said + 1), (name, number, said, found)
            known = found
        else:
            known = said
        cut += known > said
        writer.write(folder, known + 1)
        known += 1
        assert writer.read(folder) == known, (name, number)
        write_whole(folder / "next", b"")
        assert strays(folder) == [], (name, number, strays(folder))
        assert (folder / "mine").read_bytes() == b"keep"
    print(
        f"{name}: {count} kills, {each * 1000:.1f} ms a write, {left} left something to sweep, {cut} were a version on"
    )


def write_on(writer, folder, version, told) -> None:
    os.write(told, b".")
    while True:
        version += 1
        writer.write(folder, version)
        os.write(told, version.to_bytes(8, "little"))


def last_of(ready) -> int:
    """The last version that the process said was written."""
    said = b""
    while part := os.read(ready, 1 << 16):
        said += part
    os.close(ready)
    whole = said[: len(said) // 8 * 8]
    return int.from_bytes(whole[-8:], "little")
