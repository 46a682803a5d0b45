"""Stepwise: the functions of a network that goes from one step to the next."""

from __future__ import annotations

from elman.engine.stage import Source
from elman.interop.c.program import Layered, Program
from elman.interop.c.runs import Field, Runs, Where, function, words


class Stepwise(Runs):
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
            self.where[source] = Where(f"state->{ring} + {at}" + (f" * {layer.wide}" if layer.wide > 1 else ""))
        elif layer.same is not None:
            self.where[source] = self.where[layer.same]
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
            self.add_field(
                ring,
                steps * wide,
                steps * wide,
                f"fill(state->{ring}, {program.functions.literal(0.0)}, {steps * wide});",
            )
            self.fields.append(
                Field(f"uint32_t {ring}_at; /* the oldest of its {steps} steps */", 4, f"state->{ring}_at = 0;")
            )
            program.functions.use("fill")
            program.functions.use("copy")
            to = f"state->{ring} + state->{ring}_at" + (f" * {wide}" if wide > 1 else "")
            self.lines.append(f"copy({to}, {self.where[source].text}, {wide});")
            self.lines.append(f"state->{ring}_at = (state->{ring}_at + 1) % {steps};")

    def functions(self) -> list[str]:
        name = self.choices.name
        used = words(self.lines)
        unused = [p.name for p in self.program.inputs if p.name not in used]
        lines = [*self.scratch, *(f"(void){n};" for n in unused), *self.lines, "return 0;"]
        if "state" not in used:
            lines.insert(len(self.scratch), "(void)state;")
        step = function(f"int {name}_step({self.step_arguments()})", lines)
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
        return [self.reset(), step, function(f"int {name}_run({self.run_arguments()})", run)]
