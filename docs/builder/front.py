"""The front page and the pages that lead to others."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docs.builder.links import relinked
from docs.builder.stage import DOCS, PROJECT, ROOT, Stage, guides, pages

SECTIONS = (
    *("Start <start>", "guides/index", "howto/index", "why/index", "topics", "cells/index", "reference"),
    *("studies/index", "coming-from/index", "performance", "project/index"),
)
NO_TOPIC = ("index.md", "start.md", "performance.md")


def write_front(stage: Stage) -> None:
    stage.write("index.md", front())
    stage.write("topics.md", topics())
    stage.write("project/index.md", project())
    stage.write("reference.md", reference())
    stage.write("performance.md", performance())


def front() -> str:
    """docs/index.md with what README says of Elman in its place, and the tree of all sections that there are."""
    text, readme = (DOCS / "index.md").read_text(), (ROOT / "README.md").read_text()
    for name in re.findall(r"<!-- README: (\w+) -->", text):
        part = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", readme, re.S)
        if part is None:
            raise ValueError(f"README.md has no part <!-- {name} --> ... <!-- /{name} -->, which docs/index.md shows")
        shown = relinked(part[1], "README.md", "index.md", pages()).replace("](docs/", "](").replace('="docs/', '="')
        text = text.replace(f"<!-- README: {name} -->", shown)
    return f"{text.rstrip()}\n\n{tree(SECTIONS)}\n"


def topics() -> str:
    """A page for each part of Elman: all of docs/ that lies in no folder."""
    names = [name for name in guides() if "/" not in name and name not in NO_TOPIC]
    rows = [
        f"- [{title((DOCS / name).read_text())}]({name}): {first_sentence((DOCS / name).read_text())}" for name in names
    ]
    head = "# Topics\n\nEach part of Elman by itself: how it works, what it can do and what it cannot."
    return f"{head}\n\n" + "\n".join(rows) + f"\n\n{tree([name.removesuffix('.md') for name in names])}\n"


def project() -> str:
    rows = [f"- [{title((ROOT / file).read_text())}]({page})" for file, page in PROJECT.items()]
    return "# Project\n\n" + "\n".join(rows) + f"\n\n{tree([page.removesuffix('.md') for page in PROJECT.values()])}\n"


def reference() -> str:
    return (
        "# Reference\n\n- [Python](api/index.rst): every public name, with an example that runs.\n"
        "- [Commands](cli/index.md): what `elman --help` and those of its commands say.\n\n"
        f"{tree(['api/index', 'cli/index'])}\n"
    )


def performance() -> str:
    """docs/performance.md with the pages of machines below it."""
    text = relinked((DOCS / "performance.md").read_text(), "docs/performance.md", "performance.md", pages())
    return f"{text.rstrip()}\n\n{tree(['performance/*'], glob=True)}\n"


def tree(names: Sequence[str], glob: bool = False) -> str:
    return "\n".join(["```{toctree}", ":hidden:", *([":glob:"] if glob else []), "", *names, "```"])


def title(text: str) -> str:
    """The first heading."""
    found = re.search(r"^# (.+)$", text, re.M)
    return found[1] if found else "?"


def first_sentence(text: str) -> str:
    """Of the first paragraph behind the heading, without links."""
    paragraph = next(p for p in text.split("\n\n")[1:] if p.strip() and not p.startswith(("#", "```", "!", "<", "|")))
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(paragraph.split()))
    return re.split(r"(?<=[^.][.:]) (?=[A-Z])", plain)[0].rstrip(":.") + "."
