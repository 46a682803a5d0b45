"""Lays the sources of the site out in a folder: the repository's Markdown, relinked, and what is generated."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from docs.builder.links import LIVE, PICTURES, relinked

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FRONT = ("index.md", "performance.md")  # which `front` writes, with what leads on
AS_THEY_ARE = "_extra"  # what Sphinx copies into the site
PROJECT = {"ARCHITECTURE.md": "architecture.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}


@dataclass
class Stage:
    """A folder that holds what was written this time, and nothing that was written before; what is the same is left
    alone, so that Sphinx reads only what changed."""

    folder: Path
    written: set[Path] = field(default_factory=set)

    def write(self, name: str, content: str | bytes) -> None:
        """A file of the site, if it is not there as it should be."""
        path, data = self.folder / name, content.encode() if isinstance(content, str) else content
        self.written.add(path)
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def sweep(self) -> None:
        """Remove what was not written."""
        for path in sorted(self.folder.rglob("*"), reverse=True):
            if path.is_file() and path not in self.written:
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                shutil.rmtree(path)


def pages() -> dict[str, str]:
    """The repository's files that are pages, by their path there: the page's path in the site."""
    found = {f"docs/{name}": name for name in guides()}
    found |= {file: f"project/{name}" for file, name in PROJECT.items()}
    found |= {f"examples/{file.name}": f"studies/{file.name}" for file in studies()}
    return found | {
        "README.md": "index.md",
        "examples": "studies/index.md",
        "examples/RESULTS.md": "studies/results.md",
        "docs/cells.md": "cells/index.md",
    }


def guides() -> Iterator[str]:
    """The Markdown of docs/ but for the page of cells, which the gallery has in parts."""
    for file in sorted(DOCS.rglob("*.md")):
        name = file.relative_to(DOCS).as_posix()
        if name != "cells.md" and not name.startswith(("builder/", "_")):
            yield name


def studies() -> list[Path]:
    return sorted((ROOT / "examples").glob("study_*.ipynb"))


def copy_documents(stage: Stage) -> None:
    """The Markdown that people wrote, with its pictures."""
    known = pages()
    for file in [*(f"docs/{name}" for name in guides() if name not in FRONT), *PROJECT, "examples/RESULTS.md"]:
        stage.write(known[file], relinked((ROOT / file).read_text(), file, known[file], known))
    for file in sorted(DOCS.rglob("*")):
        name = file.relative_to(DOCS).as_posix()
        if file.suffix in PICTURES and not name.startswith("_"):
            stage.write(name, file.read_bytes())
        elif file.suffix == LIVE and not name.startswith(("_", "builder/")):
            stage.write(f"{AS_THEY_ARE}/{name}", file.read_bytes())
