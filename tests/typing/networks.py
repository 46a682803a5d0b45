# mypy: warn-unused-ignores
"""Types of layers, networks and their training, as mypy sees them (`make lint`); not run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import numpy as np

import elman as el
from elman.network import Layer
from elman.network.composites import Bidirectional
from elman.training.state import Training

assert_type(el.SimpleRNN(8, activation="relu"), Layer)
assert_type(el.GRU(8, reset_after=False, return_sequences=False), Layer)
assert_type(el.LSTM(8, bias=False, reverse=True, initial={"b_f": 1.0}), Layer)
assert_type(el.Recurrent("gru", 8, dilation=2, activation=el.tanh), Layer)
assert_type(el.Embedding(50, 8, trainable=False), Layer)
assert_type(el.Dense(3, activation="softmax"), Layer)
assert_type(el.Bidirectional(el.GRU(8)), Bidirectional)

net = el.Network(3, [el.GRU(8), el.Dense(1)], seed=1, threads=2)
x, y = np.zeros((4, 5, 3)), np.zeros((4, 5, 1))
assert_type(net, el.Network)
assert_type(net.inputs, int)
assert_type(net.layers, list[Layer])
assert_type(net.params["0.W_z"].shape, tuple[Any, ...])
assert_type(net(x, return_state=True), tuple[Any, list[tuple[np.ndarray, ...]]])

# Arrays of several inputs and outputs, in order or by name.
net({"source": x, "target": y})
net((x, y), lengths={"source": [5, 4, 3, 2]})
net.fit({"source": x}, (y, y), loss={"first": "mse", "second": el.quantile_loss([0.1, 0.9])}, loss_weights=(1.0, 0.5))

history = net.fit(
    x,
    y,
    loss="huber",
    optimizer=el.AdamW(el.CosineDecay(1e-3, 100), weight_decay=0.1),
    epochs=3,
    validation_data=(x, y),
    callbacks=[el.EarlyStopping(patience=3), el.ModelCheckpoint("net.safetensors"), el.CSVLogger(Path("log.csv"))],
    metrics=["mae"],
    class_weight="balanced",
)
assert_type(history, el.History)
assert_type(history["loss"], list[float])
assert_type(net.save("net.safetensors"), Path)
assert_type(net.freeze("0.*"), list[str])
assert_type(net.evaluate(x, y), float | dict[str, float])
assert_type(net.summary(), str)
assert_type(el.EarlyStopping().best_epoch_, int)
assert_type(el.Adam(1e-3, clip_norm=1.0).updates, int)


def at_the_end(training: Training) -> None:
    assert_type(training.logs, dict[str, float])


el.LambdaCallback(on_epoch_end=at_the_end)


def equations(y: Any, target: Any) -> Any:
    return el.mean(el.abs(y - target))


net.fit(x, y, loss=equations)
assert_type(el.insight.jacobians(net, x), dict[str, np.ndarray])
assert_type(el.insight.gradient_flow(net, x, y, "mae"), el.insight.GradientFlow)
assert_type(el.insight.report(net, x), el.insight.Report)
assert_type(el.data.tasks.adding(8, 10, seed=0), tuple[np.ndarray, np.ndarray])
assert_type(iter(el.data.BatchLoader(x, y, batch_size=2)), Iterator[tuple[np.ndarray, np.ndarray]])
