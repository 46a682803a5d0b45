"""Elman's training, as its user calls it: `Network.fit`."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.workloads import Workload

import elman as el


def version() -> str:
    return el.__version__


@el.cell
def gru_equations(p, x, h):
    z = el.sigmoid(p.W_z @ x + p.U_z @ h + p.b_z)
    r = el.sigmoid(p.W_r @ x + p.U_r @ h + p.b_r)
    n = el.tanh(p.W_n @ x + p.U_n @ (r * h) + p.b_n)
    return z * h + (1 - z) * n


LAYERS = {
    "relu": lambda hidden, **options: el.SimpleRNN(hidden, activation="relu", **options),
    "tanh": el.SimpleRNN,
    "gru": el.GRU,
    "gru_reset_before": lambda hidden, **options: el.GRU(hidden, reset_after=False, **options),
    "gru_equations": lambda hidden, **options: el.Recurrent(gru_equations, hidden, **options),
    "lstm": el.LSTM,
}
OPTIMIZERS = {"adam": el.Adam, "rmsprop": el.RMSProp}


def prepare(workload: Workload, cell: str, threads: int) -> Callable[[], float]:
    """A function that trains for one epoch and returns its mean loss."""
    x, target = workload.data()
    recurrent = LAYERS[cell](workload.hidden, return_sequences=workload.every_step)
    layers = [recurrent, el.Dense(workload.outputs)]
    net = el.Network(inputs=workload.features, layers=layers, seed=0, engine="native", threads=threads)
    optimizer = OPTIMIZERS[workload.optimizer](workload.learning_rate)

    def epoch() -> float:
        options = {"batch_size": workload.batch, "epochs": 1, "shuffle": True, "verbose": 0}
        return net.fit(x, target, loss=workload.loss, optimizer=optimizer, **options)["loss"][-1]

    return epoch
