"""The parts of a network, one after the other: layers, moves between steps, and what attends.

Sequences lie as (T, B, n) in the graph, as its RNN nodes and Scans read them, and are turned where it begins and ends.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from elman.engine.slots import ONCE
from elman.equations.graph import Graph, depending
from elman.equations.memory import split
from elman.equations.symbols import Symbol, width
from elman.interop.onnx.writing.known import Known
from elman.interop.onnx.writing.nodes import StandardNodes
from elman.interop.onnx.writing.values import Equations, Memory, Value, folded
from elman.interop.onnx.writing.writer import Body, Writer, typed
from elman.interop.report import Mapped
from elman.network.flow import Part

INDEX = np.dtype(np.int64)


class Parts(Known):
    """Writes the parts of a network; see `Known` for its parameters."""

    @functools.cached_property
    def _standard(self) -> StandardNodes:
        return StandardNodes(self)

    def write(self) -> None:
        for number, part in enumerate(self.net.structure.parts):
            if number in self.values:
                continue
            self.writer.scope = part.name
            if part.move is not None:
                self.values[number] = self._moved(part, number)
            elif number in self._standard.found:
                self._standard.write(number)
            else:
                self._write_layer(part, number)

    # --- moves ----------------------------------------------------------------------------------------------

    def _moved(self, part: Part, number: int) -> Value:
        assert part.move is not None
        source = part.sources[0]
        before, after = self.net.structure.axis(source), self.net.structure.axes[number]
        return self.axes.moved(part.move.kind, self.of(source), before, after, part.move.number)

    # --- layers without states ------------------------------------------------------------------------------

    def _write_layer(self, part: Part, number: int) -> None:
        axis, graph, memory = self.axis_read(part), part.graph, None
        assert graph is not None
        if graph.memories:
            graph, memory = self._attended(part, number)
        given = dict(zip(graph.inputs, map(self.of, part.sources), strict=True))
        if graph.states:
            self._write_scan(part, number, graph, given, axis, memory)
            return
        rank = 1 if axis == ONCE else 2
        equations = self._equations(number, rank, lambda: self.axes.lead(axis), given, graph, memory)
        equations.write(graph.nodes())
        output = graph.outputs[0]
        kept = output in equations.values and equations.values[output].whole
        self.values[number] = equations.values[output] if kept else Value(equations.solid(output))
        self.mapped.append(Mapped(f"nodes {part.name}/", part.name, part.layer.cell.name))

    def _equations(
        self,
        number: int,
        rank: int,
        lead: Callable[[], str],
        values: Mapping[Symbol, Value],
        graph: Graph,
        memory: Any,
        writer: Writer | None = None,
    ) -> Equations:
        constants = self.constants[number]
        if graph is not self.net.structure.parts[number].graph:  # of what was split off the symbols are others
            part = self.net.structure.parts[number]
            constants = {**constants, **folded(graph, self.parameters(part, number), self.net.dtype)}
        return Equations(writer or self.writer, rank, lead, values, constants, memory)

    def _attended(self, part: Part, number: int) -> tuple[Graph, Callable[[Symbol, Symbol], Memory]]:
        """The graph without what depends on its memories alone, and the keys and values that are left of these."""
        assert part.graph is not None
        w, found, structure = self.writer, split(part.graph), self.net.structure
        sources = dict(zip(part.graph.memories, part.memories, strict=True))
        made: list[tuple[str, int]] = []
        for graph in found.made:
            axis = structure.axis(sources[graph.inputs[0]])
            given = {symbol: self.of(sources[symbol]) for symbol in graph.inputs}
            equations = self._equations(number, 2, lambda axis=axis: self.axes.lead(axis), given, graph, None)  # type: ignore[misc]
            equations.write(graph.nodes())
            made.append((equations.solid(graph.outputs[0]), axis))
        given_memories = [(self.of(s).name, structure.axis(s)) for s in part.memories]
        places = [given_memories[~k] if k < 0 else made[k] for k in found.sources]
        known = dict(zip(found.rest.memories, places, strict=True))

        def memory(keys: Symbol, values: Symbol) -> Memory:
            (k, axis), (v, _) = known[keys], known[values]
            turned = w.node("Transpose", k, perm=[1, 2, 0])
            return Memory(turned, w.node("Transpose", v, perm=[1, 0, 2]), self.axes.used_by_rows(axis))

        for node in found.rest.nodes():  # written here, outside of any body
            if node.op in ("attend", "attend_additive"):
                memory(node.inputs[1], node.inputs[2])
        return found.rest, memory

    # --- recurrent layers by equations ----------------------------------------------------------------------

    def _write_scan(
        self, part: Part, number: int, graph: Graph, given: dict[Symbol, Value], axis: int, memory: Any
    ) -> None:
        """What depends on no state is written of all steps at once, the rest as the body of a Scan."""
        assert part.graph is not None
        constants = self._equations(number, 2, str, {}, graph, None).constants
        if part.layer.last_only and graph.has_output:
            graph = graph.with_output_as_state()
        nodes = graph.nodes()
        recurring = depending(nodes, graph.states)
        outside = self._equations(number, 2, lambda: self.axes.lead(axis), given, graph, memory)
        outside.write(n for n in nodes if n not in recurring)
        read = {i for n in nodes if n in recurring for i in n.inputs} | set(graph.outputs)
        fed = [n for n in nodes if n in read and n not in recurring and n not in constants and n.op != "memory"]
        fed = fed or graph.inputs[:1]  # a step that reads nothing is one all the same
        scanned = [outside.values[n] for n in fed]
        scanned = [v if v.whole else Value(outside.solid(n)) for n, v in zip(fed, scanned, strict=True)]
        if part.layer.reverse:
            scanned = [self.axes.moved("reverse", v, axis, axis) for v in scanned]
        extra = len(graph.states) - len(part.graph.states)
        begins = [self._begins(part, number, k - extra, width(s)) for k, s in enumerate(graph.states)]
        self._run(part, number, graph, (fed, scanned), begins, axis, memory)

    def _begins(self, part: Part, number: int, k: int, wide: int) -> str:
        """The value (B, n) that the k-th state begins with; before the first one is what an output was."""
        initial = part.initial[k] if part.initial and k >= 0 else None
        if initial is not None:
            return self.of(initial).name
        free = self.free(number, k) if k >= 0 else None
        return free or self.axes.zeros(wide)

    def _run(
        self,
        part: Part,
        number: int,
        graph: Graph,
        fed: tuple[list[Symbol], list[Value]],
        begins: list[str],
        axis: int,
        memory: Any,
    ) -> None:
        w, dtype = self.writer, self.net.dtype
        used, y_wanted = self.axes.used(axis), not part.layer.last_only
        self.axes.rows()
        inner = Writer(w.dtype, w)
        states = [inner.shared.unused(f"{part.name}/{s.name or 'state'}") for s in graph.states]
        steps = [inner.shared.unused(f"{part.name}/step") for _ in (*fed[0], *([used] if used else []))]
        values = {s: Value(name) for s, name in zip(graph.states, states, strict=True)}
        values |= {s: Value(name, v.whole) for s, name, v in zip(fed[0], steps, fed[1], strict=False)}
        equations = self._equations(number, 1, self.axes.rows, values, graph, memory, inner)
        recurring = depending(nodes := graph.nodes(), graph.states)
        equations.write(n for n in nodes if n in recurring)
        new = [equations.solid(n, width(s)) for n, s in zip(graph.new_states, graph.states, strict=True)]
        if used:
            new = [inner.node("Where", steps[-1], n, old) for n, old in zip(new, states, strict=True)]
        made = [(n, width(s)) for n, s in zip(new, graph.states, strict=True)]
        made += [(equations.solid(graph.outputs[0]), width(graph.outputs[0]))] if y_wanted else []
        named = [inner.shared.unused(f"{part.name}/new") for _ in made]
        for name, (value, _) in zip(named, made, strict=True):
            inner.called(name, value)
        given = [(n, dtype, width(s)) for n, s in zip(states, graph.states, strict=True)]
        given += [(n, INDEX if v.whole else dtype, width(s)) for n, s, v in zip(steps, *fed, strict=False)]
        given += [(steps[-1], np.dtype(bool), 1)] if used else []
        ends = [(n, dtype, wide) for n, (_, wide) in zip(named, made, strict=True)]
        scanned = [v.name for v in fed[1]] + ([used] if used else [])
        body = Body(inner.nodes, *([typed(n, d, [None, wide]) for n, d, wide in lines] for lines in (given, ends)))
        found = w.scan([*begins, *scanned], body, len(states))
        self._ended(part, number, list(found), len(graph.states), axis)
        self.mapped.append(Mapped(f"Scan {found[0]}", part.name, f"the equations of {part.layer.cell.name}"))

    def _ended(self, part: Part, number: int, found: list[str], states: int, axis: int) -> None:
        assert part.graph is not None
        own = len(part.graph.states)
        for k in range(own):
            self.finals[number, k] = found[states - own + k]
        if part.layer.last_only:
            self.values[number] = Value(found[0])
            return
        y = Value(found[-1])
        self.values[number] = self.axes.moved("reverse", y, axis, axis) if part.layer.reverse else y
