"""A tanh RNN with random numbers, and what its numbers ought to be, in plain NumPy."""

from __future__ import annotations

import numpy as np

from elman.engine.native import NativeEngine
from elman.engine.plan import Plan
from tests.engine import hand_plans
from tests.engine.calls import gradients


def unpack(arena: np.ndarray, F: int, H: int, O: int) -> list[np.ndarray]:
    """W (H, F), U (H, H), b (H), V (O, H), c (O)."""
    ends = np.cumsum([H * F, H * H, H, O * H])
    W, U, b, V, c = np.split(arena, ends)
    return [W.reshape(H, F), U.reshape(H, H), b, V.reshape(O, H), c]


def one_row(arena: np.ndarray, x: np.ndarray, h: np.ndarray, H: int, O: int) -> tuple[np.ndarray, np.ndarray]:
    """y (T, O) and the final state of one sequence x (T, F)."""
    W, U, b, V, c = unpack(arena, x.shape[1], H, O)
    y = np.empty((len(x), O))
    for t, now in enumerate(x):
        h = np.tanh(W @ now + U @ h + b)
        y[t] = V @ h + c
    return y, h


def mean_squared_error(y: list[np.ndarray], target: list[np.ndarray], weights: np.ndarray) -> float:
    """Of rows of their own lengths, each step weighted as its row."""
    total = sum(w * len(a) for w, a in zip(weights, y, strict=True))
    return sum(w * np.mean((a - b) ** 2, axis=1).sum() for w, a, b in zip(weights, y, target, strict=True)) / total


class Problem:
    """Parameters, data and the expected results; B rows of T steps, some shorter when ragged."""

    def __init__(self, B: int, T: int, F: int, H: int, O: int, ragged: bool = False, seed: int = 0, **options):
        rng = np.random.default_rng(seed)
        self.sizes, self.options = (B, T, F, H, O), options
        self.plan: Plan = hand_plans.tanh_rnn(F, H, O, **options)
        self.parameters = rng.normal(0, 0.5, self.plan.parameters)
        self.x, self.states = rng.normal(size=(B, T, F)), [rng.normal(size=(B, H))]
        self.target = rng.normal(size=(B, O) if options.get("last") else (B, T, O))
        self.lengths = rng.integers(1, T + 1, B) if ragged else None
        self.weights = rng.uniform(0.5, 2, B)

    def run(self, engine: NativeEngine, **more):
        more = {"lengths": self.lengths, "states": self.states, "weights": self.weights} | more
        return gradients(engine, self.parameters, self.x, self.target, **more)

    def engine(self, threads: int = 2, dtype=np.float64) -> NativeEngine:
        return NativeEngine(self.plan, dtype, threads)

    def expected(self, parameters=None, x=None, h=None) -> tuple[float, np.ndarray, np.ndarray]:
        """Loss, output and final state."""
        B, T, F, H, O = self.sizes
        parameters = self.parameters if parameters is None else parameters
        x, h = self.x if x is None else x, self.states[0] if h is None else h
        lengths = [T] * B if self.lengths is None else list(self.lengths)
        step = -1 if self.options.get("reverse") else 1
        rows = [one_row(parameters, x[b, :n][::step], h[b], H, O) for b, n in enumerate(lengths)]
        final = np.array([state for _, state in rows])
        if self.options.get("last"):
            ends = np.array([y[-1] for y, _ in rows])
            loss = mean_squared_error(ends[:, None], self.target[:, None], self.weights)
            return (np.sqrt(loss) if self.options.get("root") else loss), ends, final
        output = np.zeros((B, T, O))
        for b, (y, _) in enumerate(rows):
            output[b, : len(y)] = y
        target = [self.target[b, :n] for b, n in enumerate(lengths)]
        loss = mean_squared_error([y for y, _ in rows], target, self.weights)
        return (np.sqrt(loss) if self.options.get("root") else loss), output, final
