"""Recurrent parts as RNN, GRU and LSTM nodes; two that run over one sequence in both directions are one node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.engine.stage import Source
from elman.interop.onnx.writing.known import Known
from elman.interop.onnx.writing.standard import GATES, Standard, standard
from elman.interop.onnx.writing.values import Value
from elman.interop.onnx.writing.writer import code_of
from elman.interop.report import Mapped
from elman.network.flow import Part


@dataclass(frozen=True)
class Recognised:
    """A recurrent part that is a standard node, before it is written."""

    number: int
    part: Part
    node: Standard
    initial: tuple[Source | None, ...]


class StandardNodes:
    """The parts of a network that are standard nodes.

    Parameters
    ----------
    parts : Known
        All of them.

    Attributes
    ----------
    found : dict of int to Recognised
        By the number of the part.
    """

    def __init__(self, parts: Known):
        self._parts = parts
        self.found = self._recognised()

    def _recognised(self) -> dict[int, Recognised]:
        """The parts that are standard nodes; in float64 none, which runtimes have no kernels of."""
        found = {}
        for number, part in enumerate(self._parts.net.structure.parts):
            if part.graph is not None and part.graph.states and self._parts.net.dtype == np.float32:
                node = standard(part.graph, self._parts.constants[number])
                if node is not None:
                    initial = part.initial or (None,) * len(part.graph.states)
                    found[number] = Recognised(number, part, node, initial)
        return found

    def _other_direction(self, one: Recognised) -> Recognised | None:
        """The part that runs over the same sequence in the other direction, in the same way."""
        for other in self.found.values():
            alike = (other.node.op, other.node.units, other.node.before_reset) == (
                one.node.op,
                one.node.units,
                one.node.before_reset,
            )
            opposite = other.part.layer.reverse != one.part.layer.reverse
            ready = all(s is None or s.number < one.number for s in (*other.initial, *other.part.sources))
            if other.number > one.number and alike and opposite and ready and other.part.sources == one.part.sources:
                return other
        return None

    def write(self, number: int) -> None:
        """The node of a part, and of the one that runs the other way, if there is one."""
        one = self.found[number]
        other = self._other_direction(one)
        directions = [one] if other is None else sorted((one, other), key=lambda k: k.part.layer.reverse)
        w, axis = self._parts.writer, self._parts.axis_read(one.part)
        x = self._parts.of(one.part.sources[0])
        found = w.nodes_outputs(
            one.node.op, self._node_inputs(directions, x, axis), 1 + len(one.initial), **_how(directions)
        )
        for place, known in enumerate(directions):
            self._direction(known, place, found)
        gates = GATES[one.node.op]
        how = f"{one.node.op} node, gates {gates}" if len(gates) > 1 else f"{one.node.op} node"
        names = ", ".join(d.part.name for d in directions)
        self._parts.mapped.append(
            Mapped(f"{one.node.op} {found[0]}", names, how + (", bidirectional" if other else ""))
        )

    def _node_inputs(self, directions: list[Recognised], x: Value, axis: int) -> list[str]:
        w, nodes = self._parts.writer, [d.node for d in directions]
        scope = w.scope
        arrays = [w.constant(np.stack([getattr(n, k) for n in nodes]), f"{scope}.{k}") for k in ("W", "R", "B")]
        name = x.name if not x.whole else w.node("Cast", x.name, to=code_of(w.dtype))
        inputs = [name, *arrays, self._parts.axes.lengths_of_nodes(axis) or ""]
        inputs += [self._starts(directions, k) for k in range(len(directions[0].initial))]
        if any(n.P is not None for n in nodes):
            zero = np.zeros(3 * nodes[0].units, np.float32)
            peepholes = np.stack([zero if n.P is None else n.P for n in nodes])
            inputs.append(w.constant(peepholes, f"{scope}.P"))
        while not inputs[-1]:
            inputs.pop()
        return inputs

    def _starts(self, directions: list[Recognised], k: int) -> str:
        """What the k-th states begin with, (directions, B, H); nothing where all of them are zero."""
        w, units = self._parts.writer, directions[0].node.units
        begins: list[str | None] = []
        for d in directions:
            source = d.initial[k]
            begins.append(self._parts.free(d.number, k) if source is None else self._parts.of(source).name)
        if not any(begins):
            return ""
        rows = [w.node("Unsqueeze", b or self._parts.axes.zeros(units), w.whole(0)) for b in begins]
        return rows[0] if len(rows) == 1 else w.node("Concat", *rows, axis=0)

    def _direction(self, known: Recognised, place: int, found: tuple[str, ...]) -> None:
        w = self._parts.writer
        for k, name in enumerate(found[1:]):
            self._parts.finals[known.number, k] = w.node("Gather", name, w.constant(np.int64(place)), axis=0)
        last = known.part.layer.last_only
        y = (
            self._parts.finals[known.number, 0]
            if last
            else w.node("Gather", found[0], w.constant(np.int64(place)), axis=1)
        )
        self._parts.values[known.number] = Value(y)


def _how(directions: list[Recognised]) -> dict[str, Any]:
    """The attributes of a node."""
    node, functions = directions[0].node, [f for d in directions for f in d.node.functions]
    named = [d.part.layer.reverse for d in directions]
    direction = "bidirectional" if len(named) == 2 else "reverse" if named[0] else "forward"
    found: dict[str, Any] = {"hidden_size": node.units, "direction": direction}
    if [f[0] for f in functions] != DEFAULTS[node.op] * len(directions):
        found["activations"] = [f[0] for f in functions]
        alphas = [f[1] for f in functions if f[0] in ("Affine", "LeakyRelu", "Elu", "HardSigmoid")]
        betas = [f[2] for f in functions if f[0] in ("Affine", "HardSigmoid")]
        found |= {"activation_alpha": alphas} if alphas else {}
        found |= {"activation_beta": betas} if betas else {}
    if node.op == "GRU":
        found["linear_before_reset"] = int(node.before_reset)
    return found


DEFAULTS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}
