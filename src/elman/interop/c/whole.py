"""Whole: the function of a network that needs whole sequences."""

from __future__ import annotations

from elman.engine.slots import ONCE
from elman.engine.stage import Source
from elman.interop.c.names import remark
from elman.interop.c.program import Layered, Program
from elman.interop.c.runs import Runs, Where, function, words


class Whole(Runs):
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
        if layer.same is not None:
            self.where[Source(number)] = self.where[layer.same]
            return
        self.lines.append(f"/* {remark(layer.spec.name)} */")
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
        lines += [
            f"for (size_t t = {int(kind == 'max')}; t < {count}; t++) {{",
            f"    {over}",
            f"        {made}",
            "    }",
            "}",
        ]
        if kind == "mean":
            lines += [over, f"    ({out.text})[i] /= ({self.program.real}){count};", "}"]

    def _end(self) -> None:
        for result, port in zip(self.program.results, self.program.outputs, strict=True):
            found = self.where[result]
            if found.text != port.name:
                count = f"{self._counts[port.axis]} * {port.width}" if port.timed else str(port.width)
                self._copy(port.name, found.text, count)

    def functions(self) -> list[str]:
        used = words(self.lines)
        unused = [p.name for p in self.program.inputs if p.name not in used]
        first = [f"(void){n};" for n in unused] + ([] if "state" in used else ["(void)state;"])
        lines = [*first, *self.lines, "return 0;"]
        return [self.reset(), function(f"int {self.choices.name}_run({self.run_arguments()})", lines)]
