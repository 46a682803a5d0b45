"""What is timed: one entry a workload; `benchmarks.run` prints them all.

The unit is an update: one batch forward, loss, backward, optimiser, in float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Matrix blocks (H rows) of a layer: a gate has one that multiplies the input and one that multiplies the state.
GATES = {"relu": 1, "tanh": 1, "gru": 3, "gru_reset_before": 3, "gru_equations": 3, "lstm": 4}


@dataclass(frozen=True)
class Workload:
    """A recurrent layer of `hidden` units with a dense readout, and the data that it is trained on.

    `cells` names who runs it: (adapter, cell) pairs; the first is compared with each of the others.
    """

    name: str
    cells: tuple[tuple[str, str], ...]
    features: int
    hidden: int
    batch: int
    steps: int
    outputs: int
    every_step: bool  # a readout at every step, or at the last one only
    loss: str
    optimizer: str
    learning_rate: float
    updates: int = 50  # batches in the data set: an epoch

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Input (N, T, F) and target: the next value of noisy waves, or the class (N,) of noisy patterns."""
        random = np.random.default_rng(0)
        n = self.batch * self.updates
        if self.loss == "mse":
            start, pitch = random.uniform(0, 6, (n, 1, 1)), random.uniform(0.1, 0.5, (n, 1, 1))
            waves = np.sin(start + pitch * np.arange(self.steps + 1)[:, None]) + random.normal(
                0, 0.05, (n, self.steps + 1, max(self.features, self.outputs))
            )
            x, target = waves[:, :-1, : self.features], waves[:, 1:, : self.outputs]
            return np.float32(x), np.float32(target if self.every_step else target[:, -1])
        patterns = random.normal(size=(self.outputs, self.steps, self.features))
        target = random.integers(0, self.outputs, n)
        return np.float32(patterns[target] + random.normal(0, 6, (n, self.steps, self.features))), target

    def flops(self) -> int:
        """Arithmetic of the matrix products of one update: input and readout matrices and the recurrent ones.

        A product costs as much again for the gradient of its matrix and, save that of the input, of its operand.
        """
        gates = GATES[self.cells[0][1]] * self.hidden
        readouts = self.steps if self.every_step else 1
        steps = self.steps * gates * (2 * self.features + 3 * self.hidden)
        return 2 * self.batch * (steps + 3 * readouts * self.hidden * self.outputs)


def everyone(cell: str) -> tuple[tuple[str, str], ...]:
    return (("elman", cell), ("pytorch", cell))


WAVES = {
    "features": 1,
    "hidden": 100,
    "batch": 50,
    "steps": 20,
    "outputs": 1,
    "every_step": True,
    "loss": "mse",
    "optimizer": "adam",
    "learning_rate": 1e-3,
}
ROWS_OF_DIGITS = {
    "features": 28,
    "hidden": 128,
    "batch": 128,
    "steps": 28,
    "outputs": 10,
    "every_step": False,
    "loss": "softmax_cross_entropy",
    "optimizer": "rmsprop",
    "learning_rate": 1e-3,
    "updates": 25,
}

WORKLOADS = (
    Workload("W1 RNN", everyone("relu"), **WAVES),
    Workload("W3 RNN", everyone("tanh"), **ROWS_OF_DIGITS),
    Workload("W3 GRU", everyone("gru"), **ROWS_OF_DIGITS),
    Workload("W3 LSTM", everyone("lstm"), **ROWS_OF_DIGITS),
    # A cell that PyTorch does not have: a user's own equations, the built-in layer, a loop over torch operations.
    Workload(
        "custom",
        (("elman", "gru_equations"), ("elman", "gru_reset_before"), ("pytorch", "gru_reset_before")),
        **ROWS_OF_DIGITS,
    ),
)
