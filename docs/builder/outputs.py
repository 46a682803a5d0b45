"""What a page's blocks print, and whether the page shows it.

A page of docs/ is run block by block, in one folder and with one set of names: ```python as Python, ```bash as
commands of elman. Where a ```text block follows right behind, it shows what was printed.
`python -m docs.builder.outputs PAGE...` runs pages and writes what was printed now, and the pictures that they made,
into them; by default into all pages that show something.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1]
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```[ ]*$", re.S | re.M)
NUMBER = re.compile(r"[-+−]?\d[\d,.]*(?:e[-+]?\d+)?")
FRAME = re.compile(r"[\s─━│┃┏┓┗┛┡┩└┘┳╇┴┼┬╞╡╪═-]+")
WIDTH = "110"  # of a terminal


@dataclass(frozen=True)
class Block:
    """Code of a page; the ```text block that shows what it prints, if one does: its place in the page, and its text."""

    kind: str
    code: str
    line: int
    place: tuple[int, int] | None = None
    shown: str = ""


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a page that run."""
    fences = list(FENCE.finditer(text))
    for number, fence in enumerate(fences):
        if fence[1] not in ("python", "bash"):
            continue
        behind = fences[number + 1] if number + 1 < len(fences) else None
        line = text[: fence.start()].count("\n") + 2
        if behind is not None and behind[1] == "text" and not text[fence.end() : behind.start()].strip():
            yield Block(fence[1], fence[2], line, behind.span(2), behind[2])
        else:
            yield Block(fence[1], fence[2], line)


def printed(page: Path) -> Iterator[tuple[Block, str]]:
    """Run a page in the current folder: each block with what it printed."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page.read_text()):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            if block.kind == "python":
                exec(compile("\n" * (block.line - 1) + block.code, str(page), "exec"), names)
            else:
                for line in block.code.replace("\\\n", " ").splitlines():
                    command(line)
        lines = [line.rstrip() for line in out.getvalue().splitlines()]
        yield block, "\n".join(lines).strip("\n") + "\n"


def command(line: str) -> None:
    """Run a command of elman and print what it answered.

    Raises
    ------
    RuntimeError
        If it ends with an error.
    """
    from click.testing import CliRunner

    from elman.cli import elman

    words = shlex.split(line.removeprefix("$ "), comments=True)
    if not words:
        return
    result = CliRunner(env={"COLUMNS": WIDTH}).invoke(elman, words[1:])
    if words[0] != "elman" or result.exit_code:
        raise RuntimeError(f"{line}\n{result.output}\n{result.exception!r}")
    print(result.stdout, end="")


def alike(shown: str, now: str) -> bool:
    """Whether both are the same but for frames of tables, and numbers, whose last digits differ between processors."""

    def words(text: str) -> str:
        return FRAME.sub(" ", NUMBER.sub("0", text)).strip()

    return words(shown) == words(now)


def written(page: Path) -> list[Path]:
    """Run a page and write what was printed, and its pictures, into it; which files were written."""
    text, here = page.read_text(), Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            found = [(block.place, now) for block, now in printed(page) if block.place]
        finally:
            os.chdir(here)
        pictures = [file for file in sorted(Path(folder).glob("*.png")) if f"]({file.name})" in text]
        for file in pictures:
            shutil.copyfile(file, page.parent / file.name)
    for (first, end), now in reversed(found):
        text = text[:first] + now + text[end:]
    page.write_text(text)
    return [page, *(page.parent / file.name for file in pictures)]


def showing() -> list[Path]:
    """The pages that show what their blocks print."""
    return [page for page in sorted(DOCS.rglob("*.md")) if any(block.place for block in blocks(page.read_text()))]


def main(pages: list[Path]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    for page in pages or showing():
        print(*written(page), sep="\n")


if __name__ == "__main__":
    main([Path(name).absolute() for name in sys.argv[1:]])
