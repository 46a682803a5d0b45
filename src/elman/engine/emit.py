"""Emit: from placed nodes to the plan's instructions.

A round of elementwise nodes becomes one program, a round of products one product for each operand. What outlives its
program lies in a slot (`elman.engine.places`), the rest in registers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from elman.engine.lower import Node
from elman.engine.places import Places
from elman.engine.plan import Attend, AttendBack, Elementwise, Instruction, Lookup, Matrix, Operand, Product, Step
from elman.engine.rounds import rounds_of
from elman.engine.slots import Ref, Slot, Time
from elman.equations.symbols import Parameter


class Emitter:
    """Collects the slots and matrices of all stages."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.matrices: list[Matrix] = []

    def new_slot(self, width: int, time: Time, stage: int, name: str = "", axis: int = 0) -> int:
        self.slots.append(Slot(width, time, stage, name, axis))
        return len(self.slots) - 1

    def matrix(self, segments: tuple[tuple[int, int, int], ...], transposed: bool) -> int:
        wanted = Matrix(segments, transposed)
        if wanted not in self.matrices:
            self.matrices.append(wanted)
        return self.matrices.index(wanted)


class Placement:
    """Emits the instructions of one direction of one stage."""

    def __init__(self, emitter: Emitter, places: Places, offsets: dict[str, int]):
        self.emitter, self.places, self.offsets = emitter, places, offsets

    def section(self, nodes: list[Node], later: Iterable[Node], *, merged: bool) -> tuple[Step, ...]:
        """The instructions of one section; `later` are the nodes of a section that runs after this one."""
        rounds = rounds_of(nodes, {*self.places.saved, *self.places.refs})
        self.places.order(rounds, list(later))
        self.places.assign(rounds, list(later), merged=merged)
        steps: list[Step] = []
        for one in rounds:
            steps.extend(self._program(one.nodes) if one.elementwise else self._products(one.nodes))
        return tuple(steps)

    # --- instructions ---------------------------------------------------------------------------------------

    def _program(self, members: list[Node]) -> list[Step]:
        registers = _Registers(members, self.places.refs)
        code = []
        for n in (m for m in members if m not in self.places.elided):
            inputs = tuple(self._operand(i, registers) for i in n.inputs)
            out = self._result(n, registers)
            registers.release(n)
            code.append(Instruction(n.op, out, inputs, n.first, n.second, n.name))
        return [Elementwise(tuple(code))]

    def _result(self, n: Node, registers: _Registers) -> Operand:
        if n.op == "accumulate":
            assert n.parameter is not None
            return Operand("sum", n.width, index=self.offsets[n.parameter.name])
        return self._slot_operand(n) if self.places.of(n) else registers.take(n)

    def _operand(self, n: Node, registers: _Registers) -> Operand:
        if n.op == "const":
            return Operand("const", 0, value=n.first)
        if n.op == "vector":
            assert n.parameter is not None
            return Operand("vector", n.width, index=self.offsets[n.parameter.name])
        return self._slot_operand(n) if self.places.of(n) else registers.operand(n)

    def _slot_operand(self, n: Node) -> Operand:
        return Operand("slot", n.width, self.places.ref(n))

    def _products(self, members: list[Node]) -> list[Step]:
        steps: list[Step] = [
            Lookup(self.offsets[n.parameter.name], _rows(n.parameter), self.places.ref(n.inputs[0]), self.places.ref(n))
            for n in members
            if n.op == "lookup" and n.parameter is not None
        ]
        steps += [self._attend(n) for n in members if n.op == "attend"]
        steps += [self._attend_back(n) for n in members if n.op == "attend_back"]
        affine = [n for n in members if n.op == "affine"]
        for k in range(max((len(n.products) for n in affine), default=0)):
            steps.extend(self._fused([n for n in affine if len(n.products) > k], k))
        return steps

    def _attend(self, n: Node) -> Attend:
        return self._attention(n, n.inputs[0], self.places.ref(n))

    def _attention(self, n: Node, query: Node, target: Ref) -> Attend:
        vector = -1 if n.parameter is None else self.offsets[n.parameter.name]
        keys, values = n.memory
        return Attend(self.places.ref(query), keys.value, values.value, target, n.first, vector)

    def _attend_back(self, n: Node) -> AttendBack:
        gradient, query = n.inputs
        keys, values = n.memory
        attend = self._attention(n, query, Ref(-1))
        return AttendBack(attend, self.places.ref(gradient), self.places.ref(n), keys.gradient, values.gradient)

    def _fused(self, affine: list[Node], k: int) -> list[Step]:
        """The k-th products of affine nodes, those of the same operand as one."""
        alike: dict[tuple, list[Node]] = defaultdict(list)
        for number, n in enumerate(affine):
            _, transposed, source = n.products[k]
            add = k > 0 or n.base is not None
            alike[(self.places.ref(source), add, number if transposed else -1)].append(n)
        return [self._product(list(group), k, source, add) for (source, add, _), group in alike.items()]

    def _product(self, group: list[Node], k: int, source: Ref, add: bool) -> Product:
        transposed = group[0].products[k][1]
        segments = tuple(self._segment(n.products[k][0]) for n in group)
        bias = tuple(self.offsets[n.biases[0].name] if n.biases and k == 0 else None for n in group)
        return Product(
            self.emitter.matrix(segments, transposed), source, tuple(self.places.ref(n) for n in group), add, bias
        )

    def _segment(self, p: Parameter) -> tuple[int, int, int]:
        assert p.dim.value is not None and p.columns.value is not None
        return (self.offsets[p.name] + p.start, p.dim.value, p.columns.value)


def _rows(p: Parameter) -> int:
    assert p.dim.value is not None
    return p.dim.value


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
