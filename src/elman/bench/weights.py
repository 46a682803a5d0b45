"""The first weights, alike for everyone, so that the losses of all contenders can be compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.bench.workloads import GATES, Workload


@dataclass(frozen=True)
class Weights:
    """Arrays by role, gates stacked in the order of `GATES`, G of them.

    `gain_input`, `gain_state`, `gain_memory` and `bias_memory` are those of layer normalisation; the GRU's candidate
    has a bias of its own for the recurrent product, zero at first.
    """

    input: np.ndarray  # (G, H, F)
    state: np.ndarray  # (G, H, H)
    bias: np.ndarray  # (G, H)
    readout: np.ndarray  # (O, H)
    readout_bias: np.ndarray  # (O,)
    embedding: np.ndarray  # (V, F), V is 0 where there is none

    def named(self, workload: Workload) -> dict[str, np.ndarray]:
        """By the names of the equations, as Elman and JAX have them."""
        found: dict[str, np.ndarray] = {}
        for k, gate in enumerate(GATES[workload.cell]):
            after = f"_{gate}" if gate else ""
            found |= {f"W{after}": self.input[k], f"U{after}": self.state[k], f"b{after}": self.bias[k]}
        return found


def weights(workload: Workload) -> Weights:
    """Uniform within 1/sqrt(H), as PyTorch begins; embeddings are normal."""
    random, H, F = np.random.default_rng(2), workload.hidden, workload.features
    gates, bound = len(GATES[workload.cell]), 1 / np.sqrt(workload.hidden)

    def uniform(*shape: int) -> np.ndarray:
        return random.uniform(-bound, bound, shape).astype(np.float32)

    return Weights(
        uniform(gates, H, F),
        uniform(gates, H, H),
        uniform(gates, H),
        uniform(workload.outputs, H),
        uniform(workload.outputs),
        random.normal(size=(workload.vocabulary, F)).astype(np.float32),
    )
