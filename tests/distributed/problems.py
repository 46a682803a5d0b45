"""Trainings that any number of ranks must do alike: a function of ranks that returns weights and history, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import elman as el

Trained = tuple[np.ndarray, dict[str, list[float]]]


def _done(net: el.Network, history: el.History) -> Trained:
    return net.arena.copy(), {name: list(v) for name, v in history.history.items() if name != "seconds"}


def _waves(rows: int, steps: int, features: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).normal(size=(rows, steps, features))
    return x, np.cumsum(x.sum(axis=2, keepdims=True), axis=1) / steps


def gru(ranks: Any, rows: int = 50) -> Trained:
    """Batches that shards do not divide, and a last one smaller than there are shards."""
    x, target = _waves(rows, 7, 3)
    net = el.Network(3, [el.GRU(8), el.Dense(1)], seed=1, threads=1)
    more = {"validation_data": (x[:21], target[:21]), "metrics": ["mae"], "batch_size": 13}
    return _done(net, net.fit(x, target, optimizer=el.SGD(0.05), epochs=3, verbose=0, ranks=ranks, **more))


def ragged(ranks: Any) -> Trained:
    """A ragged LSTM with dropout, Adam and clipping; some rows without a step."""
    x, target = _waves(40, 9, 2)
    lengths = np.random.default_rng(1).integers(0, 10, 40)
    net = el.Network(2, [el.LSTM(8), el.Dropout(0.3), el.Dense(1)], seed=2, threads=1)
    adam = el.Adam(1e-2, clip_norm=0.1)
    more = {"lengths": lengths, "validation_data": (x, target), "validation_lengths": lengths, "batch_size": 16}
    return _done(net, net.fit(x, target, optimizer=adam, epochs=3, verbose=0, ranks=ranks, **more))


def two_inputs(ranks: Any) -> Trained:
    """A graph with two time axes, and weights of steps."""

    def translate(source, target):
        memory = el.GRU(6)(source)
        return el.Dense(1)(el.GRU(6)(target, state=memory.final))

    net = el.Network(translate, inputs={"source": 2, "target": 1}, seed=3, threads=1)
    x, _ = _waves(24, 5, 2)
    y, target = _waves(24, 8, 1)
    weights = np.random.default_rng(2).uniform(size=(24, 8)).round(1)
    more = {"sample_weight": weights, "batch_size": 10}
    return _done(net, net.fit({"source": x, "target": y}, target, epochs=2, verbose=0, ranks=ranks, **more))


def classes(ranks: Any) -> Trained:
    """Indices, a loss of classes, weights of rows (some 0) and of classes, frozen parameters, groups, a penalty."""
    random = np.random.default_rng(4)
    x, target = random.integers(0, 9, (30, 6, 1)), random.integers(0, 3, 30)
    layers = [el.Embedding(9, 4), el.ActivityPenalty(l2=0.1), el.GRU(6, return_sequences=False), el.Dense(3)]
    net = el.Network(1, layers, seed=4, threads=1)
    net.freeze("*.U_z")
    adam = el.AdamW(1e-2, groups={"*.b*": {"rate_factor": 0.1}})
    more = {"sample_weight": random.integers(0, 3, 30).astype(float), "class_weight": {0: 2.0}, "batch_size": 12}
    found = net.fit(
        x,
        target,
        loss="softmax_cross_entropy",
        optimizer=adam,
        epochs=3,
        verbose=0,
        ranks=ranks,
        metrics=["accuracy"],
        **more,
    )
    return _done(net, found)


def stateful(ranks: Any) -> Trained:
    """States that are carried from batch to batch."""
    x, target = _waves(36, 5, 1)
    net = el.Network(1, [el.LSTM(5), el.Dense(1)], seed=5, threads=1)
    more = {"shuffle": False, "stateful": True, "batch_size": 12}
    return _done(net, net.fit(x, target, epochs=2, verbose=0, ranks=ranks, **more))


def truncated(ranks: Any) -> Trained:
    x, target = _waves(20, 12, 2)
    net = el.Network(2, [el.GRU(5), el.Dense(1)], seed=6, threads=1)
    return _done(net, net.fit(x, target, loss="rmse", epochs=2, verbose=0, ranks=ranks, truncate=5))


def low_memory(ranks: Any) -> Trained:
    x, target = _waves(20, 12, 2)
    net = el.Network(2, [el.GRU(5), el.Dropout(0.2), el.Dense(1)], seed=7, threads=1, dtype="float64")
    return _done(net, net.fit(x, target, loss="rmse", epochs=2, verbose=0, ranks=ranks, memory="low"))


def own_rows(ranks: Any) -> Trained:
    """Each rank has its rows only, with lengths and weights."""
    x, target = _waves(45, 6, 2)
    lengths, weights = 1 + np.arange(45) % 6, 0.5 + np.arange(45) % 3
    here = el.distributed.part(45, ranks)
    net = el.Network(2, [el.GRU(6), el.Dropout(0.2), el.Dense(1)], seed=8, threads=1)
    more = {"lengths": lengths[here], "sample_weight": weights[here], "batch_size": 16, "metrics": ["mse"]}
    found = net.fit(x[here], target[here], epochs=3, verbose=0, ranks=ranks, own_rows=True, **more)
    return _done(net, found)


def early(ranks: Any) -> Trained:
    """EarlyStopping puts the best weights back; a callback changes the learning rate between batches."""
    x, target = _waves(30, 6, 2)
    net = el.Network(2, [el.SimpleRNN(6), el.Dense(1)], seed=9, threads=1)
    sgd = el.SGD(0.5)
    slower = el.LambdaCallback(
        on_batch_end=lambda t: setattr(t.optimizer, "learning_rate", 0.97 * t.optimizer.learning_rate)
    )
    stop = el.EarlyStopping(patience=1)
    more = {"callbacks": [slower, stop], "validation_data": (x[:9], -target[:9])}
    return _done(net, net.fit(x, target, optimizer=sgd, epochs=20, verbose=0, batch_size=11, ranks=ranks, **more))


def wide(ranks: Any) -> Trained:
    """So many parameters that their slices go straight from rank to rank."""
    x, _ = _waves(24, 3, 8)
    net = el.Network(8, [el.GRU(400), el.Dense(8)], seed=10, threads=1)
    return _done(net, net.fit(x, x, epochs=1, batch_size=12, verbose=0, ranks=ranks))


PROBLEMS: dict[str, Callable[[Any], Trained]] = {
    f.__name__: f for f in (gru, ragged, two_inputs, classes, stateful, truncated, low_memory, own_rows, early, wide)
}


def same(one: Trained, other: Trained) -> bool:
    """Whether two trainings gave the same bits."""
    return one[0].tobytes() == other[0].tobytes() and one[1] == other[1]
