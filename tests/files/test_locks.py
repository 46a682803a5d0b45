import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from elman.errors import OptionError
from elman.files import Writing, locks, write_folder
from elman.files.owners import Owner, here

HOLD = (
    "import pathlib, sys, time; from elman.files import Writing; Writing(pathlib.Path(sys.argv[1]), 'a training')"
    ".begin(); print('held', flush=True); time.sleep(600)"
)


@pytest.fixture
def other(tmp_path):
    """Another process that writes the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_another_process_is_told_who_writes_and_takes_over_when_that_is_dead(tmp_path, other):
    said = (
        rf"{tmp_path} is being written by process {other.pid} \(a training\) on .*, since 20.* UTC: wait .*--checkpoint"
    )
    for _ in range(2):
        with pytest.raises(OptionError, match=said):
            Writing(tmp_path, option="--checkpoint").begin()
    other.kill()
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:  # it is not reaped yet, but dead
        try:
            with Writing(tmp_path):
                assert len(list(tmp_path.iterdir())) == 1
            break
        except OptionError:
            time.sleep(0.01)
    assert other.returncode is None and list(tmp_path.iterdir()) == []


def test_the_lock_of_one_that_dies_while_another_begins_is_swept(tmp_path, other, monkeypatch):
    looked_for = locks._locks

    def dies(place):
        other.kill()
        other.wait()
        return looked_for(place)

    monkeypatch.setattr(locks, "_locks", dies)
    with Writing(tmp_path):
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


def test_files_are_not_put_into_a_folder_that_another_writes(tmp_path, other, monkeypatch):
    monkeypatch.setattr("elman.files.folders._SECONDS", 0.1)
    with pytest.raises(OptionError, match=f"by process {other.pid}"):
        write_folder(tmp_path, {"one": lambda path: path.write_text("1")})
    assert [p.suffix for p in tmp_path.iterdir()] == [".lock"]


def test_one_process_writes_once(tmp_path):
    with Writing(tmp_path, "a training"):
        with pytest.raises(OptionError, match=r"by this process \(a training\), since"):
            Writing(tmp_path / ".." / tmp_path.name).begin()
        write_folder(tmp_path, {"one": lambda path: path.write_text("1")})  # which belongs to it
    with Writing(tmp_path):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["one"]


def test_a_folder_is_made_and_goes_if_nothing_came_into_it(tmp_path):
    with Writing(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()
    assert list(tmp_path.iterdir()) == []
    with Writing(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "file").touch()
    assert [p.name for p in (tmp_path / "a" / "b").iterdir()] == ["file"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "a"):
        with pytest.raises(OptionError, match="cannot be written: .*Give another with --out"):
            Writing(folder).begin()
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_of_many_at_once_one_writes_at_a_time(tmp_path):
    code = (
        "import pathlib, sys; from elman.files import Writing; p = pathlib.Path(sys.argv[1])\n"
        "for n in range(5):\n"
        "    with Writing(p, wait=60):\n"
        "        (p / 'inside').touch(exist_ok=False); (p / 'inside').unlink()\n"
    )
    found = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(3)]
    assert [process.wait() for process in found] == [0, 0, 0] and list(tmp_path.iterdir()) == []


def test_threads_write_one_after_the_other(tmp_path):
    def write():
        for _ in range(3):
            with Writing(tmp_path, wait=60):
                (tmp_path / "inside").touch(exist_ok=False)
                (tmp_path / "inside").unlink()
        done.append(1)

    done = []
    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 4


def lock_of(folder, owner, **said):
    file = folder / f".elman-{owner}-0123456789ab.lock"
    file.write_text(json.dumps(said))
    return file


def test_a_lock_of_another_machine_counts_until_it_is_removed(tmp_path):
    file = lock_of(tmp_path, Owner("0" * 8, "1" * 8, 7, 9), host="far", since="2026-01-02", what="elman classify")
    os.utime(file, (0, 0))
    with pytest.raises(OptionError, match=f"process 7 .elman classify. on far, since 2026-01-02.* remove {file}"):
        Writing(tmp_path).begin()
    file.unlink()
    with Writing(tmp_path):
        pass


def test_a_lock_from_before_the_machine_was_started_again_is_swept(tmp_path):
    lock_of(tmp_path, Owner(here().machine, "1" * 8, os.getpid(), here().start))
    with Writing(tmp_path):
        assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(not here().start, reason="nothing tells when a process began")
def test_a_number_that_was_given_to_another_process_since_is_no_life(tmp_path):
    lock_of(tmp_path, Owner(here().machine, here().boot, os.getppid(), 1))
    with Writing(tmp_path):
        pass


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"3", b"\xff", b'{"host": 3}'])
def test_a_lock_that_cannot_be_read_counts_too(tmp_path, content, other):
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    with pytest.raises(OptionError, match=f"by process {other.pid} "):
        Writing(tmp_path).begin()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_holds_nothing_and_gives_nothing_back(tmp_path):
    code = (
        "import os, pathlib, sys; from elman.files import Writing; from elman.errors import OptionError\n"
        "p = pathlib.Path(sys.argv[1])\n"
        "with Writing(p, 'the parent'):\n"
        "    pid = os.fork()\n"
        "    if not pid:\n"
        "        try:\n"
        "            Writing(p).begin(); os._exit(1)\n"
        "        except OptionError as e:\n"
        "            assert f'process {os.getppid()} (the parent)' in str(e), e\n"
        "    else:\n"
        "        assert os.waitpid(pid, 0)[1] == 0\n"
        "        print(len(os.listdir(p)))\n"
    )
    found = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert found.stdout == "1\n" and not found.stderr and list(tmp_path.iterdir()) == []


def test_a_lock_of_two_that_come_at_once_is_nobodys(tmp_path, monkeypatch):
    """The other one makes its lock between a look and the next: both step back."""
    take, living = Writing._take, Owner("0" * 8, "1" * 8, 7, 9)

    def both(self, place, undo):
        file = lock_of(Path(place), living)
        take(self, place, undo)
        undo.callback(file.unlink)

    monkeypatch.setattr(Writing, "_take", both)
    monkeypatch.setattr(locks, "_AT_ONCE", 0.001)
    with pytest.raises(OptionError, match="another process that began at the same time"):
        Writing(tmp_path).begin()
    assert list(tmp_path.iterdir()) == []
