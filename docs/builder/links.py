"""Links between the repository's files, as links between the site's pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

_LINK = re.compile(r"(?P<before>!?\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\()(?P<target>[^()\s]+)\)")
_CODE = re.compile(r"(^ *(?:```|~~~).*?^ *(?:```|~~~)[^\n]*$|`[^`\n]+`)", re.M | re.S)
PICTURES = (".png", ".svg", ".jpg")
LIVE = ".html"  # pages of their own, which are copied as they are


def relinked(text: str, source: str, page: str, pages: Mapping[str, str]) -> str:
    """A Markdown text of the file `source`, as the page `page`: `pages` says which file is which page.

    A link to a file that is no page (a source, a folder) becomes its text: the site has no such file.
    """

    def changed(match: re.Match[str]) -> str:
        target, hash_, anchor = match["target"].partition("#")
        if not target or ":" in target:
            return match[0]
        file = _joined(str(PurePosixPath(source).parent), target)
        if target.endswith(PICTURES):
            return match[0]
        if target.endswith(LIVE):
            return f'<a href="{_relative(file.removeprefix("docs/"), page)}">{match["text"]}</a>'
        if file not in pages:
            return match["text"]
        return f"{match['before']}{_relative(pages[file], page)}{hash_}{anchor})"

    return outside_code(text, lambda part: _LINK.sub(changed, part))


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """A Markdown text with what is not code changed."""
    parts = _CODE.split(_labelled(text))
    whole = "".join(part if k % 2 else change(part) for k, part in enumerate(parts))
    return whole.replace("\0", "`")


def _labelled(text: str) -> str:
    """Marks of code inside a link's text set aside, so that the link is seen as one."""
    return re.sub(r"\[(`[^`\n\]]+`)\](?=\()", lambda m: "[" + m[1].replace("`", "\0") + "]", text)


def _joined(folder: str, target: str) -> str:
    """A path from a folder of the repository, without `..`."""
    parts: list[str] = []
    for part in [*PurePosixPath(folder).parts, *PurePosixPath(target).parts]:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _relative(target: str, page: str) -> str:
    """From one page to another."""
    here, there = PurePosixPath(page).parent.parts, PurePosixPath(target).parts
    same = 0
    while same < min(len(here), len(there) - 1) and here[same] == there[same]:
        same += 1
    return "/".join([*[".."] * (len(here) - same), *there[same:]])
