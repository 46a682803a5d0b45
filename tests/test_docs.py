"""What the documentation shows is so: README's code runs, the printed plan is the plan, docstring examples hold."""

from __future__ import annotations

import ast
import doctest
import importlib
import itertools
import pkgutil
import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import elman
from elman.cells import simple
from elman.cli import elman as elman_command
from elman.engine.describe import describe
from elman.engine.schedule import LayerSpec, LossSpec, schedule
from elman.training.losses import resolve_loss

ROOT = Path(__file__).parent.parent
MODULES = [
    m.name
    for m in pkgutil.walk_packages(elman.__path__, "elman.")
    if "_native" not in m.name and "__main__" not in m.name
]


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S))
def test_readme_blocks_run(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})


# A page's blocks run one after the other in one folder: ```python as Python, ```bash as commands of elman. What stands
# in ```sh is to be read (it needs the reader's files, or another program), and so is a block behind
# <!-- not run: REASON -->; their options exist all the same.
BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<why>[^\n]+) -->\n+)?```(?P<kind>python|bash|console|sh)\n(?P<code>.*?)^```$", re.M | re.S
)
GUIDES = [p for p in sorted(ROOT.glob("docs/**/*.md")) if BLOCK.search(p.read_text())]
SHOWN = re.compile(r"(?m)^(?:\$ )?(?:\S+/)?(elman .+)$")  # a command in a block of a shell


def shell_code(page: Path) -> str:
    return "\n".join(block["code"] for block in BLOCK.finditer(page.read_text()) if block["kind"] != "python")


COMMANDS = [p for p in [ROOT / "README.md", *GUIDES] if SHOWN.search(shell_code(p))]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda p: str(p.relative_to(ROOT)))
def test_guides_run(guide, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "guide"}
    for block in BLOCK.finditer(guide.read_text()):
        if block["why"] or block["kind"] == "sh":
            continue
        if block["kind"] == "python":
            exec(compile(block["code"], str(guide), "exec"), names)
        else:
            for words in commands(block["code"]):
                run_command(words)


def commands(code: str) -> list[list[str]]:
    """The commands of a block, as words: prompts, comments and, behind prompts, what was answered are left out."""
    lines = code.replace("\\\n", " ").splitlines()
    prompted = any(line.startswith("$ ") for line in lines)
    typed = [line.removeprefix("$ ") for line in lines if not prompted or line.startswith("$ ")]
    return [words for line in typed if (words := shlex.split(line, comments=True))]


def run_command(words: list[str]) -> None:
    assert words[0] == "elman", f"only commands of elman run in a test, not {words}: ```sh is for what is to be read"
    result = CliRunner().invoke(elman_command, words[1:])
    assert result.exit_code == 0, f"{shlex.join(words)}\n{result.output}\n{result.exception!r}"


@pytest.mark.parametrize("page", COMMANDS, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_in_documents_have_the_options_that_they_show(page):
    shown = [shlex.split(line, comments=True) for line in SHOWN.findall(shell_code(page))]
    assert {unknown for words in shown for unknown in unknown_options(words[1:])} == set()


def unknown_options(words: list[str]) -> set[str]:
    """Of a command's words, up to where another program begins, the options that it does not have."""
    words = list(itertools.takewhile(lambda word: word not in ("|", "||", "&&", ";"), words))
    command: click.Command = elman_command
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command, words = command.commands[words[0]], words[1:]
    known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)} | {"--help", "-h", "--version"}
    return {word.partition("=")[0] for word in words if word.startswith("--")} - known


def test_figures_in_the_readme_are_those_of_the_benchmark():
    readme, page = (ROOT / "README.md").read_text(), (ROOT / "docs/performance.md").read_text()
    parts = re.findall(r"<!-- figures: (.+), ([\d-]{10}) -->\n(.*?)(?=\n## |<!-- figures|\Z)", readme, re.S)
    assert parts
    for machine, day, text in parts:
        measured = re.search(rf"^## {re.escape(machine)}\n\n{day}, (.*?)^## ", page, re.M | re.S)
        known = {cells[0]: cells[1:4] for cells in table_rows(measured[1])}
        shown = {cells[0]: cells[2:5] for cells in table_rows(text)}
        ratios = {name: [elman, peer, times.partition(";")[0]] for name, (elman, peer, times) in known.items()}
        assert day in text and shown and all(ratios[name] == cells for name, cells in shown.items())


def table_rows(text: str) -> list[list[str]]:
    """The cells of tables whose first column names a workload."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| W")]


def test_the_plan_in_architecture_is_the_plan():
    graph = simple.trace().bind([1], 4)
    offsets, start = {}, 0
    for name in graph.parameters:
        offsets[name] = start
        start += graph.shape(name)[0] * (graph.shape(name) + (1,))[1]
    loss = LossSpec(resolve_loss("mse").cell.trace().bind([4, 4], None))
    plan = schedule([LayerSpec("0", graph, offsets)], 1, start, loss)
    shown = re.search(r"<!-- plan of.*?```text\n(.*?)\n```", (ROOT / "ARCHITECTURE.md").read_text(), re.S)
    assert shown[1] == describe(plan, {v: k for k, v in offsets.items()})


POINTER = re.compile(r"(?<![\w./-])(?:el|elman)(?:\.[A-Za-z_]\w*)+")
PAGES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("examples/*.ipynb"),
    *ROOT.glob("src/elman/**/*.md"),
]


def strings(file: Path) -> str:
    """All texts of a module: docstrings and messages."""
    tree = ast.parse(file.read_text())
    return "\n".join(n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))


def leads_somewhere(pointer: str) -> bool:
    found: object = elman
    for depth, name in enumerate(pointer.split(".")[1:], 2):
        if not hasattr(found, name):
            try:
                importlib.import_module(module := ".".join(["elman", *pointer.split(".")[1:depth]]))
            except ModuleNotFoundError as error:  # what needs another framework is there without it, too
                return error.name != module and pointer == module
        found = getattr(found, name)
    return True


@pytest.mark.parametrize("file", [*(ROOT / "src/elman").rglob("*.py"), *PAGES], ids=lambda f: str(f.relative_to(ROOT)))
def test_every_name_of_elman_that_a_text_points_to_is_there(file):
    text = strings(file) if file.suffix == ".py" else file.read_text()
    assert [p for p in POINTER.findall(text) if not leads_somewhere(p)] == []


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples_hold(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        found = importlib.import_module(module)
    except ImportError as error:  # half of a conversion, which needs the other framework
        pytest.skip(str(error))
    failed, _ = doctest.testmod(found, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert failed == 0
