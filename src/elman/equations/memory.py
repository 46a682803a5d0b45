"""Memories: sequences on a time axis of their own, which each step of a cell may attend to.

What a cell computes of its memories and parameters alone is the same at every step of the cell. It is therefore split
off, as equations of each step of the memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from elman.equations.graph import Graph, ordered
from elman.equations.ops import row_of
from elman.equations.shapes import memories_of
from elman.equations.symbols import Parameter, Symbol
from elman.errors import EquationError


def check_memories(name: str, outputs: Iterable[Symbol]) -> None:
    """Raise `EquationError` where a memory is used as if it were one vector."""
    nodes = ordered(outputs)
    memories = memories_of(nodes)
    for node in nodes:
        for number, operand in enumerate(node.inputs):
            attends = row_of(node).shape == "attend" and number in (1, 2)
            if operand in memories and not attends and node not in memories:
                raise EquationError(
                    f"{name}: {operand!r} is a memory, which has a vector for each of its own steps; a step reads it "
                    "by el.attend(query, keys, values)"
                )
    for output in outputs:
        if output in memories:
            raise EquationError(f"{name} returned {output!r}, which is a memory and not one vector")


@dataclass(eq=False)
class Split:
    """A graph that attends, and the graphs of what it attends to.

    Attributes
    ----------
    made : list of Graph
        Of one step of the memories.
    rest : Graph
        Its memories are `sources`, in order.
    sources : list of int
        What each memory of `rest` is: the number of one of `made`, or, negative, ``~k`` for memory k of the whole.
    """

    made: list[Graph]
    rest: Graph
    sources: list[int]


def split(graph: Graph) -> Split:
    """Split off, of a bound graph, what depends on memories and parameters only."""
    wanted = dict.fromkeys(i for node in graph.nodes() if row_of(node).shape == "attend" for i in node.inputs[1:3])
    made: list[Graph] = []
    new: dict[Symbol, Symbol] = {}
    sources: list[int] = []
    given = {memory: number for number, memory in enumerate(graph.memories)}
    for value in wanted:
        memory = Symbol("memory", dim=value.dim, name=graph.names.get(value, value.name or f"memory {len(new)}"))
        new[value] = memory
        if value in given:
            sources.append(~given[value])
        else:
            sources.append(len(made))
            made.append(_of_memory(graph, value))
    outputs = replaced(graph.outputs, new)
    names = {outputs[1].get(node, node): name for node, name in graph.names.items()}
    left = set(ordered(outputs[0]))
    parameters = {name: p for name, p in graph.parameters.items() if p in left}
    memories = list(new.values())
    rest = replace(graph, outputs=outputs[0], parameters=parameters, names=names, memories=memories)
    return Split(made, rest, sources)


def _of_memory(graph: Graph, value: Symbol) -> Graph:
    """The equations of a value of one step of the memories."""
    nodes = set(ordered([value]))
    inputs = [m for m in graph.memories if m in nodes]
    parameters = {name: p for name, p in graph.parameters.items() if p in nodes}
    names = {node: name for node, name in graph.names.items() if node in nodes}
    return Graph(graph.name, inputs, [], [value], parameters, graph.relations, names)


def replaced(outputs: list[Symbol], new: dict[Symbol, Symbol]) -> tuple[list[Symbol], dict[Symbol, Symbol]]:
    """Outputs with some symbols replaced, and the map of all that changed."""
    found = dict(new)
    for node in ordered(outputs):
        if node in found or isinstance(node, Parameter):
            continue
        inputs = tuple(found.get(i, i) for i in node.inputs)
        if any(a is not b for a, b in zip(inputs, node.inputs, strict=True)):
            found[node] = Symbol(node.op, inputs, node.dim, name=node.name, first=node.first, second=node.second)
    return [found.get(o, o) for o in outputs], found
