"""Executes the studies from top to bottom: `make examples` quickly, `make examples-full` with the studies' settings.

    python examples/run.py [--full] [--only 0 --only 3]

Quickly, nothing is written: a study fails where a cell does. With --full the notebooks keep what they printed and drew,
and their results go into RESULTS.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
SECONDS = 3600  # a cell may take
TIMED = {1}  # studies that assert how fast something is


def execute(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Run all cells; what the notebook calls `results`."""
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": HERE}},
        extra_arguments=["--IPKernelApp.log_level=40"],
    )
    asked = nbformat.v4.new_code_cell("import json; print(json.dumps(results))")
    with client.setup_kernel():
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
        notebook.cells.append(asked)
        client.execute_cell(asked, len(notebook.cells) - 1)
        notebook.cells.pop()
    return json.loads(asked.outputs[0].text)


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Leave out what differs from run to run without saying anything; keep by what code each output was made."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.metadata["ran"] = digest(cell.source)
        for output in cell.get("outputs", []):
            output.get("metadata", {}).clear()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def digest(source: str) -> str:
    """Of a cell's code: the site says where it is another than that of the output."""
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def title(notebook: nbformat.NotebookNode) -> str:
    """The first heading."""
    return next(m[1] for cell in notebook.cells if (m := re.match(r"#\s+(.+)", cell.source)))


def section(heading: str, file: Path, results: dict[str, str], seconds: float) -> str:
    """What RESULTS.md says of a study."""
    rows = "\n".join(f"| {what} | {value} |" for what, value in results.items())
    settings = f"[{file.name}]({file.name}), {seconds:.0f} s, {date.today()}, {machine()}"
    return f"## {heading}\n\n{settings}\n\n| measured | result |\n| --- | --- |\n{rows}\n"


def machine() -> str:
    """The processor, its cores in use and Python's version."""
    names = re.findall(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text()) if sys.platform == "linux" else []
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{names[0] if names else platform.processor()}, {cores} cores, Python {platform.python_version()}"


def write_results(sections: dict[str, str]) -> None:
    """Put new sections beside those of studies that were not run."""
    old = RESULTS.read_text() if RESULTS.exists() else ""
    known = {name: text for text in re.split(r"(?m)^(?=## )", old)[1:] for name in [text.split("\n")[0][3:]]}
    head = (
        "# Results of the studies\n\nMeasured by the notebooks themselves with their full settings, "
        "`make examples-full`; the seeds are in the notebooks.\n\n"
    )
    merged = known | sections
    RESULTS.write_text(head + "\n".join(merged[name].rstrip() + "\n" for name in sorted(merged)))


def executed(file: Path) -> tuple[nbformat.NotebookNode, dict[str, str], float, str]:
    """A study that was run, its results, the seconds that it took, and what failed in it."""
    notebook, started, results, failure = nbformat.read(file, as_version=4), time.perf_counter(), {}, ""
    try:
        results = execute(notebook)
    except CellExecutionError as error:
        failure = str(error)
    return notebook, results, time.perf_counter() - started, failure


def is_asked_for(file: Path, only: list[int] | None) -> bool:
    """Whether to run a study; by default all of them."""
    return not only or number_of(file) in only


def number_of(file: Path) -> int:
    """The number of a study."""
    return int(file.stem.removeprefix("study_"))


def in_turn_or_beside(files: list[Path], beside: bool) -> Iterable[tuple[nbformat.NotebookNode, dict, float, str]]:
    """All studies in their order; where nobody looks at times, two of them at once, each with half of the cores.

    What compares times comes first, and is alone in any case.
    """
    alone = [file for file in files if number_of(file) in TIMED or not beside]
    yield from map(executed, alone)
    files = files[len(alone) :]
    os.environ.setdefault("ELMAN_THREADS", str(max((os.cpu_count() or 2) // 2, 1)))
    with ProcessPoolExecutor(2) as pool:
        yield from pool.map(executed, files)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--full", action="store_true", help="the studies' own settings; keeps outputs and results")
    parser.add_argument("--only", action="append", type=int, metavar="N", help="study N only; may be repeated")
    options = parser.parse_args()
    os.environ["ELMAN_EXAMPLES"] = "full" if options.full else "quick"
    sections, failed = {}, []
    files = [f for f in sorted(HERE.glob("study_*.ipynb")) if is_asked_for(f, options.only)]
    files.sort(key=lambda file: number_of(file) not in TIMED)
    for file, found in zip(files, in_turn_or_beside(files, beside=not options.full), strict=True):
        notebook, results, seconds, failure = found
        if failure:
            failed.append(file.name)
            print(f"{file.name} failed:\n{failure}", file=sys.stderr)
            continue
        print(f"{file.name}: {len(results)} results in {seconds:.0f} s", flush=True)
        if options.full:
            tidy(notebook)
            nbformat.write(notebook, file)
            sections[title(notebook)] = section(title(notebook), file, results, seconds)
    if sections:
        write_results(sections)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
