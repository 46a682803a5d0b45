"""Values of a network as losses and metrics see them."""

from __future__ import annotations

import numpy as np

from elman.engine.slots import ONCE
from elman.engine.stage import Source
from elman.equations.symbols import Symbol
from elman.network.structure import Structure
from elman.training.ends import End


def ends_of(structure: Structure, dtype: np.dtype) -> tuple[End, ...]:
    """The outputs, for losses and metrics."""
    names = structure.names or ("",)
    return tuple(end_of(structure, s, name, dtype) for s, name in zip(structure.outputs, names, strict=True))


def end_of(structure: Structure, source: Source, name: str, dtype: np.dtype) -> End:
    """A value of a network, for losses and metrics."""
    axis = structure.axis(source)
    paced = next((k for k, given in enumerate(structure.inputs) if given.axis == axis), -1)
    return End(name, structure.features(source), axis != ONCE, axis, _last_op(structure, source), dtype, paced)


def _last_op(structure: Structure, source: Source) -> str:
    """The op that makes an output; "softmax", though that is made of others."""
    while source.number >= 0:
        part = structure.parts[source.number]
        if part.graph is not None and part.graph.outputs[0] not in set(part.graph.inputs):
            return _op(part.graph.outputs[0])
        source = part.sources[0]
    return "input"


def _op(last: Symbol) -> str:
    shares = last.op == "div" and last.inputs[0].op == "exp" and last.inputs[1].op == "sum"
    return "softmax" if shares and last.inputs[1].inputs[0] is last.inputs[0] else last.op
