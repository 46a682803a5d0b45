"""A list of layers as a structure: each reads the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from elman.engine.stage import Source
from elman.equations.endless import ending
from elman.errors import OptionError
from elman.network.finished_structure import finished
from elman.network.flow import Tracing
from elman.network.flows import Axis, Flow
from elman.network.layers import Layer
from elman.network.structure import Structure


def of_layers(inputs: int, layers: Sequence[Any]) -> Structure:
    """A chain: each layer reads the one before it, and is called by its number; each place of the list is a layer."""
    tracing = Tracing(Layer)
    flow = given = Flow(tracing, Source(-1), inputs, Axis("x"), "x")
    with ending("a layer of a network"), tracing.active():
        for number, layer in enumerate(layers):
            if flow.axis is None and _states(layer):
                raise OptionError(
                    f"layers[{number}] ({layer.cell.name}) has states, but a layer before it returns its last step "
                    "only, so that it would run over a single step: give that one return_sequences=True"
                )
            tracing.in_its_own_place()
            with tracing.named(str(number)):
                flow = layer(flow)
    return finished(tracing, [given], [flow], None, False)


def _states(layer: Any) -> bool:
    return isinstance(layer, Layer) and bool(layer.cell.states)
