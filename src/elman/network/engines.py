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
from elman.errors import OptionError
from elman.network.fed_back import Unrolled
from elman.network.freezing import moving_norms
from elman.network.layers import scale_and_shift
from elman.network.structure import input_specs
from elman.network.unrolling import halves
from elman.training.losses import equations_key
from elman.training.protocol import Aim

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
        self._unrolled: dict[tuple[int, int], Unrolled] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @functools.cached_property
    def runner(self) -> Engine:
        return runner(self._net)

    @functools.cached_property
    def differentiator(self) -> Engine:
        return differentiator(self._net)

    def unrolled(self, output: int, fed: int) -> Unrolled:
        """What makes an input step by step from an output, both by number."""
        key = output, fed
        if key not in self._unrolled:
            self._unrolled[key] = unrolled(self._net, output, fed)
        return self._unrolled[key]

    def trainer(self, aims: Sequence[Aim]) -> Trains:
        wanted = tuple((equations_key(aim.loss), aim.width, aim.share) for aim in aims)
        key = wanted, tuple(moving_norms(self._net))
        if key not in self._kept:
            self._kept[key] = trainer(self._net, aims)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_ENGINES:
            self._kept.popitem(last=False)
        return self._kept[key]


def runner(net: Network) -> Engine:
    """An engine that runs a network."""
    return _engine(net, planned(net))


def planned(net: Network, **more: Any) -> Plan:
    """The plan of a network; see `elman.engine.schedule`."""
    specs, outputs = net.specs()
    return schedule(specs, input_specs(net.structure), net.arena.size, outputs=outputs, **more)


def differentiator(net: Network) -> Engine:
    """An engine that takes any gradient of a network's output back to its input, without dropout."""
    return _engine(net, planned(net, seeded=True, input_gradient=True, dropout=False))


def trainer(net: Network, aims: Sequence[Aim]) -> Trains:
    """An engine that trains a network."""
    losses = [loss_spec(aim, end.outputs) for aim, end in zip(aims, net.ends, strict=True)]
    plan = planned(net, losses=losses)
    if not moving_norms(net):
        return _engine(net, plan)
    if not net.structure.is_chain:
        raise OptionError("BatchNorm is trained in chains of layers only so far: use LayerNorm, or freeze its moments")
    specs, _ = net.specs()
    return PartedEngine(plan, _parts(net, specs, losses[0]))


def unrolled(net: Network, output: int, fed: int) -> Unrolled:
    """A network in two halves, for an output that is fed back."""
    layers, outputs = net.specs()
    found = halves(net.structure, layers, outputs[output], fed)
    return Unrolled(found, net.arena.size, lambda plan: _engine(net, plan))


def _engine(net: Network, plan: Plan) -> Engine:
    return make_engine(plan, net.dtype, net.engine_name, net.threads, net.products)


def layer_spec(net: Network, number: int) -> LayerSpec:
    """A layer of a chain, for the scheduler."""
    return replace(net.specs()[0][number], sources=None)


def loss_spec(aim: Aim, outputs: int) -> LossSpec:
    """A loss of so many outputs, for the scheduler."""
    return LossSpec(aim.loss.cell.trace().bind([outputs, aim.width], None), aim.loss.root, aim.share)


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
        [replace(spec, sources=None) for spec in mine],
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
