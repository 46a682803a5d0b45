"""The engines of a network: its layers scheduled."""

from __future__ import annotations

import functools
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from elman.engine import make_engine
from elman.engine.interface import Engine, Trains
from elman.engine.plan import Plan
from elman.engine.schedule import LayerSpec, LossSpec, schedule
from elman.engine.stage import NormSpec
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
    specs = _specs(net)
    for number in moving_norms(net):
        specs[number] = _over_the_batch(net, number, specs[number])
    return _engine(net, schedule(specs, net.inputs, net.arena.size, loss_spec(loss, net.outputs, target_width)))


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


def _over_the_batch(net: Network, number: int, spec: LayerSpec) -> LayerSpec:
    """Batch normalisation as training has it: by the moments of the batch."""
    batch = net.layers[number].batch
    assert batch is not None
    features = net.graphs[number].inputs[0]
    norm = NormSpec(batch["epsilon"], batch["momentum"], "mean", "variance")
    return replace(spec, graph=scale_and_shift.trace().bind([width(features)], None, {}), norm=norm)
