"""Encoders and decoders on two tasks: `make encoder-decoder`.

    python examples/encoder_decoder.py [reverse | addition ...]

`reverse`: write a string of 20 letters from its last to its first. A decoder that attends to what the encoder saw
learns it; one that only begins with the encoder's final state does not, for the same updates.

`addition`: read the letters of "27+5" from the last to the first and write "32", the two-digit form of Keras' example
(addition_rnn; I. Sutskever and W. Zaremba, Learning to execute, arXiv:1410.4615). An epoch has 50,000 questions; a
tenth of all pairs of numbers is held out, in either order. `generate` makes the answers; one counts if every letter is
right.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np

import elman as el

LETTERS = "0123456789+ "


@dataclass(frozen=True)
class Task:
    """Sources and targets, class indices (N, T) each, to learn from and to be asked.

    The index `classes` is what a target begins with, and none of its own.
    """

    source: np.ndarray
    target: np.ndarray
    asked: np.ndarray
    expected: np.ndarray
    symbols: int
    classes: int


def reversal(rows: int, length: int, symbols: int, asked: int = 1000, seed: int = 0) -> Task:
    """Strings, and the same from the last letter to the first."""
    strings = np.random.default_rng(seed).integers(0, symbols, (rows + asked, length))
    target = strings[:, ::-1]
    return Task(strings[:rows], target[:rows], strings[rows:], target[rows:], symbols, symbols)


def addition(rows: int, digits: int, held_out: float = 0.1, seed: int = 0) -> Task:
    """Questions from the last letter to the first, and their answers."""
    random = np.random.default_rng(seed)
    pairs = random.permutation([(a, b) for a in range(10**digits) for b in range(a + 1)])
    count = round(held_out * len(pairs))
    asked = np.concatenate([pairs[:count], pairs[:count, ::-1]])
    seen = random.permuted(pairs[count + random.integers(0, len(pairs) - count, rows)], axis=1)
    return Task(*_written(seen, digits), *_written(asked, digits), len(LETTERS), len(LETTERS))


def _written(pairs: np.ndarray, digits: int) -> tuple[np.ndarray, np.ndarray]:
    questions = [f"{a}+{b}".ljust(2 * digits + 1)[::-1] for a, b in pairs]
    answers = [str(a + b).ljust(digits + 1) for a, b in pairs]
    return _indices(questions), _indices(answers)


def _indices(texts: list[str]) -> np.ndarray:
    return np.array([[LETTERS.index(letter) for letter in text] for text in texts])


def attending(task: Task, units: int) -> el.Network:
    """A decoder that begins where a bidirectional encoder ended, and attends to what it saw."""

    def network(source, target):
        memory = el.Bidirectional(el.GRU(units // 2))(el.Embedding(task.symbols, units // 4)(source))
        h = el.GRU(units)(el.Embedding(task.classes + 1, units // 4)(target), state=memory.final)
        found = el.attend(el.Dense(units)(h), memory)
        return el.Dense(task.classes)(el.Dense(units, activation="tanh")(el.concat(h, found)))

    return el.Network(network, inputs={"source": 1, "target": 1})


def remembering(task: Task, units: int) -> el.Network:
    """The same without attention: all that the decoder knows of the source is what it begins with."""

    def network(source, target):
        letters = el.Embedding(task.symbols, units // 4)(source)
        there, back = el.GRU(units // 2)(letters), el.GRU(units // 2, reverse=True)(letters)
        begin = el.concat(there.final, back.final)
        h = el.GRU(units)(el.Embedding(task.classes + 1, units // 4)(target), state=begin)
        return el.Dense(task.classes)(el.Dense(units, activation="tanh")(h))

    return el.Network(network, inputs={"source": 1, "target": 1})


def repeating(task: Task, units: int) -> el.Network:
    """The encoder's last state at every step of the decoder, as in Keras' example, beside the letter before."""

    def network(source, target):
        code = el.LSTM(units, return_sequences=False)(el.Embedding(task.symbols, units // 8)(source))
        before = el.Embedding(task.classes + 1, units // 8)(target)
        h = el.LSTM(units)(el.concat(el.repeat(code, like=target), before))
        return el.Dense(task.classes)(h)

    return el.Network(network, inputs={"source": 1, "target": 1})


def train(net: el.Network, task: Task, epochs: int, batch_size: int, rate: float = 3e-3) -> float:
    """Teach a network with the true letters before each (teacher forcing); the seconds it took."""
    begin = np.full((len(task.target), 1), task.classes)
    before = np.concatenate([begin, task.target[:, :-1]], axis=1)
    updates = epochs * -(-len(before) // batch_size)
    optimizer = el.Adam(el.CosineDecay(rate, updates), clip_norm=1.0)
    began = time.perf_counter()
    net.fit(
        (task.source, before),
        task.target,
        loss="softmax_cross_entropy",
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        verbose=0,
    )
    return time.perf_counter() - began


def right(net: el.Network, task: Task) -> tuple[float, float]:
    """The shares of letters, and of whole answers, that are right when the network writes by itself."""
    steps = task.expected.shape[1]
    same = net.generate({"source": task.asked}, steps, start=task.classes, temperature=0) == task.expected
    return float(same.mean()), float(same.all(axis=1).mean())


def report(name: str, net: el.Network, task: Task, epochs: int, batch_size: int) -> None:
    seconds = train(net, task, epochs, batch_size)
    letters, answers = right(net, task)
    print(
        f"{name}: {answers:.2%} of {len(task.asked)} unseen answers right, {letters:.2%} of letters; "
        f"{epochs} epochs of {len(task.source):,}, {seconds:.0f} s, {net.arena.size:,} parameters",
        flush=True,
    )


def main(names: list[str]) -> None:
    if "reverse" in names:
        task = reversal(50_000, length=20, symbols=26)
        report("reverse 20 letters, with attention", attending(task, 128), task, epochs=6, batch_size=64)
        report("reverse 20 letters, without", remembering(task, 128), task, epochs=6, batch_size=64)
    if "addition" in names:
        task = addition(50_000, digits=2)
        report("two-digit addition", repeating(task, 128), task, epochs=10, batch_size=128)


if __name__ == "__main__":
    main(sys.argv[1:] or ["reverse", "addition"])
