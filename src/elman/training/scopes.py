"""Scopes: which file is that of which training, or result, by numbers in an order that never changes."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from elman.files import write_whole
from elman.plain import to_json
from elman.training.notes import note
from elman.training.run_folder import Run
from elman.untrusted import UNREADABLE, parsed

ENDING = ".safetensors"
BEST = f"best{ENDING}"

Made = TypeVar("Made")


@dataclass(frozen=True)
class Place:
    """Where the checkpoints of one training are.

    Attributes
    ----------
    run : Run
    name : str
        What their names begin with.
    """

    run: Run
    name: str

    def files(self) -> list[Path]:
        """The checkpoints, the newest first."""
        found = self.run.folder.glob(f"{self.name}-*{ENDING}")
        numbered = [(int(end), file) for file in found if (end := file.stem.removeprefix(f"{self.name}-")).isdigit()]
        return [file for _, file in sorted(numbered, reverse=True)]

    def write(self, updates: int, content: bytes) -> None:
        """Write a checkpoint after so many updates; then take the oldest away."""
        write_whole(self.run.folder / f"{self.name}-{updates:08d}{ENDING}", content)
        for file in self.files()[self.run.keep :]:
            file.unlink(missing_ok=True)

    @property
    def best(self) -> Path | None:
        """Where the best network is; None where several trainings share the folder."""
        return self.run.folder / BEST if self.run.alone else None


class Scope:
    """Numbers for what is done in an order that never changes.

    Parameters
    ----------
    run : Run
    path : str
        What all names in it begin with.
    """

    def __init__(self, run: Run, path: str = ""):
        self.run: Run = run
        self.path: str = path
        self._numbers = itertools.count(1)

    def __reduce__(self) -> tuple[Any, ...]:
        return Scope, (self.run, self.path)

    def place(self) -> Place:
        """Of the next training."""
        number = next(self._numbers)
        return Place(self.run, "checkpoint" if self.run.alone else f"training-{self.path}{number}")

    def result(self) -> tuple[Path, Scope]:
        """The file of the next result, and what is done for it."""
        number = f"{self.path}{next(self._numbers)}"
        return self.run.folder / f"result-{number}.json", Scope(self.run, f"{number}.")

    def forget(self) -> None:
        """Take away what is done in it has left, now that its result is there."""
        for kind in ("training", "result"):
            for file in self.run.folder.glob(f"{kind}-{self.path}*"):
                file.unlink(missing_ok=True)

    def inner(self, count: int) -> list[Scope]:
        """Of the next works that are done side by side, one for each."""
        number = next(self._numbers)
        self.run.begin()
        return [Scope(self.run, f"{self.path}{number}.{k}.") for k in range(1, count + 1)]


_current: ContextVar[Scope | None] = ContextVar("scope", default=None)


def next_place() -> Place | None:
    """Where the next training is saved; None where nothing is."""
    scope = _current.get()
    return None if scope is None else scope.place()


def scopes_of(count: int) -> Sequence[Scope | None]:
    """A scope for each of some works, which are done in any order."""
    scope = _current.get()
    return [None] * count if scope is None else scope.inner(count)


def remembered(make: Callable[[], Made], as_data: Callable[[Made], Any], of_data: Callable[[Any], Made]) -> Made:
    """What is made, or was made before the run was stopped.

    Parameters
    ----------
    make : function
    as_data, of_data : function
        Of what was made: to JSON, in which a number that is not finite becomes None, and back.
    """
    scope = _current.get()
    if scope is None:
        return make()
    file, inner = scope.result()
    if scope.run.resume and file.exists():
        try:
            return of_data(parsed(file.read_text(encoding="utf-8"), str(file)))
        except (OSError, *UNREADABLE) as error:
            note(f"{file} cannot be read, so that it is found again: {error}")
    with within(inner):
        made = make()
    if scope.run.writes:
        scope.run.begin()
        write_whole(file, to_json(as_data(made), "a result", undefined_as_null=True).encode())
        inner.forget()
    return made


@contextlib.contextmanager
def within(scope: Scope | None) -> Iterator[None]:
    """Take places from a scope; with None nothing is saved."""
    token = _current.set(scope)
    try:
        yield
    finally:
        _current.reset(token)
