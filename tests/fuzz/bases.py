"""What is mutated: a small file of every kind that Elman reads models from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import elman as el
from tests import random_cells, random_graphs
from tests.cells.test_catalogue import FIRST
from tests.network.test_functions_refused import translator

TEXT = "tick tock goes the clock, what a pity she only wants to cook\n" * 12
X = np.sin(np.arange(24.0)).reshape(2, 6, 2)
SMALL = {"units": 2, "epochs": 1, "convolution": None, "members": 1}


@dataclass(frozen=True)
class Base:
    """A file, what reads it, and what it is called."""

    name: str
    kind: str  # "model", "checkpoint", "streams", "sweep"
    path: Path


def bases(folder: Path, only: Collection[str] = ()) -> list[Base]:
    """All of them, or only some, made where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name, kind, make in _all():
        if only and name not in only:
            continue
        path = folder / f"{name}.file"
        if not path.exists():
            draft = path.with_suffix(".draft")
            draft.unlink(missing_ok=True)
            make(draft)
            draft.rename(path)
        found.append(Base(name, kind, path))
    return found


Make = Callable[[Path], Any]


def _all() -> Iterator[tuple[str, str, Make]]:
    yield from (("model-" + name, "model", make) for name, make in _networks())
    yield from (("model-" + name, "model", make) for name, make in _learners())
    yield "checkpoint-chain", "checkpoint", lambda path: _checkpoint(chain(), path)
    yield "checkpoint-graph", "checkpoint", lambda path: _checkpoint(graph(), path)
    yield "streams", "streams", _streams
    yield "sweep", "sweep", _sweep


def _networks() -> Iterator[tuple[str, Make]]:
    for name in sorted(el.cells.catalogue()):
        yield f"cell-{name}", lambda path, name=name: _of_cell(name).save(path)
    for seed in (1, 2, 3, random_cells.RICH + 1, random_cells.RICH + 2, random_cells.BESIDE + 1):
        yield f"random-cell-{seed}", lambda path, seed=seed: _of_random_cell(seed).save(path)
    for seed in range(8):
        yield f"graph-{seed}", lambda path, seed=seed: _of_random_graph(seed).save(path)
    yield "translator", lambda path: translator(dtype=np.float64).save(path)
    yield "chain", lambda path: chain().save(path)
    yield "graph", lambda path: graph().save(path)
    yield "made", lambda path: el.Network(2, [el.Recurrent(made, 3)]).save(path)
    yield "layers", lambda path: layers().save(path)


def _learners() -> Iterator[tuple[str, Make]]:
    wave = np.sin(np.arange(60) / 3)
    small = {"units": 2, "epochs": 1, "members": 2, "horizon": 3}
    yield "forecaster", lambda path: el.Forecaster(**small).fit(wave).save(path)
    yield "forecaster-many", lambda path: _forecaster_of_many().save(path)
    yield "forecaster-plain", lambda path: el.Forecaster(methods=["theta", "linear"], horizon=3).fit(wave).save(path)
    yield "forecaster-counts", lambda path: _forecaster_of_counts().save(path)
    yield "classifier", lambda path: el.SequenceClassifier(**SMALL).fit(X.repeat(4, 0), ["a", "b"] * 4).save(path)
    yield "classifier-members", lambda path: _classifier().save(path)
    yield "regressor", lambda path: el.SequenceRegressor(**SMALL).fit(X.repeat(4, 0), np.arange(8)).save(path)
    for tokens in ("characters", "words", "pieces"):
        yield f"language-{tokens}", lambda path, tokens=tokens: _language(tokens).save(path)
    yield "language-tied", lambda path: _language("characters", tied=True, units=4, embedding=4).save(path)


@el.cell
def made(p, x, h):
    """A user's cell, with matrices that are made of parameters, and an output beside the state."""
    W = p.g[:, None] * p.V / el.sqrt(el.sum(el.square(p.V)) + 1)
    turned = el.tanh(W @ x + (p.M - p.M.T) @ h + el.scalar(p.a) * h)
    left, right = el.split(el.concat(turned, turned), 2)
    kept = el.dropout(left, 0.1) + el.blocks(p.B, 3) @ right + el.constant(np.arange(3.0))
    return p.O @ el.normalise(kept[:2]), kept


