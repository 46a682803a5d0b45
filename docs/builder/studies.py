"""The five studies as pages: the notebooks, the outputs that `make examples-full` left in them, and when that was."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from docs.builder.links import relinked
from docs.builder.stage import ROOT, Stage, pages, studies

RESULTS = ROOT / "examples" / "RESULTS.md"


def write_studies(stage: Stage) -> None:
    known = pages()
    for file in studies():
        page = known[f"examples/{file.name}"]
        stage.write(page, json.dumps(with_origin(file, page, known), indent=1))
    stage.write("studies/index.md", index(RESULTS.read_text()))


def with_origin(file: Path, page: str, known: dict[str, str]) -> dict[str, Any]:
    """A notebook whose first cell says where its outputs come from."""
    notebook = json.loads(file.read_text())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = relinked("".join(cell["source"]), f"examples/{file.name}", page, known)
    notebook["cells"] = [part for cell in notebook["cells"] for part in told(cell)]
    title, _, text = notebook["cells"][0]["source"].partition("\n")
    notebook["cells"][0]["source"] = f"{title}\n\n{origin(file.name, RESULTS.read_text())}\n{text}"
    return notebook


def told(cell: dict[str, Any]) -> list[dict[str, Any]]:
    """A cell, before it a note where its code has changed since its output was made."""
    if not outdated(cell):
        return [cell]
    note = "*The code of the next cell was changed since; its output is that of the code before.*"
    return [{"cell_type": "markdown", "id": f"before-{cell['id']}", "metadata": {}, "source": note}, cell]


def outdated(cell: dict[str, Any]) -> bool:
    """Whether a cell's output was made by other code: `examples/run.py` keeps the digest of what ran."""
    ran = hashlib.sha256("".join(cell["source"]).encode()).hexdigest()[:16]
    return cell["cell_type"] == "code" and bool(cell["outputs"]) and cell["metadata"].get("ran") != ran


def origin(name: str, results: str) -> str:
    """When and where the outputs were computed, as RESULTS.md says."""
    found = re.search(
        rf"^\[{re.escape(name)}\]\([^)]*\), (?P<seconds>\d+) s, (?P<day>[\d-]+), (?P<machine>.+)$", results, re.M
    )
    when = f" of {found['day']} ({found['machine']}, {found['seconds']} s)" if found else ""
    return (
        f":::{{note}}\nThe notebook `examples/{name}`, with the outputs of `make examples-full`{when}; "
        "its cells assert their figures, and [the results](results.md) are those that it measured.\n:::\n"
    )


def index(results: str) -> str:
    """The studies, and what they measured."""
    titles = re.findall(r"^## (Study (\d+): .+)$", results, re.M)
    rows = [f"- [{title}](study_{number}.ipynb)" for title, number in titles]
    text = (
        "Five notebooks, from two time steps by hand to language models and handwritten digits. Each checks what it "
        "says: where a figure is not reached, the notebook fails. [What they measured](results.md) is one page."
    )
    tree = "\n".join(["```{toctree}", ":hidden:", "", *(f"study_{number}" for _, number in titles), "results", "```"])
    return "\n\n".join(["# Studies", text, "\n".join(rows), tree]) + "\n"
