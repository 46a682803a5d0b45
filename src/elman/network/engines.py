"""The engines of a network: its layers scheduled."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from elman.engine import make_engine
from elman.engine.interface import Engine
from elman.engine.plan import Plan
from elman.engine.schedule import LayerSpec, LossSpec, schedule
from elman.engine.stage import NormSpec, Source
from elman.equations.symbols import width
from elman.network.face import Net
from elman.network.fed_back import Unrolled
from elman.network.files import describe
from elman.network.freezing import moving_norms
from elman.network.layer_cells import scale_and_shift
from elman.network.penalties import penalised
from elman.network.structure import input_specs
from elman.network.unrolling import halves
from elman.training.losses import equations_key
from elman.training.protocol import Aim

LEARNT = ("seed", "updates", "epochs", "frozen", "loss")  # of a description, what no plan or only its name depends on
MOST_ENGINES = 8  # of a network; each holds the values of the largest batch that it has seen


class Engines:
    """The engines of a network, made when they are first needed: what runs it, what differentiates it, what trains it.

    Of the last only those are kept that were used last, one for all losses of the same equations. A network that gets
    a new loss at each call, a lambda for example, so makes one engine for it, and one that gets many losses gives up
    the memory of those it no longer uses. Networks that are alike may have their plans in common.

    Attributes
    ----------
    plans : dict of Plan
        What the engines run that are there, or that those of a network like this one run.
    """

    def __init__(self, net: Net):
        self._net = net
        self._kept: dict[Any, Engine] = {}  # those used last are last
        self.plans: dict[Any, Plan] = {}
        self._unrolled: dict[tuple[int, int], Unrolled] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @functools.cached_property
    def architecture(self) -> dict[str, Any]:
        """What plans depend on, as plain data: networks of which it is the same may have them in common."""
        return {name: told for name, told in describe(self._net).items() if name not in LEARNT}

    @functools.cached_property
    def runner(self) -> Engine:
        return self._engine("runner", lambda: planned(self._net))

    @functools.cached_property
    def differentiator(self) -> Engine:
        return differentiator(self._net)

    def unrolled(self, output: int, fed: int) -> Unrolled:
        """What makes an input step by step from an output, both by number."""
        key = output, fed
        if key not in self._unrolled:
            self._unrolled[key] = unrolled(self._net, output, fed)
        return self._unrolled[key]

    def trainer(self, aims: Sequence[Aim], whole: bool = False) -> Engine:
        """What trains; of frozen parameters it computes no gradients, unless `whole`."""
        frozen = frozenset[str]() if whole else self._net.frozen
        wanted = tuple((equations_key(aim.loss), aim.width, aim.share) for aim in aims)
        key = wanted, tuple(moving_norms(self._net)), frozen
        engine = self._kept.get(key) or self._engine(key, lambda: training_plan(self._net, aims, frozen))
        self._kept.pop(key, None)  # several threads may come here: nothing relies on what was there a step before
        self._kept[key] = engine
        for old in list(self._kept)[:-MOST_ENGINES]:
            self._kept.pop(old, None), self.plans.pop(old, None)
        return engine

    def another(self) -> Engine:
        """One more that runs the network."""
        return _engine(self._net, planned(self._net))

    def anew(self) -> Engines:
        """Those of the same network, none of them made yet."""
        return Engines(self._net)

    def _engine(self, key: Any, plan: Callable[[], Plan]) -> Engine:
        """An engine for a plan, which is made if there is none of this name."""
        made = self.plans.get(key)
        if made is None:
            made = self.plans[key] = plan()
        return _engine(self._net, made)


class Engined:
    """Has engines, and plans of them: a `Network`."""

    _engines: Engines

    def engine(self) -> Engine:
        """What runs this network.

        Returns
        -------
        Engine
        """
        return self._engines.runner

    def trainer(self, aims: Sequence[Aim], whole: bool = False) -> Engine:
        """What trains this network with a loss for each output; `whole`: with gradients of frozen parameters too.

        Parameters
        ----------
        aims : sequence of Aim
            A loss for each output.
        whole : bool, default False
            Whether frozen parameters get gradients.

        Returns
        -------
        Engine
        """
        return self._engines.trainer(aims, whole)

    @property
    def differentiator(self) -> Engine:
        """What takes any gradient of the output back to parameters, input and states, without dropout."""
        return self._engines.differentiator

    def unrolled(self, output: int, fed: int) -> Unrolled:
        """What makes an input step by step from an output, both by number; see `elman.network.unrolling`.

        Parameters
        ----------
        output : int
            Which output is fed back.
        fed : int
            As which input.

        Returns
        -------
        Unrolled
        """
        return self._engines.unrolled(output, fed)

    def release_engines(self) -> None:
        """Give back the memory of the engines, which hold the values of their largest batch; others are made if needed.

        Examples
        --------
        >>> import elman as el
        >>> net = el.Network(1, [el.GRU(4)])
        >>> before = net([[[1.0]]])
        >>> net.release_engines()
        >>> bool((net([[[1.0]]]) == before).all())
        True
        """
        self._engines = self._engines.anew()

    @property
    def architecture(self) -> dict[str, Any]:
        """What the plans of its engines depend on, as plain data."""
        return self._engines.architecture

    def share_plans(self, other: Engined) -> None:
        """Have the plans of engines in common with a network of the same architecture.

        Parameters
        ----------
        other : Network
            Of the same architecture.
        """
        self._engines.plans = other._engines.plans

    def new_engine(self) -> Engine:
        """Another engine that runs this network, which nobody else uses.

        Returns
        -------
        Engine
        """
        return self._engines.another()


def planned(net: Net, **more: Any) -> Plan:
    """The plan of a network; see `elman.engine.schedule`."""
    return _plan(net, *net.specs(), **more)


def _plan(net: Net, specs: Sequence[LayerSpec], outputs: Sequence[Source], **more: Any) -> Plan:
    return schedule(specs, input_specs(net.structure), net.arena.size, outputs=outputs, **more)


def differentiator(net: Net) -> Engine:
    """An engine that takes any gradient of a network's output back to its input, without dropout."""
    return _engine(net, planned(net, seeded=True, input_gradient=True, dropout=False))


