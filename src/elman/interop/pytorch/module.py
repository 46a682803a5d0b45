"""A network as a module of PyTorch: its layers, and which reads what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from elman.errors import DataError, ShapeError
from elman.interop.pytorch.gates import Row
from elman.interop.pytorch.layers import BatchNorm, GraphLayer
from elman.interop.pytorch.spans import Span, recur


@dataclass(frozen=True)
class Step:
    """How one layer, or move, is run.

    Attributes
    ----------
    layer : str
        Its name among the module's layers; empty of a move.
    kind : str
        The class of PyTorch's, ``graph``, or the kind of the move.
    sources, initial, memories : tuple of (int, int)
        What it reads: the number of a step, or of an input, ``~k``; and of which state the final value, or -1.
    axis : int
        The time axis that it runs along, -1 without.
    sizes : tuple of int
        Of its states.
    half : int
        Of a layer in both directions 0 or 1; -1 of others.
    """

    layer: str
    kind: str
    sources: tuple[tuple[int, int], ...]
    initial: tuple[tuple[int, int] | None, ...] = ()
    memories: tuple[tuple[int, int], ...] = ()
    axis: int = -1
    number: int = 0
    sizes: tuple[int, ...] = ()
    reverse: bool = False
    last: bool = False
    half: int = -1


@dataclass(frozen=True)
class Given:
    """An input: its features, its time axis (-1 without), and whether it is an index."""

    name: str
    width: int
    axis: int
    index: bool


@dataclass(frozen=True)
class Plan:
    """All that a module's forward does, as plain data."""

    inputs: tuple[Given, ...]
    steps: tuple[Step, ...]
    memory_axes: tuple[tuple[int, ...], ...]  # of each step, those of its memories
    outputs: tuple[tuple[int, int], ...]
    output_axes: tuple[int, ...]
    names: tuple[str, ...] | None
    by_name: bool


def _expected(given: Given) -> str:
    if given.index and given.width == 1:
        return "indices (B, T)" if given.axis >= 0 else "indices (B, 1)"
    letters = "(B, T, F)" if given.axis >= 0 else "(B, F)"
    return f"{letters} with {given.width} feature{'s' * (given.width > 1)}"


