"""Rounds: the order in which a section's nodes are computed.

Elementwise values and products take turns: every elementwise node that is ready goes into one program, then every
product that is ready. What no product waits for is then put off until it is used, so that it stays in registers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from elman.engine.lower import Node


@dataclass
class Round:
    """Nodes that run together: one elementwise program, or products of which none needs another."""

    elementwise: bool
    nodes: list[Node]


def rounds_of(nodes: list[Node], kept: set[Node]) -> list[Round]:
    """The rounds of a section.

    Parameters
    ----------
    nodes : list of Node
        The section, operands first.
    kept : set of Node
        Those that lie in a slot in any case.
    """
    rounds, users = _as_soon_as_ready(nodes), users_of(nodes)
    for k, one in enumerate(rounds):
        if one.elementwise and k + 2 < len(rounds):
            _put_off(one, rounds[k + 1 :], users, kept)
    number = {n: k for k, n in enumerate(nodes)}
    for one in rounds:
        one.nodes.sort(key=number.__getitem__)
    return [r for r in rounds if r.nodes]


def users_of(nodes: Iterable[Node]) -> dict[Node, list[Node]]:
    """Who uses each value."""
    users: dict[Node, list[Node]] = defaultdict(list)
    for n in nodes:
        for i in n.inputs:
            users[i].append(n)
    return users


def _as_soon_as_ready(nodes: list[Node]) -> list[Round]:
    left, waiting = list(nodes), set(nodes)
    rounds: list[Round] = []
    while left:
        for elementwise in (True, False):
            taken = []
            for n in left:
                if n.is_elementwise == elementwise and not any(i in waiting for i in n.inputs):
                    taken.append(n)
                    if elementwise:
                        waiting.discard(n)
            waiting.difference_update(taken)
            gone = set(taken)
            left = [n for n in left if n not in gone]
            if taken or rounds:
                rounds.append(Round(elementwise, taken))
    return rounds


def _put_off(one: Round, following: list[Round], users: dict[Node, list[Node]], kept: set[Node]) -> None:
    """Move what the next products do not wait for into the next program, unless more values had to wait then."""
    products, program = following[0], following[1]
    after = {n for r in following for n in r.nodes}
    moving: set[Node] = set()
    for n in reversed(one.nodes):
        if users[n] and all(u in moving or (u in after and u not in products.nodes) for u in users[n]):
            moving.add(n)

    def waits(n: Node) -> bool:
        return n not in kept and any(u in after for u in users[n])

    spared = sum(n.width for n in moving if waits(n))
    staying = [n for n in one.nodes if n not in moving]
    new = sum(n.width for n in staying if n not in kept and not waits(n) and any(u in moving for u in users[n]))
    if new <= spared:
        program.nodes += [n for n in one.nodes if n in moving]
        one.nodes = staying


def readers_first(nodes: list[Node], takers: set[Node], slots: dict[Node, int]) -> list[Node]:
    """A program's nodes in an order in which those that need a slot find one that nobody reads any more.

    Parameters
    ----------
    nodes : list of Node
        The program, operands first.
    takers : set of Node
        Those that need a slot.
    slots : dict of Node to int
        Operands of the program that nothing after it needs, and the slots they lie in.
    """
    readers: dict[tuple[int, int], set[Node]] = defaultdict(set)
    for n in nodes:
        for i in n.inputs:
            if i in slots:
                readers[slots[i], i.width].add(n)
    order: dict[Node, None] = {}
    waiting = set(nodes)

    def first(slot: tuple[int, int], taker: Node) -> list[Node] | None:
        """Who must go before `taker` for it to take over a slot; None if that cannot be."""
        others = [n for n in nodes if n in readers[slot] and n in waiting and n is not taker]
        possible = slot[1] == taker.width and not any(n in takers or waiting & set(n.inputs) for n in others)
        return others if possible else None

    def put(n: Node) -> None:
        order[n] = None
        waiting.discard(n)

    for n in nodes:
        if n in takers:
            ways = {slot: others for slot in readers if (others := first(slot, n)) is not None}
            if ways:
                slot = min(ways, key=lambda s: (len(ways[s]), n not in readers[s]))
                for other in ways[slot]:
                    put(other)
                del readers[slot]
        if n in waiting:
            put(n)
    return list(order)
