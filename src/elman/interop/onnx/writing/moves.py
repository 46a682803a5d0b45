"""Time axes in ONNX: their sizes, which rows are in use at which steps, and values taken to other steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from elman.engine.slots import ONCE
from elman.interop.onnx.writing.values import Value
from elman.interop.onnx.writing.writer import INT32, Writer, code_of


class Moves:
    """The time axes of a graph.

    Parameters
    ----------
    writer : Writer
    inputs : dict of int to str
        Of each time axis an input (B, T, ...) that has it.
    lengths : dict of int to str
        Of each time axis how many steps of each row are in use; empty where all are.
    """

    def __init__(self, writer: Writer, inputs: Mapping[int, str], lengths: Mapping[int, str]):
        self.writer, self._inputs, self._lengths = writer, inputs, lengths

    # --- sizes ----------------------------------------------------------------------------------------------

    def rows(self) -> str:
        """(B,) as the shape of a tensor of one axis."""
        return self.writer.node("Shape", next(iter(self._inputs.values())), start=0, end=1)

    def steps(self, axis: int) -> str:
        return self.writer.node("Shape", self._inputs[axis], start=1, end=2)

    def lead(self, axis: int) -> str:
        """The sizes of the axes before the features."""
        if axis == ONCE:
            return self.rows()
        return self.writer.node("Concat", self.steps(axis), self.rows(), axis=0)

    def zeros(self, wide: int) -> str:
        """(B, n) of zeros."""
        return self.expanded(self.writer.number(0), ONCE, wide)

    def expanded(self, name: str, axis: int, wide: int) -> str:
        shape = self.writer.node("Concat", self.lead(axis), self.writer.whole(wide), axis=0)
        return self.writer.node("Expand", name, shape)

    # --- rows in use ----------------------------------------------------------------------------------------

    def lengths_of_nodes(self, axis: int) -> str | None:
        """As RNN nodes take them."""
        return self.writer.node("Cast", self._lengths[axis], to=INT32) if axis in self._lengths else None

    def _numbers(self, axis: int) -> str:
        """0, 1, ... as (T, 1)."""
        w = self.writer
        end = w.node("Squeeze", self.steps(axis), w.whole(0))
        every = w.node("Range", w.constant(np.int64(0)), end, w.constant(np.int64(1)))
        return w.node("Unsqueeze", every, w.whole(1))

    def used(self, axis: int) -> str | None:
        """(T, B, 1): whether a step lies before the row's end; None where all do."""
        if axis not in self._lengths:
            return None
        w = self.writer
        return w.node("Unsqueeze", w.node("Less", self._numbers(axis), self._lengths[axis]), w.whole(2))

    def used_by_rows(self, axis: int) -> str | None:
        """The same as (B, 1, T)."""
        used = self.used(axis)
        return None if used is None else self.writer.node("Transpose", used, perm=[1, 2, 0])

    def zeroed(self, value: Value, axis: int) -> Value:
        """With zeros behind each row's end."""
        used = self.used(axis)
        if used is None:
            return value
        return Value(self.writer.node("Where", used, value.name, self._zero(value)), value.whole)

    def _zero(self, value: Value) -> str:
        return self.writer.constant(np.int64(0)) if value.whole else self.writer.number(0)

    # --- moves ----------------------------------------------------------------------------------------------

    def moved(self, kind: str, value: Value, before: int, after: int, number: int = 0) -> Value:
        """What a move of `elman.network.moves` makes of a value on the axis `before`."""
        if kind == "repeat":
            return self._repeated(value, after)
        if kind == "reverse":
            return self._reversed(value, before)
        if kind == "shift":
            return self._shifted(value, before, number)
        if kind == "take":
            return self._taken(value, before, number)
        return Value(self._pooled(kind, value, before))

    def _repeated(self, value: Value, axis: int) -> Value:
        w = self.writer
        shape = w.node("Concat", self.lead(axis), w.node("Shape", value.name, start=-1), axis=0)
        return Value(w.node("Expand", value.name, shape), value.whole)

    def _reversed(self, value: Value, axis: int) -> Value:
        w = self.writer
        if axis in self._lengths:
            return Value(
                w.node("ReverseSequence", value.name, self._lengths[axis], time_axis=0, batch_axis=1), value.whole
            )
        ends = w.whole(-1), w.whole(np.iinfo(np.int64).min), w.whole(0), w.whole(-1)
        return Value(w.node("Slice", value.name, *ends), value.whole)

    def _shifted(self, value: Value, axis: int, steps: int) -> Value:
        """Zeros put before the first step and the last ones cut off; the other way round where it looks ahead."""
        w, value = self.writer, self.zeroed(value, axis)
        pads = w.whole(max(steps, 0), 0, 0, max(-steps, 0), 0, 0)
        padded = w.node("Pad", value.name, pads, self._zero(value))
        begin = w.whole(max(-steps, 0))
        end = w.node("Add", self.steps(axis), begin)
        return Value(w.node("Slice", padded, begin, end, w.whole(0)), value.whole)

    def _taken(self, value: Value, axis: int, number: int) -> Value:
        """One step, counted from each row's end where it is negative; zeros where there is no such step."""
        w = self.writer
        if axis not in self._lengths and number in (0, -1):
            return Value(w.node("Gather", value.name, w.constant(np.int64(number)), axis=0), value.whole)
        lengths = self._lengths.get(axis) or self.steps(axis)
        place = w.node("Add", lengths, w.whole(number)) if number < 0 else w.whole(number)
        hit = w.node("And", w.node("Equal", self._numbers(axis), place), w.node("Less", self._numbers(axis), lengths))
        only = w.node("Where", w.node("Unsqueeze", hit, w.whole(2)), value.name, self._zero(value))
        return Value(w.node("ReduceSum", only, w.whole(0), keepdims=0), value.whole)

    def _pooled(self, kind: str, value: Value, axis: int) -> str:
        w, used = self.writer, self.used(axis)
        if kind == "max":
            low = w.number(float(np.finfo(w.dtype).min))
            name = value.name if used is None else w.node("Where", used, value.name, low)
            return w.node("ReduceMax", name, axes=[0], keepdims=0)
        name = self.zeroed(value, axis).name
        if kind == "sum" or used is not None:
            name = w.node("ReduceSum", name, w.whole(0), keepdims=0)
        else:
            return w.node("ReduceMean", name, axes=[0], keepdims=0)
        if kind == "sum":
            return name
        count = w.node("Unsqueeze", w.node("Max", self._lengths[axis], w.constant(np.int64(1))), w.whole(1))
        return w.node("Div", name, w.node("Cast", count, to=code_of(w.dtype)))