class NetworkModule(nn.Module):
    """A network of Elman's in PyTorch; `elman.interop.to_torch` makes it.

    Called as ``module(x, lengths=None, state=None, return_state=False)``: x is (B, T, F), of several inputs a tuple or
    a dict of them; `lengths` (B,) are the steps in use of each row, of several time axes a dict by input; `state` is a
    list of tuples (B, H), one for each layer that has states, as `return_state` gives it.
    """

    def __init__(self, plan: Plan, layers: Mapping[str, Any], rows: Mapping[str, tuple[str, Row]], dtype: Any):
        super().__init__()
        self.plan, self.rows = plan, dict(rows)  # rows: of each parameter the layer, and where it lies there
        self.layers = nn.ModuleDict(dict(layers))
        self.register_buffer("_like", torch.empty(0, dtype=dtype), persistent=False)

    def forward(self, x: Any, lengths: Any = None, state: Any = None, return_state: bool = False) -> Any:
        inputs = self._inputs(x)
        spans = self._spans(inputs, lengths)
        values = [v if g.axis < 0 else spans[g.axis].filled(v) for g, v in zip(self.plan.inputs, inputs, strict=True)]
        run = _Run(self, values, spans, inputs[0].shape[0], state)
        for step, axes in zip(self.plan.steps, self.plan.memory_axes, strict=True):
            run.take(step, axes)
        outputs = [
            run.value(source) if axis < 0 else spans[axis].zeroed(run.value(source))
            for source, axis in zip(self.plan.outputs, self.plan.output_axes, strict=True)
        ]
        y = self._returned(outputs)
        return (y, run.ends) if return_state else y

    def _returned(self, outputs: list[Any]) -> Any:
        if self.plan.names is None:
            return outputs[0]
        return dict(zip(self.plan.names, outputs, strict=True)) if self.plan.by_name else tuple(outputs)

    def _inputs(self, x: Any) -> list[Any]:
        plan = self.plan
        names = [given.name for given in plan.inputs]
        if isinstance(x, Mapping):
            if set(x) != set(names):
                raise ShapeError(f"the inputs are {', '.join(names)}; got {', '.join(map(str, x)) or 'none'}")
            x = tuple(x[name] for name in names)
        several = list(x) if isinstance(x, tuple | list) else [x]
        if len(several) != len(names):
            raise ShapeError(f"the network has {len(names)} inputs ({', '.join(names)}), got {len(several)}")
        return [self._input(given, value) for given, value in zip(plan.inputs, several, strict=True)]

    def _input(self, given: Given, x: Any) -> Any:
        if not isinstance(x, torch.Tensor):
            raise ShapeError(f"{given.name} is a {type(x).__name__}; expected a tensor: torch.as_tensor(...)")
        wanted = 2 + (given.axis >= 0)
        if x.ndim == wanted - 1 and given.width == 1:
            x = x.unsqueeze(-1)
        if x.ndim != wanted or x.shape[-1] != given.width:
            raise ShapeError(f"{given.name.rstrip('_')} has shape {tuple(x.shape)}; expected {_expected(given)}")
        if given.index:
            return x
        return self._numbers(given, x) if x.is_floating_point() else x.to(self._like.dtype)

    def _numbers(self, given: Given, x: Any) -> Any:
        """Real numbers as they are; of another precision than the module's only where autocast chooses it."""
        ours = self._like.dtype
        if x.dtype != ours and not torch.is_autocast_enabled(x.device.type):
            raise DataError(
                f"{given.name} is {x.dtype} and the module {ours}: give {given.name}.to({ours}), or convert the "
                f"module, module.to({x.dtype})"
            )
        return x

    def _spans(self, inputs: list[Any], lengths: Any) -> dict[int, Span]:
        found: dict[int, Span] = {}
        for given, x in zip(self.plan.inputs, inputs, strict=True):
            if given.axis >= 0 and given.axis not in found:
                found[given.axis] = Span(x.shape[0], x.shape[1])
        if isinstance(lengths, Mapping):
            axes = {given.name: given.axis for given in self.plan.inputs if given.axis >= 0}
            unknown = [name for name in lengths if name not in axes]
            if unknown:
                raise ShapeError(f"lengths of {unknown[0]!r}, which is no input with time steps: {', '.join(axes)}")
            for name, one in lengths.items():
                found[axes[name]].lengths = self._length(one, inputs[0], found[axes[name]].steps)
        elif lengths is not None:
            if len(found) > 1:
                raise ShapeError("the network has several time axes: give lengths as a dict of them by input")
            found[0].lengths = self._length(lengths, inputs[0], found[0].steps)
        return found

    @staticmethod
    def _length(lengths: Any, like: Any, steps: int) -> Any:
        found = torch.as_tensor(lengths)
        if found.shape != like.shape[:1]:
            raise ShapeError(f"lengths has shape {tuple(found.shape)}, expected ({like.shape[0]},), one for each row")
        known = found.device.type == "cpu" and not (torch.compiler.is_compiling() or torch.jit.is_tracing())
        if known and bool(((found < 0) | (found > steps) | (found != found.long())).any()):  # on a GPU it would wait
            raise ShapeError(f"lengths is {found.tolist()}: expected whole numbers 0..{steps}, the steps of x")
        return found.to(like.device).long()

    # --- there and back ---------------------------------------------------------------------------------------

    def tensors(self) -> dict[str, dict[str, Any]]:
        """The parameters and buffers of each layer, as NumPy arrays."""
        return {
            name: {key: value.detach().cpu().numpy() for key, value in layer.state_dict(keep_vars=True).items()}
            for name, layer in self.layers.items()
        }


