"""What is written of a network so far, for the parts that read it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from elman.engine.slots import ONCE
from elman.engine.stage import Source
from elman.equations.symbols import Symbol
from elman.interop.onnx.writing.moves import Moves
from elman.interop.onnx.writing.values import Value, folded
from elman.interop.onnx.writing.writer import Writer
from elman.interop.report import Mapped
from elman.network import Network
from elman.network.flow import Part


class Known:
    """The values of parts.

    Parameters
    ----------
    net : Network
    writer : Writer
    axes : Moves
        The time axes, with their sizes and, where rows differ, their lengths.
    inputs : list of Value
        Those of the network.
    free : function
        The value that a state begins with, by part and number; None where it is zero.
    """

    def __init__(
        self,
        net: Network,
        writer: Writer,
        axes: Moves,
        inputs: list[Value],
        free: Callable[[int, int], str | None],
    ):
        self.net, self.writer, self.axes, self.inputs, self.free = net, writer, axes, inputs, free
        self.values: dict[int, Value] = {}
        self.finals: dict[tuple[int, int], str] = {}
        self.mapped: list[Mapped] = []
        self.constants = {k: self._folded(k) for k, p in enumerate(net.structure.parts) if p.graph is not None}

    def of(self, source: Source) -> Value:
        """What a part reads."""
        if source.number < 0:
            return self.inputs[~source.number]
        if source.state >= 0:
            return Value(self.finals[source.number, source.state])
        return self.values[source.number]

    def _folded(self, number: int) -> dict[Symbol, np.ndarray]:
        part = self.net.structure.parts[number]
        assert part.graph is not None
        return folded(part.graph, self.parameters(part, number), self.net.dtype)

    def parameters(self, part: Part, number: int) -> dict[str, np.ndarray]:
        """Those of a part by their names in its equations, those of another part included."""
        parts, found = self.net.structure.parts, {}
        assert part.graph is not None
        for name in part.graph.parameters:
            owner, theirs = part.tied.get(name, (number, name))
            found[name] = self.net.params[f"{parts[owner].name}.{theirs}"]
        return found

    def axis_read(self, part: Part) -> int:
        """The time axis of what a part reads; that of what it makes has no steps where it returns the last one."""
        axes = [self.net.structure.axis(source) for source in part.sources]
        return max(axes, default=ONCE)
