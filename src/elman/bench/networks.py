"""The networks of the workloads, with the weights that everyone begins with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from elman.bench import cells
from elman.bench.weights import Weights, attention, weights
from elman.bench.workload import Workload
from elman.equations.vectors import concat
from elman.network import GRU, LSTM, Bidirectional, Dense, Embedding, Network, Recurrent, SimpleRNN, attend
from elman.network.layers import Layer

LAYERS: dict[str, Callable[..., Layer]] = {
    "relu": partial(SimpleRNN, activation="relu"),
    "tanh": SimpleRNN,
    "gru": GRU,
    "lstm": LSTM,
    "layer_norm_lstm": partial(Recurrent, cells.layer_norm_lstm),
    "oscillator": partial(Recurrent, cells.oscillator),
}


def network(workload: Workload, cell: str | None = None, member: int = 0, **options: Any) -> Network:
    """The network of a workload.

    Parameters
    ----------
    workload : Workload
    cell : str, optional
        In place of the workload's own; its weights are then those that its layer begins with.
    member : int, default 0
        Which one of an ensemble.
    **options
        Of `Network`: engine, threads, products.
    """
    if workload.attends:
        return encoder_decoder(workload, options)
    layer = LAYERS[cell or workload.cell](workload.hidden, return_sequences=workload.every_step)
    layers: list[Any] = [Bidirectional(layer) if workload.bidirectional else layer, Dense(workload.outputs)]
    if workload.vocabulary:
        layers.insert(0, Embedding(workload.vocabulary, workload.features))
    net = Network(inputs=1 if workload.vocabulary else workload.features, layers=layers, **options)
    readout, given = len(layers) - 1, weights(workload, member)
    net.params[f"{readout}.W"], net.params[f"{readout}.b"] = given.readout, given.readout_bias
    if workload.vocabulary:
        net.params["0.E"] = given.embedding
    if cell in (None, workload.cell):
        for place, of_layer in placed(workload, f"{readout - 1}.", given).items():
            set_recurrent(net, place, of_layer.named(workload))
    return net


def placed(workload: Workload, layer: str, given: Weights) -> dict[str, Weights]:
    """Weights by the beginning of their names, those of the second direction too."""
    if not workload.bidirectional:
        return {layer: given}
    return {f"{layer}forward.": given, f"{layer}backward.": weights(workload, 1)}


def encoder_decoder(workload: Workload, options: Mapping[str, Any]) -> Network:
    """A decoder that begins where the encoder ended and attends to what it saw."""
    H, F, V = workload.hidden, workload.features, workload.vocabulary
    recurrent = LAYERS[workload.cell]

    def equations(source: Any, before: Any) -> Any:
        memory = recurrent(H)(Embedding(V, F)(source))
        states = recurrent(H)(Embedding(V, F)(before), state=memory.final)
        found = attend(Dense(H)(states), memory)
        return Dense(workload.outputs)(Dense(H, activation="tanh")(concat(states, found)))

    net = Network(equations, inputs={"source": 1, "before": 1}, **options)
    encoder, decoder, between = weights(workload), weights(workload, 1), attention(workload)
    set_recurrent(net, "memory.", encoder.named(workload))
    set_recurrent(net, "states.", decoder.named(workload))
    dense = ((between.query, between.query_bias), (between.joined, between.joined_bias))
    for name, (W, b) in zip(("", "_2", "_3"), (*dense, (encoder.readout, encoder.readout_bias)), strict=True):
        net.params[f"dense{name}.W"], net.params[f"dense{name}.b"] = W, b
    net.params["embedding.E"], net.params["embedding_2.E"] = encoder.embedding, decoder.embedding
    return net


def set_recurrent(net: Network, layer: str, given: dict[str, np.ndarray]) -> None:
    """The first weights of a layer by their names; gains that not every cell has are 1, biases 0."""
    for name in [name for name in net.params if name.startswith(layer)]:
        short = name.removeprefix(layer)
        net.params[name] = given[short] if short in given else float(short.startswith(("s_", "t_")))
