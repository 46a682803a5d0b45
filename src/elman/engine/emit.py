"""Emit: from placed nodes to the plan's instructions.

A section's nodes are emitted in rounds: every elementwise node that is ready goes into one program, then every
product that is ready. A value that outlives its program lies in a slot, the others in registers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from elman.engine.lower import Node
from elman.engine.plan import Elementwise, Instruction, Lookup, Matrix, Operand, Product, Ref, Slot, Step, Time
from elman.equations.symbols import Parameter


class Emitter:
    """Collects the slots and matrices of all stages; makes a `Placement` for each."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.matrices: list[Matrix] = []

    def new_slot(self, width: int, time: Time, stage: int, name: str = "") -> int:
        self.slots.append(Slot(width, time, stage, name))
        return len(self.slots) - 1

    def matrix(self, segments: tuple[tuple[int, int, int], ...], transposed: bool) -> int:
        wanted = Matrix(segments, transposed)
        if wanted not in self.matrices:
            self.matrices.append(wanted)
        return self.matrices.index(wanted)

    def place(self, stage: int, offsets: dict[str, int], fixed: dict[Node, Ref], saved: set[Node]) -> Placement:
        return Placement(self, stage, offsets, fixed, saved)


class Placement:
    """Gives the nodes of one direction of one stage their places, and emits their instructions.

    `fixed` nodes have their place already; `saved` ones must outlive the step. `refs` grows as sections are emitted.
    """

    def __init__(self, emitter: Emitter, stage: int, offsets: dict[str, int], fixed: dict[Node, Ref], saved: set[Node]):
        self.emitter, self.stage, self.offsets = emitter, stage, offsets
        self.refs: dict[Node, Ref] = dict(fixed)
        self.saved, self.fixed = saved, set(fixed)
        self.elided: set[Node] = set()  # copies of what lies in their place already

    def section(self, nodes: list[Node], later: Iterable[Node], *, merged: bool) -> tuple[Step, ...]:
        """The instructions of one section; `later` are the nodes of a section that runs after this one."""
        rounds = _rounds(nodes)
        self._assign(rounds, nodes, list(later), merged)
        steps: list[Step] = []
        for kind, members in rounds:
            steps.extend(self._program(members) if kind == "elementwise" else self._products(members))
        return tuple(steps)

    # --- places ---------------------------------------------------------------------------------------------

    def _assign(self, rounds: list[tuple[str, list[Node]]], nodes: list[Node], later: list[Node], merged: bool) -> None:
        group = {n: k for k, (_, members) in enumerate(rounds) for n in members}
        users: dict[Node, list[Node]] = defaultdict(list)
        for n in [*nodes, *later]:
            for i in n.inputs:
                users[i].append(n)
        inside = set(nodes)
        for n in reversed(nodes):  # an affine's place before its base's
            outlives = n in self.saved or any(u not in inside for u in users[n])
            if n in self.refs or (n.is_elementwise and not outlives and _stays(n, users[n], group)):
                continue
            self.refs[n] = self._inherited(n, users[n]) or self._new(n, merged or outlives)
        for n in nodes:
            if n.is_elementwise and n in self.saved and n not in self.fixed:
                self._reuse(n, users)
            if n.op == "copy":
                self._elide(n, users, group)

    def _new(self, n: Node, every_step: bool) -> Ref:
        return Ref(self.emitter.new_slot(n.width, "steps" if every_step else "single", self.stage))

    def _inherited(self, n: Node, users: list[Node]) -> Ref | None:
        """An affine and its base lie in one place: the products are added to the base there."""
        if n.base is not None and n.base in self.refs:
            return self.refs[n.base]
        owners = [u for u in users if u.base is n]
        return self.refs.get(owners[0]) if owners else None

    def _reuse(self, n: Node, users: dict[Node, list[Node]]) -> None:
        """A saved activation takes the place of the sum it was computed from, if nothing else needs that sum."""
        for i in n.inputs:
            free = i.op == "affine" and users[i] == [n] and i not in self.saved and i.width == n.width
            if free and self.emitter.slots[self.refs[i].slot].time == "steps":
                self.refs[n] = self.refs[i]
                return

    def _elide(self, copy: Node, users: dict[Node, list[Node]], group: dict[Node, int]) -> None:
        """A value that is only copied is computed where the copy would lie."""
        i = copy.inputs[0]
        if i.is_elementwise and i not in self.refs and users[i] == [copy] and group.get(i) == group[copy]:
            self.refs[i] = self.refs[copy]
            self.elided.add(copy)

    # --- instructions ---------------------------------------------------------------------------------------

    def _program(self, members: list[Node]) -> list[Step]:
        registers = _Registers(members, self.refs)
        code = []
        for n in (m for m in members if m not in self.elided):
            inputs = tuple(self._operand(i, registers) for i in n.inputs)
            out = self._slot_operand(n) if n in self.refs else registers.take(n)
            registers.release(n)
            code.append(Instruction(n.op, out, inputs, n.first, n.second))
        return [Elementwise(tuple(code))]

    def _operand(self, n: Node, registers: _Registers) -> Operand:
        if n.op == "const":
            return Operand("const", 0, value=n.first)
        if n.op == "vector":
            assert n.parameter is not None
            return Operand("vector", n.width, index=self.offsets[n.parameter.name])
        return self._slot_operand(n) if n.ref is not None or n in self.refs else registers.operand(n)

    def _slot_operand(self, n: Node) -> Operand:
        return Operand("slot", n.width, self._ref(n))

    def _ref(self, n: Node) -> Ref:
        return n.ref if n.ref is not None else self.refs[n]

    def _products(self, members: list[Node]) -> list[Step]:
        steps: list[Step] = [
            Lookup(self.offsets[n.parameter.name], _rows(n.parameter), self._ref(n.inputs[0]), self.refs[n])
            for n in members
            if n.op == "lookup" and n.parameter is not None
        ]
        affine = [n for n in members if n.op == "affine"]
        for k in range(max((len(n.products) for n in affine), default=0)):
            steps.extend(self._fused([n for n in affine if len(n.products) > k], k))
        return steps

    def _fused(self, affine: list[Node], k: int) -> list[Step]:
        """The k-th products of affine nodes, those of the same operand as one."""
        alike: dict[tuple, list[Node]] = defaultdict(list)
        for number, n in enumerate(affine):
            _, transposed, source = n.products[k]
            add = k > 0 or n.base is not None
            alike[(self._ref(source), add, number if transposed else -1)].append(n)
        return [self._product(list(group), k, source, add) for (source, add, _), group in alike.items()]

    def _product(self, group: list[Node], k: int, source: Ref, add: bool) -> Product:
        transposed = group[0].products[k][1]
        segments = tuple(self._segment(n.products[k][0]) for n in group)
        bias = tuple(self.offsets[n.biases[0].name] if n.biases and k == 0 else None for n in group)
        return Product(self.emitter.matrix(segments, transposed), source, tuple(self.refs[n] for n in group), add, bias)

    def _segment(self, p: Parameter) -> tuple[int, int, int]:
        assert p.dim.value is not None and p.columns.value is not None
        return (self.offsets[p.name], p.dim.value, p.columns.value)


