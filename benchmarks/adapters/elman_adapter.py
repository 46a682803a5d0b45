"""Elman as its user calls it: `Network.fit`, a call of the network, `Network.stream` and `Network.step`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.losses import mean_loss
from benchmarks.sgemm import SIZE, operands
from benchmarks.weights import weights
from benchmarks.workloads import Workload

import elman as el


def version() -> str:
    return el.__version__


def prepare(workload: Workload, variant: str, threads: int) -> Callable[[], float]:
    """A function that runs one epoch and returns its mean loss."""
    if variant == "sgemm":
        return product(threads, workload.units)
    net = network(workload, variant, threads)
    return RUNS[variant](workload, net)


@el.cell
def layer_norm_lstm(p, x, h, c):
    def normed(W, U, s, t, b):
        return s * el.normalise(W @ x, 1e-5) + t * el.normalise(U @ h, 1e-5) + b

    i = el.sigmoid(normed(p.W_i, p.U_i, p.s_i, p.t_i, p.b_i))
    f = el.sigmoid(normed(p.W_f, p.U_f, p.s_f, p.t_f, p.b_f))
    g = el.tanh(normed(p.W_g, p.U_g, p.s_g, p.t_g, p.b_g))
    o = el.sigmoid(normed(p.W_o, p.U_o, p.s_o, p.t_o, p.b_o))
    c = f * c + i * g
    return o * el.tanh(p.s_c * el.normalise(c, 1e-5) + p.b_c), c


@el.cell
def oscillator(p, x, h, v):
    """Each unit is a damped spring; stiffness, damping and the point of rest are learnt."""
    k = el.sigmoid(p.W_k @ x + p.U_k @ h + p.b_k)
    d = el.sigmoid(p.W_d @ x + p.U_d @ h + p.b_d)
    f = el.tanh(p.W_f @ x + p.U_f @ h + p.b_f)
    v = d * v + k * (f - h)
    return h + 0.5 * v, v


LAYERS = {
    "relu": lambda units, **options: el.SimpleRNN(units, activation="relu", **options),
    "tanh": el.SimpleRNN,
    "gru": el.GRU,
    "lstm": el.LSTM,
    "layer_norm_lstm": lambda units, **options: el.Recurrent(layer_norm_lstm, units, **options),
    "oscillator": lambda units, **options: el.Recurrent(oscillator, units, **options),
}
OPTIMIZERS = {"sgd": el.SGD, "adam": el.Adam, "rmsprop": partial(el.RMSProp, epsilon=1e-14)}


def network(workload: Workload, variant: str, threads: int) -> el.Network:
    """The network with the weights that everyone begins with."""
    given = weights(workload)
    cell = "gru" if variant == "built-in GRU" else workload.cell
    layers = [LAYERS[cell](workload.hidden, return_sequences=workload.every_step), el.Dense(workload.outputs)]
    if workload.vocabulary:
        layers = [el.Embedding(workload.vocabulary, workload.features), *layers]
    inputs = 1 if workload.vocabulary else workload.features
    net = el.Network(inputs=inputs, layers=layers, engine="native", threads=threads)
    number = len(layers) - 1
    if cell == workload.cell:
        named = given.named(workload)
        for name, value in named.items():
            net.params[f"{number - 1}.{name}"] = value
        for name in set(net.params) - {f"{number - 1}.{each}" for each in named}:  # those that not every cell has
            net.params[name] = 1.0 if name.split(".")[1].startswith(("s_", "t_")) else 0.0
    net.params[f"{number}.W"], net.params[f"{number}.b"] = given.readout, given.readout_bias
    if workload.vocabulary:
        net.params["0.E"] = given.embedding
    return net


def training(workload: Workload, net: el.Network) -> Callable[[], float]:
    x, target = workload.data()
    x = x[..., None] if workload.vocabulary else x
    optimizer = OPTIMIZERS[workload.optimizer](workload.learning_rate)
    options = {"batch_size": workload.batch, "epochs": 1, "shuffle": False, "verbose": 0}
    options |= {"lengths": workload.lengths()} if workload.ragged else {}

    def epoch() -> float:
        return net.fit(x, target, loss=workload.loss, optimizer=optimizer, **options)["loss"][-1]

    return epoch


def inference(workload: Workload, net: el.Network) -> Callable[[], float]:
    x, target = workload.data()

    def epoch() -> float:
        outputs = [net(x[k : k + workload.batch]) for k in range(0, len(x), workload.batch)]
        return mean_loss(workload.loss, outputs, target)

    return epoch


def stepping(workload: Workload, net: el.Network) -> Callable[[], float]:
    x, target = workload.data()

    def epoch() -> float:
        state, outputs = None, []
        for t in range(workload.steps):
            y, state = net.step(x[:, t], state)
            outputs.append(y)
        return mean_loss(workload.loss, outputs, target[0])

    return epoch


def streaming(workload: Workload, net: el.Network) -> Callable[[], float]:
    x, target = workload.data()
    stream = net.stream(workload.batch)

    def epoch() -> float:
        stream.reset()
        return mean_loss(workload.loss, [stream(x[:, t]) for t in range(workload.steps)], target[0])

    return epoch


def product(threads: int, units: int) -> Callable[[], float]:
    """A dense layer without bias: Elman's own matrix product."""
    a, b = operands()
    net = el.Network(inputs=SIZE, layers=[el.Dense(SIZE, bias=False)], engine="native", threads=threads)
    net.params["0.W"] = b
    x = a.reshape(SIZE // 8, 8, SIZE)  # threads share out the rows of a batch

    def epoch() -> float:
        for _ in range(units):
            net(x)
        return float("nan")

    return epoch


RUNS = {"fit": training, "built-in GRU": training, "call": inference, "step": stepping, "stream": streaming}
