"""Equations by KaTeX, whose files the lab ships: pages opened from a disk show theirs, nothing comes from a network."""

from __future__ import annotations

from html import escape
from typing import Any

from docs.builder.stage import ROOT

VENDOR = ROOT / "src" / "elman" / "lab" / "static" / "vendor"


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx of the renderer and of the files that it needs."""
    app.add_html_math_renderer("katex", (inline, None), (displayed, None))
    app.connect("builder-inited", take_katex)
    app.add_css_file("vendor/katex.min.css")
    app.add_js_file("vendor/katex.min.js", loading_method="defer")
    app.add_js_file("math.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def take_katex(app: Any) -> None:
    """Copy KaTeX beside the other static files, with its licence."""
    import shutil

    folder = app.outdir / "_static" / "vendor"
    folder.mkdir(parents=True, exist_ok=True)
    for file in VENDOR.iterdir():
        if "katex" in file.name.lower():
            shutil.copyfile(file, folder / file.name)


def inline(translator: Any, node: Any) -> None:
    from docutils import nodes

    translator.body.append(f'<span class="math" data-tex="{escape(node.astext())}">{escape(node.astext())}</span>')
    raise nodes.SkipNode


def displayed(translator: Any, node: Any) -> None:
    from docutils import nodes

    tex = escape(node.astext())
    translator.body.append(f'<div class="math" data-tex="{tex}" data-display="true">{tex}</div>\n')
    raise nodes.SkipNode
