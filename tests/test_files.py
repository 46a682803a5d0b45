import os
from pathlib import Path

import pytest

from elman.errors import OptionError
from elman.files import check_writable, write_folder


def text(content):
    return lambda path: path.write_text(content)


def test_files_arrive_together_in_a_folder_that_is_made_with_its_parents(tmp_path):
    write_folder(tmp_path / "a" / "b", {"one": text("1"), "two": text("2")})
    assert {p.name: p.read_text() for p in (tmp_path / "a" / "b").iterdir()} == {"one": "1", "two": "2"}
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b"]


def test_the_folder_has_ordinary_permissions(tmp_path):
    mask = os.umask(0o022)
    try:
        write_folder(tmp_path / "out", {"one": text("1")})
    finally:
        os.umask(mask)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o755


def test_in_a_folder_that_exists_only_our_files_change(tmp_path):
    (tmp_path / "mine").write_text("keep")
    (tmp_path / "one").write_text("old")
    write_folder(tmp_path, {"one": text("new")})
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"mine": "keep", "one": "new"}


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing_half_written(tmp_path, exists, error):
    def fail(path):
        path.write_text("half")
        raise error

    folder = tmp_path / "out"
    if exists:
        folder.mkdir()
        (folder / "one").write_text("old")
    with pytest.raises(error):
        write_folder(folder, {"one": text("new"), "two": fail})
    assert [p.name for p in tmp_path.iterdir()] == (["out"] if exists else [])
    if exists:
        assert {p.name: p.read_text() for p in folder.iterdir()} == {"one": "old"}


def test_the_current_folder_is_a_folder_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_writable(Path("."))
    write_folder(Path("."), {"one": text("1")})
    assert [p.name for p in tmp_path.iterdir()] == ["one"]


def test_checking_leaves_nothing_behind(tmp_path):
    check_writable(tmp_path / "x" / "y")
    check_writable(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("act", [check_writable, lambda folder: write_folder(folder, {"one": text("1")})])
def test_a_folder_below_a_file_is_refused(tmp_path, act):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OptionError, match="cannot be written: .*Give another with --out"):
        act(tmp_path / "file" / "out")


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OptionError, match="is a file; give a folder with --out"):
        check_writable(tmp_path / "file")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a file system that nobody can write to")
def test_a_place_that_nobody_can_write_to():
    with pytest.raises(OptionError, match="the folder /proc/elman cannot be written"):
        check_writable(Path("/proc/elman"))
