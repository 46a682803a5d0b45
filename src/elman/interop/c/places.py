"""Where the values of a layer's step are in C, what they are called, and how they are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from elman.equations.graph import ordered
from elman.interop.c.functions import RESERVED, Functions
from elman.interop.c.in_place import in_place
from elman.interop.c.names import Names
from elman.interop.c.order import Order, in_order
from elman.interop.c.values import Step, Term, Value
from elman.interop.c.weights import Weights

FARTHEST = 20  # readers that are gone through for a name


@dataclass
class Place:
    """Where a value is: an array from an offset on, or with `number` a number by itself."""

    text: str
    offset: int = 0
    number: bool = False


@dataclass
class Places:
    """Those of one layer.

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

    def _begin(self) -> None:
        """Names for everything, and places for what has one from the beginning."""
        counters = ["k", "j"] * bool(self.step.memories) + ["b"] * any(t.blocks > 1 for t in self._terms())
        self.names = Names([*RESERVED, "s", "out", "row", "column", "sums", *counters, self.name])
        self.stack = 0
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
