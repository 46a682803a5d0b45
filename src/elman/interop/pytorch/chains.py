"""A state dict as a network: its layers one after the other; what it does not tell is an argument."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from elman.cells.options import one_of
from elman.equations.vectors import concat
from elman.errors import OptionError
from elman.interop.peers import OURS, called
from elman.interop.proof import Trial
from elman.interop.pytorch.gates import ORDERS, Row, rows_of
from elman.interop.pytorch.proving import proved
from elman.interop.pytorch.recurrent import recurrent_layer
from elman.interop.pytorch.stages import Stage, stages_of
from elman.interop.report import Mapped, Report
from elman.network import Network
from elman.network.flow import running
from elman.network.layers import Layer, tie
from elman.network.moves import pool
from elman.network.normalising_layers import BatchNorm, LayerNorm
from elman.network.stateless_layers import Activation, Dense, Embedding

STEPS = ("all", "last", "final")


@dataclass(frozen=True)
class Told:
    """What a state dict does not tell."""

    steps: str
    nonlinearity: str
    activation: str
    given: Mapping[str, Any]  # those that somebody made


def told(steps: Any, nonlinearity: Any, activation: Any) -> Told:
    """The choices, checked; those that nobody made by default."""
    return Told(
        one_of("all" if steps is None else steps, "steps", STEPS),
        one_of("tanh" if nonlinearity is None else nonlinearity, "nonlinearity", ("tanh", "relu")),
        one_of("relu" if activation is None else activation, "activation", ACTIVATIONS),
        {"steps": steps, "nonlinearity": nonlinearity, "activation": activation},
    )


ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu", "elu", "silu", "softplus", "linear")


def _check_read(stages: list[Stage], how: Told) -> None:
    """Refuse a choice that nothing in the state dict asks for."""
    kinds = [s.kind for s in stages]
    asked = {
        "steps": (any(s.is_recurrent for s in stages), "a recurrent layer"),
        "nonlinearity": ("RNN" in kinds, "an nn.RNN"),
        "activation": (("Linear", "Linear") in pairwise(kinds), "linear layers that follow one another"),
    }
    for name, (is_read, what) in asked.items():
        if how.given[name] is not None and not is_read:
            layers = ", ".join(f"{s.name} ({s.kind})".strip() for s in stages)
            raise OptionError(
                f"{name}={how.given[name]!r} is of a state dict with {what}; this one has {layers}: leave it out"
            )


def of_tensors(
    tensors: Mapping[str, np.ndarray], notes: list[str], how: Told, order: Any, tolerance: float | None
) -> tuple[Network, Report]:
    """The network of a state dict, and the report."""
    found = stages_of(tensors, order)
    _check_read(found.stages, how)
    chain = Chain(found.stages, how)
    net = chain.network()
    report = Report(called("torch", "PyTorch"), OURS, tuple(chain.mapped), notes=(*notes, *found.notes, *chain.notes))
    try:
        import torch
    except ImportError:
        return net, report.noting("nothing was run: PyTorch is not installed")
    from elman.interop.pytorch.chained import results

    def theirs(trial: Trial) -> list[np.ndarray]:
        return results(torch, found.stages, how, net, trial)

    def in_double() -> Any:
        wide = stages_of({name: value.astype(np.float64) for name, value in tensors.items()}, order)
        double = Chain(wide.stages, how).network()
        return double, lambda trial: results(torch, wide.stages, how, double, trial)

    return net, proved(net, theirs, in_double, report, tolerance=tolerance)


class Chain:
    """Makes the network of some stages."""

    def __init__(self, stages: list[Stage], how: Told):
        self.stages, self.how = stages, how
        self.mapped: list[Mapped] = []
        self.notes: list[str] = []
        self._made: list[tuple[Layer, Stage, list[Row], str]] = []
        self._tables: dict[str, Layer] = {}
        self._note_choices()

    def _note_choices(self) -> None:
        how, recurrent = self.how, [s for s in self.stages if s.is_recurrent]
        if recurrent:
            self.notes.append(f"steps={how.steps!r}: {_SAID[how.steps]}; the state dict does not tell")
        if any(s.kind == "RNN" for s in recurrent):
            self.notes.append(f"nonlinearity={how.nonlinearity!r}: the state dict does not tell")
        if any(a.kind == b.kind == "Linear" for a, b in pairwise(self.stages)):
            self.notes.append(f"activation={how.activation!r} between linear layers: the state dict does not tell")
        if any(s.kind.endswith("Norm") for s in self.stages):
            self.notes.append("normalisation with epsilon 1e-5, as it is by default: the state dict does not tell")
        self.notes.append("dropout, and activations behind the last layer, are not in a state dict, and not here")

    def network(self) -> Network:
        """The network, with its parameters."""

        def function(x: Any) -> Any:
            return self._flow(x)

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        function.__signature__ = inspect.Signature([inspect.Parameter("x", kind)])  # type: ignore[attr-defined]
        kinds = {value.dtype for s in self.stages for value in s.tensors.values() if value.dtype.kind == "f"}
        net = Network(function, inputs=self.stages[0].reads, dtype=np.result_type(*kinds))
        self._fill(net)
        return net

    def _flow(self, x: Any) -> Any:
        last = max((k for k, s in enumerate(self.stages) if s.is_recurrent), default=-1)
        for k, stage in enumerate(self.stages):
            between = k and stage.kind == self.stages[k - 1].kind == "Linear"
            if between and self.how.activation != "linear":
                x = running().call(Activation(self.how.activation), [x], [], None)
            x = self._recurrent(x, stage, k == last) if stage.is_recurrent else self._plain(x, stage)
        return x

    def _called(self, layer: Layer, x: Any, name: str) -> Any:
        with running().named(name):
            return running().call(layer, [x], [], None)

    def _plain(self, x: Any, stage: Stage) -> Any:
        name = stage.name.replace(".", "_") or stage.kind.lower()
        layer, rows = self._layer(stage)
        self._made.append((layer, stage, rows, ""))
        return self._called(layer, x, name)

    def _layer(self, stage: Stage) -> tuple[Layer, list[Row]]:
        bias = [Row("b", "bias")] if "bias" in stage.tensors else []
        if stage.kind == "Embedding":
            self._tables[stage.name] = Embedding(*stage.tensors["weight"].shape)
            return self._tables[stage.name], [Row("E", "weight")]
        if stage.kind == "Linear":
            layer = Dense(stage.makes, bias=stage.bias)
            if stage.tied:
                return tie(layer, W=(self._tables[stage.tied], "E")), bias
            return layer, [Row("W", "weight"), *bias]
        rows = [Row("g", "weight"), *bias]
        if stage.kind == "LayerNorm":
            return LayerNorm(), rows
        return BatchNorm(), [*rows, Row("mean", "running_mean"), Row("variance", "running_var")]

    def _recurrent(self, x: Any, stage: Stage, is_last: bool) -> Any:
        """Layer after layer; of the last one the steps that are wanted."""
        stem = stage.name.replace(".", "_") or stage.kind.lower()
        for number in range(stage.layers):
            name = stem if stage.layers == 1 else f"{stem}_{number}"
            is_end = is_last and number + 1 == stage.layers
            x = self._one(x, stage, number, name, is_end and self.how.steps == "final")
        return pool(x, "last") if is_last and self.how.steps == "last" else x

    def _one(self, x: Any, stage: Stage, number: int, name: str, final: bool) -> Any:
        flows = []
        for way in ("", "_reverse") if stage.both else ("",):
            layer = recurrent_layer(
                stage.kind,
                stage.hidden,
                bias=stage.bias,
                nonlinearity=self.how.nonlinearity,
                projection=stage.projection,
            )
            layer = replace(layer, reverse=bool(way), return_sequences=not final)
            has_bias = stage.bias or stage.projection > 0
            rows = rows_of(stage.kind, bias=has_bias, projected=stage.projection > 0, ending=f"_l{number}{way}")
            self._made.append((layer, stage, rows, ORDERS[stage.kind]))
            called = name if not stage.both else f"{name}.{'backward' if way else 'forward'}"
            flows.append(self._called(layer, x, called))
        if len(flows) == 1:
            return flows[0]
        with running().named(name):
            return running().flow(concat(*flows))

    def _fill(self, net: Network) -> None:
        for layer, stage, rows, how in self._made:
            part = next(p.name for p in net.structure.parts if p.layer is layer)
            tensors = self._with_biases(net, part, stage, rows)
            for row in rows:
                net.params[f"{part}.{row.ours}"] = row.read(tensors)
            for tensor in dict.fromkeys(n for row in rows for n in (row.theirs, row.plus) if n in stage.tensors):
                ours = [f"{part}.{row.ours}" for row in rows if tensor in (row.theirs, row.plus)]
                twice = "biases summed" if any(row.plus and tensor in (row.theirs, row.plus) for row in rows) else ""
                theirs = f"{stage.name}.{tensor}".removeprefix(".")
                theirs = theirs.removesuffix("_l0") if stage.is_cell else theirs
                self.mapped.append(Mapped(theirs, ", ".join(ours), ", ".join(filter(None, [how, twice]))))

    def _with_biases(self, net: Network, part: str, stage: Stage, rows: list[Row]) -> Mapping[str, np.ndarray]:
        """The tensors; of a projected LSTM without biases zeros in their places, which do not train."""
        if stage.bias or not stage.projection:
            return stage.tensors
        names = {n for row in rows if row.ours.startswith("b") for n in (row.theirs, row.plus)}
        net.freeze(f"{part}.b_*")
        return {**stage.tensors, **{n: np.zeros(4 * stage.hidden, net.dtype) for n in names}}


_SAID = {
    "all": "the output at each step",
    "last": "the output at the last step, out[:, -1]",
    "final": "the final hidden states, of both directions side by side",
}


def check_unused(**given: Any) -> None:
    """Refuse what belongs to state dicts only."""
    for name, value in given.items():
        if value is not None:
            raise OptionError(
                f"{name}={value!r} is of state dicts, which do not tell it; a module's own forward does: leave it out"
            )
