"""The engine of a network: its layers scheduled, as a whole or, for training through batch normalisation, in parts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from elman.engine import make_engine
from elman.engine.parts import Normalisation, Part, PartedEngine
from elman.engine.plan import Plan
from elman.engine.schedule import LayerSpec, LossSpec, schedule
from elman.equations.symbols import width
from elman.network.layers import scale_and_shift
from elman.training.losses import Loss, equations_key

if TYPE_CHECKING:
    from elman.network.network import Network


MOST_ENGINES = 8  # of a network; each holds the values of the largest batch that it has seen


class Engines:
    """The engines of a network that were used last, by what they do: losses of the same equations share one.

    A network that gets a new loss at each call, a lambda for example, so makes one engine for it, and one that gets
    many losses gives up the memory of those it no longer uses.

    Parameters
    ----------
    make : callable
        Makes the engine of a loss (or of None) and a target's width.
    """

    def __init__(self, make: Callable[[Loss | None, int], Any]):
        self._make = make
        self._kept: OrderedDict[Any, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def __call__(self, loss: Loss | None, target_width: int) -> Any:
        key = None if loss is None else (equations_key(loss), target_width)
        if key not in self._kept:
            self._kept[key] = self._make(loss, target_width)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_ENGINES:
            self._kept.popitem(last=False)
        return self._kept[key]


def differentiator(net: Network) -> Any:
    """An engine that takes any gradient of a network's output back to its input, without dropout."""
    return _engine(
        net, schedule(_specs(net), net.inputs, net.arena.size, seeded=True, input_gradient=True, dropout=False)
    )


def new_engine(net: Network, loss: Loss | None, target_width: int) -> Any:
    """An engine that runs a network, or (with a loss) trains it."""
    specs = _specs(net)
    spec = None if loss is None else loss_spec(loss, net.outputs, target_width)
    plan = schedule(specs, net.inputs, net.arena.size, spec)
    if spec is None or not any(layer.batch for layer in net.layers):
        return _engine(net, plan)
    return PartedEngine(plan, _parts(net, specs, spec))


def _engine(net: Network, plan: Plan) -> Any:
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
    starts = [number for number, layer in enumerate(net.layers) if layer.batch]
    borders = [*dict.fromkeys([0, *starts]), len(specs)]
    return [
        _part(net, specs, first, end, loss if end == len(specs) else None)
        for first, end in zip(borders, borders[1:], strict=False)
    ]


def _part(net: Network, specs: Sequence[LayerSpec], first: int, end: int, loss: LossSpec | None) -> Part:
    inputs = net.inputs if first == 0 else width(net.graphs[first - 1].outputs[0])
    batch = net.layers[first].batch
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
