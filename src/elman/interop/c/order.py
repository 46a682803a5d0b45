"""Order: the values of a step as statements. What is elementwise and of one width goes into one loop."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from elman.equations.graph import ordered
from elman.equations.ops import row_of
from elman.interop.c.values import LEAVES, Step, Value

ELEMENTWISE = ("outer", "lookup", "expand")  # beside the maps of the table
Fold = tuple[int, int] | None


@dataclass(frozen=True, eq=False)
class Loop:
    """Values of one width, computed place by place; `fold` of the rows and columns of an outer product among them."""

    values: tuple[Value, ...]
    fold: Fold = None


@dataclass(frozen=True, eq=False)
class Multiply:
    """All products of one operand: the number of each value's term."""

    of: Value
    terms: tuple[tuple[Value, int], ...]


@dataclass(frozen=True, eq=False)
class Single:
    """One value: a number, a sum over a vector, a vector put together; `inside` are those it computes as it goes."""

    value: Value
    inside: frozenset[Value] = frozenset()


Statement = Loop | Multiply | Single


@dataclass(eq=False)
class Order:
    """The statements of a step, and who reads its values."""

    step: Step
    statements: list[Statement]
    readers: dict[Value, list[Value]]
    at: dict[Value, int]  # of each value, the number of the statement that makes it

    def outside(self, value: Value) -> bool:
        """Whether a value is read by another statement than its own, or is returned."""
        return value in set(self.step.outputs) or any(self._elsewhere(value, r) for r in self.readers[value])

    def _elsewhere(self, value: Value, reader: Value) -> bool:
        return reader.op == "view" or self.at.get(reader) != self.at[value]


def is_map(value: Value) -> bool:
    """Whether each place of a value is made of the same place of others, or of numbers."""
    return value.op in ELEMENTWISE or (value.op not in LEAVES and _shape(value) == "map")


def _shape(value: Value) -> str:
    return "own" if value.op in ("view", "affine") else row_of(value).shape


def base(value: Value) -> Value:
    """What a view looks at."""
    return value.inputs[0] if value.op == "view" else value


def in_order(step: Step) -> Order:
    """Statements for a step, each behind those that it reads."""
    values = ordered(step.outputs)
    readers: dict[Value, list[Value]] = defaultdict(list)
    for value in values:
        for operand in value.inputs:
            readers[operand].append(value)
    return _Ordering(step, values, readers).order()


class _Ordering:
    def __init__(self, step: Step, values: Sequence[Value], readers: dict[Value, list[Value]]):
        self.step, self.values, self.readers = step, values, readers
        self.uses = Counter({v: len(r) for v, r in readers.items()}) + Counter(step.outputs)
        self.inside = {v: self._inlined(v) for v in values if _shape(v) == "reduce"}
        hidden = {i for found in self.inside.values() for i in found}
        self.done: set[Value] = {v for v in values if v.op in LEAVES}
        self.pending = [v for v in values if v.op not in LEAVES and v.op != "view" and v not in hidden]
        self.statements: list[Statement] = []
        self.multiplied: set[tuple[Value, int]] = set()

    def order(self) -> Order:
        while self.pending:
            if not (self._multiply() or self._singles()):
                self._loop()
        at = {v: n for n, s in enumerate(self.statements) for v in _made(s)}
        return Order(self.step, self.statements, self.readers, at)

    def _inlined(self, reduce: Value) -> frozenset[Value]:
        """What serves a sum over a vector only, and is computed as that goes."""
        found: set[Value] = set()
        stack = [v for v in reduce.inputs if v.width > 1]
        while stack:
            value = stack.pop()
            if is_map(value) and value.op not in ELEMENTWISE and self.uses[value] == 1 and not value.name:
                found.add(value)
                stack += [i for i in value.inputs if i.width == value.width]
        return frozenset(found)

    def _needs(self, value: Value) -> Iterable[Value]:
        """What must be there before a value."""
        inside = self.inside.get(value, frozenset())
        return (base(i) for v in (value, *inside) for i in v.inputs if i not in inside)

    def _is_there(self, value: Value) -> bool:
        return base(value) in self.done

    def _ready(self, value: Value) -> bool:
        return all(self._is_there(i) for i in self._needs(value))

    def _finish(self, values: Iterable[Value], statement: Statement | None = None) -> None:
        self.done.update(values)
        self.pending = [v for v in self.pending if v not in self.done]
        if statement is not None:
            self.statements.append(statement)

    def _multiply(self) -> bool:
        """All products whose operand is there."""
        waiting: dict[Value, list[tuple[Value, int]]] = {}
        affine = [v for v in self.pending if v.op == "affine"]
        for value in affine:
            for number, term in enumerate(value.terms):
                if (value, number) not in self.multiplied and self._is_there(term.of):
                    waiting.setdefault(term.of, []).append((value, number))
        for operand, terms in waiting.items():
            self.multiplied.update(terms)
            self.statements.append(Multiply(operand, tuple(terms)))
        self._finish(v for v in affine if all((v, n) in self.multiplied for n in range(len(v.terms))))
        return bool(waiting)

    def _singles(self) -> bool:
        found = [v for v in self.pending if not (is_map(v) and v.width > 1) and v.op != "affine" and self._ready(v)]
        for value in found:
            self._finish([value], Single(value, self.inside.get(value, frozenset())))
        return bool(found)

    def _loop(self) -> None:
        """As many values of one width as are ready, or made of those in the loop, place by place."""
        first = next(v for v in self.pending if is_map(v) and v.width > 1 and self._ready(v))
        chosen: dict[Value, None] = {}
        fold: Fold = None
        for value in self.pending:
            if not is_map(value) or value.width != first.width:
                continue
            mine = (value.inputs[0].width, value.inputs[1].width) if value.op == "outer" else None
            fits = all(self._is_there(i) or (i in chosen and value.op not in ELEMENTWISE) for i in value.inputs)
            if fits and (mine is None or fold is None or mine == fold):
                chosen[value] = None
                fold = fold or mine
        self._finish(chosen, Loop(tuple(chosen), fold))


def _made(statement: Statement) -> tuple[Value, ...]:
    if isinstance(statement, Loop):
        return statement.values
    return (statement.value, *statement.inside) if isinstance(statement, Single) else ()
