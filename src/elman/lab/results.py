"""A folder of results that a command wrote, as the page shows it: its report, its pictures, its tables."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from elman.errors import OptionError
from elman.plots.page import SCRIPT_HASH

MOST_FILES = 200
MOST_BYTES = 20 * 1024 * 1024  # of a file that is shown
SHOWN = {
    ".html": ("page", "text/html; charset=utf-8"),
    ".png": ("picture", "image/png"),
    ".svg": ("picture", "image/svg+xml"),
    ".csv": ("table", "text/csv; charset=utf-8"),
    ".json": ("data", "application/json"),
    ".txt": ("text", "text/plain; charset=utf-8"),
    ".md": ("text", "text/plain; charset=utf-8"),
}
# Of scripts only that of Elman's own pages runs, and it has no origin: it reaches neither the lab nor anything else.
POLICY = (
    f"default-src 'none'; script-src {SCRIPT_HASH}; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "sandbox allow-scripts; frame-ancestors 'self'"
)


class Results:
    """The files of a folder, by their names as they are when it is opened.

    Raises
    ------
    OptionError
        If it is no folder, or holds nothing to show.
    """

    def __init__(self, folder: Path):
        if not folder.is_dir():
            raise OptionError(f"{folder} is no folder; give one that a command wrote, such as out/sunspots")
        self.name: str = folder.resolve().name
        root = folder.resolve()
        found = sorted(p for p in root.rglob("*") if p.suffix.lower() in SHOWN and p.is_file())
        inside = [p for p in found if p.resolve().is_relative_to(root)][:MOST_FILES]
        self.files: dict[str, Path] = {p.relative_to(root).as_posix(): p.resolve() for p in inside}
        if not self.files:
            raise OptionError(f"{folder} holds no results: pages, tables, pictures ({', '.join(SHOWN)})")

    def listed(self) -> dict[str, Any]:
        """Pages first, then pictures, tables, the rest."""
        order = list(dict.fromkeys(kind for kind, _ in SHOWN.values()))
        listed = [
            {"name": name, "kind": SHOWN[path.suffix.lower()][0], "bytes": path.stat().st_size}
            for name, path in self.files.items()
            if path.is_file()
        ]
        return {"name": self.name, "files": sorted(listed, key=lambda one: (order.index(one["kind"]), one["name"]))}

    def file(self, name: str) -> tuple[bytes, str, str] | None:
        """The content of a file, its media type, and what it may do in a browser; None if there is none."""
        path = self.files.get(name)
        if path is None or not path.is_file() or path.stat().st_size > MOST_BYTES:
            return None
        kind = SHOWN.get(path.suffix.lower(), ("", mimetypes.guess_type(name)[0] or "text/plain"))[1]
        return path.read_bytes(), kind, POLICY
