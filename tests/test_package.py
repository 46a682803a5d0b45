"""The package's face: what `import elman as el` shows to people, editors and star imports."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path

import pytest

import elman as el

ROOT = Path(el.__file__)
NAMES = [name for name in dir(el) if not name.startswith("__")]


def names_for_editors() -> set[str]:
    """What the block for type checkers imports, each as itself: that is how a type checker knows it for public."""
    tree = ast.parse(ROOT.read_text())
    block = next(n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")
    found = [alias for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert all(alias.name == alias.asname for alias in found)
    return {alias.name for alias in found}


def test_editors_see_the_names_that_there_are():
    assert names_for_editors() == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_leads_to_something_public(name):
    value = getattr(el, name)
    assert not name.startswith("_") and not getattr(value, "__module__", "elman").startswith(("typing", "difflib"))


def test_the_directory_has_public_names_only():
    assert not {"Any", "annotations", "difflib", "importlib", "TYPE_CHECKING"} & set(dir(el))
    assert {"tanh", "GRU", "Forecaster", "load", "insight", "__version__"} <= set(dir(el))


def test_a_star_import_leaves_what_python_has_alone():
    found: dict = {}
    exec("from elman import *", found)
    assert found["tanh"] is el.tanh and found["GRU"] is el.GRU
    assert not [name for name in vars(builtins) if name in found and name != "__builtins__" and name[0] != "_"]


def test_a_misspelt_name_gets_the_right_one():
    with pytest.raises(AttributeError, match=r"elman has no 'LSMT' \(did you mean 'LSTM'\?\)"):
        _ = el.LSMT
    assert not hasattr(el, "__wrapped__")


def test_types_go_with_the_package():
    assert (ROOT.parent / "py.typed").is_file()


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(getattr(el, name), "__path__")])
def test_what_a_package_says_it_has_is_there(name):
    module = getattr(el, name)
    assert [n for n in getattr(module, "__all__", []) if not hasattr(module, n)] == []


@pytest.mark.parametrize(("name", "cell"), [("JANET", "janet"), ("IndRNN", "ind_rnn"), ("zoneout", "zoneout")])
def test_a_cell_is_looked_for_among_the_layers(name, cell):
    with pytest.raises(AttributeError, match=rf"elman has no '{name}' \(did you mean 'elman.cells.{cell}'\?\)"):
        getattr(el, name)
