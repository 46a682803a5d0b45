"""Source: the text of the files, of the layers' functions and of what runs them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from elman.engine.slots import ONCE
from elman.engine.stage import Source
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


class Source_:
    """The texts of a program; see `Stepwise` and `Whole`."""

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
        fixed = {}
        for k, source in enumerate(layer.spec.initial):
            if isinstance(source, Source) and source.number >= 0 and self.program.layers[source.number].fixed is not None:
                fixed[k] = self.program.layers[source.number]
        for k, (name, size) in enumerate(zip(layer.fields, layer.sizes, strict=True)):
            begins = f"fill(state->{name}, {self.program.functions.literal(0.0)}, {size});"
            if k in fixed and self.program.stepwise:
                values = self.program.weights.vector(fixed[k].fixed, f"{fixed[k].name}_value")  # type: ignore[arg-type]
                begins = f"copy(state->{name}, {values}, {size});"
                self.program.functions.use("copy")
            self.add_field(name, size, size, begins)
        if layer.fields:
            self.program.functions.use("fill")

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

    # --- texts ----------------------------------------------------------------------------------------------------

    def reset(self) -> str:
        lines = [f.begins for f in self.fields if f.begins]
        if not lines:
            lines = ["state->nothing = 0;"] if not self.fields else ["(void)state;"]
        return _function(f"void {self.choices.name}_reset({self.choices.state} *state)", lines)

    @property
    def ram(self) -> int:
        return sum(f.bytes for f in self.fields) or 4

    @property
    def stack(self) -> int:
        """Bytes of arrays, of the step and of the layer that has most."""
        inner = [layer.written.stack for layer in self.program.layers if layer.written is not None]
        return self.scratch_bytes + max(inner, default=0)


def _function(head: str, lines: list[str]) -> str:
    return f"{head} {{\n" + "\n".join(f"    {line}" for line in lines) + "\n}"


def _words(lines: list[str]) -> set[str]:
    """The names in some statements."""
    return {word for line in lines if not line.startswith("/*") for word in re.findall(r"\w+", line)}


class Stepwise(Source_):
    """A network that goes from one step to the next."""

    def __init__(self, program: Program):
        super().__init__(program)
        self.lines: list[str] = []
        self.rings: dict[Source, int] = {}
        self._begin()
        for number, layer in enumerate(program.layers):
            self._place(number, layer)
        self._end()

    def _begin(self) -> None:
        for k, port in enumerate(self.program.inputs):
            text = port.name
            if port.below:
                self.lines += self.checks(port, f"{port.name}[0]")
                text = self.program.names.take(f"{port.name}_value")
                self.scratch.append(f"{self.program.real} {text}[1];")
                self.lines.append(f"{text}[0] = ({self.program.real}){port.name}[0];")
            self.where[Source(~k)] = Where(text)
        for layer in self.program.layers:
            if layer.delay is not None:
                source, steps = layer.delay
                self.rings[source] = max(steps, self.rings.get(source, 0))
        self.ring_names = {source: self.program.names.take("delay") for source in self.rings}

    def _place(self, number: int, layer: Layered) -> None:
        for k, name in enumerate(layer.fields):
            self.where[Source(number, k)] = Where(f"state->{name}")
        self.add_states(layer)
        source = Source(number)
        if layer.delay is not None:
            root, steps = layer.delay
            ring, most = self.ring_names[root], self.rings[root]
            at = f"state->{ring}_at" if steps == most else f"(state->{ring}_at + {most - steps}) % {most}"
            at = f"({at}) % {most}" if steps == most and False else at
            self.where[source] = Where(f"state->{ring} + {at}" + (f" * {layer.wide}" if layer.wide > 1 else ""))
        elif layer.spec.move is not None:
            self.where[source] = self.where[layer.spec.reads(number)[0]]
        elif layer.fixed is not None and number not in self.program.read:
            return
        else:
            out = self._out(number, layer)
            only_begins = layer.fixed is not None and self._only_begins(number)
            if not only_begins:
                self.lines += self.call(number, out)
            self.where[source] = Where(f"state->{layer.fields[0]}" if layer.in_state else out)

    def _only_begins(self, number: int) -> bool:
        """Whether a value serves to begin states only, so that no step needs it."""
        for k, layer in enumerate(self.program.layers):
            if Source(number) in layer.spec.reads(k):
                return False
        return Source(number) not in self.program.results

    def _out(self, number: int, layer: Layered) -> str:
        if not self.takes_out(layer) or (layer.fixed is not None and self._only_begins(number)):
            return ""
        pairs = zip(self.program.results, self.program.outputs, strict=True)
        mine = [port.name for result, port in pairs if result == Source(number)]
        return mine[0] if mine else self.local(f"{layer.name}_out", layer.wide)

    def _end(self) -> None:
        program = self.program
        for result, port in zip(program.results, program.outputs, strict=True):
            found = self.where[result].text
            if found != port.name:
                program.functions.use("copy")
                self.lines.append(f"copy({port.name}, {found}, {port.width});")
        for source, steps in self.rings.items():
            ring, wide = self.ring_names[source], program.wide(source)
            self.add_field(ring, steps * wide, steps * wide, f"fill(state->{ring}, {program.functions.literal(0.0)}, {steps * wide});")
            self.fields.append(Field(f"uint32_t {ring}_at; /* the oldest of its {steps} steps */", 4, f"state->{ring}_at = 0;"))
            program.functions.use("fill")
            program.functions.use("copy")
            to = f"state->{ring} + state->{ring}_at" + (f" * {wide}" if wide > 1 else "")
            self.lines.append(f"copy({to}, {self.where[source].text}, {wide});")
            self.lines.append(f"state->{ring}_at = (state->{ring}_at + 1) % {steps};")

    def functions(self) -> list[str]:
        name = self.choices.name
        used = _words(self.lines)
        unused = [p.name for p in self.program.inputs if p.name not in used]
        lines = [*self.scratch, *(f"(void){n};" for n in unused), *self.lines, "return 0;"]
        if "state" not in used:
            lines.insert(len(self.scratch), "(void)state;")
        step = _function(f"int {name}_step({self.step_arguments()})", lines)
        ins = [Where(p.name, p.width if p.timed else 0).at() for p in self.program.inputs]
        outs = [Where(p.name, p.width if p.timed else 0).at() for p in self.program.outputs]
        run = [
            f"for (size_t t = 0; t < {self.count(0)}; t++) {{",
            f"    const int error = {name}_step(state, {', '.join([*ins, *outs])});",
            "    if (error != 0) {",
            "        return error;",
            "    }",
            "}",
            f"return {self.count(0)} < 1 ? {self.choices.upper}_BAD_STEPS : 0;",
        ]
        return [self.reset(), step, _function(f"int {name}_run({self.run_arguments()})", run)]


class Whole(Source_):
    """A network that needs whole sequences: layer after layer, over buffers in the state."""

    def __init__(self, program: Program):
        super().__init__(program)
        self.lines: list[str] = []
        self.most = f"{self.choices.upper}_MAX_STEPS"
        self._begin()
        for number, layer in enumerate(program.layers):
            self._place(number, layer)
        self._end()

    @property
    def _counts(self) -> dict[int, str]:
        return {p.axis: self.count(p.axis) for p in self.program.inputs if p.timed} | {ONCE: "1"}

    def _begin(self) -> None:
        counts = [c for axis, c in self._counts.items() if axis != ONCE]
        wrong = " || ".join(f"{c} < 1 || {c} > {self.most}" for c in counts)
        self.lines += [f"if ({wrong}) {{", f"    return {self.choices.upper}_BAD_STEPS;", "}"]
        for k, port in enumerate(self.program.inputs):
            self.where[Source(~k)] = Where(port.name, port.width if port.timed else 0)
            if port.below:
                count = self._counts[port.axis]
                name = self._buffer(f"{port.name}_values", 1, port.timed)
                inner = self.checks(port, f"{port.name}[t]")
                inner.append(f"state->{name}[t] = ({self.program.real}){port.name}[t];")
                self._for("t", count, inner)
                self.where[Source(~k)] = Where(f"state->{name}", int(port.timed))

    def _for(self, index: str, count: str, inner: list[str]) -> None:
        if count == "1":
            inner = [line.replace(f"[{index}]", "[0]") for line in inner]
            self.lines += inner
            return
        self.lines += [f"for (size_t {index} = 0; {index} < {count}; {index}++) {{", *(f"    {x}" for x in inner), "}"]

    def _buffer(self, wanted: str, wide: int, timed: bool) -> str:
        name = self.program.names.take(wanted)
        if timed:
            self.add_field(name, f"{self.most} * {wide}" if wide > 1 else self.most, self.choices.max_steps * wide)
        else:
            self.add_field(name, wide, wide)
        return name

    def _place(self, number: int, layer: Layered) -> None:
        for k, name in enumerate(layer.fields):
            self.where[Source(number, k)] = Where(f"state->{name}")
        self.add_states(layer)
        self.lines.append(f"/* {layer.spec.name} */")
        if layer.spec.move is not None:
            self._move(number, layer)
        else:
            self._run(number, layer)

    def _run(self, number: int, layer: Layered) -> None:
        for k, source in enumerate(layer.spec.initial):
            if source is not None:
                assert isinstance(source, Source)
                self._copy(f"state->{layer.fields[k]}", self.where[source].text, layer.sizes[k])
        count, timed = self._counts[layer.runs], layer.axis != ONCE
        inner: list[str] = []
        out = Where("")
        kept = number in self.program.read or self.takes_out(layer)
        if kept and not (layer.in_state and not timed):
            out = self._out(number, layer, timed and number in self.program.read)
        step = "t" if not layer.spec.reverse else f"({count} - 1 - t)"
        inner += self.call(number, out.at(step), step, self._counts)
        if layer.in_state and timed and number in self.program.read:
            self.program.functions.use("copy")
            inner.append(f"copy({out.at(step)}, state->{layer.fields[0]}, {layer.wide});")
        self._for("t", count, inner)
        self.where[Source(number)] = Where(f"state->{layer.fields[0]}") if layer.in_state and not timed else out

    def _out(self, number: int, layer: Layered, timed: bool) -> Where:
        pairs = zip(self.program.results, self.program.outputs, strict=True)
        mine = [port for result, port in pairs if result == Source(number)]
        if mine:
            return Where(mine[0].name, layer.wide if timed else 0)
        name = self._buffer(f"{layer.name}_out", layer.wide, timed)
        return Where(f"state->{name}", layer.wide if timed else 0)

    def _copy(self, to: str, what: str, count: int | str) -> None:
        self.program.functions.use("copy")
        self.lines.append(f"copy({to}, {what}, {count});")

    def _move(self, number: int, layer: Layered) -> None:
        move = layer.spec.move
        assert move is not None
        source = self.where[layer.spec.reads(number)[0]]
        wide, count = layer.wide, self._counts[layer.runs]
        out = self._out(number, layer, layer.axis != ONCE)
        self.where[Source(number)] = out
        zero = self.program.functions.literal(0.0)
        functions = self.program.functions
        if move.kind == "reverse":
            functions.use("copy")
            self._for("t", count, [f"copy({out.at()}, {source.at(f'({count} - 1 - t)')}, {wide});"])
        elif move.kind == "repeat":
            functions.use("copy")
            self._for("t", self._counts[layer.axis], [f"copy({out.at()}, {source.text}, {wide});"])
        elif move.kind == "shift":
            self._shift(out, source, wide, count, move.number)
        elif move.kind == "take":
            functions.use("fill")
            at = str(move.number) if move.number >= 0 else f"({count} - {-move.number})"
            there = f"{count} > {move.number}" if move.number >= 0 else f"{count} >= {-move.number}"
            self.lines.append(f"fill({out.text}, {zero}, {wide});")
            functions.use("copy")
            self.lines += [f"if ({there}) {{", f"    copy({out.text}, {source.at(at)}, {wide});", "}"]
        else:
            self._gather(out, source, wide, count, move.kind)

    def _shift(self, out: Where, source: Where, wide: int, count: str, number: int) -> None:
        zero = self.program.functions.literal(0.0)
        self.program.functions.use("copy")
        self.program.functions.use("fill")
        inside = f"t >= {number}" if number >= 0 else f"t + {-number} < {count}"
        at = f"(t - {number})" if number >= 0 else f"(t + {-number})"
        self._for(
            "t",
            count,
            [
                *([f"if ({inside}) {{"] if number else ["{"]),
                f"    copy({out.at()}, {source.at(at)}, {wide});",
                *(["} else {", f"    fill({out.at()}, {zero}, {wide});", "}"] if number else ["}"]),
            ],
        )

    def _gather(self, out: Where, source: Where, wide: int, count: str, kind: str) -> None:
        functions, lines = self.program.functions, self.lines
        if kind == "max":
            functions.use("maximum")
            self._copy(out.text, source.text, wide)
            made = f"({out.text})[i] = maximum(({out.text})[i], ({source.at()})[i]);"
        else:
            functions.use("fill")
            lines.append(f"fill({out.text}, {functions.literal(0.0)}, {wide});")
            made = f"({out.text})[i] += ({source.at()})[i];"
        over = f"for (size_t i = 0; i < {wide}; i++) {{"
        lines += [f"for (size_t t = {int(kind == 'max')}; t < {count}; t++) {{", f"    {over}", f"        {made}", "    }", "}"]
        if kind == "mean":
            lines += [over, f"    ({out.text})[i] /= ({self.program.real}){count};", "}"]

    def _end(self) -> None:
        for result, port in zip(self.program.results, self.program.outputs, strict=True):
            found = self.where[result]
            if found.text != port.name:
                count = f"{self._counts[port.axis]} * {port.width}" if port.timed else str(port.width)
                self._copy(port.name, found.text, count)

    def functions(self) -> list[str]:
        used = _words(self.lines)
        unused = [p.name for p in self.program.inputs if p.name not in used]
        first = [f"(void){n};" for n in unused] + ([] if "state" in used else ["(void)state;"])
        lines = [*first, *self.lines, "return 0;"]
        return [self.reset(), _function(f"int {self.choices.name}_run({self.run_arguments()})", lines)]
