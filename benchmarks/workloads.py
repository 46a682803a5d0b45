"""What is timed: one entry a workload; `benchmarks.run` measures them all, in float32.

The unit is an update (one batch forward, loss, backward, optimiser), the run of one batch, or one streaming step.
Letters in shapes: N rows, B batch, T steps, F features, H hidden units, O outputs, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

# The gates of a layer: each has a matrix for the input (H, F), one for the state (H, H), and a bias.
GATES = {
    "relu": ("",),
    "tanh": ("",),
    "gru": ("z", "r", "n"),
    "lstm": ("i", "f", "g", "o"),
    "layer_norm_lstm": ("i", "f", "g", "o"),
    "oscillator": ("k", "d", "f"),
}
SGEMM = "sgemm"
Pair = tuple[str, str]


@dataclass(frozen=True)
class Goal:
    """How many times Elman's time the fastest of some contenders should take, at least.

    `against` holds words of contenders' names; with none of them, all peers are meant.
    """

    factor: float
    against: tuple[str, ...] = ()


@dataclass(frozen=True)
class Workload:
    """A recurrent layer with a dense readout, and the data that it runs on.

    `contenders` names who runs it: (adapter, variant) pairs; the first is compared with each of the others.
    """

    name: str
    about: str
    contenders: tuple[Pair, ...]
    cell: str
    features: int
    hidden: int
    batch: int
    steps: int
    outputs: int
    every_step: bool  # a readout at every step, or at the last one only
    loss: str
    optimizer: str = "none"
    learning_rate: float = 1e-3
    updates: int = 20  # batches in the data set: an epoch
    task: str = "training"  # or "inference", or "streaming": steps one at a time, the state handed on
    vocabulary: int = 0  # above 0: the input is an index, embedded in `features` values
    ragged: bool = False
    goals: tuple[Goal, ...] = ()
    goal_of_sgemm: float = 0.0
    quick: bool = field(default=False, compare=False)  # whether `make bench-quick` has it

    @property
    def unit(self) -> str:
        return {"training": "update", "inference": "call", "streaming": "step"}[self.task]

    @property
    def units(self) -> int:
        """Units in an epoch."""
        return self.steps if self.task == "streaming" else self.updates

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Input (N, T, F), or (N, T) indices, and target."""
        random = np.random.default_rng(0)
        n = self.batch * self.updates
        if self.vocabulary:
            return _text(random, n, self.steps, self.vocabulary)
        if self.loss == "mse":
            return self._waves(random, n)
        return self._patterns(random, n)

    def _waves(self, random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Noisy waves, and their next values."""
        start, pitch = random.uniform(0, 6, (n, 1, 1)), random.uniform(0.1, 0.5, (n, 1, 1))
        noise = random.normal(0, 0.05, (n, self.steps + 1, max(self.features, self.outputs)))
        waves = np.float32(np.sin(start + pitch * np.arange(self.steps + 1)[:, None]) + noise)
        target = waves[:, 1:, : self.outputs]
        return waves[:, :-1, : self.features].copy(), (target if self.every_step else target[:, -1]).copy()

    def _patterns(self, random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Noisy patterns, and their classes (N,)."""
        patterns = random.normal(size=(self.outputs, self.steps, self.features))
        target = random.integers(0, self.outputs, n)
        return np.float32(patterns[target] + random.normal(0, 6, (n, self.steps, self.features))), target

    def lengths(self) -> np.ndarray:
        """Steps in use of each row: 10 to 500, mean 120, most of them short; all of them where nothing is ragged."""
        n = self.batch * self.updates
        if not self.ragged:
            return np.full(n, self.steps)
        drawn = 10 + np.random.default_rng(1).exponential(110, n)
        return np.clip(drawn * (120 / drawn.mean()), 10, self.steps).round().astype(np.int64)

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


def _text(random: np.random.Generator, n: int, steps: int, vocabulary: int) -> tuple[np.ndarray, np.ndarray]:
    """Characters that depend on the one before, and the ones that follow them."""
    likely = random.integers(0, vocabulary, (vocabulary, 4))
    text = np.empty((n, steps + 1), np.int64)
    text[:, 0] = random.integers(0, vocabulary, n)
    for t in range(steps):
        text[:, t + 1] = likely[text[:, t], random.integers(0, 4, n)]
    return text[:, :-1].copy(), text[:, 1:].copy()


ELMAN: Pair = ("elman", "fit")
JAX: tuple[Pair, ...] = (("jax", "jit"), ("jax", "scanned"))
TRAINING: tuple[Pair, ...] = (ELMAN, ("pytorch", "eager"), *JAX, ("keras", "fit"))
CUSTOM: tuple[Pair, ...] = (ELMAN, ("pytorch", "loop"), ("pytorch", "compiled"), *JAX)
INFERENCE: tuple[Pair, ...] = (("elman", "call"), ("onnxruntime", "run"), ("pytorch", "eager"), ("jax", "jit"))

SMALL = {"features": 1, "outputs": 1, "loss": "mse"}
DIGITS = {"features": 28, "hidden": 128, "batch": 128, "steps": 28, "outputs": 10, "every_step": False}
DIGITS |= {"loss": "softmax_cross_entropy"}
DIGITS_ABOUT = "{} on rows of digits: F28 H128 B128 T28, 10 classes"
EQUATIONS = {"features": 32, "hidden": 128, "batch": 64, "steps": 100, "outputs": 1, "every_step": True, "loss": "mse"}
EQUATIONS |= {"optimizer": "adam", "updates": 4, "goals": (Goal(3, ("jax",)), Goal(10, ("loop",)))}
TEXT = {"features": 64, "vocabulary": 65, "hidden": 256, "batch": 64, "steps": 128, "outputs": 65, "every_step": True}
TEXT |= {"loss": "softmax_cross_entropy", "optimizer": "adam", "updates": 3, "goal_of_sgemm": 0.8}
STREAM = SMALL | {"batch": 1, "steps": 500, "updates": 1, "every_step": True, "task": "streaming"}


def digits(cell: str, factor: float, of_sgemm: float = 0.0) -> tuple[Workload, Workload]:
    """Training and inference on rows of digits."""
    training = {"optimizer": "rmsprop", "goals": (Goal(factor),), "goal_of_sgemm": of_sgemm, "quick": True}
    title = {"tanh": "RNN"}.get(cell, cell.upper())
    about = DIGITS_ABOUT.format(title)
    return (
        Workload(f"W3 {title}", f"{about}, RMSProp", TRAINING, cell, **DIGITS, **training),
        Workload(f"W3 {title} inference", f"{about}, one call", INFERENCE, cell, **DIGITS, task="inference"),
    )


def streaming(cell: str, hidden: int, factor: float) -> Workload:
    about = f"one streaming step: {cell.upper()} F1 H{hidden} B1, the state handed on"
    contenders = (("elman", "stream"), *INFERENCE[1:], ("elman", "step"))
    goals = (Goal(factor, ("onnxruntime",)),)
    return Workload(f"W6 {cell.upper()}", about, contenders, cell, hidden=hidden, goals=goals, quick=True, **STREAM)


def text(cell: str, factor: float) -> Workload:
    about = f"character model: {cell.upper()} V65, embedding of 64, H256 B64 T128, softmax at every step, Adam"
    return Workload(f"W5 {cell.upper()}", about, (*TRAINING[:-1],), cell, goals=(Goal(factor),), **TEXT)


WORKLOADS: tuple[Workload, ...] = (
    Workload(
        "W1", "ReLU RNN F1 H100 B50 T20, readout at every step, Adam", TRAINING, "relu",
        hidden=100, batch=50, steps=20, every_step=True, optimizer="adam", goals=(Goal(4),), quick=True, **SMALL,
    ),
    Workload(
        "W2", "tanh RNN F1 H50 B1 T4, last step, SGD, through fit", TRAINING, "tanh",
        hidden=50, batch=1, steps=4, every_step=False, optimizer="sgd", learning_rate=1e-2, updates=1000,
        goals=(Goal(3),), quick=True, **SMALL,
    ),
    *digits("tanh", 3),
    *digits("gru", 3),
    *digits("lstm", 1.6, of_sgemm=0.65),
    Workload(
        "W4 layer-norm LSTM", "LSTM with layer normalisation, from equations: F32 H128 B64 T100, Adam",
        CUSTOM, "layer_norm_lstm", **EQUATIONS,
    ),
    Workload(
        "W4 invented", "a cell invented here, a damped oscillator, beside a GRU, which has the same products",
        (*CUSTOM, ("elman", "built-in GRU")), "oscillator",
        **EQUATIONS | {"goals": (*EQUATIONS["goals"], Goal(1 / 1.1, ("built-in",)))},
    ),
    text("gru", 2),
    text("lstm", 1.6),
    streaming("gru", 64, 5),
    streaming("lstm", 256, 3),
    Workload(
        "W7", "long and thin: GRU F8 H64 B8 T2000, Adam", TRAINING, "gru", features=8, hidden=64, batch=8,
        steps=2000, outputs=1, every_step=True, loss="mse", optimizer="adam", updates=2, goals=(Goal(3),),
    ),
    Workload(
        "W8", "large: LSTM F512 H1024 B32 T50, Adam", TRAINING, "lstm", features=512, hidden=1024, batch=32,
        steps=50, outputs=1, every_step=True, loss="mse", optimizer="adam", updates=2, goals=(Goal(1.2),),
        goal_of_sgemm=0.8,
    ),
    Workload(
        "W9", "ragged: LSTM F16 H128 B64, lengths 10 to 500, mean 120, Adam",
        (ELMAN, ("pytorch", "packed"), ("pytorch", "padded"), ("jax", "padded")), "lstm", features=16, hidden=128,
        batch=64, steps=500, outputs=10, every_step=False, loss="softmax_cross_entropy", optimizer="adam", updates=2,
        ragged=True, goals=(Goal(3, ("pytorch",)),),
    ),
)  # fmt: skip
