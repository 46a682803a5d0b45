"""An optimiser's equations made a program that an engine runs on the flat arrays of an update."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from elman.engine.lower import Lowering, Node, slot_leaf
from elman.engine.plan import Instruction, Operand, OptimizerProgram
from elman.engine.slots import Ref
from elman.equations.graph import ordered
from elman.equations.ops import row_of
from elman.equations.symbols import ONE, Symbol, as_symbol
from elman.errors import EquationError


def trace_program(
    equations: Callable[..., object], states: Sequence[str], scalars: Sequence[str], name: str
) -> OptimizerProgram:
    """Trace ``equations(w, g, *states, **scalars)`` into a program.

    Parameters
    ----------
    equations : callable
        Returns the new parameters and the new states, in order; value by value, like every optimiser.
    states, scalars : sequence of str
        Names of the state arrays, and of the numbers that change from update to update.
    name : str
        Of the optimiser, for messages.

    Raises
    ------
    EquationError
        If the results are not as many as the arrays, or an op joins values of several parameters.
    """
    arrays = [_leaf(n) for n in ("w", "g", *states)]
    numbers = {n: _leaf(n) for n in scalars}
    result = equations(*arrays, **numbers)
    outputs = [as_symbol(r) for r in (result if isinstance(result, tuple | list) else (result,))]
    if len(outputs) != 1 + len(states):
        raise EquationError(
            f"{name}.equations returned {len(outputs)} values, expected {1 + len(states)}: "
            f"the new {', '.join(('w', *states))}"
        )
    symbols = ordered(outputs)
    wrong = [s.op for s in symbols if s.inputs and row_of(s).shape != "map"]
    if wrong:
        raise EquationError(f"{name}.equations uses {wrong[0]}, but an optimiser works value by value")
    places = {slot_leaf(Ref(k), 1): Operand("array", 1, index=k) for k in range(len(arrays))}
    places |= {slot_leaf(Ref(k), 0): Operand("scalar", 0, index=k) for k in range(len(numbers))}
    memo = dict(zip([*arrays, *numbers.values()], places, strict=True))
    nodes = _outputs(Lowering(symbols, outputs, keep=set(), memo=memo, drops=True), outputs)
    targets = [0, *range(2, len(arrays))]  # the gradient, number 1, is not written
    return OptimizerProgram(_emit(nodes, targets, places), len(states), len(scalars))


def _leaf(name: str) -> Symbol:
    return Symbol("input", (), ONE, name=name)


def _outputs(lowering: Lowering, outputs: list[Symbol]) -> list[Node]:
    """A node of its own for each new array."""
    nodes: list[Node] = []
    for symbol in outputs:
        node = lowering.memo[symbol]
        nodes.append(lowering.fresh("copy", [node], 1) if node in nodes or not node.inputs else node)
    return nodes


def _ordered(outputs: list[Node]) -> list[Node]:
    """What is to be computed, operands first."""
    return [n for n in ordered(outputs) if n.inputs]  # type: ignore[type-var, arg-type]


def _emit(outputs: list[Node], targets: list[int], leaves: dict[Node, Operand]) -> tuple[Instruction, ...]:
    """Instructions in order; a new array is written over the old as soon as nothing needs the old any more."""
    order, target = _ordered(outputs), dict(zip(outputs, targets, strict=True))
    old = {place.index: leaf for leaf, place in leaves.items() if place.kind == "array"}
    last_use = {i: k for k, n in enumerate(order) for i in n.inputs}
    places, registers = dict(leaves), _Registers()
    code: list[Instruction] = []
    late: list[Instruction] = []
    for k, n in enumerate(order):
        inputs = tuple(_operand(i, places) for i in n.inputs)
        array = Operand("array", 1, index=target.get(n, -1))
        places[n] = array if n in target and last_use.get(old[array.index], -1) <= k else registers.take()
        code.append(Instruction(n.op, places[n], inputs, n.first, n.second))
        if n in target and places[n] != array:
            late.append(Instruction("copy", array, (places[n],)))
        for i in dict.fromkeys(n.inputs):
            if last_use[i] == k and i not in target and i.inputs:
                registers.free.append(places[i])
    return (*code, *late)


def _operand(node: Node, places: dict[Node, Operand]) -> Operand:
    return Operand("const", 0, value=node.first) if node.op == "const" else places[node]


@dataclass
class _Registers:
    """Scratch registers; one is used again once its value is dead."""

    free: list[Operand] = field(default_factory=list)
    count: int = 0

    def take(self) -> Operand:
        if self.free:
            return self.free.pop()
        self.count += 1
        return Operand("temp", 1, index=self.count - 1)
