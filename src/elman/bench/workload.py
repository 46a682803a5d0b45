"""What a workload is: a model, the data that it runs on, and the arithmetic of a unit.

The unit is an update (one batch forward, loss, backward, optimiser), the run of one batch, or one streaming step.
Letters: B batch, T steps, F features, H hidden units, O outputs, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.bench import data

# The gates of a layer: each has a matrix for the input (H, F), one for the state (H, H), and a bias.
GATES = {
    "relu": ("",),
    "tanh": ("",),
    "gru": ("z", "r", "n"),
    "lstm": ("i", "f", "g", "o"),
    "layer_norm_lstm": ("i", "f", "g", "o"),
    "oscillator": ("k", "d", "f"),
}


@dataclass(frozen=True)
class Workload:
    """A recurrent layer with a dense readout, or two of them and attention, and the data that it runs on.

    Attributes
    ----------
    name, about : str
        As "W1", and what it is.
    cell : str
        One of `GATES`.
    features, hidden, batch, steps, outputs : int
        F, H, B, T, O.
    every_step : bool
        A readout at every step, or at the last one only.
    loss, optimizer, learning_rate
        Of training.
    updates : int
        Batches in the data set, an epoch.
    task : str
        ``"training"``, ``"inference"`` or ``"streaming"``: steps one at a time, the state handed on.
    vocabulary : int
        Above 0 the input is an index, embedded in `features` values.
    ragged : bool
        Whether rows have lengths of their own.
    bidirectional : bool
        A layer in both directions, whose last values are read out.
    attends : bool
        An encoder and a decoder of as many steps, which reads what should come before each and attends to the
        encoder's states.
    members : int
        Networks of other weights that learn from the same data, an ensemble; a unit is one of all of them.
    ways : tuple of str
        How Elman runs it, the names in `elman.bench.adapter`; the first is the one that peers are compared with.
    quick : bool
        Whether a quick measurement has it.
    """

    name: str
    about: str
    cell: str
    features: int
    hidden: int
    batch: int
    steps: int
    outputs: int
    every_step: bool
    loss: str
    optimizer: str = "none"
    learning_rate: float = 1e-3
    updates: int = 20
    task: str = "training"
    vocabulary: int = 0
    ragged: bool = False
    bidirectional: bool = False
    attends: bool = False
    members: int = 1
    ways: tuple[str, ...] = ("fit",)
    quick: bool = False

    @property
    def unit(self) -> str:
        return {"training": "update", "inference": "call", "streaming": "step"}[self.task]

    @property
    def units(self) -> int:
        """Units in an epoch."""
        return self.steps if self.task == "streaming" else self.updates

    @property
    def rows(self) -> int:
        return self.batch * self.updates

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Input (N, T, F), or (N, T) indices, and target."""
        if self.attends:
            return data.reversals(self.rows, self.steps, self.vocabulary)
        if self.vocabulary:
            return data.text(self.rows, self.steps, self.vocabulary)
        if self.loss == "mse":
            return data.waves(self.rows, self.steps, self.features, self.outputs, self.every_step)
        return data.patterns(self.rows, self.steps, self.features, self.outputs)

    def lengths(self) -> np.ndarray:
        """Steps in use of each row (N,); all of them where nothing is ragged."""
        return data.lengths(self.rows, self.steps) if self.ragged else np.full(self.rows, self.steps)

    def flops(self) -> float:
        """Arithmetic of the matrix products of one unit: input and readout matrices, recurrent ones and attention.

        In training a product costs as much again for the gradient of its matrix and for that of its operand, save the
        input. An embedding's gradient needs the latter too.
        """
        gates, training = len(GATES[self.cell]) * self.hidden, self.task == "training"
        steps = 1.0 if self.task == "streaming" else float(self.lengths().mean())
        readouts = steps if self.every_step else 1.0
        of_input = (3 if self.vocabulary else 2) if training else 1
        of_others = 3 if training else 1
        layers = 2 if self.attends or self.bidirectional else 1
        products = layers * steps * gates * (of_input * self.features + of_others * self.hidden)
        products += of_others * readouts * self.directions * self.hidden * self.outputs
        products += of_others * self._attention(steps)
        return 2 * self.batch * self.members * products

    def _attention(self, steps: float) -> float:
        """Multiplications of a row: its queries, their products with the memory and its sums, what joins both."""
        return steps * self.hidden * (self.hidden + 2 * steps + 2 * self.hidden) if self.attends else 0.0
