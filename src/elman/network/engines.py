"""The engine of a network: its layers scheduled, as a whole or, for training through batch normalisation, in parts."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from elman.engine import make_engine
from elman.engine.interface import Engine, Trains
from elman.engine.parts import Normalisation, Part, PartedEngine
from elman.engine.plan import Plan
from elman.engine.schedule import LayerSpec, LossSpec, schedule
from elman.equations.symbols import width
from elman.network.freezing import moving_norms
from elman.network.layers import scale_and_shift
from elman.training.losses import Loss, equations_key

if TYPE_CHECKING:
    from elman.network.network import Network


MOST_ENGINES = 8  # of a network; each holds the values of the largest batch that it has seen


class Engines:
    """The engines of a network, made when they are first needed: what runs it, what differentiates it, what trains it.

    Of the last only those are kept that were used last, one for all losses of the same equations. A network that gets
    a new loss at each call, a lambda for example, so makes one engine for it, and one that gets many losses gives up
    the memory of those it no longer uses.
    """

    def __init__(self, net: Network):
        self._net = net
        self._kept: OrderedDict[Any, Trains] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    @functools.cached_property
    def runner(self) -> Engine:
        return runner(self._net)

    @functools.cached_property
    def differentiator(self) -> Engine:
        return differentiator(self._net)

    def trainer(self, loss: Loss, target_width: int) -> Trains:
        key = equations_key(loss), target_width, tuple(moving_norms(self._net))
        if key not in self._kept:
            self._kept[key] = trainer(self._net, loss, target_width)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_ENGINES:
            self._kept.popitem(last=False)
        return self._kept[key]


def runner(net: Network) -> Engine:
    """An engine that runs a network."""
    return _engine(net, schedule(_specs(net), net.inputs, net.arena.size))


def differentiator(net: Network) -> Engine:
    """An engine that takes any gradient of a network's output back to its input, without dropout."""
    plan = schedule(_specs(net), net.inputs, net.arena.size, seeded=True, input_gradient=True, dropout=False)
    return _engine(net, plan)


def trainer(net: Network, loss: Loss, target_width: int) -> Trains:
    """An engine that trains a network."""
    specs, spec = _specs(net), loss_spec(loss, net.outputs, target_width)
    plan = schedule(specs, net.inputs, net.arena.size, spec)
    if not moving_norms(net):
        return _engine(net, plan)
    return PartedEngine(plan, _parts(net, specs, spec))


def _engine(net: Network, plan: Plan) -> Engine:
    return make_engine(plan, net.dtype, net.engine_name, net.threads, net.products)


def _specs(net: Network) -> list[LayerSpec]:
    return [layer_spec(net, number) for number in range(len(net.layers))]


def layer_spec(net: Network, number: int) -> LayerSpec:
    """A layer of a network, for the scheduler."""
    layer, graph = net.layers[number], net.graphs[number]
    offsets = {name: net.params.places[f"{number}.{name}"].offset for name in graph.parameters}
    return LayerSpec(str(number), graph, offsets, layer.last_only, layer.reverse)


def loss_spec(loss: Loss, outputs: int, target_width: int) -> LossSpec:
    """A loss of a network with so many outputs, for the scheduler."""
    return LossSpec(loss.cell.trace().bind([outputs, target_width], None), loss.root)


def _parts(net: Network, specs: Sequence[LayerSpec], loss: LossSpec) -> list[Part]:
    """The parts that begin at each batch normalisation, and what is before the first one."""
    borders = [*dict.fromkeys([0, *moving_norms(net)]), len(specs)]
    return [
        _part(net, specs, first, end, loss if end == len(specs) else None)
        for first, end in zip(borders, borders[1:], strict=False)
    ]


def _part(net: Network, specs: Sequence[LayerSpec], first: int, end: int, loss: LossSpec | None) -> Part:
    inputs = net.inputs if first == 0 else width(net.graphs[first - 1].outputs[0])
    batch = net.layers[first].batch if first in moving_norms(net) else None
    mine = list(specs[first:end])
    if batch:
        mine[0] = replace(mine[0], graph=scale_and_shift.trace().bind([inputs], None, {}))
    plan = schedule(
        mine,
        inputs,
        net.arena.size,
        loss,
        seeded=loss is None,
        input_gradient=batch is not None,
    )
    states = sum(len(net.graphs[number].states) for number in range(first, end))
    return Part(_engine(net, plan), states, _normalisation(specs[first], inputs, batch) if batch else None)


def _normalisation(spec: LayerSpec, features: int, batch: dict[str, float]) -> Normalisation:
    return Normalisation(spec.offsets["mean"], spec.offsets["variance"], features, **batch)
