"""The journal of a folder some of whose files are being replaced: what was begun is finished, or undone.

The new files are made in a draft, a hidden folder in the folder, with a second name (a hard link, or a copy) for each
file that they replace and a list of all names. When all of that is on the disk, the draft is renamed to
``.elman-redo``: from then on the new files count. They are moved to their places one by one, and the rest is taken
away. So

- a process that is killed before leaves the folder as it was, and a draft that the next one sweeps;
- one that is killed behind leaves ``.elman-redo``, and whoever next writes the folder, or reads a model in it, moves
  what is left to its place, which may be begun any number of times;
- where a file cannot be moved, the journal is renamed to ``.elman-undo``, and the files before are put back, by the
  next process if this one is killed at that.

To go on, and not back, is what loses nothing: the new files are whole, and a training may have made them. The old ones
are at hand only to undo what cannot be finished, as where one of the names is a folder.

All of this is done by one process at a time (`elman.files.locks`). The list says of what size and time each file was:
one that is another since, as after somebody has put a file of that name there, is left alone. So a journal that came
from elsewhere, in an archive say, cannot take anybody's files away.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

from elman.files.drafts import hidden, remove, sync_file, sync_folder, write_through
from elman.files.whole import check_may_be_written, keep_mode

REDO, UNDO = ".elman-redo", ".elman-undo"
NEW = "new"  # where in a draft the new files are
_OLD, _NAMES = "old", "names.json"


def is_unfinished(folder: Path) -> bool:
    """Whether the folder has files of two runs."""
    return any(os.path.lexists(folder / name) for name in (REDO, UNDO))


def replace(draft: Path, folder: Path, names: list[str]) -> None:
    """Move a draft's new files into the folder, and take away the other ones of these names, or change nothing."""
    _prepare(draft, folder, names)
    redo = folder / REDO
    os.rename(draft, redo)  # from here on the new files count
    try:
        sync_folder(folder)
        _redo(redo, folder)
    except BaseException:  # Ctrl-C too
        if redo.exists():
            os.rename(redo, folder / UNDO)
            _undo(folder / UNDO, folder)
        raise


def finish(folder: Path) -> None:
    """Finish what a process has left unfinished."""
    if (folder / UNDO).exists():
        _undo(folder / UNDO, folder)
    if (folder / REDO).exists():
        _redo(folder / REDO, folder)


def _prepare(draft: Path, folder: Path, names: list[str]) -> None:
    """Say in a draft what it replaces, and keep that at hand."""
    (draft / _OLD).mkdir()
    had = [name for name in names if os.path.lexists(folder / name)]
    for name in had:
        if not (folder / name).is_symlink():
            check_may_be_written(folder / name)
        _keep(folder / name, draft / _OLD / name)
        if (draft / NEW / name).exists():
            keep_mode(folder / name, draft / NEW / name)
    new = [name for name in names if (draft / NEW / name).exists()]
    told = {
        "names": names,
        "had": {name: _mark(folder / name) for name in had},
        "new": {name: _mark(draft / NEW / name) for name in new},
    }
    write_through(draft / _NAMES, json.dumps(told).encode())
    for place in (draft / NEW, draft / _OLD, draft):
        sync_folder(place)


def _mark(file: Path) -> list[int] | None:
    """What tells whether a file is the one that it was; None where there is none."""
    try:
        found = file.lstat()
    except FileNotFoundError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _redo(journal: Path, folder: Path) -> None:
    names, had, new = _told(journal)
    for name in names:
        here, made = folder / name, journal / NEW / name
        if _mark(here) != had.get(name):  # it is the new one, or somebody else's
            continue
        if name not in new:
            here.unlink(missing_ok=True)
        elif made.exists():
            os.replace(made, here)
    _clear(journal, folder)


def _undo(journal: Path, folder: Path) -> None:
    names, had, new = _told(journal)
    for name in names:
        here, old = folder / name, journal / _OLD / name
        if _mark(here) != new.get(name) or (journal / NEW / name).exists():  # it is the old one, or somebody else's
            continue
        if name not in had:
            here.unlink(missing_ok=True)
        elif os.path.lexists(old):
            os.replace(old, here)
    _clear(journal, folder)


Marks = dict[str, list[int]]


def _told(journal: Path) -> tuple[list[str], Marks, Marks]:
    """What a journal lists: names of files in the folder, and nothing else; how the old and the new ones are marked."""
    try:
        told = json.loads((journal / _NAMES).read_bytes())
        names = [str(name) for name in told["names"]]
        had, new = (
            {str(name): [int(size), int(when)] for name, (size, when) in told[k].items()} for k in ("had", "new")
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OSError(errno.EINVAL, f"its journal {journal} cannot be read; remove it") from error
    if any(name in ("", ".", "..") or os.path.basename(name) != name for name in names):
        raise OSError(errno.EINVAL, f"its journal {journal} names what is elsewhere; remove it")
    return names, had, new


def _clear(journal: Path, folder: Path) -> None:
    """Bring the names to the disk, then take the journal away, as a draft that anyone may sweep."""
    sync_folder(folder)
    over = hidden(folder)
    os.rename(journal, over)
    remove(over)


def _keep(file: Path, copy: Path) -> None:
    """A second name for a file, or a copy where the file system has one name for each."""
    try:
        os.link(file, copy, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(file, copy, follow_symlinks=False)
        if not copy.is_symlink():
            sync_file(copy)
