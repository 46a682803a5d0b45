"""Saved: where the trainings of a command stand, beside what it writes, so that it goes on whatever ends it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from elman import checks
from elman.errors import ModelFileError, OptionError, TrainingError
from elman.files import OUT
from elman.keeping import Interrupted
from elman.training.notes import note
from elman.training.often import USUAL, Every
from elman.training.run_folder import MANIFEST, manifest_of
from elman.training.runs import saving
from elman.training.standing import versions
from elman.typed import RESUME

RUN = "run"  # the folder in that of the results
BESIDE = ".run"  # or what is added to the name of a file


@dataclass(frozen=True)
class Saved:
    """How a command saves its trainings.

    Attributes
    ----------
    every : str or int, default "10 min"
        How often; see `elman.Network.fit`.
    resume : bool
        Whether it goes on from what was left.
    keep : bool
        Whether the folder stays when the command has ended well.
    anyway : bool
        Whether it goes on without being told.
    command : sequence of str
        What the user typed, so that it can be given again.
    """

    every: str | int = USUAL
    resume: bool = False
    keep: bool = False
    anyway: bool = False
    command: Sequence[str] = ()

    def __post_init__(self) -> None:
        Every.of(self.every)
        for name in ("resume", "keep", "anyway"):
            checks.flag(getattr(self, name), name)

    @contextmanager
    def within(self, folder: Path) -> Iterator[None]:
        """Save the trainings of this context; when it ends well the folder is taken away.

        It stays if anything else ends it, but a training that cannot go on: that would fail again.
        """
        again = f"`elman resume {shlex.quote(str(folder))}`"
        hint = f"go on from it with --resume, or {again}; or give another output, or remove the folder"
        option = "--json-file, --csv, --picture or --page" if [*self.command][:1] == ["compare"] else OUT
        goes_on = self.resume or (self.anyway and (folder / MANIFEST).exists())
        if self.resume and not (folder / MANIFEST).exists():
            note(f"{folder} holds no run to go on from, so that the command begins anew")
        with saving(folder, self.every, resume=goes_on, about=self._about(), hint=hint, option=option) as run:
            assert run is not None
            try:
                if self.anyway:
                    run.begin()
                yield
            except TrainingError:
                run.take_away()
                raise
            except BaseException as error:
                if (folder / MANIFEST).exists():
                    other = _other_command(folder, self.command) if isinstance(error, OptionError) else ""
                    if isinstance(error, Interrupted):
                        error.goes_on()
                    error.add_note(f"{again} goes on from where it stood{other}")
                raise
            if not self.keep:
                run.take_away()

    def _about(self) -> dict[str, Any]:
        began = datetime.now(UTC).isoformat(timespec="seconds")
        command = [word for word in self.command if word != RESUME] + [RESUME] * (not self.anyway)
        return {"command": command, "folder": str(Path.cwd()), "began": began, "versions": versions()}


def _other_command(folder: Path, mine: Sequence[str]) -> str:
    """What to say of the command that a run is of, if it is another than mine."""
    theirs, mine = ([word for word in words if word != RESUME] for words in (_command_of(folder), mine))
    if not theirs or theirs == mine:
        return ""
    return f", as `elman {shlex.join(theirs)}`{_what_differs(_options(theirs), _options(mine))}"


def _what_differs(then: dict[str, str], now: dict[str, str]) -> str:
    """The options that were typed otherwise."""
    apart = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    told = [f"{name} {then.get(name, 'not given')} then, {now.get(name, 'not given')} now" for name in apart]
    return f" ({'; '.join(told)})" if told else ""


def _options(words: Sequence[str]) -> dict[str, str]:
    """What follows each option of a command."""
    found: dict[str, str] = {}
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word.startswith("--"):
            name, sign, value = word.partition("=")
            told = value if sign else "" if following.startswith("--") else following
            found[name] = f"{found[name]}, {told}" if name in found else told
    return found


def _command_of(folder: Path) -> list[str]:
    command = manifest_of(folder).get("command")
    return [str(word) for word in command] if isinstance(command, list) else []


@contextmanager
def saved_in(folder: Path, how: Saved | None) -> Iterator[None]:
    """Save the trainings of this context, if that is wanted."""
    if how is None:
        yield
        return
    with how.within(folder):
        yield


@dataclass(frozen=True)
class Left:
    """A command that was ended before its end.

    Attributes
    ----------
    command : list of str
        What the user typed behind ``elman``.
    folder : Path
        Where.
    """

    command: list[str]
    folder: Path


def left_in(place: Path) -> Left:
    """The command whose run is in a folder, or beside a file.

    Parameters
    ----------
    place : Path
        The folder of the run, that of the results, or a file that the command writes.

    Raises
    ------
    OptionError
        If there is none.
    """
    choices = [place, place / RUN]
    choices += [place.with_name(place.name + BESIDE)] if place.name else []  # "." and "/" have none
    found = next((one for one in choices if (one / MANIFEST).is_file()), None)
    if found is None:
        raise OptionError(
            f"{place} holds no run that could go on: a command that has ended leaves none, and one that was ended "
            f"keeps it in OUT/{RUN}, or beside its FILE as FILE{BESIDE}"
        )
    said = manifest_of(found)
    command, folder = said.get("command"), said.get("folder")
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command) or not command:
        raise OptionError(f"{found} was left by a call of Python, not by a command: go on with resume=True there")
    if not isinstance(folder, str) or not Path(folder).is_dir():
        raise ModelFileError(f"{found} was written in the folder {folder!r}, which is not there any more")
    return Left(list(command), Path(folder))
