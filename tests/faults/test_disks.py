"""File systems without room, or that may only be read: small ones in memory, where this user may mount some."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from elman.errors import ElmanError
from elman.files import write_whole
from tests.faults.writers import WRITERS, strays

LONG = bool(os.environ.get("ELMAN_FAULTS"))  # `make faults`
ROOMS = range(0, 400, 4) if LONG else (0, 8, 32, 128)  # KiB that are left


def mount(*options):
    return subprocess.run(["mount", *map(str, options)], capture_output=True, text=True).returncode == 0


@pytest.fixture
def disk(tmp_path):
    """A file system of 2 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if sys.platform != "linux" or not mount("-t", "tmpfs", "-o", "size=2m", "none", place):
        pytest.skip("needs a file system that may be mounted")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(disk, room):
    """Leave so many KiB of room."""
    free = os.statvfs(disk)
    with (disk / "ballast").open("wb") as file:
        file.write(b"x" * max(0, free.f_bavail * free.f_frsize - room * 1024))


@pytest.mark.parametrize("name", WRITERS if LONG else ("network", "folder", "log", "sweep"))
def test_a_full_disk_leaves_what_was_there(disk, name):
    writer, folder = WRITERS[name], disk / "here"
    failed = 0
    for room in ROOMS:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        writer.write(folder, 1)
        fill(disk, room)
        try:
            writer.write(folder, 2)
            error = None
        except ElmanError as caught:
            error = caught
        (disk / "ballast").unlink()
        assert writer.read(folder) == 2 if error is None else writer.read(folder) in (1, 2), (room, error)
        if error is not None:
            failed += 1
            assert "space left" in str(error) and str(folder) in str(error), error
        for version in (2, 3):
            writer.write(folder, version)
        assert writer.read(folder) == 3
        write_whole(folder / "next", b"")
        assert strays(folder) == [], room
    assert failed or name == "sweep"


@pytest.mark.parametrize("name", WRITERS if LONG else ("network", "folder", "locked"))
def test_a_disk_that_may_only_be_read(disk, name):
    writer, folder = WRITERS[name], disk / "here"
    folder.mkdir()
    writer.write(folder, 1)
    assert mount("-o", "remount,ro", disk)
    with pytest.raises(ElmanError, match="(?i)read-only file system"):
        writer.write(folder, 2)
    assert writer.read(folder) == 1
    assert mount("-o", "remount,rw", disk)
    writer.write(folder, 2)
    assert writer.read(folder) == 2 and strays(folder) == []


@pytest.mark.skipif(os.name == "nt", reason="needs limits of POSIX")
def test_a_limit_of_the_size_of_files(tmp_path):
    code = (
        "import resource, sys, pathlib; from elman.files import write_whole; from elman.errors import OptionError\n"
        "p = pathlib.Path(sys.argv[1]); write_whole(p, b'old')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write_whole(p, b'x' * 5000)\n"
        "except OptionError as e: print(e)\n"
    )
    file = tmp_path / "file"
    found = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    assert os.strerror(errno.EFBIG) in found.stdout and str(file) in found.stdout
    assert file.read_bytes() == b"old" and [p.name for p in Path(tmp_path).iterdir()] == ["file"]
