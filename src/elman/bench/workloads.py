"""What is timed: one entry a workload, in float32 but where its name says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from elman.bench.workload import Workload
from elman.errors import OptionError


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


def classifier() -> tuple[Workload, Workload]:
    """Training and inference of a bidirectional layer."""
    about = "bidirectional LSTM classifier: F16 H128 B64 T120, 10 classes"
    training = Workload(
        "W10", f"{about}, Adam", "lstm", features=16, hidden=128, batch=64, steps=120, outputs=10, every_step=False,
        loss="softmax_cross_entropy", optimizer="adam", updates=3, bidirectional=True,
    )  # fmt: skip
    return training, replace(
        training, name="W10 inference", about=f"{about}, one call", task="inference", optimizer="none", ways=("call",)
    )


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
    LARGE,
    Workload(
        "W9", "ragged: LSTM F16 H128 B64, lengths 10 to 500, mean 120, Adam", "lstm", features=16, hidden=128,
        batch=64, steps=500, outputs=10, every_step=False, loss="softmax_cross_entropy", optimizer="adam", updates=2,
        ragged=True,
    ),
    *classifier(),
    Workload(
        "W11", "encoder and decoder with attention: GRU V65, embeddings of 64, H256 B64, 50 steps each, Adam", "gru",
        features=64, hidden=256, batch=64, steps=50, outputs=65, every_step=True, loss="softmax_cross_entropy",
        optimizer="adam", updates=3, vocabulary=65, attends=True,
    ),
    Workload(
        "W12", "gradients that vanish, as gates saturate: LSTM F16 H64 B64 T300, last step, Adam", "lstm",
        features=16, hidden=64, batch=64, steps=300, outputs=10, every_step=False, loss="softmax_cross_entropy",
        optimizer="adam", updates=2,
    ),
    Workload(
        "W13", "an ensemble of 8: GRU F4 H16 B32 T50, readout at every step, Adam", "gru", features=4, hidden=16,
        batch=32, steps=50, outputs=1, every_step=True, loss="mse", optimizer="adam", members=8,
        ways=("fit_many", "fit in turn"),
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
