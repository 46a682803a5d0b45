"""A layer's step as statements of C."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from elman.interop.c.expressions import ATOM, Text, expression
from elman.interop.c.loops import Inner
from elman.interop.c.order import Loop, Multiply, Single
from elman.interop.c.places import Place, Places
from elman.interop.c.sums import best_order, runs_of
from elman.interop.c.values import Value


@dataclass
class Statements(Places):
    """Those of one layer, in the order in which they are computed."""

    def _begin(self) -> None:
        super()._begin()
        self.products = self.per_memory = 0
        self.checks = False
        self.rows: dict[Value, str] = {}  # of lookups, the names of what they look up

    def _compute(self) -> None:
        self._sums()
        for statement in self.order.statements:
            self._statement(statement)

    def _sums(self) -> None:
        """The array of all sums of products, those of one operand beside one another, and what they begin with."""
        affine = self._affine_values()
        if not affine:
            return
        wall = best_order(affine)
        total = sum(v.width for v in wall)
        base_name = "out" if wall == [self.out] and self.out in self.places else self._local("sums", total)
        offset = 0
        for value in wall:
            name = base_name
            if base_name != "out" and len(wall) > 1:
                name = self.own.get(value) or self.names.take(f"{self._reader(value)}_sum")
                self.arrays.append(f"{self.real} *const {name} = {base_name} + {offset};")
            if self.places.get(value, Place("")).text == "out" and base_name != "out":
                del self.places[value]
            self.places[value] = Place(name)
            offset += value.width
        self.runs = runs_of(wall)
        bias = np.concatenate([v.array for v in wall])  # type: ignore[misc]
        if bias.any():
            self.functions.use("copy")
            self.lines.append(f"copy({base_name}, {self.weights.vector(bias, f'{self.name}_bias')}, {total});")
        else:
            self.functions.use("fill")
            self.lines.append(f"fill({base_name}, {self._zero}, {total});")

    def _affine_values(self) -> list[Value]:
        found: dict[Value, None] = {}
        for statement in self.order.statements:
            if isinstance(statement, Multiply):
                found |= {v: None for v, _ in statement.terms}
        return list(found)

    def _statement(self, statement: Loop | Multiply | Single) -> None:
        if isinstance(statement, Multiply):
            self._multiply(statement)
        elif isinstance(statement, Loop):
            self._loop(statement)
        elif statement.value.op in ("sum", "mean", "max"):
            self._reduce(statement)
        elif statement.value.op == "concat":
            self._concat(statement.value)
        elif statement.value.op in ("matvec", "vecmat"):
            self._matrix_product(statement.value)
        elif statement.value.op in ("attend", "attend_additive"):
            self._attend(statement.value)
        else:
            self._number(statement.value)

    def _multiply(self, statement: Multiply) -> None:
        for run in self.runs[statement.of]:
            first, term = run[0]
            parts = [v.terms[n].matrix for v, n in run]
            labels = ", ".join(dict.fromkeys(v.terms[n].label for v, n in run))
            name = f"{self.name}_{'_'.join(dict.fromkeys(v.terms[n].label for v, n in run))}"
            matrix = self.weights.matrix(parts, name[:40], first.terms[term].blocks, labels)
            self.lines += matrix.product(self._pointer(statement.of), self._pointer(first))
            self.products += sum(len(p) * p.shape[1] for p in parts)

    def _number(self, value: Value) -> None:
        """A value of one number."""
        if value.op == "pick":
            x, index = value.inputs
            place = self._index(index, x.width)
            where = self._pointer(x)
            text: Text = (f"{where if where.isidentifier() else f'({where})'}[{place}]", ATOM)
        elif value.op == "lookup":
            text = (self.row(value, "0"), ATOM)
        else:
            operands = [(self.at(i, "0"), ATOM) for i in value.inputs]
            text = expression(value.op, operands, value.first, value.second, self.functions)
        self._define(value, text[0])

    def _define(self, value: Value, text: str) -> None:
        if value in self.places:  # in `out`, say
            self.lines.append(f"{self.at(value, '0')} = {text};")
            return
        name = self._taken(value)
        self.places[value] = Place(name, number=True)
        self.lines.append(f"const {self.real} {name} = {text};")

    def _index(self, index: Value, count: int) -> str:
        """The number of a place, which is looked at first."""
        self.checks = True
        text = self.at(index, "0")
        self.lines += [f"if (!({text} >= {self._zero} && {text} < {self.functions.literal(float(count))})) {{"]
        self.lines += [f"    return {self.error};", "}"]
        name = self.names.take(f"{index.name or 'index'}_place")
        self.lines.append(f"const size_t {name} = (size_t){text};")
        return name

    def row(self, value: Value, place: str) -> str:
        assert value.array is not None
        table = self.weights.table(value.array, f"{self.name}_{value.name or 'E'}")
        if value not in self.rows:
            self.rows[value] = self._index(value.inputs[0], table.rows)
        return table.place(self.rows[value], place, self.real)

    def _loop(self, loop: Loop) -> None:
        inner = Inner(self, loop)
        body = inner.body()
        if loop.fold is None:
            head = [f"for (size_t i = 0; i < {loop.values[0].width}; i++) {{"]
            self.lines += [*head, *(f"    {line}" for line in body), "}"]
            return
        rows, columns = loop.fold
        self.lines += [
            f"for (size_t row = 0; row < {rows}; row++) {{",
            f"    for (size_t column = 0; column < {columns}; column++) {{",
            *(
                [f"        const size_t i = row * {columns} + column;"]
                if any("[i]" in b or "+ i]" in b for b in body)
                else []
            ),
            *(f"        {line}" for line in body),
            "    }",
            "}",
        ]

    def _reduce(self, statement: Single) -> None:
        value = statement.value
        x = value.inputs[0]
        inner = Inner(self, Loop(tuple(statement.inside)))
        if x.width == 1:
            self._define(value, self.at(x, "0") if x not in statement.inside else inner.text(x)[0])
            return
        name = self.own.get(value) or self.names.take(f"{value.op}_in_{self._reader(value)}")
        text = inner.text(x)
        at_first = re.sub(r"\bi\b", "0", text[0])
        start = at_first if value.op == "max" else self._zero
        self.lines.append(f"{self.real} {name} = {start};")
        self.lines.append(f"for (size_t i = {int(value.op == 'max')}; i < {x.width}; i++) {{")
        if value.op == "max":
            self.functions.use("maximum")
            self.lines.append(f"    {name} = maximum({name}, {text[0]});")
        else:
            self.lines.append(f"    {name} += {text[0]};")
        self.lines.append("}")
        if value.op == "mean":
            self.lines.append(f"{name} /= {self.functions.literal(float(x.width))};")
        if value in self.places:
            self.lines.append(f"{self.at(value, '0')} = {name};")
        else:
            self.places[value] = Place(name, number=True)

    def _concat(self, value: Value) -> None:
        place = self.stored(value)
        offset = place.offset
        for piece in value.inputs:
            target = f"{place.text} + {offset}" if offset else place.text
            if piece.width == 1:
                self.lines.append(f"{place.text}[{offset}] = {self.at(piece, '0')};")
            else:
                self.functions.use("copy")
                self.lines.append(f"copy({target}, {self._pointer(piece)}, {piece.width});")
            offset += piece.width

    def _matrix_product(self, value: Value) -> None:
        """With a matrix that is a vector, row after row."""
        place = self._target(value)
        self.functions.use("fill")
        self.lines.append(f"fill({place}, {self._zero}, {value.width});")
        if value.op == "matvec":
            matrix, x = value.inputs
            call = f"multiply_rows({self._pointer(matrix)}, {self._pointer(x)}, {value.width}, {x.width}, {place});"
            self.functions.use("multiply_rows")
        else:
            x, matrix = value.inputs
            call = f"multiply({self._pointer(matrix)}, {self._pointer(x)}, {value.width}, {x.width}, {place});"
            self.functions.use("multiply")
        self.lines.append(call)
        self.products += matrix.width

    def _target(self, value: Value) -> str:
        self.stored(value)
        return self._pointer(value)

    def _attend(self, value: Value) -> None:
        """Twice through the steps of the memory: for the best score, then for the mean with its shares."""
        query, keys, values, *vector = value.inputs
        place = self._target(value)
        steps = self.counts[self.step.memories.index(keys)]
        exp = self.functions.name("exp")
        n, m = keys.width, values.width
        best, weight, score = (self.names.take(w) for w in ("best", "weight", "score"))
        key = f"{self._pointer(keys)} + k * {n}"
        if vector:
            self.functions.use("score")
            text = f"score({self._pointer(query)}, {key}, {self._pointer(vector[0])}, {n})"
        else:
            self.functions.use("dot")
            scale = self.functions.literal(value.first or float(self.functions_number(n**-0.5)))
            text = f"{scale} * dot({self._pointer(query)}, {key}, {n})"
        self.functions.use("fill")
        self.functions.use("maximum")
        self.per_memory += 2 * n + m
        self.lines += [
            f"{self.real} {best} = {self.functions.literal(-np.inf)}, {weight} = {self._zero};",
            f"for (size_t k = 0; k < {steps}; k++) {{",
            f"    {best} = maximum({best}, {text});",
            "}",
            f"fill({place}, {self._zero}, {m});",
            f"for (size_t k = 0; k < {steps}; k++) {{",
            f"    const {self.real} {score} = {exp}({text} - {best});",
            f"    {weight} += {score};",
            f"    for (size_t j = 0; j < {m}; j++) {{",
            f"        ({place})[j] += {score} * ({self._pointer(values)})[k * {m} + j];",
            "    }",
            "}",
            f"for (size_t j = 0; j < {m}; j++) {{",
            f"    ({place})[j] /= {weight};",
            "}",
        ]

    def functions_number(self, value: float) -> float:
        return float(np.float32(value)) if self.real == "float" else value
