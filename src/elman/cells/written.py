"""Cells as texts: read from one, and written as one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elman.checks import shown
from elman.equations import Cell
from elman.equations.parse_cell import WrittenCell, read_cell
from elman.equations.parse_write import graph_text
from elman.errors import EquationError, OptionError, TextError


def from_text(text: Any, catalogue: Mapping[str, Cell]) -> WrittenCell:
    """The cell that a text states; `catalogue` are those whose initial values it may name."""
    if isinstance(text, bytes) or not isinstance(text, str):
        raise OptionError(f"cell_from_text takes a text, got {shown(text)}")
    return read_cell(text, catalogue)


def from_file(path: Path, catalogue: Mapping[str, Cell]) -> WrittenCell:
    """The cell that a file of equations states.

    Raises
    ------
    OptionError
        If the file cannot be read.
    TextError
        If it states no cell, with the name of the file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise OptionError(f"the equations of a cell cannot be read from {path}: {why}") from error
    try:
        return read_cell(text, catalogue)
    except TextError as error:
        raise EquationError(f"{path}: {error}") from error


def as_text(cell: Cell, catalogue: Mapping[str, Cell]) -> str:
    """The text of a cell."""
    if isinstance(cell, WrittenCell):
        return cell.source
    if not isinstance(cell, Cell):
        raise OptionError(f"cell_text takes a cell, got {shown(cell)}")
    known = next((name for name, other in catalogue.items() if other.function is cell.function), "")
    said = [_initial(cell, known), _frozen(cell), f"valid=cells.{known}.valid" if cell.valid and known else ""]
    said += [
        f"inputs={len(cell.inputs)}" * (len(cell.inputs) != 1),
        f"memory={len(cell.memories)}" * bool(cell.memories),
    ]
    if cell.valid and not known:
        raise EquationError(f"{cell.name} says by functions which values are valid, which a text cannot say")
    said = [each for each in said if each]
    return graph_text(cell.trace(), cell.name, f"@cell({', '.join(said)})" if said else "")


def _initial(cell: Cell, known: str) -> str:
    plain = {name: value for name, value in cell.initial.items() if isinstance(value, int | float | str)}
    if plain != cell.initial:
        if not known:
            other = next(name for name in cell.initial if name not in plain)
            raise EquationError(f"{cell.name} begins {other} with values that a text cannot say; give it as a number")
        return f"initial=cells.{known}.initial"
    pairs = ", ".join(f'"{name}": {_said(value)}' for name, value in plain.items())
    return f"initial={{{pairs}}}" if pairs else ""


def _frozen(cell: Cell) -> str:
    """Those that there are: some options of a cell leave parameters out."""
    there = cell.trace().parameters
    names = ", ".join(f'"{name}"' for name in cell.frozen if name in there)
    return f"frozen=[{names}]" if names else ""


def _said(value: float | str) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
