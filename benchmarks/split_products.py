"""Float32 products from matrix registers of bfloat16 numbers, an experiment: `python -m benchmarks.split_products`.

A float32 number is the sum of three bfloat16 numbers (24 = 3 * 8 significant bits), so that a product is a sum of
products of parts: the three largest of them or six. How far such sums are from float64, beside plain float32, is found
here by NumPy, which does what the matrix registers of AMX do, operation by operation: products of two bfloat16 numbers
are exact in float32, sums are rounded to float32 in the order of the instruction, and denormal numbers are zeros. How
fast they are is timed with the engine's own products. Both are left in split_products.json, for docs/performance.md.

Letters in shapes: M rows, N columns, K terms of a sum.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from elman.bench import adapter, sgemm
from elman.bench.machine import kernels
from elman.bench.turns import Options, take_turns, warmed_up
from elman.engine.bfloat16 import rounded
from elman.files import write_whole
from elman.machine import machine
from elman.plain import to_json

RESULTS = Path(__file__).parent / "split_products.json"
M = N = 32
SIZES = (64, 256, 1024, 4096)
PAIRS = 16  # of terms that one instruction sums
UNIT = 2.0**-24  # the relative error of a float32 rounding
SMALLEST = np.finfo(np.float32).tiny
# Pairs of parts, the smallest products first, as they are summed.
PARTS = {1: ((0, 0),), 3: ((0, 1), (1, 0), (0, 0)), 6: ((0, 2), (2, 0), (1, 1), (0, 1), (1, 0), (0, 0))}
Matrices = tuple[np.ndarray, np.ndarray]


def flushed(x: np.ndarray) -> np.ndarray:
    """Denormal numbers as zeros."""
    return np.where(np.abs(x) < SMALLEST, np.float32(0), x)


def parts(x: np.ndarray) -> list[np.ndarray]:
    """Three bfloat16 numbers (as float32) whose sum is x, where none of them is denormal."""
    found, rest = [], flushed(x)
    for _ in range(3):
        found.append(flushed(rounded(rest)))
        rest = rest - found[-1]
    return found


def multiplied_and_added(total: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`total` (M, N) and the outer product of a (M,) and b (N,), rounded once."""
    return flushed((total + a[:, None].astype(np.float64) * b[None]).astype(np.float32))


def instruction(total: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """TDPBF16PS: what it adds to `total` (M, N) of a (M, 32) and b (32, N), even and odd terms apart."""
    sums = [np.zeros_like(total), np.zeros_like(total)]
    for k in range(a.shape[1]):
        sums[k % 2] = multiplied_and_added(sums[k % 2], a[:, k], b[k])
    return flushed(total + flushed(sums[0] + sums[1]))


def split_product(a: np.ndarray, b: np.ndarray, products: int) -> np.ndarray:
    """The product of a (M, K) and b (K, N) by so many products of their parts, in one register of sums."""
    of_a, of_b, total = parts(a), parts(b), np.zeros((len(a), b.shape[1]), np.float32)
    for k in range(0, a.shape[1], 2 * PAIRS):
        terms = slice(k, k + 2 * PAIRS)
        for i, j in PARTS[products]:
            total = instruction(total, of_a[i][:, terms], of_b[j][terms])
    return total


def plain_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The product by fused multiplications and additions, one rounding each, in the order of the terms."""
    a, b, total = flushed(a), flushed(b), np.zeros((len(a), b.shape[1]), np.float32)
    for k in range(a.shape[1]):
        total = multiplied_and_added(total, a[:, k], b[k])
    return total


WAYS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "float32": plain_product,
    "6 products": lambda a, b: split_product(a, b, 6),
    "3 products": lambda a, b: split_product(a, b, 3),
    "bfloat16": lambda a, b: split_product(a, b, 1),
}


# --- what is multiplied --------------------------------------------------------------------------------------


def normal(random: np.random.Generator, K: int) -> Matrices:
    return random.normal(size=(M, K)), random.normal(size=(K, N))


def uniform(random: np.random.Generator, K: int) -> Matrices:
    """From 0 to 1: sums without cancellation."""
    return random.uniform(size=(M, K)), random.uniform(size=(K, N))


def wide(random: np.random.Generator, K: int) -> Matrices:
    """Exponents over 40 powers of two."""
    a, b = normal(random, K)
    return a * 2.0 ** random.integers(-20, 20, a.shape), b * 2.0 ** random.integers(-20, 20, b.shape)


def cancelling(random: np.random.Generator, K: int) -> Matrices:
    """The second half of the terms takes away the first, but for a millionth."""
    a, b = normal(random, K // 2)
    return np.hstack([a, a * (1 + 1e-6 * random.normal(size=a.shape))]), np.vstack([b, -b])


def tiny(random: np.random.Generator, K: int) -> Matrices:
    """Numbers of 1e-36, whose second and third parts are denormal."""
    a, b = normal(random, K)
    return 1e-36 * a, b


DISTRIBUTIONS = {draw.__name__: draw for draw in (normal, uniform, wide, cancelling, tiny)}


def errors(draw: Callable[[np.random.Generator, int], Matrices], K: int) -> dict[str, dict[str, float]]:
    """Of each way the root mean square and the largest error, in float32 roundings of the sum of all |a b|."""
    a, b = (matrix.astype(np.float32) for matrix in draw(np.random.default_rng(K), K))
    exact = a.astype(np.float64) @ b.astype(np.float64)
    scale = UNIT * (np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64))
    found = {}
    for way, multiply in WAYS.items():
        wrong = np.abs(multiply(a, b) - exact) / scale
        found[way] = {"rms": float(np.sqrt(np.mean(wrong**2))), "most": float(wrong.max())}
    return found


# --- how fast ------------------------------------------------------------------------------------------------


def speeds(threads: int = 2, rounds: int = 9) -> dict[str, Any]:
    """The engine's products of 1024 x 1024 in float32 and bfloat16, in turns: GFLOP/s, and how many times faster."""
    runs = [adapter.product(threads, "native", numbers) for numbers in sgemm.WAYS.values()]
    players = [warmed_up(run, sgemm.PRODUCTS) for run in runs]
    turns = take_turns([player.turn for player in players], Options(threads, rounds, patience_s=5))
    ms = [[turn.ms for turn in each] for each in turns]
    return {
        "threads": threads,
        **{numbers: sgemm.gflops(median(each)) for numbers, each in zip(("float32", "bfloat16"), ms, strict=True)},
        "ratio": median(slow / fast for slow, fast in zip(*ms, strict=True)),
    }


def main() -> None:
    begun = time.strftime("%Y-%m-%d")
    found = {name: {str(K): errors(draw, K) for K in SIZES} for name, draw in DISTRIBUTIONS.items()}
    for name, sizes in found.items():
        for K, ways in sizes.items():
            print(f"{name:>10} {K:>5} " + "  ".join(f"{w} {e['rms']:.3g} ({e['most']:.3g})" for w, e in ways.items()))
    results = {"date": begun, "machine": machine(), "kernels": kernels(), "errors": found, "speeds": speeds()}
    print(results["speeds"])
    write_whole(RESULTS, (to_json(results, "results", indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
