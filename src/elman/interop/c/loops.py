"""Loops: what is inside of one, place by place."""

from __future__ import annotations

import re
from typing import Protocol

from elman.interop.c.expressions import ATOM, MUL, Text, expression
from elman.interop.c.functions import Functions
from elman.interop.c.names import Names
from elman.interop.c.order import Loop, Order
from elman.interop.c.values import Value


class Writes(Protocol):
    """What a loop needs of the function around it; see `elman.interop.c.statements.Statements`."""

    names: Names
    order: Order
    functions: Functions
    in_place: dict[Value, str]

    @property
    def real(self) -> str: ...
    def at(self, value: Value, place: str) -> str: ...
    def row(self, value: Value, place: str) -> str: ...
    def stored(self, value: Value) -> object: ...
    def stem(self, value: Value) -> str: ...


class Inner:
    """Writes what is inside of a loop."""

    def __init__(self, writer: Writes, loop: Loop):
        self.writer, self.loop = writer, loop
        self.own = set(loop.values)
        self.named: dict[Value, str] = {}

    def body(self) -> list[str]:
        writer, lines = self.writer, []
        for value in self.loop.values:
            if value.op == "lookup":
                writer.row(value, "i")
        outside = {v: writer.order.outside(v) for v in self.loop.values}
        for value in self.loop.values:
            inside = [r for r in writer.order.readers[value] if r in self.own]
            if not outside[value] and len(inside) == 1 and not value.name:
                continue  # written where it is read
            text = self._made(value)[0]
            if inside:
                name = writer.names.take(f"{writer.stem(value)}_i")
                lines.append(f"const {writer.real} {name} = {text};")
                self.named[value] = text = name
            if outside[value]:
                writer.stored(value)
                lines.append(f"{writer.at(value, 'i')} = {text};")
        return self._old_states_first(lines)

    def _old_states_first(self, lines: list[str]) -> list[str]:
        """What is written over an old state, behind all that reads that."""
        found, last = [], []
        for number, line in enumerate(lines):
            to, equals, text = line.partition(" = ")
            state = to.removesuffix("[i]") if to.endswith("[i]") else ""
            read = any(re.search(rf"\b{re.escape(to)}", later) for later in lines[number + 1 :])
            if not (equals and state in self.writer.in_place.values() and read):
                found.append(line)
            elif text.rstrip(";").isidentifier():
                last.append(line)
            else:
                name = self.writer.names.take(f"{state}_i")
                found.append(f"const {self.writer.real} {name} = {text}")
                last.append(f"{to} = {name};")
        return [*found, *last]

    def text(self, value: Value) -> Text:
        if value in self.named:
            return self.named[value], ATOM
        if value in self.own:
            return self._made(value)
        return self.writer.at(value, "i"), ATOM

    def _made(self, value: Value) -> Text:
        if value.op == "lookup":
            text = self.writer.row(value, "i")
            return text, ATOM if "*" not in text.partition("[")[0] else MUL
        if value.op == "outer":
            a, b = value.inputs
            left, right = (self.writer.at(a, "row"), ATOM), (self.writer.at(b, "column"), ATOM)
            return expression("outer", (left, right), 0, 0, self.writer.functions)
        operands = [self.text(i) for i in value.inputs]
        return expression(value.op, operands, value.first, value.second, self.writer.functions)