def _rows(p: Parameter) -> int:
    assert p.dim.value is not None
    return p.dim.value


def _rounds(nodes: list[Node]) -> list[tuple[str, list[Node]]]:
    """Elementwise nodes and products in turns, each as soon as its operands are there."""
    left, waiting = list(nodes), set(nodes)
    rounds: list[tuple[str, list[Node]]] = []
    while left:
        for kind in ("elementwise", "product"):
            taken = []
            for n in left:
                wanted = n.is_elementwise == (kind == "elementwise")
                if wanted and not any(i in waiting for i in n.inputs):
                    taken.append(n)
                    if kind == "elementwise":
                        waiting.discard(n)
            waiting.difference_update(taken)
            gone = set(taken)
            left = [n for n in left if n not in gone]
            if taken:
                rounds.append((kind, taken))
    return rounds


def _stays(n: Node, users: list[Node], group: dict[Node, int]) -> bool:
    """Whether an elementwise value is used in its own program only."""
    return all(u.is_elementwise and group.get(u) == group[n] for u in users)


class _Registers:
    """Numbers the temporary values of one program; a number is used again once its value is dead."""

    def __init__(self, members: list[Node], refs: dict[Node, Ref]):
        self.left = Counter(i for n in members for i in n.inputs if i.inputs and i not in refs)
        self.free: dict[int, list[int]] = defaultdict(list)
        self.number: dict[Node, int] = {}
        self.count = 0

    def take(self, n: Node) -> Operand:
        if self.free[n.width]:
            self.number[n] = self.free[n.width].pop()
        else:
            self.number[n] = self.count
            self.count += 1
        return self.operand(n)

    def operand(self, n: Node) -> Operand:
        return Operand("temp", n.width, index=self.number[n])

    def release(self, n: Node) -> None:
        for i in n.inputs:
            self.left[i] -= 1
            if self.left[i] == 0 and i in self.number:
                self.free[i.width].append(self.number.pop(i))
