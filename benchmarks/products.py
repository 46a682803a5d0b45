"""Elman's float32 matrix products beside those of NumPy and PyTorch: `python -m benchmarks.products --help`.

The shapes are squares and those that the workloads multiply: an input's product of several time steps, a recurrent one
and the one on its way back, and the gradient of a matrix, a sum over all steps and rows. The libraries take turns, in
one process, each with its operands where it likes them and its result in memory that is there; NumPy and PyTorch
multiply by a transposed view where that is what a network needs. Elman's weights of a square are packed anew each time,
those of a workload beforehand: a network packs them once an update and uses them at every step.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from elman.bench import blas

if TYPE_CHECKING:
    import numpy as np  # loaded when it is known how many threads it may have

PAUSE_S = 0.1  # until no one's threads spin: those of OpenBLAS and OpenMP do for long
SQUARES = (1024, 2048)
CELLS = {  # F, H, gates, rows of a block, of all steps
    "W1 ReLU": (1, 100, 1, 25, 1000),
    "W3 LSTM": (28, 128, 4, 32, 3584),
    "W5 GRU": (64, 256, 3, 32, 8192),
    "W5 LSTM": (64, 256, 4, 32, 8192),
    "W7 GRU": (8, 64, 3, 4, 16000),
    "W8 LSTM": (512, 1024, 4, 32, 1600),
    "W9 LSTM": (16, 128, 4, 32, 7680),
}
MERGED_ROWS = 128


@dataclass(frozen=True)
class Shape:
    """out (M, N) = a (M, K) @ w' of a matrix w (N, K), or, of a gradient, the sum over K rows of (M) and (N) values."""

    name: str
    m: int
    n: int
    k: int
    gradient: bool = False
    square: bool = False

    @property
    def flops(self) -> float:
        return 2.0 * self.m * self.n * self.k


def shapes() -> list[Shape]:
    found = [Shape(f"{size} squared", size, size, size, square=True) for size in SQUARES]
    for name, (f, h, gates, rows, all_rows) in CELLS.items():
        found += [
            Shape(f"{name} input", MERGED_ROWS, gates * h, f),
            Shape(f"{name} step", rows, gates * h, h),
            Shape(f"{name} back", rows, h, gates * h),
            Shape(f"{name} dU", gates * h, h, all_rows, gradient=True),
            Shape(f"{name} dW", gates * h, f, all_rows, gradient=True),
        ]
    return found


def contenders(shape: Shape, threads: int) -> dict[str, Callable[[], object]]:
    """The product of each library that is here."""
    import numpy as np

    random = np.random.default_rng(0)
    a, w = (random.normal(size=size).astype(np.float32) for size in ((shape.m, shape.k), (shape.n, shape.k)))
    if shape.gradient:
        a, w = a.T.copy(), w.T.copy()
    left, right = (a.T, w) if shape.gradient else (a, w.T)
    out = np.empty((shape.m, shape.n), np.float32)
    found = {"elman": _elman(shape, threads, a, w), "numpy": lambda: np.matmul(left, right, out=out)}
    try:
        import torch
    except ModuleNotFoundError:
        return found
    torch.set_num_threads(threads)
    tensors = torch.from_numpy(left), torch.from_numpy(right)
    of_torch = torch.empty(shape.m, shape.n)
    return found | {"pytorch": lambda: torch.mm(*tensors, out=of_torch)}


def _elman(shape: Shape, threads: int, a: np.ndarray, w: np.ndarray) -> Callable[[], object]:
    import numpy as np

    from elman.engine.products import Weights, matrix_gradient

    out = np.empty((shape.m, shape.n), np.float32)
    if shape.gradient:
        return lambda: matrix_gradient(a, w, out, threads)
    weights = Weights(w, threads)
    if shape.square:
        return lambda: weights.pack(w).multiply(a, out)
    return lambda: weights.multiply(a, out)


def gflops(shape: Shape, threads: int, rounds: int, turn_s: float) -> dict[str, float]:
    """The median over rounds in which every library has a turn."""
    players = contenders(shape, threads)
    repeats, speeds = {}, {library: [] for library in players}
    for library, run in players.items():
        run()
        begin = time.perf_counter()
        run()
        repeats[library] = max(1, round(turn_s / (time.perf_counter() - begin)))
    for _ in range(rounds):
        for library, run in players.items():
            time.sleep(PAUSE_S)
            run()  # wakes its threads
            begin = time.perf_counter()
            for _ in range(repeats[library]):
                run()
            speeds[library].append(repeats[library] * shape.flops / (time.perf_counter() - begin) / 1e9)
    return {library: median(each) for library, each in speeds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.products", description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--turn", type=float, default=0.02, help="seconds of a turn")
    parser.add_argument("--only", default="", metavar="TEXT", help="only shapes with TEXT in name")
    given = parser.parse_args()
    blas.limit_threads(given.threads)  # before NumPy is loaded
    heading = f"GFLOP/s, {given.threads} threads"
    print(f"{heading:20} {'M':>5} {'N':>5} {'K':>5}  elman  numpy  pytorch   of the best")
    for shape in shapes():
        if given.only in shape.name:
            print(line(shape, gflops(shape, given.threads, given.rounds, given.turn)), flush=True)


def line(shape: Shape, found: dict[str, float]) -> str:
    """Of the table: the speeds, and Elman's as a share of the fastest of the others."""
    speeds = "  ".join(f"{found.get(library, math.nan):5.0f}" for library in ("elman", "numpy", "pytorch"))
    best = max(speed for library, speed in found.items() if library != "elman")
    return f"{shape.name:20} {shape.m:5} {shape.n:5} {shape.k:5}  {speeds}    {found['elman'] / best:10.2f}"


if __name__ == "__main__":
    main()
