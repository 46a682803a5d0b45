"""Pickle cells: by the name of their function where it can be imported, else by their graph.

So cells pass to other processes, with everything that holds them, also those that were written in a notebook, in a
function or as a lambda. A graph's options are decided; those of a function can still be changed.
"""

from __future__ import annotations

import copyreg
import importlib
import pickle
import sys
from collections.abc import Callable
from typing import Any

from elman.equations.parse_cell import WrittenCell
from elman.equations.store import StoredCell, constant_values, from_data, to_data
from elman.equations.trace import Cell
from elman.errors import ModelFileError, OptionError


def _reduced(cell: Cell) -> tuple[Callable[..., Cell], tuple[Any, ...]]:
    """How to make a cell again: a function and its arguments, as pickle asks for."""
    module, name = getattr(cell.function, "__module__", ""), getattr(cell.function, "__qualname__", "")
    found = _found(module, name)
    if found is cell:
        return _named, (module, name)
    function = found.function if isinstance(found, Cell) else found
    more = (len(cell.inputs), cell.options, cell.initial, len(cell.memories), cell.frozen, cell.valid)
    if function is cell.function and _can_be_pickled(more):
        return _named, (module, name, *more)
    return _reduced_graph(cell)


def _reduced_graph(cell: Cell) -> tuple[Callable[..., Cell], tuple[Any, ...]]:
    for name, value in cell.initial.items():
        if not _can_be_pickled(value):
            raise OptionError(
                f"{cell.name} cannot be pickled: its initial value of {name!r} is {value!r}, which cannot be; "
                "give a number, an array, the name of an initialiser or a function of a module"
            )
    return _of_graph, (to_data(cell), {**constant_values(cell.trace()), **cell.initial})


def _named(
    module: str,
    name: str,
    inputs: int = 1,
    options: Any = None,
    initial: Any = None,
    memory: int = 0,
    frozen: tuple[str, ...] = (),
    valid: Any = None,
) -> Cell:
    """The cell of a function that can be imported."""
    try:
        importlib.import_module(module)
    except ImportError as e:
        raise ModelFileError(f"the cell {name} cannot be read: its module {module} cannot be imported ({e})") from e
    found = _found(module, name)
    if options is None and isinstance(found, Cell):
        return found
    function = found.function if isinstance(found, Cell) else found
    if not callable(function):
        raise ModelFileError(f"the cell {name} cannot be read: {module} has no such cell any more")
    return Cell(function, inputs=inputs, memory=memory, options=options, initial=initial, frozen=frozen, valid=valid)


def _of_graph(data: dict[str, Any], initial: dict[str, Any]) -> Cell:
    cell = from_data(data)
    cell.initial = dict(initial)
    return cell


def _found(module: str, name: str) -> Any:
    """What has this name in a module that other processes can import too; None if nothing has."""
    found: Any = None if module in ("__main__", "__mp_main__") else sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _can_be_pickled(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


REDUCERS: dict[type, Callable[..., Any]] = {Cell: _reduced, StoredCell: _reduced_graph, WrittenCell: _reduced_graph}
for kind, reducer in REDUCERS.items():
    copyreg.pickle(kind, reducer)
