"""A folder of results that a command wrote, as the page shows it: its report, its model, its pictures, its tables."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elman.errors import OptionError

MODEL = ".safetensors"
ALONE = (".html", MODEL)  # of files that are opened by themselves
MOST_FILES = 200
MOST_SEEN = 20_000  # of a folder, whatever they are
MOST_BYTES = 20 * 1024 * 1024  # of a file that is shown
SHOWN = {
    ".html": ("page", "text/html; charset=utf-8"),
    ".png": ("picture", "image/png"),
    ".svg": ("picture", "image/svg+xml"),
    ".csv": ("table", "text/csv; charset=utf-8"),
    ".json": ("data", "application/json"),
    ".txt": ("text", "text/plain; charset=utf-8"),
    ".md": ("text", "text/plain; charset=utf-8"),
    MODEL: ("model", ""),
}
KINDS = ("page", "model", "picture", "table", "data", "text")  # in the order in which they are listed


def policy() -> str:
    """What a page may do: of scripts, only that of Elman's own pages runs, without an origin: it reaches nothing."""
    from elman.plots.page import SCRIPT_HASH

    return (
        f"default-src 'none'; script-src {SCRIPT_HASH}; style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'; sandbox allow-scripts; frame-ancestors 'self'"
    )


class Results:
    """The files of a folder, by their names as they are when it is opened; or one of them alone, a page or a model.

    Attributes
    ----------
    left_out : int
        Files beyond those that are shown.

    Raises
    ------
    OptionError
        If it is neither, or holds nothing to show.
    """

    def __init__(self, folder: Path):
        alone = folder.suffix.lower() in ALONE and folder.is_file()
        if not folder.is_dir() and not alone:
            raise OptionError(
                f"{folder} is no folder, no page and no model; give a folder that a command wrote, such as "
                f"out/sunspots, or a file {' or '.join(ALONE)}"
            )
        self.name: str = folder.resolve().name
        root = folder.resolve().parent if alone else folder.resolve()
        found = [folder.resolve()] if alone else sorted(_shown(root))
        inside = sorted((p for p in found if p.resolve().is_relative_to(root)), key=lambda p: _place(p.suffix))
        self.left_out: int = max(0, len(inside) - MOST_FILES)
        inside = inside[:MOST_FILES]
        self.files: dict[str, Path] = {p.relative_to(root).as_posix(): p.resolve() for p in inside}
        if not self.files:
            raise OptionError(f"{folder} holds no results: pages, tables, pictures ({', '.join(SHOWN)})")

    def listed(self) -> dict[str, Any]:
        """Pages first, then pictures, tables, the rest."""
        listed: list[dict[str, Any]] = [
            {"name": name, "kind": SHOWN[path.suffix.lower()][0], "bytes": path.stat().st_size}
            for name, path in self.files.items()
            if path.is_file()
        ]
        listed.sort(key=lambda one: (_place(Path(one["name"]).suffix), one["name"]))
        return {"name": self.name, "files": listed, "left_out": self.left_out}

    def model(self, name: str) -> Path | None:
        """The model of that name."""
        path = self.files.get(name)
        return path if path is not None and path.suffix.lower() == MODEL and path.is_file() else None

    def file(self, name: str) -> tuple[bytes, str, str] | None:
        """The content of a file, its media type, and what it may do in a browser; None if there is none."""
        path = self.files.get(name)
        if path is None or path.suffix.lower() == MODEL or not path.is_file() or path.stat().st_size > MOST_BYTES:
            return None
        return path.read_bytes(), SHOWN[path.suffix.lower()][1], policy()


def _shown(root: Path) -> Iterator[Path]:
    """The files of a folder that can be shown, among the first that there are."""
    every = (Path(top) / file for top, _, files in os.walk(root) for file in files)
    return (p for p in itertools.islice(every, MOST_SEEN) if p.suffix.lower() in SHOWN and p.is_file())


def _place(suffix: str) -> int:
    """Where files of a kind are listed."""
    return KINDS.index(SHOWN[suffix.lower()][0])
