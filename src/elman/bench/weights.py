"""The first weights, alike for everyone, so that the losses of all contenders can be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from elman.bench.workload import GATES, Workload


@dataclass(frozen=True)
class Weights:
    """Arrays by role, gates stacked in the order of `GATES`, G of them, D directions to read out.

    Gains of layer normalisation are 1 and biases that no role here has are 0 at first: those of layer normalisation's
    memory, and the GRU's second bias of its candidate.
    """

    input: np.ndarray  # (G, H, F)
    state: np.ndarray  # (G, H, H)
    bias: np.ndarray  # (G, H)
    readout: np.ndarray  # (O, D H)
    readout_bias: np.ndarray  # (O,)
    embedding: np.ndarray  # (V, F), V is 0 where there is none

    def named(self, workload: Workload) -> dict[str, np.ndarray]:
        """By the names of the equations, as Elman and JAX have them."""
        found: dict[str, np.ndarray] = {}
        for k, gate in enumerate(GATES[workload.cell]):
            after = f"_{gate}" if gate else ""
            found |= {f"W{after}": self.input[k], f"U{after}": self.state[k], f"b{after}": self.bias[k]}
        return found


@dataclass(frozen=True)
class Attention:
    """Dense layers around attention: of the queries, and of states beside what was found."""

    query: np.ndarray  # (H, H)
    query_bias: np.ndarray  # (H,)
    joined: np.ndarray  # (H, 2 H)
    joined_bias: np.ndarray  # (H,)


def weights(workload: Workload, part: int = 0) -> Weights:
    """Uniform within 1/sqrt(H), as PyTorch begins; embeddings are normal.

    Parameters
    ----------
    workload : Workload
    part : int, default 0
        Other weights for the second direction or the decoder, 1, and for each member of an ensemble.
    """
    random, H, F = np.random.default_rng(2 + part), workload.hidden, workload.features
    gates, uniform = len(GATES[workload.cell]), _uniform(random, H)
    return Weights(
        uniform(gates, H, F),
        uniform(gates, H, H),
        uniform(gates, H),
        uniform(workload.outputs, workload.directions * H),
        uniform(workload.outputs),
        random.normal(size=(workload.vocabulary, F)).astype(np.float32),
    )


def attention(workload: Workload) -> Attention:
    """The dense layers of a decoder that attends."""
    H, uniform = workload.hidden, _uniform(np.random.default_rng(1), workload.hidden)
    return Attention(uniform(H, H), uniform(H), uniform(H, 2 * H), uniform(H))


def _uniform(random: np.random.Generator, H: int) -> Callable[..., np.ndarray]:
    bound = 1 / np.sqrt(H)
    return lambda *shape: random.uniform(-bound, bound, shape).astype(np.float32)
