import os
import subprocess
import sys
import time

import pytest

from elman.files import drafts, write_whole
from elman.files.drafts import DAYS_OF_STRANGERS, draft, hidden, sweep
from elman.files.owners import Owner, here

DEAD = Owner(here().machine, here().boot, 2**22 + 7, 1)  # above the largest PID of Linux
STRANGER = Owner("0" * 8, "1" * 8, 1, 1)
LIVING = Owner(here().machine, here().boot, os.getppid(), 0)


def name_of(owner, kind="part", ending=""):
    return f".elman-{owner}-0123456789ab.{kind}{ending}"


def test_a_draft_is_gone_at_the_end_whatever_it_is(tmp_path):
    with draft(tmp_path) as made:
        made.write_bytes(b"x")
        (tmp_path / f"{made.name}.wal").write_bytes(b"x")
    with pytest.raises(KeyboardInterrupt), draft(tmp_path) as made:
        (made / "folder").mkdir(parents=True)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", [name_of(DEAD), name_of(DEAD, "lock"), *(name_of(DEAD, "part", e) for e in (".wal", ".tmp"))]
)
@pytest.mark.parametrize("folder", [False, True])
def test_what_a_dead_process_left_is_swept_by_the_next_file(tmp_path, name, folder):
    if folder:
        (tmp_path / name / "in").mkdir(parents=True)
    else:
        (tmp_path / name).touch()
    write_whole(tmp_path / "file", b"")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_what_a_living_one_makes_and_what_is_the_users_stays(tmp_path):
    names = [name_of(LIVING), name_of(LIVING, "lock"), name_of(here()), ".elman.part", ".elman-.part", ".file.part"]
    names += [
        name_of(DEAD) + "x",
        "x" + name_of(DEAD),
        name_of(DEAD, "redo"),
        name_of(DEAD)[1:],
        name_of(STRANGER, "lock"),
    ]
    for name in names:
        (tmp_path / name).touch()
    os.utime(tmp_path / names[-1], (0, 0))
    drafts._mine.add(name_of(here()))  # as while it is in the making
    try:
        sweep(tmp_path)
    finally:
        drafts._mine.discard(name_of(here()))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)
    sweep(tmp_path)  # what this process could not take away goes the next time
    assert not (tmp_path / name_of(here())).exists()


@pytest.mark.parametrize(("days", "goes"), [(0, False), (DAYS_OF_STRANGERS - 1, False), (DAYS_OF_STRANGERS + 1, True)])
def test_a_draft_of_another_machine_goes_after_a_week(tmp_path, days, goes):
    file = tmp_path / name_of(STRANGER)
    file.touch()
    os.utime(file, (time.time() - days * 86400,) * 2)
    sweep(tmp_path)
    assert file.exists() != goes


def test_a_link_of_that_name_goes_and_not_what_it_leads_to(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    (tmp_path / name_of(DEAD)).symlink_to(tmp_path / "mine")
    sweep(tmp_path)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "mine"]


def test_a_folder_that_cannot_be_read_is_no_reason_to_stop(tmp_path):
    sweep(tmp_path / "nowhere")


def test_a_folder_of_many_names_is_looked_through_now_and_then(tmp_path, monkeypatch):
    monkeypatch.setattr(drafts, "MANY", -1)
    sweep(tmp_path)
    (tmp_path / name_of(DEAD)).touch()
    drafts._due[str(tmp_path)] += 1
    sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    drafts._due.clear()
    sweep(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_name_says_whose_it_is(tmp_path):
    name = hidden(tmp_path).name
    assert len(name) < 80 and drafts.owner_of(name) == here() and drafts.owner_of("file") is None
    code = "from elman.files.owners import here; print(here())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip()
    other = Owner.of(found)
    assert other.machine == here().machine and other.boot == here().boot and other.pid != os.getpid()
    assert other.is_dead and not here().is_dead and not LIVING.is_dead and DEAD.is_dead
    assert not STRANGER.is_dead and not STRANGER.is_here and Owner.of("x") is None
    assert Owner(here().machine, "0" * 8, os.getpid(), here().start).is_dead  # before the machine was started again
