"""The floor plan: a file imports from lower floors only, and never from the package's root."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "elman"
FLOORS = [
    {"errors", "cores", "machine", "showing", "starting", "_native"},
    {"checks"},
    {"attributes", "files", "hints", "plain", "tensors", "typed"},
    {"untrusted"},
    {"equations", "estimator", "keeping"},
    {"cells", "plots"},
    {"engine"},
    {"data"},
    {"training"},
    {"network", "jobs"},
    {"bench", "distributed", "insight", "interop"},
    {"compare", "forecast", "classify", "language"},
    {"fleet"},
    {"models"},
    {"sequences", "saved"},
    {"commands_forecast_files", "commands_compare", "commands_cases"},
    {"commands_forecast", "commands_sequences_files"},
    {"commands", "commands_sequences", "commands_text", "commands_interop", "commands_export"},
    {"commands_fleet"},
    {"doctor", "lab"},
    {"cli"},
    {"__main__"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
FILES = [f for f in SOURCE.rglob("*.py") if f != SOURCE / "__init__.py"]


def module_name(file: Path) -> str:
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(f) for f in FILES}


def home(file: Path) -> str:
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(file: Path):
    """The elman modules that a file imports, when it runs or for type checkers."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: relative import"
            if node.module == "elman":
                yield from (f"elman.{a.name}" for a in node.names)
            elif (node.module or "").startswith("elman."):
                inside = [f"{node.module}.{a.name}" for a in node.names]
                yield from (m if m in MODULES else node.module for m in inside)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "elman")


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(SOURCE)))
def test_imports_go_down(file):
    here = home(file)
    for module in imported(file):
        assert "." in module, f"{file} imports the package's root"
        there = module.split(".")[1]
        assert there == here or FLOOR[there] < FLOOR[here], f"{here} (floor {FLOOR[here]}) imports {module}"


def test_no_module_imports_itself_by_way_of_others():
    uses = {module_name(f): set(imported(f)) & MODULES - {module_name(f)} for f in FILES}
    while leaves := [n for n, used in uses.items() if not used & set(uses)]:
        for n in leaves:
            del uses[n]
    assert not uses, f"a circle among {sorted(uses)}"


def test_importing_elman_loads_numpy_and_no_other_library():
    import subprocess
    import sys

    heavy = ["duckdb", "matplotlib", "rich", "click", "safetensors", "pandas", "torch"]
    code = f"import sys, elman; elman.Network; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
