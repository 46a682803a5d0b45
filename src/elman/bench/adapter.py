"""Elman as its user calls it: `Network.fit`, a call of the network, `Network.stream` and `Network.step`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from elman.bench import cells, sgemm
from elman.bench.mean_losses import outputs_loss
from elman.bench.turns import Run
from elman.bench.weights import weights
from elman.bench.workloads import Workload
from elman.engine import default_engine
from elman.engine.products import Weights
from elman.network import GRU, LSTM, Dense, Embedding, Network, Recurrent, SimpleRNN
from elman.network.layers import Layer
from elman.training import SGD, Adam, RMSProp

LAYERS: dict[str, Callable[..., Layer]] = {
    "relu": partial(SimpleRNN, activation="relu"),
    "tanh": SimpleRNN,
    "gru": GRU,
    "lstm": LSTM,
    "layer_norm_lstm": partial(Recurrent, cells.layer_norm_lstm),
    "oscillator": partial(Recurrent, cells.oscillator),
}
OPTIMIZERS: dict[str, Callable[..., Any]] = {"sgd": SGD, "adam": Adam, "rmsprop": partial(RMSProp, epsilon=1e-14)}


def prepare(workload: Workload, way: str, threads: int, engine: str | None = None) -> Run:
    """What Elman does in an epoch of a workload.

    Parameters
    ----------
    workload : Workload
    way : str
        ``"fit"``; ``"fit in bfloat16"``, with products of such numbers; ``"built-in GRU"``, fit with that cell in place
        of the workload's own; ``"call"``, ``"stream"``, ``"step"``; or ``"sgemm"``, Elman's own matrix product.
    threads : int
    engine : str, optional
        By default as for `Network`.
    """
    if way == "sgemm":
        return product(threads, engine)
    runs = {"call": inference, "step": stepping, "stream": streaming}
    runs |= dict.fromkeys(("fit", "fit in bfloat16", "built-in GRU"), training)
    return runs[way](workload, network(workload, way, threads, engine))


def network(workload: Workload, way: str, threads: int, engine: str | None = None) -> Network:
    """The network with the weights that everyone begins with; a cell that replaces the workload's has its own."""
    cell = "gru" if way == "built-in GRU" else workload.cell
    layers = [LAYERS[cell](workload.hidden, return_sequences=workload.every_step), Dense(workload.outputs)]
    if workload.vocabulary:
        layers.insert(0, Embedding(workload.vocabulary, workload.features))
    inputs = 1 if workload.vocabulary else workload.features
    products = "bfloat16" if way == "fit in bfloat16" else None
    net = Network(inputs=inputs, layers=layers, products=products, engine=engine, threads=threads)
    readout, given = len(layers) - 1, weights(workload)
    net.params[f"{readout}.W"], net.params[f"{readout}.b"] = given.readout, given.readout_bias
    if workload.vocabulary:
        net.params["0.E"] = given.embedding
    if cell == workload.cell:
        set_recurrent(net, f"{readout - 1}.", given.named(workload))
    return net


def set_recurrent(net: Network, layer: str, given: dict[str, np.ndarray]) -> None:
    """The first weights of a layer by their names; gains that not every cell has are 1, biases 0."""
    for name in [name for name in net.params if name.startswith(layer)]:
        short = name.removeprefix(layer)
        net.params[name] = given[short] if short in given else float(short.startswith(("s_", "t_")))


def training(workload: Workload, net: Network) -> Run:
    x, target = workload.data()
    x = x[..., None] if workload.vocabulary else x
    optimizer = OPTIMIZERS[workload.optimizer](workload.learning_rate)
    options: dict[str, Any] = {"loss": workload.loss, "optimizer": optimizer, "batch_size": workload.batch}
    options |= {"epochs": 1, "shuffle": False, "verbose": 0}
    options |= {"lengths": workload.lengths()} if workload.ragged else {}
    return Run(lambda: net.fit(x, target, **options)["loss"][-1])


def inference(workload: Workload, net: Network) -> Run:
    x, target = workload.data()
    starts = range(0, len(x), workload.batch)
    return Run(lambda: [net(x[k : k + workload.batch]) for k in starts], outputs_loss(workload.loss, target))


def stepping(workload: Workload, net: Network) -> Run:
    x, target = workload.data()

    def epoch() -> list[np.ndarray]:
        state, outputs = None, []
        for t in range(workload.steps):
            y, state = net.step(x[:, t], state)
            outputs.append(y)
        return outputs

    return Run(epoch, outputs_loss(workload.loss, target[0]))


def streaming(workload: Workload, net: Network) -> Run:
    x, target = workload.data()
    stream = net.stream(workload.batch)

    def epoch() -> list[np.ndarray]:
        stream.reset()
        return [stream(x[:, t]) for t in range(workload.steps)]

    return Run(epoch, outputs_loss(workload.loss, target[0]))


def product(threads: int, engine: str | None = None) -> Run:
    """Elman's own matrix product: of the native engine alone, packing included; of another one, a dense layer's."""
    a, b = sgemm.operands()
    if (engine or default_engine()) == "native":
        weights, out = Weights(b, threads), np.empty_like(a)
        return sgemm.run(lambda: weights.pack(b).multiply(a, out))
    net = Network(inputs=sgemm.SIZE, layers=[Dense(sgemm.SIZE, bias=False)], engine=engine, threads=threads)
    net.params["0.W"] = b
    x = a.reshape(sgemm.SIZE // 8, 8, sgemm.SIZE)
    return sgemm.run(lambda: net(x))