def training_plan(net: Net, aims: Sequence[Aim], frozen: Iterable[str] = ()) -> Plan:
    """The plan of a network's training, without the gradients of some parameters.

    The aims of its penalties are behind those of its outputs.
    """
    ends = [*net.ends, *(penalty.end for penalty in net.penalties)]
    losses = [loss_spec(aim, end.outputs) for aim, end in zip(aims, ends, strict=True)]
    specs, outputs = net.specs(penalised(net.structure))
    for number in moving_norms(net):
        place = next(k for k, spec in enumerate(specs) if spec.name == net.layer_names[number])
        specs[place] = _over_the_batch(net, number, specs[place])
    offsets = [net.params.places[name].offset for name in frozen]
    return _plan(net, specs, outputs, losses=losses, frozen=offsets)


def unrolled(net: Net, output: int, fed: int) -> Unrolled:
    """A network in two halves, for an output that is fed back."""
    layers, outputs = net.specs()
    found = halves(net.structure, layers, outputs[output], fed)
    return Unrolled(found, net.arena.size, lambda plan: _engine(net, plan))


def _engine(net: Net, plan: Plan) -> Engine:
    return make_engine(plan, net.dtype, net.engine_name, net.threads, net.products)


def layer_spec(net: Net, number: int) -> LayerSpec:
    """A layer of a chain, for the scheduler."""
    return replace(net.specs()[0][number], sources=None)


def loss_spec(aim: Aim, outputs: int) -> LossSpec:
    """A loss of so many outputs, for the scheduler."""
    return LossSpec(aim.loss.cell.trace().bind([outputs, aim.width], None), aim.loss.root, aim.share)


def _over_the_batch(net: Net, number: int, spec: LayerSpec) -> LayerSpec:
    """Batch normalisation as training has it: by the moments of the batch."""
    batch = net.layers[number].batch
    assert batch is not None
    features = net.graphs[number].inputs[0]
    norm = NormSpec(batch["epsilon"], batch["momentum"], "mean", "variance")
    return replace(spec, graph=scale_and_shift.trace().bind([width(features)], None, {}), norm=norm)
