"""Samples while training: what a language model writes after each epoch."""

from __future__ import annotations

import sys
from typing import Protocol

from elman.checks import visible
from elman.training import Callback
from elman.training.state import Training


class Writes(Protocol):
    """What writes texts: a language model."""

    def generate(self, prompt: str | None = None, length: int = 500, *, seed: int | None = None) -> str: ...


class Samples(Callback):
    """Prints a text that the model writes, after each epoch.

    Parameters
    ----------
    model : LanguageModel
        Under training.
    length : int
        Tokens to write.
    """

    def __init__(self, model: Writes, length: int):
        self.model: Writes = model
        self.length: int = length

    def on_epoch_end(self, training: Training) -> None:
        losses = ", ".join(
            f"{name} {training.logs[name]:.3f}" for name in ("loss", "val_loss") if name in training.logs
        )
        text = self.model.generate(length=self.length, seed=training.epoch)
        print(_printable(f"--- epoch {training.epoch}: {losses}\n{text.strip()}"), flush=True)


def _printable(text: str) -> str:
    """With escapes for what the standard output cannot show: a terminal is no reason to lose a training."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return visible(text).encode(encoding, "backslashreplace").decode(encoding)
