"""The network of a language model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from elman.cells import as_cell, weight_drop
from elman.equations import Cell
from elman.network import Dense, Dropout, Embedding, Recurrent, tie
from elman.network.initialisers import uniform

TIED_BOUND = 0.1
"""Of the initial values of tied matrices: as an output's they have to be smaller than an embedding's usual ones."""


@dataclass(frozen=True)
class Design:
    """What a language model's network is made of; `elman.LanguageModel` says what each of these is."""

    cell: Cell | str
    units: int
    layers: int
    embedding: int
    tied: bool
    dropout: float
    input_dropout: float
    variational: bool
    weight_drop: float

    def function(self, tokens: int) -> Callable[[Any], Any]:
        """The network, as a function of sequences of so many tokens."""
        cell = as_cell(self.cell)
        cell = weight_drop(cell, self.weight_drop) if self.weight_drop else cell

        def logits(tokens_: Any) -> Any:
            initial = {"E": uniform(-TIED_BOUND, TIED_BOUND)} if self.tied else None
            embedding = Embedding(tokens, self.embedding, initial=initial)
            h = self._dropped(embedding(tokens_), self.input_dropout)
            for _ in range(self.layers):
                h = self._dropped(Recurrent(cell, self.units)(h), self.dropout)
            if not self.tied:
                return Dense(tokens)(h)
            if self.embedding != self.units:
                h = Dense(self.embedding, bias=False)(h)
            return tie(Dense(tokens), W=(embedding, "E"))(h)

        return logits

    def _dropped(self, h: Any, rate: float) -> Any:
        return Dropout(rate, once=self.variational)(h) if rate else h
