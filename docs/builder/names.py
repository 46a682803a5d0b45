"""Names in backticks: links where the site has a place for them, else code."""

from __future__ import annotations

from typing import Any


def setup(app: Any) -> dict[str, bool]:
    app.connect("missing-reference", resolved)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def resolved(app: Any, env: Any, node: Any, content: Any) -> Any:
    """Of a name that is no full one: the page of a cell or package, the one thing that is called so; else the code."""
    from sphinx.util.nodes import make_refnode

    if node.get("reftype") != "obj":
        return None
    place = page_of(env, node["reftarget"]) or thing_called(env, node["reftarget"])
    if place is None or place[0] == node.get("refdoc"):
        return content
    return make_refnode(app.builder, node["refdoc"], *place, content)


def page_of(env: Any, target: str) -> tuple[str, str] | None:
    """The page of a cell or of a package."""
    name = target.removeprefix("elman.")
    pages = [f"cells/{name.removeprefix('cells.')}", f"api/{name.replace('.', '-')}"] if target != name else []
    return next(((page, "") for page in pages if page in env.found_docs), None)


def thing_called(env: Any, target: str) -> tuple[str, str] | None:
    """What the reference has under a name's last part, if there is but one; words of small letters are parameters."""
    last = target.rpartition(".")[2]
    if last.islower() and "_" not in last and "." not in target:
        return None
    objects = env.domains["py"].objects
    found = {full: entry for full, entry in objects.items() if full.rpartition(".")[2] == last}
    if len(found) != 1:
        return None
    ((full, entry),) = found.items()
    return entry.docname, full
