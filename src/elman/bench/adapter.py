"""Elman as its user calls it: `Network.fit`, a call of the network, `Network.stream` and `Network.step`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from statistics import mean
from typing import Any

import numpy as np

from elman.bench import networks, sgemm
from elman.bench.data import before
from elman.bench.mean_losses import outputs_loss
from elman.bench.turns import Run
from elman.bench.workload import Workload
from elman.engine import default_engine
from elman.engine.products import Weights
from elman.network import Dense, Network, each, fit_many
from elman.training import SGD, Adam, RMSProp

OPTIMIZERS: dict[str, Callable[..., Any]] = {"sgd": SGD, "adam": Adam, "rmsprop": partial(RMSProp, epsilon=1e-14)}


def prepare(workload: Workload, way: str, threads: int, engine: str | None = None) -> Run:
    """What Elman does in an epoch of a workload.

    Parameters
    ----------
    workload : Workload
    way : str
        ``"fit"``; ``"fit in bfloat16"``, with products of such numbers; ``"built-in GRU"``, fit with that cell in place
        of the workload's own; ``"fit_many"`` and ``"fit in turn"``, of an ensemble; ``"call"``, ``"stream"``,
        ``"step"``; or Elman's own matrix product, as `sgemm.WAYS` names it.
    threads : int
    engine : str, optional
        By default as for `Network`.
    """
    if way in sgemm.WAYS:
        return product(threads, engine, sgemm.WAYS[way])
    if workload.members > 1:
        nets = [network(workload, way, threads, engine, k) for k in range(workload.members)]
        return side_by_side(workload, nets, threads) if way == "fit_many" else in_turn(workload, nets)
    runs = {"call": inference, "step": stepping, "stream": streaming}
    runs |= dict.fromkeys(("fit", "fit in bfloat16", "built-in GRU"), training)
    return runs[way](workload, network(workload, way, threads, engine))


def network(workload: Workload, way: str, threads: int, engine: str | None = None, member: int = 0) -> Network:
    """The network with the weights that everyone begins with; a cell that replaces the workload's has its own."""
    cell = "gru" if way == "built-in GRU" else None
    products = "bfloat16" if way == "fit in bfloat16" else None
    return networks.network(workload, cell, member, products=products, engine=engine, threads=threads)


def training(workload: Workload, net: Network) -> Run:
    x, target, options = trained_on(workload)
    return Run(lambda: net.fit(x, target, **options)["loss"][-1])


def trained_on(workload: Workload) -> tuple[Any, np.ndarray, dict[str, Any]]:
    """Input, target and the other arguments of `fit`."""
    x, target = workload.data()
    inputs: Any = x[..., None] if workload.vocabulary else x
    inputs = (inputs, before(target)[..., None]) if workload.attends else inputs
    optimizer = OPTIMIZERS[workload.optimizer](workload.learning_rate)
    options: dict[str, Any] = {"loss": workload.loss, "optimizer": optimizer, "batch_size": workload.batch}
    options |= {"epochs": 1, "shuffle": False, "verbose": 0}
    return inputs, target, options | ({"lengths": workload.lengths()} if workload.ragged else {})


def in_turn(workload: Workload, nets: Sequence[Network]) -> Run:
    """The members of an ensemble, one after the other."""
    runs = [training(workload, net) for net in nets]
    return Run(lambda: mean(run.epoch() for run in runs))


def side_by_side(workload: Workload, nets: Sequence[Network], threads: int) -> Run:
    """The members of an ensemble in one call, each with an optimiser that goes on in the next."""
    x, target, options = trained_on(workload)
    options["optimizer"] = each([OPTIMIZERS[workload.optimizer](workload.learning_rate) for _ in nets])
    return Run(lambda: mean(found["loss"][-1] for found in fit_many(nets, x, target, threads=threads, **options)))


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


def product(threads: int, engine: str | None = None, numbers: str | None = None) -> Run:
    """Elman's own matrix product: of the native engine alone, packing included; else a dense layer's without bias."""
    a, b = sgemm.operands()
    if (engine or default_engine()) == "native":
        weights, out = Weights(b, threads, numbers == "bfloat16"), np.empty_like(a)
        return sgemm.run(lambda: weights.pack(b).multiply(a, out))
    layers = [Dense(sgemm.SIZE, bias=False)]
    net = Network(inputs=sgemm.SIZE, layers=layers, products=numbers, engine=engine, threads=threads)
    net.params["0.W"] = b
    x = a.reshape(sgemm.SIZE // 8, 8, sgemm.SIZE)
    return sgemm.run(lambda: net(x))
