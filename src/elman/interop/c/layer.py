"""A layer's step as a function of C: its equations as a comment, their names as those of its values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from elman.equations.graph import ordered
from elman.equations.render import plain_text
from elman.interop.c.expressions import ATOM, Text, expression
from elman.interop.c.functions import RESERVED, Functions
from elman.interop.c.in_place import in_place
from elman.interop.c.loops import Inner
from elman.interop.c.names import Names, remark
from elman.interop.c.order import Loop, Multiply, Order, Single, base, in_order
from elman.interop.c.sums import best_order, runs_of
from elman.interop.c.values import Step, Term, Value
from elman.interop.c.weights import Weights

FARTHEST = 20  # readers that are gone through for a name


@dataclass
class Written:
    """A function of C.

    Attributes
    ----------
    name : str
    text : str
        Of the definition.
    arguments : list of str
        What it takes, of `state`, `inputs` by number, `memories` by number and `out`, in their order.
    checks : bool
        Whether it returns that an index is none.
    stack : int
        Bytes of its arrays.
    products : int
        Multiply-adds of a call; those with a memory are per step of that.
    per_memory : int
    """

    name: str
    text: str
    arguments: list[str]
    checks: bool
    stack: int
    products: int
    per_memory: int


@dataclass
class Place:
    """Where a value is: an array from an offset on, or with `number` a number by itself."""

    text: str
    offset: int = 0
    number: bool = False


@dataclass
class Writer:
    """Writes one layer.

    Parameters
    ----------
    name : str
        Of the function.
    fields : list of str
        Where the states are, in the state of the network.
    """

    name: str
    step: Step
    fields: Sequence[str]
    state_type: str
    error: str
    functions: Functions
    weights: Weights
    places: dict[Value, Place] = field(default_factory=dict)
    arrays: list[str] = field(default_factory=list)  # declarations
    lines: list[str] = field(default_factory=list)

    def written(self) -> Written:
        counters = ["k", "j"] * bool(self.step.memories) + ["b"] * any(t.blocks > 1 for t in self._terms())
        self.names = Names([*RESERVED, "s", "out", "row", "column", "sums", *counters, self.name])
        self.stack = self.products = self.per_memory = 0
        self.checks = False
        self.rows: dict[Value, str] = {}  # of lookups, the names of what they look up
        self.order: Order = in_order(self.step)
        self.states = [self.names.take(v.name, "h") for v in self.step.states]
        for value, name in zip(self.step.states, self.states, strict=True):
            self.places[value] = Place(name)
        self.given = [self._argument(v, "x") for v in self.step.inputs]
        self.attended = [self._argument(v, "memory") for v in self.step.memories]
        self.counts = [self.names.take(f"{name}_steps") for name in self.attended]
        self.own = {v: self.names.take(v.name) for v in self._named()}
        self._place_arrays()
        self.in_place = in_place(self.order, self.states)
        self._place_output()
        self._sums()
        for number, statement in enumerate(self.order.statements):
            self._statement(number, statement)
        self._ends()
        return self._finished()

    def _terms(self) -> Iterable[Term]:
        return (term for value in ordered(self.step.outputs) for term in value.terms)

    def _named(self) -> list[Value]:
        """The values that are made here and have a name in the equations."""
        made = [v for v in ordered(self.step.outputs) if v in self.order.at or v.op == "affine"]
        return [v for v in made if v.name]

    def _argument(self, value: Value, otherwise: str) -> str:
        name = self.names.take(value.name, otherwise)
        self.places[value] = Place(name)
        return name

    # --- where values are -----------------------------------------------------------------------------------------

    def _place_arrays(self) -> None:
        for value in ordered(self.step.outputs):
            if value.op == "array":
                assert value.array is not None
                self.places[value] = Place(self.weights.vector(value.array, f"{self.name}_{value.name or 'b'}"))

    @property
    def _has_output(self) -> bool:
        return len(self.step.outputs) > len(self.step.states)

    def _place_output(self) -> None:
        """What is returned and is no state lies in `out`, if it is made here."""
        self.out = self.step.outputs[0] if self._has_output else None
        out = self.out
        if out is None or out.op == "view" or out not in self.order.at and out.op != "affine":
            return
        if out not in self.in_place:
            self.places[out] = Place("out")

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

    def stem(self, value: Value) -> str:
        """What a value is called: as in the equations, else as a part of the first that reads it and has a name."""
        return self.own.get(value) or f"{self._reader(value)}_part"

    def _reader(self, value: Value) -> str:
        """The name of the first value that is made of another and has one."""
        reader, seen = value, 0
        while not reader.name and self.order.readers[reader] and seen < FARTHEST:
            reader, seen = self.order.readers[reader][0], seen + 1
        ends = zip(self.step.states, self.step.new_states, strict=True)
        return reader.name or next((old.name for old, new in ends if new is reader), "out")

    def _taken(self, value: Value) -> str:
        """A name for a value that has a place of its own."""
        return self.own.get(value) or self.names.take(self.stem(value))

    def _local(self, wanted: str, count: int) -> str:
        name = "sums" if wanted == "sums" else self.names.take(wanted)
        self.arrays.append(f"{self.real} {name}[{count}];")
        self.stack += count * self._size
        return name

    @property
    def real(self) -> str:
        return self.functions.real

    @property
    def _size(self) -> int:
        return 4 if self.functions.real == "float" else 8

    @property
    def _zero(self) -> str:
        return self.functions.literal(0.0)

    def stored(self, value: Value) -> Place:
        """The array that a value is written to."""
        if value in self.in_place:
            return self.places.setdefault(value, Place(self.in_place[value]))
        if value not in self.places:
            name = self._taken(value)
            self.arrays.append(f"{self.real} {name}[{value.width}];")
            self.stack += value.width * self._size
            self.places[value] = Place(name)
        return self.places[value]

    # --- how values are read --------------------------------------------------------------------------------------

    def at(self, value: Value, place: str) -> str:
        """The text of a value at a place; of a single number that."""
        if value.op == "number":
            assert value.array is not None
            return self.functions.literal(value.array[0])
        offset, where = 0, value
        if value.op == "view":
            offset, where = int(value.first), value.inputs[0]
        found = self.places[where]
        offset += found.offset
        if found.number:
            return found.text
        if value.width == 1:
            return f"{found.text}[{offset}]"
        return f"{found.text}[{f'{offset} + ' if offset else ''}{place}]"

    def _pointer(self, value: Value) -> str:
        """Where a value begins."""
        if value.op == "number":
            assert value.array is not None
            place = Place(self.weights.vector(value.array, f"{self.name}_number"))
            return place.text
        offset, where = (int(value.first), value.inputs[0]) if value.op == "view" else (0, value)
        found = self.places[where]
        if found.number:
            return f"&{found.text}"
        offset += found.offset
        return f"{found.text} + {offset}" if offset else found.text

    # --- statements -----------------------------------------------------------------------------------------------

    def _statement(self, number: int, statement: Loop | Multiply | Single) -> None:
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

    # --- what is returned -----------------------------------------------------------------------------------------

    def _ends(self) -> None:
        moves = []  # (to, value)
        if self.out is not None and self.places.get(self.out, Place("")).text != "out":
            moves.append(("out", self.out, self.out.width))
        for old, new, name in zip(self.step.states, self.step.new_states, self.states, strict=True):
            if new is not old and new not in self.in_place:
                moves.append((name, new, new.width))
        self._move(moves)

    def _move(self, moves: list[tuple[str, Value, int]]) -> None:
        """Copies, none of what another has written over."""
        while moves:
            targets = [to for to, *_ in moves]
            free = next((m for m in moves if not any(self._reads(o, m[0]) for o in moves if o is not m)), None)
            if free is None:  # a ring: what the first writes over is kept
                kept = next(m for m in moves if self._reads(m, targets[0]) and m[0] != targets[0])
                name = self._local(f"old_{targets[0]}", kept[2])
                self._copy(name, kept[1], kept[2])
                new = Value("array", width=kept[2])
                self.places[new] = Place(name)
                moves = [(m[0], new, m[2]) if m is kept else m for m in moves]
                continue
            self._copy(*free)
            moves = [m for m in moves if m is not free]

    def _reads(self, move: tuple[str, Value, int], name: str) -> bool:
        where = base(move[1])
        return where.op != "number" and self.places[where].text == name

    def _copy(self, to: str, value: Value, wide: int) -> None:
        if wide == 1:
            self.lines.append(f"{to}[0] = {self.at(value, '0')};")
        elif value.op == "number":
            self.functions.use("fill")
            self.lines.append(f"fill({to}, {self.at(value, '0')}, {wide});")
        else:
            self.functions.use("copy")
            self.lines.append(f"copy({to}, {self._pointer(value)}, {wide});")

    # --- the whole ------------------------------------------------------------------------------------------------

    def _finished(self) -> Written:
        used = set(re.findall(r"\w+", " ".join([*self.lines, *self.arrays])))
        takes, arguments = [], []
        heads = [
            f"{self.real} *const {n} = s->{f};" for n, f in zip(self.states, self.fields, strict=True) if n in used
        ]
        written = {name for name in self.states if self._is_written(name)}
        heads = [h if h.split("const ")[1].split(" ")[0] in written else f"const {h}" for h in heads]
        if heads:
            takes.append(f"{self.state_type} *restrict s")
            arguments.append("state")
        for kind, names in (("input", self.given), ("memory", self.attended)):
            for number, name in enumerate(names):
                if name in used:
                    takes.append(f"const {self.real} *restrict {name}")
                    arguments.append(f"{kind} {number}")
                if kind == "memory" and self.counts[number] in used:
                    takes.append(f"size_t {self.counts[number]}")
                    arguments.append(f"steps {number}")
        if "out" in used:
            takes.append(f"{self.real} *restrict out")
            arguments.append("out")
        comment = "\n".join(f" *     {line}" for line in _clean(plain_text(self.step.graph)))
        result = "int" if self.checks else "void"
        body = [*heads, *(a for a in self.arrays), *self.lines, *(["return 0;"] if self.checks else [])]
        text = (
            f"/* {self.name}:\n{comment}\n */\nstatic {result} {self.name}({', '.join(takes) or 'void'}) {{\n"
            + "\n".join(f"    {line}" for line in body)
            + "\n}"
        )
        return Written(self.name, text, arguments, self.checks, self.stack, self.products, self.per_memory)

    def _is_written(self, name: str) -> bool:
        targets = [rf"(?:copy|fill)\({name}\b", rf"^\s*{name}\[[^\]]*\] = "]
        return any(re.search(t, line) for t in targets for line in self.lines)


def _clean(lines: Iterable[str]) -> list[str]:
    """Equations as a comment of C holds them."""
    return list(map(remark, lines))
