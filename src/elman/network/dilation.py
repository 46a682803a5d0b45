"""Dilation: a recurrent layer whose steps follow on the state of several steps ago."""

from __future__ import annotations

from dataclasses import replace

from elman.checks import whole
from elman.equations.store import stored
from elman.equations.symbols import Symbol
from elman.equations.trace import Cell

MOST = 2**10  # steps: so many states are kept


def dilated(cell: Cell, dilation: int) -> Cell:
    """A cell that follows on its states of `dilation` steps ago, and keeps those between.

    The state that a step makes is called as before; ``h_2`` is the one before, ... ``h_4`` that of 4 steps ago.
    """
    dilation = whole(dilation, "dilation", most=MOST)
    if dilation == 1:
        return cell
    graph = cell.trace()
    names, states, new_states = dict(graph.names), list[Symbol](), list[Symbol]()
    taken = {s.name for s in (*graph.inputs, *graph.memories, *graph.states, *graph.parameters.values())}
    for oldest, new in zip(graph.states, graph.new_states, strict=True):
        latest = oldest.name
        before = _names(latest, dilation, taken)
        between = [Symbol("state", name=name) for name in (latest, *before[:-1])]
        oldest.name = before[-1]  # what the equations read
        states += [*between, oldest]
        new_states += [new, *between]
        names[new] = latest
    outputs = [*graph.outputs[:1], *new_states] if graph.has_output else new_states
    return stored(replace(graph, states=states, outputs=outputs, names=names), cell)


def _names(state: str, dilation: int, taken: set[str]) -> list[str]:
    """What the states of 2 to `dilation` steps ago are called, as nothing else is."""
    marks = ("_" * n for n in range(1, len(taken) + 2))
    wanted = ([f"{state}{mark}{k}" for k in range(2, dilation + 1)] for mark in marks)
    return next(names for names in wanted if not taken.intersection(names))
