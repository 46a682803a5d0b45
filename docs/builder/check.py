"""Looks whether links and pictures of a built site lead somewhere, anchors too: `python -m docs.builder.check DIR`."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ADDRESSES = {"href", "src"}
ELSEWHERE = ("http", "https", "mailto", "data", "javascript")


class Page(HTMLParser):
    """The anchors of a page, and where it leads; what comes from elsewhere when it is opened."""

    def __init__(self, file: Path):
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value for name, value in attrs if value}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        for name in ADDRESSES & found.keys():
            elsewhere = urlsplit(found[name]).scheme in ELSEWHERE or found[name].startswith("//")
            if not elsewhere:
                self.links.add(found[name])
            elif tag in ("script", "img", "link") and not found[name].startswith("data:"):
                self.loaded.add(found[name])


def faults(folder: Path) -> list[str]:
    """What is wrong, a line each: links that lead nowhere, and what a page would load from a network."""
    pages = {file.resolve(): Page(file) for file in sorted(folder.rglob("*.html")) if "_static" not in file.parts}
    found = []
    for file, page in pages.items():
        name = file.relative_to(folder.resolve())
        found += [f"{name} loads {address}" for address in sorted(page.loaded)]
        for link in sorted(page.links):
            path, anchor = unquote(urlsplit(link).path), unquote(urlsplit(link).fragment)
            target = (file.parent / path).resolve() if path else file
            if not target.exists():
                found.append(f"{name} leads to {link}, which is not there")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                found.append(f"{name} leads to {link}, which has no such place")
    return found


def main() -> int:
    found = faults(Path(sys.argv[1]))
    print("\n".join(found) or "every link leads somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
