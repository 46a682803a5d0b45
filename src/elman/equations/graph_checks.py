"""Whether data are a cell's graph: what a function of equations could not have written is refused.

A file may say anything. What passes here is traced like a user's function, and what that refuses is refused there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from elman.checks import is_number, shown, whole
from elman.equations.ops import OPS, WIDENS
from elman.equations.vectors import MOST_PARTS
from elman.errors import ModelFileError
from elman.untrusted import called, held, is_a, list_of

LEAVES = ("input", "memory", "state", "parameter", "constant", "const")
MOST = 2**30  # of a place in a vector
ALL_PARTS = 2**20  # of all splits and blocks of a cell: widths are sums of so many
_COUNTS = {"part": 1, "block_matmul": 0}  # which of an op's numbers is how many parts there are
_HIDDEN = ("_all",)  # what `p` has for itself
_SIGNS = frozenset("./")  # which stand before a parameter's name where its layer's and its network's do
_SCHEMA: dict[str, Any] = {
    "name": called,
    "inputs": list_of(called),
    "states": list_of(called),
    "nodes": list,
    "outputs": list,
    "names": dict,
    "initial": dict,
    "doc": str,
}
_OPTIONAL: dict[str, Any] = {"memories": list_of(called), "ranges": list, "frozen": list_of(called)}


def check_graph(data: Any) -> None:
    """Raise unless these are the data of a cell's graph: ops that exist, on nodes before them, with numbers of theirs.

    Raises
    ------
    ModelFileError, OptionError
    """
    held(data, "a cell", _SCHEMA, _OPTIONAL)
    given = {
        kind: data.get(key, ()) for kind, key in (("input", "inputs"), ("memory", "memories"), ("state", "states"))
    }
    arguments = [name for names in given.values() for name in names]
    list_of(called, unique=True)(arguments, f"the arguments of {shown(data['name'])}")
    declared: dict[str, tuple[Any, ...]] = dict.fromkeys(arguments, ())
    for number, node in enumerate(data["nodes"]):
        _check_node(number, node, given, declared)
    if _parts(data["nodes"]) > ALL_PARTS:
        raise ModelFileError(f"its vectors are split into more than {ALL_PARTS} parts")
    _check_ends(data)
    _check_said(data)


def _check_node(number: int, node: Any, given: dict[str, Any], declared: dict[str, tuple[Any, ...]]) -> None:
    if not isinstance(node, list | tuple) or len(node) != 5 or not isinstance(node[0], str):
        raise ModelFileError(f"node {number} is {shown(node)}; expected an op, its operands, two numbers and a name")
    op, operands, first, second, name = node
    what = f"node {number} ({op})"
    if op not in LEAVES and not _is_written(op):
        raise ModelFileError(f"{what} is no op that equations have")
    arity = 0 if op in LEAVES else OPS[op].arity
    if not isinstance(operands, list | tuple) or len(operands) != arity:
        raise ModelFileError(f"{what} has the operands {shown(operands)}; expected {arity}")
    for operand in operands:
        whole(operand, f"an operand of {what}", 0, number - 1)
    for one in (first, second):
        if not is_number(one) or math.isnan(one):
            raise ModelFileError(f"{what} has the number {shown(one)}")
    if not isinstance(name, str):
        raise ModelFileError(f"{what} has the name {shown(name)}; expected a text")
    if op in given and name not in given[op]:
        raise ModelFileError(f"{what} is {shown(name)}, which is no argument of the cell")
    if op in ("parameter", "constant"):
        _check_parameter(what, (op, first, second), name, declared)
    if op in _NUMBERS or (op in OPS and OPS[op].whole):
        _check_numbers(what, op, first, second)


def _is_written(op: str) -> bool:
    """Whether equations have this op; others only engines and derivatives have."""
    row = OPS.get(op)
    return row is not None and row.shape not in WIDENS and (row.rule is not None or row.shape in _WITHOUT_RULE)


_WITHOUT_RULE = ("matrix", "turn", "blocks")


def _check_parameter(what: str, kind: tuple[Any, ...], name: str, declared: dict[str, tuple[Any, ...]]) -> None:
    """A parameter's name is none that Python has an attribute of its own for, and stands for one thing."""
    if not name or name in _HIDDEN or _SIGNS.intersection(name) or (name.startswith("__") and name.endswith("__")):
        raise ModelFileError(f"{what} has the name {shown(name)}, which no parameter can have")
    if declared.setdefault(name, kind) != kind:
        raise ModelFileError(f"{what} has the name {shown(name)}, which something else has")


