"""A model of Keras, gone through layer by layer inside of the function of a network."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.keras import merging, recurrent, shortening, stateless
from elman.interop.keras.functional import Functional
from elman.interop.keras.givens import givens_of, named
from elman.interop.keras.operations import OPERATIONS
from elman.interop.keras.values import Mask, Value
from elman.interop.report import Mapped
from elman.network.flow import running
from elman.network.flows import Flow
from elman.network.network import Network
from elman.network.stateless_layers import Activation, Dropout
from elman.network.structure import Static

LAYERS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("SimpleRNN", "GRU", "LSTM", "RNN"), recurrent.recurrent),
    "Bidirectional": recurrent.bidirectional,
    "Dense": stateless.dense,
    "Embedding": stateless.embedding,
    "Masking": stateless.masking,
    **dict.fromkeys(("Dropout", "SpatialDropout1D"), stateless.dropout),
    **dict.fromkeys(("GaussianNoise", "GaussianDropout", "AlphaDropout"), stateless.noise),
    "ActivityRegularization": stateless.activity,
    **dict.fromkeys(("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"), stateless.activation),
    "BatchNormalization": stateless.batch_norm,
    "LayerNormalization": stateless.layer_norm,
    "Conv1D": stateless.convolution,
    **dict.fromkeys(("MaxPooling1D", "AveragePooling1D"), shortening.pooled),
    "GlobalAveragePooling1D": stateless.average,
    "GlobalMaxPooling1D": stateless.largest,
    "Flatten": stateless.flatten,
    "Reshape": stateless.reshape,
    "RepeatVector": stateless.repeat_vector,
    "TimeDistributed": stateless.time_distributed,
    "Rescaling": stateless.rescaling,
    "Normalization": stateless.normalization,
    "Identity": stateless.same,
    **dict.fromkeys(merging.MERGES, merging.merge),
    **dict.fromkeys(("Attention", "AdditiveAttention"), merging.attention),
}

ADVICE = {
    "Lambda": "its function is code, which is not read: leave it out, or write it between the layers of an "
    "elman network",
    "Permute": "it makes steps of features: turn the data before",
    "ConvLSTM2D": "sequences of pictures are not converted: make a vector of each before",
    "TextVectorization": "it makes numbers of texts: do that before, and begin the model behind it",
    "StringLookup": "it makes numbers of texts: do that before, and begin the model behind it",
    "MultiHeadAttention": "attention of several heads is not converted; Attention and AdditiveAttention are",
    "Dot": "use Attention, which is converted",
}


class Walk:
    """Goes through a model, and makes the network of it.

    Parameters
    ----------
    model : keras.Model
        `Sequential` or functional, built.
    lengths : bool
        Whether masks become the lengths of rows, which callers give, and not values of the network.

    Attributes
    ----------
    inputs : list of Given
    paces : dict of str to int
        Inputs that the model has not, of which only the steps count: how many.
    fixed : dict of str to int
        Inputs of which the network needs so many steps.
    """

    def __init__(self, model: Any, lengths: bool):
        self.model, self.lengths = model, lengths
        self.inputs = list(givens_of(model))
        self.paces: dict[str, int] = {}
        self.fixed: dict[str, int] = {}
        self._begin()

    def _begin(self) -> None:
        self.notes: list[str] = []
        self.mapped: list[Mapped] = []
        self.chain: list[Any] = []
        self.linear = True
        self._last: Any = None
        self._known: dict[Any, Any] = {}
        self._weights: dict[int, dict[str, np.ndarray]] = {}
        self._origins: dict[int, tuple[Any, str]] = {}
        self._held: set[tuple[int, str]] = set()
        self._kept: list[Any] = []
        self._inputs: dict[str, Flow] = {}
        self.grids: dict[Any, Mask] = {}
        self.least = 1  # steps, so that no sequence of Keras ends before it begins

    # --- the network ----------------------------------------------------------------------------------------

    def network(self, **options: Any) -> Network:
        """The network, with the model's weights."""
        if all(given.kind == "static" for given in self.inputs):
            raise ConversionError(
                "the model reads vectors (B, F) and no sequence, of which a network here needs one: build it "
                "with keras.Input((steps, features)), also for a single step"
            )
        while True:
            before = dict(self.paces)
            try:
                net = Network(self._function(), inputs=self._sizes(), **options)
            except _Again:  # a pace was found to be wanted
                assert self.paces != before
                continue
            break
        given = self.inputs
        if self.linear and len(given) == 1 and given[0].kind != "static" and not self.paces and self.chain:
            net = Network(given[0].features, self.chain, **options)
        self._fill(net)
        return net

    def _sizes(self) -> dict[str, Any]:
        sizes = {g.name: Static(g.features) if g.kind == "static" else g.features for g in self.inputs}
        return {**sizes, **dict.fromkeys(self.paces, 1)}

    def _function(self) -> Callable[..., Any]:
        def function(*flows: Any) -> Any:
            return self._run(flows)

        names = [g.name for g in self.inputs] + list(self.paces)
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        function.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in names])  # type: ignore[attr-defined]
        return function

    def _run(self, flows: tuple[Any, ...]) -> Any:
        self._begin()
        self._inputs = dict(zip([g.name for g in self.inputs] + list(self.paces), flows, strict=True))
        self._last = flows[0]
        values = [
            Value(flow, given.steps, flat=given.kind == "indices" or given.kind == "static" and len(given.shape) == 2)
            for flow, given in zip(flows, self.inputs, strict=False)
        ]
        found = self._model(self.model, values)
        ends = found if isinstance(found, dict) else found if isinstance(found, list) else [found]
        self._check_ends(list(ends.values()) if isinstance(ends, dict) else ends)
        if isinstance(ends, dict):
            self.linear = False
            return {name: value.flow for name, value in ends.items()}
        self.linear = self.linear and len(ends) == 1 and ends[0].flow is self._last
        self._note_masked(ends)
        return tuple(value.flow for value in ends) if len(ends) > 1 else ends[0].flow

    def _check_ends(self, ends: list[Value]) -> None:
        if not all(shortening.is_whole(value) for value in ends):
            raise ConversionError(
                "the model returns a sequence that is shorter than its input, as a convolution with padding='valid' or "
                "a pooling makes it, and a network here keeps its steps: use padding='same', or return what follows"
            )

    def _note_masked(self, ends: list[Value]) -> None:
        if any(value.mask is not None for value in ends):
            self.notes.append(
                "Keras leaves masked steps of this output out of its loss; give net.fit sample_weight or lengths for it"
            )

    def _fill(self, net: Network) -> None:
        """Set the parameters, and freeze those that are."""
        for part in net.structure.parts:
            if part.layer is None or part.graph is None:
                continue
            key = id(part.layer.origin or part.layer)
            for name, value in self._weights.get(key, {}).items():
                if name not in part.tied:
                    net.params[f"{part.name}.{name}"] = value
            self._say(part, key)
            frozen = self._origins.get(key, (None, ""))[0]
            held = [name for owner, name in self._held if owner == key]
            if part.tied or frozen is None:
                continue
            if not frozen.trainable and part.graph.parameters:
                net.freeze(f"{part.name}.*")
            elif held:
                net.freeze(*(f"{part.name}.{name}" for name in held))

    def _say(self, part: Any, key: int) -> None:
        if key in self._origins and not part.tied:
            layer, how = self._origins[key]
            ours = ", ".join(f"{part.name}.{name}" for name in part.graph.parameters)
            self.mapped.append(Mapped(f"{layer.name} ({type(layer).__name__})", ours or part.name, how))

    # --- the model ------------------------------------------------------------------------------------------

    def _model(self, model: Any, given: list[Value]) -> Any:
        kind = type(model).__name__
        if kind == "Sequential":
            (value,) = given
            for layer in model.layers:
                value = self.call(layer, [value], {})
                if isinstance(value, list):
                    raise self.refusal(layer, "returns several values inside of a Sequential model")
            return value
        return Functional(self, model, given).outputs()

    def call(self, layer: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A layer of Keras of some values."""
        kind = type(layer).__name__
        if kind == "InputLayer":
            return args[0]
        if kind in ("Sequential", "Functional", "Model") and hasattr(layer, "layers"):
            flat = [x for a in args for x in (a if isinstance(a, list) else [a])]
            return self._model(layer, flat)
        self._check(layer, kind)
        with running().named(layer.name):
            return _table(layer)[kind](self, layer, *args, **kwargs)

    def _check(self, layer: Any, kind: str) -> None:
        if kind in _table(layer) and type(layer).__module__.startswith("keras."):
            return
        if type(layer).__module__ == "elman.interop.keras.layers":
            raise self.refusal(
                layer, "is made of a network's equations by to_keras: give the weights back to that network, "
                "weights_from_keras(net, model)"
            )  # fmt: skip
        own = not type(layer).__module__.startswith("keras.")
        advice = "it is a class of its own, whose equations are code, which is not read: write it as an elman.cell and "
        advice += "copy its weights" if own else ""
        plain = "it is not converted: leave it out, or write it between the layers of an elman network"
        raise self.refusal(layer, "cannot be converted: " + (advice if own else ADVICE.get(kind, plain)))

    def refusal(self, layer: Any, why: str) -> ConversionError:
        return ConversionError(f"{layer.name} ({type(layer).__name__}) {why}")

    # --- what layers ask for --------------------------------------------------------------------------------

    def known(self, key: Any, make: Callable[[], Any]) -> Any:
        """Elman's layer for one of Keras, the same each time that it is called."""
        objects = key if isinstance(key, tuple) else (key,)
        found = tuple(one if isinstance(one, int | str) else id(one) for one in objects)
        if found in self._known:
            self.linear = False
        else:
            self._known[found] = make()
            self._kept.append(self._known[found])
        return self._known[found]

    def arrays(self, layer: Any) -> list[np.ndarray]:
        """The weights of a layer or cell."""
        if getattr(layer, "lora_enabled", False) or getattr(layer, "quantization_mode", None):
            raise self.refusal(layer, "is quantised or has a LoRA; convert the model as it was before")
        return [np.asarray(w) for w in layer.get_weights()]

    def weigh(self, layer: Any, made: Any, weights: dict[str, np.ndarray], how: str) -> None:
        """Say which values the parameters of a layer have, and where they come from."""
        self._weights[id(made)] = weights
        self._origins[id(made)] = layer, how
        self._kept.append(made)

    def move_weights(self, made: Any, other: Any) -> None:
        """Have another layer's values."""
        self._weights[id(other)], self._origins[id(other)] = self._weights[id(made)], self._origins[id(made)]

    def hold(self, made: Any, name: str) -> None:
        """Have training leave a parameter as it is, which Keras has not."""
        self._held.add((id(made), name))

    def dropout(self, rate: float, *, once: bool) -> Any:
        return Dropout(float(rate), once=once) if rate else Activation("linear")

    def note_regularizers(self, layer: Any) -> None:
        for name in ("kernel_regularizer", "bias_regularizer", "activity_regularizer"):
            if getattr(layer, name, None) is not None:
                self.notes.append(f"{layer.name}: its {name} is left out; net.fit has weight_decay")

    def apply(self, layer: Any, *flows: Any, state: Any = None, mask: Any = None) -> Any:
        """One of Elman's layers of what it reads."""
        if len(flows) != 1 or flows[0] is not self._last or state is not None or mask is not None:
            self.linear = False
        told = {} if state is None and mask is None else {"state": state, "mask": mask}
        self._last = running().flow(layer(*flows, **told))
        self.chain.append(layer)
        return self._last

    def equations(self, value: Any) -> Any:
        """Equations between layers as a value."""
        self.linear = False
        return running().flow(value)

    def branches(self) -> None:
        """Say that the network is no plain list of layers."""
        self.linear = False

    def masked(self, layer: Any, make: Callable[[], Any]) -> Mask | None:
        """A mask as a value of the network; None where lengths say it."""
        if self.lengths:
            note = "masks are lengths: give net(x, lengths=...), rows being padded at their ends"
            self.notes += [] if note in self.notes else [note]
            return None

        def made() -> Any:
            with self.aside(f"{layer.name}_mask", anew=True):
                return self.equations(make())

        return Mask(made)

    @contextmanager
    def aside(self, name: str, anew: bool = False) -> Iterator[None]:
        """Call what is made inside otherwise than the layer it belongs to."""
        tracing = running()
        before = tracing.prefix
        tracing.prefix = name if anew else f"{before}_{name}"
        try:
            yield
        finally:
            tracing.prefix = before

    def with_mask(self, x: Value, given: Any) -> Value:
        """A value with the mask that a layer is called with, where it has none of its own."""
        if given is None or x.mask is not None or self.lengths:
            return x
        return replace(x, mask=Mask(lambda: given().flow))

    def timed(self, layer: Any, x: Value) -> Value:
        if not x.timed:
            raise self.refusal(layer, "needs a sequence (B, T, F), and reads what has no steps")
        return x

    def bound(self, x: Value, layer: Any) -> None:
        """Note that a sequence has a number of steps that is fixed."""
        assert x.flow.axis is not None
        here = x.flow.axis.root()
        name = next((n for n, flow in self._inputs.items() if flow.axis and flow.axis.root() is here), "")
        steps = self.paces.get(name) or next(given.steps for given in self.inputs if given.name == name)
        self.fixed[name] = int(steps or 0)
        self.notes.append(f"{layer.name} needs {steps} steps, no more and no less: {name} (B, {steps}, F)")

    def paced(self, layer: Any, steps: int) -> Flow:
        """An input with so many steps."""
        for given in self.inputs:
            if given.kind != "static" and given.steps == steps:
                self.fixed[given.name] = steps
                self.notes.append(
                    f"{layer.name} repeats as often as {given.name} has steps, which are {steps} in Keras"
                )
                return self._inputs[given.name]
        for name, count in self.paces.items():
            if count == steps:
                return self._inputs[name]
        self.paces[named(f"steps_{steps}", [g.name for g in self.inputs])] = steps
        raise _Again


def _table(layer: Any) -> dict[str, Callable[..., Any]]:
    """Layers have weights, functions of `keras.ops` have none."""
    return LAYERS if hasattr(layer, "get_weights") else OPERATIONS


class _Again(Exception):
    """The network needs one input more."""
