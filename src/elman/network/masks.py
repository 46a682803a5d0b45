"""Masks: steps in the middle of a row that a recurrent layer leaves out."""

from __future__ import annotations

from dataclasses import replace

from elman.equations.store import stored
from elman.equations.symbols import Symbol, build
from elman.equations.trace import Cell

MASK = "mask"


def masked(cell: Cell) -> Cell:
    """A cell with one input more, its mask: where that is 0, the states stay as they were."""
    graph = cell.trace()
    taken = {s.name for s in (*graph.inputs, *graph.memories, *graph.states, *graph.parameters.values())}
    mask = Symbol("input", name=next(name for name in (MASK, *(f"{MASK}_{k}" for k in range(99))) if name not in taken))
    used = build("sum", mask)  # of one feature: a number a row, which serves states of any width
    states, new_states = list(graph.states), list(graph.new_states)
    if graph.has_output:  # what it was is one state more
        states.append(Symbol("state", name=graph.ends[0]))
        new_states.append(graph.outputs[0])
    outputs = [build("where", used, new, old) for new, old in zip(new_states, states, strict=True)]
    names = {symbol: name for symbol, name in graph.names.items() if symbol not in set(graph.outputs)}
    names |= {new: state.name for new, state in zip(outputs, states, strict=True)}
    outputs = [outputs[-1], *outputs] if graph.has_output else outputs
    held = replace(graph, inputs=[*graph.inputs, mask], states=states, outputs=outputs, names=names)
    return stored(held, cell)
