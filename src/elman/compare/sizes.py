"""How many units a cell needs for a number of parameters."""

from __future__ import annotations

import math

from elman.compare.tasks import Task
from elman.equations import Cell
from elman.equations.symbols import width
from elman.errors import OptionError

MOST_UNITS = 4096
MOST_STATES = 1024  # numbers in the states of a row: a state that is a matrix grows with the square of the units


def sizes_of(cell: Cell, task: Task, units: int) -> tuple[int, int]:
    """Parameters of a layer of the cell and a dense one behind it, constants left out; numbers in a row's states."""
    graph = cell.trace().bind([task.features], units)
    own = sum(math.prod(graph.shape(name)) for name, p in graph.parameters.items() if not p.fixed)
    return own + task.outputs * (width(graph.outputs[0]) + 1), sum(width(state) for state in graph.states)


def units_for(cell: Cell, task: Task, parameters: int) -> int:
    """The units with which a network has nearest to so many parameters, and states of at most `MOST_STATES` numbers.

    Raises
    ------
    OptionError
        If one unit already has twice as many parameters.
    """
    low, high = 1, 2
    while high < MOST_UNITS and _is_below(cell, task, high, parameters):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _is_below(cell, task, middle, parameters) else (low, middle)
    sizes = {units: sizes_of(cell, task, units) for units in (low, high)}
    fitting = [units for units, (_, states) in sizes.items() if units == 1 or states <= MOST_STATES]
    best = min(fitting, key=lambda units: abs(sizes[units][0] - parameters))
    found = sizes[best][0]
    if found > 2 * parameters:
        raise OptionError(
            f"{cell.name} has {found:,} parameters with {best} unit{'s' * (best > 1)}, more than twice the "
            f"{parameters:,} that all shall have: give more parameters, or units"
        )
    return best


def _is_below(cell: Cell, task: Task, units: int, parameters: int) -> bool:
    count, states = sizes_of(cell, task, units)
    return states <= MOST_STATES and count < parameters
