"""What Tab completes: names of what Elman has, and files.

Nothing of Elman is loaded for it, which would take longer than a key may: what is not told here is read in its source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

_ELMAN = Path(__file__).parent.parent
_CELL = re.compile(r"^@cell\b(?:.*\n)+?def (\w+)\(", re.MULTILINE)


class Place(click.ParamType):
    """A file or a folder, which the command checks itself.

    Parameters
    ----------
    kind : {"file", "dir"}
        What is completed.
    """

    name = "place"

    def __init__(self, kind: str):
        self.kind = kind

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type=self.kind)]


class Names(click.ParamType):
    """One of some names, or several with commas; any other text is left for the command to refuse.

    Parameters
    ----------
    *names : str, or function of nothing
        The names, or what finds them.
    or_file : bool, default False
        Whether it may be a file as well.
    """

    name = "name"

    def __init__(self, *names: str | Callable[[], Iterable[str]], or_file: bool = False):
        self._names, self._or_file = names, or_file

    def names(self) -> list[str]:
        """All of them."""
        return [name for one in self._names for name in ([one] if isinstance(one, str) else one())]

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        before, comma, begun = incomplete.rpartition(",")
        names = (name.replace(" ", "_") for name in self.names())  # no two shells quote alike; commands take both
        found = [name for name in names if name.startswith(begun.replace(" ", "_"))]
        items = [CompletionItem(before + comma + name) for name in found]
        return items + ([CompletionItem(incomplete, type="file")] if self._or_file else [])


class Cells(Names):
    """A built-in cell by its name, or one of one's own by a file of its equations; several, where they may be."""

    def __init__(self, *names: str, several: bool = False):
        super().__init__(cells, *names)
        self._several = several

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = super().shell_complete(ctx, param, incomplete)
        return found or [CompletionItem(incomplete, type="file")]  # beside which a shell shows no names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str) or not _FILE.search(value):
            return value
        from elman.cells import catalogue
        from elman.cells.written import from_file

        one_each = [name.strip() for name in value.split(",") if name.strip()] if self._several else [value]
        found = [from_file(Path(name), catalogue()) if _FILE.search(name) else name for name in one_each]
        return found if self._several else found[0]


_FILE = re.compile(r"[./\\]")  # no name of a cell has one


def cells() -> list[str]:
    """The names of the built-in cells: of functions that are made cells."""
    sources = (file.read_text(encoding="utf-8") for file in sorted((_ELMAN / "cells").glob("*.py")))
    return sorted(name for source in sources for name in _CELL.findall(source))


def series() -> list[str]:
    """The names of the series that ship with Elman."""
    return sorted(file.stem for file in (_ELMAN / "data" / "bundled").glob("*.csv"))


FILE, FOLDER = Place("file"), Place("dir")
_BY_METAVAR: dict[str, Any] = {
    **dict.fromkeys(("FILE", "PATH", "DATA", "MODEL", "OUT", "TEXT", "[TEXT]", "FILE or DIR"), FILE),
    **dict.fromkeys(("DIR", "[FOLDER]"), FOLDER),
}


def with_places(params: Iterable[click.Parameter]) -> None:
    """Have files and folders completed where an option's word says that it takes one."""
    for param in params:
        if param.type is click.STRING and param.metavar in _BY_METAVAR:
            param.type = _BY_METAVAR[param.metavar]