def chain() -> el.Network:
    return el.Network(2, [el.GRU(3), el.LayerNorm(), el.Dropout(0.1), el.LSTM(2), el.Dense(1)], seed=3)


def layers() -> el.Network:
    found = [el.BatchNorm(), el.GRU(3, reverse=True), el.ActivityPenalty(l2=0.1), el.Dense(4, activation="relu")]
    return el.Network(2, [*found, el.SimpleRNN(2, return_sequences=False), el.Dense(2, activation="softmax")])


def graph() -> el.Network:
    def function(tokens, x, static):
        embedding = el.Embedding(7, 3)
        e = embedding(tokens)
        h = el.GRU(3)(e + el.shift(x, 1), state=el.Dense(3)(static))
        back = el.LSTM(3)(el.reverse(h), mask=el.Dense(1, activation="sigmoid")(x))
        seen = el.attend(h, back)
        return {
            "scores": el.tie(el.Dense(7), W=(embedding, "E"))(seen * 0.5 + h),
            "end": el.Dense(2)(el.concat(el.pool(back, "max"), h.final, static)),
        }

    return el.Network(function, inputs={"tokens": 1, "x": 3, "static": el.Static(2)}, seed=1)


def _of_cell(name: str) -> el.Network:
    return FIRST[name].network(np.float32)


def _of_random_cell(seed: int) -> el.Network:
    return random_cells.elman_network(random_cells.problem(seed), "numpy")


def _of_random_graph(seed: int) -> el.Network:
    return random_graphs.draw(seed).network("numpy")


def _checkpoint(net: el.Network, path: Path) -> None:
    x, y = inputs_of(net)
    checkpoint = el.Checkpoint(path)
    net.fit(x, y, epochs=2, optimizer=el.Adam(), loss="mse", callbacks=[checkpoint], verbose=0)


def _streams(path: Path) -> None:
    streams = chain().streams()
    for key in ("a", "b", 3):
        streams.open(key)
    streams.save(path)


def _sweep(path: Path) -> None:
    from elman.fleet import sweep

    sales = 50 + np.arange(40) + 9 * np.sin(np.arange(40) * 2 * np.pi / 12)
    sweep(el.Forecaster(horizon=4), sales, space={"methods": ["theta", "linear"]}, file=path)


def _forecaster_of_many() -> Any:
    import pandas as pd

    days, names = pd.date_range("2024-01-01", periods=40), np.repeat(["north", "south"], 40)
    table = pd.DataFrame({"shop": names, "day": np.tile(days, 2), "sold": np.sin(np.arange(80) / 5) + 2})
    table["price"] = np.cos(np.arange(80))
    table["holiday"] = np.where(np.arange(80) % 9, "no", "yes")
    made = el.Forecaster(units=2, epochs=1, members=1, horizon=3)
    return made.fit(table, time="day", target="sold", group="shop", past=["price", "holiday"])


def _forecaster_of_counts() -> Any:
    counts = np.random.default_rng(0).poisson(2, 60)
    made = el.Forecaster(units=2, epochs=1, members=1, horizon=3, distribution="negative binomial", methods=["network"])
    return made.fit(counts)


def _classifier() -> Any:
    given = SMALL | {"members": 2, "class_weight": {3: 1.0, 5: 2.0}, "learning_rate": el.CosineDecay(0.01, 10)}
    return el.SequenceClassifier(**given).fit(X.repeat(4, 0), [3, 5] * 4)


def _language(tokens: str, **options: Any) -> Any:
    given = {"units": 3, "embedding": 2, "steps": 8, "streams": 2, "epochs": 1, "tokens": tokens}
    return el.LanguageModel(**given | options).fit(TEXT, verbose=0)


def inputs_of(net: el.Network) -> tuple[Any, Any]:
    """Inputs, and targets of ones."""
    from elman.network.drawn import random_inputs

    x = random_inputs(net, np.random.default_rng(0), 2, 3)
    y = net(x)
    ones = {k: np.ones_like(v) for k, v in y.items()} if isinstance(y, dict) else None
    if ones is None:
        ones = tuple(map(np.ones_like, y)) if isinstance(y, tuple) else np.ones_like(y)
    return x, ones
