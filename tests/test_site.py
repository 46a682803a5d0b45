"""What the site's sources are made of; Sphinx itself, and every link of the pages, are `make docs`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest
from docs.builder import commands, gallery, studies
from docs.builder.check import faults
from docs.builder.links import relinked
from docs.builder.reference import write_reference
from docs.builder.stage import DOCS, PROJECT, ROOT, Stage, copy_documents, pages

from elman.cells import table
from elman.cli import elman

KNOWN = {"docs/a.md": "a.md", "docs/howto/b.md": "howto/b.md", "ARCHITECTURE.md": "project/architecture.md"}


@pytest.mark.parametrize(
    ("source", "text", "shown"),
    [
        ("docs/a.md", "[b](howto/b.md#there)", "[b](howto/b.md#there)"),
        ("docs/a.md", "[how](../ARCHITECTURE.md)", "[how](project/architecture.md)"),
        ("docs/howto/b.md", "[how](../../ARCHITECTURE.md)", "[how](../project/architecture.md)"),
        ("ARCHITECTURE.md", "[`a`](docs/a.md), [b](docs/howto/b.md)", "[`a`](../a.md), [b](../howto/b.md)"),
        ("docs/a.md", "[the source](../src/elman/cells)", "the source"),
        ("docs/a.md", "[far](https://example.org/x.md) [here](#it)", "[far](https://example.org/x.md) [here](#it)"),
        (
            "docs/a.md",
            "`[b](howto/x.md)`\n```text\n[c](../no.md)\n```\n",
            "`[b](howto/x.md)`\n```text\n[c](../no.md)\n```\n",
        ),
        ("docs/a.md", "![picture](p.png)", "![picture](p.png)"),
        ("docs/howto/b.md", "[play](../why/p.html)", '<a href="../why/p.html">play</a>'),
    ],
)
def test_links_between_files_are_links_between_pages(source, text, shown):
    assert relinked(text, source, KNOWN[source], KNOWN) == shown


def test_every_document_is_a_page_and_what_is_gone_goes(tmp_path):
    stage = Stage(tmp_path)
    (tmp_path / "old.md").write_text("gone")
    copy_documents(stage)
    stage.sweep()
    written = {str(path.relative_to(tmp_path)) for path in stage.written}
    assert not (tmp_path / "old.md").exists()
    assert {
        pages()[f"docs/{p.relative_to(DOCS)}"] for p in DOCS.rglob("[a-hj-z]*.md") if p.stem != "performance"
    } - written <= {"cells/index.md"}
    assert {pages()[name] for name in PROJECT} <= written


def test_what_is_the_same_is_left_alone(tmp_path):
    stage = Stage(tmp_path)
    stage.write("a.md", "one")
    before = (tmp_path / "a.md").stat().st_mtime_ns
    stage.write("a.md", "one")
    assert (tmp_path / "a.md").stat().st_mtime_ns == before


def test_all_commands_and_their_options_are_in_the_reference(tmp_path):
    commands.write_commands(Stage(tmp_path))
    context = click.Context(elman, info_name="elman")
    for name, command in elman.commands.items():
        page = (tmp_path / "cli" / f"{name}.md").read_text()
        shown = [p for p in command.get_params(context) if isinstance(p, click.Option) and not p.hidden]
        assert [opt for p in shown for opt in p.opts if f"{opt}" not in page] == []
        assert f"{name}.md" in (tmp_path / "cli" / "index.md").read_text()


def test_a_cells_page_has_its_equations_figures_and_scores(tmp_path):
    results = json.loads((ROOT / "benchmarks/cells/results.json").read_text())
    lem = next(entry for entry in table() if entry.name == "lem")
    page = gallery.cell_page(lem, results)
    assert lem.latex in page and f"{lem.parameters:,}" in page and lem.reference in " ".join(page.split())
    assert len(re.findall(r"^\| (adding|copy|flip_flop|digits) \|", page, re.M)) == 4
    assert gallery.drawing(lem, tmp_path).startswith(b"<?xml") and len(list(tmp_path.iterdir())) == 1


def test_a_cell_of_a_study_says_whether_its_output_is_of_other_code():
    cells = [c for f in studies.studies() for c in json.loads(f.read_text())["cells"] if c["cell_type"] == "code"]
    assert all("ran" in cell["metadata"] for cell in cells)
    same = next(cell for cell in cells if cell["outputs"] and not studies.outdated(cell))
    changed = {**same, "source": ["1 + 1"]}
    assert studies.told(same) == [same] and len(studies.told(changed)) == 2


def test_the_reference_has_a_page_of_each_part(tmp_path):
    write_reference(Stage(tmp_path))
    written = "\n".join(path.read_text() for path in (tmp_path / "api").glob("*.rst"))
    wanted = {".. autoclass:: Network", ".. autofunction:: tanh", ".. autoexception:: ShapeError"}
    assert wanted <= set(written.splitlines())


def test_links_that_lead_nowhere_are_found(tmp_path: Path):
    (tmp_path / "a.html").write_text('<p id="x"><a href="b.html#y">b</a> <a href="#x">x</a> <a href="c.html">c</a></p>')
    (tmp_path / "b.html").write_text('<a href="a.html#x">a</a><script src="https://example.org/s.js"></script>')
    assert faults(tmp_path) == [
        "a.html leads to b.html#y, which has no such place",
        "a.html leads to c.html, which is not there",
        "b.html loads https://example.org/s.js",
    ]
