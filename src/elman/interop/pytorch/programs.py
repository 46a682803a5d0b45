"""A step's graph as plain instructions, sorted by when they run: once, of a memory, of all steps at once, in the loop.

Only numbers and names are left, so that a module that runs them can be compiled, copied and stored.
"""

from __future__ import annotations

from dataclasses import dataclass

from elman.equations.graph import Graph
from elman.equations.matrices import parts_of_matrices
from elman.equations.ops import row_of
from elman.equations.symbols import Symbol, width

ONCE, MEMORY, STEPS, LOOP = range(4)
"""When a value is known: of parameters alone; of a memory; of the inputs; of the states."""


@dataclass(frozen=True)
class Instruction:
    """``values[slot] = op(*values[operands])``."""

    op: str
    operands: tuple[int, ...]
    slot: int
    first: float = 0.0
    second: float = 0.0
    width: int = 0  # of the result, 0 where that is a matrix


@dataclass(frozen=True)
class Program:
    """What a step computes, by the places of its values.

    Attributes
    ----------
    parameters : tuple of (str, int)
        Names, and where their values lie; so with `constants`.
    inputs, memories, states, outputs : tuple of int
        Places; `outputs` are those of the graph, its new states last.
    once, memory, steps, loop : tuple of Instruction
        In the order in which they run.
    seen : tuple of int
        What the loop reads that is there for all steps.
    width : int
        Of the first output.
    widths : tuple of int
        Of the states.
    """

    size: int
    parameters: tuple[tuple[str, int], ...]
    constants: tuple[tuple[float, int], ...]
    inputs: tuple[int, ...]
    memories: tuple[int, ...]
    states: tuple[int, ...]
    outputs: tuple[int, ...]
    once: tuple[Instruction, ...]
    memory: tuple[Instruction, ...]
    steps: tuple[Instruction, ...]
    loop: tuple[Instruction, ...]
    seen: tuple[int, ...]
    width: int
    widths: tuple[int, ...]


def program_of(graph: Graph) -> Program:
    """The instructions of a bound graph."""
    leaves = [*graph.inputs, *graph.memories, *graph.states, *graph.parameters.values()]
    nodes = list(dict.fromkeys([*leaves, *graph.nodes()]))
    place = {node: k for k, node in enumerate(nodes)}
    when = _phases(graph, nodes)
    made: dict[int, list[Instruction]] = {ONCE: [], MEMORY: [], STEPS: [], LOOP: []}
    matrices = parts_of_matrices(graph)
    for node in nodes:
        if node.inputs:
            wide = 0 if node in matrices else width(node)
            operands = tuple(place[i] for i in node.inputs)
            made[when[node]].append(Instruction(node.op, operands, place[node], node.first, node.second, wide))
    inputs, memories, states, outputs = (
        tuple(place[s] for s in group) for group in (graph.inputs, graph.memories, graph.states, graph.outputs)
    )
    read = {i for one in made[LOOP] for i in one.operands} | {place[o] for o in graph.outputs}
    return Program(
        len(nodes),
        tuple((name, place[p]) for name, p in graph.parameters.items()),
        tuple((node.first, place[node]) for node in nodes if node.op == "const"),
        inputs,
        memories,
        states,
        outputs,
        tuple(made[ONCE]),
        tuple(made[MEMORY]),
        tuple(made[STEPS]),
        tuple(made[LOOP]),
        tuple(k for k, node in enumerate(nodes) if k in read and when[node] == STEPS),
        width(graph.outputs[0]),
        tuple(width(s) for s in graph.states),
    )


def _phases(graph: Graph, nodes: list[Symbol]) -> dict[Symbol, int]:
    """When each value is known."""
    found: dict[Symbol, int] = dict.fromkeys(graph.inputs, STEPS)
    found |= dict.fromkeys(graph.memories, MEMORY) | dict.fromkeys(graph.states, LOOP)
    matrices = parts_of_matrices(graph)
    for node in nodes:
        if node in found:
            continue
        if row_of(node).shape == "attend":  # one value a row, whatever the memory
            others = [found[i] for k, i in enumerate(node.inputs) if k not in (1, 2)]
            found[node] = max(STEPS, *others)
        else:
            found[node] = max((found[i] for i in node.inputs), default=ONCE)
        if row_of(node).shape == "dropout" and node not in matrices:  # each row and step has its mask
            found[node] = max(found[node], STEPS)
    return found
