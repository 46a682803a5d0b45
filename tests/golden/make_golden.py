"""Makes the golden files of this folder with PyTorch and Keras: `.venv-parity/bin/python tests/golden/make_golden.py`.

Everything is computed in float64 by both libraries where both have it, must agree to 1e-12, and is stored once.

- `<cell>_H<hidden>_B<batch>_T<steps>_F<features>.npz`: one recurrent layer, as tests/parity/problem.py describes it
- `losses.npz`: predictions, targets, and the value and gradient of every loss
- `optimizers.npz`: a dense layer, five batches, its parameters after each of five updates with mse

Where the two libraries differ, both are stored, under `pytorch.` and `keras.`:

- RMSprop: Keras `w -= lr g / sqrt(v + eps)`, PyTorch `w -= lr g / (sqrt(v) + eps)`, with `v = rho v + (1 - rho) g^2`.
- Adam, AdamW: `w -= lr m^ / (sqrt(v^) + eps)` in PyTorch; Keras adds eps to the root of the *uncorrected* v:
  `w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps)`.

SGD is the same in both (Keras puts the learning rate into the velocity, PyTorch outside). Epsilon is each library's
own default: 1e-8 in PyTorch, 1e-7 in Keras.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "parity"))

import keras_run  # noqa: E402
import numpy as np  # noqa: E402
import problem as problems  # noqa: E402
import pytorch_run  # noqa: E402
import tensorflow as tf  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402, N812
from keras_run import keras  # noqa: E402

SIZES = (  # hidden, batch, steps, features
    (1, 1, 1, 1),
    (3, 5, 7, 3),
    (17, 1, 7, 1),
    (17, 5, 1, 3),
    (100, 5, 2, 3),
)
UPDATES = 5
# Numbers that float32 holds exactly: Keras rounds some of them to it, whatever the parameters' type.
LEARNING_RATE, MOMENTUM, BETA1, BETA2, DECAY = 0.0625, 0.875, 0.875, 0.984375, 0.015625


def must_agree(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    problems.assert_close(one, other, 1e-12)
    return one


def make_cells() -> None:
    for number, cell in enumerate(problems.CELLS):
        for hidden, batch, steps, features in SIZES:
            problem = problems.draw(cell, hidden, batch, steps, features, seed=100 * number + hidden + batch + steps)
            outcome = keras_run.run(problem)
            if cell in pytorch_run.GATES:
                must_agree(outcome.arrays(), pytorch_run.run(problem).arrays())
            problems.save(HERE / f"{cell}_H{hidden}_B{batch}_T{steps}_F{features}.npz", problem, outcome)


def pytorch_loss(function: Callable, prediction: np.ndarray, target: np.ndarray) -> dict[str, np.ndarray]:
    y = torch.tensor(prediction, requires_grad=True)
    loss = function(y, torch.tensor(target))
    loss.backward()
    return {"value": np.array(loss.item()), "gradient": y.grad.numpy()}


def keras_loss(loss: keras.losses.Loss, prediction: np.ndarray, target: np.ndarray) -> dict[str, np.ndarray]:
    y = tf.Variable(prediction)
    with tf.GradientTape() as tape:
        value = loss(target, y)
    return {"value": value.numpy(), "gradient": tape.gradient(value, y).numpy()}


def make_losses() -> None:
    random = np.random.default_rng(1)
    prediction = random.normal(0, 2, (4, 3, 5))
    logits = random.normal(0, 3, (4, 3, 5))
    logits[0, 0, :2] = 60, -60  # saturated, on both sides
    index = random.integers(0, 5, (4, 3))
    target = random.normal(0, 2, (4, 3, 5))
    one_hot = np.eye(5)[index]
    label = random.integers(0, 2, (4, 3, 5)).astype(float)
    label[0, 0, :2] = 0, 1  # the saturated logits are wrong: a large loss
    rows = (-1, 5)
    losses = keras.losses
    cases = {  # name: (PyTorch, Keras, predictions, targets)
        "mse": (F.mse_loss, losses.MeanSquaredError(), prediction, target),
        "rmse": (lambda y, t: F.mse_loss(y, t).sqrt(), None, prediction, target),
        "mae": (F.l1_loss, losses.MeanAbsoluteError(), prediction, target),
        "huber": (F.huber_loss, losses.Huber(delta=1.0), prediction, target),
        "softmax_cross_entropy.index": (
            lambda y, t: F.cross_entropy(y.reshape(rows), t.reshape(-1)),
            losses.SparseCategoricalCrossentropy(from_logits=True),
            logits,
            index,
        ),
        "softmax_cross_entropy.one_hot": (
            lambda y, t: F.cross_entropy(y.reshape(rows), t.reshape(rows)),
            losses.CategoricalCrossentropy(from_logits=True),
            logits,
            one_hot,
        ),
        "binary_cross_entropy": (
            F.binary_cross_entropy_with_logits,
            losses.BinaryCrossentropy(from_logits=True),
            logits,
            label,
        ),
    }
    arrays = {}
    for name, (pytorch, peer, y, t) in cases.items():
        result = pytorch_loss(pytorch, y, t)
        if peer is not None:
            must_agree(result, keras_loss(peer, y, t))
        result |= {"prediction": y, "target": t}
        arrays |= {f"{name}/{part}": value for part, value in result.items()}
    np.savez_compressed(HERE / "losses.npz", **arrays)


def pytorch_updates(make: Callable, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    W, b = (torch.tensor(data[name], requires_grad=True) for name in "Wb")
    optimizer = make([W, b])
    after = []
    for x, target in zip(torch.tensor(data["x"]), torch.tensor(data["target"]), strict=True):
        optimizer.zero_grad()
        F.mse_loss(x @ W.T + b, target).backward()
        optimizer.step()
        after.append((W.detach().numpy().copy(), b.detach().numpy().copy()))
    return {name: np.stack(values) for name, values in zip("Wb", zip(*after, strict=True), strict=True)}


def keras_updates(optimizer: keras.optimizers.Optimizer, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    W, b = (keras.Variable(data[name], dtype="float64") for name in "Wb")
    optimizer.build([W, b])
    after = []
    for x, target in zip(data["x"], data["target"], strict=True):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ tf.transpose(W.value) + b.value - target) ** 2)
        optimizer.apply(tape.gradient(loss, [W.value, b.value]))
        after.append((W.numpy().copy(), b.numpy().copy()))
    return {name: np.stack(values) for name, values in zip("Wb", zip(*after, strict=True), strict=True)}


def make_optimizers() -> None:
    random = np.random.default_rng(2)
    shapes = {"x": (UPDATES, 4, 2, 3), "target": (UPDATES, 4, 2, 2), "W": (2, 3), "b": (2,)}
    data = {name: random.normal(size=shape) for name, shape in shapes.items()}
    arrays = data.copy()
    rate, of, to = LEARNING_RATE, torch.optim, keras.optimizers
    same = {
        "sgd": (lambda p: of.SGD(p, rate), to.SGD(rate)),
        "sgd_momentum": (lambda p: of.SGD(p, rate, momentum=MOMENTUM), to.SGD(rate, momentum=MOMENTUM)),
        "sgd_nesterov": (
            lambda p: of.SGD(p, rate, momentum=MOMENTUM, nesterov=True),
            to.SGD(rate, momentum=MOMENTUM, nesterov=True),
        ),
    }
    for name, (pytorch, peer) in same.items():
        result = must_agree(pytorch_updates(pytorch, data), keras_updates(peer, data))
        arrays |= {f"{name}/{part}": value for part, value in result.items()}
    betas = (BETA1, BETA2)
    different = {
        "rmsprop": (lambda p: of.RMSprop(p, rate, alpha=BETA1), to.RMSprop(rate, rho=BETA1)),
        "adam": (lambda p: of.Adam(p, rate, betas), to.Adam(rate, *betas)),
        "adamw": (
            lambda p: of.AdamW(p, rate, betas, weight_decay=DECAY),
            to.AdamW(rate, DECAY, *betas),
        ),
    }
    for name, (pytorch, peer) in different.items():
        for library, result in (("pytorch", pytorch_updates(pytorch, data)), ("keras", keras_updates(peer, data))):
            arrays |= {f"{library}.{name}/{part}": value for part, value in result.items()}
    np.savez_compressed(HERE / "optimizers.npz", **arrays)


if __name__ == "__main__":
    keras.config.set_floatx("float64")  # or it rounds learning rates, predictions and targets to float32
    make_cells()
    make_losses()
    make_optimizers()
