"""Random modules of PyTorch: recurrent layers of all kinds with what stands before and behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

FEATURES, VOCABULARY = 3, 7
TAKES = ("all", "last", "final", "mean", "max")
AROUND = ("none", "linear", "embedding", "norm")


@dataclass(frozen=True)
class Drawn:
    """What a module is made of."""

    kind: str  # RNN, GRU, LSTM, or a cell class
    nonlinearity: str
    layers: int
    both: bool
    projection: int
    batch_first: bool
    bias: bool
    dropout: float
    before: str
    behind: tuple[str, ...]
    take: str
    double: bool
    hidden: int

    @property
    def is_cell(self) -> bool:
        return self.kind.endswith("Cell")


def drawn(seed: int) -> Drawn:
    """A module's parts, by their seed."""
    random = np.random.default_rng((seed, 4))
    kind = str(
        random.choice(["RNN", "GRU", "LSTM", "LSTM", "RNNCell", "GRUCell", "LSTMCell"], p=[0.2, 0.2] + [0.12] * 5)
    )
    layers = int(random.integers(1, 4))
    hidden = int(random.integers(2, 7))
    behind = random.choice(["linear", "relu", "tanh", "dropout", "norm", "gelu"], int(random.integers(0, 4)))
    return Drawn(
        kind,
        str(random.choice(["tanh", "relu"])),
        layers,
        bool(random.random() < 0.4),
        int(random.integers(1, hidden)) if kind == "LSTM" and random.random() < 0.3 else 0,
        bool(random.random() < 0.6),
        bool(random.random() < 0.8),
        0.3 if layers > 1 and random.random() < 0.5 else 0.0,
        str(random.choice(AROUND)),
        tuple(map(str, behind)),
        str(random.choice(TAKES)),
        bool(random.random() < 0.3),
        hidden,
    )


class Module(nn.Module):
    """One of them."""

    def __init__(self, how: Drawn):
        super().__init__()
        self.how = how
        if how.before == "linear":
            self.before: Any = nn.Sequential(nn.Linear(FEATURES, 4), nn.Tanh())
        elif how.before == "embedding":
            self.before = nn.Embedding(VOCABULARY, 4)
        else:
            self.before = nn.LayerNorm(FEATURES) if how.before == "norm" else nn.Identity()
        reads = 4 if how.before in ("linear", "embedding") else FEATURES
        options: dict[str, Any] = {"nonlinearity": how.nonlinearity} if how.kind.startswith("RNN") else {}
        if how.is_cell:
            self.rnn = getattr(nn, how.kind)(reads, how.hidden, bias=how.bias, **options)
            made = how.hidden
        else:
            options |= {"proj_size": how.projection} if how.projection else {}
            self.rnn = getattr(nn, how.kind)(
                reads, how.hidden, how.layers, batch_first=how.batch_first, bias=how.bias, dropout=how.dropout,
                bidirectional=how.both, **options,
            )  # fmt: skip
            made = (how.projection or how.hidden) * (1 + how.both)
        self.behind = nn.Sequential(*self._behind(made))

    def _behind(self, made: int) -> list[Any]:
        found: list[Any] = []
        for one in self.how.behind:
            if one == "linear":
                found.append(nn.Linear(made, 5))
                made = 5
            else:
                found.append(
                    {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU}[one]()
                    if one not in ("dropout", "norm")
                    else nn.Dropout(0.4)
                    if one == "dropout"
                    else nn.LayerNorm(made)
                )
        return found

    @property
    def steps(self) -> int:
        return 1 if self.how.is_cell or self.how.batch_first else 0

    def forward(self, x: Any) -> Any:
        x = self.before(x)
        return self.behind(self._loop(x) if self.how.is_cell else self._taken(*self.rnn(x)))

    def _loop(self, x: Any) -> Any:
        state, found = None, []
        for t in range(x.size(1)):
            state = self.rnn(x[:, t], state)
            found.append(state[0] if isinstance(state, tuple) else state)
        return self._of(torch.stack(found, 1), found[-1])

    def _taken(self, y: Any, state: Any) -> Any:
        h = state[0] if isinstance(state, tuple) else state
        final = torch.cat([h[-2], h[-1]], 1) if self.how.both else h[-1]
        return self._of(y, final)

    def _of(self, y: Any, final: Any) -> Any:
        at = self.steps
        if self.how.take == "final":
            return final
        if self.how.take == "last":
            return y[:, -1] if at else y[-1]
        if self.how.take == "mean":
            return y.mean(at)
        return y.max(at).values if self.how.take == "max" else y


def module(seed: int) -> Module:
    """A module with parameters."""
    how = drawn(seed)
    torch.manual_seed(seed)
    made = Module(how).eval()
    return made.double() if how.double else made
