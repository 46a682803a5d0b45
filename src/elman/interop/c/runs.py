"""Runs: what calls the layers' functions, one after the other, and where their values lie between."""

from __future__ import annotations

import re
from dataclasses import dataclass

from elman.engine.stage import Source
from elman.interop.c.functions import BLOCK
from elman.interop.c.program import Layered, Port, Program


@dataclass
class Where:
    """Where a value lies; from one step of a sequence to the next it is `stride` numbers."""

    text: str
    stride: int = 0

    def at(self, step: str = "t") -> str:
        if not self.stride:
            return self.text
        return f"{self.text} + {step}" if self.stride == 1 else f"{self.text} + {step} * {self.stride}"


@dataclass(frozen=True)
class Field:
    """One of the state: its declaration, its bytes, and whether it is set to zero when a sequence begins."""

    text: str
    bytes: int
    begins: str = ""


class Runs:
    """The functions of a program; see `Stepwise` and `Whole`."""

    def __init__(self, program: Program):
        self.program, self.choices = program, program.choices
        self.fields: list[Field] = []
        self.scratch: list[str] = []  # declarations of a step's own arrays
        self.scratch_bytes = 0
        self.where: dict[Source, Where] = {}
        self.size = program.net.dtype.itemsize

    # --- fields and arrays ----------------------------------------------------------------------------------------

    def add_field(self, name: str, count: str | int, number: int, begins: str = "") -> None:
        self.fields.append(Field(f"{self.program.real} {name}[{count}];", number * self.size, begins))

    def add_states(self, layer: Layered) -> None:
        initial = layer.spec.initial or (None,) * len(layer.fields)
        for name, size, source in zip(layer.fields, layer.sizes, initial, strict=True):
            self.add_field(name, size, size, self._begins(name, size, source))

    def _begins(self, name: str, size: int, source: Source | int | None) -> str:
        """What a state begins with: zeros, or what is known."""
        first = self.program.layers[source.number] if isinstance(source, Source) and source.number >= 0 else None
        if first is None or first.fixed is None or not self.program.stepwise:
            self.program.functions.use("fill")
            return f"fill(state->{name}, {self.program.functions.literal(0.0)}, {size});"
        self.program.functions.use("copy")
        return f"copy(state->{name}, {self.program.weights.vector(first.fixed, f'{first.name}_value')}, {size});"

    def local(self, wanted: str, count: int) -> str:
        name = self.program.names.take(wanted)
        self.scratch.append(f"{self.program.real} {name}[{count}];")
        self.scratch_bytes += count * self.size
        return name

    # --- calls ----------------------------------------------------------------------------------------------------

    def call(self, number: int, out: str, step: str = "t", counts: dict[int, str] | None = None) -> list[str]:
        """A call of a layer's function at a step."""
        layer = self.program.layers[number]
        assert layer.written is not None
        inputs = [self.where[s].at(step) for s in layer.spec.reads(number)]
        memories = [s if isinstance(s, Source) else Source(s) for s in layer.spec.memories]
        texts = []
        for argument in layer.written.arguments:
            kind, _, k = argument.partition(" ")
            if kind == "state":
                texts.append("state")
            elif kind == "out":
                texts.append(out)
            elif kind == "input":
                texts.append(inputs[int(k)])
            elif kind == "memory":
                texts.append(self.where[memories[int(k)]].text)
            else:
                assert counts is not None
                texts.append(counts[self.program.axis(memories[int(k)])])
        text = f"{layer.name}({', '.join(texts)})"
        if not layer.written.checks:
            return [f"{text};"]
        return [f"if ({text} != 0) {{", f"    return {self.choices.upper}_BAD_INDEX;", "}"]

    def takes_out(self, layer: Layered) -> bool:
        return layer.written is not None and "out" in layer.written.arguments

    def checks(self, port: Port, at: str) -> list[str]:
        """That an index is one."""
        return [
            f"if ({at} < 0 || {at} >= {port.below}) {{",
            f"    return {self.choices.upper}_BAD_INDEX;",
            "}",
        ]

    # --- what functions take --------------------------------------------------------------------------------------

    def kind(self, port: Port) -> str:
        return "const int32_t *" if port.below else f"const {self.program.real} *"

    def count(self, axis: int) -> str:
        """The name of the number of steps of an axis."""
        if self.program.whole.structure.time_axes == 1:
            return "steps"
        first = next(p for p in self.program.inputs if p.axis == axis)
        return f"{first.name}_steps"

    def step_arguments(self) -> str:
        ports = [f"{self.kind(p)}{p.name}" for p in self.program.inputs]
        outs = [f"{self.program.real} *{p.name}" for p in self.program.outputs]
        return ", ".join([f"{self.choices.state} *state", *ports, *outs])

    def run_arguments(self) -> str:
        texts, seen = [f"{self.choices.state} *state"], set()
        for port in self.program.inputs:
            texts.append(f"{self.kind(port)}{port.name}")
            if port.timed and port.axis not in seen and self._last_of_axis(port):
                seen.add(port.axis)
                texts.append(f"size_t {self.count(port.axis)}")
        return ", ".join([*texts, *(f"{self.program.real} *{p.name}" for p in self.program.outputs)])

    def _last_of_axis(self, port: Port) -> bool:
        return [p for p in self.program.inputs if p.axis == port.axis][-1] is port

    def functions(self) -> list[str]:
        """The definitions of what the header declares."""
        raise NotImplementedError

    # --- texts ----------------------------------------------------------------------------------------------------

    def reset(self) -> str:
        lines = [f.begins for f in self.fields if f.begins]
        if not lines:
            lines = ["state->nothing = 0;"] if not self.fields else ["(void)state;"]
        return function(f"void {self.choices.name}_reset({self.choices.state} *state)", lines)

    @property
    def ram(self) -> int:
        return sum(f.bytes for f in self.fields) or 4

    @property
    def stack(self) -> int:
        """Bytes of arrays, of the step and of the layer that has most."""
        inner = [layer.written.stack for layer in self.program.layers if layer.written is not None]
        blocks = BLOCK * self.size * ("multiply_bytes" in self.program.functions.used)
        return self.scratch_bytes + max(inner, default=0) + blocks


def function(head: str, lines: list[str]) -> str:
    return f"{head} {{\n" + "\n".join(f"    {line}" for line in lines) + "\n}"


def words(lines: list[str]) -> set[str]:
    """The names in some statements."""
    return {word for line in lines if not line.startswith("/*") for word in re.findall(r"\w+", line)}
