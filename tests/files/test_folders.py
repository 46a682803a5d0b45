import contextlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from elman.errors import OptionError
from elman.files import Writing, check_writable, drafts, settle, write_folder, write_whole
from elman.files.owners import Owner, here


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


@pytest.mark.parametrize("error", [OSError("no room"), KeyboardInterrupt()])
@pytest.mark.parametrize("links", [True, False])
def test_a_failure_between_two_files_puts_the_first_one_back(tmp_path, monkeypatch, error, links):
    (tmp_path / "a").write_text("old")
    (tmp_path / "gone").write_text("old too")
    move = os.replace

    def fail(source, target):
        if Path(target).name == "z" and "new" in str(source):
            raise error
        move(source, target)

    monkeypatch.setattr(os, "replace", fail)
    if not links:
        monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError("no links here")))
    with pytest.raises(OptionError if isinstance(error, OSError) else KeyboardInterrupt):
        write_folder(tmp_path, {"a": text("new"), "b": text("new"), "gone": None, "z": text("new")})
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a": "old", "gone": "old too"}


def test_a_file_that_is_not_written_this_time_is_taken_away(tmp_path):
    (tmp_path / "picture").write_text("of another forecast")
    write_folder(tmp_path, {"table": text("new"), "picture": None})
    assert [p.name for p in tmp_path.iterdir()] == ["table"]


def test_a_folder_in_the_place_of_a_file_is_refused_before_any_work(tmp_path):
    (tmp_path / "one").mkdir()
    with pytest.raises(OptionError, match="one is a folder, where a file is to be written"):
        check_writable(tmp_path, ["one"])
    with pytest.raises(OptionError, match="cannot be written"):
        write_folder(tmp_path, {"a": text("new"), "one": text("new")})
    assert [p.name for p in tmp_path.iterdir()] == ["one"]


def test_writing_never_changes_the_umask_of_the_process(tmp_path, monkeypatch):
    """Another thread that makes a file meanwhile would make it for everybody."""
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask was changed"))
    write_whole(tmp_path / "file", b"x")
    write_folder(tmp_path / "folder", {"one": text("1")})


def test_a_folder_that_cannot_be_written_names_the_callers_option(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(OptionError, match="give a folder with --c"):
        check_writable(tmp_path / "file", option="--c")
    with pytest.raises(OptionError, match="Give another with --c"):
        write_folder(tmp_path / "file" / "in", {"one": text("1")}, option="--c")


# --- what is killed, and what comes next ----------------------------------------------------------------------


class Killed(BaseException):
    """Stands for a process that ends without another instruction."""


def files_of(folder):
    return {p.name: p.read_text() for p in folder.iterdir() if not p.name.startswith(".")}


OLD, NEW = {"a": "old", "gone": "old", "z": "old"}, {"a": "new", "b": "new", "z": "new"}


def replace_files(folder):
    write_folder(folder, {"a": text("new"), "b": text("new"), "gone": None, "z": text("new")})


def killed_after(folder, monkeypatch, calls):
    """Write in a process of which nothing goes on after so many changes to the folder; whether it got so far."""
    left = [calls]
    with monkeypatch.context() as patch:
        for name in ("replace", "rename", "unlink", "link", "mkdir", "rmdir", "fsync"):
            call = getattr(os, name)

            def counted(*given, call=call, **named):
                left[0] -= 1
                if left[0] < 0:
                    raise Killed
                return call(*given, **named)

            patch.setattr(os, name, counted)
        patch.setattr(drafts, "here", lambda: DEAD)
        with contextlib.suppress(Killed):
            replace_files(folder)
    return left[0] < 0


DEAD = Owner(here().machine, here().boot, 2**22 + 7, 1)  # above the largest PID of Linux


@pytest.mark.parametrize("look", ["write", "settle", "lock"])
def test_a_folder_has_the_files_of_one_run_wherever_its_writer_is_killed(tmp_path, monkeypatch, look):
    seen = []
    for calls in range(200):
        folder = tmp_path / str(calls)
        folder.mkdir()
        for name, content in OLD.items():
            (folder / name).write_text(content)
        was_killed = killed_after(folder, monkeypatch, calls)
        if look == "write":
            write_folder(folder, {"other": text("x")})
            (folder / "other").unlink()
        elif look == "settle":
            settle(folder)
            write_whole(folder / "other", b"")
            (folder / "other").unlink()
        else:
            with Writing(folder):
                pass
        found = files_of(folder)
        assert found in (OLD, NEW)
        assert [p.name for p in folder.iterdir() if p.name.startswith(".")] == []
        seen.append(found)
        if not was_killed:
            break
    assert found == NEW and seen[0] == OLD and seen == sorted(seen, key=NEW.__eq__)


def test_a_folder_that_cannot_be_finished_says_so(tmp_path):
    journal = tmp_path / ".elman-redo"
    journal.mkdir()
    broken = ["", "[]", '{"names": ["a"], "had": [], "new": {}}', '{"names": ["a"], "had": {"a": [1]}, "new": {}}']
    for told in (*broken, '{"names": ["../x"], "had": {}, "new": {}}', '{"names": [".."], "had": {}, "new": {}}'):
        (journal / "names.json").write_text(told)
        with pytest.raises(OptionError, match="files of two runs.*elman-redo.*remove it"):
            settle(tmp_path)
        with pytest.raises(OptionError, match="remove it"):
            write_folder(tmp_path, {"one": text("1")})
    assert not (tmp_path / "one").exists()


def test_parents_that_were_made_in_vain_go_again(tmp_path):
    with pytest.raises(ZeroDivisionError):
        write_folder(tmp_path / "a" / "b" / "c", {"one": lambda path: 1 / 0})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_found_behind_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_folder(tmp_path / "link", {"one": text("1")})
    write_folder(tmp_path / "link", {"one": text("2")})
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real" / "one").read_text() == "2"


def test_files_keep_their_permissions(tmp_path):
    (tmp_path / "one").write_text("old")
    (tmp_path / "one").chmod(0o600)
    write_folder(tmp_path, {"one": text("new")})
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600


def test_many_threads_write_one_folder(tmp_path):
    def write(number):
        for turn in range(5):
            write_folder(tmp_path, {name: text(f"{number} {turn}") for name in "abc"})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(set(files_of(tmp_path).values())) == 1 and set(os.listdir(tmp_path)) == set("abc")


@pytest.mark.parametrize("kind", ["redo", "undo"])
@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("had", [True, False])
def test_a_journal_from_elsewhere_takes_nobodys_files(tmp_path, kind, new, had):
    """As it came in an archive that was unpacked here."""
    (tmp_path / "thesis").write_text("mine")
    journal = tmp_path / f".elman-{kind}"
    for name in ("new", "old"):
        (journal / name).mkdir(parents=True)
        (journal / name / "thesis").write_text("theirs")
    told = {"names": ["thesis"], "had": {"thesis": [4, 1]} if had else {}, "new": {"thesis": [6, 1]} if new else {}}
    (journal / "names.json").write_text(json.dumps(told))
    settle(tmp_path)
    assert files_of(tmp_path) == {"thesis": "mine"} and not journal.exists()


def test_what_somebody_changed_since_is_left_alone(tmp_path, monkeypatch):
    for calls in range(200):
        folder = tmp_path / str(calls)
        folder.mkdir()
        for name, content in OLD.items():
            (folder / name).write_text(content)
        was_killed = killed_after(folder, monkeypatch, calls)
        (folder / "z").write_text("by hand")
        os.utime(folder / "z", (1, 1))
        settle(folder)
        assert (folder / "z").read_text() == "by hand"
        if not was_killed:
            break