class _Run:
    """One call of a module: what its steps have made so far."""

    def __init__(self, module: NetworkModule, inputs: list[Any], spans: dict[int, Span], rows: int, state: Any):
        self.module, self.inputs, self.spans, self.rows = module, inputs, spans, rows
        self.values: list[Any] = []
        self.finals: list[list[Any]] = []
        self.ends: list[tuple[Any, ...]] = []  # final states of those that the caller may begin with
        self.given = None if state is None else list(state)
        self.both: tuple[Any, list[Any]] | None = None  # of a layer in both directions, until its second half is taken
        free = [s for s in module.plan.steps if s.sizes and _free(s)]
        if self.given is not None and len(self.given) != len(free):
            raise ShapeError(f"state has {len(self.given)} layers, the network has {len(free)} with states to begin")

    def value(self, source: tuple[int, int]) -> Any:
        number, state = source
        if number < 0:
            return self.inputs[~number]
        return self.values[number] if state < 0 else self.finals[number][state]

    def take(self, step: Step, memory_axes: tuple[int, ...]) -> None:
        """Run one step."""
        span = self.spans[step.axis] if step.axis >= 0 else None
        inputs = [self.value(source) for source in step.sources]
        begins = self._begins(step)
        if not step.layer:
            value, finals = self._moved(step, inputs[0], span), []
        elif step.kind == "graph":
            memories = [
                (self.value(source), self.spans[axis].inside())
                for source, axis in zip(step.memories, memory_axes, strict=True)
            ]
            value, finals = self._layer(step)(inputs, memories, begins, span, self.rows)
        else:
            value, finals = self._standard(step, inputs[0], begins, span)
        self.values.append(value)
        self.finals.append(finals)
        if _free(step):
            self.ends.append(tuple(finals[k] for k in _free(step)))

    def _layer(self, step: Step) -> Any:
        return self.module.layers[step.layer]

    def _begins(self, step: Step, ahead: int = 0) -> list[Any]:
        """What the states of a step, or of the next one after it, begin with."""
        if not step.sizes:
            return []
        like, free = self.module._like, _free(step)
        found = [None if source is None else self.value(source) for source in step.initial] or [None] * len(step.sizes)
        if free:
            mine = [None] * len(free) if self.given is None else list(self.given[len(self.ends) + ahead])
            if len(mine) != len(free):
                raise ShapeError(f"state of {step.layer} has {len(mine)} values, expected {len(free)}")
            for k, one in zip(free, mine, strict=True):
                zeros = torch.zeros(self.rows, step.sizes[k], dtype=like.dtype, device=like.device)
                found[k] = zeros if one is None else one
        return found

    def _moved(self, step: Step, x: Any, span: Span | None) -> Any:
        assert span is not None
        return span.moved(x, step.kind, step.number)

    def _standard(self, step: Step, x: Any, begins: list[Any], span: Span | None) -> tuple[Any, list[Any]]:
        layer = self._layer(step)
        if step.half >= 0:
            return self._half(step, x, begins, span)
        if step.sizes:
            assert span is not None
            seen = span.reversed(x) if step.reverse else x
            y, finals = recur(layer, seen, [b.unsqueeze(0) for b in begins], span)
            finals = [f[0] for f in finals]
            y = span.reversed(y) if step.reverse and not step.last else y
            return finals[0] if step.last else y, finals
        if isinstance(layer, nn.Embedding):
            return layer(x[..., 0].long()), []
        return (layer(x, span) if isinstance(layer, BatchNorm) else layer(x)), []

    def _half(self, step: Step, x: Any, begins: list[Any], span: Span | None) -> tuple[Any, list[Any]]:
        """One direction of a layer in both; the first one runs it, with what the second one begins with."""
        assert span is not None
        if step.half == 0:
            others = self._begins(step, ahead=1)
            both = [torch.stack(pair) for pair in zip(begins, others, strict=True)]
            self.both = recur(self._layer(step), x, both, span)
        assert self.both is not None
        y, finals = self.both
        finals = [f[step.half] for f in finals]
        return finals[0] if step.last else y.chunk(2, -1)[step.half], finals


def _free(step: Step) -> list[int]:
    """The states that begin with what the caller gives."""
    return [k for k in range(len(step.sizes)) if not step.initial or step.initial[k] is None]


__all__ = ["GraphLayer", "NetworkModule"]
