import errno
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from elman.errors import OptionError
from elman.files import check_file, check_writable, settle, write_folder, write_whole

POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX names and permissions")


def test_a_file_is_written_whole_with_ordinary_permissions(tmp_path):
    mask = os.umask(0o027)
    try:
        write_whole(tmp_path / "file", b"new")
    finally:
        os.umask(mask)
    assert (tmp_path / "file").read_bytes() == b"new" and [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("act", [check_file, lambda path: write_whole(path, b"x")])
def test_a_file_that_cannot_be_written_is_refused_by_name(tmp_path, act):
    with pytest.raises(OptionError, match="file cannot be written: there is no folder .*nowhere; make it"):
        act(tmp_path / "nowhere" / "file")
    with pytest.raises(OptionError, match="folder"):
        (tmp_path / "folder").mkdir()
        act(tmp_path / "folder")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@POSIX
def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/file")  # which is not there yet
    for content in (b"1", b"2"):
        check_file(tmp_path / "link")
        write_whole(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink() and (tmp_path / "folder" / "file").read_bytes() == content
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder", "link"]


@POSIX
@pytest.mark.parametrize("act", [check_file, lambda path: write_whole(path, b"x")])
def test_links_that_lead_in_a_circle_or_nowhere_are_refused(tmp_path, act):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c").symlink_to("no/file")
    with pytest.raises(OptionError, match="a cannot be written: .*symbolic links"):
        act(tmp_path / "a")
    with pytest.raises(OptionError, match="c cannot be written: No such file"):
        act(tmp_path / "c")
    assert (tmp_path / "a").is_symlink() and (tmp_path / "c").is_symlink()


@pytest.mark.parametrize("name", ["é" * 127, "x" * 255, "日本語のモデル.safetensors", "a b\n'\"", "🙂"])
def test_a_name_may_be_as_long_as_the_system_allows_and_in_any_letters(tmp_path, name):
    for content in (b"1", b"2"):
        check_file(tmp_path / name)
        write_whole(tmp_path / name, content)
        assert (tmp_path / name).read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("act", [check_file, lambda path: write_whole(path, b"x")])
def test_a_name_that_is_too_long_is_refused(tmp_path, act):
    with pytest.raises(OptionError, match="cannot be written: File name too long"):
        act(tmp_path / ("x" * 256))
    assert list(tmp_path.iterdir()) == []


def test_a_file_keeps_its_permissions(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o600)
    write_whole(tmp_path / "file", b"new")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_read_only_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"old")
    opened = io.open

    def refusing(file, mode="r", *given, **named):  # as root may write whatever its permissions are
        if "+" in mode:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return opened(file, mode, *given, **named)

    monkeypatch.setattr(io, "open", refusing)
    for act in (check_file, lambda path: write_whole(path, b"new")):
        with pytest.raises(OptionError, match="file cannot be written: Permission denied"):
            act(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


@POSIX
def test_a_pipe_and_a_device_are_written_to_as_they_are(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    content, found = os.urandom(1 << 18), []
    reader = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    check_file(tmp_path / "pipe")
    write_whole(tmp_path / "pipe", content)
    reader.join()
    assert found == [content] and [p.name for p in tmp_path.iterdir()] == ["pipe"] and (tmp_path / "pipe").is_fifo()
    write_whole(Path("/dev/null"), b"x")
    assert not Path("/dev/null").is_file()


@POSIX
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_device_without_room_says_so():
    with pytest.raises(OptionError, match="/dev/full cannot be written: No space left"):
        write_whole(Path("/dev/full"), b"x")


@POSIX
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("to", ["file", "pipe"])
def test_the_standard_output_comes_behind_what_was_printed(tmp_path, name, to):
    if not Path(name).parent.exists():
        pytest.skip(f"no {name}")
    code = f"import pathlib; from elman.files import *; check_file(p := pathlib.Path({name!r})); print('a');"
    code += "write_whole(p, b'b\\n'); print('c')"
    with (tmp_path / "out").open("wb") as out:
        found = subprocess.run([sys.executable, "-c", code], stdout=out if to == "file" else subprocess.PIPE)
    written = (tmp_path / "out").read_bytes() if to == "file" else found.stdout
    assert found.returncode == 0 and written == b"a\nb\nc\n" and [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_file_system_that_cannot_sync_is_written_to_all_the_same(tmp_path, monkeypatch, number):
    def refuse(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    write_whole(tmp_path / "file", b"x")
    assert (tmp_path / "file").read_bytes() == b"x"


def test_a_file_is_on_the_disk_before_its_name_is_and_the_name_before_it_returns(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        call = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *given, name=name, call=call: (calls.append(name), call(*given)))
    write_whole(tmp_path / "file", b"x")
    assert calls == ["fsync", "replace", "fsync"]


def test_what_is_mounted_by_itself_says_what_to_do(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OptionError, match="busy .*mount its folder"):
        write_whole(tmp_path / "file", b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_whole(path, b"x"),
        check_file,
        lambda path: write_folder(path, {}),
        check_writable,
        settle,
    ],
)
def test_what_is_no_path_is_refused(write, tmp_path):
    with pytest.raises(OptionError, match="a path has no zero character"):
        write(tmp_path / "a\0b")
