"""Parameters of a language model, and of its writing, by name, for type checkers; a test compares them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from elman.equations import Cell


class LanguageOptions(TypedDict, total=False):
    """Parameters of a `LanguageModel` by name."""

    cell: str | Cell
    units: int
    tokens: str
    vocabulary: int | None
    layers: int
    embedding: int | None
    tied: bool
    dropout: float
    input_dropout: float
    variational: bool
    weight_drop: float
    steps: int
    streams: int | None
    fresh: float
    epochs: int
    learning_rate: float
    warm_up: float
    weight_decay: float
    clip_norm: float
    validation: float
    patience: int | None
    products: str | None
    seed: int
    threads: int | None


class WritingOptions(TypedDict, total=False):
    """How a `LanguageModel` chooses what it writes: options of `stream`."""

    temperature: float
    top_k: int | None
    top_p: float | None
    repetition_penalty: float
    repetition_window: int | None
    stop: str | Iterable[str] | None
    seed: int | None


class SearchedWritingOptions(WritingOptions, total=False):
    """The same, or of a beam: options of `generate`."""

    beam: int | None
    length_penalty: float