def _check_numbers(what: str, op: str, first: float, second: float) -> None:
    """The numbers of an op are those that a function of equations may give it."""
    if op in OPS and OPS[op].whole:
        for number in (first, second):
            if not float(number).is_integer() or abs(number) > MOST:
                raise ModelFileError(f"{what} has the number {shown(number)}; expected a whole one")
    if op in _NUMBERS and not _NUMBERS[op](first, second):
        raise ModelFileError(f"{what} cannot have the numbers {first:g} and {second:g}")


def _is_size(number: float, least: int = 1) -> bool:
    return least <= number <= MOST and float(number).is_integer()


def _is_slice(first: float, second: float) -> bool:
    """From `first` to `second`, each counted from the end where it is negative; `second` 0 is the end."""
    return second == 0 or (first < second if (first < 0) == (second < 0) else first >= 0)


_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "parameter": lambda first, second: first in (0, 1) and second == 0,
    "constant": lambda first, second: _is_size(first) and _is_size(second, 0),
    "slice": _is_slice,
    "part": lambda first, second: 1 <= second <= MOST_PARTS and 0 <= first < second,
    "block_matmul": lambda first, second: 1 <= first <= MOST_PARTS,
    "dropout": lambda first, second: 0 <= first < 1 and _is_size(second, 0),
    "dropout_once": lambda first, second: 0 <= first < 1 and _is_size(second, 0),
    "clip": lambda first, second: first <= second,
    "spike": lambda first, second: 0 < first < math.inf,
    "attend": lambda first, second: math.isfinite(first),
}


def _parts(nodes: list[Any]) -> int:
    return sum(int(node[2 + _COUNTS[node[0]]]) for node in nodes if node[0] in _COUNTS)


def _check_ends(data: dict[str, Any]) -> None:
    """What comes out: a value, or a new state for each state and, before them, an output."""
    nodes, outputs, states = data["nodes"], data["outputs"], data["states"]
    if not 0 <= len(outputs) - max(1, len(states)) <= bool(states):
        raise ModelFileError(f"{len(outputs)} outputs of {len(states)} states")
    for output in outputs:
        whole(output, "an output", 0, len(nodes) - 1)
    for number, name in data["names"].items():
        if not number.isascii() or not number.isdecimal() or not len(number) < 20 or int(number) >= len(nodes):
            raise ModelFileError(f"node {shown(number)} has the name {shown(name)}, and is not there")
        called(name, f"the name of node {number}")


def _check_said(data: dict[str, Any]) -> None:
    """What is said of parameters and inputs beside the equations."""
    for name, value in data["initial"].items():
        if not is_a(value, (int, float, str)):
            raise ModelFileError(f"the initial value of {shown(name)} is {shown(value)}; expected a number or a name")
    for said in data.get("ranges", ()):
        if not isinstance(said, list | tuple) or len(said) != 4:
            raise ModelFileError(f"{shown(said)} says no range of an input")
        node, low, high, what = said
        place = data["nodes"][whole(node, "the node of a range", 0, len(data["nodes"]) - 1)]
        origin = data["nodes"][place[1][0]] if place[0] == "slice" else place
        right = is_number(low) and (high is None or is_number(high)) and isinstance(what, str)
        if origin[0] not in ("input", "slice") or not right:
            raise ModelFileError(f"{shown(said)} says no range of an input")
