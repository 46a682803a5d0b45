"""What ranks under mpirun do: ``program.py TASK ARGUMENT...``; see test_mpi.py."""

from __future__ import annotations

import os
import resource
import sys
import time
from hashlib import sha256
from pathlib import Path

import numpy as np

import elman as el
from tests.distributed.problems import PROBLEMS


def problems(*names: str) -> None:
    """Print a hash of what each training gave."""
    ranks = el.distributed.mpi()
    for name in names:
        weights, history = PROBLEMS[name](ranks)
        if ranks.rank == 0:
            print(name, sha256(weights.tobytes() + repr(history).encode()).hexdigest(), flush=True)


def long(file: str, epochs: str, fail: str = "nowhere") -> None:
    """Train until an epoch, from the checkpoint that there is; leave the process numbers beside it."""
    ranks = el.distributed.mpi(timeout=8)
    Path(f"{file}.{ranks.rank}.pid").write_text(str(os.getpid()))
    x, target = np.random.default_rng(0).normal(size=(2, 64, 8, 2))
    net = el.Network(2, [el.GRU(16), el.Dropout(0.2), el.Dense(2)], seed=0, threads=1)
    adam, checkpoint = el.Adam(1e-2), el.Checkpoint(file)
    checkpoint.resume(net, adam)
    slow = el.LambdaCallback(on_epoch_end=lambda t: time.sleep(0.05 * (fail == "slow")))
    left = int(epochs) - net.epochs
    net.fit(x, target, optimizer=adam, epochs=left, callbacks=[checkpoint, slow], ranks=ranks, verbose=0)
    if ranks.rank == 0:
        print(sha256(net.arena.tobytes()).hexdigest())


def fails(how: str) -> None:
    """Rank 1 does what a program should not do."""
    ranks = el.distributed.mpi(timeout=4)
    net = el.Network(1, [el.GRU(4), el.Dense(1)], threads=1)
    x = np.ones((16, 4, 1))
    if how == "data" and ranks.rank == 1:
        x[3, 2] = np.nan
    if how == "own" and ranks.rank == 1:
        raise LookupError("a file is not there")
    if how == "stuck" and ranks.rank == 1:
        time.sleep(1000)
    if how == "memory":
        net.fit(x, x, epochs=1, ranks=ranks, verbose=0)  # what MPI itself needs is there then
        x = np.ones((16, 40_000, 1))
    if how == "memory" and ranks.rank == 1:
        room = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + (16 << 20)
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
    net.fit(x, x, epochs=3, ranks=ranks, verbose=0)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
