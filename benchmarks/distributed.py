"""How long an update takes several ranks, and what of it: ``mpirun -n 2 python -m benchmarks.distributed W5-LSTM``.

One thread a rank. Prints a line of JSON: medians over epochs of a few updates, in milliseconds an update. Without
``--shards`` the same updates by `fit` alone, for one rank. ``--weak`` gives each rank a batch of its own.
``reduce`` times the sum of so many parameters alone, of which each rank has one part.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import time
from typing import Any

import numpy as np

import elman as el

BATCHES = {"W5-GRU": 64, "W5-LSTM": 64, "W8": 32, "W1": 50}


def problem(name: str, rows: int) -> tuple[el.Network, np.ndarray, np.ndarray, str]:
    """A network, inputs, targets and the loss."""
    random = np.random.default_rng(0)
    if name == "W8":
        net = el.Network(512, [el.LSTM(1024), el.Dense(1)], seed=0, threads=1)
        x = random.normal(size=(rows, 50, 512)).astype(np.float32)
        return net, x, x[:, :, :1], "mse"
    if name == "W1":
        net = el.Network(1, [el.SimpleRNN(100), el.Dense(1)], seed=0, threads=1)
        x = random.normal(size=(rows, 20, 1)).astype(np.float32)
        return net, x, x, "mse"
    cell = {"W5-GRU": el.GRU, "W5-LSTM": el.LSTM}[name]
    net = el.Network(1, [el.Embedding(65, 64), cell(256), el.Dense(65)], seed=0, threads=1)
    x = random.integers(0, 65, (rows, 128, 1))
    return net, x, x, "softmax_cross_entropy"


class Timed(el.Callback):
    """What each epoch took, and what of it, in milliseconds an update."""

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []
        self._before: dict[str, float] = {}

    def on_epoch_end(self, training: Any) -> None:
        spent = getattr(training, "spent", {})
        here = {"all": training.logs["seconds"]} | {k: v - self._before.get(k, 0) for k, v in spent.items()}
        self._before = spent
        self.epochs.append({name: 1e3 * seconds / training.batches for name, seconds in here.items()})

    def medians(self) -> dict[str, float]:
        later = self.epochs[1:]
        return {name: round(statistics.median(e[name] for e in later), 3) for name in later[0]}


def reduce(ranks: Any, parameters: int) -> dict[str, float]:
    """The median of some sums, in milliseconds."""
    part, counts, found = np.ones(parameters, np.float32), [1] * ranks.size, []
    for _ in range(7):
        ranks.gather(None)
        begun = time.perf_counter()
        ranks.combine([part], counts, functools.partial(functools.reduce, np.add))
        found.append(1e3 * (time.perf_counter() - begun))
    return {"reduce": round(statistics.median(found[1:]), 3)}


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("workload", choices=[*BATCHES, "reduce"])
    parse.add_argument("--shards", type=int)
    parse.add_argument("--updates", type=int, default=2)
    parse.add_argument("--epochs", type=int, default=4)
    parse.add_argument("--batch", type=int)
    parse.add_argument("--weak", action="store_true")
    parse.add_argument("--parameters", type=int, default=349569)
    given = parse.parse_args()
    ranks: Any = el.distributed.mpi(shards=given.shards or 64) if given.shards or given.workload == "reduce" else None
    if given.workload == "reduce":
        found = reduce(ranks, given.parameters)
        if ranks.rank == 0:
            print(json.dumps({"ranks": ranks.size, "parameters": given.parameters} | found), flush=True)
        return
    size, rank = (ranks.size, ranks.rank) if ranks else (1, 0)
    batch = (given.batch or BATCHES[given.workload]) * (size if given.weak else 1)
    net, x, target, loss = problem(given.workload, batch * given.updates)
    timed = Timed()
    net.fit(x, target, loss=loss, batch_size=batch, epochs=given.epochs, callbacks=[timed], verbose=0, ranks=ranks)
    every = ranks.gather(timed.medians()) if ranks else [timed.medians()]
    if rank == 0:
        means = {name: round(statistics.mean(e[name] for e in every), 2) for name in every[0]}
        about = {"workload": given.workload, "ranks": size, "shards": given.shards, "batch": batch}
        print(json.dumps(about | {"parameters": net.arena.size} | means), flush=True)


if __name__ == "__main__":
    main()
