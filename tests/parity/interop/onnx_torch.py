"""Random PyTorch modules around recurrent layers, and their export to ONNX."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

torch.set_num_threads(1)
RETURNS = ("all", "last", "hidden", "both hidden", "mean", "max", "states", "given states")
HEADS = ("none", "linear", "relu", "two", "softmax", "no bias")


class Drawn(nn.Module):
    """An embedding or a dense layer, one to three recurrent layers, what is gathered of them, and a head."""

    def __init__(self, seed: int):
        super().__init__()
        torch.manual_seed(seed)
        rng = self.rng = np.random.default_rng((seed, 7))
        self.F, self.H, layers = int(rng.integers(1, 5)), int(rng.integers(2, 6)), int(rng.integers(1, 4))
        self.kind = str(rng.choice(["LSTM", "GRU", "RNN"]))
        options = {"nonlinearity": str(rng.choice(["tanh", "relu"]))} if self.kind == "RNN" else {}
        options |= {"bidirectional": bool(rng.random() < 0.4), "bias": bool(rng.random() < 0.8)}
        self.first = bool(rng.random() < 0.6)
        self.returns, self.head = str(rng.choice(RETURNS)), str(rng.choice(HEADS))
        self.recurrent = getattr(nn, self.kind)(self.F, self.H, layers, batch_first=self.first, **options)
        self.both = 2 if options["bidirectional"] else 1
        self.embedding = nn.Embedding(9, self.F) if rng.random() < 0.35 else None
        self.before = nn.Linear(self.F, self.F) if rng.random() < 0.3 else None
        wide = self.H if self.returns == "hidden" else self.H * self.both
        self.norm = nn.LayerNorm(wide) if rng.random() < 0.2 else None
        self.dense, self.second = nn.Linear(wide, 3, bias=self.head != "no bias"), nn.Linear(3, 2)
        self.dropout = nn.Dropout(0.2)
        self.layers, self.dynamic = layers, bool(rng.random() < 0.8)
        self.eval()

    def forward(self, x: Any, h: Any = None, c: Any = None) -> Any:
        x = x if self.embedding is None else self.embedding(x)
        x = x if self.before is None else torch.tanh(self.before(x))
        given = None if h is None else h if c is None else (h, c)
        y, states = self.recurrent(x, given)
        y = self._gathered(y, states[0] if self.kind == "LSTM" else states)
        y = y if self.norm is None else self.norm(y)
        y = y if self.head == "none" else self._headed(self.dense(self.dropout(y)))
        return (y, states) if "states" in self.returns else y

    def _gathered(self, y: Any, hidden: Any) -> Any:
        time = 1 if self.first else 0
        if self.returns == "last":
            return y[:, -1] if self.first else y[-1]
        if self.returns == "both hidden" and self.both == 2:
            return torch.cat([hidden[-2], hidden[-1]], 1)
        if self.returns in ("hidden", "both hidden"):
            return hidden[-1]
        return {"mean": lambda: y.mean(time), "max": lambda: y.max(time).values}.get(self.returns, lambda: y)()

    def _headed(self, y: Any) -> Any:
        y = self.second(torch.relu(y)) if self.head == "two" else y
        return {"relu": torch.relu, "softmax": lambda v: torch.softmax(v, -1)}.get(self.head, lambda v: v)(y)

    def example(self, rows: int = 2, steps: int = 6) -> tuple[torch.Tensor, ...]:
        """Inputs of a size."""
        shape = (rows, steps) if self.first else (steps, rows)
        x = (
            torch.randn(*shape, self.F)
            if self.embedding is None
            else torch.tensor(self.rng.integers(0, 9, shape), dtype=torch.long)
        )
        if self.returns != "given states":
            return (x,)
        states = [torch.randn(self.layers * self.both, rows, self.H) for _ in range(1 + (self.kind == "LSTM"))]
        return (x, *states)


def exported(module: Drawn, path: Path, *, dynamo: bool) -> Path:
    """The file that PyTorch's exporter writes."""
    inputs, (batch, time) = module.example(), (0, 1) if module.first else (1, 0)
    names = ["x", "h", "c"][: len(inputs)]
    options: dict[str, Any] = {"input_names": names}
    if dynamo:
        free = torch.export.Dim.DYNAMIC
        shapes = ({batch: free, time: free}, *[{1: free}] * (len(inputs) - 1))
        options |= {"dynamic_shapes": shapes, "external_data": False, "verbose": False}
    elif module.dynamic:
        options["dynamic_axes"] = {"x": {batch: "batch", time: "time"}} | {n: {1: "batch"} for n in names[1:]}
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(module, inputs, str(path), dynamo=dynamo, **options)
    finally:
        logging.disable(logging.NOTSET)
    return path
