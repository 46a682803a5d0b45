"""What is timed: one entry a workload, in float32 but where its name says otherwise.

The unit is an update (one batch forward, loss, backward, optimiser), the run of one batch, or one streaming step.
Letters: B batch, T steps, F features, H hidden units, O outputs, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from elman.bench import data
from elman.errors import OptionError

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
    """A recurrent layer with a dense readout, and the data that it runs on.

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

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Input (N, T, F), or (N, T) indices, and target."""
        if self.vocabulary:
            return data.text(self.rows, self.steps, self.vocabulary)
        if self.loss == "mse":
            return data.waves(self.rows, self.steps, self.features, self.outputs, self.every_step)
        return data.patterns(self.rows, self.steps, self.features, self.outputs)

    def lengths(self) -> np.ndarray:
        """Steps in use of each row (N,); all of them where nothing is ragged."""
        return data.lengths(self.rows, self.steps) if self.ragged else np.full(self.rows, self.steps)

    def flops(self) -> float:
        """Arithmetic of the matrix products of one unit: input and readout matrices and the recurrent ones.

        In training a product costs as much again for the gradient of its matrix and for that of its operand, save the
        input. An embedding's gradient needs the latter too.
        """
        gates, training = len(GATES[self.cell]) * self.hidden, self.task == "training"
        steps = 1.0 if self.task == "streaming" else float(self.lengths().mean())
        readouts = steps if self.every_step else 1.0
        of_input = (3 if self.vocabulary else 2) if training else 1
        of_others = 3 if training else 1
        products = steps * gates * (of_input * self.features + of_others * self.hidden)
        return 2 * self.batch * (products + of_others * readouts * self.hidden * self.outputs)


def digits(cell: str) -> tuple[Workload, Workload]:
    """Training and inference on rows of digits."""
    title = {"tanh": "RNN"}.get(cell, cell.upper())
    about = f"{title} on rows of digits: F28 H128 B128 T28, 10 classes"
    training = Workload(
        f"W3 {title}", f"{about}, RMSProp", cell, features=28, hidden=128, batch=128, steps=28, outputs=10,
        every_step=False, loss="softmax_cross_entropy", optimizer="rmsprop", quick=cell == "lstm",
    )  # fmt: skip
    name, about = f"{training.name} inference", f"{about}, one call"
    return training, replace(
        training, name=name, about=about, task="inference", optimizer="none", ways=("call",), quick=cell == "lstm"
    )


def text(cell: str) -> Workload:
    about = f"character model: {cell.upper()} V65, embedding of 64, H256 B64 T128, softmax at every step, Adam"
    return Workload(
        f"W5 {cell.upper()}", about, cell, features=64, hidden=256, batch=64, steps=128, outputs=65, every_step=True,
        loss="softmax_cross_entropy", optimizer="adam", updates=3, vocabulary=65,
    )  # fmt: skip


def streaming(cell: str, hidden: int) -> Workload:
    about = f"one streaming step: {cell.upper()} F1 H{hidden} B1, the state handed on"
    return Workload(
        f"W6 {cell.upper()}", about, cell, features=1, hidden=hidden, batch=1, steps=500, outputs=1, every_step=True,
        loss="mse", updates=1, task="streaming", ways=("stream", "step"), quick=True,
    )  # fmt: skip


def in_bfloat16(workload: Workload) -> Workload:
    """Elman with products in bfloat16, and beside it in float32, as its peers are."""
    name, about = f"{workload.name} bfloat16", f"{workload.about}; products in bfloat16, beside float32"
    return replace(workload, name=name, about=about, ways=("fit in bfloat16", "fit"))


LARGE = Workload(
    "W8", "large: LSTM F512 H1024 B32 T50, Adam", "lstm", features=512, hidden=1024, batch=32, steps=50, outputs=1,
    every_step=True, loss="mse", optimizer="adam", updates=2,
)  # fmt: skip
WORKLOADS: tuple[Workload, ...] = (
    Workload(
        "W1", "ReLU RNN F1 H100 B50 T20, readout at every step, Adam", "relu", features=1, hidden=100, batch=50,
        steps=20, outputs=1, every_step=True, loss="mse", optimizer="adam", quick=True,
    ),
    Workload(
        "W2", "tanh RNN F1 H50 B1 T4, last step, SGD, through fit", "tanh", features=1, hidden=50, batch=1, steps=4,
        outputs=1, every_step=False, loss="mse", optimizer="sgd", learning_rate=1e-2, updates=1000, quick=True,
    ),
    *digits("tanh"),
    *digits("gru"),
    *digits("lstm"),
    Workload(
        "W4 layer-norm LSTM", "LSTM with layer normalisation, from equations: F32 H128 B64 T100, Adam",
        "layer_norm_lstm", features=32, hidden=128, batch=64, steps=100, outputs=1, every_step=True, loss="mse",
        optimizer="adam", updates=4,
    ),
    Workload(
        "W4 invented", "a cell invented here, a damped oscillator, beside a GRU, which has the same products",
        "oscillator", features=32, hidden=128, batch=64, steps=100, outputs=1, every_step=True, loss="mse",
        optimizer="adam", updates=4, ways=("fit", "built-in GRU"),
    ),
    text("gru"),
    text("lstm"),
    streaming("gru", 64),
    streaming("lstm", 256),
    Workload(
        "W7", "long and thin: GRU F8 H64 B8 T2000, Adam", "gru", features=8, hidden=64, batch=8, steps=2000,
        outputs=1, every_step=True, loss="mse", optimizer="adam", updates=2,
    ),
    Workload(
        "W7 vanishing", "gradients that vanish, as gates saturate: LSTM F16 H64 B64 T300, last step, Adam", "lstm",
        features=16, hidden=64, batch=64, steps=300, outputs=10, every_step=False, loss="softmax_cross_entropy",
        optimizer="adam", updates=2,
    ),
    LARGE,
    Workload(
        "W9", "ragged: LSTM F16 H128 B64, lengths 10 to 500, mean 120, Adam", "lstm", features=16, hidden=128,
        batch=64, steps=500, outputs=10, every_step=False, loss="softmax_cross_entropy", optimizer="adam", updates=2,
        ragged=True,
    ),
    in_bfloat16(text("gru")),
    in_bfloat16(text("lstm")),
    in_bfloat16(LARGE),
)  # fmt: skip


def choose(only: Iterable[str] = (), quick: bool = False) -> tuple[Workload, ...]:
    """The workloads whose name holds one of some words, all of them without any; in a quick measurement the small ones.

    Raises
    ------
    OptionError
        If there is none.
    """
    words = [word.lower() for word in only]
    for word in words:
        if not any(word in workload.name.lower() for workload in WORKLOADS):
            raise OptionError(f"no workload is called {word!r}; there are {', '.join(w.name for w in WORKLOADS)}")
    named = [w for w in WORKLOADS if not words or any(word in w.name.lower() for word in words)]
    chosen = tuple(w for w in named if w.quick or not quick)
    if not chosen:
        raise OptionError(f"a quick measurement leaves out {', '.join(w.name for w in named)}: measure without it")
    return chosen
