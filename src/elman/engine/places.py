"""Places: which slots the values of a stage lie in.

A value that outlives its program needs a slot. It takes over that of a value which nobody needs any more, if there is
one of its width: a saved activation that of the sum it was computed from, the backward step's deltas those of the saved
values they replace.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from elman.engine.lower import Node
from elman.engine.rounds import Round, readers_first, users_of
from elman.engine.slots import Ref, Slot, Time
from elman.equations.ops import OPS
from elman.errors import EngineError


class Places:
    """Gives the nodes of one direction of one stage their slots; `refs` grows with each section.

    Parameters
    ----------
    slots : list of Slot
        Of the whole plan; new ones are added.
    stage, axis : int
        Number of the stage, and of its time axis.
    fixed : dict of Node to Ref
        Nodes that have their place already.
    saved : set of Node
        Those that must outlive the step.
    free : iterable of int
        Slots, one row for each step, that may be taken over once this direction has read them for the last time.
    """

    def __init__(
        self,
        slots: list[Slot],
        stage: int,
        axis: int,
        fixed: dict[Node, Ref],
        saved: set[Node],
        free: Iterable[int],
    ):
        self.slots, self.stage, self.axis, self.saved = slots, stage, axis, saved
        self.refs: dict[Node, Ref] = dict(fixed)
        self.free = set(free)
        self.taken: set[int] = set()  # of the slots in `free` that were given: those that were taken over
        self.elided: set[Node] = set()  # copies of what lies in their place already
        self._given = set(self.free)

    def of(self, n: Node) -> Ref | None:
        """Where a node lies, if it does in a slot."""
        return n.ref if n.ref is not None else self.refs.get(n)

    def ref(self, n: Node) -> Ref:
        """Where a node lies that does in a slot."""
        found = self.of(n)
        assert found is not None
        return found

    def assign(self, rounds: list[Round], later: list[Node], *, merged: bool) -> None:
        """Places for the nodes of a section; `later` are the nodes of the sections that run after it."""
        nodes = [n for r in rounds for n in r.nodes]
        lives = _Lives(rounds, later, self.saved)
        heirs = self._heirs(nodes, lives)
        busy = self._busy(nodes, lives)
        for n in nodes:
            if n in self.refs:
                continue
            family = _family(n, heirs)
            ref = next((self.refs[m] for m in [n.base, *family] if m in self.refs), None)
            if ref is None and any(lives.needs_slot(m) for m in family):
                ref = self._take(n, busy, lives, merged or any(lives.outlives(m) for m in family))
            if ref is not None:
                self.refs.update(dict.fromkeys(family, ref))
                if ref.slot in busy:
                    busy[ref.slot] = max(lives.last_use(m) for m in family)
        self.elided |= {heir for n, heir in heirs.items() if heir.op == "copy" and n in self.refs}
        self._check_sums(nodes)

    def _check_sums(self, nodes: list[Node]) -> None:
        """Raise where a sum would go on from another place than the one it begins in: it must never be computed."""
        for n in nodes:
            if n.base is not None and self.of(n) != self.of(n.base):
                raise EngineError(f"stage {self.stage}: a sum begins at {self.of(n.base)} and goes on at {self.of(n)}")

    def order(self, rounds: list[Round], later: list[Node]) -> None:
        """Put each program in the order that lets its values take over as many slots as can be."""
        lives = _Lives(rounds, later, self.saved)
        for number, one in enumerate(rounds):
            if one.elementwise:
                operands = dict.fromkeys(i for n in one.nodes for i in n.inputs)
                slots = {i: ref.slot for i in operands if (ref := self.of(i)) and ref.slot in self.free}
                ends = {i: s for i, s in slots.items() if lives.last_round(i) == number}
                takers = {n for n in one.nodes if n in self.saved and n not in self.refs}
                one.nodes = readers_first(one.nodes, takers, ends)

    def _heirs(self, nodes: list[Node], lives: _Lives) -> dict[Node, Node]:
        """Who lies in the very place of a node: the sum that goes on from it (in a later section too), or its copy."""
        heirs = {n.base: n for n in [*nodes, *lives.later] if n.base is not None}
        for n in nodes:
            i = n.inputs[0]
            alone = n.op == "copy" and i.is_elementwise and lives.users[i] == [n] and lives.same_program(i, n)
            if alone and i not in self.refs and not lives.outlives(i) and (n in self.refs or lives.needs_slot(n)):
                heirs[i] = n
        return heirs

    def _busy(self, nodes: list[Node], lives: _Lives) -> dict[int, float]:
        """Until which position each slot that may be taken over holds what is needed."""
        busy = dict.fromkeys(self.free, -1.0)
        residents = {*self.refs, *(i for n in [*nodes, *lives.later] for i in n.inputs)}
        for n in residents:
            ref = self.of(n)
            if ref is not None and ref.slot in busy:
                busy[ref.slot] = max(busy[ref.slot], lives.last_use(n))
        return busy

    def _take(self, n: Node, busy: dict[int, float], lives: _Lives, every_step: bool) -> Ref:
        """The slot of the value that died last, so that it is still in cache; or a new one."""
        begin = lives.begin(n)
        dead = [
            s for s, end in busy.items() if end < begin or (end == begin and n.is_elementwise and OPS[n.op].in_place)
        ]
        fitting = [s for s in dead if self.slots[s].width == n.width and (every_step or not self._every_step(s))]
        slot = max(fitting, key=lambda s: (self._every_step(s) == every_step, busy[s]), default=-1)
        if slot < 0:
            slot = len(self.slots)
            self.slots.append(Slot(n.width, "steps" if every_step else "single", self.stage, axis=self.axis))
            self.free.add(slot)
            busy[slot] = begin
        elif every_step and not self._every_step(slot):
            self.slots[slot] = replace(self.slots[slot], time="steps")
        if slot in self._given:
            self.taken.add(slot)
            self.slots[slot] = replace(self.slots[slot], name="")
        return Ref(slot)

    def _every_step(self, slot: int) -> bool:
        time: Time = self.slots[slot].time
        return time == "steps"


class _Lives:
    """When the nodes of a section begin, and when they are used for the last time.

    Positions count elementwise nodes one by one, and the products of a round all as one.
    """

    def __init__(self, rounds: list[Round], later: list[Node], saved: set[Node]):
        nodes = [n for r in rounds for n in r.nodes]
        self.later, self.saved = later, saved
        self.users = users_of([*nodes, *later])
        self.position: dict[Node, int] = {}
        self.round: dict[Node, int] = {}
        position = 0
        for number, one in enumerate(rounds):
            position += not one.elementwise
            for n in one.nodes:
                position += one.elementwise
                self.position[n], self.round[n] = position, number

    def begin(self, n: Node) -> int:
        return self.position[n]

    def last_use(self, n: Node) -> float:
        """Infinite for what is needed after the section."""
        if self.outlives(n):
            return math.inf
        return max((self.position[u] for u in self.users[n]), default=self.position.get(n, -1))

    def last_round(self, n: Node) -> float:
        return math.inf if self.outlives(n) else max(self.round[u] for u in self.users[n])

    def outlives(self, n: Node) -> bool:
        return n in self.saved or any(u not in self.position for u in self.users[n])

    def same_program(self, a: Node, b: Node) -> bool:
        return a.is_elementwise and b.is_elementwise and self.round.get(a) == self.round.get(b)

    def needs_slot(self, n: Node) -> bool:
        return not n.is_elementwise or self.outlives(n) or not all(self.same_program(n, u) for u in self.users[n])


def _family(n: Node, heirs: dict[Node, Node]) -> list[Node]:
    """A node and those that lie in its very place after it."""
    family = [n]
    while family[-1] in heirs:
        family.append(heirs[family[-1]])
    return family
