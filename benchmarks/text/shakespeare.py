"""Tinyshakespeare by characters, beside PyTorch: the same network, start, batches, schedule and number of epochs.

    .venv-parity/bin/python -m benchmarks.text.shakespeare TEXT --epochs 4 --layers 1

The text is cut 90/5/5; the last part is not looked at. An epoch of Elman and one of PyTorch take turns, so that both
meet the same load; the time is that of the updates alone, by the clock and of the processor. PyTorch as its best user
has it: time-major batches, its fused LSTM and AdamW, denormal numbers flushed. Its second bias, which only doubles the
rate of the first, is frozen at 0, as Elman has one.
"""

from __future__ import annotations

import argparse
import math
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from elman import Callback, LanguageModel
from elman.language.numbers import Numbers
from elman.language.streams import Windows


def parts(path: Path) -> tuple[str, str, str]:
    """Training, validation and test part of a text, 90/5/5."""
    text = path.read_text(encoding="utf-8")
    first, second = int(len(text) * 0.9), int(len(text) * 0.95)
    return text[:first], text[first:second], text[second:]


class Peer:
    """The same training in PyTorch, epoch by epoch."""

    def __init__(self, model: LanguageModel, train: str, validation: str):
        net, self.model = model.network_, model
        vocabulary, units = len(model.vocabulary_), model.units
        self.embedding = torch.nn.Embedding(vocabulary, model.embedding or 64)
        self.lstm = torch.nn.LSTM(self.embedding.embedding_dim, units, model.layers)
        self.dense = torch.nn.Linear(units, vocabulary)
        self._begin_alike(net)
        encode = model.vocabulary_.encode
        self.windows = Windows(Numbers.of([encode(train)], vocabulary), model.streams, model.steps)
        self.validation = torch.tensor(encode(validation))
        updates = model.epochs * self.windows.batches
        self.schedule = model._optimizer(updates).learning_rate
        own = [*self.embedding.parameters(), *self.lstm.parameters(), *self.dense.parameters()]
        self.parameters = [p for p in own if p.requires_grad]
        groups = [
            {"params": [p for p in self.parameters if p.ndim > 1], "weight_decay": model.weight_decay},
            {"params": [p for p in self.parameters if p.ndim == 1], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, eps=1e-7, fused=True)
        self.updates, self.epochs, self.times = 0, 0, list[tuple[float, float]]()

    def _begin_alike(self, net: Any) -> None:
        values = {name: torch.tensor(np.array(value)) for name, value in net.params.items()}
        with torch.no_grad():
            self.embedding.weight.copy_(values["embedding.E"])
            for k in range(self.lstm.num_layers):
                name = "lstm" if not k else f"lstm_{k + 1}"
                name = name if f"{name}.W_i" in values else "h" if not k else f"h_{k + 1}"
                for kind, ours in (("weight_ih", "W"), ("weight_hh", "U"), ("bias_ih", "b")):
                    gates = torch.cat([values[f"{name}.{ours}_{gate}"] for gate in "ifgo"])
                    getattr(self.lstm, f"{kind}_l{k}").copy_(gates)
                second = getattr(self.lstm, f"bias_hh_l{k}")
                second.zero_()
                second.requires_grad_(False)
            self.dense.weight.copy_(values["dense.W"])
            self.dense.bias.copy_(values["dense.b"])

    def batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, np.ndarray]]:
        """Windows, the tokens behind each, and the rows that begin anew: those of Elman's epoch."""
        model = self.model
        random = np.random.default_rng([model.seed, self.epochs, 7])
        shift = int(random.integers(self.windows.left_over + 1))
        x, target = self.windows.some(0, self.windows.batches, shift)
        for first in range(0, len(x), model.streams):
            rows = slice(first, first + model.streams)
            anew = random.random(model.streams) < model.fresh if model.fresh else np.zeros(model.streams, bool)
            yield torch.tensor(x[rows].T.copy()), torch.tensor(target[rows].T.copy()), anew

    def epoch(self) -> None:
        begun = time.perf_counter(), time.process_time()
        state, losses = None, 0.0
        for x, target, anew in self.batches():
            if state is not None:
                kept = torch.tensor(~anew, dtype=torch.float32)[None, :, None]
                state = tuple(s.detach() * kept for s in state)
            h, state = self.lstm(self.embedding(x), state)
            loss = torch.nn.functional.cross_entropy(self.dense(h).flatten(0, 1), target.flatten())
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, self.model.clip_norm)
            for group in self.optimizer.param_groups:
                group["lr"] = self.schedule(self.updates)
            self.optimizer.step()
            self.updates += 1
            losses += loss.item()
        self.times.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
        self.epochs += 1
        bits = self.bits_per_character()
        print(f"  pytorch epoch {self.epochs}: loss {losses / self.windows.batches:.4f}, validation {bits:.4f} bits")
        self.bits = bits

    @torch.no_grad()
    def bits_per_character(self) -> float:
        """Of the validation part, in one run from zeros."""
        total, state = 0.0, None
        for first in range(0, len(self.validation) - 1, 2048):
            part = self.validation[first : first + 2049]
            h, state = self.lstm(self.embedding(part[:-1, None]), state)
            total += float(torch.nn.functional.cross_entropy(self.dense(h)[:, 0], part[1:], reduction="sum"))
        return total / math.log(2) / (len(self.validation) - 1)


class Turns(Callback):
    """An epoch of the peer after each of Elman's, and the time of Elman's updates."""

    def __init__(self, model: LanguageModel, train: str, validation: str):
        self.model, self.text, self.validation = model, train, validation
        self.times: list[tuple[float, float]] = []

    def on_train_begin(self, training: Any) -> None:
        self.peer = Peer(self.model, self.text, self.validation)

    def on_epoch_begin(self, training: Any) -> None:
        self.begun = time.perf_counter(), time.process_time()

    def on_progress(self, training: Any) -> None:
        self.now = time.perf_counter() - self.begun[0], time.process_time() - self.begun[1]

    def on_epoch_end(self, training: Any) -> None:
        self.times.append(self.now)
        self.bits = self.model.bits_per_character(self.validation)
        print(f"  elman   epoch {training.epoch}: loss {training.logs['loss']:.4f}, validation {self.bits:.4f} bits")
        self.peer.epoch()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--products", choices=["bfloat16"], help="Elman's products, beside PyTorch's in float32")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.set_flush_denormal(True)
    train, validation, _ = parts(given.text)
    model = LanguageModel(
        "lstm",
        given.units,
        layers=given.layers,
        streams=50,
        learning_rate=3e-3,
        fresh=0.01,
        epochs=given.epochs,
        products=given.products,
        threads=given.threads,
    )
    turns = Turns(model, train, validation)
    print(f"{platform.processor() or platform.machine()}, {given.threads} threads, torch {torch.__version__}: {model}")
    model.fit(train, validation_text=validation, callbacks=[turns], verbose=0)
    ours, theirs = (np.sum(times, axis=0) for times in (turns.times, turns.peer.times))
    print(f"validation bits per character: elman {turns.bits:.4f}, pytorch {turns.peer.bits:.4f}")
    print(f"ratio {turns.bits / turns.peer.bits:.4f}")
    for name, k in (("seconds by the clock", 0), ("seconds of the processor", 1)):
        print(f"{name}: elman {ours[k]:.1f}, pytorch {theirs[k]:.1f}, ratio {ours[k] / theirs[k]:.2f}")


if __name__ == "__main__":
    main()
